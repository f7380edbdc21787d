from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.decisions import Decision, GateDecision
from agent.position import Position
from agent.recording import answers_of
from tests.agent.toy import toy
from tools.records import Outcome
from tools.wording import say
from workspace.errors import CorruptState
from workspace.files import canonical_json
from workspace.ledger import Ledger
from workspace.store import Store


class Story:
    """A run as its ledger tells it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "objects")
        self.ledger = Ledger(folder / "ledger.jsonl")
        self.ledger.append(
            "run_started", run="0001-heron", seed=3, advisor="expert", source={"sha256": "s", "name": "t"}
        )

    def answered(self, name: str, value: Any) -> None:
        self.ledger.append("question_answered", step="x", **Decision(id=name, value=value, source="file").model_dump())

    def finished(self, step: str, **files: Any) -> None:
        contents = {"outcome.json": Outcome(summary=say("{n}", n=1), facts={"n": 1}).model_dump(mode="json"), **files}
        rows = {}
        for name, content in contents.items():
            stored = self.store.put_bytes(canonical_json(content))
            rows[name] = {"sha256": stored.sha256, "bytes": stored.bytes}
        self.ledger.append("step_finished", step=step, key=f"key of {step}", artifacts=rows, seconds=0.1, cached=False)

    def decided(self, gate: str, decision: str, **more: Any) -> None:
        record = GateDecision(
            gate=gate,
            decision=decision,
            by="Ada",
            reason="r",
            evidence="e",
            bound=False,
            recommendation="approve",
            **more,
        )
        self.ledger.append("gate_decided", **record.model_dump(mode="json"))

    @property
    def position(self) -> Position:
        return Position(toy(), self.store).take_all(self.ledger.entries)


@pytest.fixture
def story(tmp_path: Path) -> Any:
    made = Story(tmp_path)
    yield made
    made.ledger.close()


def test_a_run_stands_where_its_ledger_ends(story: Story) -> None:
    story.answered("toy.factor", 2)
    story.finished("preparation.total", **{"total.json": {"value": 8}})
    position = story.position
    assert (position.run, position.seed) == ("0001-heron", 3)
    assert position.answer("toy.factor") == 2
    assert position.json("total.json") == {"value": 8}
    assert position.facts("preparation.total") == {"n": 1}
    assert position.evidence["preparation.total/n"] == 1
    assert position.facts("preparation.label") == {}
    assert not position.has("label.txt")
    with pytest.raises(KeyError):
        position.json("label.txt")


def test_the_last_word_on_a_step_or_a_question_counts(story: Story) -> None:
    story.finished("preparation.total", **{"total.json": 1})
    story.finished("preparation.total", **{"total.json": 2})
    story.answered("toy.factor", 2)
    story.decided("preparation", "revise", set={"toy.factor": 5})
    position = story.position
    assert position.json("total.json") == 2
    assert position.answer("toy.factor") == 5
    assert position.decisions["toy.factor"].source == "revision"
    assert position.first["toy.factor"].value == 2


def test_an_answer_declared_unknown_gives_the_default(story: Story) -> None:
    story.answered("toy.factor", None)
    assert story.position.answer("toy.factor", 7) == 7
    assert story.position.answers("toy.") == {}


def test_answers_under_a_prefix_come_sorted_by_the_rest_of_their_id(story: Story) -> None:
    for name in ("data.leakage.b", "data.leakage.a", "data.group"):
        story.answered(name, "drop")
    assert list(story.position.answers("data.leakage.")) == ["a", "b"]


def test_a_question_that_was_asked_waits_until_it_is_answered(story: Story) -> None:
    story.ledger.append("question_asked", id="toy.factor", step="preparation.total")
    assert story.position.asked == "toy.factor"
    story.answered("toy.factor", 1)
    assert story.position.asked is None


def test_a_gate_is_open_from_its_opening_to_a_decision_that_says_something(story: Story) -> None:
    def is_open() -> bool:
        return story.position.gate("preparation").open

    assert not is_open()
    story.ledger.append("gate_opened", gate="preparation", evidence="e", shown={})
    assert is_open()
    story.decided("preparation", "revise")
    assert is_open()
    story.decided("preparation", "revise", set={"toy.label": "b"})
    assert not is_open()
    story.ledger.append("gate_opened", gate="preparation", evidence="e2", shown={})
    story.decided("preparation", "approve")
    assert not is_open()


def test_only_a_revision_changes_answers(story: Story) -> None:
    story.answered("toy.factor", 2)
    story.decided("preparation", "approve", set={"toy.factor": 5})
    assert story.position.answer("toy.factor") == 2


def test_a_run_has_ended_until_something_happens_again(story: Story) -> None:
    story.ledger.append("stopped", reason="SIGTERM")
    ended = story.position.ended
    assert ended is not None
    assert ended["type"] == "stopped"
    story.answered("toy.factor", 2)
    assert story.position.ended is None


def test_a_step_whose_files_are_gone_counts_as_never_done(story: Story) -> None:
    story.finished("preparation.total", **{"total.json": 1})
    story.finished("preparation.label", **{"label.txt": "a"})
    position = story.position
    story.store.locate(str(position.find("total.json"))).unlink()
    position.forget_lost()
    assert list(position.steps) == ["preparation.label"]


def test_a_changed_outcome_is_not_believed(story: Story) -> None:
    story.finished("preparation.total", **{"total.json": 1})
    position = story.position
    path = story.store.locate(position.steps["preparation.total"].outcome)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":2'))
    with pytest.raises(CorruptState):
        position.facts("preparation.total")


def test_the_answers_of_a_run_repeat_its_way(story: Story) -> None:
    """First answers as they were first given, and each decision of a gate but those that nobody made."""
    story.answered("toy.factor", 2)
    story.answered("toy.label", "a")
    story.decided("preparation", "approve")
    story.decided("experimentation", "revise", set={"toy.factor": 5})
    story.decided("preparation", "approve", source="unchanged")
    story.decided("experimentation", "approve", conditions="watch it")
    recorded = answers_of(story.position)
    assert {name: given.value for name, given in recorded.answers.items()} == {"toy.factor": 2, "toy.label": "a"}
    assert {gate: [visit.decision for visit in visits] for gate, visits in recorded.gates.items()} == {
        "preparation": ["approve"],
        "experimentation": ["revise", "approve"],
    }
    assert recorded.gates["experimentation"][0].set == {"toy.factor": 5}
    assert recorded.gates["experimentation"][1].conditions == "watch it"
