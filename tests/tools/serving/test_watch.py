"""The prediction log and the watch on live requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.tools.serving.fakes import rows, write_scorer
from tools.monitoring.drift import assess, build_reference, log_frame
from tools.serving.bundle import Contents, Prior, assemble
from tools.serving.service.predictionlog import FILE, PredictionLog

Make = Callable[..., Any]
KINDS = {"amount": "number", "age": "integer", "region": "text", "member": "boolean", "since": "date"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("watched")
    reference = build_reference(pd.DataFrame(rows(800, seed=1)), KINDS, personal={"age"}, seed=3)
    scorer = write_scorer(folder / "scorer")
    contents = Contents(
        "loans", Prior(shares=(0.7, 0.3)), personal={"age"}, reference=reference.model_dump_json().encode()
    )
    assemble(folder / "bundle", scorer, contents)
    return folder / "bundle", reference


def alarms(text: str) -> set[str]:
    return set(re.findall(r'phasegate_drift_alarm\{column="([^"]+)",what="[^"]+"\} 1\.0', text))


def test_five_hundred_requests_with_a_column_shifted_midway_raise_the_alarm_that_names_it(
    client: Make, watched: tuple[Path, Any], tmp_path: Path
) -> None:
    folder, reference = watched
    one = client(folder=folder, log=tmp_path / "log")
    given = rows(500, seed=9)
    for index, row in enumerate(given):
        if index == 250:
            assert alarms(one.get("/metrics").text) == set()
        if index >= 250:
            row["amount"] += 25
        assert one.predict([row]).status_code == 200
    assert alarms(one.get("/metrics").text) == {"amount"}
    lines = [json.loads(line) for line in (tmp_path / "log" / FILE).read_text().splitlines()]
    assert len({line["id"] for line in lines}) == 500
    assert assess(reference, log_frame(lines, reference)).alarmed == ("amount",)


def test_undisturbed_requests_stay_silent(client: Make, watched: tuple[Path, Any]) -> None:
    folder, _ = watched
    for seed in range(20):
        one = client(folder=folder)
        one.predict(rows(500, seed=100 + seed))
        assert alarms(one.get("/metrics").text) == set()


def test_the_log_holds_no_personal_value_and_no_text_that_the_reference_does_not_list(
    client: Make, watched: tuple[Path, Any], tmp_path: Path
) -> None:
    folder, _ = watched
    one = client(folder=folder, log=tmp_path / "log")
    row = {**rows(1)[0], "age": 4711, "region": "Elm Street 5", "note": "call me"}
    reply = one.predict([row])
    text = (tmp_path / "log" / FILE).read_text()
    line = json.loads(text)
    assert line["id"] == f"{reply.headers['x-request-id']}-0"
    assert line["features"]["amount"] == row["amount"]
    assert line["features"]["region"] == "(other)"
    assert set(line) == {"id", "at", "model", "fallback", "features", "prediction", "probabilities"}
    for secret in ("4711", "Elm", "call me"):
        assert secret not in text
    assert (tmp_path / "log" / FILE).stat().st_mode & 0o077 == 0


def test_the_log_rotates_and_keeps_a_bounded_number_of_files(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path / "log", file_bytes=500, files=2)
    for number in range(100):
        log.write([{"id": number}])
    log.close()
    files = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert files == [FILE, f"{FILE}.1", f"{FILE}.2"]
    assert all(path.stat().st_size <= 500 for path in (tmp_path / "log").iterdir())
    assert json.loads((tmp_path / "log" / FILE).read_text().splitlines()[-1]) == {"id": 99}
