"""Rows that repeat: equal in all that tells rows apart, or nearly so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.splitting import row_codes
from tools.records import Record

DIGITS = 2
"""Significant digits to which numbers are rounded before rows are called nearly equal."""
LEAST_COLUMNS = 5
"""Columns below which rounded rows meet by chance, so that being nearly equal says nothing."""
BY_CHANCE = 0.1
"""Share of the repeats that must also arise once each column is shuffled for itself, for chance to explain them."""


class Repeats(Record):
    """Exact repeats."""

    rows: int
    """Rows that equal an earlier row in all feature columns (identifiers and target left out)."""
    whole_rows: int
    """Rows that equal an earlier row in all columns but the target."""
    groups: int
    """Distinct sets of such rows."""
    columns: tuple[str, ...]
    """The columns that were compared."""
    chance: bool = False
    """Whether so many repeats are expected by chance, as the columns allow few combinations."""


class NearDuplicates(Record):
    """Rows that equal an earlier one once numbers are rounded and texts are written alike."""

    rows: int
    digits: int = DIGITS


def duplicate_rows(frame: pd.DataFrame, telling: Sequence[str], others: Sequence[str], *, seed: int = 0) -> Repeats:
    """Count exact repeats.

    Args:
        frame: all rows.
        telling: columns that are neither target nor identifiers nor constants.
        others: all columns but the target.
        seed: of the shuffle by which it is told whether chance explains them.
    """
    if not telling:
        return Repeats(rows=0, whole_rows=0, groups=0, columns=())
    codes = row_codes(frame, telling)
    counts = np.bincount(codes)
    rows = len(frame) - len(counts)
    whole = rows
    if rows and len(others) > len(telling):
        whole = len(frame) - (int(row_codes(frame, others).max(initial=-1)) + 1)
    return Repeats(
        rows=rows,
        whole_rows=whole,
        groups=int((counts > 1).sum()),
        columns=tuple(telling),
        chance=rows > 0 and (len(telling) <= 2 or _met_by_chance(frame, telling, seed) >= BY_CHANCE * rows),
    )


def _met_by_chance(frame: pd.DataFrame, columns: Sequence[str], seed: int) -> int:
    """Rows that repeat an earlier one once each column is shuffled for itself, so that only its few values count."""
    random = np.random.default_rng([seed, 3])
    shuffled = {name: pd.factorize(frame[name], use_na_sentinel=False)[0] for name in columns}
    apart = pd.DataFrame({name: random.permutation(codes) for name, codes in shuffled.items()})
    return len(frame) - (int(row_codes(apart, columns).max(initial=-1)) + 1)


def near_duplicates(frame: pd.DataFrame, telling: Sequence[str], exact: int) -> NearDuplicates:
    """Count rows that become equal to an earlier, not exactly equal one, by rounding and by writing texts alike.

    Args:
        frame: all rows.
        telling: columns that are compared; too few say nothing.
        exact: rows that repeat an earlier one exactly.
    """
    if len(telling) < LEAST_COLUMNS:
        return NearDuplicates(rows=0)
    return NearDuplicates(rows=len(frame) - exact - (int(near_codes(frame, telling).max(initial=-1)) + 1))


def near_codes(frame: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.int64]:
    """Codes of rows that are equal once numbers keep two significant digits and texts lose case and blanks."""
    alike = {}
    for column in columns:
        series = frame[column]
        if pd.api.types.is_float_dtype(series.dtype) or pd.api.types.is_integer_dtype(series.dtype):
            alike[column] = pd.Series(round_significant(series.to_numpy(dtype=np.float64, na_value=np.nan)))
        elif pd.api.types.is_datetime64_any_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
            alike[column] = series.reset_index(drop=True)
        else:
            codes, uniques = pd.factorize(series)
            plain = (
                pd.Series(uniques, dtype="str").str.casefold().str.replace(r"[^0-9a-z\u00c0-\u024f]+", "", regex=True)
            )
            alike[column] = pd.Series(np.append(pd.factorize(plain)[0], -1)[codes])
    return row_codes(pd.DataFrame(alike), list(columns))


def round_significant(values: NDArray[np.float64], digits: int = DIGITS) -> NDArray[np.float64]:
    """Round to significant digits; 0, infinities and missing stay as they are."""
    usable = np.isfinite(values) & (values != 0)
    magnitude = np.zeros_like(values)
    magnitude[usable] = np.floor(np.log10(np.abs(values[usable])))
    factor = 10.0 ** (digits - 1 - magnitude)
    rounded = values.copy()
    rounded[usable] = np.round(values[usable] * factor[usable]) / factor[usable]
    return rounded
