"""Every cell that shows text from data is clicked, on every screen at 80x24; `test_inert.py` says what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.app.scripted import Scripted
from tests.tui.app.test_inert import KINDS, assert_tame, home, run_screen, screens, through, through_home, through_run
from tests.tui.app.traps import played

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", list(screens()))
def test_no_cell_of_a_screen_does_what_its_text_says(name: str) -> None:
    assert_tame(played(screens()[name], lambda app, pilot: through(app, pilot, 1)).bytes)


def test_no_cell_of_home_does_what_its_text_says(tmp_path: Path) -> None:
    app = played(lambda: home(tmp_path), lambda app, pilot: through_home(app, pilot, 1, tmp_path))
    assert_tame(app.bytes)


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_of_a_run_does_what_its_text_says(kind: str) -> None:
    bridges: list[Scripted] = []
    app = played(lambda: run_screen(kind, bridges), lambda app, pilot: through_run(app, pilot, 1, bridges[0]))
    assert_tame(app.bytes)
