"""Intervals agree with references, cover the truth, and say when there is too little to conclude from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from tools.evaluation import bootstrap, delong
from tools.evaluation.intervals import estimate, interval, mean_estimate, paired_difference, wilson
from tools.evaluation.metrics import Predictions, evaluator, score


def draw(n: int, base: float, seed: Any, threshold: float = 0.2, strength: float = 1.5) -> tuple[Any, Predictions]:
    """Calibrated scores of two normal classes `strength` apart; the AUC is known in closed form."""
    random = np.random.default_rng(seed)
    y = (random.random(n) < base).astype(np.int64)
    score_ = random.normal(strength * y, 1)
    p = 1 / (1 + np.exp(-(np.log(base / (1 - base)) + strength * score_ - strength**2 / 2)))
    return y, Predictions.of_probabilities(np.stack([1 - p, p], axis=1), threshold)


def naive_delong(y: Any, a: Any, b: Any) -> tuple[float, float, float, float, float]:
    """AUCs and their covariance from the definition: a double loop over pairs, no ranks."""

    def psi(s: Any) -> Any:
        positive, negative = s[y == 1], s[y == 0]
        return np.array([[1.0 if p > q else 0.5 if p == q else 0.0 for q in negative] for p in positive])

    one, two = psi(a), psi(b)
    rows = np.cov(np.stack([one.mean(axis=1), two.mean(axis=1)]))
    columns = np.cov(np.stack([one.mean(axis=0), two.mean(axis=0)]))
    m, k = one.shape
    s = rows / m + columns / k
    return float(one.mean()), float(two.mean()), float(s[0, 0]), float(s[1, 1]), float(s[0, 1])


def test_delong_agrees_with_a_double_loop_over_pairs_also_with_ties() -> None:
    random = np.random.default_rng(0)
    y = (random.random(60) < 0.4).astype(np.int64)
    a, b = (random.normal(y, 1).round(1) for _ in range(2))
    auc_a, auc_b, var_a, _, cov = naive_delong(y, a, b)
    assert delong.auc_with_error(y, a) == pytest.approx((auc_a, np.sqrt(var_a)), abs=1e-12)
    difference, error = delong.difference_with_error(y, a, b)
    var_b = naive_delong(y, b, b)[2]
    assert difference == pytest.approx(auc_a - auc_b, abs=1e-12)
    assert error == pytest.approx(np.sqrt(var_a + var_b - 2 * cov), abs=1e-12)


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall"])
def test_proportions_get_wilson_limits_as_statsmodels_computes_them(name: str) -> None:
    y, p = draw(300, 0.3, 1)
    assert p.labels is not None
    below = {"accuracy": np.ones(300, bool), "precision": p.labels == 1, "recall": y == 1}[name]
    hits = int(((p.labels == y) & below).sum())
    found = interval(name, y, p)
    assert (found.lower, found.upper) == pytest.approx(proportion_confint(hits, below.sum(), method="wilson"))
    assert found.n == below.sum() and found.method == "wilson"


def test_wilson_stays_inside_zero_and_one() -> None:
    assert wilson(0, 20)[0] == 0.0 and wilson(20, 20)[1] == 1.0 and wilson(0, 20)[1] > 0.1


def test_auc_limits_are_symmetric_on_the_logit_scale_and_inside_zero_and_one() -> None:
    y, p = draw(80, 0.3, 2, strength=3.0)
    found = interval("roc_auc", y, p)
    assert found.lower is not None and found.upper is not None and found.value is not None
    lower, value, upper = special.logit([found.lower, found.value, found.upper])
    assert upper - value == pytest.approx(value - lower)
    assert 0 < found.lower < found.upper < 1 and "delong" in found.method


def test_an_auc_of_one_is_not_certain() -> None:
    y = np.array([0] * 50 + [1] * 35)
    p = np.linspace(0, 1, 85)
    found = interval("roc_auc", y, Predictions(probabilities=np.stack([1 - p, p], axis=1)))
    assert found.value == 1.0 and found.lower is not None and found.lower < 0.95


def test_bca_agrees_with_scipy_on_a_skewed_mean() -> None:
    values = np.random.default_rng(3).exponential(2.0, 150)
    mine = mean_estimate(values, seed=4).at(0.95)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=8000, rng=np.random.default_rng(5)).confidence_interval
    assert (mine.lower, mine.upper) == pytest.approx((theirs.low, theirs.high), rel=0.02)
    assert mine.value == pytest.approx(values.mean())


def test_bca_of_log_loss_agrees_with_scipy() -> None:
    y, p = draw(200, 0.3, 6)
    rows = -np.log(p.probabilities[np.arange(200), y])  # type: ignore[index]
    mine = interval("log_loss", y, p, seed=1)
    theirs = stats.bootstrap((rows,), np.mean, n_resamples=8000, rng=np.random.default_rng(5)).confidence_interval
    assert (mine.lower, mine.upper) == pytest.approx((theirs.low, theirs.high), rel=0.02)


def test_paired_auc_is_narrower_than_unpaired() -> None:
    y, a = draw(400, 0.4, 7)
    assert a.probabilities is not None
    q = np.clip(a.probabilities[:, 1] + np.random.default_rng(1).normal(0, 0.05, 400), 0.01, 0.99)
    b = Predictions(probabilities=np.stack([1 - q, q], axis=1))
    paired = paired_difference("roc_auc", y, a, b)
    alone = interval("roc_auc", y, a)
    assert paired.value == pytest.approx(score("roc_auc", y, a) - score("roc_auc", y, b))
    assert paired.upper - paired.lower < (alone.upper - alone.lower) / 2  # type: ignore[operator]


def test_a_gain_is_positive_for_the_better_one_also_where_less_is_better() -> None:
    random = np.random.default_rng(8)
    y = random.normal(0, 1, 300)
    good, bad = Predictions(values=y + random.normal(0, 0.5, 300)), Predictions(values=np.zeros(300))
    found = paired_difference("rmse", y, good, bad)
    assert found.lower is not None and found.lower > 0


@pytest.mark.parametrize(("positives", "negatives"), [(29, 500), (500, 29)])
def test_fewer_than_thirty_of_a_class_are_inconclusive(positives: int, negatives: int) -> None:
    y = np.repeat([1, 0], [positives, negatives])
    p = np.random.default_rng(9).uniform(0, 1, len(y))
    found = interval("roc_auc", y, Predictions(probabilities=np.stack([1 - p, p], axis=1)))
    assert not found.conclusive and found.reason


def test_thirty_of_each_class_are_enough() -> None:
    y = np.repeat([1, 0], [30, 30])
    p = np.random.default_rng(9).uniform(0, 1, len(y))
    assert interval("roc_auc", y, Predictions(probabilities=np.stack([1 - p, p], axis=1))).conclusive


def test_rows_of_one_entity_do_not_count_as_independent() -> None:
    random = np.random.default_rng(10)
    groups = np.repeat(np.arange(40), 25)
    shift = random.normal(0, 1, 40)[groups]
    y = random.normal(0, 1, 1000)
    p = Predictions(values=y + shift + random.normal(0, 0.1, 1000))
    alone, clustered = interval("mae", y, p), interval("mae", y, p, groups=groups)
    assert clustered.upper - clustered.lower > 2 * (alone.upper - alone.lower)  # type: ignore[operator]
    assert "clustered" in clustered.method


def test_neighbours_in_time_do_not_count_as_independent() -> None:
    random = np.random.default_rng(11)
    error = np.zeros(2000)
    for t in range(1, 2000):
        error[t] = 0.97 * error[t - 1] + random.normal(0, 0.3)
    shuffled = random.permutation(2000)  # the order counts, not the place in the table
    y, p, order = np.zeros(2000), error[shuffled], np.arange(2000)[shuffled]
    alone = interval("mae", y, Predictions(values=p))
    blocks = interval("mae", y, Predictions(values=p), order=order)
    assert blocks.upper - blocks.lower > 2 * (alone.upper - alone.lower)  # type: ignore[operator]


def test_large_data_are_resampled_in_blocks_with_the_same_result() -> None:
    y, p = draw(30_000, 0.2, 12)
    blocks = interval("log_loss", y, p, seed=1)
    plan = bootstrap.Design(None, 30_000, None, "")
    rows = bootstrap.distribution(evaluator("log_loss", y, p), plan, seed=2, resamples=300, normal=True).limits(0.95)
    assert "row blocks" in blocks.method
    assert blocks.upper - blocks.lower == pytest.approx(rows[1] - rows[0], rel=0.15)  # type: ignore[operator]


def test_a_statistic_that_never_varies_is_inconclusive() -> None:
    y = np.repeat([0, 1], [40, 40])
    found = interval("f1", y, Predictions(labels=y))
    assert found.value == 1.0 and not found.conclusive


def test_the_same_seed_gives_the_same_bits() -> None:
    y, p = draw(500, 0.3, 13)
    assert interval("average_precision", y, p, seed=3) == interval("average_precision", y, p, seed=3)
    assert interval("f1", y, p, seed=3) != interval("f1", y, p, seed=4)


def test_a_one_sided_limit_is_the_end_of_the_ninety_per_cent_interval() -> None:
    y, p = draw(300, 0.3, 14)
    assert estimate("roc_auc", y, p).one_sided(0.05) == estimate("roc_auc", y, p).at(0.9)


# --- simulations ---


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "base", "n"),
    [("roc_auc", 0.1, 400), ("roc_auc", 0.3, 200), ("log_loss", 0.05, 800), ("f1", 0.3, 300),
     ("average_precision", 0.2, 400), ("expected_cost", 0.2, 300), ("accuracy", 0.3, 200), ("brier", 0.3, 200)],
)  # fmt: skip
def test_intervals_cover_the_truth_about_as_often_as_they_say(name: str, base: float, n: int) -> None:
    truth_y, truth_p = draw(1_500_000, base, 99)
    truth = score(name, truth_y, truth_p)
    runs = 400
    below = above = 0
    for k in range(runs):
        y, p = draw(n, base, [k, 5])
        found = interval(name, y, p, seed=k)
        assert found.lower is not None and found.upper is not None
        below, above = below + (found.upper < truth), above + (found.lower > truth)
    assert 0.91 <= 1 - (below + above) / runs <= 0.985, (below, above)


@pytest.mark.slow
def test_keeping_the_class_mix_would_make_a_log_loss_interval_lie() -> None:
    truth_y, truth_p = draw(1_500_000, 0.05, 99)
    truth = score("log_loss", truth_y, truth_p)
    covered = {True: 0, False: 0}
    for k in range(200):
        y, p = draw(800, 0.05, [k, 6])
        for kept in covered:
            plan = bootstrap.design(y, by_class=kept)
            found = bootstrap.distribution(evaluator("log_loss", y, p), plan, seed=k, resamples=500)
            lower, upper = found.limits(0.95)
            covered[kept] += lower <= truth <= upper
    assert covered[True] / 200 < 0.8 and covered[False] / 200 > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("positives", [0.1, 0.3])
def test_a_model_just_at_the_requirement_passes_in_at_most_one_case_of_twenty(positives: float) -> None:
    truth = float(stats.norm.cdf(1.5 / np.sqrt(2)))
    runs, passed = 1000, 0
    for k in range(runs):
        y, p = draw(400, positives, [k, 7])
        found = estimate("roc_auc", y, p).one_sided(0.05)
        passed += found.lower is not None and found.conclusive and found.lower >= truth
    assert passed / runs <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / runs)
