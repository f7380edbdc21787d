"""The holdout test: metrics with intervals, against what training promised and against the baseline; typed checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tools.evaluation.calibration import Calibration
from tools.evaluation.criteria import Criteria, Requirement, judge, judge_gain, rows_to_settle
from tools.evaluation.intervals import Estimate, Interval, estimate, paired_estimate
from tools.evaluation.metrics import Predictions, metric, metrics_for
from tools.evaluation.resemblance import Overlap, Shift, overlap, shift
from tools.records import Check, MetricValue, Record, Status
from tools.wording import Sentence, say


class Comparison(Record):
    """The primary metric elsewhere, held against the test value."""

    partition: str
    """oof or validation."""
    value: float | None
    lower: float | None
    upper: float | None
    n: int
    difference: float | None
    """Test minus that value, in the metric's direction (positive: the test is better)."""
    beyond_noise: bool
    """Whether the difference is larger than both intervals explain (two-sided five per cent)."""


class Gain(Record):
    """By how much the scorer is better than a baseline on the same test rows."""

    baseline: str
    """Its name."""
    label: str
    """As a person reads it."""
    metric: str
    baseline_value: float | None
    gain: Interval
    """At the one-sided level of the criteria; positive is better."""
    judged: bool
    """Whether this is the baseline that the criterion names."""


class HoldoutReport(Record):
    """Step 3.1's result (``holdout.json``)."""

    version: int = 1
    rows: int
    left_out: int
    """Rows that the scorer could not score."""
    classes: dict[str, int]
    """Rows by class; empty for regression."""
    primary: Interval
    """Two-sided 95 %."""
    primary_limits: Interval
    """At the criteria's one-sided level; what the check rests on."""
    metrics: tuple[MetricValue, ...]
    comparisons: tuple[Comparison, ...]
    gains: tuple[Gain, ...]
    calibration: Calibration | None
    overlap: Overlap
    shift: Shift
    criteria_sha256: str
    rows_to_settle: int | None = None
    """Test rows that would settle the metric criterion if the value stayed as it is."""


@dataclass(frozen=True)
class HoldoutRows:
    """Opened rows with what resampling must respect."""

    y: NDArray[Any]
    groups: NDArray[Any] | None = None
    order: NDArray[Any] | None = None
    seed: int = 0


def measure(tests: HoldoutRows, predictions: Predictions, criteria: Criteria) -> dict[str, Estimate]:
    """Every metric that fits the task and these predictions, primary first."""
    names = [*criteria.metrics, *(name for name in metrics_for(criteria.task) if name not in criteria.metrics)]
    if not criteria.costs_stated and "expected_cost" not in criteria.metrics:
        names.remove("expected_cost") if "expected_cost" in names else None
    found: dict[str, Estimate] = {}
    for name in dict.fromkeys(names):
        if getattr(predictions, metric(name).needs) is None or _undefined(name, tests.y):
            continue
        found[name] = estimate(
            name, tests.y, predictions, groups=tests.groups, order=tests.order, seed=tests.seed, costs=criteria.costs
        )
    return found


def gains(
    tests: HoldoutRows,
    predictions: Predictions,
    baselines: Mapping[str, Predictions],
    judged: str,
    criteria: Criteria,
    labels: Mapping[str, str] | None = None,
) -> tuple[Gain, ...]:
    """The gain in the primary metric over each baseline, paired on the test rows."""
    name = criteria.primary.metric
    made = []
    for baseline, theirs in baselines.items():
        if getattr(theirs, metric(name).needs) is None:
            continue
        of_theirs = estimate(
            name, tests.y, theirs, groups=tests.groups, order=tests.order, seed=tests.seed, costs=criteria.costs
        )
        gained = paired_estimate(
            name, tests.y, predictions, theirs,
            groups=tests.groups, order=tests.order, seed=tests.seed, costs=criteria.costs,
        )  # fmt: skip
        made.append(
            Gain(
                baseline=baseline,
                label=(labels or {}).get(baseline, baseline.replace("_", " ")),
                metric=name,
                baseline_value=of_theirs.value if math.isfinite(of_theirs.value) else None,
                gain=gained.one_sided(criteria.alpha),
                judged=baseline == judged,
            )
        )
    return tuple(made)


def compare(test: Estimate, other: MetricValue) -> Comparison:
    """Hold the test value against one measured before; standard errors are read off the 95 % intervals."""
    mine = test.at(other.level)
    sign = 1.0 if metric(other.metric).greater_is_better else -1.0
    difference = sign * (mine.value - other.value) if mine.value is not None and other.value is not None else None
    beyond = False
    widths = [
        (upper - lower) / 2
        for lower, upper in ((mine.lower, mine.upper), (other.lower, other.upper))
        if lower is not None and upper is not None
    ]
    if difference is not None and len(widths) == 2:
        spread = math.hypot(*widths) / float(ndtri((1 + other.level) / 2))
        beyond = spread > 0 and abs(difference) > float(ndtri(0.975)) * spread
    return Comparison(
        partition=other.partition,
        value=other.value,
        lower=other.lower,
        upper=other.upper,
        n=other.n,
        difference=difference,
        beyond_noise=beyond,
    )


def metric_check(
    requirement: Requirement, measured: Estimate, criteria: Criteria, *, check_id: str, gained: Gain | None = None
) -> Check:
    """Hold a measured metric against its bound; without a bound, the primary metric stands by its gain."""
    limits = measured.one_sided(criteria.alpha)
    label = metric(requirement.metric).label
    if requirement.bound is None:
        status: Status = (
            judge_gain(gained.gain.lower, gained.gain.upper, conclusive=gained.gain.conclusive)
            if gained is not None
            else "insufficient"
        )
    else:
        status = judge(requirement.metric, limits.lower, limits.upper, requirement.bound, conclusive=limits.conclusive)
    return Check(
        id=check_id,
        status=status,
        blocking=True,
        value=measured.value if math.isfinite(measured.value) else None,
        criterion=requirement.text,
        title=f"{label[:1].upper()}{label[1:]} on the test",
        measured=_with_limit(_interval(measured.at(0.95)), requirement, limits),
    )


def _interval(estimate: Interval) -> Sentence:
    return say(
        "{value|num} ({lower|num} to {upper|num})", value=estimate.value, lower=estimate.lower, upper=estimate.upper
    )


def _with_limit(said: Sentence, requirement: Requirement, limits: Interval) -> Sentence:
    """The value with its interval, and the one-sided limit that the bound is held against."""
    limit = limits.lower if metric(requirement.metric).greater_is_better else limits.upper
    if requirement.bound is None or limit is None:
        return said
    return say(said.template + "; one-sided limit {limit|num}", **said.facts, limit=limit)


def gain_check(gained: Gain | None, criteria: Criteria) -> Check:
    """Whether the scorer is better than the baseline by more than chance."""
    status: Status = (
        judge_gain(gained.gain.lower, gained.gain.upper, conclusive=gained.gain.conclusive)
        if gained is not None
        else "insufficient"
    )
    label = metric(criteria.primary.metric).label
    return Check(
        id="holdout.gain",
        status=status,
        blocking=True,
        value=gained.gain.value if gained is not None else None,
        criterion=f"gain in {label} over the baseline > 0",
        title="Gain over the baseline",
        measured=None
        if gained is None
        else say(
            "{gain|num} better than {baseline} (one-sided limits {lower|num} to {upper|num})",
            gain=gained.gain.value, lower=gained.gain.lower, upper=gained.gain.upper,
            baseline=gained.label,
        ),
    )  # fmt: skip


def rows_check(y: NDArray[Any], criteria: Criteria) -> Check:
    """Whether the test rows are enough to conclude anything (TRUST: thirty of each class)."""
    smallest = int(np.bincount(y, minlength=2).min()) if criteria.task == "binary" else len(y)
    what = "of each class" if criteria.task == "binary" else "in all"
    return Check(
        id="data.rows",
        status="pass" if smallest >= criteria.minimum_class_rows else "insufficient",
        blocking=False,
        value=smallest,
        criterion=f"at least {criteria.minimum_class_rows} test rows {what}",
        title="Rows to judge by",
        measured=say("{smallest|int} test rows", smallest=smallest)
        if criteria.task != "binary"
        else say("{smallest|int} test rows in the smaller class", smallest=smallest),
    )


def describe(name: str, measured: Interval) -> Sentence:
    """A value with its interval, as a person reads it."""
    style = "num"
    if measured.lower is None or measured.upper is None:
        return say(f"{{label}} {{value|{style}}}, no interval", label=metric(name).label, value=measured.value)
    return say(
        f"{{label}} {{value|{style}}} ({{lower|{style}}} to {{upper|{style}}})",
        label=metric(name).label, value=measured.value, lower=measured.lower, upper=measured.upper,
    )  # fmt: skip


def settle(report_value: Estimate, criteria: Criteria) -> int | None:
    """Rows that would settle the metric criterion."""
    if criteria.primary.bound is None:
        return None
    limits = report_value.one_sided(criteria.alpha)
    if limits.lower is None or limits.upper is None or limits.value is None:
        return None
    better = metric(criteria.primary.metric).greater_is_better
    above = limits.value >= criteria.primary.bound
    limit = limits.lower if above else limits.upper
    if not better:
        above = limits.value <= criteria.primary.bound
        limit = limits.upper if above else limits.lower
    return rows_to_settle(limits.value, limit, criteria.primary.bound, limits.n)


def _undefined(name: str, y: NDArray[Any]) -> bool:
    """Metrics that have no meaning for these values: RMSLE below zero, MAPE where a truth is zero."""
    if name == "rmsle":
        return bool((y < 0).any())
    return name == "mape" and bool((y == 0).any())


__all__ = [
    "Comparison",
    "Gain",
    "HoldoutReport",
    "HoldoutRows",
    "Overlap",
    "Shift",
    "compare",
    "describe",
    "gain_check",
    "gains",
    "measure",
    "metric_check",
    "overlap",
    "rows_check",
    "settle",
    "shift",
]
