"""SIGTERM and SIGINT: a run ends at once, leaves no process behind, and goes on where it stopped."""

from __future__ import annotations

import signal
import time

import pytest

from tests.journeys.program import CREDIT, Program, answers_file, derived, glance, ledger, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_stopped_run_ends_within_five_seconds_leaves_nobody_behind_and_can_go_on(
    credit: Program, fresh: Program
) -> None:
    """First while the baseline is trained, then while the notebook's kernel works; to end as an undisturbed run."""
    answers = answers_file(fresh.workspace.parent / "answers.yaml")
    common = ("--answers", answers, "--until", "preparation")
    moments = [
        (("run", CREDIT / "credit.csv"), "preparation.baseline", 0.2, signal.SIGINT, 130),
        (("resume",), "preparation.notebook", 1.5, signal.SIGTERM, 143),
    ]
    for verb, step, seconds, number, code in moments:
        running = fresh.start(*verb, *common)
        until(lambda step=step: (glance(fresh.run) or [{}])[-1].get("step") == step)  # type: ignore[misc]
        time.sleep(seconds)
        assert len(running.left()) > 1
        began = time.monotonic()
        running.process.send_signal(number)
        done = running.end(30)
        assert time.monotonic() - began < 5
        assert done.code == code
        resume = f"phasegate resume --workspace {fresh.workspace}"
        assert done.err.strip() == f"Stopped by {number.name}. Go on with: {resume}"
        until(lambda running=running: running.left() == [], 1)  # type: ignore[misc]
        last = ledger(fresh.run)[-1]
        assert (last["type"], last["reason"]) == ("stopped", number.name)
        assert fresh("verify").code == 0
        assert fresh("status", "--json").json["state"] == "waiting"
    fresh("resume", *common)
    assert derived(fresh.run) == derived(credit.run, "intake", "preparation")


def test_a_signal_before_the_first_step_is_as_clean(fresh: Program) -> None:
    running = fresh.start("run", CREDIT / "credit.csv", "--answers", CREDIT / "answers.yaml")
    until(lambda: bool(glance(fresh.run)))
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.end(30).code == 130
    assert time.monotonic() - began < 5
    until(lambda: running.left() == [], 1)
    assert fresh("status", "--json").json["run"] == fresh.run.name
