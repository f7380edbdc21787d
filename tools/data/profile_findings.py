"""What a profile gives reason to say: findings ranked by their consequence for the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tools.data.pattern_findings import pattern_findings
from tools.data.profiling import Profile
from tools.data.reading import Reading
from tools.data.value_findings import (
    STEP,
    finding_of,
    forms_findings,
    relations_findings,
    shifts_findings,
    values_findings,
)
from tools.records import Finding, FindingKind, Level
from tools.wording import Sentence, listed, plural

MUCH_MISSING = 0.4
LEAST_REPEATS = 5
"""Rows that repeat another from which they are worth a warning."""

_RANK: dict[Level, int] = {"block": 0, "warn": 1, "info": 2}
_KINDS: tuple[FindingKind, ...] = (
    "personal", "target", "identifier", "duplicate", "shift", "quality", "representation", "leakage",
)  # fmt: skip


def profile_findings(profile: Profile, reading: Reading) -> tuple[Finding, ...]:
    """All findings of a profile, the most consequential first.

    Args:
        profile: the table's profile.
        reading: how the table was read; its warnings become findings.
    """
    found = [finding for source in SOURCES for finding in source(profile)]
    found += list(_reading(reading))
    return ranked(found)


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in order of their consequence: by level, then by kind; within a kind as they come."""
    return tuple(sorted(findings, key=lambda finding: (_RANK[finding.level], _KINDS.index(finding.kind))))


def _personal(profile: Profile) -> Iterator[Finding]:
    for column in profile.columns:
        if column.personal:
            yield finding_of(
                "personal",
                column.name,
                "warn",
                (column.name,),
                '"{column}" holds personal data: {kind}, by its {by}',
                "Drop it, or say why it is needed.",
                column=column.name,
                kind=column.personal,
                by=column.personal_by,
            )
    for column in profile.columns:
        if column.instructions:
            yield finding_of(
                "quality",
                f"{column.name}.instructions",
                "warn",
                (column.name,),
                '"{column}" holds text that looks like instructions ({rows|int} {word}); it is treated as data only',
                column=column.name,
                rows=column.instructions,
                word=plural(column.instructions, "place"),
            )


def _target(profile: Profile) -> Iterator[Finding]:
    target = profile.target
    if target is None:
        return
    if target.missing:
        yield finding_of(
            "target",
            "unlabelled",
            "warn",
            (target.column,),
            '{rows|int} {word} ({share|pct}) have no value in "{column}"; they are set aside, not filled',
            "Check that being unlabelled has nothing to do with the outcome.",
            rows=target.missing,
            word=plural(target.missing, "row"),
            share=target.missing / target.rows,
            column=target.column,
        )
    if target.classes:
        label, rows = min(target.classes.items(), key=lambda item: (item[1], item[0]))
        share = rows / max(1, target.rows - target.missing)
        if share < min(0.1, 0.5 / len(target.classes)):
            yield finding_of(
                "target",
                "imbalance",
                "warn" if rows < 200 else "info",
                (target.column,),
                'the rarest class "{label}" has {rows|int} rows ({share|pct}); always saying another would be right in '
                "{trivial|pct}",
                "Judge by ranking or precision and recall, not by accuracy.",
                label=label,
                rows=rows,
                share=share,
                trivial=max(target.classes.values()) / max(1, target.rows - target.missing),
            )


def _identifiers(profile: Profile) -> Iterator[Finding]:
    for column in profile.columns:
        if column.role != "identifier":
            continue
        if column.prefix is not None:
            yield finding_of(
                "identifier",
                column.name,
                "warn",
                (column.name,),
                '"{column}" is unique by row, but before "{mark}" it repeats: {groups|int} groups; rows of one '
                "group belong "
                "on one side of the split",
                "Use it as data.group.",
                column=column.name,
                mark=column.prefix,
                groups=column.prefix_groups,
            )
        elif not column.personal:
            yield finding_of(
                "identifier",
                column.name,
                "warn" if column.key else "info",
                (column.name,),
                '"{column}" is different in {each} row: an identifier, which a model can only memorise',
                "Drop it.",
                column=column.name,
                each="every" if column.distinct == column.rows else "almost every",
            )


def _entities(profile: Profile) -> Iterator[Finding]:
    for column in profile.columns:
        if column.blocks and not column.personal:
            yield finding_of(
                "identifier",
                f"{column.name}.blocks",
                "warn",
                (column.name,),
                'the rows come in {groups|int} blocks of one value of "{column}" each, about {rows|int} rows long: '
                "they may be several looks at one entity",
                "If so, use it as data.group.",
                column=column.name,
                groups=column.distinct,
                rows=round(column.rows / column.distinct),
            )


def _empty(profile: Profile) -> Iterator[Finding]:
    empty = [column.name for column in profile.columns if column.missing == column.rows]
    constant = [column.name for column in profile.columns if column.role == "constant" and column.missing < column.rows]
    for name in empty:
        yield finding_of(
            "quality",
            f"{name}.empty",
            "warn",
            (name,),
            '"{column}" holds no value at all and is set aside',
            "Drop it.",
            column=name,
        )
    if constant:
        yield finding_of(
            "quality",
            "constant",
            "info",
            tuple(constant),
            "{names} {word} one value only",
            "Drop them.",
            names=listed(constant),
            word=plural(len(constant), "holds", "hold"),
        )


def _missing(profile: Profile) -> Iterator[Finding]:
    some = [column for column in profile.columns if 0 < column.missing < column.rows]
    much = sorted(
        (column for column in some if column.missing_share >= MUCH_MISSING),
        key=lambda column: -column.missing_share,
    )
    if not some:
        if not any(column.missing for column in profile.columns):
            yield finding_of("quality", "complete", "info", (), "no missing values")
        return
    worst = max(some, key=lambda column: column.missing_share)
    if much:
        yield finding_of(
            "quality",
            "missing",
            "warn",
            tuple(column.name for column in much),
            '"{worst}" misses {share|pct} of its values'
            if len(much) == 1
            else "{columns|int} of {all|int} columns miss {bound|pct} of the values or more, "
            '"{worst}" most ({share|pct})',
            "Decide whether missing means none.",
            columns=len(much),
            all=len(profile.columns),
            bound=MUCH_MISSING,
            worst=worst.name,
            share=worst.missing_share,
        )
    else:
        yield finding_of(
            "quality",
            "missing",
            "info",
            tuple(column.name for column in some),
            'values are missing in "{worst}" only ({share|pct})'
            if len(some) == 1
            else 'values are missing in {columns|int} of {all|int} columns, most in "{worst}" ({share|pct})',
            "Fill them inside the training rows.",
            columns=len(some),
            all=len(profile.columns),
            worst=worst.name,
            share=worst.missing_share,
        )


def _duplicates(profile: Profile) -> Iterator[Finding]:
    repeats = profile.duplicates
    if repeats.rows:
        share = repeats.rows / profile.rows
        many = repeats.rows >= max(LEAST_REPEATS, 0.005 * profile.rows)
        yield finding_of(
            "duplicate",
            "rows",
            "warn" if many and not repeats.chance else "info",
            (),
            "{rows|int} {word} ({share|pct}) {verb} an earlier row in all features"
            + (", as the few values of the columns make likely" if repeats.chance else ""),
            "None needed: equal rows stay on one side of the split."
            if repeats.chance
            else "Check whether these are errors; equal rows stay on one side of the split.",
            rows=repeats.rows,
            word=plural(repeats.rows, "row"),
            verb=plural(repeats.rows, "repeats", "repeat"),
            share=share,
        )
    if profile.near.rows >= max(LEAST_REPEATS, 0.01 * profile.rows):
        yield finding_of(
            "duplicate",
            "near",
            "info",
            (),
            "{rows|int} more {word} nearly equal to another (numbers rounded to {digits|int} significant digits)",
            rows=profile.near.rows,
            word=plural(profile.near.rows, "row is", "rows are"),
            digits=profile.near.digits,
        )


def _reading(reading: Reading) -> Iterator[Finding]:
    for place, warning in enumerate(reading.warnings):
        yield Finding(id=f"quality.reading.{place}", step=STEP, kind="quality", level="warn", text=warning)
    for assumption in reading.assumed:
        if assumption.what == "missing":
            yield Finding(
                id=f"quality.assumed.{assumption.value}.{assumption.column or ''}",
                step=STEP,
                kind="quality",
                level="info",
                columns=(assumption.column,) if assumption.column else (),
                text=assumption.evidence
                if "level" in assumption.evidence.facts
                else Sentence(
                    template='"{mark}" is ' + assumption.evidence.template,
                    facts={"mark": assumption.value, **assumption.evidence.facts},
                ),
            )


SOURCES: tuple[Callable[[Profile], Iterator[Finding]], ...] = (
    _personal, _target, _identifiers, _entities, _empty, _missing, _duplicates,
    relations_findings, shifts_findings, values_findings, forms_findings, pattern_findings,
)  # fmt: skip
"""Each gives the findings of one matter; a new one is one function and one entry."""
