from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.errors import UsageError
from agent.replay import Replay, borrow, quiet, replay
from tests.agent.driving import APPROVE, BOTH, TABLE, answers, derived, entries, newest, walk
from workspace.errors import CorruptState
from workspace.project import Workspace

pytestmark = pytest.mark.integration

MEASURED = {
    "experimentation.clock/clock.json",
    "experimentation.end/end.json",
}


def again(root: Path, **more: Any) -> Replay:
    return asyncio.run(replay(root, None, quiet, **more))


def test_a_replay_makes_every_artifact_again_and_finds_them_the_same(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    before = newest(root).ledger.read_bytes()
    found = again(root)
    assert (found.steps, found.executed, found.differing) == (6, 5, [])
    assert newest(root).ledger.read_bytes() == before
    assert len(Workspace.open(root).runs()) == 1


def test_a_replay_walks_the_revisions_that_the_run_walked(root: Path) -> None:
    revise = {**APPROVE, "decision": "revise", "set": {"toy.factor": 3}}
    walk(root, answers(gates={**BOTH, "preparation": [revise, APPROVE]}), table=TABLE)
    found = again(root)
    assert (found.steps, found.differing) == (6, [])
    assert found.executed == 6


def test_a_run_that_found_its_steps_done_is_replayed_by_its_own_record(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    walk(root, answers(gates=BOTH), table=TABLE)
    marks = [entry.data["value"] for entry in entries(root) if entry.data.get("name") == "mark"]
    assert len(marks) == 1
    assert again(root).differing == []


@pytest.mark.parametrize(
    "recorded", [answers(), answers(gates={"preparation": APPROVE}), answers(without=("toy.seconds",))]
)
def test_a_run_that_is_not_at_its_end_is_replayed_as_far_as_it_came(root: Path, recorded: Any) -> None:
    assert walk(root, recorded, table=TABLE).exit == 3
    found = again(root)
    assert found.differing == []
    assert found.steps == len({entry.data["step"] for entry in entries(root) if entry.type == "step_finished"})


def test_a_replay_that_measures_anew_reports_what_differs_and_fails_nothing(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    found = again(root, remeasure=True)
    assert ("experimentation.clock", "clock.json") in {(each.step, each.artifact) for each in found.remeasured}


def test_a_difference_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    import agent.execution

    monkeypatch.setattr(agent.execution, "substream", lambda *_: 99)
    found = again(root)
    assert {(each.step, each.artifact) for each in found.differing} == {
        ("preparation.total", "total.json"),
        ("experimentation.end", "end.json"),
    }


def test_a_changed_source_is_not_replayed(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    source = Workspace.open(root).store.locate(entries(root)[0].data["source"]["sha256"])
    source.chmod(0o644)
    source.write_bytes(source.read_bytes() + b"5,6\n")
    with pytest.raises(CorruptState):
        again(root)


def test_two_runs_with_the_same_observations_are_the_same_to_the_bit(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    bare, given = root.parent / "bare", root.parent / "given"
    walk(bare, answers(gates=BOTH), table=TABLE)
    walk(given, answers(gates=BOTH), table=TABLE, borrowed=borrow(newest(root).root, given))
    first = derived(root)
    assert {name for name, sha256 in derived(bare).items() if first[name] != sha256} == MEASURED
    assert derived(given) == first


def test_observations_come_from_a_run_that_is_there(root: Path) -> None:
    with pytest.raises(UsageError, match="No run in"):
        borrow(root / "runs" / "0001-heron", root)
