"""Weighted averages of models, chosen greedily on out-of-fold predictions, and what the final model is made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.intervals import Interval
from tools.modeling.crossval import loss_of
from tools.modeling.families.base import Floats, Problem, Value
from tools.modeling.tuning import Tuned
from tools.records import Record
from tools.wording import Sentence

ROUNDS = 20
"""Picks of the greedy selection; a weight is a number of picks over their total."""
WORTH = 0.02
"""Share of the single model's loss that a mixture must save, beside being better by more than noise."""
MOST_ROWS = 20_000
"""Rows on which the selection compares."""


class ModelMember(Record):
    """One model in the final one."""

    family: str
    label: str
    params: dict[str, Value]
    weight: float


class Ensemble(Record):
    """Step 2.4's result (``ensemble.json``)."""

    version: int = 1
    metric: str
    single: str
    """The recommended single model."""
    members: tuple[ModelMember, ...]
    """Members of the ensemble, heaviest first; one member where no mixture was better."""
    single_members: tuple[ModelMember, ...]
    gain: Interval | None
    """By how much the ensemble is better than the recommended single model on out-of-fold predictions."""
    gain_over_best: Interval | None
    """By how much it is better than the best single model."""
    beyond_noise: bool
    recommended: bool
    reason: Sentence

    def chosen(self, accepted: bool) -> tuple[ModelMember, ...]:
        """What the final model is made of."""
        return self.members if accepted and len(self.members) > 1 else self.single_members


def greedy_weights(
    metric: str,
    problem: Problem,
    y: np.ndarray,
    candidates: Mapping[str, Floats],
    cross: NDArray[np.int64] | None = None,
) -> dict[str, float]:
    """Greedy selection with replacement (Caruana et al., ICML 2004).

    Args:
        metric: what is compared.
        problem: what is predicted.
        y: targets [n].
        candidates: predictions of each model for the same rows.
        cross: positions of rows to use; None uses all.

    Returns:
        Weights over the candidates that were picked, adding up to one; picking ends where it no longer lowers the
        loss.
    """
    rows = np.arange(len(y)) if cross is None else cross
    if len(rows) > MOST_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(np.int64)]
    truth = y[rows]
    held = {name: values[rows] for name, values in candidates.items()}
    picks: list[str] = []
    total = None
    best_loss = np.inf
    for _ in range(ROUNDS):
        tried = {
            name: loss_of(metric, problem, truth, values if total is None else (total + values) / (len(picks) + 1))
            for name, values in held.items()
        }
        name = min(tried, key=lambda one: (tried[one], one))
        if not tried[name] < best_loss - 1e-12:
            break
        best_loss = tried[name]
        picks.append(name)
        total = held[name] if total is None else total + held[name]
    return {name: picks.count(name) / len(picks) for name in candidates if name in picks}


def cross_fitted_mixture(
    metric: str,
    problem: Problem,
    y: np.ndarray,
    candidates: Mapping[str, Floats],
    fold: NDArray[np.int64],
) -> Floats:
    """The mixture's predictions where the weights for each fold come from the other folds' rows.

    Selecting weights on the very rows that they are judged on would flatter the mixture.
    """
    out = np.zeros_like(next(iter(candidates.values())))
    for number in np.unique(fold):
        inside = np.flatnonzero(fold == number)
        weights = greedy_weights(metric, problem, y, candidates, np.flatnonzero(fold != number))
        out[inside] = mixture({name: values[inside] for name, values in candidates.items()}, weights)
    return out


def mixture(candidates: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Weighted sum of predictions."""
    total = None
    for name, weight in weights.items():
        part = weight * candidates[name]
        total = part if total is None else total + part
    assert total is not None
    return total


def members(tuned: Tuned, weights: Mapping[str, float]) -> tuple[ModelMember, ...]:
    """Settings and weights of the picked families, heaviest first."""
    found = [
        ModelMember(family=one.family, label=one.label, params=one.params, weight=weights[one.family])
        for one in tuned.families
        if weights.get(one.family, 0.0) > 0
    ]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.family)))
