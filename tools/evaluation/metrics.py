"""The metrics registry: every metric under its standard name, defined once for scoring and for resampling.

Each metric is evaluated for many weightings of the rows at a time (`evaluator`): a plain score is the weighting
by ones, a bootstrap resample a weighting by counts, a jackknife block a weighting by zeros and ones. So an
interval can never rest on another definition than the value it surrounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.errors import InputError
from tools.evaluation import evaluators as by
from tools.evaluation.evaluators import Costs, Evaluator, Floats, Predictions
from tools.records import Task

Needs = Literal["labels", "probabilities", "values"]


@dataclass(frozen=True)
class Metric:
    """One metric: what it is called, what it needs, and how it is computed for weighted rows."""

    name: str
    label: str
    """As a person reads it, in lower case unless a name."""
    tasks: tuple[Task, ...]
    greater_is_better: bool
    needs: Needs
    unit: str
    """share (0 to 1), target (the target's unit), cost (the stated costs' unit), or '' for a bare number."""
    make: Callable[[Floats, Predictions, Costs], Evaluator]
    """y [n] and predictions to the evaluator."""
    bounded: bool = True
    """Whether the value lies between zero and one."""
    within_classes: bool = False
    """Whether the value does not depend on the class mix, so that resampling may keep the mix as it is."""
    ranks: bool = False
    """Whether it rests on the order of scores, which makes resampling cost more."""


def metrics_for(task: Task) -> tuple[str, ...]:
    """Names of the metrics that fit a task, in registry order."""
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks)


def metric(name: str, task: Task | None = None) -> Metric:
    """Look a metric up.

    Raises:
        InputError: there is no such metric, or it does not fit the task.
    """
    found = METRICS.get(name)
    if found is None:
        known = ", ".join(METRICS)
        raise InputError(f'There is no metric "{name}".', hint=f"Choose one of: {known}.")
    if task is not None and task not in found.tasks:
        fitting = ", ".join(metrics_for(task))
        raise InputError(f'The metric "{name}" does not fit a {task} task.', hint=f"Choose one of: {fitting}.")
    return found


def score(name: str, y: NDArray[Any], predictions: Predictions, costs: Costs | None = None) -> float:
    """Compute one metric.

    Args:
        name: a name of `METRICS`.
        y: class codes [n] (binary: 1 is the positive class) or numbers [n].
        predictions: what the model said of the same rows; must hold what the metric needs.
        costs: for `expected_cost`; each error costs 1 where it is absent.

    Returns:
        The value; NaN where it is undefined (such as an AUC with one class only).
    """
    if len(y) == 0:
        return float("nan")
    return float(evaluator(name, y, predictions, costs)(np.ones((1, len(y))))[0])


def loss(name: str, y: NDArray[Any], predictions: Predictions, costs: Costs | None = None) -> float:
    """The lower-is-better form of a metric, for search: one minus it where greater is better."""
    value = score(name, y, predictions, costs)
    return 1.0 - value if metric(name).greater_is_better else value


def gain(name: str, better: float, worse: float) -> float:
    """By how much one value is better than another, whatever the metric's direction."""
    return better - worse if metric(name).greater_is_better else worse - better


def reaches(name: str, value: float, bound: float) -> bool:
    """Whether a value is at least as good as a bound in the metric's direction."""
    return value >= bound if metric(name).greater_is_better else value <= bound


def evaluator(name: str, y: NDArray[Any], predictions: Predictions, costs: Costs | None = None) -> Evaluator:
    """A metric prepared for many weightings of the same rows.

    Raises:
        ValueError: the predictions lack what the metric needs.
    """
    found = metric(name)
    if getattr(predictions, found.needs) is None:
        raise ValueError(f"{name} needs {found.needs}, which these predictions do not hold")
    return found.make(np.asarray(y, dtype=np.float64), predictions, costs or Costs())


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_NUMBER: tuple[Task, ...] = ("regression",)
_F1 = by.confusion(lambda hit, predicted, actual: 2.0 * hit / (predicted + actual))

METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        Metric(
            "roc_auc",
            "ROC AUC",
            _CLASSES,
            True,
            "probabilities",
            "share",
            by.ranked(by.auc),
            within_classes=True,
            ranks=True,
        ),
        Metric(
            "average_precision",
            "average precision",
            _CLASSES,
            True,
            "probabilities",
            "share",
            by.ranked(by.average_precision),
            ranks=True,
        ),
        Metric("f1", "F1", _CLASSES, True, "labels", "share", _F1),
        Metric(
            "f1_macro",
            "macro F1",
            _CLASSES,
            True,
            "labels",
            "share",
            by.confusion(lambda hit, predicted, actual: 2.0 * hit / (predicted + actual), always_macro=True),
        ),
        Metric("precision", "precision", _CLASSES, True, "labels", "share", by.confusion(lambda h, p, a: h / p)),
        Metric(
            "recall",
            "recall",
            _CLASSES,
            True,
            "labels",
            "share",
            by.confusion(lambda h, p, a: h / a),
            within_classes=True,
        ),
        Metric("accuracy", "accuracy", _CLASSES, True, "labels", "share", by.mean_of(by.right)),
        Metric("log_loss", "log loss", _CLASSES, False, "probabilities", "", by.mean_of(by.log_loss), bounded=False),
        Metric("brier", "Brier score", _CLASSES, False, "probabilities", "", by.mean_of(by.brier), bounded=False),
        Metric(
            "mae", "mean absolute error", _NUMBER, False, "values", "target", by.mean_of(by.absolute), bounded=False
        ),
        Metric(
            "rmse",
            "root mean squared error",
            _NUMBER,
            False,
            "values",
            "target",
            by.mean_of(by.squared, root=True),
            bounded=False,
        ),
        Metric("r2", "R²", _NUMBER, True, "values", "", by.r2, bounded=False),
        Metric(
            "mape",
            "mean absolute percentage error",
            _NUMBER,
            False,
            "values",
            "share",
            by.mean_of(by.percentage),
            bounded=False,
        ),
        Metric(
            "rmsle",
            "root mean squared log error",
            _NUMBER,
            False,
            "values",
            "",
            by.mean_of(by.squared_log, root=True),
            bounded=False,
        ),
        Metric(
            "expected_cost",
            "expected cost per row",
            ("binary",),
            False,
            "labels",
            "cost",
            by.mean_of(by.cost),
            bounded=False,
        ),
    )
}
"""Name to metric. `f1`, `precision` and `recall` are the positive class's in a binary task, else macro-averaged;
`roc_auc` and `average_precision` with more than two classes are macro-averaged one against the rest."""

__all__ = [
    "METRICS",
    "Costs",
    "Evaluator",
    "Floats",
    "Metric",
    "Needs",
    "Predictions",
    "evaluator",
    "gain",
    "loss",
    "metric",
    "metrics_for",
    "reaches",
    "score",
]
