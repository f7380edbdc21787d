"""How strongly two columns go together, by chance or beyond it, and the interval of a mean."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, stdtrit

Floats = NDArray[np.float64]


def mean_interval(values: Floats, level: float) -> tuple[float, float] | None:
    """Student's interval of a mean; None under two values."""
    n = len(values)
    if n < 2:
        return None
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * float(values.std(ddof=1)) / math.sqrt(n)
    middle = float(values.mean())
    return middle - half, middle + half


def cramers_v(table: NDArray[np.int64]) -> float:
    """Bias-corrected Cramér's V of a contingency table (Bergsma 2013); zero where a side has one level."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, k) = int(table.sum()), table.shape
    if n < 2 or r < 2 or k < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    phi = float((((table - expected) ** 2) / expected).sum()) / n
    corrected = max(0.0, phi - (k - 1) * (r - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    smaller = min(rows, columns) - 1
    return min(1.0, math.sqrt(corrected / smaller)) if smaller > 0 else 0.0


def chance_of(table: NDArray[np.int64]) -> float:
    """P value of Pearson's chi-square test of independence; one where a side has one level."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, k) = int(table.sum()), table.shape
    if n < 2 or r < 2 or k < 2:
        return 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    return float(chdtrc((r - 1) * (k - 1), (((table - expected) ** 2) / expected).sum()))


def explained(codes: NDArray[np.intp], y: Floats) -> float:
    """Adjusted share of y's variance between groups (epsilon squared, Kelley 1935); codes below zero are left out."""
    between = _variance(codes, y)
    if between is None:
        return 0.0
    groups, n, within, total = between
    return max(0.0, 1 - (within / (n - groups)) / (total / (n - 1)))


def chance_of_means(codes: NDArray[np.intp], y: Floats) -> float:
    """P value of the F test that all groups have one mean; one where there is one group."""
    between = _variance(codes, y)
    if between is None:
        return 1.0
    groups, n, within, total = between
    if within <= 0:
        return 0.0
    return float(fdtrc(groups - 1, n - groups, ((total - within) / (groups - 1)) / (within / (n - groups))))


def _variance(codes: NDArray[np.intp], y: Floats) -> tuple[int, int, float, float] | None:
    """Groups, rows, sum of squares within groups and in all; None where there is nothing to compare."""
    kept = codes >= 0
    codes, y = codes[kept], y[kept]
    counts = np.bincount(codes).astype(float)
    groups, n = int((counts > 0).sum()), len(y)
    total = float(((y - y.mean()) ** 2).sum()) if n else 0.0
    if groups < 2 or n <= groups or total == 0:
        return None
    sums = np.bincount(codes, weights=y)
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    return groups, n, float(((y - means[codes]) ** 2).sum()), total
