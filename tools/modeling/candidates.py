"""Which model families suit a table, with what speaks for and against each, simple ones first."""

from __future__ import annotations

from collections.abc import Sequence

from tools.modeling.families import FAMILIES
from tools.modeling.families.base import Problem, Size
from tools.modeling.imbalance import RARE
from tools.records import Record
from tools.wording import Sentence, say

FEW_ROWS = 500
"""Below so many rows a flexible model is warned of."""
MANY_ROWS = 20_000


class Candidate(Record):
    """One family, judged for this table."""

    family: str
    label: str
    simplicity: int
    cost: float
    """Seconds of one fit relative to LightGBM."""
    suited: bool
    chosen: bool
    """Whether it is searched."""
    reasons_for: tuple[Sentence, ...]
    reasons_against: tuple[Sentence, ...]
    missing: bool
    categories: str
    weights: bool


class Candidates(Record):
    """Step 2.1's result (``candidates.json``)."""

    version: int = 1
    task: str
    rows: int
    columns: int
    classes: int
    minority: float
    """Share of the rarest class; 0.5 for numbers."""
    candidates: tuple[Candidate, ...]
    """Simple ones first."""
    chosen: tuple[str, ...]
    trials: int | None
    max_seconds: float | None


def judge(
    problem: Problem, size: Size, *, transparent: bool, wanted: Sequence[str] | None, share_missing: float
) -> tuple[Candidate, ...]:
    """Judge every family.

    Args:
        problem: what is predicted.
        size: of the training rows.
        transparent: whether the model itself must be readable. Reasons for single predictions come with every family.
        wanted: families to search; None takes all that suit.
        share_missing: share of cells without a value.

    Returns:
        All families that know the task, simple ones first.
    """
    found = []
    for name, family in FAMILIES.items():
        if problem.task not in family.tasks:
            continue
        why, why_not, suited = [say(family.strength)], [say(family.weakness)], True
        if family.most_rows is not None and size.rows > family.most_rows:
            suited = False
            why_not.append(say("{rows|int} rows are more than it copes with in good time", rows=size.rows))
        if family.most_classes is not None and problem.classes > family.most_classes:
            suited = False
            why_not.append(say("it grows one tree per class and round, and there are {k|int}", k=problem.classes))
        if family.only_imbalanced and size.minority >= RARE:
            suited = False
            why_not.append(
                say("the rarer class holds {share|pct} of the rows: not rare enough to need it", share=size.minority)
            )
        elif family.only_imbalanced:
            why.append(say("the rarer class holds only {share|pct} of the rows", share=size.minority))
        if family.simplicity == 0 and transparent:
            why.append(say("the model itself must be readable, and its weights are"))
        elif transparent:
            suited = False
            why_not.append(say("the model itself must be readable, and many trees are not"))
        if family.simplicity >= 3 and size.rows < FEW_ROWS:
            why_not.append(say("{rows|int} training rows leave it little to learn interactions from", rows=size.rows))
        if family.simplicity >= 3 and size.rows >= MANY_ROWS:
            why.append(say("{rows|int} rows are enough to learn interactions from", rows=size.rows))
        if family.takes_missing and family.simplicity >= 1 and share_missing > 0:
            why.append(say("{share|pct} of the cells are empty, and it reads them as they are", share=share_missing))
        found.append(
            Candidate(
                family=name,
                label=family.label,
                simplicity=family.simplicity,
                cost=family.cost,
                suited=suited,
                chosen=suited if wanted is None else name in wanted,
                reasons_for=tuple(why),
                reasons_against=tuple(why_not),
                missing=family.takes_missing,
                categories=family.takes_categories,
                weights=family.takes_weights,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.simplicity, one.cost, one.family)))
