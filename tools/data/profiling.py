"""The profile of a table: each column's type, role, missing values, distribution; the target only as counts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from tools.data.key_names import says_code
from tools.data.patterns import Pattern, find_patterns
from tools.data.privacy import personal
from tools.data.privacy_names import protected_kind
from tools.data.reading import Reading
from tools.data.relations import Relation, relations
from tools.data.repeats import NearDuplicates, Repeats, duplicate_rows, near_duplicates
from tools.data.roles import Role, in_blocks, prefix_of, role_of, tells_time
from tools.data.shifts import OrderShift, order_shifts
from tools.data.targets import class_text, class_texts
from tools.records import Record, Task

TOP = 10
"""Most frequent values that are kept per column."""
OUTLIER_FENCE = 3.0
"""Interquartile ranges past the quartiles at which a value is an outlier ("far out", Tukey 1977)."""
LEAST_UNLABELLED = 30
BLANK_WITH, BLANK_ELSEWHERE = 0.5, 0.01
"""Share of blanks where the target is missing from which, and elsewhere up to which, both belong together."""
UNKNOWN_WORDS = frozenset(
    {"unknown", "unk", "not available", "not known", "not specified", "unspecified", "undefined", "missing", "no data"}
)
INSTRUCTIONS = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|prior|above|all)\b.{0,40}\binstructions?\b"
    r"|\b(?:approve|open|pass|skip)\b.{0,20}\bgate\b|\bgate\s*=\s*approved\b|\bsystem\s*(?:prompt)?\s*:",
    re.IGNORECASE,
)


class Distribution(Record):
    """How the numbers of a column lie; dates in days since 1970."""

    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    mean: float
    deviation: float | None
    skewness: float | None
    low: float
    """Fifth percentile."""
    high: float
    """Ninety-fifth percentile."""
    outliers: int
    """Values more than three interquartile ranges outside the quartiles; 0 where the quartiles coincide."""
    negatives: int
    zeros: int
    whole: bool


class Level(Record):
    """One frequent value of a column."""

    value: str
    rows: int


class ColumnProfile(Record):
    """One column."""

    name: str
    position: int
    type: Literal["number", "integer", "boolean", "date", "text"]
    role: Role
    rows: int
    missing: int
    missing_share: float
    distinct: int
    top: tuple[Level, ...] = ()
    """Most frequent values; empty for numbers with many values, personal columns, identifiers, prose."""
    top_share: float = 0.0
    """Share of the most frequent value among those present."""
    numbers: Distribution | None = None
    sentinel: float | None = None
    """A value that stands apart from all others and occurs often, so that it may mean "none"."""
    sentinel_share: float | None = None
    """Share of those present that hold it."""
    first: str | None = None
    last: str | None = None
    """Earliest and latest date, ISO."""
    words: float | None = None
    """Mean words per text."""
    personal: str | None = None
    personal_by: str | None = None
    protected: str | None = None
    key: bool = False
    """An identifier whose name says so, or that counts the rows."""
    prefix: str | None = None
    """Of an identifier: the mark before which its texts repeat."""
    prefix_groups: int | None = None
    code: bool = False
    """Whole numbers whose name speaks of codes rather than amounts."""
    time: bool = False
    """Whole numbers that stand for time, such as years: named so, and never falling along the rows."""
    blocks: bool = False
    """Rows that share a value follow one another in blocks of one size, as repeated looks at one entity do."""
    unknown_words: tuple[str, ...] = ()
    """Levels that may stand for missing."""
    instructions: int = 0
    """Texts that look like instructions to a machine."""


class TargetProfile(Record):
    """All that is said about the target before the split: counts."""

    column: str
    task: Task
    rows: int
    missing: int
    distinct: int
    classes: dict[str, int] = Field(default_factory=dict)
    blank_with: dict[str, float] = Field(default_factory=dict)
    """Columns that are filled nearly everywhere but where the target is missing: share blank among those rows."""


class Profile(Record):
    """The profile of the whole table (``profile.json``); nothing in it relates a column to the target."""

    version: int = 1
    rows: int
    columns: tuple[ColumnProfile, ...]
    """All columns but the target, in the table's order."""
    target: TargetProfile | None = None
    duplicates: Repeats
    near: NearDuplicates
    relations: tuple[Relation, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    shifts: tuple[OrderShift, ...] = ()
    """Columns that change along the row order or a date."""
    order_column: str | None = None
    """The date column by which ``shifts`` were looked for; None for row order."""
    order_agreement: float | None = None
    """Rank correlation of that date with the place of the rows: near 1 where the table is a log in time order."""
    empty_rows: int = 0

    def column(self, name: str) -> ColumnProfile:
        """One column's profile.

        Raises:
            KeyError: there is none of this name, or it is the target.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def features(self) -> list[str]:
        """Names of the columns that can tell rows apart: neither identifiers nor constants."""
        return [column.name for column in self.columns if column.role not in ("identifier", "constant")]


def profile(frame: pd.DataFrame, reading: Reading, target: str | None, task: Task | None, *, seed: int = 0) -> Profile:
    """Profile a table without relating anything to the target.

    Args:
        frame: all rows.
        reading: how they were read.
        target: the target column, of which only counts are taken; None where there is none.
        task: kind of task; decides whether the target is counted by class.
        seed: of the sample on which relations are looked for.
    """
    kinds = {column.name: column.type for column in reading.columns}
    others = [name for name in frame.columns if name != target]
    columns = tuple(
        profile_column(frame[name], name, place, kinds[name])
        for place, name in enumerate(frame.columns, start=1)
        if name != target
    )
    by_name = {column.name: column for column in columns}
    telling = [name for name in others if by_name[name].role not in ("identifier", "constant")]
    time = _order_column(columns)
    numbers = [name for name in telling if kinds[name] in ("number", "integer")]
    repeated = duplicate_rows(frame, telling, others, seed=seed)
    return Profile(
        rows=len(frame),
        columns=columns,
        target=target_profile(frame, target, task) if target is not None and task is not None else None,
        duplicates=repeated,
        near=near_duplicates(frame, telling, repeated.rows),
        relations=relations(frame, telling, numbers, seed=seed),
        patterns=find_patterns(frame, columns),
        shifts=order_shifts(frame, telling, time),
        order_column=time,
        order_agreement=_order_agreement(frame[time]) if time is not None else None,
        empty_rows=int(frame[others].isna().all(axis=1).sum()) if others else 0,
    )


def profile_column(series: pd.Series, name: str, position: int, kind: str) -> ColumnProfile:
    """Profile one column.

    Args:
        series: its values.
        name: its name.
        position: 1-based place in the table.
        kind: its type as read.
    """
    rows = len(series)
    present = series.dropna()
    counts = present.value_counts(sort=False)
    distinct = len(counts)
    found = personal(series, name)
    text = kind == "text"
    length = float(present.str.len().mean()) if text and distinct else 0.0
    mean_words = float(present.iloc[:5000].str.count(r"\S+").mean()) if text and distinct else None
    role, key = role_of(series, present, kind, distinct, name, length, mean_words or 0.0)
    prefix, prefix_groups = prefix_of(present) if role == "identifier" and text else (None, None)
    numbers = None
    if distinct and kind in ("number", "integer", "date"):
        numbers = distribution(_as_numbers(present))
    sentinel = _sentinel(present, counts) if kind in ("number", "integer") and distinct > 5 else None
    levels: tuple[Level, ...] = ()
    if found is None and role not in ("identifier", "text") and (text or distinct <= 50):
        ranked = sorted(
            ((class_text(value), int(n)) for value, n in _items(counts)), key=lambda item: (-item[1], item[0])
        )
        levels = tuple(Level(value=value, rows=n) for value, n in ranked[:TOP])
    texts = [str(value) for value in counts.index[:5000]] if text else []
    return ColumnProfile(
        name=name,
        position=position,
        type=kind,
        role=role,
        rows=rows,
        missing=rows - len(present),
        missing_share=(rows - len(present)) / rows if rows else 0.0,
        distinct=distinct,
        top=levels,
        top_share=float(counts.max() / len(present)) if distinct else 0.0,
        numbers=numbers,
        sentinel=sentinel,
        sentinel_share=float(counts.loc[sentinel] / len(present)) if sentinel is not None else None,
        first=present.min().date().isoformat() if kind == "date" and distinct else None,
        last=present.max().date().isoformat() if kind == "date" and distinct else None,
        words=mean_words,
        personal=found.kind if found else None,
        personal_by=found.found_by if found else None,
        protected=protected_kind(name) if distinct > 1 else None,
        key=key,
        prefix=prefix,
        prefix_groups=prefix_groups,
        code=kind == "integer" and distinct > 2 and says_code(name),
        time=numbers is not None and tells_time(series, name),
        blocks=role in ("number", "category") and in_blocks(series, name),
        unknown_words=tuple(sorted(value for value in texts if value.strip().casefold() in UNKNOWN_WORDS)),
        instructions=_instructions(name, present, texts, counts),
    )


def distribution(values: pd.Series) -> Distribution:
    """The distribution of numbers without missing ones."""
    numbers = values.to_numpy(dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, lower, median, upper, high = (float(value) for value in np.quantile(finite, [0.05, 0.25, 0.5, 0.75, 0.95]))
    spread = upper - lower
    outside = (finite < lower - OUTLIER_FENCE * spread) | (finite > upper + OUTLIER_FENCE * spread)
    deviation = float(finite.std(ddof=1)) if len(finite) > 1 else None
    return Distribution(
        minimum=float(finite.min()),
        lower_quartile=lower,
        median=median,
        upper_quartile=upper,
        maximum=float(finite.max()),
        mean=float(finite.mean()),
        deviation=deviation,
        skewness=_skewness(finite),
        low=low,
        high=high,
        outliers=int(outside.sum()) if spread > 0 else 0,
        negatives=int((finite < 0).sum()),
        zeros=int((finite == 0).sum()),
        whole=bool((finite == np.floor(finite)).all()),
    )


def _skewness(values: np.ndarray) -> float | None:
    """Fisher's moment coefficient g1 (unadjusted); None for a constant."""
    centred = values - values.mean()
    spread = float(np.sqrt((centred**2).mean()))
    if spread <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return None
    scaled = centred / spread
    skewness = float((scaled * scaled * scaled).mean())  # a power takes ten times as long
    return skewness if math.isfinite(skewness) else None


def _sentinel(present: pd.Series, counts: pd.Series) -> float | None:
    """A frequent extreme value that stands apart: the only negative one, or nines far past all others."""
    values = np.sort(counts.index.to_numpy(dtype=np.float64))
    rows = len(present)
    low, second = float(values[0]), float(values[1])
    # a mark for "none" is a whole number; a fraction is a measurement, or computed from one
    if low < 0 <= second and low.is_integer() and float(counts.loc[values[0]]) >= 0.02 * rows:
        return low
    high, before = float(values[-1]), float(values[-2])
    nines = high >= 99 and set(str(int(high))) == {"9"} and high.is_integer()
    if nines and float(counts.loc[values[-1]]) >= 0.005 * rows and high > 1.3 * before:
        return high
    return None


def _instructions(name: str, present: pd.Series, texts: Sequence[str], counts: pd.Series) -> int:
    found = [text for text in texts if INSTRUCTIONS.search(text)]
    return int(sum(int(counts.loc[text]) for text in found)) + (1 if INSTRUCTIONS.search(name) else 0)


def _items(counts: pd.Series) -> list[tuple[object, int]]:
    return list(zip(counts.index.tolist(), counts.to_list(), strict=True))


def _as_numbers(present: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(present.dtype):
        return present.astype("datetime64[us]").astype("int64") / 86_400e6
    return present.astype("float64")


def _order_column(columns: tuple[ColumnProfile, ...]) -> str | None:
    """The column that orders the rows in time: a complete date, else numbers that stand for time; None without either.

    Of several dates the one with the narrowest span is most often that of the event itself (the claim, not the
    signing of the contract or the birth before it); of several numbers the finest.
    """
    dates = [
        (column.numbers.maximum - column.numbers.minimum, column.position, column.name)
        for column in columns
        if column.role == "date" and not column.missing and not column.personal and column.numbers is not None
    ]
    if dates:
        return min(dates)[2]
    counted = [(-column.distinct, column.position, column.name) for column in columns if column.time]
    return min(counted)[2] if counted else None


def _order_agreement(series: pd.Series) -> float | None:
    ranks = series.rank().to_numpy(dtype=np.float64)
    if len(ranks) < 3 or ranks.std() == 0:
        return None
    return round(float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]), 6)


def target_profile(frame: pd.DataFrame, name: str, task: Task) -> TargetProfile:
    """Counts of a target column, and the columns that are blank mostly where it is."""
    series = frame[name]
    present = series.dropna()
    classes: dict[str, int] = {}
    if task != "regression":
        classes = {str(text): int(rows) for text, rows in sorted(class_texts(present).value_counts().items())}
    return TargetProfile(
        column=name,
        task=task,
        rows=len(series),
        missing=int(series.isna().sum()),
        distinct=int(present.nunique()),
        classes=classes,
        blank_with=_blank_with(frame, name),
    )


def _blank_with(frame: pd.DataFrame, target: str) -> dict[str, float]:
    """Columns that are blank mostly where the target is; none where most columns are, as in rows broken off."""
    unlabelled = frame[target].isna()
    if int(unlabelled.sum()) < LEAST_UNLABELLED or bool(unlabelled.all()):
        return {}
    others = [name for name in frame.columns if name != target]
    with_it, elsewhere = frame.loc[unlabelled, others].isna().mean(), frame.loc[~unlabelled, others].isna().mean()
    found = {
        str(name): float(with_it[name])
        for name in others
        if with_it[name] >= BLANK_WITH and elsewhere[name] <= BLANK_ELSEWHERE
    }
    return found if 2 * len(found) <= len(others) else {}
