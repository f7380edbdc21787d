"""Who is in the data: shares of groups in training and test rows or the population, and data quality by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.evaluation.criteria import FairnessCriteria
from tools.evaluation.group_rates import favourable_of
from tools.evaluation.groups import groups_of
from tools.records import Record, Task


class Representation(Record):
    """Share of a group in the training rows, the test rows and, where stated, the population."""

    column: str
    group: str
    train: float
    test: float
    population: float | None
    p: float
    """Chi-square over the column's groups: train against test, or all rows against a stated population."""


class Measurement(Record):
    """Data quality by group, over training and test rows: unequal quality is measurement bias."""

    column: str
    group: str
    rows: int
    missing_cells: float
    """Share of cells without a value in the other columns."""
    label_mean: float | None
    """Share of the favourable class, or mean of the target; None with more than two classes."""


def representation(
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Sequence[str],
    population: dict[str, dict[str, float]] | None = None,
    minimum_rows: int = 100,
) -> tuple[Representation, ...]:
    """Shares of groups in training and test rows, against each other or against a stated population.

    Args:
        train: training rows.
        test: test rows.
        columns: protected columns.
        population: column to group to share, as stated; None where nothing was stated.
        minimum_rows: as for `groups_of`.
    """
    from scipy.stats import chi2, chi2_contingency

    made: list[Representation] = []
    for column in columns:
        names = groups_of(pd.concat([train[column], test[column]], ignore_index=True), minimum_rows)
        levels = sorted(set(names.tolist()))
        counts = np.array([[(part == level).sum() for level in levels] for part in np.split(names, [len(train)])])
        stated = (population or {}).get(column)
        if len(levels) < 2:
            p = 1.0
        elif stated:
            total = counts.sum(axis=0)
            expected = np.array([max(stated.get(level, 0.0), 1e-9) for level in levels]) * total.sum()
            p = float(chi2.sf(((total - expected) ** 2 / expected).sum(), len(levels) - 1))
        else:
            p = float(chi2_contingency(counts, correction=False).pvalue)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        for k, level in enumerate(levels):
            made.append(
                Representation(
                    column=column,
                    group=level,
                    train=float(shares[0, k]),
                    test=float(shares[1, k]),
                    population=(stated or {}).get(level),
                    p=p,
                )
            )
    return tuple(made)


def measurement(
    frame: pd.DataFrame, y: NDArray[Any], columns: Sequence[str], features: Sequence[str], task: Task,
    criteria: FairnessCriteria,
) -> tuple[Measurement, ...]:  # fmt: skip
    """Missing cells and label rate by group."""
    made: list[Measurement] = []
    favourable = favourable_of(np.asarray(y), criteria) if task == "binary" else np.asarray(y, dtype=np.float64)
    for column in columns:
        names = groups_of(frame[column], criteria.minimum_rows)
        others = [feature for feature in features if feature != column]
        missing = frame[others].isna().to_numpy(dtype=np.float64).mean(axis=1) if others else np.zeros(len(frame))
        for level in sorted(set(names.tolist())):
            inside = names == level
            made.append(
                Measurement(
                    column=column,
                    group=level,
                    rows=int(inside.sum()),
                    missing_cells=float(missing[inside].mean()),
                    label_mean=None if task == "multiclass" else float(favourable[inside].mean()),
                )
            )
    return tuple(made)
