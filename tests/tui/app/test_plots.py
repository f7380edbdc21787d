from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tui.app.evidence import BarData, CurveData, HistogramData, Series
from tui.app.plots import draw_bars, draw_curve, draw_histogram, figure

NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=0, max_size=30)


def lines(drawn: Content) -> list[str]:
    return drawn.plain.split("\n")


def test_bars_are_as_long_as_their_values_and_carry_them() -> None:
    first, second, third = lines(draw_bars(BarData(("whole", "half", "none"), (2.0, 1.0, 0.0)), 39, 10))
    assert first.count("█") == 2 * second.count("█") == 30
    assert third.count("█") == 0
    assert [each.split()[-1] for each in (first, second, third)] == ["2", "1", "0"]


def test_a_negative_bar_points_left_of_where_the_others_begin() -> None:
    up, down = lines(draw_bars(BarData(("up", "down"), (1.0, -1.0)), 40, 10))
    assert down.rindex("█") + 1 == up.index("█")


def test_bars_that_do_not_fit_are_counted() -> None:
    data = BarData(tuple(f"b{number}" for number in range(20)), tuple(range(20)))
    drawn = lines(draw_bars(data, 40, 6))
    assert len(drawn) == 6
    assert drawn[-1] == "and 15 more"


def test_a_small_value_is_still_seen() -> None:
    assert "▏" in lines(draw_bars(BarData(("big", "small"), (1000.0, 0.1)), 40, 5))[1]


def test_a_curve_rises_from_the_lower_left_to_the_upper_right_between_labelled_axes() -> None:
    drawn = lines(draw_curve(CurveData((Series("cost", (0.0, 1.0), (10.0, 20.0)),), "threshold", "euro"), 50, 12))
    assert len(drawn) == 12
    body = drawn[1:-2]
    assert body[0].startswith("20 │") and body[-1].startswith("10 │")
    dotted = [[at for at, char in enumerate(row) if 0x2800 < ord(char) <= 0x28FF] for row in body]
    assert max(dotted[0]) == max(map(max, dotted)) and min(dotted[-1]) == min(map(min, dotted))
    assert "cost" in drawn[0] and "euro" in drawn[0]
    assert drawn[-1].split() == ["0", "threshold", "1"]


def test_two_lines_differ_by_their_dots_and_not_by_colour_alone() -> None:
    def dots(which: int) -> int:
        series = [Series("a", (0.0, 1.0), (0.0, 0.0)), Series("b", (0.0, 1.0), (1.0, 1.0))]
        body = lines(draw_curve(CurveData(tuple(series)), 60, 12))[1:-2]
        return sum((ord(char) - 0x2800).bit_count() for char in body[which] if 0x2800 <= ord(char) <= 0x28FF)

    assert dots(-1) > dots(0) > 0


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    whole = Series("x", (0.0, 1.0, 2.0, 3.0), (1.0, 1.0, 1.0, 2.0))
    broken = Series("x", (0.0, 1.0, 2.0, 3.0), (1.0, math.nan, 1.0, 2.0))
    assert draw_curve(CurveData((whole,)), 60, 12).plain != draw_curve(CurveData((broken,)), 60, 12).plain


def test_a_histogram_is_highest_where_most_are_and_tells_its_edges() -> None:
    drawn = lines(draw_histogram(HistogramData((0.0, 10.0, 20.0, 30.0), (1.0, 4.0, 2.0), "age"), 40, 10))
    assert len(drawn) == 10
    assert drawn[0].startswith("4 │") and drawn[0].count("█") > 0
    assert drawn[-1].split() == ["0", "age", "30"]
    assert drawn[-3].count("█") > drawn[0].count("█")


def test_more_bins_than_cells_are_added_up() -> None:
    data = HistogramData(tuple(map(float, range(501))), (1.0,) * 500)
    assert all(cell_len(each) <= 40 for each in lines(draw_histogram(data, 40, 10)))
    assert lines(draw_histogram(data, 40, 10))[0].split()[0] != "1"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_bars(BarData((), ()), 40, 10),
        lambda: draw_bars(BarData(("a",), (math.nan,)), 40, 10),
        lambda: draw_curve(CurveData(()), 40, 10),
        lambda: draw_curve(CurveData((Series("a", (), ()),)), 40, 10),
        lambda: draw_histogram(HistogramData((), ()), 40, 10),
        lambda: draw_histogram(HistogramData((0.0, 1.0), (0.0,)), 40, 10),
        lambda: draw_curve(CurveData((Series("a", (0.0, 1.0), (0.0, 1.0)),)), 5, 2),
    ],
)
def test_without_data_or_room_the_plot_says_that_there_is_nothing(draw: Callable[[], Content]) -> None:
    assert draw().plain == "Nothing to draw."


@given(NUMBERS, st.integers(1, 120), st.integers(1, 40))
def test_no_plot_leaves_its_room_or_fails_on_any_numbers(values: list[float], width: int, height: int) -> None:
    labels = tuple(f"label {number}" for number in range(len(values)))
    places = tuple(float(number) for number in range(len(values)))
    drawn = [
        draw_bars(BarData(labels, tuple(values)), width, height),
        draw_curve(CurveData((Series("a", places, tuple(values)), Series("b", tuple(values), places))), width, height),
        draw_histogram(HistogramData((*places, float(len(values))), tuple(map(abs, values))), width, height),
    ]
    for each in drawn:
        if each.plain != "Nothing to draw.":
            assert all(cell_len(row) <= width for row in lines(each))
            assert len(lines(each)) <= max(height, 2)


def test_figures_are_short() -> None:
    assert [figure(value) for value in (0.123456, 12.0, 1234.5, 1_234_567.0, math.nan)] == [
        "0.123", "12", "1234", "1,234,567", "unknown",
    ]  # fmt: skip
