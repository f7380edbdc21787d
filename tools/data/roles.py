"""What a column is there for (number, category, identifier, entity, time), by its values before its name."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from tools.data.key_names import says_calendar, says_key, says_time
from tools.data.targets import class_text

Role = Literal["number", "category", "boolean", "date", "text", "identifier", "constant"]

LEAST_ROWS = 20
"""Rows below which being different in each says nothing."""
UNIQUE = 0.99
"""Share of distinct values from which a column is different in (almost) every row."""
LEAST_BLOCKS = 8
ALIKE = 0.9
"""Share of blocks that must have one size for a column to count entities."""
TWO_STATES = ({"0", "1"}, {"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"ja", "nein"}, {"oui", "non"})
PREFIX_MARKS = ("_", "-", "/", ":", ".", "#")


def role_of(
    series: pd.Series, present: pd.Series, kind: str, distinct: int, name: str, length: float, mean_words: float
) -> tuple[Role, bool]:
    """The role of a column, and whether it is an identifier beyond doubt (it counts the rows, or its name says so).

    Args:
        series: all values.
        present: those that are not missing.
        kind: the type as read.
        distinct: number of distinct values.
        name: the column's name.
        length: mean characters per text.
        mean_words: mean words per text.
    """
    if distinct <= 1:
        return "constant", False
    unique = distinct >= UNIQUE * len(present) and len(present) >= LEAST_ROWS
    if kind in ("integer", "number") and unique and not tells_time(series, name):
        if counts_rows(series):
            return "identifier", True
        if kind == "integer" and len(present) == len(series) and says_key(name):
            return "identifier", True
    if kind == "text" and unique and mean_words < 2.5 and length <= 40:
        return "identifier", says_key(name)
    if kind == "text" and unique and length <= 60 and mean_words < 6:
        return "identifier", False
    if kind == "date":
        return "date", False
    if kind == "boolean" or _two_state(present, distinct):
        return "boolean", False
    if kind == "text":
        return ("text" if mean_words > 4 and distinct > max(20, 0.1 * len(present)) else "category"), False
    return "number", False


def counts_rows(series: pd.Series) -> bool:
    """Whether whole numbers without a gap number the rows, in whatever order."""
    values = _whole(series)
    if values is None or len(values) < LEAST_ROWS:
        return False
    return bool(values.max() - values.min() + 1 == len(values) and len(np.unique(values)) == len(values))


def tells_time(series: pd.Series, name: str) -> bool:
    """Whether whole numbers stand for time: the name says so, and they never fall along the rows."""
    if not says_time(name):
        return False
    values = _whole(series)
    return values is not None and len(np.unique(values)) >= LEAST_BLOCKS and bool((np.diff(values) >= 0).all())


def in_blocks(series: pd.Series, name: str) -> bool:
    """Whether rows that share a value follow one another in blocks of one size, as repeated looks at entities do.

    Parts of the calendar come in such blocks too and are left out by their names.
    """
    if says_calendar(name) or says_time(name) or series.isna().any():
        return False
    if pd.api.types.is_numeric_dtype(series.dtype):
        if pd.api.types.is_bool_dtype(series.dtype) or _whole(series) is None:
            return False
    elif pd.api.types.is_datetime64_any_dtype(series.dtype):
        return False
    codes = pd.factorize(series)[0]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    if not LEAST_BLOCKS <= len(starts) <= len(codes) / 2 or len(starts) != int(codes.max()) + 1:
        return False
    sizes = np.diff(starts, append=len(codes))
    return bool(float((sizes == np.median(sizes)).mean()) >= ALIKE)


def prefix_of(present: pd.Series) -> tuple[str | None, int | None]:
    """The mark before which the texts of a unique column repeat, and how many such prefixes there are."""
    for mark in PREFIX_MARKS:
        if not present.str.contains(mark, regex=False).all():
            continue
        groups = int(present.str.split(mark, n=1, regex=False).str[0].nunique())
        if 2 < groups <= 0.5 * len(present):
            return mark, groups
    return None, None


def _whole(series: pd.Series) -> np.ndarray | None:
    """The values as floats where all are there and whole."""
    if not pd.api.types.is_numeric_dtype(series.dtype) or series.isna().any() or not len(series):
        return None
    values = series.to_numpy(dtype=np.float64)
    return values if bool((np.isfinite(values) & (values == np.floor(values))).all()) else None


def _two_state(present: pd.Series, distinct: int) -> bool:
    if distinct != 2:
        return False
    return {class_text(value).casefold() for value in present.drop_duplicates().tolist()} in TWO_STATES
