"""Deciding how the raw text cells of a column are read: marks for missing, decimal mark, dates, type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.privacy_names import personal_kind
from tools.data.reading import (
    FALSE_WORDS,
    ISO_DATE,
    TRUE_WORDS,
    Assumption,
    Cells,
    ColumnReading,
    ColumnType,
    number_pattern,
    read_cells,
    without_unit,
)
from tools.wording import say

MISSING_MARKS = (
    "?", "NA", "N/A", "n/a", "N.A.", "n.a.", "NULL", "Null", "null", "NaN", "nan", "#N/A", "#NA", "<NA>", "#NULL!",
    "\\N",
)  # fmt: skip
"""Texts that stand for a missing value in any column, as pandas reads them, less "None", which is often a level."""
NUMERIC_MARKS = (
    "None",
    "NONE",
    "none",
    "-",
    "--",
    ".",
    "..",
    "*",
    "na",
    "nil",
    "unknown",
    "Unknown",
    "missing",
    "Missing",
)
"""Texts that stand for a missing value where every other value is a number or a date."""
DATE_FORMATS = (
    "iso", "%Y-%m-%d", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y", "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y", "%d-%b-%Y",
    "%d-%b-%y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
"""Formats that are tried, in this order."""
DATE_TWINS = {"%m/%d/%Y": "%d/%m/%Y", "%m/%d/%y": "%d/%m/%y", "%d-%m-%Y": "%m-%d-%Y"}
"""Formats that read the same text as another day."""
UNITS = ("$", "€", "£", "¥", "₹", "%", "USD", "EUR", "GBP", "CHF", "US$")
"""Signs around numbers that are taken off."""
FIGURE = re.compile("[0-9]")
MOSTLY = 0.95
"""Share of cells that must be numbers (or dates) for a column to be read so in spite of a few odd texts."""
ODD_TEXTS = 5
"""Distinct odd texts up to which a column is still read as numbers."""


@dataclass(frozen=True)
class StatedType:
    """A type that a column has on somebody's word."""

    kind: ColumnType
    form: str | None = None
    """Of a date: its ``strptime`` format."""


@dataclass
class Inferred:
    """What was decided for one column."""

    reading: ColumnReading
    cells: Cells
    marks: dict[str, int] = field(default_factory=dict)
    """Missing marks that occur, with their cells."""
    assumed: list[Assumption] = field(default_factory=list)
    odd: dict[str, int] = field(default_factory=dict)
    """Texts in a numeric or date column that were set to missing, with the first row of each (0-based)."""
    spaced: int = 0
    """Cells with white space around their text."""
    blank: int = 0
    """Cells that hold nothing."""
    coded: str | None = None
    """Why digits are kept as text."""
    doubtful: bool = False
    """A number in which the mark may set off decimals or thousands."""
    unreadable: tuple[int, int] | None = None
    """Cells that a stated type can't take, and the first row of one (0-based)."""


def file_decimal(columns: Sequence[pd.Series]) -> str:
    """The decimal mark of a text source: a comma where a column can only be read so, else a point."""
    for cells in columns:
        texts = _plain(cells)
        texts = texts[~texts.isin(MISSING_MARKS + NUMERIC_MARKS)]
        if len(texts):
            texts = without_unit(texts, _unit(texts))
        if not len(texts) or not texts.str.contains(",", regex=False).any():
            continue
        comma = max(_share(texts, number_pattern(",", mark).pattern) for mark in (".", " ", "\u00a0", "\u202f", "'"))
        point = _share(texts, number_pattern(".", ",").pattern)
        if comma >= MOSTLY and point < comma:
            return ","
    return "."


def infer(
    name: str,
    position: int,
    cells: pd.Series,
    *,
    decimal: str = ".",
    missing: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    renamed_from: str | None = None,
    stated: StatedType | None = None,
) -> Inferred:
    """Decide how one column of raw text is read, and read it.

    Args:
        name: name of the column.
        position: 1-based place in the source.
        cells: raw texts, missing allowed.
        decimal: the source's decimal mark.
        missing: marks that replace the usual ones; a mapping names them by column.
        renamed_from: the name in the source, where another was given.
        stated: the type that the person, or the source itself, says the column has.
    """
    marks_stated = _stated(name, missing)
    counts = cells.value_counts(sort=False)
    texts = pd.Series(counts.index.to_numpy(dtype=object), dtype="str")
    stripped = texts.str.strip()
    weights = np.asarray(counts, dtype=np.int64)
    spaced = int(weights[((texts != stripped) & (stripped != "")).to_numpy(dtype=bool)].sum())
    kept_level = None
    everywhere = MISSING_MARKS if marks_stated is None else marks_stated
    if marks_stated is None and _looks_like_codes(stripped):
        # in a column of two-letter codes "NA" is most likely one of them (Namibia)
        everywhere, kept_level = tuple(mark for mark in MISSING_MARKS if mark != "NA"), "NA"
    numeric = (*everywhere, *NUMERIC_MARKS) if marks_stated is None else marks_stated
    start = ColumnReading(name=name, position=position, type="text", renamed_from=renamed_from)
    if stated is None:
        reading, marks = _decide(start, stripped, weights, everywhere, numeric, decimal)
    else:
        reading = _as_stated(start, stripped, stated, numeric if stated.kind != "text" else everywhere, decimal)
        marks = sorted(set(stripped[stripped.isin(reading.missing)]) - {""})
    read = read_cells(reading, cells)
    found = Inferred(reading, read, spaced=spaced, coded=_code(stripped) if stated is None else None)
    found.blank = len(cells) - int(weights[(stripped != "").to_numpy(dtype=bool)].sum())
    found.doubtful = reading.type in ("number", "integer") and _doubtful(stripped, reading)
    for mark in marks:
        found.marks[mark] = int(weights[(stripped == mark).to_numpy(dtype=bool)].sum())
    if stated is not None and read.unreadable.any():
        first = int(np.flatnonzero(read.unreadable)[0])
        found.unreadable = (int(read.unreadable.sum()), first)
    for odd in [mark for mark in reading.missing if mark not in numeric and reading.type != "text"]:
        found.odd[odd] = int(np.flatnonzero((cells.str.strip() == odd).to_numpy(dtype=bool, na_value=False))[0])
    found.assumed = _assumptions(found, stripped, weights, kept_level, marks_stated is None)
    return found


def _as_stated(
    start: ColumnReading, texts: pd.Series, stated: StatedType, missing: Sequence[str], decimal: str
) -> ColumnReading:
    """The reading under a stated type, in whichever way of writing fits most cells."""
    trial = start.model_copy(update={"type": stated.kind, "missing": tuple(missing)})
    values = texts[~texts.isin(missing) & (texts != "")]
    ways: list[dict[str, str]] = [{}]
    if stated.kind in ("number", "integer"):
        ways = [{**style, "unit": _unit(values) if len(values) else ""} for style in number_styles(decimal)]
    elif stated.kind == "date":
        ways = [{"date_format": stated.form}] if stated.form else [{"date_format": form} for form in DATE_FORMATS]
    trials = [trial.model_copy(update=way) for way in ways]
    return max(trials, key=lambda each: int((~read_cells(each, values).unreadable).sum())) if len(values) else trials[0]


def _doubtful(texts: pd.Series, reading: ColumnReading) -> bool:
    """Whether three digits follow the one mark in every number that has it."""
    mark = reading.thousands or reading.decimal
    marked = texts[texts.str.contains(mark, regex=False)]
    pattern = rf"[+-]?[1-9][0-9]{{0,2}}{re.escape(mark)}[0-9]{{3}}"
    return len(marked) > 2 and bool(marked.str.fullmatch(pattern).all())


def _code(texts: pd.Series) -> str | None:
    """What makes digits a code rather than an amount: leading zeros, or more of them than a number holds."""
    values = texts[~texts.isin(MISSING_MARKS + NUMERIC_MARKS) & (texts != "")]
    if not len(values) or not values.str.fullmatch("[+-]?[0-9]+").all():
        return None
    if values.str.fullmatch("[+-]?0[0-9]+").any():
        return "leading zeros"
    return "so many digits" if values.str.lstrip("+-").str.len().max() > 15 else None


def _decide(
    start: ColumnReading,
    texts: pd.Series,
    weights: NDArray[np.int64],
    everywhere: Sequence[str],
    numeric: Sequence[str],
    decimal: str,
) -> tuple[ColumnReading, list[str]]:
    """The reading of a column from its distinct texts, and the missing marks that occur."""
    blank = (texts == "").to_numpy(dtype=bool)
    marked = texts.isin(numeric).to_numpy(dtype=bool) | blank
    values, cells = texts[~marked], weights[~marked]
    if not len(values):
        found = sorted(set(texts[marked & ~blank]))
        return start.model_copy(update={"missing": tuple(numeric)}), found
    if not _mostly_figures(values):
        found = sorted(set(texts[texts.isin(everywhere)]))
        return start.model_copy(update={"missing": tuple(everywhere)}), found
    unit = _unit(values)
    for kind, options in (
        ("number", [{**style, "unit": unit} for style in number_styles(decimal)]),
        ("date", [{"date_format": f} for f in DATE_FORMATS]),
    ):
        for style in options:
            trial = start.model_copy(update={"type": kind, **style})
            odd = _odd(trial, values, cells)
            if odd is None:
                continue
            if kind == "number":
                trial = _number_type(trial, without_unit(values[~values.isin(odd)], unit))
                if trial.type == "text":
                    break
            found = sorted(set(texts[marked & ~blank]))
            return trial.model_copy(update={"missing": (*numeric, *odd)}), found
    found = sorted(set(texts[texts.isin(everywhere)]))
    return start.model_copy(update={"missing": tuple(everywhere)}), found


def _unit(values: pd.Series) -> str:
    """The sign that most cells have before or behind a figure; "" where there is none."""
    head = values.iloc[:200]
    joined = "\n".join(head)
    for sign in UNITS:
        if sign not in joined:
            continue
        mark = re.escape(sign)
        spots = head.str.contains(rf"^[+-]?\s*{mark}\s*[+-]?[0-9.,]|[0-9.,]\s*{mark}$", regex=True)
        if spots.to_numpy(dtype=bool, na_value=False).mean() > 0.5:
            return sign
    return ""


def _mostly_figures(values: pd.Series) -> bool:
    """Whether half of the first texts hold a figure, as every number and every date does."""
    head = values.iloc[:200].tolist()
    return sum(FIGURE.search(text) is not None for text in head) >= 0.5 * len(head)


def number_styles(decimal: str) -> list[dict[str, str]]:
    """Ways of writing numbers that are tried under a decimal mark, in this order."""
    point = [(".", mark) for mark in ("", ",", " ", "'", "’", "\u00a0", "\u202f", "_")]
    comma = [(",", mark) for mark in ("", ".", " ", "'", "’", "\u00a0", "\u202f")]
    ordered = [*comma, *point[:1]] if decimal == "," else point
    return [{"decimal": mark, "thousands": group} for mark, group in ordered]


def _odd(trial: ColumnReading, values: pd.Series, weights: NDArray[np.int64]) -> tuple[str, ...] | None:
    """Texts that this reading can't take, where they are few enough; None where it does not fit the column."""
    head = values.iloc[:200]
    if _fits(trial, head).mean() < 0.5:
        return None
    fits = _fits(trial, values)
    if fits.all():
        return ()
    odd = sorted(values[~fits])
    if weights[fits].sum() < MOSTLY * weights.sum() or len(odd) > ODD_TEXTS:
        return None
    return tuple(odd)


def _fits(trial: ColumnReading, values: pd.Series) -> NDArray[np.bool_]:
    if trial.type == "number":
        pattern = number_pattern(trial.decimal, trial.thousands).pattern
        return without_unit(values, trial.unit).str.fullmatch(pattern).to_numpy(dtype=bool, na_value=False)
    if trial.date_format == "iso" and not values.str.fullmatch(ISO_DATE.pattern).iloc[:200].any():
        return np.zeros(len(values), dtype=bool)
    return ~read_cells(trial, values).unreadable


def _number_type(trial: ColumnReading, values: pd.Series) -> ColumnReading:
    """Integer, number, or text after all: codes with leading zeros, telephone numbers, more digits than fit."""
    zeros = values.str.fullmatch("[+-]?0[0-9]+").to_numpy(dtype=bool, na_value=False)
    signed = values.str.startswith("+").to_numpy(dtype=bool, na_value=False)
    whole = values.str.fullmatch(number_pattern("\x00", trial.thousands).pattern).to_numpy(dtype=bool, na_value=False)
    if zeros.any() or (signed.all() and whole.all()):
        return trial.model_copy(update={"type": "text"})
    plain = values.str.fullmatch("[+-]?[0-9]+").to_numpy(dtype=bool, na_value=False)
    if plain.all() and values.str.lstrip("+-").str.len().max() > 15:
        return trial.model_copy(update={"type": "text"})
    kind: ColumnType = "integer" if whole.all() and not values.str.contains("[eE]").any() else "number"
    return trial.model_copy(update={"type": kind})


def _assumptions(
    found: Inferred, texts: pd.Series, weights: NDArray[np.int64], kept_level: str | None, usual: bool
) -> list[Assumption]:
    reading, made = found.reading, []
    for level in ("None", "none", *([kept_level] if kept_level else [])):
        cells = int(weights[(texts == level).to_numpy(dtype=bool)].sum())
        if usual and reading.type == "text" and cells and level not in reading.missing:
            made.append(
                Assumption(
                    what="missing",
                    value=level,
                    column=reading.name,
                    evidence=say(
                        '"{level}" is kept as a level of "{column}" ({cells|int} cells); if it means missing, say so '
                        "in source.missing",
                        level=level,
                        column=reading.name,
                        cells=cells,
                    ),
                )
            )
    if reading.type == "date":
        twin = DATE_TWINS.get(reading.date_format or "")
        other = reading.model_copy(update={"date_format": twin}) if twin else None
        values = texts[~texts.isin(reading.missing) & (texts != "")]
        doubtful = other is not None and not read_cells(other, values).unreadable.any()
        said = (
            "the days could also be read as {other}; if so, say so in source.types"
            if doubtful
            else "no other order of day and month fits"
        )
        if reading.date_format == "iso":
            said = "written in ISO order"
        made.append(
            Assumption(
                what="date",
                value=reading.date_format or "",
                column=reading.name,
                evidence=say('"{column}": ' + said, column=reading.name, other=twin),
            )
        )
    return made


def quotable(name: str) -> bool:
    """Whether single values of this column may be shown: not where its name speaks of personal data."""
    return personal_kind(name) is None


def boolean_reading(name: str, position: int) -> ColumnReading:
    """The reading of a column that the source itself types as true or false."""
    return ColumnReading(
        name=name,
        position=position,
        type="boolean",
        true=TRUE_WORDS,
        false=FALSE_WORDS,
        missing=(*MISSING_MARKS, *NUMERIC_MARKS),
    )


def typed_reading(name: str, position: int, kind: ColumnType) -> ColumnReading:
    """The reading of a number or date column that the source itself types."""
    return ColumnReading(
        name=name,
        position=position,
        type=kind,
        missing=(*MISSING_MARKS, *NUMERIC_MARKS),
        date_format="iso" if kind == "date" else None,
    )


def _stated(name: str, missing: Sequence[str] | Mapping[str, Sequence[str]] | None) -> tuple[str, ...] | None:
    if missing is None:
        return None
    if isinstance(missing, Mapping):
        marks = missing.get(name, missing.get("*"))
        return None if marks is None else tuple(marks)
    return tuple(missing)


def _looks_like_codes(texts: pd.Series) -> bool:
    if not (texts == "NA").any() or len(texts) < 20:
        return False
    return bool(texts[texts != ""].str.fullmatch("[A-Z]{2}").all())


def _plain(cells: pd.Series) -> pd.Series:
    texts = pd.Series(cells.dropna().unique(), dtype="str").str.strip()
    return texts[texts != ""]


def _share(texts: pd.Series, pattern: str) -> float:
    return float(texts.str.fullmatch(pattern).to_numpy(dtype=bool, na_value=False).mean())
