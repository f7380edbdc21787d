"""Change along the order of the rows or a date: the first fifth of the table against the last."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.key_names import says_calendar
from tools.data.roles import in_blocks
from tools.data.splitting import time_positions
from tools.records import Record

SHARE = 0.2
SAMPLE_ROWS = 20_000
LEAST_ROWS = 100
"""Rows in each fifth below which nothing is said."""
COMMON = 0.05
"""Share of rows with another value from which a value that fills the first fifth is worth telling."""
LARGE = 0.25
"""Distance from which a change counts: largest gap of the distribution functions, or total variation."""
CHANCE = 0.01
"""Chance at most that any column of an unordered table of numbers seems to change."""
LEAST_REPEATS, FEW_LEVELS = 5, 12
"""Rows per value of a calendar part from which a column is seen to follow it; levels of one that follows the season."""


class OrderShift(Record):
    """One column that is distributed differently in the first and last fifth."""

    column: str
    distance: float
    """Kolmogorov-Smirnov distance for numbers and dates, total variation distance for categories."""
    constant_first: bool = False
    """It has one value only in the first fifth, and several later."""


def order_shifts(frame: pd.DataFrame, telling: Sequence[str], time: str | None) -> tuple[OrderShift, ...]:
    """Columns that change along the order, the largest change first.

    Args:
        frame: all rows.
        telling: columns to look at; the target is not among them.
        time: date column that orders the rows; None for the order in the source.
    """
    order = np.argsort(time_positions(frame, time), kind="stable")
    size = int(len(order) * SHARE)
    if size < LEAST_ROWS:
        return ()
    first, last = order[:size], order[-size:]
    step = max(1, size // SAMPLE_ROWS)
    calendar = _calendar(frame, time)
    found = []
    for name in telling:
        if name == time or says_calendar(name) or in_blocks(frame[name], name):
            continue
        early, late = frame[name].iloc[first[::step]].dropna(), frame[name].iloc[last[::step]].dropna()
        if not len(early) or not len(late) or _follows(frame[name], calendar):
            continue
        distance = shift_distance(early, late)
        # a rare value may be absent from a fifth by chance; one that is common later may not
        constant = early.nunique() == 1 and frame[name].nunique() > 5
        constant = bool(constant and (frame[name].dropna() != early.iloc[0]).mean() >= COMMON)
        if distance >= max(LARGE, _by_chance(len(early), len(late), len(telling))) or constant:
            found.append(OrderShift(column=name, distance=round(distance, 6), constant_first=constant))
    return tuple(sorted(found, key=lambda shift: -shift.distance))


def _by_chance(left: int, right: int, columns: int) -> float:
    """Distance that any of so many columns exceeds by chance with probability ``CHANCE`` at most.

    Two-sided test of two samples: P(D > d) is near 2 exp(-2 d² l r / (l + r)) (Smirnov 1939), times the columns.
    """
    return math.sqrt(math.log(2 * columns / CHANCE) * (left + right) / (2 * left * right))


def _calendar(frame: pd.DataFrame, time: str | None) -> list[tuple[NDArray[np.int64], int]]:
    """Parts of the calendar as codes, each with the number of levels that a column may have to follow it."""
    if time is None or not pd.api.types.is_datetime64_any_dtype(frame[time].dtype):
        return []
    dates = frame[time].dt
    season = dates.month * 100 + dates.day
    parts = [
        (dates.year, 0),
        (dates.quarter, 0),
        (dates.month, 0),
        (dates.day_of_week, 0),
        (dates.day, 0),
        (dates.hour, 0),
    ]
    made = []
    for part, most in [*parts, (season, FEW_LEVELS)]:
        codes = pd.factorize(part)[0].astype(np.int64)
        levels = int(codes.max()) + 1
        if levels > 1 and len(codes) >= LEAST_REPEATS * levels:
            made.append((codes, most or levels))
    return made


def _follows(column: pd.Series, calendar: list[tuple[NDArray[np.int64], int]]) -> bool:
    """Whether a column has one value for each value of a part of the calendar, so that it moves by definition."""
    codes = pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)
    levels = int(codes.max(initial=0)) + 1
    for part, most in calendar:
        if levels <= most and len(np.unique(part * levels + codes)) == int(part.max()) + 1:
            return True
    return False


def shift_distance(early: pd.Series, late: pd.Series) -> float:
    """Distance of two samples: Kolmogorov-Smirnov for numbers and dates, total variation for categories; 0 to 1."""
    if pd.api.types.is_numeric_dtype(early.dtype) or pd.api.types.is_datetime64_any_dtype(early.dtype):
        left, right = np.sort(early.to_numpy()), np.sort(late.to_numpy())
        points = np.concatenate([left, right])
        gap = np.searchsorted(left, points, side="right") / len(left) - np.searchsorted(
            right, points, side="right"
        ) / len(right)
        return float(np.abs(gap).max())
    first, second = early.value_counts(normalize=True), late.value_counts(normalize=True)
    if len(first) > 0.5 * len(early):
        return 0.0
    # with many rare levels two samples of one population differ too: what is expected of chance is taken off
    shares = first.add(second, fill_value=0.0) / 2
    noise = np.sqrt(2 / np.pi * shares * (1 - shares) * (1 / len(early) + 1 / len(late))).sum() / 2
    return max(0.0, float(first.sub(second, fill_value=0.0).abs().sum() / 2 - noise))
