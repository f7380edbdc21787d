"""Pictures of the home screen and the viewer, compared with those that were looked at and stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from agent.recent import Example
from tests.tui.app.bench import SIZES, THEMES, One, picture, until
from tests.tui.app.samples import SAMPLES
from tests.tui.app.test_home import source, told
from tui.app.home import HomeScreen
from tui.app.viewer import EvidenceScreen

Compare = Callable[..., bool]
EXAMPLES = [
    Example("bikes", Path("/e/bikes.csv"), "Bikes: how many are rented in an hour?"),
    Example("credit", Path("/e/credit.csv"), "Credit: is this loan likely to be paid back?"),
]


def shows(words: str) -> Callable[[Pilot[Any]], Any]:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: words in picture(pilot.app))

    return ready


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
def test_home(snap_compare: Compare, tmp_path: Path, size: tuple[int, int], theme: str) -> None:
    app = One(lambda: HomeScreen(told, source(tmp_path, examples=EXAMPLES)), theme)
    assert snap_compare(app, terminal_size=size, run_before=shows("no run yet"))


def test_home_without_a_workspace(snap_compare: Compare, tmp_path: Path) -> None:
    app = One(lambda: HomeScreen(told, source(tmp_path, {}, [])))

    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "nothing yet" in picture(pilot.app))
        await pilot.press("escape")
        await pilot.pause()

    assert snap_compare(app, run_before=ready)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["grid", "report"])
def test_viewer(snap_compare: Compare, name: str, size: tuple[int, int], theme: str) -> None:
    app = One(lambda: EvidenceScreen(SAMPLES[name], open_page=lambda: None), theme)
    words = "row 1 of 60" if name == "grid" else "cost per loan"
    assert snap_compare(app, terminal_size=size, run_before=shows(words))


@pytest.mark.parametrize("name", ["record", "notebook", "diff", "bars", "curve", "histogram"])
def test_viewer_of_each_other_kind(snap_compare: Compare, name: str) -> None:
    app = One(lambda: EvidenceScreen(SAMPLES[name]))
    assert snap_compare(app, run_before=shows(SAMPLES[name].title))
