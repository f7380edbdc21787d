"""Every metric that matters here, of one model's predictions, with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.criteria import Criteria
from tools.evaluation.intervals import Interval, estimate, metric_value, paired_difference
from tools.evaluation.metrics import METRICS
from tools.features.matrix import Target
from tools.modeling.crossval import predictions_of
from tools.modeling.families.base import Floats, Problem
from tools.modeling.thresholds import recommended
from tools.records import MetricValue, Partition, Task

STANDARD: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "log_loss", "brier"),
    "multiclass": ("f1_macro", "accuracy", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
}
"""Metrics that are told of the final model whatever was asked for."""


def metric_names(criteria: Criteria, selection: str, *, final: bool = False) -> tuple[str, ...]:
    """Primary metric, what selects, guard-rails, the expected cost where costs were stated; of the final model more."""
    costs = ("expected_cost",) if criteria.costs_stated else ()
    names = (criteria.primary.metric, selection, *criteria.metrics, *costs, *(STANDARD[criteria.task] if final else ()))
    return tuple(dict.fromkeys(names))


def predicted(raw: Floats) -> NDArray[np.bool_]:
    """Rows [n] that have a prediction: no NaN in [n, k] or [n]."""
    return np.asarray(~np.isnan(raw.reshape(len(raw), -1)).any(axis=1))


def rows_with_truth(target: Target, keep: NDArray[np.bool_]) -> tuple[NDArray[Any], Any, Any]:
    """Target, group and order of some rows."""
    group = None if target.group is None else target.group[keep]
    order = None if target.order is None else target.order[keep]
    return target.y[keep], group, order


def measure(
    names: tuple[str, ...],
    problem: Problem,
    target: Target,
    raw: Floats,
    criteria: Criteria,
    seed: int,
    threshold: float | None = None,
) -> dict[str, Interval]:
    """Metrics with intervals; rows that belong together are resampled together.

    Args:
        names: metrics of the registry; those that this task or these rows do not define are left out.
        problem: what is predicted.
        target: truth, groups, order [n].
        raw: probabilities [n, k] or numbers [n]; rows that are NaN are left out.
        criteria: for costs and the primary metric.
        seed: of the resampling.
        threshold: of two classes; None takes the recommended one of these very rows.
    """
    keep = predicted(raw)
    y, group, order = rows_with_truth(target, keep)
    said = raw[keep]
    if problem.task == "binary" and threshold is None:
        threshold = recommended(y, said[:, 1], criteria).threshold
    predictions = predictions_of(problem, said, threshold)
    found = {}
    for name in names:
        if problem.task not in METRICS[name].tasks:
            continue
        held = estimate(name, y, predictions, groups=group, order=order, seed=seed, costs=criteria.costs).at(0.95)
        if held.value is not None:
            found[name] = held
    return found


def gain(
    name: str, problem: Problem, target: Target, better: Floats, worse: Floats, criteria: Criteria, seed: int
) -> Interval:
    """By how much one model is better than another on the same rows, paired."""
    keep = predicted(better) & predicted(worse)
    y, group, order = rows_with_truth(target, keep)
    return paired_difference(
        name,
        y,
        predictions_of(problem, better[keep]),
        predictions_of(problem, worse[keep]),
        groups=group,
        order=order,
        seed=seed,
        costs=criteria.costs,
    )


def as_records(found: dict[str, Interval], step: str, partition: Partition, model: str) -> tuple[MetricValue, ...]:
    """The metrics as metrics.json holds them."""
    return tuple(
        metric_value(held, step=step, partition=partition, model=model, metric_name=name)
        for name, held in found.items()
    )
