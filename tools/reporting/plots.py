"""The plots of the documents: bars, histograms, dots with intervals, curves with bands, heat tables.

Each takes evidence nodes and returns an inline SVG. They are 360 units wide, so that one fills a phone and two stand
side by side on paper; labels stand at the marks, one accent colour carries what matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tools.reporting.figures import Drawing, Scale, tick_text, ticks
from tools.reporting.material import Node

WIDTH = 360.0


@dataclass(frozen=True)
class Bar:
    """A named amount."""

    label: Node
    value: Node
    accent: bool = False


@dataclass(frozen=True)
class Dot:
    """A named estimate with its interval; without one, a bare dot."""

    label: Node | str
    """A name from the evidence, or our own words."""
    value: Node
    lower: Node | None = None
    upper: Node | None = None
    accent: bool = False


@dataclass(frozen=True)
class Curve:
    """A line over x, a band around it where both bounds are given."""

    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    label: Node | str = ""
    """Stands at the end of the line."""
    accent: bool = False
    dashed: bool = False
    points: bool = False
    """Whether each point is marked."""


@dataclass(frozen=True)
class Mark:
    """A value on an axis that is worth a line: a threshold, a bound."""

    value: Node
    words: str
    style: str = "num"


@dataclass(frozen=True)
class Outline:
    """One class's histogram: the share of its rows in each bin."""

    label: Node
    shares: Sequence[float]
    accent: bool = False
    extra: tuple[float, ...] = field(default=())


def bars(rows: Sequence[Bar], title: str, style: str = "num", label_width: float = 128) -> str:
    """Horizontal bars, longest value at full width, each labelled with its value; negative values go left."""
    height = 20.0
    drawing = Drawing(WIDTH, height * len(rows) + 6, title)
    numbers = [row.value.number or 0.0 for row in rows]
    low, high = min(0.0, *numbers) if numbers else 0.0, max(0.0, *numbers) if numbers else 0.0
    left = label_width + (46 if low < 0 else 0)
    scale = Scale(low, high if high > low else low + 1, left, WIDTH - 54)
    for place, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        middle = place * height + height / 2 + 2
        drawing.value(0, middle + 4, row.label, most=int(label_width / 6))
        start, end = sorted((scale(0), scale(number)))
        drawing.rect(start, middle - 5, max(end - start, 0.75), 10, "bar accent" if row.accent else "bar")
        if number < 0:
            drawing.value(start - 5, middle + 4, row.value, style, "end", "figure")
        else:
            drawing.value(end + 5, middle + 4, row.value, style, "start", "figure")
    if low < 0:
        drawing.line(scale(0), 0, scale(0), height * len(rows) + 4, "axis")
    return drawing.svg()


def histogram(edges: Sequence[float], outlines: Sequence[Outline], title: str, source: Node, unit: str = "") -> str:
    """Step outlines over shared bins, one per class, on one scale; the name of each class at its peak."""
    width, height, top, base = WIDTH, 128.0, 18.0, 108.0
    drawing = Drawing(width, height, title, source.id)
    across = Scale(edges[0], edges[-1], 6, width - 6)
    peak = max((max(one.shares, default=0.0) for one in outlines), default=0.0) or 1.0
    up = Scale(0, peak, base, top)
    for one in sorted(outlines, key=lambda each: each.accent):
        points = [(across(edges[0]), base)]
        for (start, end), share in zip(pairwise(edges), one.shares, strict=True):
            points += [(across(start), up(share)), (across(end), up(share))]
        points.append((across(edges[-1]), base))
        drawing.path(points, "area accent" if one.accent else "area", closed=True)
    drawing.line(across.start, base, across.end, base, "axis")
    _bottom(drawing, across, base, "num")
    _peaks(drawing, outlines, edges, across, up)
    if unit:
        drawing.words(width - 6, height - 1, unit, "end", "tick")
    return drawing.svg()


def _peaks(drawing: Drawing, outlines: Sequence[Outline], edges: Sequence[float], across: Scale, up: Scale) -> None:
    """Class names at their peaks, moved apart where two peaks meet."""
    if len(outlines) < 2:
        return
    taken: list[float] = []
    for one in outlines:
        place = max(range(len(one.shares)), key=lambda index: one.shares[index])
        x = across((edges[place] + edges[place + 1]) / 2)
        if any(abs(x - other) < 70 for other in taken):
            x = max(taken) + 80 if max(taken) < across.end - 120 else min(taken) - 80
        taken.append(x)
        anchor = "start" if x < 60 else "end" if x > across.end - 60 else "middle"
        kind = "label accent" if one.accent else "label soft"
        drawing.value(min(max(x, 6), across.end), 11, one.label, "text", anchor, kind, most=18)


def dots(
    rows: Sequence[Dot], title: str, style: str = "num", mark: Mark | None = None, label_width: float = 118
) -> str:
    """Estimates as dots on a shared scale, intervals as lines, the value at the right."""
    height = 21.0
    top = 16.0 if mark is not None else 2.0
    base = top + height * len(rows)
    drawing = Drawing(WIDTH, base + 20, title)
    values = [
        node.number
        for row in rows
        for node in (row.value, row.lower, row.upper)
        if node is not None and node.number is not None
    ]
    if mark is not None and mark.value.number is not None:
        values.append(mark.value.number)
    low, high = _padded(values)
    scale = Scale(low, high, label_width, WIDTH - 52)
    for at in ticks(low, high, 4):
        drawing.line(scale(at), top, scale(at), base, "rule")
    if mark is not None and mark.value.number is not None:
        x = scale(mark.value.number)
        drawing.line(x, top - 2, x, base, "dashed")
        right = x > (label_width + WIDTH) / 2
        drawing.words(x + (-4 if right else 4), 10, mark.words, "end" if right else "start", "label soft")
    for place, row in enumerate(rows):
        middle = top + place * height + height / 2
        if isinstance(row.label, Node):
            drawing.value(0, middle + 4, row.label, "text", most=int(label_width / 6))
        else:
            drawing.words(0, middle + 4, row.label)
        kind = " accent" if row.accent else ""
        if (
            row.lower is not None
            and row.upper is not None
            and row.lower.number is not None
            and row.upper.number is not None
        ):
            drawing.line(scale(row.lower.number), middle, scale(row.upper.number), middle, "span" + kind)
        if row.value.number is not None:
            drawing.dot(scale(row.value.number), middle, 4, "dot" + kind)
            drawing.value(WIDTH, middle + 4, row.value, style, "end", "figure")
        else:
            drawing.words(WIDTH, middle + 4, "too few", "end", "label soft")
    drawing.line(scale.start, base, scale.end, base, "axis")
    _bottom(drawing, scale, base, style, most=4)
    return drawing.svg()


def curves(
    lines: Sequence[Curve],
    title: str,
    source: Node,
    *,
    x_words: str,
    y_words: str,
    x_style: str = "num",
    y_style: str = "num",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    diagonal: bool = False,
    marks: Sequence[Mark] = (),
    height: float = 236,
    x_labels: Sequence[tuple[float, Node]] = (),
) -> str:
    """Lines with bands over two axes, labelled at their ends; vertical marks where a value was chosen."""
    drawing = Drawing(WIDTH, height, title, source.id)
    left, top, base, right = 44.0, 24.0 if y_words else 10.0, height - (34 if x_words else 20), WIDTH - 12
    low_x, high_x = x_range or _bounds([value for one in lines for value in one.x])
    low_y, high_y = y_range or _padded(
        [value for one in lines for series in (one.y, one.lower, one.upper) for value in series]
    )
    across, up = Scale(low_x, high_x, left, right), Scale(low_y, high_y, base, top)
    levels = ticks(low_y, high_y, 5)
    step = levels[1] - levels[0] if len(levels) > 1 else 1.0
    for at in levels:
        drawing.line(left, up(at), right, up(at), "rule")
        drawing.tick(left - 6, up(at) + 3.5, tick_text(at, step, y_style), "end")
    if diagonal:
        drawing.line(across(low_x), up(low_x), across(high_x), up(high_x), "dashed")
    _vertical(drawing, marks, across, top, base)
    for one in sorted(lines, key=lambda each: each.accent):
        kind = " accent" if one.accent else ""
        if one.lower and one.upper:
            there = [(across(x), up(y)) for x, y in zip(one.x, one.upper, strict=True)]
            back = [(across(x), up(y)) for x, y in zip(one.x, one.lower, strict=True)]
            drawing.path([*there, *reversed(back)], "band" + kind, closed=True)
        drawing.path(
            [(across(x), up(y)) for x, y in zip(one.x, one.y, strict=True)],
            f"curve{kind}{' thin' if one.dashed else ''}",
        )
        if one.points:
            for x, y in zip(one.x, one.y, strict=True):
                drawing.dot(across(x), up(y), 3, "dot" + kind)
    _ends(drawing, lines, across, up)
    drawing.line(left, base, right, base, "axis")
    if x_labels:
        for at, name in x_labels:
            anchor = "start" if across(at) < left + 40 else "end" if across(at) > right - 40 else "middle"
            drawing.value(across(at), base + 15, name, "text", anchor, "tick")
    else:
        _bottom(drawing, across, base, x_style)
    if x_words:
        drawing.words(right, height - 3, x_words, "end", "axis-name")
    if y_words:
        drawing.words(0, 11, y_words, "start", "axis-name")
    return drawing.svg()


def _vertical(drawing: Drawing, marks: Sequence[Mark], across: Scale, top: float, base: float) -> None:
    for place, mark in enumerate(marks):
        if mark.value.number is None:
            continue
        x = across(mark.value.number)
        drawing.line(x, top - 4, x, base, "dashed")
        right = x > (across.start + across.end) / 2
        side, anchor = (-4, "end") if right else (4, "start")
        drawing.words(x + side, top + 6 + 13 * place, mark.words, anchor, "label soft")


def _ends(drawing: Drawing, lines: Sequence[Curve], across: Scale, up: Scale) -> None:
    """Names of lines above their right ends, moved apart vertically where they would meet."""
    taken: list[float] = []
    for one in sorted((each for each in lines if each.label and each.x), key=lambda each: up(each.y[-1])):
        y = up(one.y[-1]) - 6
        while any(abs(y - other) < 12 for other in taken):
            y += 12
        taken.append(y)
        kind = "label accent" if one.accent else "label soft"
        if isinstance(one.label, Node):
            drawing.value(across(one.x[-1]), y, one.label, "words", "end", kind, most=26)
        else:
            drawing.words(across(one.x[-1]), y, one.label, "end", kind)


def heat(
    rows: Sequence[Node],
    columns: Sequence[Node],
    cells: Sequence[Sequence[Node]],
    title: str,
    style: str = "num",
    signed: bool = False,
) -> str:
    """A table whose cells are shaded by their size; each holds its value."""
    left, top = 96.0, 22.0
    wide = (WIDTH - left) / max(len(columns), 1)
    high = 26.0 if len(rows) > 6 else 32.0
    drawing = Drawing(WIDTH, top + high * len(rows) + 2, title)
    most = max((abs(cell.number or 0.0) for row in cells for cell in row), default=0.0) or 1.0
    for place, column in enumerate(columns):
        drawing.value(
            left + wide * (place + 0.5),
            13,
            column,
            "text",
            "middle",
            "label soft",
            most=max(4, int(wide / 6.2)),
        )
    for line, (row, values) in enumerate(zip(rows, cells, strict=True)):
        y = top + high * line
        drawing.value(0, y + high / 2 + 4, row, "text", most=15)
        for place, cell in enumerate(values):
            share = abs(cell.number or 0.0) / most
            drawing.rect(left + wide * place + 1, y + 1, wide - 2, high - 2, "heat", 0.06 + 0.5 * share)
            if wide >= 30:
                kind = "figure"
                drawing.value(left + wide * (place + 0.5), y + high / 2 + 4, cell, style, "middle", kind)
    return drawing.svg()


def spark(value: Node, lower: Node, upper: Node, low: float, high: float, mark: float | None = None) -> str:
    """A dot with its interval for a table's cell, on the scale of the whole column."""
    drawing = Drawing(150, 16, "estimate with interval", value.id)
    scale = Scale(low, high, 4, 146)
    drawing.line(4, 8, 146, 8, "rule")
    if mark is not None:
        drawing.line(scale(mark), 1, scale(mark), 15, "dashed")
    if lower.number is not None and upper.number is not None:
        drawing.line(scale(lower.number), 8, scale(upper.number), 8, "span accent")
    if value.number is not None:
        drawing.dot(scale(value.number), 8, 3.5, "dot accent")
    return drawing.svg()


def _bottom(drawing: Drawing, across: Scale, base: float, style: str, most: int = 5) -> None:
    levels = ticks(across.low, across.high, most)
    step = levels[1] - levels[0] if len(levels) > 1 else 1.0
    for at in levels:
        x = across(at)
        anchor = "start" if x < 14 else "end" if x > WIDTH - 14 else "middle"
        drawing.tick(x, base + 15, tick_text(at, step, style), anchor)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (0.0, 1.0)


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = _bounds(values)
    room = (high - low) * 0.06 or abs(high) * 0.06 or 0.5
    return low - room, high + room
