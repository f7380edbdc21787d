"""Rare classes: weights against imbalance, and synthetic rows (SMOTE), on the training rows of a fold only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.modeling.families.base import Choice, Floats, Layout, Rows, Size

RARE = 0.25
"""Below this share of the rarest class the search may weigh or resample."""
SMOTE_ROWS = 20_000
"""Above this many rows SMOTE is not offered: its neighbour search costs more than it has been seen to give."""


def imbalance_choice(size: Size, takes_weights: bool, task: str) -> Choice | None:
    """What the search may do against imbalance; None where the classes are balanced enough."""
    if task == "regression" or size.minority >= RARE or not takes_weights:
        return None
    smote = task == "binary" and size.rows <= SMOTE_ROWS and size.minority * size.rows >= 20
    return Choice(("none", "weights", "smote") if smote else ("none", "weights"))


def class_weights(y: NDArray[np.int64]) -> Floats:
    """Row weights that give every class the same total: n / (k · n of the class), scikit-learn's "balanced"."""
    counts = np.bincount(y)
    present = counts > 0
    per_class = np.zeros(len(counts))
    per_class[present] = len(y) / (present.sum() * counts[present])
    return np.asarray(per_class[y], dtype=np.float64)


def balanced_rows(
    method: str, layout: Layout, x: Rows, y: NDArray[np.int64], weights: Floats | None, seed: int
) -> tuple[Rows, NDArray[np.int64], Floats | None]:
    """Training rows made ready against imbalance.

    Args:
        method: none, weights or smote.
        layout: what the columns are.
        x: training rows [n, f].
        y: class codes [n], each class present.
        weights: row weights that hold anyhow, or None.
        seed: of the resampling.

    Returns:
        Rows, codes and weights; SMOTE appends synthetic rows of the rare class, the others are untouched.
    """
    if method == "weights":
        against = class_weights(y)
        return x, y, against if weights is None else against * weights
    if method != "smote" or np.bincount(y).min() < 3:
        return x, y, weights
    more_x, more_y = synthetic_rows(layout, x, y, seed)
    if weights is not None:
        weights = np.concatenate([weights, np.full(len(more_y), weights.mean())])
    return np.concatenate([x, more_x]), np.concatenate([y, more_y]), weights


def synthetic_rows(layout: Layout, x: Rows, y: NDArray[np.int64], seed: int) -> tuple[Rows, NDArray[np.int64]]:
    """SMOTE's synthetic rows (Chawla et al., 2002); SMOTENC's where some columns hold codes.

    Missing numbers count as the median and missing codes as a level of their own while neighbours are sought; the
    synthetic rows hold those values.
    """
    from imblearn.over_sampling import SMOTE, SMOTENC

    filled = x.copy()
    for j in range(x.shape[1]):
        missing = np.isnan(x[:, j])
        if missing.any():
            stand_in = np.nanmax(x[:, j]) + 1 if j in layout.categorical and not missing.all() else 0.0
            if j not in layout.categorical and not missing.all():
                stand_in = np.nanmedian(x[:, j])
            filled[missing, j] = stand_in
    neighbours = int(min(5, np.bincount(y).min() - 1))
    if len(layout.categorical) == layout.width:
        return x[:0], y[:0]  # neighbours of pure codes mean nothing
    settings = {"k_neighbors": neighbours, "random_state": seed % 2**32}
    sampler = SMOTENC(list(layout.categorical), **settings) if layout.categorical else SMOTE(**settings)
    more_x, more_y = sampler.fit_resample(filled, y)
    return more_x[len(x) :].astype(np.float32), more_y[len(y) :].astype(np.int64)
