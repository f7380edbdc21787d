"""How well one column alone predicts the target: cross-validated, fast, with an interval."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.splitting import Indices
from tools.records import Record

BINS = 64
"""Quantile bins of a numeric column."""
SMOOTHING = 5.0
"""Rows' worth of the overall mean that each bin or level is drawn towards."""


class Strength(Record):
    """The score of one column on its own."""

    metric: Literal["roc_auc", "r2"]
    value: float
    lower: float
    upper: float
    """95 % interval: Hanley and McNeil 1982 for AUC, Fisher's z of the correlation for R²."""


def strength(
    column: pd.Series,
    y: NDArray[np.int64] | NDArray[np.float64],
    folds: list[tuple[Indices, Indices]],
    classes: int,
) -> Strength | None:
    """Score a one-column model: the mean of the target per level, or per quantile bin of a number, held out by fold.

    Args:
        column: n values.
        y: n class codes, or numbers for regression.
        folds: (training, held-out) positions; rows outside all held-out parts are left out of the score.
        classes: number of classes; 0 for regression.

    Returns:
        AUC (for several classes the mean of one class against the rest) or R²; None where the column is constant.
    """
    codes = binned(column)
    levels = int(codes.max(initial=0)) + 1
    if levels < 2:
        return None
    held = np.concatenate([later for _, later in folds])
    if classes == 0:
        predicted = _held_out(codes, levels, y.astype(np.float64), folds)[held]
        return _r2(y[held].astype(np.float64), predicted)
    scores = []
    kinds = [1] if classes == 2 else range(classes)
    for kind in kinds:
        is_kind = (y == kind).astype(np.float64)
        if is_kind[held].min() == is_kind[held].max():
            continue
        scores.append((_auc(is_kind[held], _held_out(codes, levels, is_kind, folds)[held]), is_kind[held].sum()))
    if not scores:
        return None
    value = float(np.mean([score for score, _ in scores]))
    positives = float(min(count for _, count in scores))
    lower, upper = auc_interval(value, positives, len(held) - positives)
    return Strength(metric="roc_auc", value=value, lower=lower, upper=upper)


def binned(column: pd.Series) -> NDArray[np.int64]:
    """Codes of a column's levels, or of quantile bins of a number or date; missing is a level of its own."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if (numeric or pd.api.types.is_datetime64_any_dtype(column.dtype)) and column.nunique() > BINS:
        if numeric:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            values = column.astype("int64").where(column.notna()).to_numpy(dtype=np.float64, na_value=np.nan)
        edges = np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        codes = np.searchsorted(edges, values, side="left").astype(np.int64)
        codes[np.isnan(values)] = len(edges) + 1
        return codes
    return pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)


def _held_out(
    codes: NDArray[np.int64], levels: int, y: NDArray[np.float64], folds: list[tuple[Indices, Indices]]
) -> NDArray[np.float64]:
    predicted = np.full(len(y), np.nan)
    for earlier, later in folds:
        sums = np.bincount(codes[earlier], weights=y[earlier], minlength=levels)
        counts = np.bincount(codes[earlier], minlength=levels)
        means = (sums + SMOOTHING * y[earlier].mean()) / (counts + SMOOTHING)
        predicted[later] = means[codes[later]]
    return predicted


def _auc(positive: NDArray[np.float64], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney), ties counted half."""
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    ones = positive.sum()
    return float((ranks[positive == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(score) - ones)))


def _r2(y: NDArray[np.float64], predicted: NDArray[np.float64]) -> Strength:
    total = float(((y - y.mean()) ** 2).sum())
    value = 1 - float(((y - predicted) ** 2).sum()) / total if total else 0.0
    root = math.atanh(min(math.sqrt(max(value, 0.0)), 1 - 1e-12))
    width = 1.96 / math.sqrt(max(len(y) - 3, 1))
    lower, upper = math.tanh(max(root - width, 0.0)) ** 2, math.tanh(root + width) ** 2
    return Strength(metric="r2", value=value, lower=min(lower, value), upper=max(upper, value))


def auc_error(value: float, positives: float, negatives: float) -> float:
    """Standard error of an AUC (Hanley and McNeil, Radiology 1982)."""
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (positives - 1) * (one - value**2) + (negatives - 1) * (two - value**2)
    return math.sqrt(max(variance, 0.0) / (positives * negatives)) if positives and negatives else math.inf


def auc_interval(value: float, positives: float, negatives: float, z: float = 1.959964) -> tuple[float, float]:
    """Interval of an AUC: Hanley and McNeil's error on the logit scale."""
    # at the bounds the logit has no value; half a pair of rows is the least that could be told apart
    least = 0.5 / max(positives * negatives, 1.0)
    inside = min(max(value, least), 1 - least)
    error = auc_error(inside, positives, negatives)
    if not math.isfinite(error):
        return 0.0, 1.0
    logit, width = math.log(inside / (1 - inside)), z * error / (inside * (1 - inside))
    return _expit(logit - width), _expit(logit + width)


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
