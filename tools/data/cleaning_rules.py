"""Which rules one column gets, and what they learn from its training rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from tools.data.key_names import says_code, says_entity
from tools.data.typed import ColumnType, typed_array
from tools.records import Record
from tools.serving.service.plan import RULES
from tools.wording import Sentence, say

MissingStrategy = Literal["keep", "flag", "median", "most_frequent", "constant"]
OutlierStrategy = Literal["keep", "clip"]
DuplicateStrategy = Literal["keep", "drop"]
PersonalTreatment = Literal["drop", "hash", "generalise", "keep"]

CLIP_SHARES = (0.005, 0.995)
"""Training quantiles that numbers are clipped to, or to the fences where those lie further out."""
FENCE = 3.0
"""Interquartile ranges outside the quartiles past which a number is far out (Tukey 1977)."""
PLACEHOLDER_FACTOR = 5.0
"""How many times the largest other number a positive placeholder must be; a top code is less."""
CONTINUOUS = 20
"""Numbers with at most so many distinct values are scales or codes and are not clipped."""
FEW_LEVELS = 200
"""Text columns with at most so many levels have their spelling tidied."""
TELLING = 50
"""Distinct texts past which a personal column that can't be dropped is hashed."""
UNKNOWN_TEXT = "missing"
NONE_TEXT = "none"
PLACEHOLDERS = frozenset(sign * number for sign in (-1.0, 1.0) for number in (99.0, 999.0, 9999.0, 99999.0, 999999.0))
"""Numbers that people write for "unknown"; counted as such only where they stand apart from all others."""


class CleaningRule(Record):
    """One rule on one column; parameters as ``service.plan`` documents them."""

    rule: str
    params: dict[str, Any] = Field(default_factory=dict)
    why: Sentence


def fit_rules(
    series: pd.Series,
    kind: ColumnType,
    personal: PersonalTreatment,
    missing: MissingStrategy,
    outliers: OutlierStrategy,
    needed: bool,
    none: bool = False,
) -> list[CleaningRule]:
    """Rules in order; each is fitted on what the ones before it left.

    Args:
        series: the training rows of one column.
        kind: its type.
        personal: how it is treated as personal data; "drop" counts only where it is needed all the same.
        missing: strategy for gaps.
        outliers: strategy for far values.
        needed: whether it can't be dropped, as grouping, order or the audit rests on it.
        none: whether no value means that there is none (of a column of words).
    """
    rules: list[CleaningRule] = []
    values = typed_array(series)

    def add(rule: str, params: dict[str, Any], why: Sentence) -> None:
        nonlocal values
        rules.append(CleaningRule(rule=rule, params=params, why=why))
        values = RULES[rule](params)(values)

    if kind == "text":
        spelling = _spellings(values)
        if spelling:
            add("respell", {"levels": spelling}, say("the same level is written in several ways"))
        if none:
            add("fill", {"value": _none_level(values)}, say("no value means that there is none, as was decided"))
    if kind in ("number", "integer"):
        marks = _placeholders(values)
        if marks:
            add(
                "placeholder",
                {"values": marks},
                say("{mark|text} stands apart from every other value", mark=_marks(marks)),
            )
    # many texts would tell who it was; few levels are what an audit is about
    telling = kind == "text" and len(set(values.tolist())) > TELLING
    if personal == "hash" or (personal == "drop" and needed and telling):
        add("hash", {}, say("personal data: replaced by a hash, so that equal values stay equal"))
        kind = "text"
    elif personal == "generalise":
        add("generalise", _coarser(values, kind), say("personal data: made coarser"))
    # a code far from the others is another code, not a larger amount
    named = says_code(str(series.name)) or says_entity(str(series.name))
    if outliers == "clip" and kind in ("number", "integer") and not (named and kind == "integer"):
        bounds = _bounds(values)
        if bounds:
            add("clip", {"lower": bounds[0], "upper": bounds[1]}, _beyond(*bounds))
    filler = _filler(values, kind, missing)
    if filler is not None:
        add("fill", {"value": filler}, say("no value: filled with {how|text}", how=_FILLING[missing]))
    return rules


_FILLING = {
    "median": "the median, or the most frequent level",
    "most_frequent": "the most frequent value",
    "constant": "a constant",
}


def _none_level(values: NDArray[Any]) -> str:
    """What "none" is called: as the column itself calls it where it does."""
    called = Counter(value for value in values.tolist() if value is not None and value.casefold() == NONE_TEXT)
    return max(called, key=lambda text: (called[text], text)) if called else NONE_TEXT


def _marks(marks: Sequence[float]) -> str:
    return " and ".join(f"{mark:g}" for mark in marks)


def _spellings(values: NDArray[Any]) -> dict[str, str]:
    """Folded spelling to the most frequent one, for levels that occur in more than one."""
    counts = Counter(value for value in values.tolist() if value is not None)
    if not counts or len(counts) > FEW_LEVELS:
        return {}
    variants: dict[str, list[str]] = {}
    for level in sorted(counts):
        variants.setdefault(level.casefold(), []).append(level)
    return {
        folded: max(levels, key=lambda level: (counts[level], level))
        for folded, levels in sorted(variants.items())
        if len(levels) > 1
    }


def _placeholders(values: NDArray[np.float64]) -> list[float]:
    """Values such as -999 that occur at least three times and lie far from all others.

    Far means further than the others are apart; a negative one also where all others are positive or zero.
    """
    found: list[float] = []
    present = values[~np.isnan(values)]
    for mark in sorted(PLACEHOLDERS):
        others = present[~np.isin(present, [*found, mark])]
        if len(others) < 10 or np.count_nonzero(present == mark) < 3:
            continue
        low, high = float(others.min()), float(others.max())
        below = mark < 0 and (low >= 0 or low - mark > high - low)
        above = mark > PLACEHOLDER_FACTOR * max(abs(low), abs(high)) and mark - high > high - low
        if high > low and (below or above):
            found.append(mark)
    return found


def _coarser(values: NDArray[Any], kind: ColumnType) -> dict[str, Any]:
    """How a personal column is made coarser: e-mail to its domain, codes to three characters, names to one."""
    if kind == "date":
        return {"year": True}
    if kind != "text":
        present = values[~np.isnan(values)]
        spread = float(np.quantile(present, 0.95) - np.quantile(present, 0.05)) if len(present) else 0.0
        # at most ten steps over the bulk of the values, each a power of ten
        return {"step": 10.0 ** math.ceil(math.log10(spread / 10)) if spread > 0 else 1.0}
    texts = [text for text in values.tolist() if text is not None]
    if texts and sum("@" in text for text in texts) > len(texts) / 2:
        return {"domain": True}
    coded = sum(any(char.isdigit() for char in text) for text in texts) > len(texts) / 2
    return {"keep": 3 if coded else 1}


def _beyond(lower: float | None, upper: float | None) -> Sentence:
    if lower is None:
        return say("above what is usual in the training rows, {high|num}", high=upper)
    if upper is None:
        return say("below what is usual in the training rows, {low|num}", low=lower)
    return say("outside what is usual in the training rows, {low|num} to {high|num}", low=lower, high=upper)


def _bounds(values: NDArray[np.float64]) -> tuple[float | None, float | None] | None:
    """Bounds on the sides where far values lie; None where there are none on either."""
    present = values[~np.isnan(values)]
    if len(np.unique(present)) <= CONTINUOUS:
        return None
    first, third = (float(quartile) for quartile in np.quantile(present, (0.25, 0.75)))
    reach = FENCE * (third - first)
    lower = min(float(np.quantile(present, CLIP_SHARES[0], method="lower")), first - reach)
    upper = max(float(np.quantile(present, CLIP_SHARES[1], method="higher")), third + reach)
    # a column that is nearly always one value has no usual range
    low = lower if reach > 0 and float(present.min()) < lower else None
    high = upper if reach > 0 and float(present.max()) > upper else None
    return None if low is None and high is None else (low, high)


def _filler(values: NDArray[Any], kind: ColumnType, strategy: MissingStrategy) -> float | str | None:
    if strategy in ("keep", "flag"):
        return None
    if values.dtype == object:
        texts = [text for text in values.tolist() if text is not None]
        if strategy == "constant" or not texts:
            return UNKNOWN_TEXT
        return str(_most_frequent(texts))
    present = values[~np.isnan(values)]
    if strategy == "constant" or not len(present):
        return 0.0
    if strategy == "median" and kind != "boolean":
        return float(np.median(present))
    return float(_most_frequent(present.tolist()))


def _most_frequent(values: list[Any]) -> Any:
    """The most frequent value; the smallest of equals."""
    counts = Counter(values)
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)
