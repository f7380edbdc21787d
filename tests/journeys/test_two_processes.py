"""Two processes on one workspace: one writes, the other is told who does; readers read."""

from __future__ import annotations

import pytest

from tests.journeys.program import CREDIT, Program, answers_file, glance, ledger, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DECISION = ("--reason", "I read it.")


def test_the_second_writer_is_refused_and_told_who_holds_the_workspace_while_readers_read(fresh: Program) -> None:
    arguments = ("run", CREDIT / "credit.csv", "--answers", CREDIT / "answers.yaml", "--until", "preparation")
    first = fresh.start(*arguments)
    until(lambda: any(entry["type"] == "step_started" for entry in glance(fresh.run)))
    for second in (arguments, ("resume",), ("decide", "preparation", "approve", "--by", "Ada", *DECISION)):
        refused = fresh(*second, code=6)
        assert str(first.process.pid) in refused.err
        assert "phasegate run" in refused.err
    assert fresh("resume", "--json", code=6).json["error"]["code"] == 6
    # between a question and its recorded answer it waits, for a few milliseconds
    until(lambda: fresh("status", "--json").json["state"] == "running", 10)
    assert fresh("show").code == 0
    assert first.process.poll() is None
    assert first.end().code == 0
    types = [entry["type"] for entry in ledger(fresh.run)]
    assert types.count("run_started") == 1
    assert "failed" not in types


def test_of_those_who_decide_a_gate_at_once_one_is_recorded_and_the_others_are_told(known: Program) -> None:
    no_gates = answers_file(known.workspace.parent / "no_gates.yaml", gates={})
    known("run", CREDIT / "credit.csv", "--answers", no_gates, code=3)
    before = len(ledger(known.run))
    names = {"Ada": "approve", "Ben": "reject", "Cyd": "approve"}
    running = {name: known.start("decide", "preparation", how, "--by", name, *DECISION) for name, how in names.items()}
    done = {name: one.end() for name, one in running.items()}
    codes = {name: one.code for name, one in done.items()}
    assert sorted(codes.values()) in ([0, 8, 8], [0, 6, 8], [0, 6, 6]), done
    winner = next(name for name, code in codes.items() if code == 0)
    entries = ledger(known.run)
    assert [(e["type"], e["by"], e["decision"]) for e in entries[before:]] == [("gate_decided", winner, names[winner])]
    for name, one in done.items():
        if one.code == 8:
            assert winner in one.err, (name, one.err)
