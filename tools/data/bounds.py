"""Values that no computation can go on with: numbers too large, and days outside the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tools.serving.service.coerce import LARGEST
from tools.wording import Sentence, plural, say

FIRST, LAST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999", "us")
"""Days between which the calendar of programs runs."""


def within_bounds(values: pd.Series, name: str) -> tuple[pd.Series, Sentence | None]:
    """Values with those out of bounds missing, and what to tell of them.

    Args:
        values: a column as read.
        name: what it is called.
    """
    if values.dtype.kind == "M":
        outside = ((values < FIRST) | (values > LAST)).to_numpy(dtype=bool)
        kind = "dates outside the calendar"
    elif values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            outside = np.abs(values.to_numpy(dtype=np.float64)) > LARGEST
        kind = "numbers too large to compute with"
    else:
        return values, None
    count = int(outside.sum())
    if not count:
        return values, None
    told = say(
        '"{column}" holds {kind} in {cells|int} {word}, which {count} as missing',
        column=name,
        kind=kind,
        cells=count,
        word=plural(count, "cell"),
        count=plural(count, "counts", "count"),
    )
    return values.mask(outside), told
