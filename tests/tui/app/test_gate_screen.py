"""The gate's screen: evidence first, then a decision with name and reason, and never by holding a key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from agent.gates import GateRequest, ShownStep
from tests.tui.app.scripted import check, request, until
from tui.app.decision import Changeable, DecisionForm
from tui.app.gate import GateScreen, Opened

LONG = tuple(ShownStep(id=f"s{n}", guidance="1.1", title=f"step {n}", summary="a finding") for n in range(60))


class Stage(App[None]):
    def __init__(self, gate: GateRequest, name: str = "Ada") -> None:
        super().__init__()
        self.gate = GateScreen(gate, (Changeable("split.test_size", "0.2"),), name)
        self.left: list[Opened | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.gate, self.left.append)


def play(
    gate: GateRequest, scene: Callable[[Stage, Pilot[Any]], Awaitable[None]], size: tuple[int, int] = (120, 36)
) -> Stage:
    stage = Stage(gate)

    async def run() -> None:
        async with stage.run_test(size=size) as pilot:
            await pilot.pause()
            await scene(stage, pilot)

    asyncio.run(run())
    return stage


async def form(stage: Stage, pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(stage.screen, DecisionForm) and stage.focused is not None)


def test_a_decision_waits_until_the_end_of_the_evidence_was_on_screen() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press("a", "c", "r", "x", "enter", "enter", "enter")
        assert stage.screen is stage.gate
        assert not stage.gate.armed
        for _ in range(20):
            await pilot.press("pagedown")
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("a")
        await form(stage, pilot)

    assert play(request(steps=LONG), scene).left == []


def test_holding_enter_decides_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press(*["enter"] * 30)
        await pilot.press("a")
        await form(stage, pilot)
        await pilot.press(*["enter"] * 30)
        assert isinstance(stage.screen, DecisionForm)

    assert play(request(), scene).left == []


def test_the_checks_stand_in_a_table_blocking_failures_first() -> None:
    checks = (check("fine"), check("weak", "warn"), check("bad", "fail", blocking=True))

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        table: DataTable[Any] = stage.gate.query_one(DataTable)
        first = [str(cell) for cell in table.get_row_at(0)]
        assert first == ["Title of bad", "FAIL, blocks", "0.79", "at least 0.70"]
        assert table.row_count == 3

    play(request(checks=checks), scene)


def test_overriding_a_blocking_failure_says_what_it_means_and_must_be_ticked() -> None:
    gate = request(checks=(check("bad", "fail", blocking=True),))

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("a")
        await form(stage, pilot)
        assert "does not meet what was asked" in " ".join(str(w.visual) for w in stage.screen.query(Static))
        await pilot.press(*"as a pilot", "ctrl+s")
        assert "blocks" in str(stage.screen.query_one("#wrong", Static).visual)
        stage.screen.query_one("#override").focus()
        await pilot.press("space", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    left = play(gate, scene).left[0]
    assert left is not None and left.answer is not None
    assert (left.answer.decision, left.answer.override, left.answer.reason) == ("approve", ("bad",), "as a pilot")


def test_an_inconclusive_verdict_is_approved_with_conditions_only() -> None:
    gate = request("validation", verdict="inconclusive", recommendation="approve with conditions")

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("a")
        await form(stage, pilot)
        await pilot.press(*"good enough", "ctrl+s")
        assert "the conditions" in str(stage.screen.query_one("#wrong", Static).visual)
        stage.screen.query_one("#conditions").focus()
        await pilot.press(*"weekly review", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    left = play(gate, scene).left[0]
    assert left is not None and left.answer is not None
    assert left.answer.conditions == "weekly review"


def test_a_revision_names_the_answers_that_change() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("r")
        await form(stage, pilot)
        await pilot.press("ctrl+s")
        assert "what to change" in str(stage.screen.query_one("#wrong", Static).visual)
        await pilot.press("enter")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "change")
        await pilot.press("end", *"0.25", "enter")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "reason")
        await pilot.press(*"a larger test", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    left = play(request(), scene).left[0]
    assert left is not None and left.answer is not None
    assert (left.answer.decision, left.answer.set) == ("revise", {"split.test_size": 0.25})


def test_a_rejection_needs_its_reason() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("x")
        await form(stage, pilot)
        await pilot.press("ctrl+s")
        assert isinstance(stage.screen, DecisionForm)
        await pilot.press(*"too late", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    left = play(request(), scene).left[0]
    assert left is not None and left.answer is not None
    assert left.answer.decision == "reject"


def test_leaving_the_form_or_the_gate_decides_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("a")
        await form(stage, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: stage.screen is stage.gate)
        await pilot.press("escape")
        await until(pilot, lambda: bool(stage.left))

    assert play(request(), scene).left == [Opened()]


def test_hostile_names_at_a_gate_do_nothing() -> None:
    name = "[@click=app.quit]age[/]"
    gate = request(
        findings=(name,), deliverables=(name,), why=name, changed=(name,), checks=(check(name, "fail", measured=name),)
    )

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press(*["pagedown"] * 5)
        await until(pilot, lambda: stage.gate.armed)
        for y in range(24):
            for x in range(0, 80, 4):
                await pilot.click(offset=(x, y))
        assert stage.is_running
        assert stage.left == []

    play(gate, scene, (80, 24))
