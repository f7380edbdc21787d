"""How far stated probabilities (or numbers) can be taken at their word: slope, intercept, observed against expected.

Slope and intercept: Cox, Biometrika 45 (1958) 562-565, read as in Van Calster et al., Journal of Clinical Epidemiology
74 (2016) 167-176: 1 and 0 are perfect, a slope below 1 means predictions too extreme. Standard errors are sandwich
errors (White, Econometrica 48 (1980) 817-838), clustered where rows belong together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from tools.evaluation import bootstrap
from tools.evaluation.criteria import CalibrationCriteria
from tools.evaluation.intervals import Interval, too_few, wilson
from tools.evaluation.metrics import Floats, Predictions
from tools.records import Check, Record, Status, Task
from tools.wording import Sentence, say

_CLIP = 1e-6
BINS = 10


class CalibrationBin(Record):
    """Rows with similar predictions: what was predicted, what came."""

    predicted: float
    observed: float
    lower: float
    upper: float
    """95 % Wilson limits of the observed share; for numbers, normal limits of the observed mean."""
    n: int


class Calibration(Record):
    """Calibration of one set of predictions."""

    kind: str
    """class (two classes), confidence (more: is the stated probability of the decision right?) or value."""
    slope: Interval
    intercept: Interval
    observed_to_expected: Interval | None
    """Observed over expected number of events (or sum of values); None where nothing is expected."""
    bins: tuple[CalibrationBin, ...]


def calibrate(
    y: NDArray[Any],
    predictions: Predictions,
    task: Task,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    level: float = 0.95,
) -> Calibration:
    """Measure calibration.

    Args:
        y: class codes or numbers [n].
        predictions: probabilities of a classifier, values of a regression.
        task: decides what is measured; with more than two classes it is the probability of the likeliest class.
        groups: entity of each row, where rows of one are alike.
        order: time of each row, where neighbours are alike.
        level: two-sided level of the intervals.
    """
    units = bootstrap.design(y, by_class=False, groups=groups, order=order).units if _dependent(groups, order) else None
    if task == "regression":
        assert predictions.values is not None
        truth, predicted = np.asarray(y, dtype=np.float64), np.asarray(predictions.values, dtype=np.float64)
        coefficients, errors = _linear(predicted, truth, units)
        kind, reason = "value", too_few("mae", truth)
    else:
        assert predictions.probabilities is not None
        probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
        if task == "binary":
            truth, predicted = np.asarray(y, dtype=np.float64), probabilities[:, 1]
        else:
            truth = np.asarray(probabilities.argmax(axis=1) == y, dtype=np.float64)
            predicted = probabilities.max(axis=1)
        coefficients, errors = _logistic(_logit(predicted), truth, units)
        kind = "class" if task == "binary" else "confidence"
        reason = too_few("brier", truth.astype(np.int64))
    reason = reason or ("" if math.isfinite(errors[1]) else "the predictions do not differ enough to fit a line")
    return Calibration(
        kind=kind,
        slope=_wald(coefficients[1], errors[1], level, len(truth), reason),
        intercept=_wald(coefficients[0], errors[0], level, len(truth), reason),
        observed_to_expected=_ratio(truth, predicted, units, level, reason),
        bins=tuple(_bins(truth, predicted, task)),
    )


def calibration_check(found: Calibration, criteria: CalibrationCriteria) -> Check:
    """Hold slope and observed-to-expected ratio against the limits.

    Fails where an interval lies wholly outside, warns where an estimate does, passes where both estimates lie inside.
    """
    parts = [found.slope, *([found.observed_to_expected] if found.observed_to_expected is not None else [])]
    states = [_state(part, criteria) for part in parts]
    worst: Status = next((s for s in ("insufficient", "fail", "warn") if s in states), "pass")
    return Check(
        id="calibration",
        status=worst,
        blocking=False,
        value=found.slope.value,
        criterion=f"slope and observed over expected within {criteria.slope_lower:g} to {criteria.slope_upper:g}",
        title="Calibration",
        measured=describe(found),
    )


def describe(found: Calibration) -> Sentence:
    """Slope and ratio with their intervals, for a person."""
    ratio = found.observed_to_expected
    if ratio is None:
        return say(
            "slope {slope|ratio} ({lower|ratio} to {upper|ratio})",
            slope=found.slope.value, lower=found.slope.lower, upper=found.slope.upper,
        )  # fmt: skip
    return say(
        "slope {slope|ratio} ({lower|ratio} to {upper|ratio}), observed over expected {ratio|ratio}"
        " ({ratio_lower|ratio} to {ratio_upper|ratio})",
        slope=found.slope.value, lower=found.slope.lower, upper=found.slope.upper,
        ratio=ratio.value, ratio_lower=ratio.lower, ratio_upper=ratio.upper,
    )  # fmt: skip


def _state(part: Interval, criteria: CalibrationCriteria) -> Status:
    if not part.conclusive or part.value is None or part.lower is None or part.upper is None:
        return "insufficient"
    if part.upper < criteria.slope_lower or part.lower > criteria.slope_upper:
        return "fail"
    return "pass" if criteria.slope_lower <= part.value <= criteria.slope_upper else "warn"


def _dependent(groups: NDArray[Any] | None, order: NDArray[Any] | None) -> bool:
    return groups is not None or order is not None


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)


def _sandwich(design: Floats, scores: Floats, bread: Floats, units: NDArray[np.intp] | None) -> Floats:
    """Standard errors from per-row scores [n, 2] and the inverse information."""
    contributions = design * scores[:, None]
    if units is not None:
        size = int(units.max()) + 1
        contributions = np.stack([np.bincount(units, weights=c, minlength=size) for c in contributions.T], axis=1)
    m = len(contributions)
    meat = np.einsum("ni,nj->ij", contributions, contributions) * (m / max(m - 1, 1))
    return np.asarray(np.sqrt(np.maximum(np.diag(bread @ meat @ bread), 0.0)), dtype=np.float64)


def _logistic(x: Floats, y: Floats, units: NDArray[np.intp] | None) -> tuple[Floats, Floats]:
    """Intercept and slope of a logistic regression of y on x by Newton's method, with standard errors."""
    nothing = np.full(2, np.nan)
    if len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return nothing, nothing
    design = np.stack([np.ones_like(x), x], axis=1)
    beta, value = np.zeros(2), -len(y) * math.log(2)
    for _ in range(100):
        p = expit(np.einsum("ni,i->n", design, beta))
        information = np.einsum("ni,nj,n->ij", design, design, p * (1 - p))
        if np.linalg.cond(information) > 1e12:
            return nothing, nothing
        step = np.linalg.solve(information, np.einsum("ni,n->i", design, y - p))
        for _ in range(30):  # a full step may overshoot: halve it until the likelihood does not fall
            eta = np.einsum("ni,i->n", design, beta + step)
            likelihood = float((y * eta - np.logaddexp(0, eta)).sum())
            if likelihood >= value - 1e-9 * abs(value):
                break
            step = step / 2
        beta, value = beta + step, likelihood
        if np.abs(step).max() < 1e-9:
            break
    else:
        return nothing, nothing  # complete separation: the slope runs away
    p = expit(np.einsum("ni,i->n", design, beta))
    bread = np.linalg.inv(np.einsum("ni,nj,n->ij", design, design, p * (1 - p)))
    return beta, _sandwich(design, y - p, bread, units)


def _linear(x: Floats, y: Floats, units: NDArray[np.intp] | None) -> tuple[Floats, Floats]:
    """Intercept and slope of a least-squares line of y on x, with standard errors."""
    if len(x) < 3 or float(x.std()) == 0:
        return np.full(2, np.nan), np.full(2, np.nan)
    centre = float(x.mean())
    shift = np.array([[1.0, -centre], [0.0, 1.0]])  # fitted around the mean, where the normal equations are stable
    design = np.stack([np.ones_like(x), x - centre], axis=1)
    bread = np.linalg.inv(np.einsum("ni,nj->ij", design, design))
    beta = bread @ np.einsum("ni,n->i", design, y)
    residuals = y - np.einsum("ni,i->n", design, beta)
    beta = shift @ beta
    plain = np.stack([np.ones_like(x), x], axis=1)
    return np.asarray(beta, dtype=np.float64), _sandwich(plain, residuals, shift @ bread @ shift.T, units)


def _wald(value: float, error: float, level: float, n: int, reason: str) -> Interval:
    half = float(ndtri((1 + level) / 2)) * float(error)
    known = math.isfinite(float(value)) and math.isfinite(half)
    return Interval(
        value=float(value) if known else None,
        lower=float(value) - half if known else None,
        upper=float(value) + half if known else None,
        level=level,
        method="wald, sandwich error",
        n=n,
        conclusive=not reason,
        reason=reason,
    )


def _ratio(
    truth: Floats, predicted: Floats, units: NDArray[np.intp] | None, level: float, reason: str
) -> Interval | None:
    """Observed over expected on the log scale, with the error of the residual sum."""
    expected, observed = float(predicted.sum()), float(truth.sum())
    if expected <= 0 or observed <= 0:
        return None
    residuals = truth - observed / expected * predicted
    if units is not None:
        residuals = np.asarray(np.bincount(units, weights=residuals), dtype=np.float64)
    error = float(np.sqrt((residuals**2).sum())) / observed
    value = observed / expected
    half = float(ndtri((1 + level) / 2)) * error
    return Interval(
        value=value,
        lower=value * math.exp(-half),
        upper=value * math.exp(half),
        level=level,
        method="log ratio, residual error",
        n=len(truth),
        conclusive=not reason,
        reason=reason,
    )


def _bins(truth: Floats, predicted: Floats, task: Task) -> list[CalibrationBin]:
    """Ten bins of about equal size; equal predictions stay together."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, predicted, side="left")
    bins = []
    for code in np.unique(codes):
        inside = codes == code
        n, observed = int(inside.sum()), float(truth[inside].mean())
        if task == "regression":
            half = 1.96 * float(truth[inside].std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
            lower, upper = observed - half, observed + half
        else:
            lower, upper = wilson(float(truth[inside].sum()), n)
        bins.append(
            CalibrationBin(predicted=float(predicted[inside].mean()), observed=observed, lower=lower, upper=upper, n=n)
        )
    return bins
