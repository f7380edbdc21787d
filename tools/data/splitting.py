"""The split: training, validation and test rows, what ties rows together, and the folds for resampling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from tools.data.allocation import allocate
from tools.errors import InputError
from tools.records import Record
from tools.wording import Sentence, inert

SplitKind = Literal["random", "stratified", "grouped", "time", "given"]
SchemeKind = Literal["stratified", "random", "grouped", "time"]
Indices = NDArray[np.int64]

PARTS = ("train", "validation", "test")
PART_WORDS = {
    "train": "train", "training": "train", "learn": "train", "fit": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "holdout": "test", "eval": "test",
}  # fmt: skip
"""Values that a given split column may hold."""


class SplitScheme(Record):
    """How training rows are resampled, in the manner of the split itself."""

    kind: SchemeKind
    folds: int
    column: str | None = None
    """Group or time column; None with kind ``time`` means row order."""
    prefix: str | None = None
    """Where the group column is unique by row: the mark before which its texts repeat."""
    tie: tuple[str, ...] = ()
    """Columns whose rows stay together where all of them are equal; empty where no such rows were found."""
    gap: float = 0.0
    """Least distance between training and later rows: days for dates, else the column's unit or rows."""
    seed: int = 0


class Part(Record):
    """One part of the split."""

    rows: int
    share: float
    classes: dict[str, int] = Field(default_factory=dict)
    """Rows by class; empty for regression."""
    starts: str | None = None
    ends: str | None = None


class Overlap(Record):
    """Rows of one part that have a counterpart in another."""

    what: Literal["rows", "near rows", "entities"]
    column: str | None = None
    left: str
    right: str
    rows: int
    """Rows of the right part with a counterpart in the left one."""
    share: float


class SplitReport(Record):
    """How the rows were split (``split.json``)."""

    version: int = 1
    kind: SplitKind
    column: str | None = None
    parts: dict[str, Part]
    scheme: SplitScheme
    unlabelled: int = 0
    """Rows without a label, set aside."""
    between: int = 0
    """Rows inside the gap between parts, set aside."""
    tied: int = 0
    """Rows that share all their feature values with another row and were kept with it."""
    groups: int = 0
    """Distinct groups, where the split is grouped."""
    overlaps: tuple[Overlap, ...] = ()
    seed: int = 0
    notes: tuple[Sentence, ...] = ()


def folds(
    scheme: SplitScheme,
    y: NDArray[np.int64] | NDArray[np.float64] | None,
    groups: Indices | None = None,
    order: NDArray[np.float64] | None = None,
) -> list[tuple[Indices, Indices]]:
    """Resampling folds over training rows, in the split's own scheme.

    Args:
        scheme: from ``split.json``.
        y: n class codes (stratified over them) or n floats (not stratified); needed for its length at least.
        groups: n group codes from ``fold_groups``; rows of one group are never on both sides. None where there are
            none.
        order: n positions in time from ``fold_order``; needed for kind ``time``.

    Returns:
        (training, held-out) row positions, both ascending. For kind ``time`` the training rows are all that come
        before the held-out block (expanding window), less the gap; the first block is never held out. Otherwise
        each row is held out exactly once.

    Raises:
        InputError: fewer than two folds can be made.
    """
    source = y if y is not None else groups if groups is not None else order
    if source is None:
        raise InputError("Folds need at least one of target, groups and order.")
    rows = len(source)
    strata = _strata(y, rows)
    if scheme.kind == "time":
        return _time_folds(scheme, strata, order if order is not None else np.arange(rows, dtype=np.float64))
    count = fold_count(scheme, strata, groups)
    parts = allocate(strata, groups, np.full(count, 1.0 / count), (scheme.seed, count))
    everything = np.arange(rows, dtype=np.int64)
    return [(everything[parts != fold], everything[parts == fold]) for fold in range(count)]


def fold_count(scheme: SplitScheme, strata: Indices, groups: Indices | None) -> int:
    """Folds that the rarest class and the number of groups allow, at most the scheme's.

    Raises:
        InputError: fewer than two.
    """
    limit = len(strata)
    if scheme.kind in ("stratified", "grouped") and int(strata.max(initial=0)) > 0:
        smallest = int(np.bincount(strata)[np.unique(strata)].min())
        limit = min(limit, max(2, smallest) if scheme.kind == "stratified" else limit)
    if groups is not None:
        limit = min(limit, len(np.unique(groups)))
    if limit < 2:
        raise InputError(
            "The training rows can't be resampled: they hold fewer than two groups or rows.",
            hint="Choose another split.kind or split.column.",
        )
    return min(scheme.folds, limit)


def _strata(y: NDArray[np.int64] | NDArray[np.float64] | None, rows: int) -> Indices:
    if y is None or not np.issubdtype(y.dtype, np.integer):
        return np.zeros(rows, dtype=np.int64)
    return np.unique(y, return_inverse=True)[1].astype(np.int64)


def _time_folds(scheme: SplitScheme, strata: Indices, order: NDArray[np.float64]) -> list[tuple[Indices, Indices]]:
    ranked = np.argsort(order, kind="stable")
    times = order[ranked]
    cuts = [find_time(times, round(len(times) * part / (scheme.folds + 1))) for part in range(scheme.folds + 2)]
    several = len(np.unique(strata)) > 1
    made = []
    for start, end in pairwise(cuts[1:]):
        if start == 0 or start >= end:
            continue
        earlier = ranked[:start]
        if scheme.gap:
            earlier = earlier[order[earlier] < times[start] - scheme.gap]
        if len(earlier) == 0 or (several and len(np.unique(strata[earlier])) < 2):
            continue
        made.append((np.sort(earlier).astype(np.int64), np.sort(ranked[start:end]).astype(np.int64)))
    if len(made) < 2:
        raise InputError(
            "The training rows can't be resampled in time order: they hold too few points in time.",
            hint="Choose another split.kind or split.column.",
        )
    return made


def find_time(times: NDArray[np.float64], position: int) -> int:
    """The position moved back to where its point in time begins, so that one instant is never on both sides."""
    if position <= 0 or position >= len(times):
        return max(0, min(position, len(times)))
    return int(np.searchsorted(times, times[position], side="left"))


def fold_groups(frame: pd.DataFrame, scheme: SplitScheme) -> Indices | None:
    """Group codes for ``folds``: rows of one entity, and rows equal in all tied columns, share a code.

    Args:
        frame: n rows with the columns of ``train.parquet`` (before cleaning takes any away).
        scheme: from ``split.json``.

    Returns:
        n codes 0..g-1 in order of first appearance, or None where the scheme ties no rows.
    """
    links: list[Indices] = []
    if scheme.kind == "grouped" and scheme.column is not None:
        links.append(group_codes(frame[scheme.column], scheme.prefix))
    tie = [column for column in scheme.tie if column in frame.columns]
    if tie and scheme.kind != "time":
        links.append(row_codes(frame, tie))
    if not links:
        return None
    return join_groups(links)


def fold_order(frame: pd.DataFrame, scheme: SplitScheme) -> NDArray[np.float64] | None:
    """Position in time of each row for ``folds`` (days for dates); None where the scheme is not by time."""
    if scheme.kind != "time":
        return None
    return time_positions(frame, scheme.column)


def time_positions(frame: pd.DataFrame, column: str | None) -> NDArray[np.float64]:
    """Days since 1970 for a date column, the values of a number column, or the row's place where column is None.

    Raises:
        InputError: the column has missing values or is neither date nor number.
    """
    if column is None:
        return np.arange(len(frame), dtype=np.float64)
    series = frame[column]
    if series.isna().any():
        raise InputError(
            f'The time column "{inert(column)}" has {int(series.isna().sum()):,} missing values.',
            hint="Choose another split.column, or rows with a time.",
            column=column,
        )
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return series.astype("datetime64[us]").astype("int64").to_numpy(dtype=np.float64) / 86_400e6
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64)
    raise InputError(
        f'The time column "{inert(column)}" is text that was not read as dates.',
        hint="Choose a date or number column for split.column.",
        column=column,
    )


def group_codes(series: pd.Series, prefix: str | None = None) -> Indices:
    """Codes of equal values in order of first appearance; each missing value is a group of its own."""
    values = series.astype("str").str.split(prefix, n=1, regex=False).str[0] if prefix else series
    codes = pd.factorize(values, use_na_sentinel=True)[0].astype(np.int64)
    alone = np.flatnonzero(codes < 0)
    codes[alone] = np.arange(len(alone)) + (int(codes.max(initial=-1)) + 1)
    return codes


def row_codes(frame: pd.DataFrame, columns: Sequence[str]) -> Indices:
    """Codes of rows that are equal in all these columns, missing being equal to missing."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        found = pd.factorize(frame[column], use_na_sentinel=False)[0].astype(np.int64)
        codes = pd.factorize(codes * (int(found.max(initial=0)) + 1) + found)[0].astype(np.int64)
    return codes


def join_groups(links: Sequence[Indices]) -> Indices:
    """Codes of the connected parts where rows are linked by any of several groupings."""
    if len(links) == 1:
        return pd.factorize(links[0])[0].astype(np.int64)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = len(links[0])
    offset, ends = rows, []
    for codes in links:
        ends.append(codes + offset)
        offset += int(codes.max(initial=0)) + 1
    left = np.tile(np.arange(rows), len(links))
    graph = coo_matrix((np.ones(len(left)), (left, np.concatenate(ends))), shape=(offset, offset))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(pd.factorize(labels[:rows])[0], dtype=np.int64)
