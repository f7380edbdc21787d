"""Comparison, ensembles, calibration, threshold, mitigation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from tests.tools.modeling.tables import criteria, matrix, training
from tools.evaluation.calibration import calibrate
from tools.evaluation.intervals import Interval
from tools.evaluation.metrics import Predictions
from tools.modeling.baselines import constant
from tools.modeling.calibration import calibrated, cross_fitted, fit_calibration, options, recommended_kind
from tools.modeling.candidates import judge
from tools.modeling.comparing import ModelScore, Pair, corrected_t, recommend, selection_metric
from tools.modeling.crossval import fitter, oof_frame, out_of_fold, read_oof
from tools.modeling.ensembling import cross_fitted_mixture, greedy_weights, mixture
from tools.modeling.errors import parity, unfair
from tools.modeling.families.base import Fitted, Problem, Rows, Size
from tools.modeling.mitigation import reweighing
from tools.modeling.thresholds import curve, group_curves, recommended

BINARY = Problem("binary", 2)


def two(p: np.ndarray) -> np.ndarray:
    return np.stack([1 - p, p], axis=1)


def calibrated_scores(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities and outcomes drawn from them."""
    generator = np.random.default_rng(seed)
    p = generator.beta(1.5, 3.0, n)
    return (generator.random(n) < p).astype(np.int64), p


# ── out of fold ─────────────────────────────────────────────────────────────


def test_every_row_is_predicted_by_a_model_that_has_not_seen_it() -> None:
    held = training("binary", 200)
    held.matrix.x[:, 0] = np.arange(200)  # tells the rows apart
    seen: dict[int, set[int]] = {}

    def remember(x: Rows, y: NDArray[Any], fold: int) -> Fitted:
        seen[fold] = {int(one) for one in x[:, 0]}
        return constant(held.problem, y)

    found = out_of_fold(held, held.folds(), remember, "log_loss")
    assert found.seen.all()
    assert not any(row in seen[int(fold)] for row, fold in enumerate(found.fold))


def test_fresh_folds_differ_from_those_of_the_search_but_hold_every_row_once() -> None:
    held = training("binary", 200)
    usual, fresh = held.folds(), held.folds(fresh=True)
    assert not np.array_equal(usual[0][1], fresh[0][1])
    assert np.array_equal(np.sort(np.concatenate([outside for _, outside in fresh])), np.arange(200))


def test_out_of_fold_predictions_survive_the_table() -> None:
    held = training("multiclass", 200)
    found = out_of_fold(held, held.folds(), fitter(held, "linear", {}, 0, 1), "f1_macro")
    frame = oof_frame(held, {"linear": found.predictions}, found.fold)
    assert np.array_equal(read_oof(frame, "linear", held.problem), found.predictions)


# ── comparison ──────────────────────────────────────────────────────────────


def test_the_corrected_t_test_follows_nadeau_and_bengio() -> None:
    differences = [0.02, 0.01, 0.03, -0.01, 0.02]
    variance = np.var(differences, ddof=1) * (1 / 5 + 200 / 800)
    t = np.mean(differences) / math.sqrt(variance)
    assert corrected_t(differences, 800, 200) == pytest.approx(2 * stats.t.sf(abs(t), 4))
    assert corrected_t([0.1, 0.1], 100, 50) is None


def model(name: str, simplicity: int, lost: float) -> ModelScore:
    return ModelScore(
        name=name, label=name, simplicity=simplicity, metrics={}, fold_losses=(lost,), training_loss=lost,
        oof_loss=lost, trials=1, best_trial_loss=lost,
    )  # fmt: skip


def pair(worse: str, low: float, high: float) -> Pair:
    gain = Interval(value=(low + high) / 2, lower=low, upper=high, level=0.95, method="", n=100)
    return Pair(better="booster", worse=worse, gain=gain, t_p=None, beyond_noise=low > 0)


def test_the_simplest_model_that_is_not_worse_by_more_than_noise_is_recommended() -> None:
    models = [model("booster", 4, 0.20), model("forest", 1, 0.21), model("linear", 0, 0.22)]
    chosen, _ = recommend("booster", models, [pair("forest", -0.01, 0.03), pair("linear", -0.001, 0.04)], "roc_auc")
    assert chosen == "linear"
    chosen, reason = recommend("booster", models, [pair("forest", -0.01, 0.03), pair("linear", 0.001, 0.04)], "roc_auc")
    assert chosen == "forest"
    assert "may be noise" in str(reason)
    chosen, reason = recommend("booster", models, [pair("forest", 0.01, 0.03), pair("linear", 0.01, 0.04)], "roc_auc")
    assert chosen == "booster"
    assert "forest" in str(reason)


def test_metrics_of_labels_are_stood_in_for_while_there_is_no_threshold() -> None:
    assert selection_metric(criteria("binary")) == "roc_auc"
    f1 = criteria("binary").model_copy(
        update={"primary": criteria("binary").primary.model_copy(update={"metric": "f1"})}
    )
    assert selection_metric(f1) == "average_precision"
    assert selection_metric(criteria("multiclass")) == "f1_macro"


def test_families_are_judged_by_size_classes_and_rarity() -> None:
    def suited(problem: Problem, size: Size, *, transparent: bool = False) -> dict[str, bool]:
        found = judge(problem, size, transparent=transparent, wanted=None, share_missing=0.0)
        assert [one.simplicity for one in found] == sorted(one.simplicity for one in found)
        assert all(one.reasons_for and one.reasons_against for one in found)
        return {one.family: one.suited for one in found}

    readable = suited(BINARY, Size(1000, 10, 2, 0.4), transparent=True)
    assert [name for name, fits in readable.items() if fits] == ["linear"]
    assert not suited(BINARY, Size(1000, 10, 2, 0.4))["balanced"]
    assert suited(BINARY, Size(1000, 10, 2, 0.05))["balanced"]
    assert not suited(BINARY, Size(100_000, 10, 2, 0.4))["forest"]
    assert not suited(Problem("multiclass", 40), Size(5000, 10, 40, 0.02))["xgb"]
    assert "balanced" not in suited(Problem("regression"), Size(1000, 10))


# ── ensembles ───────────────────────────────────────────────────────────────


def test_two_models_with_independent_errors_are_mixed_and_a_useless_one_is_left_out() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=2000)
    candidates = {name: y + generator.normal(0, 1, 2000) for name in ("a", "b")}
    candidates["noise"] = generator.normal(0, 5, 2000)
    weights = greedy_weights("rmse", Problem("regression"), y, candidates)
    assert set(weights) == {"a", "b"}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert abs(weights["a"] - 0.5) < 0.15


def test_copies_of_one_model_are_no_mixture() -> None:
    y, p = calibrated_scores(500)
    assert greedy_weights("log_loss", BINARY, y, {"a": two(p), "b": two(p)}) == {"a": 1.0}


def test_weights_for_a_fold_come_from_the_other_folds() -> None:
    y = np.zeros(100)
    fold = np.repeat([0, 1], 50)
    # "a" is perfect in fold 0 only, "b" in fold 1 only: judged by the other fold, each gets the wrong one
    candidates = {"a": np.where(fold == 0, 0.0, 9.0), "b": np.where(fold == 1, 0.0, 9.0)}
    mixed = cross_fitted_mixture("rmse", Problem("regression"), y, candidates, fold)
    assert (mixed == 9.0).all()


def test_a_mixture_is_the_weighted_sum() -> None:
    assert mixture({"a": np.array([1.0]), "b": np.array([3.0])}, {"a": 0.25, "b": 0.75}) == pytest.approx([2.5])


# ── calibration ─────────────────────────────────────────────────────────────


def test_a_planted_distortion_is_found_and_mended_and_a_true_model_is_left_alone() -> None:
    y, p = calibrated_scores()
    fold = np.arange(len(y)) % 5
    logit = np.log(p / (1 - p))
    bent = two(1 / (1 + np.exp(-3 * logit)))  # far too certain
    found = options(BINARY, y, bent, fold)
    kind = recommended_kind(found, calibrate(y, Predictions.of_probabilities(bent), "binary"), len(y))
    assert kind in {"sigmoid", "isotonic"}
    mended = calibrated(fit_calibration("sigmoid", y, bent), bent)
    assert np.abs(mended[:, 1] - p).mean() < 0.02
    straight = recommended_kind(
        options(BINARY, y, two(p), fold), calibrate(y, Predictions.of_probabilities(two(p)), "binary"), len(y)
    )
    assert straight == "none"


def test_few_rows_are_not_bent_by_isotonic_regression() -> None:
    y, p = calibrated_scores(300)
    bent = two(1 / (1 + np.exp(-4 * np.log(p / (1 - p)))))
    found = options(BINARY, y, bent, np.arange(300) % 5)
    assert recommended_kind(found, calibrate(y, Predictions.of_probabilities(bent), "binary"), 300) == "sigmoid"


def test_a_calibrator_never_sees_the_fold_that_it_is_judged_on() -> None:
    y, p = calibrated_scores(400)
    fold = np.arange(400) % 2
    whole = cross_fitted("isotonic", y, two(p), fold)
    flipped = np.where(fold == 0, 1 - y, y)
    assert np.array_equal(cross_fitted("isotonic", flipped, two(p), fold)[fold == 0], whole[fold == 0])


def test_calibration_of_several_classes_keeps_rows_summing_to_one() -> None:
    generator = np.random.default_rng(0)
    raw = generator.dirichlet([1.0, 2.0, 3.0], 600)
    y = np.array([generator.choice(3, p=row) for row in raw])
    for kind in ("sigmoid", "isotonic"):
        out = calibrated(fit_calibration(kind, y, raw), raw)
        assert out.sum(axis=1) == pytest.approx(np.ones(600))


# ── threshold ───────────────────────────────────────────────────────────────


def test_the_curve_counts_what_each_threshold_does() -> None:
    y, p = calibrated_scores(500)
    costly = criteria("binary", costs_stated=True, false_positive_cost=1.0, false_negative_cost=4.0)
    points = curve(y, p, costly)
    assert len(points) == 101
    for one in points[::10]:
        chosen = p >= one.threshold
        assert (one.tp, one.fp) == (int((chosen & (y == 1)).sum()), int((chosen & (y == 0)).sum()))
        assert one.tp + one.fp + one.tn + one.fn == 500
        assert one.cost == pytest.approx((one.fp + 4 * one.fn) / 500)
        assert one.selection_rate == pytest.approx(chosen.mean())


@pytest.mark.parametrize(("fp", "fn"), [(1.0, 4.0), (3.0, 1.0)])
def test_at_true_probabilities_the_cheapest_threshold_is_the_share_of_the_false_alarms_cost(
    fp: float, fn: float
) -> None:
    y, p = calibrated_scores(60_000)
    costly = criteria("binary", costs_stated=True, false_positive_cost=fp, false_negative_cost=fn)
    found = recommended(y, p, costly)
    assert found.basis == "cost"
    assert found.threshold == pytest.approx(fp / (fp + fn), abs=0.06)
    assert found.cost <= found.cost_at_half


def test_without_costs_the_likelier_class_is_taken() -> None:
    y, p = calibrated_scores(300)
    assert recommended(y, p, criteria("binary")).threshold == 0.5


# ── groups ──────────────────────────────────────────────────────────────────


def test_an_unequal_selection_rate_is_found_and_an_equal_one_is_not() -> None:
    generator = np.random.default_rng(0)
    groups = np.where(np.arange(1000) % 2 == 0, "a", "b")
    y = generator.integers(0, 2, 1000)
    equal = generator.random(1000)
    tilted = np.where(groups == "a", equal * 0.7, equal)
    for positive, differs in ((equal, False), (tilted, True)):
        curves = group_curves(y, positive, {"sex": groups}, criteria("binary"))
        found = unfair(parity(curves, 0.5, 100), 0.8)
        assert (found is not None) == differs
    assert parity(group_curves(y[:150], tilted[:150], {"sex": groups[:150]}, criteria("binary")), 0.5, 100) == ()


def test_reweighing_makes_group_and_outcome_independent() -> None:
    generator = np.random.default_rng(0)
    groups = np.where(generator.random(2000) < 0.3, "a", "b")
    y = (generator.random(2000) < np.where(groups == "a", 0.2, 0.6)).astype(np.int64)
    weights = reweighing(groups, y)
    rates = [np.average(y[groups == name], weights=weights[groups == name]) for name in ("a", "b")]
    assert rates[0] == pytest.approx(rates[1])
    assert weights.sum() == pytest.approx(2000)


def test_tables_of_tests_have_the_shape_they_say() -> None:
    assert matrix(np.zeros((3, 2))).labels == ("a", "b")
