"""What another threshold would do, read from the stored curve; nothing is scored again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.conversation.parts import Bars, Curve, Grid, Part, Reply, Text, marked, said
from agent.conversation.view import SessionView, not_yet, record
from agent.position import Position
from tools.wording import inert, show


@dataclass(frozen=True)
class Point:
    """What one threshold does to rows."""

    threshold: float
    tp: int
    fp: int
    tn: int
    fn: int
    cost: float
    """Expected cost per row."""
    selection_rate: float
    """Share of rows predicted positive."""


@dataclass(frozen=True)
class Group:
    """The curve for the rows of one group of a protected column."""

    column: str
    level: str
    rows: int
    points: tuple[Point, ...]
    judged: bool
    """Whether it has the rows that the criteria ask for."""

    def at(self, threshold: float) -> Point:
        """The stored point nearest to a threshold."""
        return _nearest(self.points, threshold)


@dataclass(frozen=True)
class Ratio:
    """Lowest to highest selection rate among the judged groups of a protected column."""

    column: str
    lowest: str
    highest: str
    ratio: float
    """1 where nobody is selected; computed from the two stored rates."""


@dataclass(frozen=True)
class ThresholdCurve:
    """The stored curve: out-of-fold rows of training, at thresholds evenly spaced from 0 to 1."""

    model: str
    calibration: str
    rows: int
    costs_stated: bool
    false_positive_cost: float
    false_negative_cost: float
    negative: str
    positive: str
    points: tuple[Point, ...]
    groups: tuple[Group, ...]
    recommended: float
    decided: float | None
    """The threshold that was decided; None before."""

    def at(self, threshold: float) -> Point:
        """The stored point nearest to a threshold."""
        return _nearest(self.points, threshold)

    def groups_at(self, threshold: float) -> tuple[tuple[Group, Point], ...]:
        """Every group with its stored point nearest to a threshold."""
        return tuple((group, group.at(threshold)) for group in self.groups)

    def ratios(self, threshold: float) -> tuple[Ratio, ...]:
        """The ratio of selection rates by protected column, where two groups or more can be judged."""
        found = []
        for column in dict.fromkeys(group.column for group in self.groups):
            rates = [
                (point.selection_rate, group.level)
                for group, point in self.groups_at(threshold)
                if group.column == column and group.judged
            ]
            if len(rates) > 1:
                (low, lowest), (high, highest) = min(rates), max(rates)
                found.append(Ratio(column, lowest, highest, low / high if high > 0 else 1.0))
        return tuple(found)

    @property
    def today(self) -> float:
        """The threshold that holds: the decided one, else the recommended."""
        return self.recommended if self.decided is None else self.decided


def curve(position: Position) -> ThresholdCurve | None:
    """The stored threshold curve; None where there is none."""
    held = record(position, "threshold_curve.json")
    if held is None:
        return None
    criteria = record(position, "criteria.json") or {}
    least = int(criteria.get("fairness", {}).get("minimum_rows", 0))
    classes = [str(name) for name in (record(position, "baseline.json") or {}).get("classes", ())]
    decided = position.answer("decision.threshold")
    negative, positive = classes if len(classes) == 2 else ("no", "yes")
    return ThresholdCurve(
        model=str(held["model"]),
        calibration=str(held["calibration"]),
        rows=int(held["rows"]),
        costs_stated=bool(held["costs_stated"]),
        false_positive_cost=float(held["false_positive_cost"]),
        false_negative_cost=float(held["false_negative_cost"]),
        negative=negative,
        positive=positive,
        points=_points(held["points"]),
        groups=tuple(
            Group(
                str(one["column"]),
                str(one["level"]),
                int(one["rows"]),
                _points(one["points"]),
                int(one["rows"]) >= least,
            )
            for one in held["groups"]
        ),
        recommended=float(held["recommended"][held["calibration"]]["threshold"]),
        decided=None if decided is None else float(decided),
    )


def _points(rows: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    return tuple(Point(**{name: row[name] for name in Point.__dataclass_fields__}) for row in rows)


def _nearest(points: tuple[Point, ...], threshold: float) -> Point:
    return min(points, key=lambda point: abs(point.threshold - threshold))


def reply_what_if(view: SessionView, threshold: float | None) -> Reply:
    """Confusion matrix, cost, selection rate and groups at a threshold, beside those of today's."""
    position = view.position
    held = curve(position)
    if held is None:
        if position.has("errors.json"):
            return said("There is no threshold to move: only a problem with two classes has one.")
        return said(not_yet(position, "threshold_curve.json", "threshold curve"))
    asked = held.today if threshold is None else threshold
    point, today = held.at(asked), held.at(held.today)
    parts: list[Part] = [Text(line) for line in _lines(held, asked, point, position)]
    parts += [_counts(held, point), _beside(held, point, today)]
    parts += _groups(held, point.threshold)
    marks = [("today", held.today)] if threshold is None else [("asked", point.threshold), ("today", held.today)]
    parts.append(
        Curve(
            "expected cost per row by threshold",
            tuple(one.threshold for one in held.points),
            tuple(one.cost for one in held.points),
            tuple(marks),
        )
    )
    parts.append(Text("To take another threshold: `/set decision.threshold=VALUE`."))
    return Reply(tuple(parts))


def _lines(held: ThresholdCurve, asked: float, point: Point, position: Position) -> list[str]:
    lines = []
    if abs(point.threshold - asked) > 1e-9:
        lines.append(f"{asked:g} is not on the stored curve; the nearest stored threshold is {point.threshold:g}.")
    lines.append(
        f"At threshold {point.threshold:g} the {marked(held.model)} predicts {_called(held.positive)} for"
        f" {show(point.selection_rate, 'pct')} of {show(held.rows)} training rows, out of fold;"
        f" cost {show(point.cost, 'num')} per row."
    )
    if held.costs_stated:
        lines.append(
            f"Costs as stated: {show(held.false_positive_cost)} for a false alarm,"
            f" {show(held.false_negative_cost)} for a miss."
        )
    else:
        lines.append("No costs were stated, so every error counts one.")
    if position.answer("decision.calibration", held.calibration) != held.calibration:
        lines.append("The curve is drawn over probabilities of another calibration than the decided one.")
    if position.answer("decision.mitigation", "none") != "none":
        lines.append("The curve is of the model before the decided mitigation.")
    return lines


def _called(name: str) -> str:
    return f'"{marked(name, 60)}"'


def _counts(held: ThresholdCurve, point: Point) -> Grid:
    positive, negative = inert(held.positive, 40), inert(held.negative, 40)
    return Grid(
        ("", f'predicted "{positive}"', f'predicted "{negative}"'),
        (
            (f'is "{positive}"', show(point.tp), show(point.fn)),
            (f'is "{negative}"', show(point.fp), show(point.tn)),
        ),
        f"counts at {point.threshold:g}",
    )


def _beside(held: ThresholdCurve, point: Point, today: Point) -> Grid:
    columns: tuple[tuple[str, Point], ...] = ((f"at {point.threshold:g}", point),)
    if point != today:
        word = "recommended" if held.decided is None else "decided"
        columns += ((f"at {today.threshold:g} ({word})", today),)
    rows = (
        ("cost per row", *(show(one.cost, "num") for _, one in columns)),
        ("selection rate", *(show(one.selection_rate, "pct") for _, one in columns)),
        ("false alarms", *(show(one.fp) for _, one in columns)),
        ("misses", *(show(one.fn) for _, one in columns)),
    )
    return Grid(("", *(name for name, _ in columns)), rows, "beside today's")


def _groups(held: ThresholdCurve, threshold: float) -> list[Part]:
    found = held.groups_at(threshold)
    if not found:
        return []
    rows = tuple(
        (
            inert(group.column, 40),
            inert(group.level, 40),
            show(group.rows),
            show(point.selection_rate, "pct"),
            show(point.fp),
            show(point.fn),
            show(point.cost, "num"),
            "" if group.judged else "too few rows to judge",
        )
        for group, point in found
    )
    bars = tuple(
        (
            f"{inert(group.column, 30)}: {inert(group.level, 30)}",
            point.selection_rate,
            show(point.selection_rate, "pct"),
        )
        for group, point in found
    )
    parts: list[Part] = [
        Grid(("column", "group", "rows", "selected", "false alarms", "misses", "cost per row", ""), rows, "by group"),
        Bars("selection rate by group", bars),
    ]
    ratios = [
        f"{_called(one.column)} {show(one.ratio, 'ratio')} ({_called(one.lowest)} to {_called(one.highest)})"
        for one in held.ratios(threshold)
    ]
    if ratios:
        parts.append(Text(f"Lowest to highest selection rate: {'; '.join(ratios)}."))
    return parts
