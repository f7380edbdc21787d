"""Regularities between columns that a person should know of: what is missing together, spelled otherwise, in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tools.data.splitting import group_codes
from tools.data.targets import class_text
from tools.records import Record

if TYPE_CHECKING:
    from tools.data.profiling import ColumnProfile

PatternKind = Literal[
    "missing where", "missing together", "missing by group", "spelled otherwise", "one level", "clock", "date parts",
    "weight",
]  # fmt: skip
LEAST_ROWS = 5
"""Missing cells or rows below which a regularity may be chance."""
MOST_GAPPED = 60
"""Columns with gaps that are compared with others."""
SAME = 0.99
"""Agreement of two sets of rows, either way, from which they count as the same."""
GROUP_ROWS, GROUP_SHARE, GROUPS = 3.0, 0.9, 3
"""Rows a group holds on average, share of the gaps in groups without any value, and such groups, at the least."""
YES_NO = (frozenset({"yes", "no"}), frozenset({"y", "n"}), frozenset({"true", "false"}), frozenset({"t", "f"}))
SISTERS = 3
"""Columns that must say the same for another one to stand out."""
CLOCK_VALUES, CLOCK_END = 100, 2400
"""Different values at the least, and the largest, of whole numbers that may be hours and minutes in one."""
DATE_WORDS = {"year": "year", "yr": "year", "month": "month", "mo": "month", "mnth": "month", "day": "day"}
WEIGHTS = re.compile(
    r"^(?:fnlwgt|(?:final|survey|sampling?|design|person|expansion|population)[ _.-]?(?:weight|wgt|wt|factor)s?)$",
    re.IGNORECASE,
)
"""Names of weights by which a survey counts its rows."""


class Pattern(Record):
    """A regularity of one or several columns."""

    kind: PatternKind
    columns: tuple[str, ...]
    """Those that it is about."""
    by: str | None = None
    """The column or level that it goes by."""
    value: str | None = None
    rows: int = 0
    """Rows or cells that it covers."""
    groups: int = 0
    """Groups that it covers."""
    of: int = 0
    """Groups in all."""


def find_patterns(frame: pd.DataFrame, columns: Sequence[ColumnProfile]) -> tuple[Pattern, ...]:
    """All regularities of a table, by kind and then in the order of its columns.

    Args:
        frame: n rows.
        columns: their profiles; columns that are not profiled, such as the target, take no part.
    """
    open_columns = [column for column in columns if not column.personal]
    return (
        *_missing(frame, open_columns),
        *_missing_by_group(frame, columns),
        *_spelled_otherwise(open_columns),
        *_one_level(frame, open_columns),
        *_clocks(frame, open_columns),
        *_date_parts(open_columns),
        *(Pattern(kind="weight", columns=(each.name,)) for each in open_columns if WEIGHTS.match(each.name)),
    )


def _missing(frame: pd.DataFrame, columns: Sequence[ColumnProfile]) -> Iterator[Pattern]:
    """Columns that are missing in the same rows, and columns that are missing where another has one certain value."""
    masks: dict[bytes, list[str]] = {}
    gapped = [column for column in columns if LEAST_ROWS <= column.missing < column.rows][:MOST_GAPPED]
    for column in gapped:
        masks.setdefault(frame[column.name].isna().to_numpy().tobytes(), []).append(column.name)
    for names in masks.values():
        rows = int(frame[names[0]].isna().sum())
        if len(names) > 1:
            yield Pattern(kind="missing together", columns=tuple(names), rows=rows)
        where = _where(frame, names[0], rows, [each for each in columns if each.name not in names])
        if where is not None:
            yield Pattern(kind="missing where", columns=tuple(names), by=where[0], value=where[1], rows=rows)


def _where(frame: pd.DataFrame, name: str, rows: int, others: Sequence[ColumnProfile]) -> tuple[str, str] | None:
    """The first column that has one value exactly in the rows where this one is missing, and that value."""
    gone = np.flatnonzero(frame[name].isna().to_numpy())
    for other in others:
        if other.missing or other.distinct < 2:
            continue
        values = frame[other.name]
        first = values.iloc[gone[0]]
        if not bool((values.iloc[gone] == first).all()):
            continue
        if rows >= SAME * int((values == first).sum()):
            return other.name, class_text(first)
    return None


def _missing_by_group(frame: pd.DataFrame, columns: Sequence[ColumnProfile]) -> Iterator[Pattern]:
    """Columns whose gaps lie in whole groups: not the row but its group was never measured."""
    for key in columns:
        if key.missing or not ((key.prefix is not None and key.prefix_groups) or key.blocks):
            continue
        codes = group_codes(frame[key.name], key.prefix)
        sizes = np.bincount(codes)
        if len(codes) / len(sizes) < GROUP_ROWS:
            continue
        found: list[tuple[int, str]] = []
        for column in columns:
            if column.name == key.name or column.missing < LEAST_ROWS or column.missing == column.rows:
                continue
            gaps = np.bincount(codes, weights=frame[column.name].isna().to_numpy(dtype=float), minlength=len(sizes))
            whole = gaps == sizes
            if int(whole.sum()) >= GROUPS and float(gaps[whole].sum()) >= GROUP_SHARE * column.missing:
                found.append((int(whole.sum()), column.name))
        if found:
            groups, worst = max(found, key=lambda each: each[0])
            rest = [name for _, name in found if name != worst]
            yield Pattern(kind="missing by group", columns=(worst, *rest), by=key.name, groups=groups, of=len(sizes))
            return


def _spelled_otherwise(columns: Sequence[ColumnProfile]) -> Iterator[Pattern]:
    """Columns of zeros and ones among others that say yes and no."""
    words: dict[frozenset[str], list[ColumnProfile]] = {}
    numbers = []
    for column in columns:
        levels = frozenset(level.value.casefold() for level in column.top)
        if column.distinct != 2 or len(levels) != 2:
            continue
        if levels in YES_NO:
            words.setdefault(levels, []).append(column)
        elif levels == {"0", "1"}:
            numbers.append(column.name)
    sisters = max(words.values(), key=len, default=[])
    if len(sisters) >= SISTERS and 0 < len(numbers) < len(sisters):
        spelled = " and ".join(sorted((each.value for each in sisters[0].top), reverse=True))
        yield Pattern(kind="spelled otherwise", columns=tuple(numbers), by=sisters[0].name, value=spelled)


def _one_level(frame: pd.DataFrame, columns: Sequence[ColumnProfile]) -> Iterator[Pattern]:
    """A level that several columns have in the very same rows: one fact, told several times."""
    holders: dict[str, list[str]] = {}
    for column in columns:
        if column.type == "text" and column.role == "category":
            for level in column.top:
                if len(level.value) > 1 and level.rows >= LEAST_ROWS and level.rows < column.rows:
                    holders.setdefault(level.value, []).append(column.name)
    for value, names in holders.items():
        if len(names) < SISTERS:
            continue
        masks: dict[bytes, list[str]] = {}
        for name in names:
            masks.setdefault((frame[name] == value).to_numpy(dtype=bool, na_value=False).tobytes(), []).append(name)
        same = max(masks.values(), key=len)
        if len(same) >= SISTERS:
            rows = int((frame[same[0]] == value).sum())
            yield Pattern(kind="one level", columns=tuple(same), value=value, rows=rows)


def _clocks(frame: pd.DataFrame, columns: Sequence[ColumnProfile]) -> Iterator[Pattern]:
    """Whole numbers that are hours and minutes written as one: none ends in 60 to 99."""
    found: dict[str, str] = {}
    for column in columns:
        numbers = column.numbers
        if column.type not in ("integer", "number") or numbers is None or column.distinct < CLOCK_VALUES:
            continue
        if not numbers.whole or numbers.minimum < 0 or not 1200 < numbers.maximum <= CLOCK_END:
            continue
        values = frame[column.name].dropna().to_numpy(dtype=np.float64)
        if bool((values % 100 < 60).all()):
            found[column.name] = str(int(values[values >= 100][0]))
    if found:
        yield Pattern(kind="clock", columns=tuple(found), value=next(iter(found.values())))


def _date_parts(columns: Sequence[ColumnProfile]) -> Iterator[Pattern]:
    """Columns that are the year, the month and perhaps the day of one date, by their names and values."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for column in columns:
        tokens = [token for token in re.split(r"[^a-z]+", column.name.lower()) if token]
        units = [DATE_WORDS[token] for token in tokens if token in DATE_WORDS]
        if not units or not _fits("day" if "day" in units else units[0], column):
            continue
        rest = tuple(token for token in tokens if token not in DATE_WORDS and token != "of")
        found.setdefault(rest, {}).setdefault("day" if "day" in units else units[0], column.name)
    for parts in found.values():
        if "year" in parts and "month" in parts:
            yield Pattern(
                kind="date parts", columns=tuple(parts[unit] for unit in ("year", "month", "day") if unit in parts)
            )


def _fits(unit: str, column: ColumnProfile) -> bool:
    numbers = column.numbers
    if unit == "month" and column.type == "text":
        return 2 <= column.distinct <= 12
    if numbers is None or column.type == "date" or not numbers.whole:
        return False
    low, high = {"year": (1900, 2100), "month": (1, 12), "day": (1, 31)}[unit]
    return low <= numbers.minimum and numbers.maximum <= high
