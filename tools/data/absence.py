"""Marks such as "NA" in columns of words: whether they may mean "none", which is a level, rather than "unknown"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tools.data.inference import Inferred
from tools.data.reading import WrittenNone

NONE_MARKS = ("NA", "N/A", "n/a", "N.A.", "n.a.", "na")
"""Marks that people write for "not applicable" as well as for "not available"."""
FEWEST = 3
MOST_LEVELS = 50
"""Levels past which a column holds texts rather than kinds of something."""
AGREE = 0.995
"""Share of the rows in which a number must be zero where, and only where, the mark stands."""
LOOKED_AT = 100_000


def written_none(found: Sequence[Inferred], values: Mapping[str, pd.Series]) -> tuple[WrittenNone, ...]:
    """Columns of words in which a mark for a missing value may mean "none", with what speaks for it.

    Args:
        found: what was decided for each raw column.
        values: the columns as read.
    """
    numbers = {
        inferred.reading.name: values[inferred.reading.name].to_numpy(dtype=np.float64, na_value=np.nan)[:LOOKED_AT]
        for inferred in found
        if inferred.reading.type in ("number", "integer")
    }
    in_numbers = any(mark in NONE_MARKS for each in found if each.reading.type != "text" for mark in each.marks)
    blank = any(inferred.blank for inferred in found)
    made = []
    for inferred in found:
        column = inferred.reading.name
        marks = [mark for mark in inferred.marks if mark in NONE_MARKS]
        if inferred.reading.type != "text" or not marks:
            continue
        mark = max(marks, key=lambda each: inferred.marks[each])
        levels = values[column].nunique()
        if inferred.marks[mark] < FEWEST or not 0 < levels <= MOST_LEVELS:
            continue
        zero = _zero_beside(values[column].isna().to_numpy()[:LOOKED_AT], numbers)
        made.append(
            WrittenNone(
                column=column,
                mark=mark,
                cells=inferred.marks[mark],
                blank=inferred.blank,
                zero=zero,
                likely=zero is not None or (blank and not in_numbers),
                in_numbers=in_numbers,
            )
        )
    return tuple(made)


def _zero_beside(absent: np.ndarray, numbers: Mapping[str, np.ndarray]) -> str | None:
    """The column of numbers that is zero where the mark stands and there only."""
    for name, column in numbers.items():
        known = np.isfinite(column)
        zero = column == 0
        if zero.any() and not zero.all() and np.mean((zero == absent)[known]) >= AGREE:
            # rare marks agree with rare zeros by chance: nearly all of both must coincide
            both = np.sum(zero & absent)
            if both >= AGREE * max(np.sum(zero), np.sum(absent & known)):
                return name
    return None
