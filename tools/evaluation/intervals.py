"""Intervals by metric and size: Wilson for proportions, DeLong on the logit scale for AUC, BCa bootstrap for the rest.

Rows that belong together (groups) or follow each other in time are never treated as independent: then every metric is
resampled by whole groups or stretches. Differences between two sets of predictions are paired on the same rows.

Classes are resampled separately only for metrics that do not depend on the class mix. For the others (log loss, cost,
F1) a fixed mix would leave out a real source of error: at a base rate of one in twenty, the nominal 95 % interval of a
log loss then covers the truth in 68 % of cases, against 93 % when the mix is resampled too (a slow test repeats this).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tools.evaluation import bootstrap, delong
from tools.evaluation.metrics import METRICS, Costs, Floats, Predictions, evaluator, metric, score
from tools.records import MetricValue, Partition, Record

MINIMUM = 30
"""Fewer positives, negatives or rows than this leave an interval inconclusive."""


class Interval(Record):
    """A value with its limits."""

    value: float | None
    lower: float | None
    upper: float | None
    level: float
    """Two-sided: at level 0.9 each limit is a one-sided 95 % limit."""
    method: str
    n: int
    """Rows (or, for precision and recall, the rows below the line) that the value rests on."""
    conclusive: bool = True
    reason: str = ""
    """Why the interval is inconclusive, in words; empty where it is not."""


@dataclass(frozen=True)
class Estimate:
    """A value whose limits can be taken at any level without measuring again."""

    value: float
    n: int
    method: str
    limits: Callable[[float], tuple[float, float]]
    """Level to lower and upper."""
    reason: str = ""

    def at(self, level: float = 0.95) -> Interval:
        """The interval at a two-sided level."""
        lower, upper = self.limits(level)
        return Interval(
            value=_finite(self.value),
            lower=_finite(lower),
            upper=_finite(upper),
            level=level,
            method=self.method,
            n=self.n,
            conclusive=not self.reason,
            reason=self.reason,
        )

    def one_sided(self, alpha: float = 0.05) -> Interval:
        """The interval whose limits are each a one-sided 1 − alpha limit."""
        return self.at(1 - 2 * alpha)


def estimate(
    name: str,
    y: NDArray[Any],
    predictions: Predictions,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    seed: int = 0,
    costs: Costs | None = None,
) -> Estimate:
    """A metric with limits by the method that suits it.

    Args:
        name: a metric of the registry.
        y: class codes or numbers [n].
        predictions: of the same rows.
        groups: entity of each row [n] where rows of one entity are alike.
        order: time of each row [n] where neighbours in time are alike.
        seed: of the resampling.
        costs: for `expected_cost`.
    """
    y = np.asarray(y)
    value = score(name, y, predictions, costs)
    reason = too_few(name, y)
    if not math.isfinite(value):
        return Estimate(value, len(y), "none", _unknown, reason or "the value is not defined for these rows")
    independent = groups is None and order is None
    binary = _is_binary(name, y, predictions)
    if independent and binary and name == "roc_auc":
        assert predictions.probabilities is not None
        return _auc(y, predictions.probabilities[:, 1], reason)
    if independent and (proportion := _proportion(name, y, predictions, binary)) is not None:
        hits, n = proportion
        if n == 0:
            return Estimate(value, 0, "wilson", _unknown, reason or "nothing to take the share of")
        if n < MINIMUM:
            reason = reason or "fewer than the minimum rows below the line"
        return Estimate(value, n, "wilson", lambda level: wilson(hits, n, level), reason)
    found = metric(name)
    plan = bootstrap.design(y, by_class=found.within_classes, groups=groups, order=order, seed=seed)
    evaluate = evaluator(name, y, predictions, costs)
    if plan.units is not None:
        evaluate = evaluate.grouped(plan.units, plan.size)
    # the value as `score` gives it: sums by group differ from it in the last bit
    return replace(_from_distribution(evaluate, plan, len(y), seed, found.ranks, reason, ""), value=value)


def interval(
    name: str,
    y: NDArray[Any],
    predictions: Predictions,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    level: float = 0.95,
    seed: int = 0,
    costs: Costs | None = None,
) -> Interval:
    """A metric with its interval; see `estimate`."""
    return estimate(name, y, predictions, groups=groups, order=order, seed=seed, costs=costs).at(level)


def paired_estimate(
    name: str,
    y: NDArray[Any],
    a: Predictions,
    b: Predictions,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    seed: int = 0,
    costs: Costs | None = None,
) -> Estimate:
    """By how much `a` is better than `b` on the same rows (positive: better, whatever the metric's direction).

    AUC by DeLong's covariance, everything else by resampling both together.
    """
    y = np.asarray(y)
    found = metric(name)
    sign = 1.0 if found.greater_is_better else -1.0
    reason = too_few(name, y)
    independent = groups is None and order is None
    if independent and name == "roc_auc" and _is_binary(name, y, a) and len(np.unique(y)) == 2:
        assert a.probabilities is not None and b.probabilities is not None
        value, error = delong.difference_with_error(y, a.probabilities[:, 1], b.probabilities[:, 1])
        return Estimate(value, len(y), "delong paired", lambda level: _normal(value, error, level), reason)
    plan = bootstrap.design(y, by_class=found.within_classes, groups=groups, order=order, seed=seed)
    of_a, of_b = evaluator(name, y, a, costs), evaluator(name, y, b, costs)
    if plan.units is not None:
        of_a, of_b = of_a.grouped(plan.units, plan.size), of_b.grouped(plan.units, plan.size)
    return _from_distribution(
        lambda weights: sign * (of_a(weights) - of_b(weights)),
        plan,
        len(y),
        seed,
        found.ranks,
        reason,
        "paired ",
    )


def paired_difference(
    name: str,
    y: NDArray[Any],
    a: Predictions,
    b: Predictions,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    level: float = 0.95,
    seed: int = 0,
    costs: Costs | None = None,
) -> Interval:
    """The gain of `a` over `b` with its interval; see `paired_estimate`."""
    return paired_estimate(name, y, a, b, groups=groups, order=order, seed=seed, costs=costs).at(level)


def mean_estimate(
    values: NDArray[Any],
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    seed: int = 0,
) -> Estimate:
    """The mean of one number per row (such as a cost or a difference of costs) with bootstrap limits."""
    zeros = np.zeros(len(values))
    reason = "fewer than the minimum rows" if len(values) < MINIMUM else ""
    plan = bootstrap.design(zeros, by_class=False, groups=groups, order=order, seed=seed)
    # the mean of signed numbers as a difference of two mean absolute errors, so that one definition serves
    of_positive = METRICS["mae"].make(zeros, Predictions(values=np.maximum(values, 0.0)), Costs())
    of_negative = METRICS["mae"].make(zeros, Predictions(values=np.minimum(values, 0.0)), Costs())
    if plan.units is not None:
        of_positive = of_positive.grouped(plan.units, plan.size)
        of_negative = of_negative.grouped(plan.units, plan.size)
    return _from_distribution(
        lambda weights: of_positive(weights) - of_negative(weights),
        plan,
        len(values),
        seed,
        False,
        reason,
        "",
    )


def metric_value(measured: Interval, *, step: str, partition: Partition, model: str, metric_name: str) -> MetricValue:
    """An interval as the record that metrics.json holds."""
    return MetricValue(
        id=f"{step}.{partition}.{model}.{metric_name}",
        step=step,
        partition=partition,
        model=model,
        metric=metric_name,
        value=measured.value,
        lower=measured.lower,
        upper=measured.upper,
        level=measured.level,
        method=measured.method,
        n=measured.n,
    )


def wilson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Journal of the American Statistical Association 22 (1927) 209-212)."""
    if n == 0:
        return float("nan"), float("nan")
    z = float(ndtri((1 + level) / 2))
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def too_few(name: str, y: NDArray[Any]) -> str:
    """Why there are too few rows for a conclusion, in words; empty where there are enough.

    Two classes: each needs 30 rows. More classes: each class for metrics that weigh classes alike, else the rows
    together. Numbers: the rows.
    """
    if len(y) < MINIMUM:
        return "fewer than the minimum rows"
    if metric(name).tasks == ("regression",):
        return ""
    counts = np.bincount(np.asarray(y, dtype=np.int64), minlength=2)
    if len(counts) == 2:
        if counts[1] < MINIMUM:
            return "too few rows of the positive class"
        return "too few rows of the negative class" if counts[0] < MINIMUM else ""
    per_class = name in {"f1", "f1_macro", "precision", "recall", "roc_auc", "average_precision"}
    return "too few rows of some class" if per_class and counts[counts > 0].min() < MINIMUM else ""


def _is_binary(name: str, y: NDArray[Any], predictions: Predictions) -> bool:
    if metric(name).tasks == ("regression",):
        return False
    if predictions.probabilities is not None:
        return bool(predictions.probabilities.shape[1] == 2)
    highest = max(np.max(y, initial=0), 0 if predictions.labels is None else np.max(predictions.labels, initial=0))
    return bool(highest <= 1)


def _proportion(name: str, y: NDArray[Any], predictions: Predictions, binary: bool) -> tuple[float, int] | None:
    """Hits and rows where a metric is a plain share of rows, else None."""
    labels = predictions.labels
    if labels is None or name not in {"accuracy", "precision", "recall"}:
        return None
    if name == "accuracy":
        return float((labels == y).sum()), len(y)
    if not binary:
        return None
    below = labels == 1 if name == "precision" else y == 1
    return float(((labels == 1) & (y == 1)).sum()), int(below.sum())


def _auc(y: NDArray[Any], scores: NDArray[Any], reason: str) -> Estimate:
    value, error = delong.auc_with_error(y, scores)
    if error == 0 or not 0 < value < 1 or not math.isfinite(error):
        # complete separation leaves no variance to see; the smaller class bounds what it proves
        smaller = int(min((y == 1).sum(), (y == 0).sum()))
        return Estimate(
            value,
            len(y),
            "wilson of the smaller class",
            lambda level: wilson(value * smaller, smaller, level),
            reason,
        )
    centre, spread = math.log(value / (1 - value)), error / (value * (1 - value))

    def limits(level: float) -> tuple[float, float]:
        lower, upper = _normal(centre, spread, level)
        return 1 / (1 + math.exp(-lower)), 1 / (1 + math.exp(-upper))

    return Estimate(value, len(y), "delong on the logit scale", limits, reason)


def _from_distribution(
    evaluate: Callable[[Floats], Floats],
    plan: bootstrap.Design,
    n: int,
    seed: int,
    ranks: bool,
    reason: str,
    prefix: str,
) -> Estimate:
    large = ranks and n > bootstrap.LARGE
    if plan.size < 10:
        reason = reason or "too few independent groups"
    found = bootstrap.distribution(
        evaluate,
        plan,
        seed=seed,
        resamples=bootstrap.LARGE_RESAMPLES if large else bootstrap.RESAMPLES,
        normal=large,
    )
    if not found.usable:
        reason = reason or "resampling shows no spread to judge by"
    return Estimate(found.value, n, prefix + found.method, found.limits, reason)


def _normal(value: float, error: float, level: float) -> tuple[float, float]:
    half = float(ndtri((1 + level) / 2)) * error
    return value - half, value + half


def _unknown(level: float) -> tuple[float, float]:
    return float("nan"), float("nan")


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
