"""Leakage, looked for on training rows only: columns that know the answer, and what is certain of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from tools.data.leakage_forms import (
    Found,
    aggregate_leaks,
    combination_leaks,
    copy_leaks,
    missingness_leaks,
    sum_leaks,
    telling_texts,
)
from tools.data.leakage_names import belongs_to, outcome_word, shared_word
from tools.data.leakage_order import purity, sorted_by, table_leaks
from tools.data.leakage_twins import twin_leaks
from tools.data.profiling import Profile
from tools.data.splitting import SplitScheme, fold_groups, fold_order, folds, row_codes
from tools.data.strength import Strength, strength
from tools.data.targets import target_values
from tools.records import Check, Record, Task
from tools.wording import Sentence, listed, plural, say

Verdict = Literal["drop", "keep", "release"]
CERTAIN_AUC, CERTAIN_R2 = 0.995, 0.995
"""Score of one column alone past which it must know the answer."""
STRONG_AUC, STRONG_R2 = 0.95, 0.9
"""Score past which one column alone is suspected, where it stands apart from the others."""
APART = 0.5
"""What a strong column may leave unexplained at most, against the best that is not strong, to stand apart."""
NAMED_AUC, NAMED_R2 = 0.65, 0.15
"""Score past which a column is suspected whose name speaks of what happens after the outcome."""
LIKELY_AUC, LIKELY_R2 = 0.75, 0.4
"""Score past which such a column had better be dropped, even where another is stronger."""
SAMPLE_ROWS = 20_000
MOST_ASKED = 12
KINDS = (
    "copy", "recoded copy", "monotone copy", "noisy copy", "one column alone", "sum or difference", "columns together",
    "missingness", "blank with the target", "name after the outcome", "outcome words in text", "identifier",
    "target aggregate", "differs from its twin", "row order", "entity", "drift under a random split",
)  # fmt: skip
"""What is looked for."""


class Suspect(Record):
    """A column that may know the answer."""

    column: str
    certain: bool
    kind: str
    reason: Sentence
    """What a person can check."""
    recommended: Literal["drop", "keep"]
    score: Strength | None = None


class LabelConflicts(Record):
    """Training rows that carry another label than most rows with the very same features."""

    rows: int
    share: float


class Leakage(Record):
    """What was found (``leakage.json``)."""

    version: int = 1
    kinds: tuple[str, ...] = KINDS
    rows: int
    suspects: tuple[Suspect, ...] = ()
    """Certain ones first, then the strongest; one entry per column."""
    table: tuple[Sentence, ...] = ()
    """Leaks of the table as a whole: row order, entities, drift."""
    sorted_by_target: bool = False
    """The rows lie in the order of the target, so that their order says nothing of time."""
    conflicts: LabelConflicts | None = None
    strengths: dict[str, Strength] = Field(default_factory=dict)
    """Score of each column alone, for documents."""

    def certain(self) -> list[str]:
        """Columns that certainly know the answer."""
        return [suspect.column for suspect in self.suspects if suspect.certain]


def find_leakage(
    train: pd.DataFrame,
    profile: Profile,
    scheme: SplitScheme,
    *,
    target: str,
    task: Task,
    classes: Sequence[str],
    dropped: Sequence[str] = (),
    seed: int = 0,
) -> Leakage:
    """Look for leakage in training rows.

    Args:
        train: training rows with the target.
        profile: the profile of the training rows; its target also counts the rows without a label.
        scheme: how training rows are resampled.
        target: target column.
        task: kind of task.
        classes: declared classes; empty for regression.
        dropped: columns that are dropped already.
        seed: of the sample that columns are scored on.

    Returns:
        What was found; certain suspects are those that no honest feature could match.
    """
    if len(train) > SAMPLE_ROWS and scheme.kind != "time":
        places = np.sort(np.random.default_rng([seed, 2]).choice(len(train), SAMPLE_ROWS, replace=False))
    else:
        places = np.unique(np.linspace(0, len(train) - 1, min(len(train), SAMPLE_ROWS)).astype(np.int64))
    sample = train.iloc[places].reset_index(drop=True)
    y = target_values(sample[target], task, classes)
    inner = folds(scheme, y, fold_groups(sample, scheme), fold_order(sample, scheme))
    columns = [name for name in train.columns if name != target and name not in dropped]
    strengths: dict[str, Strength] = {}
    for name in columns:
        score = strength(sample[name], y, inner, len(classes))
        if score is not None:
            strengths[name] = score
    text_columns = [name for name in columns if _role(profile, name) == "text"]
    features = [name for name in columns if _role(profile, name) not in ("text", "constant")]
    found = [
        *_from_forms(missingness_leaks(sample, y, classes, columns), strengths),
        *_from_forms(sum_leaks(train, target, features) if task == "regression" else [], strengths),
        *_from_forms(
            copy_leaks(sample, y, classes, [n for n in features if _role(profile, n) != "identifier"]),
            strengths,
        ),
        *_alone(strengths),
        *_from_forms(combination_leaks(sample, y, classes, features), strengths),
        *_from_forms(twin_leaks(sample, y, classes, features) if classes else [], strengths),
        *_from_forms(telling_texts(sample, y, classes, text_columns), strengths),
        *_from_forms(aggregate_leaks(sample, y, classes, features), strengths),
        *_from_forms(_blank_with_target(profile, columns), strengths),
    ]
    found += _named(strengths, target, [suspect.column for suspect in found if suspect.certain])
    return Leakage(
        rows=len(train),
        suspects=_one_each(found),
        table=tuple(table_leaks(sample, y, classes, profile, scheme)),
        sorted_by_target=scheme.kind in ("random", "stratified") and sorted_by(y, bool(classes)),
        conflicts=_conflicts(train, target, profile, dropped) if task != "regression" else None,
        strengths=strengths,
    )


def _role(profile: Profile, name: str) -> str:
    return next((column.role for column in profile.columns if column.name == name), "number")


def _blank_with_target(profile: Profile, columns: Sequence[str]) -> list[Found]:
    """Columns that are filled in only once there is an outcome: where it never came, they are blank."""
    if profile.target is None:
        return []
    return [
        (
            name,
            "blank with the target",
            False,
            say(
                '"{column}" is blank in {share|pct} of the rows without a value in "{target}" and hardly anywhere else:'
                " it seems to be written down with the outcome",
                column=name,
                share=share,
                target=profile.target.column,
            ),
        )
        for name, share in profile.target.blank_with.items()
        if name in columns
    ]


def _from_forms(found: Sequence[tuple[str, str, bool, Sentence]], strengths: Mapping[str, Strength]) -> list[Suspect]:
    return [
        Suspect(
            column=name,
            certain=certain,
            kind=kind,
            reason=reason,
            recommended="drop",
            score=strengths.get(name),
        )
        for name, kind, certain, reason in found
    ]


def _alone(strengths: Mapping[str, Strength]) -> list[Suspect]:
    """Columns that alone predict the target as no honest one is likely to.

    Where a problem is easy, several columns are strong and the next are hardly weaker; a leak stands apart from them.
    """
    found = []
    honest = [score.value for score in strengths.values() if score.value < _of(score, STRONG_AUC, STRONG_R2)]
    for name, score in strengths.items():
        if score.value < _of(score, STRONG_AUC, STRONG_R2):
            continue
        sure = score.lower >= _of(score, CERTAIN_AUC, CERTAIN_R2)
        next_best = max(honest, default=_of(score, 0.5, 0.0))
        if not sure and (1 - score.value > APART * (1 - next_best) or score.lower <= next_best):
            continue
        found.append(
            Suspect(
                column=name,
                certain=sure,
                kind="one column alone",
                recommended="drop",
                score=score,
                reason=say(
                    '"{column}" alone predicts the target almost perfectly ({metric} {value|ratio}, {lower|ratio} to '
                    "{upper|ratio}); is it known at the moment of prediction?",
                    column=name,
                    metric="AUC" if score.metric == "roc_auc" else "R²",
                    value=score.value,
                    lower=score.lower,
                    upper=score.upper,
                ),
            )
        )
    return found


def _of(score: Strength, auc: float, r2: float) -> float:
    """The bound for this kind of score."""
    return auc if score.metric == "roc_auc" else r2


def _named(strengths: Mapping[str, Strength], target: str, certain: Sequence[str]) -> list[Suspect]:
    """Columns among the three strongest whose name speaks of what comes after the outcome, or goes with a leak's."""
    ranked = sorted(strengths, key=lambda name: -strengths[name].value)[:3]
    found = []
    for place, name in enumerate(ranked):
        score = strengths[name]
        word, shared = outcome_word(name), shared_word(name, target)
        leak = next((leak for leak in certain if belongs_to(name, leak)), None)
        if (word or shared or leak) is None or score.value < _of(score, NAMED_AUC, NAMED_R2):
            continue
        why = 'shares "{shared}" with the target' if leak is None else 'goes with "{leak}", which knows the answer'
        if leak is None and word is not None:
            why = '("{word}") speaks of what is known only afterwards'
        found.append(
            Suspect(
                column=name,
                certain=False,
                kind="name after the outcome",
                score=score,
                recommended="drop" if place == 0 or score.value >= _of(score, LIKELY_AUC, LIKELY_R2) else "keep",
                reason=say(
                    '"{column}" is among the strongest columns ({metric} {value|ratio} alone) and its name ' + why,
                    column=name,
                    metric="AUC" if score.metric == "roc_auc" else "R²",
                    value=score.value,
                    word=word,
                    shared=shared,
                    leak=leak,
                ),
            )
        )
    return found


def _one_each(found: Sequence[Suspect]) -> tuple[Suspect, ...]:
    best: dict[str, Suspect] = {}
    for suspect in found:
        if suspect.column not in best or (suspect.certain and not best[suspect.column].certain):
            best[suspect.column] = suspect
    return tuple(
        sorted(
            best.values(),
            key=lambda suspect: (not suspect.certain, -(suspect.score.value if suspect.score else 0.0)),
        )
    )


def _conflicts(train: pd.DataFrame, target: str, profile: Profile, dropped: Sequence[str]) -> LabelConflicts:
    columns = [name for name in profile.duplicates.columns if name in train and name not in dropped]
    if not columns:
        return LabelConflicts(rows=0, share=0.0)
    codes = row_codes(train, columns)
    labels = pd.factorize(train[target])[0].astype(np.int64)
    kinds = int(labels.max(initial=0)) + 1
    rows = len(train) - round(purity(codes, labels, kinds) * len(train))
    return LabelConflicts(rows=rows, share=rows / len(train))


def leakage_check(
    leakage: Leakage | Mapping[str, Any], decisions: Mapping[str, Any], dropped: Sequence[str] = ()
) -> Check:
    """The check ``data.leakage`` once the decisions are known; computed for gate ``preparation``.

    Args:
        leakage: the ``leakage.json`` of the run.
        decisions: ``data.leakage.<column>`` by column: drop, keep or release; undecided counts as keep.
        dropped: columns that are dropped for other reasons.

    Returns:
        fail (blocking) where a certain leak is kept without a release; warn where a suspected one is kept or a certain
        one released; else pass.
    """
    found = leakage if isinstance(leakage, Leakage) else Leakage.model_validate(leakage)
    verdicts = {suspect.column: decisions.get(suspect.column) or "keep" for suspect in found.suspects}
    verdicts = {column: "drop" if column in dropped else verdict for column, verdict in verdicts.items()}
    certain = set(found.certain())
    kept = [column for column, verdict in verdicts.items() if column in certain and verdict == "keep"]
    released = [column for column, verdict in verdicts.items() if column in certain and verdict == "release"]
    suspected = [column for column, verdict in verdicts.items() if column not in certain and verdict == "keep"]
    criterion = "no column that certainly knows the answer is kept without a release"
    if kept:
        measured = say(
            "{columns} certainly {word} the answer and {verb} kept",
            columns=listed(kept),
            word=plural(len(kept), "knows", "know"),
            verb=plural(len(kept), "is", "are"),
        )
    elif released:
        measured = say("{columns} kept by a written release", columns=listed(released))
    elif suspected:
        measured = say("{columns} suspected and kept", columns=listed(suspected))
    elif verdicts:
        measured = say("{count|int} {word} dropped", count=len(verdicts), word=plural(len(verdicts), "suspect"))
    else:
        measured = say("none found ({kinds|int} kinds looked for)", kinds=len(found.kinds))
    return Check(
        id="data.leakage",
        status="fail" if kept else "warn" if released or suspected else "pass",
        blocking=True,
        value=len(kept),
        criterion=criterion,
        title="leakage",
        measured=measured,
    )
