"""From probabilities to decisions: the threshold curve on out-of-fold predictions, and what it recommends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.criteria import Criteria
from tools.modeling.families.base import Floats
from tools.records import Record

STEPS = 101
"""Thresholds of the curve, evenly spaced from 0 to 1."""
FEWEST_IN_GROUP = 10
"""Groups with fewer rows are left out of the curve."""
MOST_GROUPS = 12
"""Levels of a protected column that are shown, the most frequent ones."""

Basis = Literal["cost", "f1", "half"]


class Point(Record):
    """What a threshold does to the rows."""

    threshold: float
    tp: int
    fp: int
    tn: int
    fn: int
    cost: float
    """Expected cost per row at the stated costs (one each where none were stated)."""
    selection_rate: float
    """Share of rows predicted positive."""


class Threshold(Record):
    """A recommended threshold."""

    threshold: float
    basis: Basis
    """cost: lowest expected cost; f1: highest F1; half: the likelier class."""
    cost: float
    cost_at_half: float


class GroupCurve(Record):
    """The curve for the rows of one group of a protected column."""

    column: str
    level: str
    rows: int
    points: tuple[Point, ...]


class ThresholdCurve(Record):
    """``threshold_curve.json``: what each threshold would do, on out-of-fold predictions."""

    version: int = 1
    model: str
    calibration: str
    """Calibration of the probabilities that the curve is drawn over."""
    rows: int
    costs_stated: bool
    false_positive_cost: float
    false_negative_cost: float
    points: tuple[Point, ...]
    groups: tuple[GroupCurve, ...] = ()
    recommended: dict[str, Threshold]
    """By kind of calibration (none, sigmoid, isotonic)."""


def curve(y: NDArray[Any], positive: Floats, criteria: Criteria) -> tuple[Point, ...]:
    """Counts at evenly spaced thresholds; a row is predicted positive where its probability is at least the threshold.

    Args:
        y: class codes [n], 1 is positive.
        positive: probability of the positive class [n].
        criteria: for the costs.
    """
    return tuple(point(y, positive, step / (STEPS - 1), criteria) for step in range(STEPS))


def point(y: NDArray[Any], positive: Floats, threshold: float, criteria: Criteria) -> Point:
    """Counts at one threshold."""
    chosen = positive >= threshold
    tp, fp = int((chosen & (y == 1)).sum()), int((chosen & (y == 0)).sum())
    fn, tn = int((~chosen & (y == 1)).sum()), int((~chosen & (y == 0)).sum())
    n = max(len(y), 1)
    cost = (criteria.false_positive_cost * fp + criteria.false_negative_cost * fn) / n
    return Point(threshold=threshold, tp=tp, fp=fp, tn=tn, fn=fn, cost=cost, selection_rate=(tp + fp) / n)


def group_curves(
    y: NDArray[Any], positive: Floats, columns: Mapping[str, NDArray[Any]], criteria: Criteria
) -> tuple[GroupCurve, ...]:
    """The curve for each group of each protected column (level texts [n], missing as "missing")."""
    found = []
    for column, levels in columns.items():
        names, counts = np.unique(levels.astype(str), return_counts=True)
        order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), str(names[i])))[:MOST_GROUPS]
        for i in order:
            if counts[i] < FEWEST_IN_GROUP:
                continue
            inside = levels.astype(str) == names[i]
            points = curve(y[inside], positive[inside], criteria)
            found.append(GroupCurve(column=column, level=str(names[i]), rows=int(counts[i]), points=points))
    return tuple(found)


def recommended(y: NDArray[Any], positive: Floats, criteria: Criteria) -> Threshold:
    """The threshold of lowest expected cost where costs were stated, of best F1 where that is the metric, else 0.5.

    Of equally good thresholds on the curve the middle one is taken: it is the least sensitive to the rows at hand.
    """
    points = curve(y, positive, criteria)
    half = next(one for one in points if one.threshold == 0.5)
    if criteria.costs_stated:
        values, basis = [one.cost for one in points], "cost"
    elif criteria.primary.metric in {"f1", "f1_macro"}:
        values, basis = [-_f1(one) for one in points], "f1"
    else:
        return Threshold(threshold=0.5, basis="half", cost=half.cost, cost_at_half=half.cost)
    lowest = min(values)
    tied = [i for i, value in enumerate(values) if value <= lowest + 1e-12]
    # the run of neighbours around the middle of all that tie
    chosen = points[tied[len(tied) // 2]]
    return Threshold(
        threshold=chosen.threshold,
        basis="cost" if basis == "cost" else "f1",
        cost=chosen.cost,
        cost_at_half=half.cost,
    )


def _f1(one: Point) -> float:
    below = 2 * one.tp + one.fp + one.fn
    return 2 * one.tp / below if below else 0.0
