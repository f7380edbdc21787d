"""Which model is better, and whether the difference is more than noise: paired tests, and the simplest that will do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

from tools.evaluation.criteria import Criteria
from tools.evaluation.intervals import Interval
from tools.evaluation.metrics import METRICS
from tools.records import Record
from tools.wording import Sentence, say

STAND_INS = {"f1": "average_precision", "precision": "average_precision", "recall": "average_precision"}
"""Binary metrics of labels to the metric of probabilities that selects in their place: the threshold comes later."""


def selection_metric(criteria: Criteria) -> str:
    """What models are selected by: the primary metric where it judges probabilities or numbers.

    A metric of labels depends on a threshold that is chosen only after the model; until then a metric of the
    probabilities stands in for it.
    """
    primary = criteria.primary.metric
    if METRICS[primary].needs != "labels":
        return primary
    if criteria.task == "binary":
        return STAND_INS.get(primary, "roc_auc" if primary in {"f1_macro", "expected_cost"} else "log_loss")
    return primary


class Pair(Record):
    """Two models on the same out-of-fold rows."""

    better: str
    worse: str
    gain: Interval
    """By how much the first is better, in the metric's unit; positive is better."""
    t_p: float | None
    """p value of the corrected resampled t test over folds; None with fewer than three folds."""
    beyond_noise: bool
    """Whether the interval lies wholly above zero."""


class ModelScore(Record):
    """One model in the comparison."""

    name: str
    label: str
    simplicity: int
    """Rank from simple to complex."""
    metrics: dict[str, Interval]
    """By metric name, on out-of-fold predictions."""
    fold_losses: tuple[float, ...]
    training_loss: float
    oof_loss: float
    trials: int
    """Settings that were tried of this family."""
    best_trial_loss: float
    """Loss of its best trial during the search."""


class Comparison(Record):
    """Step 2.3's result (``comparison.json``)."""

    version: int = 1
    metric: str
    """What models are selected by."""
    rows: int
    """Rows with out-of-fold predictions."""
    training_rows: int
    folds: int
    scheme: str
    models: tuple[ModelScore, ...]
    """Best first."""
    pairs: tuple[Pair, ...]
    """The best against each other one."""
    best: str
    recommended: str
    """The simplest model that is not worse than the best by the paired interval."""
    reason: Sentence
    optimism: float
    """Out-of-fold loss less its best trial's, of the recommended model: what the search flattered itself by."""


def corrected_t(differences: Sequence[float], training: int, held_out: int) -> float | None:
    """P value (two-sided) that the mean difference over folds is zero.

    Nadeau and Bengio, Machine Learning 52 (2003) 239-281: the variance is multiplied by 1/J + held-out/training rows,
    because the folds' training rows overlap.

    Args:
        differences: by fold.
        training: rows of a fold's fit.
        held_out: rows that it predicts.
    """
    count = len(differences)
    if count < 3 or training == 0:
        return None
    variance = float(np.var(differences, ddof=1))
    mean = float(np.mean(differences))
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    statistic = mean / math.sqrt(variance * (1 / count + held_out / training))
    return float(2 * student.sf(abs(statistic), count - 1))


def recommend(best: str, models: Sequence[ModelScore], pairs: Sequence[Pair], metric: str) -> tuple[str, Sentence]:
    """The simplest model not worse than the best by the paired interval, and why."""
    by_name = {model.name: model for model in models}
    top = by_name[best]
    unworse = [top, *(by_name[pair.worse] for pair in pairs if not pair.beyond_noise)]
    simplest = min(unworse, key=lambda model: (model.simplicity, model.oof_loss, model.name))
    label = METRICS[metric].label
    if simplest.name == best:
        simpler = [pair for pair in pairs if by_name[pair.worse].simplicity < top.simplicity]
        if not simpler:
            return best, say("{model} is the best by {metric} and none is simpler", model=top.label, metric=label)
        closest = min(simpler, key=lambda pair: (pair.gain.value or 0.0, pair.worse))
        return best, say(
            "{model} is better than the nearest simpler one ({other}) by {gain|num} {metric}"
            " ({lower|num} to {upper|num})",
            model=top.label,
            other=by_name[closest.worse].label,
            metric=label,
            gain=closest.gain.value,
            lower=closest.gain.lower,
            upper=closest.gain.upper,
        )
    pair = next(pair for pair in pairs if pair.worse == simplest.name)
    return simplest.name, say(
        "{model} is simpler than the best ({other}), whose lead of {gain|num} {metric} ({lower|num} to {upper|num})"
        " may be noise",
        model=simplest.label,
        other=top.label,
        metric=label,
        gain=pair.gain.value,
        lower=pair.gain.lower,
        upper=pair.gain.upper,
    )
