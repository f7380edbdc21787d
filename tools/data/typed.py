"""Frames to typed arrays (as the scorer computes with them) and back.

Number, integer and boolean are float64 with NaN where missing, dates float64 days since 1970-01-01, text an object
array with None where missing. Text is stripped and an empty one is missing; an infinite number is missing: the scorer
reads cells of later files the same way, save that it rejects infinite ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.serving.service.coerce import days_of

ColumnType = Literal["number", "integer", "boolean", "date", "text"]
_MICROSECONDS = 86_400_000_000.0


def column_type(series: pd.Series) -> ColumnType:
    """What a column of ``table.parquet`` holds, by its dtype."""
    kind = series.dtype.kind if isinstance(series.dtype, np.dtype) else "O"
    if kind == "f":
        return "number"
    if kind in "iu":
        return "integer"
    if kind == "b":
        return "boolean"
    return "date" if pd.api.types.is_datetime64_any_dtype(series.dtype) else "text"


def typed_array(series: pd.Series) -> NDArray[Any]:
    """One column as a typed array."""
    kind = column_type(series)
    if kind == "date":
        if getattr(series.dt, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return days_of(series.to_numpy(dtype="datetime64[us]"))
    if kind == "text":
        out = np.empty(len(series), dtype=object)
        cells = zip(series.tolist(), series.isna().tolist(), strict=True)
        out[:] = [None if missing else str(value).strip() or None for value, missing in cells]
        return out
    numbers = series.to_numpy(dtype=np.float64, copy=True)
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def typed_columns(frame: pd.DataFrame, names: list[str] | None = None) -> dict[str, NDArray[Any]]:
    """Columns of a frame as typed arrays, all or the named ones."""
    return {name: typed_array(frame[name]) for name in (frame.columns if names is None else names)}


def frame_of(columns: Mapping[str, NDArray[Any]], like: pd.DataFrame) -> pd.DataFrame:
    """Typed arrays as a frame with the types of ``like`` where the values still allow them; a fresh index."""
    series: dict[str, pd.Series] = {}
    for name, values in columns.items():
        kind = column_type(like[name])
        if values.dtype == object:
            series[name] = pd.Series(values, dtype="str")
        elif kind == "date":
            series[name] = pd.Series(_moments(values))
        elif kind == "boolean" and not np.isnan(values).any():
            series[name] = pd.Series(values.astype(bool))
        elif kind == "integer" and not np.isnan(values).any() and bool((values == np.floor(values)).all()):
            series[name] = pd.Series(values.astype(np.int64))
        else:
            series[name] = pd.Series(values)
    return pd.DataFrame(series, copy=False)


def _moments(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    absent = np.isnan(days)
    micro = np.rint(np.where(absent, 0.0, days) * _MICROSECONDS).astype(np.int64).astype("datetime64[us]")
    micro[absent] = np.datetime64("NaT")
    return micro
