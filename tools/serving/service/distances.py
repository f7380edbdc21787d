"""Distances between two rows of counts and the p-values of their tests, with nothing but numpy.

The service carries its own tail functions so that it needs no scipy; tests hold each against scipy's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def kolmogorov_smirnov(reference: Sequence[int], batch: Sequence[int]) -> tuple[float, float]:
    """Largest difference of the two distribution functions at the cell edges, and its two-sided p.

    The p is Kolmogorov's limit with Stephens' (1970) correction for small samples. Differences are taken at the edges
    only, so the distance is at most the exact one and the test errs on the quiet side.
    """
    first, second = np.array(reference, dtype=np.float64), np.array(batch, dtype=np.float64)
    distance = float(np.abs(first.cumsum() / first.sum() - second.cumsum() / second.sum()).max())
    root = math.sqrt(first.sum() * second.sum() / (first.sum() + second.sum()))
    return distance, kolmogorov_tail((root + 0.12 + 0.11 / root) * distance)


def kolmogorov_tail(value: float) -> float:
    """P(K > value) = 2 Σ (-1)^(k-1) exp(-2 k² value²) (Kolmogorov 1933)."""
    if value < 0.2:
        return 1.0
    total = sum((-1) ** (k - 1) * math.exp(-2.0 * (k * value) ** 2) for k in range(1, 101))
    return float(min(1.0, max(0.0, 2.0 * total)))


def total_variation(reference: Sequence[int], batch: Sequence[int]) -> float:
    """Half the summed absolute difference of the shares: the share of rows that would have to change their level."""
    first, second = np.array(reference, dtype=np.float64), np.array(batch, dtype=np.float64)
    return 0.5 * float(np.abs(first / first.sum() - second / second.sum()).sum())


def chi_square(reference: Sequence[int], batch: Sequence[int]) -> float:
    """P of Pearson's test of homogeneity on the two rows of counts.

    Levels with an expected batch count under five are pooled, as the approximation needs (Cochran 1954).
    """
    table = np.array([reference, batch], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    rows = table.sum(axis=1)
    expected = rows[:, None] * table.sum(axis=0)[None, :] / table.sum()
    thin = expected.min(axis=0) < 5.0
    if thin.any() and not thin.all():
        table = np.column_stack([table[:, ~thin], table[:, thin].sum(axis=1)])
        expected = rows[:, None] * table.sum(axis=0)[None, :] / table.sum()
    if table.shape[1] < 2:
        return 1.0
    statistic = float(((table - expected) ** 2 / expected).sum())
    return gamma_tail((table.shape[1] - 1) / 2.0, statistic / 2.0)


def holm(values: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjusted p-values, in the order given."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    adjusted = [1.0] * len(values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = highest
    return adjusted


def gamma_tail(shape: float, value: float) -> float:
    """Upper regularised incomplete gamma function Q(shape, value).

    Series below ``shape + 1``, Lentz's continued fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31); the service
    carries it so that it needs no scipy.
    """
    if value <= 0.0:
        return 1.0
    front = math.exp(-value + shape * math.log(value) - math.lgamma(shape))
    if value < shape + 1.0:
        term = total = 1.0 / shape
        for k in range(1, 1000):
            term *= value / (shape + k)
            total += term
            if term < total * 1e-15:
                break
        return max(0.0, 1.0 - front * total)
    tiny = 1e-300
    b = value + 1.0 - shape
    c, d = 1.0 / tiny, 1.0 / b
    fraction = d
    for k in range(1, 1000):
        a = -k * (k - shape)
        b += 2.0
        d = 1.0 / (a * d + b or tiny)
        c = b + a / c or tiny
        delta = d * c
        fraction *= delta
        if abs(delta - 1.0) < 1e-15:
            break
    return min(1.0, front * fraction)
