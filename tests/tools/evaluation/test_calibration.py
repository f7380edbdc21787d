"""Calibration: a planted slope is found, a calibrated model is not accused, dependence widens the interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from tools.evaluation.calibration import calibrate, calibration_check
from tools.evaluation.criteria import CalibrationCriteria
from tools.evaluation.metrics import Predictions


def two_classes(n: int, stretch: float, shift: float = 0.0, seed: int = 0) -> tuple[Any, Predictions]:
    random = np.random.default_rng(seed)
    logit = random.normal(-0.5, 1.2, n)
    y = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    p = 1 / (1 + np.exp(-(stretch * logit + shift)))
    return y, Predictions.of_probabilities(np.stack([1 - p, p], axis=1))


def test_slope_and_intercept_agree_with_statsmodels_and_its_sandwich_errors() -> None:
    y, p = two_classes(500, 1.4)
    found = calibrate(y, p, "binary")
    q = p.probabilities[:, 1]  # type: ignore[index]
    fit = sm.Logit(y, sm.add_constant(np.log(q / (1 - q)))).fit(disp=0, cov_type="HC0")
    assert found.slope.value == pytest.approx(fit.params[1], rel=1e-6)
    assert found.intercept.value == pytest.approx(fit.params[0], abs=1e-6)
    low, high = fit.conf_int()[1]
    assert (found.slope.lower, found.slope.upper) == pytest.approx((low, high), rel=5e-3)


@pytest.mark.parametrize(("stretch", "status"), [(1.0, "pass"), (2.5, "fail"), (0.4, "fail")])
def test_too_extreme_and_too_timid_probabilities_fail(stretch: float, status: str) -> None:
    y, p = two_classes(4000, stretch)
    assert calibration_check(calibrate(y, p, "binary"), CalibrationCriteria()).status == status


def test_probabilities_that_are_too_high_throughout_fail_by_observed_over_expected() -> None:
    y, p = two_classes(4000, 1.0, shift=1.2)
    found = calibrate(y, p, "binary")
    assert found.observed_to_expected is not None and found.observed_to_expected.upper < 0.8  # type: ignore[operator]
    assert calibration_check(found, CalibrationCriteria()).status == "fail"


def test_few_positives_are_insufficient_whatever_the_slope() -> None:
    y, p = two_classes(40, 1.0)
    assert calibration_check(calibrate(y, p, "binary"), CalibrationCriteria()).status == "insufficient"


def test_with_more_classes_the_stated_confidence_is_held_against_the_hits() -> None:
    random = np.random.default_rng(1)
    p = random.dirichlet([1.0, 1.0, 1.0], 4000)
    y = np.array([random.choice(3, p=row) for row in p])
    honest = calibrate(y, Predictions.of_probabilities(p), "multiclass")
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    boasting = calibrate(y, Predictions.of_probabilities(sharp), "multiclass")
    assert calibration_check(honest, CalibrationCriteria()).status == "pass"
    assert calibration_check(boasting, CalibrationCriteria()).status == "fail"


def test_a_regression_that_exaggerates_has_a_slope_below_one() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(50, 10, 1000)
    y = truth + random.normal(0, 3, 1000)
    found = calibrate(y, Predictions(values=50 + 1.6 * (truth - 50)), "regression")
    fit = sm.OLS(y, sm.add_constant(50 + 1.6 * (truth - 50))).fit(cov_type="HC0")
    assert (found.intercept.value, found.slope.value) == pytest.approx(tuple(fit.params), rel=1e-6)
    assert found.slope.upper < 0.8  # type: ignore[operator]


def test_rows_of_one_entity_widen_the_interval() -> None:
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(50), 20)
    x = random.normal(0, 1, 50)[groups]
    y = x + random.normal(0, 1, 50)[groups]
    alone = calibrate(y, Predictions(values=x), "regression").slope
    tied = calibrate(y, Predictions(values=x), "regression", groups=groups).slope
    assert tied.upper - tied.lower > 2 * (alone.upper - alone.lower)  # type: ignore[operator]


def test_constant_predictions_say_that_no_line_can_be_fitted() -> None:
    y, _ = two_classes(200, 1.0)
    p = np.full((200, 2), 0.5)
    found = calibrate(y, Predictions.of_probabilities(p), "binary")
    assert found.slope.value is None and not found.slope.conclusive


def test_bins_hold_every_row_once() -> None:
    y, p = two_classes(1003, 1.0)
    found = calibrate(y, p, "binary")
    assert sum(each.n for each in found.bins) == 1003 and len(found.bins) == 10
