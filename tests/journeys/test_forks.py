"""Back to a past gate in a run of its own, and what the two runs differ in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.program import Program, ledger, sha256

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def bytes_of(run: Path) -> dict[str, str]:
    return {str(path): sha256(path) for path in run.rglob("*") if path.is_file()}


def test_a_finished_run_is_forked_at_gate_experimentation_with_another_threshold(known: Program) -> None:
    old, before = known.run, bytes_of(known.run)
    stopped = known("fork", "--at", "experimentation", "--set", "decision.threshold=0.5", "--json", code=3)
    assert known.run.name == "0002-otter"
    redone = [event["step"] for event in stopped.events if event["type"] == "step_finished" and not event["cached"]]
    # documents bear the run's name; of the rest only the optimisation knows the threshold
    assert redone == ["preparation.documents", "experimentation.optimisation", "experimentation.documents"]
    decided = [entry for entry in ledger(known.run) if entry["type"] == "gate_decided"]
    assert [(e["gate"], e["source"], e["carried"]["run"]) for e in decided] == [("preparation", "fork", old.name)]
    pending = known.pending()
    assert (pending["type"], pending["id"]) == ("gate", "experimentation")
    # the test rows were opened for the first run's model: the person has to say that in writing
    assert {check["id"]: check["status"] for check in pending["checks"]}["holdout.openings"] == "fail"

    found = known("diff", old.name, "latest", "--json").json
    both = [each for each in found["decisions"] if each["left"] and each["right"]]
    assert [(each["id"], each["right"]["value"]) for each in both] == [("decision.threshold", 0.5)]
    pairs = {(pair["metric"], pair["partition"]): pair for pair in found["metrics"]}
    assert pairs["roc_auc", "oof"]["same"]
    assert not pairs["expected_cost", "oof"]["same"]
    assert {each["stem"] for each in found["deliverables"] if each["only"] is None} == {
        "08-best-model",
        "09-validation-metrics",
    }
    told = known("diff", old.name, "latest").out
    assert "decision.threshold" in told
    assert "holdout.openings" in told

    more = ("--evidence", pending["evidence"][:8], "--override", "holdout.openings")
    known("decide", "experimentation", "approve", "--by", "Ada", "--reason", "I weighed it.", *more)
    known("resume", code=3)  # answers of later phases are remembered, approvals are not
    assert known.pending()["id"] == "validation"
    assert bytes_of(old) == before
    assert known("verify").code == 0


def test_a_fork_with_nothing_changed_is_carried_through_the_gates_before_its_own(known: Program) -> None:
    old = known.run.name
    known("fork", "--at", "validation", code=3)
    decided = [(e["gate"], e["source"]) for e in ledger(known.run) if e["type"] == "gate_decided"]
    assert decided == [("preparation", "fork"), ("experimentation", "fork")]
    found = known("diff", old, "latest", "--json").json
    assert [each for each in found["metrics"] if not each["same"]] == []
    assert [each["stem"] for each in found["deliverables"] if each["only"] is None] == []
    assert found["left"]["verdict"] == found["right"]["verdict"]


def test_an_answer_that_changes_an_earlier_gate_stops_the_fork_there(known: Program) -> None:
    stopped = known("fork", "--at", "experimentation", "--set", "requirements.owner=The new owner", code=3)
    assert "Gate 1 (preparation)" in stopped.err
    assert [e for e in ledger(known.run) if e["type"] == "gate_decided"] == []


def test_a_gate_that_was_never_opened_or_an_answer_that_does_not_fit_makes_no_run(known: Program) -> None:
    for arguments, code in (
        (("--at", "production"), 2),
        (("--at", "validation", "--set", "split.tset_size=0.2"), 8),
        (("--at", "validation", "--set", "split.test_size=7"), 8),
        (("--at", "validation", "--set", "nonsense"), 2),
        (("--at", "validation", "--set", "data.leakage.duration=drop"), 8),
    ):
        known("fork", *arguments, code=code)
    known("diff", "0001-heron", "0009-otter", code=2)
    assert known.run.name == "0001-heron"
