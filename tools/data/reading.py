"""How a source was read: the record that turns a raw cell of a later file into the same value, and its interpreter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.records import Record
from tools.wording import Sentence

ColumnType = Literal["number", "integer", "boolean", "date", "text"]


def number_pattern(decimal: str = ".", thousands: str = "") -> re.Pattern[str]:
    """What a number looks like with these marks; thousands marks stand in groups of three or not at all."""
    point, group = re.escape(decimal), re.escape(thousands)
    whole = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)" if thousands else "[0-9]+"
    return re.compile(rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?")


ISO_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
"""What ``date_format`` "iso" accepts; offsets are converted to UTC and dropped."""
TRUE_WORDS = ("true", "True", "TRUE", "1", "1.0")
FALSE_WORDS = ("false", "False", "FALSE", "0", "0.0")


class Assumption(Record):
    """Something the reader decided by itself, with what speaks for it; correctable by a ``source.`` setting."""

    what: str
    """The setting concerned, such as "separator" or "missing"."""
    value: str
    evidence: Sentence
    column: str | None = None


class ColumnReading(Record):
    """How the cells of one column become values.

    A cell is stripped of surrounding white space; one of ``missing`` (or nothing) is a missing value. A number, its
    ``unit`` taken off, must match ``number_pattern(decimal, thousands)`` in full; then its thousands marks go and its
    decimal mark becomes a point. A date follows ``date_format``: a ``strptime`` format, or "iso" for ``ISO_DATE``. Text
    is taken as it is.
    """

    name: str
    position: int
    """1-based place in the source."""
    type: ColumnType
    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    """A sign such as "$" or "%" that may stand before or behind a number and is taken off."""
    date_format: str | None = None
    missing: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    renamed_from: str | None = None
    """The name in the source where it was empty or already taken."""


class WrittenNone(Record):
    """A column of words in which a mark read as missing may mean "none"."""

    column: str
    mark: str
    cells: int
    blank: int
    """Cells of the column that are empty, as gaps that nobody marked are."""
    zero: str | None
    """A column of numbers that is zero where the mark stands and there only."""
    likely: bool
    """Whether the table itself speaks for "none"."""
    in_numbers: bool
    """Whether the mark stands in columns of numbers too, where it can only mean "unknown"."""


class Reading(Record):
    """How a whole source was read (``reading.json``)."""

    version: int = 1
    format: str
    encoding: str | None = None
    separator: str | None = None
    header: bool = True
    skipped_lines: int = 0
    """Lines before the header, or ragged lines that ``source.ragged: skip`` left out."""
    rows: int = 0
    test_rows: int = 0
    """Rows at the end that came from a test file of their own."""
    assumed: tuple[Assumption, ...] = ()
    columns: tuple[ColumnReading, ...] = ()
    warnings: tuple[Sentence, ...] = ()
    absent: tuple[WrittenNone, ...] = ()

    def column(self, name: str) -> ColumnReading:
        """The reading of one column.

        Raises:
            KeyError: there is no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Cells:
    """Values read from raw cells, and which cells could not be read (they are missing in ``values``)."""

    values: pd.Series
    unreadable: NDArray[np.bool_]


def read_cells(column: ColumnReading, raw: pd.Series) -> Cells:
    """Turn raw text cells into the values of a column.

    Args:
        column: how the column is read.
        raw: text with missing values, any length.

    Returns:
        Values of the column's type: number float64, integer int64 (float64 where some are missing), boolean bool
        (float64 0 and 1 where some are missing), date datetime64[us] without zone, text ``str``.
    """
    codes, uniques = pd.factorize(raw, use_na_sentinel=True)
    texts = pd.Series(np.asarray(uniques, dtype=object), dtype="str").str.strip()
    absent = texts.isna() | (texts == "") | texts.isin(column.missing)
    values, readable = PARSERS[column.type](column, texts.where(~absent, None))
    bad = np.append((~readable & ~absent).to_numpy(dtype=bool), False)
    taken = values.take(np.where(codes < 0, 0, codes)) if len(values) else values
    if len(values):
        series = pd.Series(taken.to_numpy(), dtype=taken.dtype).where(codes >= 0)
    else:
        series = pd.Series([np.nan] * len(raw), dtype=_EMPTY[column.type])
    return Cells(tidy(series, column.type), bad[codes])


def tidy(series: pd.Series, kind: ColumnType) -> pd.Series:
    """Give a column of values the dtype that its type stands for; the index is renewed."""
    series = series.reset_index(drop=True)
    if kind == "text":
        return series.astype("str")
    if kind == "date":
        return series.astype("datetime64[us]")
    if kind == "number":
        return series.astype("float64")
    complete = not series.isna().any()
    if kind == "integer":
        return series.astype("int64") if complete else series.astype("float64")
    if complete:
        return series.astype("bool")
    return pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan), dtype="float64")


def without_unit(texts: pd.Series, unit: str) -> pd.Series:
    """Texts without the unit at their end or start, where a sign may stand before it."""
    if not unit:
        return texts
    sign = re.escape(unit)
    return texts.str.replace(rf"^([+-]?)\s*{sign}\s*|\s*{sign}$", r"\1", n=1, regex=True)


def _numbers(column: ColumnReading, texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    texts = without_unit(texts, column.unit)
    readable = texts.str.fullmatch(number_pattern(column.decimal, column.thousands).pattern).fillna(False).astype(bool)
    plain = texts.where(readable, None)
    if column.thousands:
        plain = plain.str.replace(column.thousands, "", regex=False)
    if column.decimal != ".":
        plain = plain.str.replace(column.decimal, ".", regex=False)
    return pd.to_numeric(plain, errors="coerce").astype("float64"), readable


def _dates(column: ColumnReading, texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    if column.date_format == "iso":
        fits = texts.str.fullmatch(ISO_DATE.pattern).fillna(False).astype(bool)
        stamps = pd.to_datetime(texts.where(fits, None), format="ISO8601", utc=True, errors="coerce")
        values = stamps.dt.tz_localize(None)
    else:
        values = pd.to_datetime(texts, format=column.date_format, errors="coerce")
    return values.astype("datetime64[us]"), values.notna()


def _booleans(column: ColumnReading, texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    true, false = texts.isin(column.true or TRUE_WORDS), texts.isin(column.false or FALSE_WORDS)
    return true.astype("float64").where(true | false), true | false


def _texts(column: ColumnReading, texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    return texts, texts.notna()


PARSERS = {"number": _numbers, "integer": _numbers, "date": _dates, "boolean": _booleans, "text": _texts}
"""Column type to the function that reads its distinct cells; each gives the values and which cells it could read."""
_EMPTY = {
    "number": "float64",
    "integer": "float64",
    "date": "datetime64[us]",
    "boolean": "float64",
    "text": "str",
}
