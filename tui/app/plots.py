"""Bars, curves and histograms drawn with block and braille characters; they fill whatever room they are given.

Nothing rests on colour: bars carry their numbers, lines differ by their dots, and axes have figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.app.evidence import BarData, CurveData, HistogramData, Series
from tui.app.plain import fit, line

_RISING = " ▁▂▃▄▅▆▇█"
_GROWING = " ▏▎▍▌▋▊▉█"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_PATTERNS = ((1,), (1, 1, 1, 1, 0, 0, 0), (1, 0, 0), (1, 1, 1, 0, 1, 0))
"""Which dots along a line are set; a series each, over again after the last."""
_COLOURS = ("$primary", "$warning", "$success", "$error")
_KEYS = ("━━", "╌╌", "┈┈", "━╌")
_LEAST = 6
"""Cells that a bar needs beside a text."""
_NOTHING = Content.styled("Nothing to draw.", "dim")


def figure(value: float) -> str:
    """A number beside a bar or an axis."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def draw_bars(data: BarData, width: int, height: int) -> Content:
    """One bar a line with its label and number; what does not fit is counted in the last line."""
    rows = [(line(label), value) for label, value in zip(data.labels, data.values, strict=True)]
    finite = [value for _, value in rows if math.isfinite(value)]
    if not finite or width < 12:
        return _NOTHING
    shown = rows if len(rows) <= height else rows[: max(height - 1, 1)]
    names = min(max(cell_len(label) for label, _ in shown), max(width // 3, 4))
    numbers = [line(text) for text in data.texts[: len(shown)]] or [figure(value) for _, value in shown]
    if data.texts and width - names - max(cell_len(number) for number in numbers) - 3 < _LEAST:
        numbers = [figure(value) for _, value in shown]  # a bar says more than the rest of the text would
    wide = max(cell_len(number) for number in numbers)
    room = width - names - wide - 3
    if room < 3:
        return _NOTHING
    low, high = min(0.0, *finite), max(0.0, *finite)
    left = round(room * -low / (high - low)) if high > low else 0
    lines = []
    for (label, value), number in zip(shown, numbers, strict=True):
        bar = _bar(value, low, high, left, room)
        lines.append(
            Content.assemble(fit(label, names), " ", (bar, "$primary"), " ", fit(number, wide, right=not data.texts))
        )
    if len(shown) < len(rows):
        lines.append(Content.styled(f"and {len(rows) - len(shown)} more", "dim"))
    return Content("\n").join(lines)


def _bar(value: float, low: float, high: float, left: int, room: int) -> str:
    if not math.isfinite(value) or high == low:
        return " " * room
    if value < 0:
        cells = max(round(left * value / low), 1)
        return (" " * (left - cells) + "█" * cells).ljust(room)
    eighths = round((room - left) * value / high * 8) if high else 0
    if value > 0:
        eighths = max(eighths, 1)
    partial = _GROWING[eighths % 8] if eighths % 8 else ""
    return " " * left + ("█" * (eighths // 8) + partial).ljust(room - left)


def draw_curve(data: CurveData, width: int, height: int) -> Content:
    """Lines in braille over a labelled axis; each series has dots of its own, named above."""
    points = [(x, y) for each in data.series for x, y in _finite(each)]
    if not points or width < 16 or height < 5:
        return _NOTHING
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low, y_high = min(y for _, y in points), max(y for _, y in points)
    if y_low == y_high:
        y_low, y_high = y_low - 0.5, y_high + 0.5
    rows = height - 3
    marks = {0: figure(y_high), rows // 2: figure(y_high - (y_high - y_low) * (rows // 2) / max(rows - 1, 1))}
    marks[rows - 1] = figure(y_low)
    axis = max(len(mark) for mark in marks.values())
    columns = width - axis - 2
    if columns < 8:
        return _NOTHING
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    for number, each in enumerate(data.series):
        pattern = _PATTERNS[number % len(_PATTERNS)]
        for step, (column, row) in enumerate(_path(each, (x_low, x_high), (y_low, y_high), columns * 2, rows * 4)):
            if pattern[step % len(pattern)]:
                place = (row // 4, column // 2)
                bits, owner = cells.get(place, (0, number))
                cells[place] = (bits | _DOTS[row % 4][column % 2], owner)
    lines = [_legend(data, width)]
    for row in range(rows):
        parts: list[tuple[str, str]] = [(fit(marks.get(row, ""), axis, right=True) + " │", "dim")]
        for column in range(columns):
            bits, owner = cells.get((row, column), (0, 0))
            parts.append((chr(0x2800 + bits), _COLOURS[owner % len(_COLOURS)]) if bits else (" ", ""))
        lines.append(Content.assemble(*parts))
    lines.append(Content.styled(" " * axis + " └" + "─" * columns, "dim"))
    lines.append(_x_axis(axis + 2, columns, x_low, x_high, data.x_label))
    return Content("\n").join(lines)


def _legend(data: CurveData, width: int) -> Content:
    parts: list[str | tuple[str, str]] = []
    for number, each in enumerate(data.series):
        key, colour = _KEYS[number % len(_KEYS)], _COLOURS[number % len(_COLOURS)]
        parts += [(key, colour), f" {line(each.name, 80)}   "]
    label = line(data.y_label)
    return Content.assemble((f"{label}   " if label else "", "dim"), *parts).truncate(width, ellipsis=True)


def _x_axis(indent: int, columns: int, low: float, high: float, label: str) -> Content:
    start, end = figure(low), figure(high)
    room = max(columns - len(start) - len(end) - 2, 0)
    middle = fit(line(label), min(cell_len(line(label)), room))
    spare = room - cell_len(middle)
    words = f"{start} {' ' * (spare // 2)}{middle}{' ' * (spare - spare // 2)} {end}"
    return Content.styled(" " * indent + fit(words, columns), "dim")


def _finite(each: Series) -> Iterator[tuple[float, float]]:
    for x, y in zip(each.x, each.y, strict=True):
        if math.isfinite(x) and math.isfinite(y):
            yield x, y


def _path(
    each: Series, across: tuple[float, float], up: tuple[float, float], columns: int, rows: int
) -> Iterator[tuple[int, int]]:
    """The dots of a line in order; a gap where a point is not finite."""
    width, height = across[1] - across[0], up[1] - up[0]
    last: tuple[int, int] | None = None
    for x, y in zip(each.x, each.y, strict=True):
        if not (math.isfinite(x) and math.isfinite(y)):
            last = None
            continue
        column = round((x - across[0]) / width * (columns - 1)) if width else columns // 2
        row = round((up[1] - y) / height * (rows - 1))
        yield from _between(last or (column, row), (column, row))
        last = (column, row)


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for step in range(steps + 1):
        yield (
            start[0] + round((end[0] - start[0]) * step / steps),
            start[1] + round((end[1] - start[1]) * step / steps),
        )


def draw_histogram(data: HistogramData, width: int, height: int) -> Content:
    """Columns over a labelled axis; neighbouring bins are added up where there is no room for each."""
    counts = [count if math.isfinite(count) else 0.0 for count in data.counts]
    if not counts or max(counts) <= 0 or width < 16 or height < 4 or len(data.edges) != len(counts) + 1:
        return _NOTHING
    top = figure(max(counts))
    axis = len(top)
    room = width - axis - 2
    if room < 8:
        return _NOTHING
    counts = _merged(counts, room)
    top = figure(max(counts))
    axis = max(axis, len(top))
    each = max((width - axis - 2) // len(counts), 1)
    if each * len(counts) > width - axis - 2:
        return _NOTHING
    rows = height - 2
    lines = []
    for row in range(rows):
        mark = top if row == 0 else "0" if row == rows - 1 else ""
        heights = (round(count / max(counts) * rows * 8) - (rows - 1 - row) * 8 for count in counts)
        gap = 1 if each > 2 else 0
        bars = "".join(_RISING[min(max(eighths, 0), 8)] * (each - gap) + " " * gap for eighths in heights)
        lines.append(Content.assemble((fit(mark, axis, right=True) + " │", "dim"), (bars, "$primary")))
    drawn = each * len(counts)
    lines.append(Content.styled(" " * axis + " └" + "─" * drawn, "dim"))
    lines.append(_x_axis(axis + 2, drawn, data.edges[0], data.edges[-1], data.x_label))
    return Content("\n").join(lines)


def _merged(counts: Sequence[float], room: int) -> list[float]:
    together = math.ceil(len(counts) / max(room, 1))
    return [sum(counts[start : start + together]) for start in range(0, len(counts), together)]


class Bars(Widget):
    """Horizontal bars, one a line."""

    DEFAULT_CSS = "Bars { width: 1fr; height: auto; }"

    def __init__(self, data: BarData, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.data = data

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for each bar."""
        return max(len(self.data.values), 1)

    def render(self) -> Content:
        """The bars at the present size."""
        return draw_bars(self.data, self.size.width, max(self.size.height, 1))


class Curve(Widget):
    """One or several lines over an axis."""

    DEFAULT_CSS = "Curve { width: 1fr; height: 1fr; min-height: 6; }"

    def __init__(self, data: CurveData, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.data = data

    def show(self, data: CurveData) -> None:
        """Draw other data."""
        self.data = data
        self.refresh()

    def render(self) -> Content:
        """The lines at the present size."""
        return draw_curve(self.data, self.size.width, self.size.height)


class Histogram(Widget):
    """Columns of counts over an axis."""

    DEFAULT_CSS = "Histogram { width: 1fr; height: 1fr; min-height: 5; }"

    def __init__(self, data: HistogramData, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.data = data

    def render(self) -> Content:
        """The columns at the present size."""
        return draw_histogram(self.data, self.size.width, self.size.height)
