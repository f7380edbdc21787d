from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from agent.conversation.parts import Bars, Curve, Grid, Part
from tests.tui.app.scripted import STARTED, Stage, finished, until
from tests.tui.app.test_run_screen import play, words
from tui.app import picturing
from tui.app.drawing import Drawing, draw
from tui.app.transcript import PLOT

SHARES = Bars("missing values", tuple((f"column {n}", 1 / (n + 1), f"{n} of 9 (1 to 8)") for n in range(9)))
COST = Curve("cost by threshold", (0.0, 0.5, 1.0), (0.7, 0.5, 0.9), (("recommended", 0.5),))
TABLE = Grid(("column", "what was found in it"), tuple((f"c{n}", "a long finding " * 9) for n in range(9)), "findings")


def lines(part: Part, width: int, most: int | None = None) -> list[str]:
    return draw(part, width, most).plain.split("\n")


@pytest.mark.parametrize("part", [SHARES, COST, TABLE])
@pytest.mark.parametrize("width", [30, 60, 90])
def test_a_part_keeps_to_its_width_and_to_its_lines(part: Part, width: int) -> None:
    drawn = lines(part, width, PLOT)
    assert len(drawn) <= PLOT
    assert all(cell_len(each) <= width for each in drawn)


def test_what_a_picture_leaves_out_is_counted() -> None:
    assert lines(SHARES, 60, PLOT)[-1] == "and 5 more"
    assert lines(TABLE, 60, PLOT)[-1] == "and 6 more"


def test_a_cut_cell_ends_in_an_ellipsis() -> None:
    assert lines(TABLE, 40)[2].endswith("…")


def test_a_bar_carries_its_text_and_only_its_number_where_there_is_no_room() -> None:
    assert "3 of 9 (1 to 8)" in lines(SHARES, 60)[4]
    assert "(" not in lines(SHARES, 26)[4] and "0.25" in lines(SHARES, 26)[4]


def test_the_marks_of_a_curve_are_told_in_words() -> None:
    assert lines(COST, 60)[0].rstrip().endswith("cost by threshold · recommended at 0.5")
    assert lines(COST, 30)[-1] == "recommended at 0.5"


def test_the_picture_of_a_step_stands_under_its_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def parts_of(bridge: Any, step: str) -> tuple[Part, ...]:
        return (SHARES,) if step == "preparation.discovery" else ()

    monkeypatch.setattr(picturing, "parts_of", parts_of)

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "missing values" in words(stage))
        told = words(stage)
        assert told.index("four columns lack values") < told.index("missing values") < told.index("640 rows")
        assert len(stage.run_screen.query(Drawing)) == 1

    steps = [finished("preparation.discovery", "four columns lack values"), finished("preparation.split", "640 rows")]
    play([[STARTED, *steps]], scene)


def test_only_the_latest_finding_of_a_step_has_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    async def parts_of(bridge: Any, step: str) -> tuple[Part, ...]:
        return (SHARES,)

    monkeypatch.setattr(picturing, "parts_of", parts_of)

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "missing values" in words(stage))
        assert words(stage).index("second") < words(stage).index("missing values")
        assert words(stage).count("missing values") == 1

    step = "preparation.discovery"
    play([[STARTED, finished(step, "first"), finished(step, "second")]], scene)


def test_a_picture_that_can_not_be_read_is_left_out() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "640 rows" in words(stage))
        await until(pilot, lambda: not [each for each in stage.workers if each.group == "pictures"])
        assert not stage.run_screen.query(Drawing)
        assert stage.return_value is None

    play([[STARTED, finished("preparation.split", "640 rows")]], scene)
    assert not Path("nowhere").exists()
