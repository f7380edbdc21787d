"""Whether a proposed feature helps: models with and without it, on the same held-out training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.evaluation.criteria import Criteria
from tools.evaluation.intervals import Interval
from tools.evaluation.metrics import METRICS
from tools.modeling.crossval import OutOfFold, fitter, out_of_fold
from tools.modeling.families.base import Value
from tools.modeling.measuring import gain
from tools.modeling.training import Folds, Training, substream
from tools.wording import Sentence, say

TRIAL_ROWS = 8_000
"""Training rows that a trial takes at most."""
MODELS: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "linear": ("the linear model", {"penalty": 1.0}),
    "histgb": ("the boosted model", {"n_estimators": 50}),
}
"""Family to how a sentence names it and the setting that is tried: one that needs a formula, one that needs few."""
MOST_CLASSES = 20


@dataclass(frozen=True)
class Trial:
    """What the paired test says of one proposed feature."""

    place: int
    """In the features of the matrix."""
    kept: bool
    why: Sentence


def tried(
    training: Training,
    candidates: Sequence[int],
    metric: str,
    criteria: Criteria,
    seed: int,
    threads: int = 1,
    after: Callable[[], None] = lambda: None,
) -> tuple[Trial, ...]:
    """Try proposed features one after the other; each that stays is there when the next is tried.

    A feature stays where, for the linear model or for boosted trees, the 95 % interval of the paired gain on
    out-of-fold rows lies wholly above nought and the loss falls in more than half of the folds. Of useless ones no
    more than one in twenty stays.

    Args:
        training: training rows; at most `TRIAL_ROWS` of them are used.
        candidates: places of the proposed features in the matrix.
        metric: what models are selected by.
        criteria: costs, where the metric needs them.
        seed: of the sample, the models and the intervals.
        threads: that a fit may use.
        after: called after each candidate.
    """
    rows = training.sample(TRIAL_ROWS, substream(seed, "rows"))
    folds = rows.folds(fresh=True)
    names = [name for name in MODELS if name == "linear" or rows.problem.classes <= MOST_CLASSES]
    base = [place for place in range(rows.x.shape[1]) if place not in set(candidates)]
    held = {name: _predicted(rows, base, folds, name, metric, seed, threads) for name in names} if base else {}
    found: list[Trial] = []
    for place in candidates:
        wider = {name: _predicted(rows, [*base, place], folds, name, metric, seed, threads) for name in names}
        if held:
            found.append(_judged(rows, place, held, wider, metric, criteria, seed))
        else:
            found.append(Trial(place, True, say("there is no other feature to compare it with")))
        if found[-1].kept:
            base, held = [*base, place], wider
        after()
    return tuple(found)


def _predicted(
    rows: Training, places: Sequence[int], folds: Folds, name: str, metric: str, seed: int, threads: int
) -> OutOfFold:
    narrowed = replace(rows, matrix=rows.matrix.columns(sorted(places)))
    fit = fitter(narrowed, name, MODELS[name][1], substream(seed, name), threads)
    return out_of_fold(narrowed, folds, fit, metric)


def _judged(
    rows: Training,
    place: int,
    held: Mapping[str, OutOfFold],
    wider: Mapping[str, OutOfFold],
    metric: str,
    criteria: Criteria,
    seed: int,
) -> Trial:
    gains: dict[str, Interval] = {}
    clear: list[str] = []
    for name, with_it in wider.items():
        without = held[name]
        found = gain(metric, rows.problem, rows.target, with_it.predictions, without.predictions, criteria, seed)
        gains[name] = found
        fell = np.asarray(with_it.losses) < np.asarray(without.losses)
        if found.lower is not None and found.lower > 0 and bool(fell.mean() > 0.5):
            clear.append(name)
    best = max(clear or gains, key=lambda name: (gains[name].value or 0.0, name))
    facts = {
        "model": MODELS[best][0],
        "metric": METRICS[metric].label,
        "gain": gains[best].value,
        "lower": gains[best].lower,
        "upper": gains[best].upper,
    }
    if clear:
        why = say("with it {model} is better by {gain|num} {metric} ({lower|num} to {upper|num})", **facts)
    elif all(np.allclose(wider[name].predictions, held[name].predictions, equal_nan=True) for name in wider):
        why = say("it was tried, and no prediction changed")
    else:
        why = say(
            "it was tried, and its gain may be noise: {gain|num} {metric} ({lower|num} to {upper|num}) for {model}",
            **facts,
        )
    return Trial(place, bool(clear), why)
