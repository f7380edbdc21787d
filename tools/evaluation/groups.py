"""Groups of a protected column: its levels, or bands where it holds many numbers; a missing value is a group."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING = "(missing)"
OTHERS = "(other levels)"
MOST_LEVELS = 12
"""Beyond so many levels, those too small to be judged are pooled."""
_AGE = re.compile(r"(^|[^a-z])age([^a-z]|$)")
_AGE_BINS = ((-math.inf, 25.0, "under 25"), (25.0, 60.0001, "25 to 60"), (60.0001, math.inf, "over 60"))


def groups_of(series: pd.Series, minimum_rows: int = 100) -> NDArray[np.object_]:
    """The group of each row.

    Numbers with more than ten values are binned: ages into under 25, 25 to 60, over 60, others by terciles; dates by
    terciles. A missing value is a group of its own. Of more than twelve levels, those under the minimum are pooled.
    """
    present = series.notna().to_numpy(dtype=bool)
    if series.dtype.kind in "iufM" and int(series.nunique()) > 10:
        names = _binned(series)
    else:
        names = np.array([_level(value) for value in series.tolist()], dtype=object)
    names[~present] = MISSING
    levels, counts = np.unique(names.astype(str), return_counts=True)
    if len(levels) > MOST_LEVELS:
        small = {
            level for level, count in zip(levels, counts, strict=True) if count < minimum_rows and level != MISSING
        }
        names = np.array([OTHERS if name in small else name for name in names], dtype=object)
    return names


def group_frame(
    reference: pd.DataFrame, rows: pd.DataFrame, columns: Sequence[str], minimum_rows: int = 100
) -> pd.DataFrame:
    """Groups of `rows`, with bands and pooled levels drawn over both frames, so that two parts share their names."""
    made = {}
    for column in columns:
        joined = pd.concat([reference[column], rows[column]], ignore_index=True)
        made[column] = pd.Series(groups_of(joined, minimum_rows)[len(reference) :], dtype="str")
    return pd.DataFrame(made)


def _level(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _binned(series: pd.Series) -> NDArray[np.object_]:
    names = np.full(len(series), MISSING, dtype=object)
    present = series.notna().to_numpy(dtype=bool)
    dates = series.dtype.kind == "M"
    numbers = (
        series.astype("datetime64[us]").astype("int64").to_numpy(dtype=np.float64)
        if dates
        else series.to_numpy(dtype=np.float64)
    )
    if not dates and _AGE.search(str(series.name).lower()) and np.nanmin(numbers) >= 0 and np.nanmax(numbers) <= 130:
        for lower, upper, name in _AGE_BINS:
            names[present & (numbers >= lower) & (numbers < upper)] = name
        return names
    low, high = np.quantile(numbers[present], [1 / 3, 2 / 3], method="lower")

    def shown(value: float) -> str:
        return str(np.datetime64(int(value), "us"))[:10] if dates else f"{value:g}"

    names[present & (numbers <= low)] = f"up to {shown(low)}"
    names[present & (numbers > low) & (numbers <= high)] = f"{shown(low)} to {shown(high)}"
    names[present & (numbers > high)] = f"over {shown(high)}"
    return names
