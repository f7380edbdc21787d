"""A first look at a table before any question: columns, and which may be target, protected attribute, time, group."""

from __future__ import annotations

import pandas as pd
from pydantic import Field

from tools.data.key_names import says_entity, says_time
from tools.data.privacy import personal
from tools.data.privacy_names import protected_kind, words
from tools.data.reading import Reading
from tools.data.roles import counts_rows, in_blocks, tells_time
from tools.data.splitting import PART_WORDS
from tools.data.targets import MANY_CLASSES, class_texts, propose_positive, propose_task
from tools.records import Record, Task

TARGET_WORDS: dict[str, float] = {
    "target": 5, "label": 5, "y": 4, "outcome": 4, "class": 3, "response": 3, "responded": 3, "result": 2, "event": 2,
    "churn": 4, "churned": 4, "attrition": 4, "cancelled": 3, "canceled": 3, "renewed": 3, "lapsed": 3,
    "default": 2, "defaulted": 4, "fraud": 4, "fraudulent": 4, "risk": 3, "approved": 3, "approval": 3,
    "survived": 4, "survival": 4, "died": 3, "death": 3, "diagnosis": 4, "disease": 2, "readmitted": 4,
    "failure": 3, "failed": 3, "passed": 2, "defect": 3, "defective": 3,
    "converted": 4, "conversion": 3, "clicked": 3, "purchased": 3, "purchase": 2, "subscribed": 3,
    "choice": 3, "chosen": 3, "vote": 3, "voted": 3, "won": 2, "species": 2,
    "price": 2, "salary": 2, "wage": 2, "demand": 2, "delay": 2, "score": 1, "rating": 1, "grade": 1, "count": 1,
}  # fmt: skip
"""Words in a name that speak for a target, and how much."""
QUERY_NAMES = frozenset({"qid", "query_id", "queryid", "query", "srch_id", "search_id", "searchid"})
GRADE_WORDS = frozenset({"relevance", "rel", "relevancy", "grade", "label"})
MOST_GRADES, GRADED = 11, 6.0
"""Grades of search results at the most, and how much they speak for a target where there are queries."""
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
    counter: bool = False
    """It numbers the rows or stands for their time."""
    blocks: bool = False
    """Rows that share a value follow one another in blocks of one size."""


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
    queries: tuple[Candidate, ...] = ()
    """Columns that name the query whose results a row is one of, where another grades them."""
    graded: str | None = None
    """The column that grades the results of queries."""

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
    queries = _queries(columns)
    graded = next((column.name for column in columns if grades(column)), None) if queries else None
    return Peek(
        rows=len(frame),
        test_rows=reading.test_rows,
        columns=columns,
        targets=_ranked(_targets(columns, len(frame), graded=graded)),
        protected=tuple(column.name for column in columns if column.protected),
        times=_ranked(_times(columns)),
        groups=_ranked(_groups(columns, len(frame))),
        given=_ranked(_given(columns)),
        personal=tuple(column.name for column in columns if column.personal),
        queries=_ranked(queries),
        graded=graded,
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
        counter=counts_rows(series) or tells_time(series, name),
        blocks=in_blocks(series, name),
    )


def _ranked(found: list[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(found, key=lambda candidate: -candidate.score))[:8]


def _targets(columns: tuple[PeekColumn, ...], rows: int, *, graded: str | None = None) -> list[Candidate]:
    found = []
    for column in columns:
        if column.task is None or column.personal or column.protected in ("sex", "race", "religion"):
            continue
        if column.counter or (column.unique and column.type != "number"):
            continue
        named = words(column.name)
        score, reasons = 0.0, []
        telling = [word for word in named if word in TARGET_WORDS]
        if telling:
            said = max(TARGET_WORDS[word] for word in telling)
            # the weaker words are often the names of features
            score += said + (2 if len(named) == 1 and said > 2 else 0)
            reasons.append("its name says so")
        if column.name == graded:
            score += GRADED
            reasons.append("it grades the results of queries")
        if column.position == len(columns):
            score += 3
            reasons.append("it is the last column")
        elif column.position == 1:
            score += 0.5
        if column.task == "binary":
            score += 1.5
            reasons.append("it has two values")
        if column.task == "binary" and names_event(named):
            score += 1.5
            reasons.append("it names an event")
        if column.task == "regression" and column.distinct < 20:
            score -= 1
        if column.protected:
            score -= 2
        if column.blocks or (len(named) == 1 and says_time(column.name)):
            score -= 3
        if column.missing > 0.5 * rows:
            score -= 2
        if {"name", "type", "id", "code"} & set(named) and len(named) > 1:
            score -= 3
        if score > 1.5:
            found.append(Candidate(column=column.name, score=score, reason=_together(reasons)))
    return found


def grades(column: PeekColumn) -> bool:
    """Whether a column grades search results: whole numbers, few of them, named so."""
    named = set(words(column.name))
    return column.type == "integer" and column.distinct <= MOST_GRADES and bool(named & GRADE_WORDS)


def _queries(columns: tuple[PeekColumn, ...]) -> list[Candidate]:
    """Columns that name a query, in a table where another column grades its results."""
    if not any(grades(column) for column in columns):
        return []
    return [
        Candidate(column=column.name, score=2, reason="its name speaks of queries and its values repeat")
        for column in columns
        if column.distinct > 1 and not column.unique and "_".join(words(column.name)) in QUERY_NAMES
    ]


def _together(reasons: list[str]) -> str:
    *first, last = reasons or ["it is a number"]
    return f"{', '.join(first)} and {last}" if first else last


def names_event(named: list[str]) -> bool:
    """Whether the words of a name speak of something that happens or not: ``is_late``, ``returned``, ``late_flag``."""
    if named[:1] in (["is"], ["has"], ["will"]) or named[-1:] in (["ind"], ["indicator"], ["flag"]):
        return True
    return any(len(word) > 5 and word.endswith("ed") and not word.endswith("eed") for word in named)


def _times(columns: tuple[PeekColumn, ...]) -> list[Candidate]:
    found = []
    for column in columns:
        if column.missing or column.distinct < 3:
            continue
        if column.type == "date" and not column.personal:
            found.append(Candidate(column=column.name, score=3 + says_time(column.name), reason="it holds dates"))
        elif column.counter and says_time(column.name):
            found.append(Candidate(column=column.name, score=2, reason="its name speaks of time and it never falls"))
    return found


def _groups(columns: tuple[PeekColumn, ...], rows: int) -> list[Candidate]:
    """Entities that repeat: several rows of one customer, product, patient."""
    found = []
    for column in columns:
        repeats = column.distinct > 1 and not column.unique and column.distinct >= min(20, 0.02 * rows)
        keyed = repeats and column.type in ("integer", "text") and column.distinct < 0.9 * rows
        if keyed and says_entity(column.name):
            found.append(
                Candidate(column=column.name, score=2, reason="its name speaks of a key and its values repeat")
            )
        elif column.blocks:
            found.append(
                Candidate(column=column.name, score=1, reason="rows that share a value follow in blocks of one size")
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
