"""Two columns of one meaning, of which one may be set only later: where they differ, the outcome is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.leakage_forms import Found
from tools.wording import say

MOST_LEVELS = 60
SHARED, ALIKE = 0.5, 0.6
"""Share of the levels that both columns have, and of the rows in which they agree, from which they are twins."""
LEAST_ROWS = 50
"""Rows in which they differ, at the least."""
TOLD, ODDS = 0.85, 5.0
"""Share of one class where they differ, and its odds there against those where they agree, that are not by chance."""
LATER = re.compile(r"(?:^|[^a-z])(?:assigned|actual|final|revised|updated|new|real|given|confirmed)(?:[^a-z]|$)", re.I)


def twin_leaks(sample: pd.DataFrame, y: NDArray[Any], classes: Sequence[str], columns: Sequence[str]) -> list[Found]:
    """Columns that differ from a twin mostly where one class is.

    Args:
        sample: n training rows.
        y: their class codes.
        classes: declared classes.
        columns: columns to look at; those of texts are.

    Returns:
        The one of each such pair that is set later: by its name, else the one that stands later in the table.
    """
    levels = {name: set(sample[name].dropna().unique()) for name in columns if _is_text(sample[name])}
    levels = {name: values for name, values in levels.items() if 2 < len(values) <= MOST_LEVELS}
    found: dict[str, Found] = {}
    for first, second in combinations(levels, 2):
        if len(levels[first] & levels[second]) < SHARED * len(levels[first] | levels[second]):
            continue
        there = (sample[first].notna() & sample[second].notna()).to_numpy(dtype=bool)
        differ = there & (sample[first] != sample[second]).to_numpy(dtype=bool, na_value=False)
        rows = int(differ.sum())
        if rows < LEAST_ROWS or rows > (1 - ALIKE) * int(there.sum()):
            continue
        shares = np.bincount(y[differ], minlength=len(classes)) / rows
        code = int(shares.argmax())
        elsewhere = float((y[~differ] == code).mean())
        if shares[code] < TOLD or shares[code] * (1 - elsewhere) < ODDS * elsewhere * (1 - shares[code]):
            continue
        later, before = (first, second) if LATER.search(first) and not LATER.search(second) else (second, first)
        found.setdefault(
            later,
            (
                later,
                "differs from its twin",
                False,
                say(
                    '"{later}" says something else than "{before}" in {rows|int} rows, and {share|pct} of these are '
                    '"{label}" (of the others {elsewhere|pct}): it may be set only once the outcome shows',
                    later=later,
                    before=before,
                    rows=rows,
                    share=float(shares[code]),
                    label=classes[code],
                    elsewhere=elsewhere,
                ),
            ),
        )
    return list(found.values())


def _is_text(series: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_datetime64_any_dtype(series.dtype)
