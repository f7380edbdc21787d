"""Rates of one group of rows and how they compare with another group's: ratios, differences, limits, p values.

Log-ratio limits: Katz et al., Biometrics 34 (1978) 469-474.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from tools.evaluation.criteria import FairnessCriteria
from tools.evaluation.metrics import Floats, Predictions
from tools.records import Record, Task


class Rate(Record):
    """One rate of one group and how it compares with the reference group's."""

    name: str
    """selection_rate, true_positive_rate, false_positive_rate, precision, observed_to_expected, accuracy, mae, bias."""
    value: float | None
    n: int
    """Rows below the line."""
    ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    """Limits of the ratio, each at the one-sided level; None for the reference group itself."""
    difference: float | None = None
    difference_lower: float | None = None
    difference_upper: float | None = None
    tested: bool = False
    """Whether the tolerance applies to it; the others are shown."""
    p: float | None = None
    """One-sided: how likely a ratio this far outside is for a group just at the tolerance."""
    p_holm: float | None = None


@dataclass(frozen=True)
class Mean:
    """A mean of per-row values with its variance and the rows below the line."""

    value: float
    """A proportion of zero counts as half a hit here, so that a ratio exists."""
    variance: float
    n: int
    raw: float


@dataclass(frozen=True)
class RateRows:
    """Per-row values and the rows below the line, by rate; proportions hold zeros and ones."""

    name: str
    values: Floats
    below: NDArray[np.bool_]
    tested: bool
    proportion: bool
    over: Floats | None = None
    """Where given, the rate is the sum of the values over the sum of these."""


def favourable_of(codes: NDArray[Any], criteria: FairnessCriteria) -> Floats:
    """1 where a class code is the favourable one, else 0 [n]."""
    flipped = codes if criteria.favourable == "positive" else 1 - codes
    return np.asarray(flipped, dtype=np.float64)


def rate_rows(y: NDArray[Any], predictions: Predictions, task: Task, criteria: FairnessCriteria) -> list[RateRows]:
    """Every rate of a task as values per row and the rows below its line."""
    everyone = np.ones(len(y), dtype=bool)
    if task == "regression":
        assert predictions.values is not None
        error = np.asarray(predictions.values - y, dtype=np.float64)
        return [
            RateRows("mae", np.abs(error), everyone, True, False),
            RateRows("bias", error, everyone, False, False),
        ]
    assert predictions.labels is not None
    if task == "multiclass":
        right = np.asarray(predictions.labels == y, dtype=np.float64)
        return [RateRows("accuracy", right, everyone, True, True)]
    truth, chosen = favourable_of(y, criteria), favourable_of(predictions.labels, criteria)
    rates = [
        RateRows("selection_rate", chosen, everyone, True, True),
        RateRows("true_positive_rate", chosen, truth == 1, True, True),
        RateRows("false_positive_rate", chosen, truth == 0, False, True),
        RateRows("precision", truth, chosen == 1, False, True),
    ]
    if predictions.probabilities is not None:
        column = 1 if criteria.favourable == "positive" else 0
        expected = np.asarray(predictions.probabilities[:, column], dtype=np.float64)
        rates.append(RateRows("observed_to_expected", truth, everyone, False, False, over=expected))
    return rates


def mean_of(rate: RateRows, inside: NDArray[np.bool_], units: NDArray[np.intp] | None) -> Mean | None:
    """Mean over the group's rows below the line; its variance by linearisation, over units where rows are tied."""
    rows = inside & rate.below
    n = int(rows.sum())
    if n == 0:
        return None
    values = rate.values[rows]
    over = np.ones(n) if rate.over is None else rate.over[rows]
    total = float(over.sum())
    if total <= 0:
        return None
    raw = value = float(values.sum()) / total
    residuals = values - value * over
    if units is not None:
        residuals = np.asarray(np.bincount(units[rows], weights=residuals), dtype=np.float64)
    variance = float((residuals**2).sum()) / total**2
    if rate.proportion:
        smooth = (float(values.sum()) + 0.5) / (n + 1)
        variance = max(variance, smooth * (1 - smooth) / n) if value in (0.0, 1.0) else variance
        value = smooth if value == 0.0 else value
    return Mean(value, variance, n, raw)


def rate_of(rate: RateRows, mine: Mean | None, reference: Mean | None, bound: float, alpha: float) -> Rate:
    """A group's rate, and how it compares with the reference group's where there is one."""
    z = float(ndtri(1 - alpha))
    if mine is None:
        return Rate(name=rate.name, value=None, n=0, tested=rate.tested)
    shown = mine.raw
    if reference is None:
        return Rate(name=rate.name, value=shown, n=mine.n, tested=rate.tested)
    spread = math.sqrt(mine.variance + reference.variance)
    difference = shown - reference.raw
    ratio = lower = upper = p = None
    if mine.value > 0 and reference.value > 0:
        ratio = mine.value / reference.value
        error = math.sqrt(mine.variance / mine.value**2 + reference.variance / reference.value**2)
        lower, upper = ratio * math.exp(-z * error), ratio * math.exp(z * error)
        if rate.tested:
            outside = abs(math.log(ratio)) + math.log(bound)  # positive: beyond the tolerance
            p = float(ndtr(-outside / error)) if error > 0 else float(outside <= 0)
    return Rate(
        name=rate.name, value=shown, n=mine.n, ratio=ratio, lower=lower, upper=upper, difference=difference,
        difference_lower=difference - z * spread, difference_upper=difference + z * spread, tested=rate.tested, p=p,
    )  # fmt: skip
