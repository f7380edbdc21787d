"""What a table as a whole gives away under a random split: the order of its rows, its entities, drift over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.profiling import Profile
from tools.data.splitting import SplitScheme, folds, group_codes
from tools.data.strength import strength
from tools.wording import Sentence, say

ORDER_AUC, ORDER_R2 = 0.65, 0.2
NEIGHBOURS = 0.5
"""Agreement of neighbouring labels beyond chance from which rows are not independent (kappa, or correlation)."""
ENTITY = 0.98


def table_leaks(
    sample: pd.DataFrame,
    y: NDArray[Any],
    classes: Sequence[str],
    profile: Profile,
    scheme: SplitScheme,
) -> list[Sentence]:
    """What a random split of this table would give away.

    Args:
        sample: training rows in the order of the source.
        y: their targets.
        classes: declared classes; empty for regression.
        profile: the profile of the training rows.
        scheme: how training rows are resampled; only a random one is looked at.
    """
    if scheme.kind not in ("random", "stratified"):
        return []
    told: list[Sentence] = []
    position = pd.Series(np.arange(len(sample)))
    plain = folds(SplitScheme(kind=scheme.kind, folds=5, seed=scheme.seed), y)
    order = strength(position, y, plain, len(classes))
    by_target = sorted_by(y, bool(classes))
    if not by_target and order is not None and order.value >= (ORDER_AUC if classes else ORDER_R2):
        told.append(
            say(
                "the place of a row in the file alone predicts the target ({metric} {value|ratio}): where that order "
                "is one of time, a random split flatters; consider a split by time",
                metric="AUC" if classes else "R²",
                value=order.value,
            )
        )
    alike = _neighbours(y, len(classes))
    if alike >= NEIGHBOURS and not told and not by_target:
        told.append(
            say(
                "neighbouring rows have much the same target (agreement beyond chance {value|ratio}): where they "
                "follow one another in time or belong to one entity, a random split flatters",
                value=alike,
            )
        )
    if profile.order_column is not None and profile.order_column in sample:
        dated = strength(sample[profile.order_column], y, plain, len(classes))
        if dated is not None and dated.value >= (ORDER_AUC if classes else ORDER_R2):
            told.append(
                say(
                    'the target drifts along "{column}" ({metric} {value|ratio} by date alone) while the split '
                    "is random",
                    column=profile.order_column,
                    metric="AUC" if classes else "R²",
                    value=dated.value,
                )
            )
    if classes:
        for column in profile.columns:
            entity = column.role == "identifier" and column.prefix is not None
            if column.name not in sample or not entity:
                continue
            groups = group_codes(sample[column.name], column.prefix)
            pure = purity(groups, y, len(classes))
            if pure >= ENTITY:
                told.append(
                    say(
                        'rows of one entity ("{column}" before "{mark}") share the class in {share|pct} of '
                        "cases: with a "
                        "random split a model only has to know the entity again",
                        column=column.name,
                        mark=column.prefix,
                        share=pure,
                    )
                )
    return told


def _neighbours(y: NDArray[Any], classes: int) -> float:
    """How alike the targets of neighbouring rows are: Cohen's kappa for classes, lag-one correlation for numbers."""
    if len(y) < 100:
        return 0.0
    if not classes:
        return float(np.corrcoef(y[:-1], y[1:])[0, 1]) if y.std() > 0 else 0.0
    shares = np.bincount(y, minlength=classes) / len(y)
    chance = float((shares**2).sum())
    return (float((y[:-1] == y[1:]).mean()) - chance) / (1 - chance) if chance < 1 else 0.0


def sorted_by(y: NDArray[Any], classes: bool) -> bool:
    """Whether the rows are sorted by the target: each class in one block, or numbers that never fall or never rise.

    Numbers also count as sorted where all rows of the most frequent one (such as none) stand together in a block of
    a tenth of the table or more.
    """
    if len(y) < 2:
        return False
    if not classes:
        steps = np.diff(y)
        if bool((steps >= 0).all() or (steps <= 0).all()):
            return True
        values, counts = np.unique(y, return_counts=True)
        if counts.max() < 0.1 * len(y):
            return False
        y = (y == values[counts.argmax()]).astype(np.int64)
    return int((y[1:] != y[:-1]).sum()) == len(np.unique(y)) - 1


def purity(codes: NDArray[np.int64], y: NDArray[np.int64], classes: int) -> float:
    """Share of the rows that have the most frequent class of their group.

    Args:
        codes: group of each of n rows, 0 to g - 1.
        y: class code of each row.
        classes: number of classes.
    """
    table = np.bincount(codes * classes + y, minlength=(int(codes.max()) + 1) * classes).reshape(-1, classes)
    return float(table.max(axis=1).sum() / len(y))
