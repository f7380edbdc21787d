"""Raw cells (CSV text, JSON scalars, Parquet values) to typed arrays, by the reading that training recorded.

Typed arrays, the same in training and serving:

- number, integer, boolean: float64, NaN where missing (booleans are 0 and 1)
- date: float64 days since 1970-01-01T00:00 (a zone is converted to UTC and dropped), NaN where missing
- text: object array of ``str``, None where missing

What odd cells mean, in one place (``strict`` is the API's mode, a JSON body; otherwise a file is read):

=========================  ==========================================  ==========================================
cell                       strict (JSON)                               file (CSV text, Parquet, Excel)
=========================  ==========================================  ==========================================
null, None, NaN of a frame missing                                     missing (so are the marks of the reading)
NaN, Infinity, 1e999       rejected: not a finite number               rejected, save NaN of a numeric column: missing
``true`` for a number      rejected                                    rejected
``"30"`` for 30            rejected: text, not a number                read as text of a CSV cell: 30
3.5 for a whole number     taken as the number it is                   likewise
30 for a text              rejected: not text                          the text "30"
0, 1 for a boolean         rejected, save where the training table     0 and 1 are taken
                           wrote its booleans so
beyond ±3.4e38             rejected: models compute in float32         likewise
=========================  ==========================================  ==========================================

A rejected cell gives its row an error that names the column; other rows are scored. Values are quoted in the
reason for files only, never for requests.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 3.4028234663852886e38
"""The largest float32."""
LONGEST = 100_000
"""Characters of one text cell."""
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - moments of a table have no zone
_DAY = 86_400.0
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TRUE = ("true", "True", "TRUE", "1", "1.0")
_FALSE = ("false", "False", "FALSE", "0", "0.0")


def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """What a number looks like with these marks; thousands marks stand in groups of three or not at all."""
    point, group = re.escape(decimal), re.escape(thousands)
    whole = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)" if thousands else "[0-9]+"
    return re.compile(rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Fault:
    """One cell that can't be read."""

    row: int
    """0-based position in the batch."""
    column: str
    reason: str
    """Without the value, such as "is not a number"."""
    shown: str = ""
    """The value, shortened and harmless; empty for requests, which are not echoed."""

    def __str__(self) -> str:
        return f"{self.column}: {f'{self.shown!r} ' if self.shown else ''}{self.reason}"


class Unreadable(ValueError):
    """A cell that is not what its column holds; the message is the reason."""


class ColumnReader:
    """Reads cells of one column by its entry in the reading.

    Args:
        entry: ``{name, type, decimal?, thousands?, unit?, date_format?, missing?, true?, false?}``.
    """

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self.type: str = entry["type"]
        self.decimal: str = entry.get("decimal") or "."
        self.thousands: str = entry.get("thousands") or ""
        self.date_format: str = entry.get("date_format") or ""
        self.marks: frozenset[str] = frozenset(entry.get("missing") or ())
        self.words: dict[str, float] = dict.fromkeys(entry.get("false") or _FALSE, 0.0)
        self.words.update(dict.fromkeys(entry.get("true") or _TRUE, 1.0))
        self.unit: str = entry.get("unit") or ""
        sign = re.escape(self.unit)
        self._unit = re.compile(rf"^([+-]?)\s*{sign}\s*|\s*{sign}$")
        self._pattern = _number_pattern(self.decimal, self.thousands)
        self._parse: Callable[[Any, bool], Any] = PARSERS[self.type].__get__(self)

    def read(self, values: Sequence[object] | NDArray[Any], strict: bool, faults: list[Fault]) -> NDArray[Any]:
        """Cells of a batch to a typed array; faults are appended and their cells left missing."""
        if isinstance(values, np.ndarray) and values.dtype.kind in "biufM":
            return self._read_typed(values, strict, faults)
        text = self.type == "text"
        out: NDArray[Any] = np.empty(len(values), dtype=object) if text else np.full(len(values), np.nan)
        parse = self._parse
        # repeated text cells of a file are parsed once
        known: dict[str, Any] | None = {} if len(values) > 64 and not strict else None
        for row, value in enumerate(values):
            if value is None:
                continue
            if known is not None and value.__class__ is str and value in known:
                out[row] = known[value]
                continue
            try:
                parsed = parse(value, strict)
            except Unreadable as reason:
                faults.append(Fault(row, self.name, str(reason), "" if strict else _short(value)))
                continue
            if parsed is not None:
                out[row] = parsed
            if known is not None and value.__class__ is str:
                known[value] = out[row]
        return out

    def _read_typed(self, values: NDArray[Any], strict: bool, faults: list[Fault]) -> NDArray[Any]:
        """The quick way for arrays whose type says what they are."""
        kind = values.dtype.kind
        fits = {"b": ("boolean",), "M": ("date",)}.get(kind, ("number", "integer", "boolean"))
        if self.type not in fits or (self.type == "boolean" and kind != "b"):
            cells = [None if cell != cell else cell for cell in values.tolist()]
            if kind == "M":
                cells = [None if np.isnat(cell) else as_datetime(cell) for cell in values]
            return self.read(cells, strict, faults)
        if kind == "M":
            return days_of(values)
        out = values.astype(np.float64)
        for row in np.flatnonzero(np.abs(out) > LARGEST).tolist():
            faults.append(Fault(row, self.name, _too_large(float(out[row])), ""))
            out[row] = np.nan
        return out

    def _number(self, value: Any, strict: bool) -> float | None:
        kind = value.__class__
        if kind is float or kind is int:
            return None if value != value and not strict else _finite(value)
        if kind is str:
            if strict:
                raise Unreadable("is text, not a number")
            return self._number_text(value)
        if isinstance(value, (bool, np.bool_)):
            raise Unreadable("is true or false, not a number")
        if isinstance(value, (np.integer, np.floating)) or type(value).__name__ == "Decimal":
            number = float(value)
            return None if math.isnan(number) and not strict else _finite(number)
        raise Unreadable("is not a number")

    def _number_text(self, value: str) -> float | None:
        text = value.strip()
        if not text or text in self.marks:
            return None
        if len(text) > 400:
            raise Unreadable("is too long for a number")
        if self.unit:
            text = self._unit.sub(r"\1", text, count=1)
        if not self._pattern.fullmatch(text):
            raise Unreadable("is not a number")
        if self.thousands:
            text = text.replace(self.thousands, "")
        if self.decimal != ".":
            text = text.replace(self.decimal, ".")
        return _finite(float(text))

    def _boolean(self, value: Any, strict: bool) -> float | None:
        if isinstance(value, (bool, np.bool_)):
            return 1.0 if value else 0.0
        if isinstance(value, str):
            text = value.strip()
            if not strict and (not text or text in self.marks):
                return None
            flag = self.words.get(text)
        elif isinstance(value, (int, float, np.integer, np.floating)):
            if not strict and value != value:
                return None
            whole = value in (0, 1)
            flag = self.words.get(str(int(value))) if whole else None
            if flag is None and whole and not strict:
                flag = float(value)
        else:
            flag = None
        if flag is None:
            raise Unreadable("is not true or false")
        return flag

    def _date(self, value: Any, strict: bool) -> float | None:
        if isinstance(value, str):
            text = value.strip()
            if not strict and (not text or text in self.marks):
                return None
            return _days(self._date_text(text))
        if isinstance(value, (dt.date, np.datetime64)):
            moment = as_datetime(value)
            return None if moment is None else _days(moment)
        if isinstance(value, float) and value != value and not strict:
            return None
        raise Unreadable("is not a date")

    def _date_text(self, text: str) -> dt.datetime:
        if len(text) <= 64:
            if self.date_format not in ("", "iso"):
                try:
                    return dt.datetime.strptime(text, self.date_format)  # noqa: DTZ007 - the zone is handled by _days
                except ValueError:
                    pass
            if _ISO.fullmatch(text):
                try:
                    return dt.datetime.fromisoformat(text)
                except ValueError:
                    pass
        raise Unreadable("is not a date")

    def _text(self, value: Any, strict: bool) -> str | None:
        if not isinstance(value, str):
            if strict:
                raise Unreadable("is not text")
            # not-a-number, not-a-time
            if value != value:
                return None
            value = as_text(value)
        if len(value) > LONGEST:
            raise Unreadable("is too long")
        value = value.strip()
        if not value or value in self.marks:
            return None
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise Unreadable("is not valid text") from None
        return str(value)


PARSERS: dict[str, Callable[[ColumnReader, Any, bool], Any]] = {
    "number": ColumnReader._number,
    "integer": ColumnReader._number,
    "boolean": ColumnReader._boolean,
    "date": ColumnReader._date,
    "text": ColumnReader._text,
}
"""Column type to the method that reads a cell; a new type is one line here."""


def as_text(value: object) -> str:
    """A typed value as the text that a text column would hold: whole numbers without point, dates ISO."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    if isinstance(value, (dt.datetime, np.datetime64)):
        moment = as_datetime(value)
        if moment is None:
            return ""
        return moment.isoformat() if moment.time() != dt.time() else moment.date().isoformat()
    return str(value)


def as_datetime(value: object) -> dt.datetime | None:
    """A date or moment of any kind; None for not-a-time."""
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        value = value.astype("datetime64[us]").item()
    if isinstance(value, dt.datetime):
        # pandas' NaT is a datetime that differs from itself
        return value if value == value else None
    if not isinstance(value, dt.date):
        return None
    return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day has no zone


def days_of(moments: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Days since 1970-01-01 of an array of moments; NaN for not-a-time."""
    micro = moments.astype("datetime64[us]")
    days: NDArray[np.float64] = micro.astype(np.int64) / (_DAY * 1e6)
    days[np.isnat(micro)] = np.nan
    return days


def _days(moment: dt.datetime) -> float:
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
        except OverflowError:
            raise Unreadable("is not a date") from None
    since = moment - _EPOCH
    # the same operation as for arrays, so that both give the same bits
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) / (_DAY * 1e6)


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise Unreadable("is too large") from None
    if not abs(number) <= LARGEST:
        raise Unreadable(_too_large(number))
    return number


def _too_large(number: float) -> str:
    return "is too large" if math.isfinite(number) else "is not a finite number"


def _short(value: object) -> str:
    text = "".join(char if char.isprintable() else " " for char in str(value)[:30])
    return text if len(text) <= 24 else text[:23] + "…"
