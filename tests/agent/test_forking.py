from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.answers import Answers
from agent.deciding import decide
from agent.errors import AgentError, AnswersDoNotFit, UsageError, Waiting
from agent.events import Event
from agent.forking import fork
from agent.replay import quiet, replay
from agent.status import status_of
from agent.verification import verify
from tests.agent.driving import APPROVE, TABLE, Walk, answers, count, entries, finished, newest, walk
from tests.agent.papers import papered
from tools.records import Check
from workspace.files import sha256_file
from workspace.ledger import Entry
from workspace.project import RunFolder, Workspace

pytestmark = pytest.mark.integration

GATES = ("preparation", "experimentation", "validation")
WEIGHT: dict[str, Any] = {"toy.weight": 2}
PAPERS = ["preparation.documents", "experimentation.documents"]
"""They bear the run's name, so that every run writes its own."""


def original(root: Path, *gates: str, **more: Any) -> RunFolder:
    """A run with these gates approved; with all where none is named."""
    approvals = {gate: APPROVE for gate in gates or GATES if gate != "none"} | more
    walk(root, answers(WEIGHT, approvals), table=TABLE, steps=papered())
    return newest(root)


def forked(
    root: Path,
    gate: str,
    settings: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    show: Callable[[Event], None] = quiet,
) -> AgentError:
    """Fork and return what it waits for."""
    with pytest.raises(AgentError) as stopped:
        asyncio.run(fork(root, name, gate, settings or {}, show))
    return stopped.value


def decided(root: Path) -> list[tuple[str, str, str]]:
    """The newest run's gate decisions."""
    data = [entry.data for entry in entries(root) if entry.type == "gate_decided"]
    return [(row["gate"], row["decision"], row["source"]) for row in data]


def redone(root: Path) -> list[str]:
    """Steps that the newest run did itself."""
    return [e.data["step"] for e in entries(root) if e.type == "step_finished" and not e.data["cached"]]


def made(root: Path, step: str) -> Any:
    """What the newest run has of a step."""
    return next(e.data["artifacts"] for e in entries(root) if e.type == "step_finished" and e.data["step"] == step)


def files(run: RunFolder) -> dict[str, str]:
    found = [path for path in run.root.rglob("*") if path.is_file()]
    return {path.relative_to(run.root).as_posix(): sha256_file(path) for path in found}


def first(root: Path) -> Entry:
    return entries(root)[0]


def resume(root: Path) -> Walk:
    return walk(root, Answers(), steps=papered())


def test_a_fork_repeats_the_answers_and_stops_at_its_gate_with_the_gate_open(papers: Path) -> None:
    old = original(papers)
    before = files(old)
    stopped = forked(papers, "experimentation")
    assert isinstance(stopped, Waiting)
    assert "Gate 2 (experimentation) waits for a person." in stopped.message
    new = newest(papers)
    assert new.id == "0002-otter"
    assert f"phasegate diff {old.id} {new.id}" in stopped.hint
    assert "phasegate decide experimentation approve" in stopped.hint
    assert redone(papers) == PAPERS
    assert "Done again: documents; 7 steps were found in the store." in stopped.message
    assert status_of(papers).pending is not None
    assert count(papers)["question_answered"] == 5
    assert files(old) == before
    assert verify(papers).problems == []


def test_the_first_entry_says_what_a_fork_was_forked_from(papers: Path) -> None:
    old = original(papers)
    head = entries(papers)[-1].hash
    source = first(papers).data["source"]
    forked(papers, "experimentation", {"toy.weight": 3})
    assert first(papers).data["forked"] == {
        "run": old.id,
        "gate": "experimentation",
        "head": head,
        "set": {"toy.weight": 3},
    }
    assert first(papers).data["source"] == source


def test_only_what_depends_on_the_changed_answer_is_done_again(papers: Path) -> None:
    original(papers)
    clock = made(papers, "experimentation.clock")
    forked(papers, "experimentation", {"toy.weight": 3})
    assert redone(papers) == ["preparation.documents", "experimentation.weigh", "experimentation.documents"]
    assert len(finished(papers)) == 9
    assert made(papers, "experimentation.clock") == clock
    changed = next(
        e.data for e in entries(papers) if e.data.get("id") == "toy.weight" and e.type == "question_answered"
    )
    assert (changed["value"], changed["source"]) == (3, "flag")


def test_a_changed_answer_may_carry_its_reason(papers: Path) -> None:
    original(papers)
    forked(papers, "experimentation", {"toy.weight": {"value": 3, "reason": "it counts more", "by": "Ben"}})
    told = next(e.data for e in entries(papers) if e.data.get("id") == "toy.weight" and e.type == "question_answered")
    assert (told["value"], told["reason"], told["by"], told["source"]) == (3, "it counts more", "Ben", "flag")
    assert first(papers).data["forked"]["set"] == {"toy.weight": 3}


def test_an_earlier_gate_that_shows_the_same_is_passed_and_the_ledger_says_where_it_was_approved(papers: Path) -> None:
    old = original(papers)
    approval = next(e for e in entries(papers) if e.type == "gate_decided")
    told: list[Event] = []
    forked(papers, "experimentation", show=told.append)
    assert decided(papers) == [("preparation", "approve", "fork")]
    entry = next(e for e in entries(papers) if e.type == "gate_decided")
    assert entry.data["carried"] == {"run": old.id, "evidence": approval.data["evidence"], "entry": approval.hash}
    assert entry.data["evidence"] != approval.data["evidence"]
    assert (entry.data["by"], entry.data["reason"]) == ("Ada", "I read it.")
    assert [event.data["head"] for event in told if event.type == "gate_decided"] == [entry.hash]
    paper = (newest(papers).dossier / "08-best-model.md").read_text()
    assert f"preparation: approve by Ada, in run {old.id}" in paper


def test_an_earlier_gate_that_shows_something_else_is_not_passed(papers: Path) -> None:
    original(papers)
    stopped = forked(papers, "experimentation", {"toy.factor": 3})
    assert "Gate 1 (preparation) waits for a person." in stopped.message
    assert "It does not show what run 0001-heron approved there." in stopped.message
    assert redone(papers) == ["preparation.total", "preparation.documents"]
    assert decided(papers) == []


def test_an_answer_that_only_the_documents_quote_is_enough_to_open_the_gate(papers: Path) -> None:
    original(papers)
    forked(papers, "experimentation", {"toy.label": "b"})
    assert decided(papers) == []


def test_a_check_that_fails_in_the_workspace_keeps_an_approval_from_being_taken_over(
    papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original(papers)
    failed = Check(id="holdout.openings", status="fail", blocking=True, value=1, criterion="none")
    monkeypatch.setattr("agent.carrying.workspace_checks", lambda *_: (failed,))
    assert "preparation" in forked(papers, "experimentation").message
    assert decided(papers) == []


def test_a_check_that_stood_otherwise_at_the_approval_keeps_it_from_being_taken_over(
    papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original(papers)
    passed = Check(id="challenger", status="pass", blocking=True, value=1, criterion="no worse")
    monkeypatch.setattr("agent.desk.workspace_checks", lambda *_: (passed,))
    assert "preparation" in forked(papers, "experimentation").message
    assert decided(papers) == []


def test_later_documents_that_quote_a_taken_over_approval_carry_the_next_one(papers: Path) -> None:
    original(papers)
    forked(papers, "validation")
    assert decided(papers) == [("preparation", "approve", "fork"), ("experimentation", "approve", "fork")]
    assert redone(papers) == [*PAPERS, "validation.documents"]


def test_a_fork_of_a_fork_takes_approvals_over_again(papers: Path) -> None:
    original(papers)
    forked(papers, "validation")
    forked(papers, "validation")
    assert newest(papers).id == "0003-maple"
    carried = [e.data["carried"]["run"] for e in entries(papers) if e.type == "gate_decided"]
    assert carried == ["0002-otter", "0002-otter"]


def test_a_gate_whose_documents_told_of_a_revision_is_looked_at_anew(papers: Path) -> None:
    revise = {**APPROVE, "decision": "revise", "set": {"toy.factor": 3}}
    original(papers, preparation=[revise, APPROVE])
    assert "Gate 2 (experimentation)" in forked(papers, "validation").message
    assert decided(papers) == [("preparation", "approve", "fork")]
    factor = [e.data for e in entries(papers) if e.data.get("id") == "toy.factor" and e.type == "question_answered"]
    assert [(row["value"], row["source"], row["by"]) for row in factor] == [(3, "revision", "Ada")]


def test_the_gate_of_the_fork_waits_although_the_old_run_decided_it(papers: Path) -> None:
    original(papers)
    forked(papers, "preparation")
    assert decided(papers) == []
    assert resume(papers).exit == 3
    assert decided(papers) == []


def test_later_answers_are_remembered_and_gate_decisions_are_not(papers: Path) -> None:
    original(papers)
    forked(papers, "preparation")
    given = yaml.safe_load(newest(papers).given.read_text())
    assert given["answers"]["toy.weight"]["value"] == 2
    assert not given["gates"]
    decide(papers, None, "preparation", answers(gates={"preparation": APPROVE}).gates["preparation"][0])
    gone_on = resume(papers)
    assert gone_on.exit == 3
    assert "experimentation" in str(gone_on.error)
    assert decided(papers) == [("preparation", "approve", "command")]


def test_a_fork_that_was_cut_short_goes_on_the_same_way(papers: Path) -> None:
    original(papers)

    def cut(event: Event) -> None:
        if event.step == "preparation.label":
            raise OSError(5, "the machine stops")

    with pytest.raises(OSError, match="stops"):
        asyncio.run(fork(papers, None, "experimentation", {"toy.weight": 3}, cut))
    assert decided(papers) == []
    assert "experimentation" in str(resume(papers).error)
    assert decided(papers) == [("preparation", "approve", "fork")]
    assert verify(papers).problems == []


def test_an_answer_of_a_phase_that_the_run_has_not_reached_is_remembered(papers: Path) -> None:
    original(papers, "none")
    forked(papers, "preparation", {"toy.weight": 7})
    assert yaml.safe_load(newest(papers).given.read_text())["answers"]["toy.weight"]["value"] == 7
    refused = forked(papers, "preparation", {"toy.weight": "recommended"})
    assert isinstance(refused, AnswersDoNotFit)


def test_a_run_that_waits_can_be_forked_and_stays_as_it_is(papers: Path) -> None:
    old = original(papers, "preparation")
    before = files(old)
    forked(papers, "preparation", {"toy.factor": 3})
    assert files(old) == before
    assert status_of(papers, old.id).state == "waiting"
    assert status_of(papers).run == "0002-otter"


def test_the_run_to_fork_can_be_named(papers: Path) -> None:
    old = original(papers)
    forked(papers, "preparation")
    forked(papers, "validation", name=old.id)
    assert first(papers).data["forked"]["run"] == old.id


@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_run_whose_record_is_damaged_vouches_for_nothing(papers: Path, damage: str) -> None:
    old = original(papers)
    data = old.ledger.read_bytes()
    damaged = {"cut": data[: data[:-1].rfind(b"\n") + 1], "changed": data.replace(b"Ada", b"Eve"), "gone": b""}[damage]

    def harm(event: Event) -> None:
        if event.type == "run_started":
            old.ledger.write_bytes(damaged)

    stopped = forked(papers, "experimentation", show=harm)
    assert "Gate 1 (preparation)" in stopped.message
    assert decided(papers) == []


def test_a_replay_of_a_fork_comes_out_the_same(papers: Path) -> None:
    original(papers)
    forked(papers, "experimentation", {"toy.weight": 3})
    found = asyncio.run(replay(papers, None, quiet))
    assert (found.steps, found.differing) == (9, [])


@pytest.mark.parametrize(
    ("gate", "settings", "error", "text"),
    [
        ("validation", {}, UsageError, "Run 0001-heron never opened gate validation."),
        ("intake", {}, UsageError, "There is no gate intake."),
        ("experimentation", {"toy.wieght": 1}, AnswersDoNotFit, "There is no question toy.wieght."),
        ("experimentation", {"toy.weight": -1}, AnswersDoNotFit, "toy.weight"),
        ("experimentation", {"toy.weight": {"value": 3, "reason": 7}}, AnswersDoNotFit, "toy.weight.reason"),
        ("experimentation", {"toy.column": "c"}, AnswersDoNotFit, "not among the options"),
    ],
)
def test_what_can_not_be_forked_is_refused_before_anything_is_made(
    papers: Path, gate: str, settings: dict[str, Any], error: type[AgentError], text: str
) -> None:
    original(papers, "preparation")
    stopped = forked(papers, gate, settings)
    assert type(stopped) is error
    assert text in stopped.message
    assert len(Workspace.open(papers).runs()) == 1
