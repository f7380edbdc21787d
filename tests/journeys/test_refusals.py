"""What is refused before any work, and leaves no workspace behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.program import CREDIT, Program, answers_file

pytestmark = [pytest.mark.integration]

TABLE = CREDIT / "credit.csv"


def refused(program: Program, *arguments: str | Path, code: int) -> str:
    """What a refusal says on standard error: one line, nothing done."""
    done = program(*arguments, code=code)
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert done.out == ""
    assert not program.workspace.exists()
    return done.err


def test_answers_that_do_not_fit_are_refused_with_8(fresh: Program, tmp_path: Path) -> None:
    unknown = answers_file(tmp_path / "unknown.yaml", split__tset_size=0.2)
    assert "split.tset_size" in refused(fresh, "run", TABLE, "--answers", unknown, code=8)
    wrong = answers_file(tmp_path / "wrong.yaml", split__test_size="much")
    assert "split.test_size" in refused(fresh, "run", TABLE, "--answers", wrong, code=8)
    assert "split.tset_size" in refused(fresh, "run", TABLE, "--set", "split.tset_size=1", code=8)
    gates = {"preparation": {"decision": "aprove", "by": "Ada", "reason": "It is fine."}}
    refused(fresh, "run", TABLE, "--answers", answers_file(tmp_path / "gate.yaml", gates=gates), code=8)
    gates = {"preperation": {"decision": "approve", "by": "Ada", "reason": "It is fine."}}
    refused(fresh, "run", TABLE, "--answers", answers_file(tmp_path / "name.yaml", gates=gates), code=8)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "nowhere.csv"),
        ("run", TABLE, "--answers", "nowhere.yaml"),
        ("run", TABLE, "--until", "tuesday"),
        ("run", "postgresql://ada:secret@db/loans"),
        ("status",),
        ("show",),
        ("verify",),
        ("resume",),
        ("replay",),
        ("stop",),
        ("decide", "preparation", "approve", "--by", "Ada", "--reason", "Fine."),
        ("predict", "--data", TABLE, "--out", "out.csv"),
        ("monitor", "--data", TABLE),
        ("retrain", "--data", TABLE),
        ("serve",),
    ],
    ids=lambda arguments: " ".join(str(word).rpartition("/")[2] for word in arguments),
)
def test_what_is_not_there_is_told_with_2(fresh: Program, arguments: tuple[str | Path, ...]) -> None:
    said = refused(fresh, *arguments, code=2)
    assert "secret" not in said


def test_with_json_the_error_is_one_object_on_standard_output(fresh: Program, tmp_path: Path) -> None:
    done = fresh("run", "nowhere.csv", "--json", code=2)
    error = json.loads(done.out)["error"]
    assert error["code"] == 2
    assert error["message"]
    assert error["hint"]
    unknown = answers_file(tmp_path / "unknown.yaml", split__tset_size=0.2)
    assert fresh("run", TABLE, "--answers", unknown, "--json", code=8).json["error"]["code"] == 8


def test_verbs_of_later_versions_say_so(fresh: Program) -> None:
    for verb in ("eject", "outbound", "purge"):
        assert verb in fresh(verb, code=2).err


def test_the_llm_advisor_is_refused_by_name(fresh: Program) -> None:
    done = fresh("run", TABLE, code=2, PHASEGATE_ADVISOR="llm")
    assert "PHASEGATE_ADVISOR" in done.err


def test_a_settings_file_can_be_json_too(fresh: Program, tmp_path: Path, repository: Callable[[], Path]) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"version": 1, "answers": {"data.tagret": "risk"}}), "utf-8")
    assert "data.tagret" in refused(fresh, "run", TABLE, "--answers", file, code=8)
