"""What the regularities between columns give reason to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tools.data.patterns import Pattern, PatternKind
from tools.data.profiling import Profile
from tools.data.value_findings import finding_of
from tools.records import Finding
from tools.wording import listed, plural

MOST = 3
"""Findings of one kind."""


def pattern_findings(profile: Profile) -> Iterator[Finding]:
    """One finding for each regularity, a few of each kind."""
    told: dict[PatternKind, int] = {}
    for pattern in profile.patterns:
        told[pattern.kind] = told.get(pattern.kind, 0) + 1
        if told[pattern.kind] <= MOST:
            yield SAID[pattern.kind](pattern)


def _missing_where(pattern: Pattern) -> Finding:
    return finding_of(
        "quality", f"{pattern.columns[0]}.missing_where", "info", pattern.columns,
        "{columns} {verb} missing exactly where {by} is {value} ({rows|int} rows)",
        "Say what the gap stands for there; it is no accident.",
        columns=listed(pattern.columns), verb=plural(len(pattern.columns), "is", "are"),
        by=listed([pattern.by or ""]), value=pattern.value, rows=pattern.rows,
    )  # fmt: skip


def _missing_together(pattern: Pattern) -> Finding:
    return finding_of(
        "quality", f"{pattern.columns[0]}.missing_together", "info", pattern.columns,
        "{columns} are missing in the same {rows|int} rows",
        "Find out what these rows have in common; one mark of the gap does for all.",
        columns=listed(pattern.columns), rows=pattern.rows,
    )  # fmt: skip


def _missing_by_group(pattern: Pattern) -> Finding:
    return finding_of(
        "quality", f"{pattern.columns[0]}.missing_by_group", "info", pattern.columns,
        'values are missing for whole groups of "{by}" rather than for single rows in {columns|int} {word}: '
        '"{worst}" has none at all in {groups|int} of {all|int} groups',
        "Do not fill them in from other groups without asking why they were not measured.",
        by=pattern.by, columns=len(pattern.columns), word=plural(len(pattern.columns), "column"),
        worst=pattern.columns[0], groups=pattern.groups, all=pattern.of,
    )  # fmt: skip


def _spelled_otherwise(pattern: Pattern) -> Finding:
    return finding_of(
        "representation", f"{pattern.columns[0]}.spelled", "info", pattern.columns,
        '{columns} {verb} written in zeros and ones where columns such as "{by}" say {value}',
        "None needed: both are taken as yes or no.",
        columns=listed(pattern.columns), verb=plural(len(pattern.columns), "is", "are"), by=pattern.by,
        value=pattern.value,
    )  # fmt: skip


def _one_level(pattern: Pattern) -> Finding:
    return finding_of(
        "representation", f"{pattern.columns[0]}.one_level", "info", pattern.columns,
        '"{value}" stands in {columns|int} columns in the same {rows|int} rows, {names}: one fact told several times',
        "Read their importances together.",
        value=pattern.value, columns=len(pattern.columns), rows=pattern.rows, names=listed(pattern.columns),
    )  # fmt: skip


def _clock(pattern: Pattern) -> Finding:
    return finding_of(
        "representation", f"{pattern.columns[0]}.clock", "info", pattern.columns,
        "{columns} {verb} hours and minutes as one number, such as {value} for {clock}: the steps are uneven",
        "Make the hour of it, or the minutes since midnight.",
        columns=listed(pattern.columns), verb=plural(len(pattern.columns), "holds", "hold"), value=pattern.value,
        clock=f"{(pattern.value or '')[:-2]}:{(pattern.value or '')[-2:]}",
    )  # fmt: skip


def _date_parts(pattern: Pattern) -> Finding:
    return finding_of(
        "representation", f"{pattern.columns[0]}.date_parts", "info", pattern.columns,
        "{columns} are the parts of one date",
        "Join them into one column in the source, if rows are to be split by time.",
        columns=listed(pattern.columns),
    )  # fmt: skip


def _weight(pattern: Pattern) -> Finding:
    return finding_of(
        "representation", f"{pattern.columns[0]}.weight", "warn", pattern.columns,
        "{column} looks like the weight by which a survey counts its rows: it is no property of a case",
        "Drop it; nobody has such a weight at the moment of prediction.",
        column=listed(pattern.columns),
    )  # fmt: skip


SAID: dict[PatternKind, Callable[[Pattern], Finding]] = {
    "missing where": _missing_where,
    "missing together": _missing_together,
    "missing by group": _missing_by_group,
    "spelled otherwise": _spelled_otherwise,
    "one level": _one_level,
    "clock": _clock,
    "date parts": _date_parts,
    "weight": _weight,
}
