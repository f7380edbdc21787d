"""A first look at a table before any question: columns, and which may be target, protected attribute, time, group."""

from __future__ import annotations

import pandas as pd
from pydantic import Field

from tools.data.privacy import personal
from tools.data.privacy_names import TIME_WORDS, protected_kind, words
from tools.data.reading import Reading
from tools.data.splitting import PART_WORDS
from tools.data.targets import MANY_CLASSES, class_texts, propose_positive, propose_task
from tools.records import Record, Task

TARGET_WORDS: dict[str, float] = {
    "target": 5, "label": 5, "y": 4, "outcome": 4, "class": 3, "churn": 4, "churned": 4, "default": 2, "defaulted": 4,
    "fraud": 4, "fraudulent": 4, "response": 3, "responded": 3, "result": 2, "survived": 4, "diagnosis": 4, "risk": 3,
    "score": 1, "rating": 1, "quality": 2, "price": 2, "income": 2, "salary": 2, "converted": 4, "conversion": 3,
    "cancelled": 3, "canceled": 3, "approved": 3, "clicked": 3, "purchased": 3, "purchase": 2, "sale": 2,
    "delay": 2, "cnt": 2, "count": 1, "demand": 2, "readmitted": 4, "attrition": 4, "relevance": 3, "recommended": 2,
    "deposit": 1, "died": 3, "death": 3, "failure": 3, "failed": 3,
}  # fmt: skip
"""Words in a name that speak for a target, and how much."""
LEVELS = MANY_CLASSES
"""Distinct values up to which a column's value counts are kept."""


class PeekColumn(Record):
    """What one look tells of a column."""

    name: str
    position: int
    type: str
    distinct: int
    missing: int
    classes: dict[str, int] = Field(default_factory=dict)
    """Rows by class text; empty past a hundred values and for personal columns."""
    task: Task | None = None
    """What it would be as a target."""
    positive: str | None = None
    positive_by: str | None = None
    personal: str | None = None
    protected: str | None = None
    unique: bool = False
    """No two rows share a value."""


class Candidate(Record):
    """A column that may be meant, with what speaks for it."""

    column: str
    score: float
    reason: str


class Peek(Record):
    """A first look at the table (``peek.json``)."""

    version: int = 1
    rows: int
    test_rows: int = 0
    columns: tuple[PeekColumn, ...]
    targets: tuple[Candidate, ...] = ()
    """Best first."""
    protected: tuple[str, ...] = ()
    times: tuple[Candidate, ...] = ()
    groups: tuple[Candidate, ...] = ()
    given: tuple[Candidate, ...] = ()
    """Columns that hold which part of a split a row belongs to."""
    personal: tuple[str, ...] = ()

    def column(self, name: str) -> PeekColumn:
        """One column.

        Raises:
            KeyError: there is none of this name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def peek(frame: pd.DataFrame, reading: Reading) -> Peek:
    """Look at all columns once.

    Args:
        frame: all rows, as ``read_table`` gives them.
        reading: how they were read.
    """
    columns = tuple(_look(frame[column.name], column.name, column.position, column.type) for column in reading.columns)
    return Peek(
        rows=len(frame),
        test_rows=reading.test_rows,
        columns=columns,
        targets=_ranked(_targets(columns, len(frame))),
        protected=tuple(column.name for column in columns if column.protected),
        times=_ranked(_times(columns)),
        groups=_ranked(_groups(columns, len(frame))),
        given=_ranked(_given(columns)),
        personal=tuple(column.name for column in columns if column.personal),
    )


def _look(series: pd.Series, name: str, position: int, kind: str) -> PeekColumn:
    present = series.dropna()
    distinct = int(present.nunique())
    found = personal(series, name)
    protected = protected_kind(name) if distinct > 1 else None
    classes: dict[str, int] = {}
    if 0 < distinct <= LEVELS and found is None:
        counts = class_texts(present).value_counts()
        classes = {str(text): int(rows) for text, rows in sorted(counts.items())}
    positive = propose_positive(classes)
    return PeekColumn(
        name=name,
        position=position,
        type=kind,
        distinct=distinct,
        missing=int(series.isna().sum()),
        classes=classes,
        task=propose_task(series) if found is None else None,
        positive=positive[0] if positive else None,
        positive_by=positive[1] if positive else None,
        personal=found.kind if found else None,
        protected=protected,
        unique=distinct == len(series) and len(series) > 1,
    )


def _ranked(found: list[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(found, key=lambda candidate: -candidate.score))[:8]


def _targets(columns: tuple[PeekColumn, ...], rows: int) -> list[Candidate]:
    found = []
    for column in columns:
        if column.task is None or column.personal or column.protected in ("sex", "race", "religion"):
            continue
        if column.unique and column.type != "number":
            continue
        named = words(column.name)
        score, reasons = 0.0, []
        telling = [word for word in named if word in TARGET_WORDS]
        if telling:
            score += max(TARGET_WORDS[word] for word in telling) + (2 if len(named) == 1 else 0)
            reasons.append("its name says so")
        if column.position == len(columns):
            score += 3
            reasons.append("it is the last column")
        elif column.position == 1:
            score += 0.5
        if column.task == "binary":
            score += 1.5
            reasons.append("it has two values")
        if named[:1] in (["is"], ["has"], ["will"]) and column.task == "binary":
            score += 1
            reasons.append("it names an event")
        if column.task == "regression" and column.distinct < 20:
            score -= 1
        if column.protected:
            score -= 2
        if column.missing > 0.5 * rows:
            score -= 2
        if {"name", "type", "id", "code"} & set(named) and len(named) > 1:
            score -= 3
        if score > 1.5:
            found.append(
                Candidate(column=column.name, score=score, reason=" and ".join(reasons) or "it has two values")
            )
    return found


def _times(columns: tuple[PeekColumn, ...]) -> list[Candidate]:
    found = []
    for column in columns:
        if column.missing or column.distinct < 3:
            continue
        named = set(words(column.name))
        if column.type == "date" and not column.personal:
            found.append(
                Candidate(column=column.name, score=3 + (1 if named & TIME_WORDS else 0), reason="it holds dates")
            )
    return found


def _groups(columns: tuple[PeekColumn, ...], rows: int) -> list[Candidate]:
    """Identifiers that repeat: several rows of one customer, product, patient."""
    found = []
    for column in columns:
        named = words(column.name)
        keyed = bool({"id", "uuid", "guid", "key", "qid"} & set(named)) or (named[-1:] == ["no"] and len(named) > 1)
        keyed = keyed or any(word.endswith("id") and len(word) > 4 for word in named)
        repeats = column.distinct > 1 and not column.unique and column.distinct >= min(20, 0.02 * rows)
        if keyed and repeats and column.type in ("integer", "text") and column.distinct < 0.9 * rows:
            found.append(
                Candidate(column=column.name, score=2, reason="its name speaks of a key and its values repeat")
            )
    return found


def _given(columns: tuple[PeekColumn, ...]) -> list[Candidate]:
    found = []
    for column in columns:
        levels = {text.strip().casefold() for text in column.classes}
        if (
            2 <= len(levels) <= 3
            and levels <= set(PART_WORDS)
            and {PART_WORDS[text] for text in levels} >= {"train", "test"}
        ):
            found.append(Candidate(column=column.name, score=2, reason="its values name the parts of a split"))
    return found
