"""The bootstrap: resampling designs (rows, classes, groups, stretches of time) and BCa limits.

BCa: Efron, Journal of the American Statistical Association 82 (1987) 171-185; Efron and Tibshirani, An Introduction to
the Bootstrap (1993), chapter 14. The acceleration comes from a jackknife that leaves out one of at most 200 blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from tools.evaluation.metrics import Evaluator, Floats

RESAMPLES = 2000
JACKKNIFE_BLOCKS = 200
LARGE = 20_000
"""Above so many rows, they are resampled in random blocks rather than singly."""
LARGE_BLOCKS = 1000
LARGE_RESAMPLES = 200
"""For metrics of ranks above `LARGE` rows, which then get normal limits."""
_CELLS = 2_000_000
"""Weights that are held in memory at a time."""


@dataclass(frozen=True)
class Design:
    """What is drawn with replacement: units of rows, within strata."""

    units: NDArray[np.intp] | None
    """Unit of each row [n]; None where each row is its own."""
    size: int
    """Number of units."""
    strata: NDArray[np.intp] | None
    """Stratum of each unit [size]; draws keep each stratum's size."""
    name: str
    """How it is called in an interval's method; empty for single rows."""


def design(
    y: NDArray[Any],
    *,
    by_class: bool,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    seed: int = 0,
) -> Design:
    """How to resample these rows.

    Args:
        y: class codes or numbers [n].
        by_class: whether the class mix is kept (for metrics that do not depend on it).
        groups: entity of each row [n]; entities are drawn whole, as rows of one are alike.
        order: time of each row [n]; contiguous stretches are drawn whole, as neighbours in time are alike.
        seed: for the random blocks of large data.
    """
    n = len(y)
    if groups is not None:
        _, codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)
        return Design(codes.astype(np.intp), int(codes.max(initial=-1)) + 1, None, "clustered")
    if order is not None:
        stretches = min(200, max(10, round(math.sqrt(n))), n)
        position = np.empty(n, dtype=np.intp)
        position[np.argsort(np.asarray(order), kind="stable")] = np.arange(n)
        return Design(position * stretches // n, stretches, None, "time blocks")
    if n > LARGE:
        mixed = np.random.default_rng(seed).permutation(n)
        return Design((mixed * LARGE_BLOCKS // n).astype(np.intp), LARGE_BLOCKS, None, "row blocks")
    strata = np.unique(y, return_inverse=True)[1].astype(np.intp) if by_class else None
    return Design(None, n, strata, "stratified" if by_class else "")


def weightings(plan: Design, resamples: int, seed: int) -> Iterator[Floats]:
    """Counts of units per resample, in chunks [b, size] that together hold `resamples` lines."""
    random = np.random.default_rng(seed)
    strata = (
        [np.arange(plan.size)]
        if plan.strata is None
        else [np.flatnonzero(plan.strata == s) for s in range(int(plan.strata.max(initial=-1)) + 1)]
    )
    chunk = max(1, _CELLS // max(plan.size, 1))
    for start in range(0, resamples, chunk):
        lines = min(chunk, resamples - start)
        weights = np.empty((lines, plan.size))
        for members in strata:
            m = len(members)
            drawn = random.integers(0, m, size=(lines, m)) + np.arange(lines)[:, None] * m
            weights[:, members] = np.bincount(drawn.ravel(), minlength=lines * m).reshape(lines, m)
        yield weights


@dataclass(frozen=True)
class Distribution:
    """A statistic's bootstrap values and what its limits need; limits at any level come from one resampling."""

    value: float
    values: Floats
    """Sorted; undefined resamples are left out."""
    acceleration: float
    method: str
    usable: bool
    """False where too many resamples were undefined or none differed."""

    def limits(self, level: float) -> tuple[float, float]:
        """Two-sided limits at a level; NaN where there are no values."""
        if not len(self.values) or not math.isfinite(self.value):
            return float("nan"), float("nan")
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if self.method.startswith("normal"):
            spread = ndtri(tails) * float(self.values.std(ddof=1))
            return float(self.value + spread[0]), float(self.value + spread[1])
        count = len(self.values)
        below = np.searchsorted(self.values, self.value, "left")
        through = np.searchsorted(self.values, self.value, "right")
        share = (below + through) / 2 / count
        bias = float(ndtri(min(max(share, 0.5 / count), 1 - 0.5 / count)))
        shifted = bias + ndtri(tails)
        corrected = ndtr(bias + shifted / (1 - self.acceleration * shifted))
        lower, upper = np.quantile(self.values, corrected)
        return float(min(lower, upper)), float(max(lower, upper))


def distribution(
    evaluate: Evaluator | Callable[[Floats], Floats],
    plan: Design,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    normal: bool = False,
) -> Distribution:
    """Resample a statistic.

    Args:
        evaluate: the statistic of weighted units [b, plan.size] to values [b].
        plan: what is drawn.
        seed: of the draws.
        resamples: how many.
        normal: take normal limits with the bootstrap's standard error, which saves the jackknife.
    """
    value = float(evaluate(np.ones((1, plan.size)))[0])
    drawn = np.concatenate([evaluate(weights) for weights in weightings(plan, resamples, seed)])
    finite = np.sort(drawn[np.isfinite(drawn)])
    usable = len(finite) >= 0.95 * resamples and finite[0] < finite[-1]
    acceleration = 0.0 if normal or not usable else _acceleration(evaluate, plan, seed)
    parts = ["normal bootstrap" if normal else "bca bootstrap", plan.name, f"{resamples} resamples"]
    return Distribution(value, finite, acceleration, ", ".join(part for part in parts if part), bool(usable))


def _acceleration(evaluate: Evaluator | Callable[[Floats], Floats], plan: Design, seed: int) -> float:
    """Skewness of the block jackknife over six times its root sum of squares to the power 1.5."""
    blocks = min(JACKKNIFE_BLOCKS, plan.size)
    order = np.random.default_rng([seed, 1]).permutation(plan.size)
    if plan.strata is not None:  # spread each class over all blocks
        order = order[np.argsort(plan.strata[order], kind="stable")]
    block_of = np.empty(plan.size, dtype=np.intp)
    block_of[order] = np.arange(plan.size) % blocks
    chunk = max(1, _CELLS // plan.size)
    parts = []
    for start in range(0, blocks, chunk):
        left_out = np.arange(start, min(start + chunk, blocks))
        parts.append(evaluate(np.asarray(block_of[None, :] != left_out[:, None], dtype=np.float64)))
    values = np.concatenate(parts)
    values = values[np.isfinite(values)]
    deviations = values.mean() - values if len(values) else values
    squares = float((deviations**2).sum())
    return float((deviations**3).sum() / (6 * squares**1.5)) if squares > 0 else 0.0
