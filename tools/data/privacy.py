"""Personal data in a table: found by column name and by what the values look like, never by quoting a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pandas as pd

from tools.data.privacy_names import personal_kind, protected_kind
from tools.records import Record

SAMPLE = 2_000
"""Distinct values that are looked at per column."""

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
NATIONAL = re.compile(r"\d{3}-\d{2}-\d{4}")
IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")
PHONE = re.compile(r"(?:\+|00)\d[\d\s().-]{6,18}\d|\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}")
ADDRESS = re.compile(
    r"\d+[A-Za-z]?\s+.*\b(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|hwy|highway|blvd|boulevard|way|court|ct|"
    r"sq|square|pl|place|platz|ter|terrace|pkwy|parkway|crescent|close)\b\.?.*|"
    r".*(?:straße|strasse|str\.|weg|gasse)\s+\d+.*",
    re.IGNORECASE,
)


class PersonalColumn(Record):
    """A column that holds, or by its name should hold, data about persons."""

    column: str
    kind: str
    """Such as "e-mail", "phone", "name"."""
    found_by: Literal["name", "values", "name and values"]
    share: float
    """Share of the looked-at values that have the form of their kind; 0 where only the name speaks."""


def personal_columns(frame: pd.DataFrame) -> tuple[PersonalColumn, ...]:
    """Columns with personal data, in the table's order.

    A name alone counts where the column also holds many different values; a form alone counts where most values have
    it (card numbers by the Luhn digit, ISO/IEC 7812; bank accounts by their check digits, ISO 13616).
    """
    found = []
    for name in frame.columns:
        column = personal(frame[name], str(name))
        if column is not None:
            found.append(column)
    return tuple(found)


def personal(series: pd.Series, name: str) -> PersonalColumn | None:
    """What personal data one column holds, or None."""
    named = personal_kind(name)
    text = not pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_datetime64_any_dtype(series.dtype)
    values = series.dropna().drop_duplicates()
    by_values, share = None, 0.0
    if text and len(values):
        sample = [str(value).strip() for value in values.iloc[:SAMPLE]]
        for kind, (looks, least) in FORMS.items():
            having = sum(looks(value) for value in sample) / len(sample)
            if having >= least:
                by_values, share = kind, having
                break
    if named is not None and not _plausible(named, series, len(values), text):
        named = None
    kind_found = by_values or named
    if kind_found is None:
        return None
    how: Literal["name", "values", "name and values"] = (
        "name and values" if named and by_values else "values" if by_values else "name"
    )
    return PersonalColumn(column=name, kind=named or kind_found, found_by=how, share=round(share, 4))


def protected_columns(names: list[str]) -> dict[str, str]:
    """Columns that by name hold a protected attribute, with the attribute."""
    kinds = {name: protected_kind(name) for name in names}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _plausible(kind: str, series: pd.Series, distinct: int, text: bool) -> bool:
    """Whether a column of this name can hold what the name says: enough different values, of the right type."""
    rows = int(series.notna().sum())
    if distinct < 10 and rows > 20:
        return False
    if kind == "birth date":
        return True
    if kind in ("name", "address", "e-mail", "IP address"):
        return text and distinct >= min(20, rows) and distinct >= 0.05 * rows
    return distinct >= 0.2 * rows


def luhn(value: str) -> bool:
    """Whether 13 to 19 digits, blanks and dashes aside, end in their Luhn check digit."""
    digits = value.replace(" ", "").replace("-", "")
    if not (13 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def iban(value: str) -> bool:
    """Whether this is an international bank account number with right check digits."""
    plain = value.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


FORMS: dict[str, tuple[Callable[[str], bool], float]] = {
    "e-mail": (_matches(EMAIL), 0.5),
    "national number": (_matches(NATIONAL), 0.8),
    "IP address": (_matches(IPV4), 0.8),
    "bank account": (iban, 0.5),
    "card number": (luhn, 0.5),
    "phone": (_matches(PHONE), 0.8),
    "address": (_matches(ADDRESS), 0.6),
}
"""Kind of personal data to the form of its values and the share that must have it."""
