"""Makes the feature plan from clean training rows: which operation each column gets, and with which parameters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.typed import column_type, typed_columns
from tools.errors import InputError
from tools.features.expressions import Proposal
from tools.features.formulas import Unfit, fitted
from tools.features.plan import Encoding, Feature, FeatureKind, FeaturePlan, Input, LeftOut, numbered
from tools.features.selection import select
from tools.serving.service.plan import Encoder, words_of
from tools.wording import Sentence, say

MOST_LEVELS = 50
"""Levels with a code of their own; past them the most frequent ones keep theirs."""
TEXT_WORDS = 3
"""Words per value on average from which a column counts as free text."""
VOCABULARY = 150
"""Words of a free text that become features."""
LEAST_MISSING = 0.01
"""Share of missing training rows from which a missing flag is made."""
MISSING_ROWS = 5
"""And the number of such rows."""


PLAIN = frozenset({"number", "category"})
"""Operations that hand a column on as it is."""


def least_count(rows: int) -> int:
    """Training rows that a level or word needs to be named: fewer say little, and could name a person."""
    return 10 if rows >= 1000 else 5


@dataclass
class Draft:
    """Encoders and features being collected, before selection."""

    encoders: list[Encoding] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(
        self,
        op: str,
        columns: Sequence[str],
        params: dict[str, Any],
        labels: Sequence[str],
        kind: FeatureKind = "number",
        levels: Sequence[str] = (),
    ) -> None:
        """Add an encoder with its features."""
        self.encoders.append(
            Encoding(op=op, columns=tuple(columns), first=len(self.features), outputs=len(labels), params=params)
        )
        self.features.extend(
            Feature(name="", label=label, kind=kind, columns=tuple(columns), op=op, levels=tuple(levels))
            for label in labels
        )

    def leave(self, name: str, why: Sentence) -> None:
        """Note what is not in the plan."""
        self.left_out.append(LeftOut(name=name, why=why))


def fit_features(
    train: pd.DataFrame,
    *,
    excluded: Mapping[str, Sentence],
    proposals: Sequence[Proposal] = (),
    flags: bool = True,
) -> tuple[FeaturePlan, NDArray[np.float32]]:
    """Make the feature plan from clean training rows, without looking at the target.

    Args:
        train: clean training rows.
        excluded: columns that must not enter (target, group, protected …), with the reason.
        proposals: further features that were accepted.
        flags: whether a missing value of a number or date gets a flag.

    Returns:
        The plan, and its matrix of the training rows [n, f].

    Raises:
        InputError: nothing is left to learn from.
    """
    draft = Draft()
    columns = [str(name) for name in train.columns]
    for name in columns:
        if name in excluded:
            draft.leave(name, excluded[name])
    used = [name for name in columns if name not in excluded]
    typed = typed_columns(train, used)
    types = {name: column_type(train[name]) for name in used}
    for name in used:
        PLANNERS[types[name]](draft, name, typed[name])
    if flags:
        for name in used:
            if types[name] != "text":
                _flag(draft, name, typed[name])
    for proposal in proposals:
        barred = [name for name in proposal.columns if name in excluded]
        if barred:
            why = say('it needs "{column|text}", which no model may see', column=barred[0])
            draft.leave(str(proposal), why)
            continue
        try:
            tree = fitted(proposal, typed, len(train), least_count(len(train)))
        except Unfit as unfit:
            draft.leave(str(proposal), unfit.why)
            continue
        params = {"text": str(proposal), "tree": tree}
        draft.add("formula", proposal.columns, params, [proposal.label], proposal.kind)
    return _selected(draft, typed, types, len(train))


def _selected(
    draft: Draft, typed: Mapping[str, NDArray[Any]], types: Mapping[str, Any], rows: int
) -> tuple[FeaturePlan, NDArray[np.float32]]:
    """Drop features that say nothing, close the gaps, and describe the inputs that remain."""
    full = Encoder({"encoders": [entry.model_dump() for entry in draft.encoders], "features": draft.features}).matrix(
        typed, rows
    )
    derived = [feature.op not in PLAIN for feature in draft.features]
    selection = select(full, [feature.label for feature in draft.features], derived)
    if not selection.kept:
        raise InputError("No column is left that a model could learn from.", hint="Keep more columns.")
    wanted = set(selection.kept)
    encoders: list[Encoding] = []
    kept: list[int] = []
    for entry in draft.encoders:
        places = range(entry.first, entry.first + entry.outputs)
        # the words of a text are normalised together, so they stay or go together
        chosen = [place for place in places if place in wanted or (entry.op == "words" and wanted & set(places))]
        if not chosen:
            continue
        params = dict(entry.params)
        if entry.op == "calendar":
            params["parts"] = [params["parts"][place - entry.first] for place in chosen]
        encoders.append(entry.model_copy(update={"first": len(kept), "outputs": len(chosen), "params": params}))
        kept.extend(chosen)
    left_out = [
        *draft.left_out,
        *(
            LeftOut(name=draft.features[index].label, why=why)
            for index, why in sorted(selection.dropped.items())
            if index not in kept
        ),
    ]
    needed = dict.fromkeys(name for entry in encoders for name in entry.columns)
    levels = {entry.columns[0]: tuple(entry.params["levels"]) for entry in encoders if entry.op == "category"}
    plan = FeaturePlan(
        rows=rows,
        inputs=tuple(_input(name, types[name], typed[name], levels.get(name, ())) for name in needed),
        encoders=tuple(encoders),
        features=numbered([draft.features[index] for index in kept]),
        left_out=tuple(left_out),
    )
    return plan, np.ascontiguousarray(full[:, kept])


def without(
    plan: FeaturePlan, x: NDArray[np.float32], gone: Mapping[int, Sentence]
) -> tuple[FeaturePlan, NDArray[np.float32]]:
    """The plan and its matrix without some proposed features.

    Args:
        plan: a plan.
        x: its matrix [n, f].
        gone: place of each feature that goes, each the only one of its encoder, with the reason.
    """
    kept = [place for place in range(len(plan.features)) if place not in gone]
    place_of = {old: new for new, old in enumerate(kept)}
    encoders = tuple(
        entry.model_copy(update={"first": place_of[entry.first]}) for entry in plan.encoders if entry.first not in gone
    )
    needed = {name for entry in encoders for name in entry.columns}
    left = [LeftOut(name=plan.features[place].label, why=why) for place, why in sorted(gone.items())]
    changed = {
        "encoders": encoders,
        "features": numbered([plan.features[place] for place in kept]),
        "inputs": tuple(entry for entry in plan.inputs if entry.name in needed),
        "left_out": (*plan.left_out, *left),
    }
    return plan.model_copy(update=changed), np.ascontiguousarray(x[:, kept])


def _input(name: str, kind: Any, values: NDArray[Any], levels: tuple[str, ...]) -> Input:
    if values.dtype == object:
        present = [value for value in values.tolist() if value is not None]
        counts = Counter(present)
        typical = min(levels, key=lambda level: (-counts[level], level)) if levels else None
        return Input(
            name=name,
            type=kind,
            missing=1 - len(present) / max(1, len(values)),
            typical=typical,
            levels=levels,
        )
    numbers = values[~np.isnan(values)]
    low, middle, high = (float(np.quantile(numbers, share, method="lower")) for share in (0.01, 0.5, 0.99))
    return Input(name=name, type=kind, missing=float(np.isnan(values).mean()), typical=middle, low=low, high=high)


# ── what each type of column becomes ────────────────────────────────────────


def _plan_number(draft: Draft, name: str, values: NDArray[Any]) -> None:
    draft.add("number", [name], {}, [name])


def _plan_boolean(draft: Draft, name: str, values: NDArray[Any]) -> None:
    draft.add("number", [name], {}, [name], "flag")


PART_LABELS = {
    "year": "year of {0}",
    "month": "month of {0}",
    "weekday": "weekday of {0}",
    "hour": "hour of {0}",
    "elapsed": "days of {0} since the first training row",
    "month_sin": "season of {0} (sine)",
    "month_cos": "season of {0} (cosine)",
    "weekday_sin": "time of week of {0} (sine)",
    "weekday_cos": "time of week of {0} (cosine)",
    "hour_sin": "time of day of {0} (sine)",
    "hour_cos": "time of day of {0} (cosine)",
}
"""Parts of a date in the order of their features; the cyclic ones let linear models see that December meets January."""


def _plan_date(draft: Draft, name: str, values: NDArray[Any]) -> None:
    present = values[~np.isnan(values)]
    if not len(present):
        draft.leave(name, say("no training row has a value"))
        return
    parts = list(PART_LABELS)
    if bool((present == np.floor(present)).all()):
        parts = [part for part in parts if not part.startswith("hour")]
    labels = [PART_LABELS[part].format(name) for part in parts]
    draft.add("calendar", [name], {"parts": parts, "origin": float(present.min())}, labels)


def _plan_text(draft: Draft, name: str, values: NDArray[Any]) -> None:
    present = [value for value in values.tolist() if value is not None]
    counts = Counter(present)
    if len(counts) <= 1:
        draft.leave(name, say("it is the same in every training row" if counts else "no training row has a value"))
        return
    words = sum(len(words_of(text)) for text in present[:5000]) / min(len(present), 5000)
    if len(counts) > MOST_LEVELS and words >= TEXT_WORDS:
        _plan_words(draft, name, present)
        return
    least = least_count(len(values))
    frequent = [level for level, count in counts.items() if count >= least]
    covered = sum(counts[level] for level in frequent)
    if len(counts) > MOST_LEVELS and covered < 0.2 * len(present):
        share = len(counts) / len(present)
        draft.leave(name, say("nearly every row has a value of its own ({share|pct} are distinct)", share=share))
        return
    if len(frequent) < 1:
        draft.leave(name, say("no level occurs in {least|int} training rows", least=least))
        return
    _plan_category(draft, name, counts, frequent, len(values))


def _plan_category(draft: Draft, name: str, counts: Counter[str], frequent: list[str], rows: int) -> None:
    """Codes by level in the order of their text; rare and supernumerary levels share the last code."""
    top = sorted(sorted(frequent), key=lambda level: -counts[level])[:MOST_LEVELS]
    levels = sorted(top)
    other = len(levels) if len(levels) < len(counts) else None
    shown = [*levels, "any other"] if other is not None else levels
    params = {"levels": {level: code for code, level in enumerate(levels)}, "other": other}
    draft.add("category", [name], params, [name], "category", shown)
    if len(frequent) > MOST_LEVELS:
        shares = {level: counts[level] / rows for level in sorted(frequent)}
        draft.add("frequency", [name], {"levels": shares}, [f"how common the {name} is"])


def _plan_words(draft: Draft, name: str, present: list[str]) -> None:
    """TF-IDF of the words that tell texts apart best without a target: largest document frequency × idf.

    idf = ln((1 + n) / (1 + df)) + 1, as scikit-learn's ``TfidfVectorizer`` with ``smooth_idf``.
    """
    documents: Counter[str] = Counter()
    for text in present:
        documents.update(set(words_of(text)))
    count, least = len(present), least_count(len(present))
    gain = {word: df * math.log(count / df) for word, df in documents.items() if least <= df < count}
    words = sorted(sorted(gain, key=lambda word: (-gain[word], word))[:VOCABULARY])
    if not words:
        draft.leave(name, say("no word occurs in {least|int} texts", least=least))
        return
    idf = [math.log((1 + count) / (1 + documents[word])) + 1 for word in words]
    labels = [*(f'"{word}" in {name}' for word in words), f"number of words in {name}"]
    draft.add("words", [name], {"words": words, "idf": idf}, labels)


PLANNERS: Mapping[str, Callable[[Draft, str, NDArray[Any]], None]] = {
    "number": _plan_number,
    "integer": _plan_number,
    "boolean": _plan_boolean,
    "date": _plan_date,
    "text": _plan_text,
}
"""Column type to what it becomes."""


def _flag(draft: Draft, name: str, values: NDArray[Any]) -> None:
    absent = int(np.isnan(values).sum())
    if absent >= MISSING_ROWS and LEAST_MISSING * len(values) <= absent < len(values):
        draft.add("missing", [name], {}, [f"{name} is missing"], "flag")
