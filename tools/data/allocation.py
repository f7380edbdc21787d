"""Dealing rows into parts: shares kept per stratum, groups never torn apart, the same deal for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


def allocate(strata: Codes, groups: Codes | None, shares: NDArray[np.float64], seed: tuple[int, ...]) -> Codes:
    """Deal n rows into parts of given shares.

    Rows that stand alone fill, stratum by stratum, what the groups have left of each part's quota; groups of several
    rows go first, largest first, each to the part that is farthest below its quotas (as scikit-learn's
    StratifiedGroupKFold does, with unequal shares allowed).

    Args:
        strata: n codes 0..s-1 whose proportions each part should keep.
        groups: n codes of rows that belong together; None where each row stands alone.
        shares: p positive shares; they are normalised.
        seed: seeds of the deal.

    Returns:
        n codes 0..p-1, the part of each row.
    """
    rows = len(strata)
    random = np.random.default_rng(list(seed))
    shares = shares / shares.sum()
    kinds = int(strata.max()) + 1 if rows else 1
    sizes = np.bincount(strata, minlength=kinds)
    quotas = np.stack([quota(int(size), shares) for size in sizes])
    parts = np.full(rows, -1, dtype=np.int64)
    filled = np.zeros_like(quotas)
    if groups is not None and rows:
        _, compact, counts = np.unique(groups, return_inverse=True, return_counts=True)
        for members in _shuffled_groups(compact, counts, random):
            contents = np.bincount(strata[members], minlength=kinds)
            part = _neediest(contents, filled, quotas)
            parts[members] = part
            filled[:, part] += contents
    for kind in range(kinds):
        alone = np.flatnonzero((strata == kind) & (parts < 0))
        if len(alone):
            room = _room(len(alone), quotas[kind], filled[kind], shares)
            parts[random.permutation(alone)] = np.repeat(np.arange(len(shares)), room)
    return parts


def quota(size: int, shares: NDArray[np.float64]) -> Codes:
    """Whole numbers that add up to ``size`` in these shares (largest remainder), none zero where ``size`` allows it."""
    whole = apportion(size, shares)
    if size >= len(shares):
        while (whole == 0).any():
            whole[int(np.argmax(whole))] -= 1
            whole[int(np.argmin(whole))] += 1
    return whole


def _shuffled_groups(compact: Codes, counts: Codes, random: np.random.Generator) -> list[Codes]:
    """Members of each group of several rows, the largest groups first, equal sizes in random order."""
    several = np.flatnonzero(counts > 1)
    several = random.permutation(several)
    several = several[np.argsort(-counts[several], kind="stable")]
    order = np.argsort(compact, kind="stable")
    ends = np.cumsum(counts)
    return [order[ends[group] - counts[group] : ends[group]] for group in several]


def _neediest(contents: Codes, filled: Codes, quotas: Codes) -> int:
    """The part where the squared relative distance from the quotas, over all parts, falls most."""
    scale = np.maximum(quotas, 1).astype(np.float64)
    before = ((filled - quotas) / scale) ** 2
    after = ((filled + contents[:, None] - quotas) / scale) ** 2
    # weighting by the quota keeps the small parts from drawing every large group
    gain = ((after - before) * scale)[contents > 0].sum(axis=0)
    # the sizes of the parts decide between parts that lack this stratum alike
    goal, have = np.maximum(quotas.sum(axis=0), 1).astype(np.float64), filled.sum(axis=0)
    size = (((have + contents.sum() - goal) / goal) ** 2 - ((have - goal) / goal) ** 2) * goal
    return int(np.argmin(gain + size))


def _room(rows: int, quotas: Codes, filled: Codes, shares: NDArray[np.float64]) -> Codes:
    """How many single rows each part takes: what is left of its quota, scaled where groups have overfilled others."""
    left = np.maximum(quotas - filled, 0).astype(np.float64)
    total = left.sum()
    return apportion(rows, left / total if total else shares)


def apportion(size: int, shares: NDArray[np.float64]) -> Codes:
    """Largest remainder without a minimum of one."""
    exact = size * shares
    whole = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: size - int(whole.sum())]] += 1
    return whole
