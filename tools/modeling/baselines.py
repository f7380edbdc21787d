"""Baselines: what any model must beat. A constant, one rule, a simple model, and for ordered rows the last value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.intervals import Interval
from tools.features.matrix import Matrix
from tools.modeling.families.base import Fitted, Floats, Layout, Problem, Rows
from tools.modeling.families.linear import terms_of
from tools.modeling.learning import LearningCurve
from tools.records import Record
from tools.serving.service.arrays import terms
from tools.wording import Sentence, say

QUANTILES = 32
"""Cuts that are tried of each number."""


class Baseline(Record):
    """One baseline with its out-of-fold metrics."""

    name: str
    """trivial, one_rule, simple or last_value."""
    label: str
    what: Sentence
    """What it does, in words."""
    metrics: dict[str, Interval]
    """By metric name; out of fold."""
    deployable: bool
    """Whether it could be used at the time of prediction; the last value may be known too late."""


class BaselineReport(Record):
    """Step 1.7's result (``baseline.json``)."""

    version: int = 1
    task: str
    metric: str
    """What the baselines are ranked by."""
    rows: int
    """Rows with out-of-fold predictions."""
    training_rows: int
    sampled: bool
    """Whether the baselines rest on a sample of the training rows."""
    features: int
    classes: tuple[str, ...]
    shares: tuple[float, ...]
    """Share of each class in the training rows; empty for numbers."""
    missing: float
    """Share of cells of the matrix without a value."""
    models: tuple[Baseline, ...]
    best: str
    trivial: tuple[float, ...]
    """What the trivial baseline always says: class probabilities, or one number."""
    rule: Sentence | None
    """The one rule, fitted on all training rows."""
    learning: LearningCurve | None


@dataclass(frozen=True)
class Constant(Fitted):
    """The class shares, or the median, for every row."""

    problem: Problem
    said: Floats

    def predict(self, x: Rows) -> Floats:
        """The same for every row: [n, k] or [n]."""
        return np.tile(self.said, (len(x), 1)) if self.problem.classes else np.full(len(x), self.said[0])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A linear model without terms of weight."""
        return _step_arrays(self.problem, self.said, self.said, None)


def constant(problem: Problem, y: NDArray[Any]) -> Constant:
    """Fit the trivial baseline."""
    if problem.classes:
        return Constant(problem, np.bincount(y, minlength=problem.classes) / len(y))
    return Constant(problem, np.array([float(np.median(y))]))


@dataclass(frozen=True)
class OneRule(Fitted):
    """One question about one column; class shares (or means) on either side."""

    problem: Problem
    column: int
    code: float | None
    """The level asked for; None where the question is "at most"."""
    cut: float
    missing: float
    """What a missing number counts as."""
    inside: Floats
    outside: Floats

    def holds(self, x: Rows) -> NDArray[np.bool_]:
        """Rows for which the answer is yes [n]."""
        values = x[:, self.column].astype(np.float64)
        if self.code is not None:
            return np.asarray(values == self.code)
        return np.asarray(np.where(np.isnan(values), self.missing, values) <= self.cut)

    def predict(self, x: Rows) -> Floats:
        """[n, k] or [n]."""
        said = np.where(self.holds(x)[:, None], self.inside, self.outside)
        return said if self.problem.classes else said[:, 0]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A tree with one node."""
        return _step_arrays(self.problem, self.inside, self.outside, self)

    def words(self, matrix: Matrix) -> Sentence:
        """The question as a person reads it."""
        label = matrix.labels[self.column]
        if self.code is not None:
            level = matrix.levels[self.column][int(self.code)]
            return say('"{column}" is {level}', column=label, level=level)
        return say('"{column}" is at most {cut|num}', column=label, cut=self.cut)


def one_rule(problem: Problem, layout: Layout, x: Rows, y: NDArray[Any]) -> OneRule | Constant:
    """The single question that lowers the squared error (of class indicators) most; the constant where none does."""
    held = terms_of(layout, x)
    design = terms(held, x)
    truth = np.eye(problem.classes)[y] if problem.classes else np.asarray(y, dtype=np.float64)[:, None]
    total, everything, n = truth.sum(axis=0), float(len(y)), len(y)
    best: tuple[float, int, float] | None = None
    for j in range(design.shape[1]):
        is_code = not np.isnan(held["code"][j])
        column = design[:, j]
        cuts = np.array([0.5]) if is_code else np.unique(np.quantile(column, np.linspace(0, 1, QUANTILES + 1)[1:-1]))
        for cut in cuts:
            below = column > cut if is_code else column <= cut
            count = float(below.sum())
            if count < 5 or n - count < 5:
                continue
            inside = truth[below].sum(axis=0)
            gain = float((inside**2).sum() / count + ((total - inside) ** 2).sum() / (everything - count))
            if best is None or gain > best[0] + 1e-9:
                best = (gain, j, float(cut))
    if best is None:
        return constant(problem, y)
    _, j, cut = best
    code = float(held["code"][j])
    rule = OneRule(
        problem,
        int(held["column"][j]),
        None if np.isnan(code) else code,
        float(cut * held["scale"][j] + held["shift"][j]),
        float(held["fill"][j]),
        truth[:0],
        truth[:0],
    )
    yes = rule.holds(x)
    # one row of the overall shares on either side, so that no probability is exactly zero
    overall = total / everything
    inside = (truth[yes].sum(axis=0) + overall) / (yes.sum() + 1.0)
    outside = (truth[~yes].sum(axis=0) + overall) / ((~yes).sum() + 1.0)
    return OneRule(problem, rule.column, rule.code, rule.cut, rule.missing, inside, outside)


def last_value(problem: Problem, y: NDArray[Any], order: NDArray[np.float64], fold: NDArray[np.int64]) -> Floats:
    """What the row before in time had, for rows that were held out; NaN for others: [n, k] or [n].

    Rows of the same instant share the last value before it.
    """
    ranked = np.argsort(order, kind="stable")
    before = np.searchsorted(order[ranked], order, side="left") - 1
    known = (before >= 0) & (fold >= 0)
    previous = ranked[np.maximum(before, 0)]
    if not problem.classes:
        return np.where(known, y[previous].astype(np.float64), np.nan)
    certain = np.eye(problem.classes)[y[previous]]
    spread = 0.02 / problem.classes  # never quite certain, so that a log loss stays finite
    return np.where(known[:, None], certain * 0.98 + spread, np.nan)


def _step_arrays(problem: Problem, inside: Floats, outside: Floats, rule: OneRule | None) -> dict[str, NDArray[Any]]:
    width = len(inside)
    column = 0 if rule is None else rule.column
    cut = np.float32(0.0 if rule is None else (rule.cut if rule.code is None else rule.code))
    arrays: dict[str, Any] = {
        "kind": np.array("trees"),
        "link": np.array("identity"),
        "offset": np.zeros(width),
        "roots": np.array([0], dtype=np.int32),
        "target": np.array([-1], dtype=np.int32),
    }
    if rule is None:
        shape: Mapping[str, Any] = {
            "feature": [0],
            "threshold": [0.0],
            "left": [-1],
            "right": [-1],
            "missing_left": [False],
        }
        values = np.array([inside])
    elif rule.code is None:
        missing_left = bool(rule.missing <= rule.cut)
        shape = {
            "feature": [column, 0, 0], "threshold": [cut, 0, 0], "left": [1, -1, -1], "right": [2, -1, -1],
            "missing_left": [missing_left, False, False],
        }  # fmt: skip
        values = np.array([np.zeros(width), inside, outside])
    else:
        # equal to a code: at most the code, and not at most the code before it
        shape = {
            "feature": [column, column, 0, 0, 0], "threshold": [cut, cut - 1, 0, 0, 0],
            "left": [1, 2, -1, -1, -1], "right": [4, 3, -1, -1, -1], "missing_left": [False] * 5,
        }  # fmt: skip
        values = np.array([np.zeros(width), np.zeros(width), outside, inside, outside])
    kinds = {"feature": np.int32, "threshold": np.float32, "left": np.int32, "right": np.int32, "missing_left": bool}
    arrays |= {name: np.array(held, dtype=kinds[name]) for name, held in shape.items()}
    arrays["value"] = values
    if not problem.classes:
        arrays |= {"centre": np.array(0.0), "spread": np.array(1.0), "floor": np.array(-np.inf)}
    return arrays
