"""What a run was given is repeated where its question comes up; what a person has to say is left to a person."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.answers import Answers, Given, dump_answers
from agent.errors import AnswersDoNotFit
from agent.questions import Question
from agent.repeating import Repeater


class Asks:
    """A session that waits for one answer."""

    def __init__(self, given: Path, recommended: Any = None, fits: bool = True) -> None:
        self.run = SimpleNamespace(given=given)
        self.pending: Any = Question(
            id="split.test_size", step="preparation.split", prompt="How much?", type="number", options=(),
            recommended=recommended, has_recommendation=recommended is not None, why="", rule=None, nullable=False,
        )  # fmt: skip
        self.fits = fits
        self.heard: list[tuple[str, Any, str, str | None]] = []

    def answer(self, name: str, value: Any, *, source: str, by: str | None, reason: str | None) -> None:
        if not self.fits:
            raise AnswersDoNotFit("It does not fit.")
        self.heard.append((name, value, source, reason))


@pytest.fixture
def given(tmp_path: Path) -> Path:
    kept = {"split.*": Given(value=0.25, source="file", reason="a quarter"), "a.b": Given(value="recommended")}
    path = tmp_path / "given.yaml"
    path.write_text(dump_answers(Answers(answers=kept)), "utf-8")
    return path


def repeats(session: Asks, again: str | None = None) -> bool:
    return Repeater(cast(Any, session), again).repeat()


def test_an_answer_that_the_run_was_given_is_handed_in_with_its_source_and_reason(given: Path) -> None:
    session = Asks(given)
    assert repeats(session)
    assert session.heard == [("split.test_size", 0.25, "file", "a quarter")]


def test_what_is_to_be_answered_anew_what_does_not_fit_and_a_gate_are_left_to_the_person(given: Path) -> None:
    assert not repeats(Asks(given), again="split.test_size")
    assert not repeats(Asks(given, fits=False))
    gate = Asks(given)
    gate.pending = object()
    assert not repeats(gate)
    assert gate.heard == []


def test_advice_is_taken_only_where_there_is_any(given: Path) -> None:
    without, advised = Asks(given), Asks(given, recommended=3)
    for session in (without, advised):
        session.pending = session.pending.model_copy(update={"id": "a.b"})
    assert not repeats(without)
    assert repeats(advised)
    assert advised.heard == [("a.b", "recommended", "file", None)]


def test_a_run_that_was_given_nothing_asks_everything(tmp_path: Path) -> None:
    assert not repeats(Asks(tmp_path / "none.yaml"))
