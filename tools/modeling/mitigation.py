"""Reweighing: row weights that make group and outcome independent in the training rows, and what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.criteria import Criteria
from tools.evaluation.metrics import METRICS
from tools.modeling.crossval import loss_of
from tools.modeling.ensembling import ModelMember
from tools.modeling.families.base import Floats
from tools.modeling.models import fit_model
from tools.modeling.training import Training, substream
from tools.records import Record


class MitigationEffect(Record):
    """What reweighing changes, on out-of-fold predictions."""

    column: str
    ratio_before: float | None
    ratio_after: float | None
    """Lowest over highest selection rate of groups large enough to judge."""
    metric: str
    metric_before: float
    metric_after: float
    loss_rise: float
    """Rise of the loss relative to the loss before; for a metric to be raised, the loss is what it lacks to one."""


def reweighing(groups: NDArray[Any], y: NDArray[np.int64]) -> Floats:
    """Weights [n]: share of the group times share of the class over the share of both together.

    Kamiran and Calders, Knowledge and Information Systems 33 (2012) 1-33.

    Args:
        groups: level texts of the protected column [n]; missing is a level of its own.
        y: class codes [n].
    """
    _, codes = np.unique(groups.astype(str), return_inverse=True)
    n = len(y)
    together = np.zeros((int(codes.max(initial=0)) + 1, int(y.max(initial=0)) + 1))
    np.add.at(together, (codes, y), 1.0)
    expected = together.sum(axis=1, keepdims=True) * together.sum(axis=0, keepdims=True) / n
    weights = np.divide(expected, together, out=np.ones_like(together), where=together > 0)
    return np.asarray(weights[codes, y], dtype=np.float64)


def mitigated_out_of_fold(
    training: Training,
    rows: Training,
    fold: NDArray[np.int64],
    members: Sequence[ModelMember],
    weights: Floats,
    seed: int,
    threads: int,
) -> Floats:
    """Out-of-fold predictions [m, k] of the chosen model when its training rows are reweighed, in the same folds.

    Args:
        training: all training rows [n].
        rows: those with out-of-fold predictions [m].
        fold: their folds [m].
        members: what the model is made of.
        weights: of all training rows [n].
        seed: of everything random.
        threads: at most so many.
    """
    out = np.full((len(rows.y), rows.problem.classes), np.nan)
    for number in np.unique(fold):
        held = fold == number
        if training.target.order is not None:
            first = training.target.order[rows.rows[held]].min() - training.scheme.gap
            inside = np.flatnonzero(training.target.order < first).astype(np.int64)
        else:
            inside = np.setdiff1d(rows.rows, rows.rows[held])
        part = training.take(inside)
        model = fit_model(part, members, substream(seed, number), threads, weights[inside])
        out[held] = model.predict(rows.x[held])
    return out


def effect(
    column: str,
    levels: NDArray[Any],
    y: NDArray[np.int64],
    before: Floats,
    after: Floats,
    threshold: float,
    metric: str,
    training: Training,
    criteria: Criteria,
) -> MitigationEffect:
    """Selection rates and metric before and after, at the same threshold.

    Args:
        column: the protected column.
        levels: its level texts [m].
        y: class codes [m].
        before: probabilities [m, k] as the model gives them.
        after: probabilities [m, k] with reweighed training rows.
        threshold: from which probability a row is selected.
        metric: what is told of both.
        training: for the task.
        criteria: for costs and minimum sizes.
    """
    losses = [loss_of(metric, training.problem, y, raw, criteria.costs) for raw in (before, after)]

    def told(lost: float) -> float:
        return 1.0 - lost if METRICS[metric].greater_is_better else lost

    def ratio(raw: Floats) -> float | None:
        selected = raw[:, 1] >= threshold
        names, counts = np.unique(levels.astype(str), return_counts=True)
        large = names[counts >= criteria.fairness.minimum_rows]
        rates = [float(selected[levels == name].mean()) for name in large]
        return min(rates) / max(rates) if len(rates) > 1 and max(rates) > 0 else None

    return MitigationEffect(
        column=column,
        ratio_before=ratio(before),
        ratio_after=ratio(after),
        metric=metric,
        metric_before=told(losses[0]),
        metric_after=told(losses[1]),
        loss_rise=(losses[1] - losses[0]) / max(losses[0], 1e-9),
    )
