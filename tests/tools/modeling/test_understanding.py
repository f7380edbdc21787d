"""Baselines, learning curve, interpretation, slices, errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.tools.modeling.tables import criteria, matrix, rows, target, training
from tools.modeling import errors, explaining
from tools.modeling.baselines import constant, last_value, one_rule
from tools.modeling.crossval import fitter
from tools.modeling.families.base import Layout, Problem
from tools.modeling.fitting import fit
from tools.modeling.learning import learning_curve
from tools.modeling.measuring import measure
from tools.modeling.slices import holm, weakest_slices
from tools.modeling.training import layout_of
from tools.serving.service.arrays import evaluate

BINARY = Problem("binary", 2)


# ── baselines ───────────────────────────────────────────────────────────────


def test_the_one_rule_finds_the_question_that_was_planted() -> None:
    x, _ = rows(500)
    held = matrix(x, (5,))
    by_level = one_rule(BINARY, layout_of(held), x, (x[:, 5] == 3).astype(np.int64))
    assert str(by_level.words(held)) == '"f" is level 3'  # type: ignore[union-attr]
    by_number = one_rule(BINARY, layout_of(held), x, (np.nan_to_num(x[:, 2]) > 0.5).astype(np.int64))
    assert str(by_number.words(held)).startswith('"c" is at most 0.')  # type: ignore[union-attr]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_baselines_in_plain_form_say_the_same(task: Any) -> None:
    held = training(task, 300)
    for model in (
        constant(held.problem, held.y),
        one_rule(held.problem, held.layout, held.x, held.y),
    ):
        said = model.predict(held.x).reshape(len(held.y), -1)
        assert evaluate(model.arrays(), held.x) == pytest.approx(said)
    by_level = one_rule(BINARY, held.layout, held.x, (held.x[:, 5] == 3).astype(np.int64))
    assert evaluate(by_level.arrays(), held.x) == pytest.approx(by_level.predict(held.x))


def test_a_table_of_noise_gives_a_rule_that_is_hardly_better_than_the_constant() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(400, 4)).astype(np.float32)
    y = generator.integers(0, 2, 400)
    rule = one_rule(BINARY, Layout(4), x[:200], y[:200])
    right = (rule.predict(x[200:])[:, 1] >= 0.5) == (y[200:] == 1)
    assert right.mean() < 0.6


def test_the_last_value_is_that_of_the_instant_before() -> None:
    order = np.array([3.0, 1.0, 2.0, 2.0])
    y = np.array([30.0, 10.0, 20.0, 21.0])
    fold = np.array([0, -1, 0, 0])
    found = last_value(Problem("regression"), y, order, fold)
    assert found[2] == 10.0
    assert found[3] == 10.0  # a row of the same instant is not known yet
    assert found[0] in (20.0, 21.0)
    assert np.isnan(found[1])


def test_more_rows_are_worth_something_where_the_curve_still_rises_and_seldom_where_there_is_nothing_to_learn() -> None:
    rising = learning_curve(training("binary", 300), "roc_auc", 0)
    assert rising.worth is not None
    assert rising.worth > 0
    assert [point.rows for point in rising.points] == sorted(point.rows for point in rising.points)
    held, claimed = training("binary", 300), 0
    for seed in range(6):
        x = np.random.default_rng(77 + seed).normal(size=(300, 6)).astype(np.float32)
        noise = learning_curve(replace(held, matrix=matrix(x)), "roc_auc", seed)
        assert noise.worth is not None
        assert noise.worth_error is not None
        claimed += noise.worth - noise.worth_error > 0
    assert claimed <= 1


def test_metrics_of_rows_without_a_prediction_are_left_out() -> None:
    held = training("binary", 300)
    raw = np.full((300, 2), np.nan)
    raw[50:] = np.stack([1 - held.y[50:] * 0.8, held.y[50:] * 0.8], axis=1)
    found = measure(("roc_auc",), held.problem, held.target, raw, criteria("binary"), 0)
    assert found["roc_auc"].n == 250
    assert found["roc_auc"].value == 1.0


# ── interpretation ──────────────────────────────────────────────────────────


def test_columns_that_matter_are_told_from_those_that_do_not() -> None:
    x, signal = rows(900, missing=0.0)
    y = target("binary", signal)
    held = matrix(x, (5,))
    model = fit("lgbm", BINARY, layout_of(held), x[:600], y[:600], {"n_estimators": 60}, 0)
    found, _ = explaining.importances(model.predict, BINARY, held.take(np.arange(600, 900)), y[600:], "roc_auc", 0)
    ranked = explaining.ranked(found, None)
    by_name = {one.column: one for one in ranked}
    assert by_name["a"].lower > 0
    assert by_name["c"].lower <= 0 or by_name["c"].share < 0.05
    assert sum(one.share for one in ranked) == pytest.approx(1.0)
    assert ranked[0].column in {"a", "b", "d", "f"}


def test_features_of_one_column_are_shuffled_together() -> None:
    generator = np.random.default_rng(0)
    a = generator.normal(size=400)
    x = np.stack([a, a, generator.normal(size=400)], axis=1).astype(np.float32)
    held = type(matrix(x))(x, ("f0", "f1", "f2"), ("a", "a again", "b"), (), {}, (("a",), ("a",), ("b",)))
    y = (a > 0).astype(np.int64)

    def predict(x: Any) -> Any:  # needs either copy
        p = ((x[:, 0] > 0) | (x[:, 1] > 0)) * 0.8 + 0.1
        return np.stack([1 - p, p], axis=1)

    found, _ = explaining.importances(predict, BINARY, held, y, "roc_auc", 0)
    assert [name for name, *_ in found] == ["a", "b"]
    assert found[0][1] > 0.3
    assert found[1][1] == pytest.approx(0.0)


def test_partial_dependence_follows_a_straight_line() -> None:
    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    [curve] = explaining.dependences(
        lambda x: 3.0 * x[:, 0].astype(np.float64) + x[:, 1], Problem("regression"), matrix(x), ["a"], 0, -1
    )
    slopes = np.diff([one.mean for one in curve.points]) / np.diff([float(one.at) for one in curve.points])
    assert slopes == pytest.approx(np.full(len(slopes), 3.0), rel=1e-4)


def test_a_small_tree_imitates_a_model_that_is_one_and_not_one_that_is_not() -> None:
    x = np.random.default_rng(0).normal(size=(1200, 3)).astype(np.float32)
    held = matrix(x)
    simple = np.where(x[:, 0] > 0, 1.0, np.where(x[:, 1] > 0.5, 0.4, 0.1))
    found = explaining.surrogate(held, simple, 800)
    assert found.fidelity > 0.9
    assert any('"a" is above' in str(leaf.conditions[0]) for leaf in found.leaves)
    wild = np.random.default_rng(1).normal(size=1200)
    assert explaining.surrogate(held, wild, 800).fidelity < 0.2


def test_one_column_that_carries_an_unusually_good_model_is_suspected_and_an_honest_one_is_not() -> None:
    def importance(column: str, share: float) -> explaining.Importance:
        return explaining.Importance(column=column, value=share, lower=0.0, upper=1.0, share=share, contribution=None)

    alone = [importance("leak", 0.95), importance("b", 0.05)]
    assert explaining.carrier(alone, loss=0.02, constant_loss=0.5) == "leak"
    assert explaining.carrier(alone, loss=0.35, constant_loss=0.5) is None
    assert explaining.carrier([importance("a", 0.5), importance("b", 0.5)], loss=0.02, constant_loss=0.5) is None


# ── slices and errors ───────────────────────────────────────────────────────


def test_a_planted_weak_group_is_found_first_and_noise_gives_none() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(1000, 4)).astype(np.float32)
    x[:, 3] = generator.integers(0, 4, 1000)
    held = matrix(x, (3,))
    noise = generator.gamma(2.0, 0.2, 1000)
    found, tested = weakest_slices(held, noise)
    assert tested > 10
    assert not any(one.significant for one in found)
    found, _ = weakest_slices(held, noise + 0.5 * (x[:, 3] == 2))
    assert found[0].significant
    assert str(found[0].rule) == '"d" is level 2'
    assert found[0].loss > found[0].rest


def test_small_groups_are_not_judged() -> None:
    x = np.zeros((400, 1), dtype=np.float32)
    x[:12] = 1
    losses = np.where(x[:, 0] == 1, 5.0, 0.1) + np.random.default_rng(0).random(400) * 0.1
    found, _ = weakest_slices(matrix(x, (0,)), losses)
    assert found == ()


def test_holm_corrects_step_by_step() -> None:
    assert holm([0.01, 0.02, 0.04]) == pytest.approx([0.03, 0.04, 0.04])


def test_flipped_labels_are_among_the_most_doubtful() -> None:
    generator = np.random.default_rng(0)
    p = np.where(generator.random(800) < 0.5, 0.95, 0.05)
    y = (generator.random(800) < p).astype(np.int64)
    wrong = generator.choice(800, 20, replace=False)
    clean = errors.surprises(y, np.stack([1 - p, p], axis=1))
    y[wrong] = (p[wrong] < 0.5).astype(np.int64)
    probabilities = np.stack([1 - p, p], axis=1)
    doubtful = errors.label_suspects(y, probabilities)
    assert set(wrong) <= set(doubtful)
    found, expected = errors.surprises(y, probabilities)
    assert found > expected + 2 * expected**0.5
    assert clean[0] < clean[1] + 3 * clean[1] ** 0.5


def test_over_and_underfit_are_told_apart() -> None:
    assert errors.diagnose(0.01, 0.3, 0.5, 0.25) == "overfit"
    assert errors.diagnose(0.01, 0.2, 0.5, 0.25) == "close"
    assert errors.diagnose(0.48, 0.49, 0.5, 0.5) == "underfit"
    assert errors.diagnose(0.18, 0.2, 0.5, 0.25) == "balanced"


def test_confusion_counts_true_against_predicted() -> None:
    found = errors.confusion(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0]), ("no", "yes"), 0.5)
    assert found.counts == ((1, 1), (1, 2))


def test_growing_errors_are_seen_in_the_residuals() -> None:
    generator = np.random.default_rng(0)
    predicted = generator.uniform(1, 10, 2000)
    even = errors.residuals(predicted + generator.normal(0, 1, 2000), predicted)
    growing = errors.residuals(predicted + generator.normal(0, 1, 2000) * predicted, predicted)
    assert abs(even.spread_grows) < 0.1
    assert growing.spread_grows > 0.3


def test_every_fold_has_its_own_seed() -> None:
    held = training("binary", 200)
    make = fitter(held, "forest", {"n_estimators": 10}, 0, 1)
    one, again, other = (make(held.x, held.y, fold).predict(held.x) for fold in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
