"""Pictures of the gate and its forms, compared with those that were looked at and stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from agent.gates import GateRequest, ShownStep
from tests.tui.app.bench import SIZES, THEMES
from tests.tui.app.gates import CURVE, Stage, seen, view
from tests.tui.app.scripted import check, request, until

Compare = Callable[..., bool]


def gate() -> GateRequest:
    """A gate at which much is to be weighed."""
    slow = check("latency", "fail", blocking=True, measured="70.2 ms at the 95th percentile, 61 ms in the middle")
    return request(
        "experimentation",
        title="2 Experimentation",
        recommendation="revise",
        why="Time for one row failed",
        steps=(
            ShownStep(id="a", guidance="2.2", title="tuning", summary="30 settings tried, 17 given up early"),
            ShownStep(id="b", guidance="2.3", title="cross-validation", summary="linear model is recommended"),
        ),
        checks=(
            slow.model_copy(update={"title": "Time for one row, in process", "criterion": "≤ 50 ms"}),
            check("groups", "insufficient", blocking=True, measured="62 women, 100 needed"),
            check("size", "warn", measured="31 MB"),
            check("openings", blocking=True, measured="never opened"),
        ),
    )


def stage(theme: str = "textual-dark") -> Stage:
    return Stage(gate(), view(curve=CURVE), theme=theme)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
def test_gate(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    app = stage(theme)

    async def moved(pilot: Pilot[Any]) -> None:
        await pilot.press("w", "shift+right", "right")
        await until(pilot, lambda: app.gate.query_one("#track").at == 51)  # type: ignore[attr-defined]
        app.gate.query_one("#evidence").scroll_home(animate=False)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=moved)


def test_gate_at_its_end(snap_compare: Compare) -> None:
    app = stage()

    async def read(pilot: Pilot[Any]) -> None:
        await pilot.press(*["pagedown"] * 6)
        await until(pilot, lambda: app.gate.armed)
        await pilot.pause()

    assert snap_compare(app, terminal_size=(80, 24), run_before=read)


def test_revise_form(snap_compare: Compare) -> None:
    app = stage()

    async def gathered(pilot: Pilot[Any]) -> None:
        await pilot.press(*["pagedown"] * 6)
        await seen(app, pilot, "r")
        await pilot.press(*"toy.size=0.3", "enter")
        await until(pilot, lambda: bool(app.screen.query("Revision.-some")))
        await pilot.press(*"kind", "enter")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 36), run_before=gathered)


def test_override_form(snap_compare: Compare) -> None:
    app = stage()

    async def ready(pilot: Pilot[Any]) -> None:
        await pilot.press(*["pagedown"] * 6)
        await seen(app, pilot, "a")
        await pilot.press("ctrl+s")
        await pilot.pause()

    assert snap_compare(app, terminal_size=(80, 24), run_before=ready)


def test_check_in_full(snap_compare: Compare) -> None:
    app = Stage(gate(), view(latency=("08-best-model", "09-validation-metrics")))

    async def ready(pilot: Pilot[Any]) -> None:
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.screen is not app.gate)
        await pilot.pause()

    assert snap_compare(app, terminal_size=(80, 24), run_before=ready)
