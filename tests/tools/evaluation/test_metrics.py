"""Metrics agree with scikit-learn's, weighted or not, and fail with a sentence where they can't be had."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from tools.errors import InputError
from tools.evaluation.metrics import METRICS, Costs, Predictions, evaluator, gain, loss, metric, metrics_for, score


def binary(n: int = 400, seed: int = 0, ties: bool = True) -> tuple[np.ndarray, Predictions]:
    random = np.random.default_rng(seed)
    p = random.beta(1, 3, n)
    y = (random.random(n) < p).astype(np.int64)
    if ties:
        p = p.round(1)
    return y, Predictions.of_probabilities(np.stack([1 - p, p], axis=1), 0.3)


def multiclass(n: int = 500, seed: int = 1) -> tuple[np.ndarray, Predictions]:
    random = np.random.default_rng(seed)
    p = random.dirichlet([2.0, 1.0, 0.5, 0.3], n)
    y = np.array([random.choice(4, p=row) for row in p])
    return y, Predictions.of_probabilities(p)


def test_binary_metrics_agree_with_scikit_learn() -> None:
    y, p = binary()
    assert p.probabilities is not None
    positive, labels = p.probabilities[:, 1], p.labels
    expected = {
        "roc_auc": reference.roc_auc_score(y, positive),
        "average_precision": reference.average_precision_score(y, positive),
        "f1": reference.f1_score(y, labels),
        "f1_macro": reference.f1_score(y, labels, average="macro"),
        "precision": reference.precision_score(y, labels),
        "recall": reference.recall_score(y, labels),
        "accuracy": reference.accuracy_score(y, labels),
        "brier": reference.brier_score_loss(y, positive),
    }
    for name, value in expected.items():
        assert score(name, y, p) == pytest.approx(value, abs=1e-12), name


def test_log_loss_agrees_where_probabilities_are_inside_zero_and_one() -> None:
    y, p = binary(ties=False)
    assert score("log_loss", y, p) == pytest.approx(reference.log_loss(y, p.probabilities), abs=1e-9)


def test_multiclass_metrics_agree_with_scikit_learn() -> None:
    y, p = multiclass()
    expected = {
        "roc_auc": reference.roc_auc_score(y, p.probabilities, multi_class="ovr", average="macro"),
        "f1_macro": reference.f1_score(y, p.labels, average="macro"),
        "f1": reference.f1_score(y, p.labels, average="macro"),
        "precision": reference.precision_score(y, p.labels, average="macro", zero_division=0),
        "recall": reference.recall_score(y, p.labels, average="macro"),
        "accuracy": reference.accuracy_score(y, p.labels),
        "log_loss": reference.log_loss(y, p.probabilities),
        "average_precision": reference.average_precision_score(np.eye(4)[y], p.probabilities, average="macro"),
    }
    for name, value in expected.items():
        assert score(name, y, p) == pytest.approx(value, abs=1e-9), name


def test_regression_metrics_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(2)
    y = random.gamma(2.0, 50.0, 300)
    values = y * random.uniform(0.7, 1.4, 300)
    p = Predictions(values=values)
    expected = {
        "mae": reference.mean_absolute_error(y, values),
        "rmse": reference.root_mean_squared_error(y, values),
        "r2": reference.r2_score(y, values),
        "mape": reference.mean_absolute_percentage_error(y, values),
        "rmsle": reference.root_mean_squared_log_error(y, values),
    }
    for name, value in expected.items():
        assert score(name, y, p) == pytest.approx(value, rel=1e-10), name


@pytest.mark.parametrize("name", [name for name in METRICS if "binary" in METRICS[name].tasks])
def test_a_weight_of_two_is_the_row_twice(name: str) -> None:
    y, p = binary(120)
    weights = np.random.default_rng(5).integers(0, 4, 120)
    repeated = np.repeat(np.arange(120), weights)
    whole = float(evaluator(name, y, p, Costs(1, 5))(weights[None, :].astype(float))[0])
    assert whole == pytest.approx(score(name, y[repeated], p.take(repeated), Costs(1, 5)), abs=1e-12)


@pytest.mark.parametrize("name", ["f1", "log_loss", "average_precision"])
def test_weights_of_groups_are_weights_of_their_rows(name: str) -> None:
    y, p = binary(200)
    codes = np.random.default_rng(6).integers(0, 12, 200)
    by_group = np.random.default_rng(7).integers(0, 3, (3, 12)).astype(float)
    plain = evaluator(name, y, p)
    assert plain.grouped(codes, 12)(by_group) == pytest.approx(plain(by_group[:, codes]), abs=1e-12)


def test_expected_cost_counts_each_error_at_its_price() -> None:
    y, labels = np.array([1, 1, 0, 0, 0]), np.array([0, 1, 1, 1, 0])
    assert score("expected_cost", y, Predictions(labels=labels), Costs(1.0, 5.0)) == pytest.approx((5 + 2) / 5)


def test_an_auc_with_one_class_is_not_a_number() -> None:
    p = np.linspace(0.1, 0.9, 5)
    assert np.isnan(score("roc_auc", np.zeros(5), Predictions(probabilities=np.stack([1 - p, p], axis=1))))


def test_rmsle_of_a_negative_truth_is_not_a_number() -> None:
    assert np.isnan(score("rmsle", np.array([-2.0, 1.0]), Predictions(values=np.array([1.0, 1.0]))))


def test_loss_is_lower_for_the_better_predictions_whatever_the_metric() -> None:
    y, good = binary(2000, ties=False)
    assert good.probabilities is not None
    shuffled = good.take(np.random.default_rng(1).permutation(2000))
    for name in metrics_for("binary"):
        assert loss(name, y, good) < loss(name, y, shuffled), name
        assert gain(name, score(name, y, good), score(name, y, shuffled)) > 0, name


def test_an_unknown_or_unfitting_metric_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="roc_auc"):
        metric("auc")
    with pytest.raises(InputError, match="rmse"):
        metric("roc_auc", "regression")


def test_every_metric_of_the_contract_is_there() -> None:
    named = "roc_auc average_precision f1 f1_macro precision recall accuracy log_loss brier mae rmse r2 mape rmsle"
    assert set(named.split()) <= set(METRICS)
