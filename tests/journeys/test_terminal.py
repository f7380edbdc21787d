"""The terminal on real data by keys alone: advice, a revision, a stop; its recording runs headless to the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from textual.pilot import Pilot

from tests.journeys.program import CREDIT, Program, derived, ledger
from tui.app.app import PhasegateApp
from tui.app.decision import DecisionForm
from tui.app.gate import GateScreen
from tui.app.question import QuestionPanel
from tui.app.run import RunScreen
from tui.app.transcript import Transcript

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def until(pilot: Pilot[Any], holds: Callable[[], bool], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        await pilot.pause(0.02)


class Person:
    """Answers what the screen asks, by keys."""

    def __init__(self, app: PhasegateApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def run(self) -> RunScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, RunScreen))

    def at_gate(self, gate: str) -> bool:
        return isinstance(self.app.screen, GateScreen) and self.app.screen.request.gate == gate

    async def to_gate(self, gate: str) -> None:
        """Take the advice, and say of what nobody advises that it is unknown, up to a gate."""
        while not self.at_gate(gate):
            panel = self.run.query_one(QuestionPanel)
            await until(self.pilot, lambda panel=panel: self.at_gate(gate) or bool(panel.query("#answer")))  # type: ignore[misc]
            question = panel.question
            if question is None:
                continue
            await self.pilot.press("f3" if question.has_recommendation else "enter")
            await until(self.pilot, lambda panel=panel, question=question: panel.question is not question)  # type: ignore[misc]

    async def decide(self, key: str, *fields: str, change: str = "") -> None:
        """Read the gate to its end, then decide."""
        gate = self.app.screen
        assert isinstance(gate, GateScreen)
        while not gate.armed:
            await self.pilot.press("pagedown")
        await self.pilot.press(key)
        await until(self.pilot, lambda: isinstance(self.app.screen, DecisionForm) and self.app.focused is not None)
        if change:
            self.app.screen.query_one("#change").focus()
            await self.pilot.press(*change, "enter")
        for name, text in zip(("by", "reason", "conditions"), fields, strict=False):
            self.app.screen.query_one(f"#{name}").focus()
            await self.pilot.press(*text)
        await self.pilot.press("ctrl+s")
        await until(self.pilot, lambda: self.app.screen is not gate and not isinstance(self.app.screen, DecisionForm))


def test_a_run_by_keys_with_a_revision_and_a_stop_repeats_headless(
    fresh: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fresh.environment.items():
        monkeypatch.setenv(name, value)
    app = PhasegateApp(fresh.workspace, str(CREDIT / "credit.csv"))

    async def sit() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            person = Person(app, pilot)
            await until(pilot, lambda: isinstance(app.screen, RunScreen) and bool(app.screen.query(QuestionPanel)))
            await person.to_gate("preparation")
            await person.decide("a", "Ada", "criteria agreed")
            panel = person.run.query_one(QuestionPanel)
            await until(pilot, lambda: panel.question is not None and bool(panel.query("#answer")))
            await pilot.press("A")
            await until(pilot, lambda: person.run.working)
            await pilot.press("escape")
            await until(pilot, lambda: "Stopped by the person" in person.run.query_one(Transcript).text())
            await pilot.press("R")
            await person.to_gate("experimentation")
            await person.decide("r", "Ada", "fewer refusals", change="decision.threshold=0.3")
            await until(pilot, lambda: not isinstance(app.screen, GateScreen))
            await person.to_gate("experimentation")
            await person.decide("a", "Ada", "as agreed")
            await until(pilot, lambda: panel.question is not None or person.run.working)
            await pilot.press("ctrl+q")
            if person.run.working:
                await pilot.press("y")
            await until(pilot, lambda: not app.is_running)

    asyncio.run(sit())
    assert fresh("verify").code == 0
    decided = [entry for entry in ledger(fresh.run) if entry["type"] == "gate_decided"]
    assert [
        (entry["gate"], entry["decision"], entry["source"], entry["bound"])
        for entry in decided
        if entry["source"] != "unchanged"
    ] == [
        ("preparation", "approve", "person", True),
        ("experimentation", "revise", "person", True),
        ("experimentation", "approve", "person", True),
    ]
    recording = fresh.run / "answers.yaml"
    assert yaml.safe_load(recording.read_text("utf-8"))["gates"]["experimentation"][0]["set"] == {
        "decision.threshold": 0.3
    }

    again = Program(tmp_path / "again" / "phasegate", Path(fresh.environment["XDG_CONFIG_HOME"]))
    common = ("--answers", recording, "--until", "experimentation", "--observations", fresh.run)
    again("run", CREDIT / "credit.csv", *common)
    phases = ("intake", "preparation", "experimentation")
    assert derived(again.run, *phases) == derived(fresh.run, *phases)
