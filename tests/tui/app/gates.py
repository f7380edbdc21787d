"""A gate's screen in an application of its own, with a run behind it: answers, a threshold curve, registers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from agent.answers import GateAnswer
from agent.conversation.gate_view import Changeable, GateView, Origin
from agent.conversation.registers import Item, Register
from agent.conversation.what_if import Group, Point, ThresholdCurve
from agent.decisions import Decision
from agent.gates import GateRequest
from agent.position import Position
from agent.registry import Phase, Registry
from agent.steps import Ask, Job, Known, Option, Step
from agent.wording import shown_value
from tests.tui.app.scripted import until
from tools.records import Outcome
from tools.wording import say
from tui.app.decision import DecisionForm
from tui.app.gate import GateScreen, Opened
from tui.app.look import LOOK
from workspace.store import Store

ANSWERS: dict[str, Any] = {
    "toy.kind": "stratified",
    "toy.size": 0.2,
    "toy.families": ["linear", "forest"],
    "toy.unit": "loan",
    "toy.leakage": "drop",
    "decision.threshold": 0.4,
}


def _curve(known: Known) -> dict[str, Any]:
    return {
        "threshold": 0.4, "basis": "cost", "cost": 0.5, "cost_at_half": 0.6, "costs_stated": True,
        "false_positive_cost": 1.0, "false_negative_cost": 5.0, "rows": 640,
    }  # fmt: skip


ASKS = (
    Ask("toy.kind", "How should the rows be split?", "choice",
        options=(Option("random", "at random", "the simplest"), Option("stratified", "each class in its share"))),
    Ask("toy.size", "How large should the test be?", "number", minimum=0, maximum=0.8, nullable=False),
    Ask("toy.families", "Which families?", "several",
        options=(Option("linear"), Option("forest"), Option("boosting"))),
    Ask("toy.unit", "What is one row?", "text"),
    Ask("toy.leakage", "Is it known beforehand?", "choice",
        options=(Option("drop"), Option("release")), needs_reason=("release",)),
    Ask("decision.threshold", "From which probability on?", "number", minimum=0, maximum=1, evidence=_curve),
)  # fmt: skip


PROMPTS = {ask.id: ask.prompt for ask in ASKS}


def _nothing(job: Job) -> Outcome:
    return Outcome(summary=say("done"))


REGISTRY = Registry(
    (
        Phase(
            "experimentation", "2 Experimentation", (Step("experimentation.toy", "2.1", "toy", _nothing, before=ASKS),)
        ),
    )
)


def points(rows: int, shift: float = 0.0) -> tuple[Point, ...]:
    """Thresholds from 0 to 1 in hundredths; a third of the rows are positive."""
    positive = rows // 3
    found = []
    for place in range(101):
        threshold = place / 100
        caught = round(positive * max(0.0, min(1.0, 1.2 - threshold - shift)))
        alarms = round((rows - positive) * max(0.0, 0.9 - threshold - shift))
        cost = (alarms + 5 * (positive - caught)) / rows
        rate = (caught + alarms) / rows
        found.append(Point(threshold, caught, alarms, rows - positive - alarms, positive - caught, cost, rate))
    return tuple(found)


CURVE = ThresholdCurve(
    model="linear model", calibration="none", rows=640, costs_stated=True, false_positive_cost=1.0,
    false_negative_cost=5.0, negative="good", positive="bad", points=points(640),
    groups=(
        Group("sex", "male", 440, points(440), True),
        Group("sex", "female", 200, points(200, 0.1), True),
        Group("age", "under 25", 9, points(9), False),
        Group("age", "over 25", 631, points(631), True),
    ),
    recommended=0.4, decided=0.4,
)  # fmt: skip

REGISTERS = (
    Register(
        "Risks",
        (
            Item("Latency", "70 ms at the 95th percentile.", "fail"),
            Item("Data leakage", "None found (15 kinds looked for).", "pass"),
            Item("Missing data", "No value is missing.", "pass"),
            Item("Outliers", "Kept.", ""),
            Item("Concept drift", "comes with 4.7 retraining", ""),
        ),
        "# Risks\n\n| risk | in this run |\n|---|---|\n| Latency | 70 ms |\n",
    ),
    Register("Assumptions", (Item("toy.kind", "stratified (as recommended)"),), "# Assumptions\n"),
)


class Behind:
    """The run behind the screen, as far as it is looked at."""

    def __init__(self) -> None:
        self.registry = REGISTRY
        self.position = Position(self.registry, Store(Path("nowhere")))
        for name, value in ANSWERS.items():
            self.position.decisions[name] = Decision(id=name, value=value, source="person", by="Ada", why="")

    async def ask(self, look: Callable[[Any], Any]) -> Any:
        return look(SimpleNamespace(registry=self.registry, position=self.position))


def view(curve: ThresholdCurve | None = None, **deliverables: tuple[str, ...]) -> GateView:
    """What stands beside a request; the deliverables that show a check by its id."""
    return GateView(
        changeable=tuple(Changeable(name, shown_value(value), PROMPTS[name]) for name, value in ANSWERS.items()),
        curve=curve,
        registers=REGISTERS,
        origins={name: Origin("3.1 holdout", "a finding of it", stems) for name, stems in deliverables.items()},
    )


class Stage(App[None]):
    """The smallest application around a gate."""

    CSS = LOOK

    def __init__(
        self, gate: GateRequest, shown: GateView | None = None, name: str = "Ada", theme: str = "textual-dark"
    ) -> None:
        super().__init__()
        self.read: list[str] = []
        self._wanted = theme
        self.gate = GateScreen(gate, shown or view(), name, Behind().ask, self.read.append)
        self.left: list[Opened | None] = []

    def on_mount(self) -> None:
        self.theme = self._wanted
        self.push_screen(self.gate, self.left.append)

    @property
    def answer(self) -> GateAnswer:
        """The decision with which the gate was left."""
        left = self.left[0]
        assert left is not None and left.answer is not None
        return left.answer


def play(
    gate: GateRequest,
    scene: Callable[[Stage, Pilot[Any]], Awaitable[None]],
    *,
    view: GateView | None = None,
    size: tuple[int, int] = (120, 60),
    name: str = "Ada",
) -> Stage:
    """Play a scene at a gate."""
    stage = Stage(gate, view, name)

    async def run() -> None:
        async with stage.run_test(size=size) as pilot:
            await pilot.pause()
            await scene(stage, pilot)

    asyncio.run(run())
    return stage


async def form(stage: Stage, pilot: Pilot[Any]) -> None:
    """Wait for the form of a decision."""
    await until(pilot, lambda: isinstance(stage.screen, DecisionForm) and stage.focused is not None)


async def seen(stage: Stage, pilot: Pilot[Any], key: str) -> None:
    """Wait until the evidence was on screen, then press the key of a decision."""
    await until(pilot, lambda: stage.gate.armed)
    await pilot.press(key)
    await form(stage, pilot)


def told_wrong(stage: Stage) -> str:
    """What the form says is missing or does not fit."""
    return str(stage.screen.query_one("#wrong", Static).visual)
