"""One look at a table without a target: its columns with small sketches, and every finding, the gravest first.

The records import neither pandas nor numpy, so that a face can read them without waiting for either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tools.records import Finding, Level, Record, Task
from tools.wording import Sentence, inert, listed, plural, say, show

if TYPE_CHECKING:
    import pandas as pd

    from tools.data.peeking import Peek
    from tools.data.profiling import ColumnProfile, Profile
    from tools.data.reading import Reading

BINS = 12
FEW_LEVELS = 12
"""Levels up to which each is named, however rare; with more, only those of many rows, so that no person is."""
SMALL_LEVEL = 10
REACH = 0.5
"""How far past the middle nine tenths a sketch reaches, in their width; what lies beyond counts in the outer bins."""
STEP = "look"


class LevelLook(Record):
    """A value that is common in a column."""

    value: str
    rows: int


class ColumnLook(Record):
    """One column as a look shows it; of a personal column nothing that its values tell."""

    name: str
    position: int
    type: str
    """As read: number, integer, boolean, date or text."""
    role: str
    """number, category, boolean, date, text, identifier or constant."""
    missing: int
    missing_share: float
    distinct: int
    personal: str | None = None
    """Which kind of personal data it holds."""
    protected: str | None = None
    level: Level | None = None
    """Of the gravest finding that names the column."""
    sketch: tuple[int, ...] = ()
    """Rows in bins of one width; the outer bins hold what lies beyond."""
    start: float | None = None
    end: float | None = None
    """Where the first bin begins and the last ends; dates in days since 1970."""
    minimum: float | str | None = None
    median: float | str | None = None
    maximum: float | str | None = None
    """Dates in ISO form."""
    levels: tuple[LevelLook, ...] = ()
    """Common values, most rows first."""
    told: tuple[str, ...] = ()
    """What a person reads beside the sketch, in order; as many as there is room for."""
    words: float | None = None

    @property
    def untold(self) -> int:
        """Levels that ``told`` does not name."""
        return self.distinct - len(self.levels) if self.levels else 0


class TargetLook(Record):
    """A column that may be what is to be predicted."""

    column: str
    task: Task | None
    reason: str


class HowRead(Record):
    """How the source was read."""

    format: str
    encoding: str | None
    separator: str | None
    header: bool
    skipped_lines: int


class TableLook(Record):
    """A look at a whole table."""

    version: int = 1
    rows: int
    columns: tuple[ColumnLook, ...]
    findings: tuple[Finding, ...]
    targets: tuple[TargetLook, ...]
    """Best first; empty where no column looks like one."""
    leading: str | None
    """The one column that looks like the target by a clear margin."""
    period: Sentence | None
    """Which time the rows span, where a date orders them."""
    reading: HowRead


def look_at(frame: pd.DataFrame, reading: Reading, peek: Peek, leading: str | None, *, seed: int = 0) -> TableLook:
    """Look at a table.

    Args:
        frame: all rows.
        reading: how they were read.
        peek: what the first look found.
        leading: the column that looks like the target by a clear margin, if any.
        seed: of the sample on which relations between columns are looked for.
    """
    from tools.data.profile_findings import profile_findings, ranked
    from tools.data.profiling import profile

    made = profile(frame, reading, None, None, seed=seed)
    found = [*profile_findings(made, reading), *(each for source in SOURCES for each in source(peek, leading))]
    findings = ranked(found)
    levels: dict[str, Level] = {}
    for finding in reversed(findings):
        levels |= dict.fromkeys(finding.columns, finding.level)
    return TableLook(
        rows=len(frame),
        columns=tuple(_column(frame[column.name], column, levels.get(column.name)) for column in made.columns),
        findings=findings,
        targets=tuple(
            TargetLook(column=each.column, task=peek.column(each.column).task, reason=each.reason)
            for each in peek.targets
        ),
        leading=leading,
        period=_period(made),
        reading=HowRead(
            format=reading.format,
            encoding=reading.encoding,
            separator=reading.separator,
            header=reading.header,
            skipped_lines=reading.skipped_lines,
        ),
    )


# --- columns ---


def _column(series: pd.Series, column: ColumnProfile, level: Level | None) -> ColumnLook:
    known = ColumnLook(
        name=column.name,
        position=column.position,
        type=column.type,
        role=column.role,
        missing=column.missing,
        missing_share=column.missing_share,
        distinct=column.distinct,
        personal=column.personal,
        protected=column.protected,
        level=level,
    )
    told, more = _told(series, column)
    return known.model_copy(update={"told": told, **more})


def _told(series: pd.Series, column: ColumnProfile) -> tuple[tuple[str, ...], dict[str, object]]:
    """What is said of a column's values, and the fields that it rests on."""
    if column.personal:
        return (f"personal ({column.personal}), not shown",), {}
    if not column.distinct:
        return ("no value at all",), {}
    present = column.rows - column.missing
    if column.role == "identifier" or (column.type == "text" and column.distinct == present > 1):
        return (f"different in {'every' if column.distinct == column.rows else 'almost every'} row",), {}
    if column.role == "text":
        words = round(column.words or 0)
        return (f"free text, about {words} {plural(words, 'word')}",), {"words": column.words}
    if column.role in ("number", "date") and column.numbers is not None and column.distinct > 1:
        return _spread(series, column)
    levels = _levels(series, column)
    if column.role == "constant" and levels:
        return (f"always {inert(levels[0].value, 40)}",), {"levels": levels}
    if not levels:
        return ("no value is common",), {}
    return tuple(f"{inert(each.value, 24)} {show(each.rows / present, 'pct')}" for each in levels), {"levels": levels}


def _levels(series: pd.Series, column: ColumnProfile) -> tuple[LevelLook, ...]:
    least = 1 if column.distinct <= FEW_LEVELS else SMALL_LEVEL
    return tuple(LevelLook(value=each.value, rows=each.rows) for each in column.top if each.rows >= least)


def _spread(series: pd.Series, column: ColumnProfile) -> tuple[tuple[str, ...], dict[str, object]]:
    import numpy as np

    from tools.data.typed import typed_array

    numbers = column.numbers
    assert numbers is not None
    values = typed_array(series)
    values = values[np.isfinite(values)]
    width = numbers.high - numbers.low
    low, high = numbers.minimum, numbers.maximum
    if width > 0:
        low, high = max(low, numbers.low - REACH * width), min(high, numbers.high + REACH * width)
    bins = BINS
    if column.type != "date" and numbers.whole and numbers.maximum - numbers.minimum < BINS:
        # few whole numbers: each has a bin of its own
        bins = int(numbers.maximum - numbers.minimum) + 1
        low, high = numbers.minimum - 0.5, numbers.maximum + 0.5
    counts, _ = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    fields: dict[str, object] = {"sketch": tuple(int(count) for count in counts), "start": low, "end": high}
    if column.type == "date":
        fields |= {"minimum": column.first, "maximum": column.last, "median": _day(numbers.median)}
        return (f"{column.first} to {column.last}",), fields
    fields |= {"minimum": numbers.minimum, "median": numbers.median, "maximum": numbers.maximum}
    told = (f"{show(numbers.minimum)} to {show(numbers.maximum)}", f"median {show(numbers.median)}")
    return told, fields


def _day(days: float) -> str:
    import datetime

    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(days // 1))).isoformat()


def _period(profile: Profile) -> Sentence | None:
    if profile.order_column is None:
        return None
    column = profile.column(profile.order_column)
    if column.numbers is None:
        return None
    first, last = column.first, column.last
    if first is None or last is None:
        first, last = f"{column.numbers.minimum:.0f}", f"{column.numbers.maximum:.0f}"
    ordered = (profile.order_agreement or 0.0) >= 0.99
    return say(
        'by "{column}" the rows run from {first} to {last}' + (", and stand in that order" if ordered else ""),
        column=column.name,
        first=first,
        last=last,
    )


# --- findings that need no target and no profile ---


def _few(peek: Peek, leading: str | None) -> Iterator[Finding]:
    from tools.data.targets import MINIMUM_CLASS_ROWS, MINIMUM_ROWS

    if peek.rows < MINIMUM_ROWS:
        yield Finding(
            id="target.rows",
            step=STEP,
            kind="target",
            level="warn",
            text=say(
                "{rows|int} {word} too few to learn from; a run needs at least {least|int}",
                rows=peek.rows,
                word=plural(peek.rows, "row is", "rows are"),
                least=MINIMUM_ROWS,
            ),
        )
        return
    classes = peek.column(leading).classes if leading else {}
    if leading and 2 <= len(classes) and peek.column(leading).task in ("binary", "multiclass"):
        label, rows = min(classes.items(), key=lambda item: (item[1], item[0]))
        if rows < MINIMUM_CLASS_ROWS:
            yield Finding(
                id="target.class",
                step=STEP,
                kind="target",
                columns=(leading,),
                level="warn",
                text=say(
                    'the class "{label}" of "{column}" has {rows|int} {word}; a split needs at least {least|int}',
                    label=label,
                    column=leading,
                    rows=rows,
                    word=plural(rows, "row"),
                    least=MINIMUM_CLASS_ROWS,
                ),
            )


def _protected(peek: Peek, leading: str | None) -> Iterator[Finding]:
    if peek.protected:
        yield Finding(
            id="representation.protected",
            step=STEP,
            kind="representation",
            columns=peek.protected,
            level="info",
            text=say(
                "{names} may be {what}",
                names=listed(peek.protected),
                what=plural(len(peek.protected), "a protected attribute", "protected attributes"),
            ),
            action="Judge the model by them; do not learn from them.",
        )


def _groups(peek: Peek, leading: str | None) -> Iterator[Finding]:
    for each in peek.groups:
        column = peek.column(each.column)
        if column.personal or column.blocks or column.name == leading:
            continue
        yield Finding(
            id=f"identifier.{column.name}.group",
            step=STEP,
            kind="identifier",
            columns=(column.name,),
            level="info",
            text=say(
                '"{column}" may tell entities apart that come up again: {groups|int} in {rows|int} rows',
                column=column.name,
                groups=column.distinct,
                rows=peek.rows - column.missing,
            ),
            action="If so, use it as data.group.",
        )


def _given(peek: Peek, leading: str | None) -> Iterator[Finding]:
    for each in peek.given:
        yield Finding(
            id=f"representation.{each.column}.split",
            step=STEP,
            kind="representation",
            columns=(each.column,),
            level="info",
            text=say('"{column}" says which part of a split each row belongs to', column=each.column),
            action="Use it as split.column.",
        )


SOURCES: tuple[Callable[[Peek, str | None], Iterator[Finding]], ...] = (_few, _protected, _groups, _given)
"""Each gives the findings of one matter; a new one is one function and one entry."""
