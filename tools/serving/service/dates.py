"""Parts of a date, from days since 1970-01-01. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Part = Callable[[NDArray[np.float64], float], NDArray[np.float64]]


def _seconds(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole seconds since the epoch; NaN stays. Rounded, so that 13:00 is never 12:59:59.999."""
    return np.rint(days * 86_400.0)


def _moments(days: NDArray[np.float64], unit: str) -> NDArray[np.int64]:
    """Whole units (datetime64 codes Y, M, D) since 1970; callers mask NaN themselves."""
    seconds = np.where(np.isnan(days), 0.0, _seconds(days)).astype(np.int64)
    return seconds.astype("datetime64[s]").astype(f"datetime64[{unit}]").astype(np.int64)


def _kept(days: NDArray[np.float64], values: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(np.isnan(days), np.nan, values.astype(np.float64))


def year_start(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Days of the first of January of each date's year."""
    years = _moments(days, "Y").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return _kept(days, years)


def _month(days: NDArray[np.float64]) -> NDArray[np.int64]:
    return _moments(days, "M") % 12


def _weekday(days: NDArray[np.float64]) -> NDArray[np.int64]:
    # 1970-01-01 was a Thursday; Monday is 0
    return (_moments(days, "D") + 3) % 7


def _hour(days: NDArray[np.float64]) -> NDArray[np.int64]:
    seconds = np.where(np.isnan(days), 0.0, _seconds(days)).astype(np.int64)
    return seconds // 3600 % 24


def _cycle(
    index: Callable[[NDArray[np.float64]], NDArray[np.int64]], length: int, wave: Callable[[float], float]
) -> Part:
    # a table of the few values there are: the same bits for every batch size
    table = np.array([wave(2.0 * math.pi * step / length) for step in range(length)])
    return lambda days, origin: _kept(days, table[index(days)])


PARTS: dict[str, Part] = {
    "year": lambda days, origin: _kept(days, _moments(days, "Y") + 1970),
    "month": lambda days, origin: _kept(days, _month(days) + 1),
    "weekday": lambda days, origin: _kept(days, _weekday(days) + 1),
    "hour": lambda days, origin: _kept(days, _hour(days)),
    "elapsed": lambda days, origin: days - origin,
    "month_sin": _cycle(_month, 12, math.sin),
    "month_cos": _cycle(_month, 12, math.cos),
    "weekday_sin": _cycle(_weekday, 7, math.sin),
    "weekday_cos": _cycle(_weekday, 7, math.cos),
    "hour_sin": _cycle(_hour, 24, math.sin),
    "hour_cos": _cycle(_hour, 24, math.cos),
}
"""Part of a date to its formula: month 1 to 12, weekday 1 (Monday) to 7, elapsed in days since ``origin``."""
