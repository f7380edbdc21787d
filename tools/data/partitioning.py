"""Making the split: which rows train, which are validated on, which lie in the vault; and what overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.allocation import allocate
from tools.data.repeats import LEAST_COLUMNS, near_codes
from tools.data.splitting import (
    PART_WORDS,
    PARTS,
    Overlap,
    Part,
    SplitKind,
    SplitReport,
    SplitScheme,
    find_time,
    group_codes,
    join_groups,
    row_codes,
    time_positions,
)
from tools.data.targets import class_text, class_texts, encode
from tools.errors import InputError
from tools.records import Record, Task
from tools.wording import Sentence, inert, plural, say

FOLDS, FOLDS_LARGE, LARGE_ROWS = 5, 3, 60_000
"""Resampling folds, and past how many training rows there are fewer (facts/modelling.md)."""
SET_ASIDE, GAP = -2, -1


class SplitPlan(Record):
    """What was decided about the split."""

    kind: SplitKind
    test_size: float
    """Share of the labelled rows; from one on a number of rows."""
    validation_size: float
    column: str | None = None
    prefix: str | None = None
    gap: float = 0.0
    tie: tuple[str, ...] = ()
    """Feature columns; rows that are equal in all of them stay together."""
    test_rows: int = 0
    """Rows at the end of the table that came from a test file of their own."""
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """Which row lies where."""

    parts: NDArray[np.int64]
    """Per row of the table: 0 train, 1 validation, 2 test, -1 in the gap, -2 without a label."""
    report: SplitReport

    def rows(self, part: str) -> NDArray[np.int64]:
        """Positions of the rows of a part, ascending."""
        return np.flatnonzero(self.parts == PARTS.index(part))

    def unlabelled(self, frame: pd.DataFrame, plan: SplitPlan) -> NDArray[np.int64]:
        """Positions of the rows without a label, ascending, save those that a given split holds back for the test."""
        found = np.flatnonzero(self.parts == SET_ASIDE)
        if plan.kind != "given":
            return found
        if plan.column is None:
            return found[found < len(frame) - plan.test_rows]
        words = class_texts(frame[plan.column].iloc[found]).fillna("").str.strip().str.casefold()
        return found[(words.map(PART_WORDS) == "train").to_numpy(dtype=bool)]


def split(frame: pd.DataFrame, target: str, task: Task, classes: Sequence[str], plan: SplitPlan) -> Split:
    """Split the rows of a table.

    Args:
        frame: all rows, source order.
        target: target column; rows without a value there are set aside.
        task: kind of task.
        classes: declared classes.
        plan: what was decided.

    Raises:
        InputError: a column that does not fit the kind, or a part that would be empty or lack a class.
    """
    labelled = np.flatnonzero(frame[target].notna().to_numpy(dtype=bool))
    known = frame.iloc[labelled].reset_index(drop=True)
    shares = _shares(plan, len(known))
    strata = encode(known[target], classes) if classes else np.zeros(len(known), dtype=np.int64)
    tie_codes = _tie_codes(known, plan)
    inside, notes = KINDS[plan.kind](known, strata, plan, shares, labelled, len(frame), tie_codes)
    parts = np.full(len(frame), SET_ASIDE, dtype=np.int64)
    parts[labelled] = inside
    _check_parts(known, inside, target, task, plan, shares)
    return Split(parts, _report(frame, known, inside, target, task, plan, tie_codes, notes))


def _shares(plan: SplitPlan, rows: int) -> tuple[float, float]:
    test = plan.test_size / rows if plan.test_size >= 1 else plan.test_size
    validation = plan.validation_size / rows if plan.validation_size >= 1 else plan.validation_size
    if test < 0 or validation < 0 or test + validation > 0.9:
        raise InputError(
            "Test and validation rows together leave less than a tenth for training.",
            hint="Lower split.test_size or split.validation_size.",
            code=8,
        )
    return test, validation


def _tie_codes(known: pd.DataFrame, plan: SplitPlan) -> NDArray[np.int64] | None:
    columns = [name for name in plan.tie if name in known.columns]
    if not columns:
        return None
    codes = row_codes(known, columns)
    return codes if int(codes.max(initial=-1)) + 1 < len(codes) else None


Inside = tuple[NDArray[np.int64], list[Sentence]]


def _dealt(
    known: pd.DataFrame, strata: NDArray[np.int64], plan: SplitPlan, shares: tuple[float, float],
    labelled: NDArray[np.int64], rows: int, ties: NDArray[np.int64] | None,
) -> Inside:  # fmt: skip
    """Random, stratified or grouped."""
    links = [ties] if ties is not None else []
    notes: list[Sentence] = []
    if plan.kind == "grouped":
        if plan.column is None:
            raise InputError("A grouped split needs a column.", hint="Name it in split.column or data.group.", code=8)
        groups = group_codes(known[plan.column], plan.prefix)
        if int(groups.max()) + 1 < 3:
            raise InputError(
                f'"{inert(plan.column)}" has fewer than three groups, so rows can\'t be split by it.',
                hint="Choose another split.column or split.kind.",
                column=plan.column,
            )
        links.append(groups)
    if plan.kind == "random":
        strata = np.zeros_like(strata)
    together = join_groups(links) if links else None
    wanted = np.array([1 - sum(shares), shares[1], shares[0]])
    used = np.flatnonzero(wanted > 0)
    dealt = allocate(strata, together, wanted[used], (plan.seed, 11))
    return used[dealt], notes


def _by_time(
    known: pd.DataFrame, strata: NDArray[np.int64], plan: SplitPlan, shares: tuple[float, float],
    labelled: NDArray[np.int64], rows: int, ties: NDArray[np.int64] | None,
) -> Inside:  # fmt: skip
    times = time_positions(known, plan.column)
    ranked = np.argsort(times, kind="stable")
    ordered = times[ranked]
    first_test = find_time(ordered, round(len(ordered) * (1 - shares[0]))) if shares[0] else len(ordered)
    first_validation = (
        find_time(ordered, round(len(ordered) * (1 - shares[0] - shares[1]))) if shares[1] else first_test
    )
    inside = np.zeros(len(known), dtype=np.int64)
    inside[ranked[first_validation:first_test]] = 1
    inside[ranked[first_test:]] = 2
    if plan.gap > 0:
        for start, part in ((first_validation, 1), (first_test, 2)):
            if 0 < start < len(ordered):
                near = (times >= ordered[start] - plan.gap) & (inside < part) & (inside >= 0)
                inside[near] = GAP
    return inside, []


def _given(
    known: pd.DataFrame, strata: NDArray[np.int64], plan: SplitPlan, shares: tuple[float, float],
    labelled: NDArray[np.int64], rows: int, ties: NDArray[np.int64] | None,
) -> Inside:  # fmt: skip
    notes: list[Sentence] = []
    inside = np.zeros(len(known), dtype=np.int64)
    if plan.column is not None:
        texts = class_texts(known[plan.column]).fillna("").str.strip().str.casefold()
        unknown = sorted(set(texts) - set(PART_WORDS))
        if unknown:
            raise InputError(
                f'"{inert(plan.column)}" holds "{inert(unknown[0])}", which names no part of a split.',
                hint="Use train, validation and test.",
                column=plan.column,
            )
        inside = np.array(texts.map({word: PARTS.index(part) for word, part in PART_WORDS.items()}), dtype=np.int64)
    elif plan.test_rows:
        inside[labelled >= rows - plan.test_rows] = 2
    else:
        raise InputError(
            "A given split needs a column or a test file.",
            hint="Name split.column, or use --test FILE.",
            code=8,
        )
    if not (inside == 1).any() and shares[1] > 0:
        train = np.flatnonzero(inside == 0)
        groups = ties[train] if ties is not None else None
        dealt = allocate(strata[train], groups, np.array([1 - shares[1], shares[1]]), (plan.seed, 11))
        inside[train[dealt == 1]] = 1
        notes.append(say("validation rows are taken from the given training rows"))
    return inside, notes


KINDS = {"random": _dealt, "stratified": _dealt, "grouped": _dealt, "time": _by_time, "given": _given}
"""Kind of split to the function that deals labelled rows to parts."""


def _check_parts(
    known: pd.DataFrame,
    inside: NDArray[np.int64],
    target: str,
    task: Task,
    plan: SplitPlan,
    shares: tuple[float, float],
) -> None:
    wanted = [0] + ([1] if shares[1] > 0 else []) + ([2] if shares[0] > 0 or plan.kind == "given" else [])
    for part in wanted:
        rows = np.flatnonzero(inside == part)
        if not len(rows):
            raise InputError(
                f"The {PARTS[part]} part of the split would be empty.",
                hint="Choose other sizes, another split.kind or another split.column.",
            )
        if task != "regression" and known[target].iloc[rows].nunique() < 2:
            raise InputError(
                f"The {PARTS[part]} part of the split holds one class of the target only.",
                hint="Choose other sizes, another split.kind or another split.column.",
                column=target,
            )


def _report(
    frame: pd.DataFrame, known: pd.DataFrame, inside: NDArray[np.int64], target: str, task: Task, plan: SplitPlan,
    ties: NDArray[np.int64] | None, notes: list[Sentence],
) -> SplitReport:  # fmt: skip
    used = int((inside >= 0).sum())
    times = time_positions(known, plan.column) if plan.kind == "time" and plan.column is not None else None
    parts = {}
    for place, part in enumerate(PARTS):
        rows = np.flatnonzero(inside == place)
        classes: dict[str, int] = {}
        if task != "regression":
            classes = {
                str(text): int(n) for text, n in sorted(class_texts(known[target].iloc[rows]).value_counts().items())
            }
        starts = ends = None
        if times is not None and len(rows) and plan.column is not None:
            values = known[plan.column].iloc[rows]
            starts, ends = _moment(values.min()), _moment(values.max())
        parts[part] = Part(
            rows=len(rows), share=len(rows) / used if used else 0.0, classes=classes, starts=starts, ends=ends
        )
    tied = int((np.bincount(ties)[ties] > 1).sum()) if ties is not None else 0
    entity = group_codes(known[plan.column], plan.prefix) if plan.kind == "grouped" and plan.column else None
    return SplitReport(
        kind=plan.kind,
        column=plan.column,
        parts=parts,
        scheme=_scheme(plan, task, int((inside == 0).sum()), training_ties(ties, inside)),
        unlabelled=len(frame) - len(known),
        between=int((inside == GAP).sum()),
        tied=tied,
        groups=int(entity.max()) + 1 if entity is not None else 0,
        overlaps=overlaps(known, inside, plan.tie, plan.column if entity is not None else None, entity),
        seed=plan.seed,
        notes=tuple(notes),
    )


def _moment(value: object) -> str:
    """A date, or a date with its hour and minute, or a number that stands for time."""
    return class_text(value).replace("T", " ").removesuffix(":00")


def training_ties(ties: NDArray[np.int64] | None, inside: NDArray[np.int64]) -> bool:
    """Whether training rows repeat one another; what other parts repeat is no matter of theirs."""
    if ties is None:
        return False
    codes = ties[inside == 0]
    return len(np.unique(codes)) < len(codes)


def _scheme(plan: SplitPlan, task: Task, train: int, tied: bool) -> SplitScheme:
    kind = plan.kind
    if kind in ("given", "random", "stratified"):
        kind = "random" if task == "regression" else "stratified"
    return SplitScheme(
        kind=kind,
        folds=FOLDS if train <= LARGE_ROWS else FOLDS_LARGE,
        column=plan.column if kind in ("grouped", "time") else None,
        prefix=plan.prefix if kind == "grouped" else None,
        tie=plan.tie if tied and kind != "time" else (),
        gap=plan.gap if kind == "time" else 0.0,
        seed=plan.seed,
    )


def overlaps(
    known: pd.DataFrame,
    inside: NDArray[np.int64],
    columns: Sequence[str],
    entity: str | None,
    entities: NDArray[np.int64] | None,
) -> tuple[Overlap, ...]:
    """Rows of one part that have a counterpart, equal, nearly equal or of the same entity, in another.

    Args:
        known: labelled rows.
        inside: part of each row.
        columns: feature columns that are compared.
        entity: name of the grouping column.
        entities: its codes.
    """
    found = []
    columns = [name for name in columns if name in known.columns]
    checks: list[tuple[str, str | None, NDArray[np.int64]]] = []
    if columns:
        checks = [("rows", None, row_codes(known, columns))]
    # with few columns rounded rows meet by chance
    if len(columns) >= LEAST_COLUMNS:
        checks.append(("near rows", None, near_codes(known, columns)))
    if entities is not None:
        checks.append(("entities", entity, entities))
    for what, column, codes in checks:
        for left, right in ((0, 1), (0, 2), (1, 2)):
            later = codes[inside == right]
            if not len(later) or not (inside == left).any():
                continue
            shared = int(np.isin(later, codes[inside == left]).sum())
            found.append(
                Overlap(
                    what=what,
                    column=column,
                    left=PARTS[left],
                    right=PARTS[right],
                    rows=shared,
                    share=shared / len(later),
                )
            )
    return tuple(found)


def describe(report: SplitReport) -> Sentence:
    """The split in one sentence."""
    sizes = {part: report.parts[part].rows for part in PARTS}
    how = {
        "random": "at random",
        "stratified": "stratified by the target",
        "grouped": "whole groups of {column} on one side",
        "time": "by time ({column})",
        "given": "as given",
    }[report.kind]
    if report.kind == "time" and report.column is None:
        how = "by the order of the rows"
    column = f'"{inert(report.column)}"' if report.column else ""
    return say(
        "{train|int} / {validation|int} / {test|int} {word}, {how}",
        **sizes,
        word=plural(sizes["test"], "row"),
        how=how.replace("{column}", column),
    )
