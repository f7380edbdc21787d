"""Whether the test rows resemble the training rows: equal rows, and a model that tries to tell the two apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.evaluation.intervals import estimate
from tools.evaluation.metrics import Predictions
from tools.records import Record

SHIFT_ROWS = 5000
"""Rows of each part that the shift classifier looks at."""


class Shift(Record):
    """Whether a small model can tell test rows from training rows."""

    auc: float | None
    lower: float | None
    upper: float | None
    columns: tuple[str, ...] = ()
    """Columns that tell them apart best, best first; empty where the interval holds one half."""
    rows: int = 0


class Overlap(Record):
    """Test rows that the training rows already hold, and rows whose labels contradict each other."""

    rows: int
    """Test rows equal to a training row in all feature columns."""
    agreeing: int
    """Of these, rows with the same label."""
    conflicting: int
    """Test rows equal to another test row but with another label."""
    without: float | None
    """The primary metric without the overlapping rows; None where none overlap or too few remain."""


def overlap(
    train: pd.DataFrame, test: pd.DataFrame, columns: Sequence[str], target: str
) -> tuple[Overlap, NDArray[np.bool_]]:
    """Test rows that training already holds (all feature columns equal, missing equal to missing), and conflicts.

    Returns:
        The counts (`without` still open), and which test rows overlap [n].
    """
    codes = _row_codes(pd.concat([train[list(columns)], test[list(columns)]], ignore_index=True))
    seen, mine = codes[: len(train)], codes[len(train) :]
    labels_seen = train[target].astype("str").to_numpy(dtype=object)
    labels = test[target].astype("str").to_numpy(dtype=object)
    both = np.isin(mine, seen)
    pairs = {(int(code), label) for code, label in zip(seen, labels_seen, strict=True)}
    agreeing = sum((int(code), label) in pairs for code, label in zip(mine[both], labels[both], strict=True))
    by_code = pd.DataFrame({"code": mine, "label": labels}).groupby("code")["label"].transform("nunique")
    return (
        Overlap(rows=int(both.sum()), agreeing=agreeing, conflicting=int((by_code > 1).sum()), without=None),
        both,
    )


def shift(
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Sequence[str],
    seed: int,
    groups: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Shift:
    """Try to tell test rows from training rows by a small gradient boosting, out of fold.

    An AUC of one half means that the two look alike; the interval is DeLong's over out-of-fold scores. Rows that repeat
    another are left out and entities stay in one fold: as the split keeps them on one side, they would give it away.

    Args:
        train: training rows.
        test: test rows.
        columns: what is looked at.
        seed: of sampling, folds and model.
        groups: entity of each training and of each test row, where the split keeps entities together.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    random = np.random.default_rng(seed)
    parts, entities = [], []
    for place, frame in enumerate((train, test)):
        rows = np.flatnonzero(~frame[list(columns)].duplicated().to_numpy()) if columns else np.arange(len(frame))
        if len(rows) > SHIFT_ROWS:
            rows = np.sort(random.choice(rows, SHIFT_ROWS, replace=False))
        parts.append(frame.iloc[rows])
        entities.append(rows if groups is None else groups[place][rows])
    if min(map(len, parts)) < 30 or not columns:
        return Shift(auc=None, lower=None, upper=None, rows=sum(map(len, parts)))
    joined = pd.concat([part[list(columns)] for part in parts], ignore_index=True)
    x = np.stack([_codes(joined[column]) for column in columns], axis=1)
    y = np.repeat([0, 1], [len(part) for part in parts])
    tied = np.concatenate([entities[0], entities[1] + int(entities[0].max()) + 1])
    state = seed % 2**32
    few = groups is not None and min(len(np.unique(part)) for part in entities) < 9
    if few:
        return Shift(auc=None, lower=None, upper=None, rows=len(y))
    folds = (StratifiedKFold if groups is None else StratifiedGroupKFold)(3, shuffle=True, random_state=state)
    p = np.zeros(len(y))
    for learn, hold in folds.split(x, y, None if groups is None else tied):
        model = HistGradientBoostingClassifier(max_iter=40, max_depth=3, early_stopping=False, random_state=state)
        p[hold] = model.fit(x[learn], y[learn]).predict_proba(x[hold])[:, 1]
    found = estimate("roc_auc", y, Predictions(probabilities=np.stack([1 - p, p], axis=1))).at(0.95)
    apart: tuple[str, ...] = ()
    if found.lower is not None and found.lower > 0.5:
        apart = tuple(sorted(columns, key=lambda c: (-_distance(parts[0][c], parts[1][c]), str(c))))[:3]
    return Shift(auc=found.value, lower=found.lower, upper=found.upper, columns=apart, rows=len(y))


def _distance(a: Any, b: Any) -> float:
    """Kolmogorov-Smirnov distance of numbers (missing lowest), total variation distance of levels."""
    if a.dtype.kind in "biufM":
        both = _codes(pd.concat([a, b], ignore_index=True))
        both = np.nan_to_num(both, nan=-np.inf)
        first, second = np.sort(both[: len(a)]), np.sort(both[len(a) :])
        grid = np.unique(both)
        return float(
            np.abs(
                np.searchsorted(first, grid, "right") / len(first)
                - np.searchsorted(second, grid, "right") / len(second)
            ).max()
        )
    shares = [s.astype("str").fillna("").value_counts(normalize=True) for s in (a, b)]
    return float(np.abs(shares[0].subtract(shares[1], fill_value=0.0).to_numpy()).sum() / 2)


def _codes(series: pd.Series) -> NDArray[np.float64]:
    if series.dtype.kind == "M":
        values = series.astype("datetime64[us]").astype("int64").to_numpy(dtype=np.float64)
        return np.asarray(np.where(series.isna(), np.nan, values), dtype=np.float64)
    if series.dtype.kind in "biuf":
        return series.to_numpy(dtype=np.float64)
    codes = np.asarray(pd.factorize(series, sort=True)[0], dtype=np.float64)
    return np.asarray(np.where(codes < 0, np.nan, codes), dtype=np.float64)


def _row_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in frame.columns:
        found = pd.factorize(frame[column], use_na_sentinel=False)[0].astype(np.int64)
        codes = pd.factorize(codes * (int(found.max(initial=0)) + 1) + found)[0].astype(np.int64)
    return codes
