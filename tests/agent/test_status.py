from __future__ import annotations

from pathlib import Path

import pytest

from agent.answers import GateAnswer
from agent.deciding import decide
from agent.status import status_of, told
from tests.agent.driving import APPROVE, BOTH, TABLE, answers, newest, walk
from workspace.errors import CorruptState, NotFound

pytestmark = pytest.mark.integration


def test_a_run_waits_at_a_question_and_at_a_gate_and_then_is_done(root: Path) -> None:
    walk(root, answers(without=("toy.label",)), table=TABLE)
    status = status_of(root)
    assert (status.state, status.phase, status.step) == ("waiting", "preparation", "preparation.total")
    assert status.pending is not None
    assert (status.pending["type"], status.pending["id"]) == ("question", "toy.label")
    walk(root, answers())
    status = status_of(root)
    assert status.pending is not None
    assert (status.pending["type"], status.pending["id"]) == ("gate", "preparation")
    assert any("phasegate decide preparation" in line for line in told(status))
    walk(root, answers(gates=BOTH))
    assert (status_of(root).state, status_of(root).pending) == ("done", None)


def test_a_decided_gate_is_no_longer_waited_for(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    decide(root, None, "preparation", GateAnswer(decision="approve", by="Ada", reason="fine"))
    assert status_of(root).pending is None


def test_a_rejected_and_a_failed_run_say_so(root: Path) -> None:
    walk(root, answers(gates={"preparation": {**APPROVE, "decision": "reject"}}), table=TABLE)
    assert status_of(root).state == "rejected"
    walk(root, answers(), table="a,b\n")
    assert status_of(root).state == "failed"


def test_a_status_needs_a_sound_ledger(root: Path) -> None:
    with pytest.raises(NotFound):
        status_of(root)
    walk(root, answers(), table=TABLE)
    ledger = newest(root).ledger
    ledger.write_bytes(b"\xff" + ledger.read_bytes()[1:])
    with pytest.raises(CorruptState):
        status_of(root)
