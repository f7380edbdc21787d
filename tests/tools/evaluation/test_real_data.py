"""On real tables with a simple model: what is known of each table shows in the evaluation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tools.evaluation.business import evaluate, nothing, todays_policy
from tools.evaluation.calibration import calibrate, calibration_check
from tools.evaluation.criteria import CalibrationCriteria, Criteria, FairnessCriteria, Policy, Requirement
from tools.evaluation.fairness import assess
from tools.evaluation.holdout import HoldoutRows, measure
from tools.evaluation.intervals import interval
from tools.evaluation.metrics import Predictions

pytestmark = pytest.mark.integration
Shared = Callable[[str], Path]
ADULT = (
    "age workclass fnlwgt education education-num marital-status occupation relationship race sex capital-gain "
    "capital-loss hours-per-week native-country income"
).split()


def codes(frame: pd.DataFrame) -> Any:
    parts = [
        frame[c].to_numpy(float)
        if frame[c].dtype.kind in "biuf"
        else pd.factorize(frame[c], sort=True)[0].astype(float)
        for c in frame.columns
    ]
    return np.stack(parts, axis=1)


def classify(frame: pd.DataFrame, y: Any, learn: Any, hold: Any, threshold: float | None = None) -> Predictions:
    x = codes(frame)
    model = HistGradientBoostingClassifier(max_iter=80, random_state=0).fit(x[learn], y[learn])
    return Predictions.of_probabilities(model.predict_proba(x[hold]), threshold)


def halves(n: int, share: float = 0.6, seed: int = 0) -> tuple[Any, Any]:
    order = np.random.default_rng(seed).permutation(n)
    cut = round(n * share)
    return np.sort(order[:cut]), np.sort(order[cut:])


def test_adult_is_known_exactly_and_fails_fairness_by_sex(shared: Shared) -> None:
    frame = pd.read_csv(shared("adult/adult.data"), names=ADULT, skipinitialspace=True)
    y = (frame["income"] == ">50K").to_numpy(np.int64)
    learn, hold = halves(len(frame))
    p = classify(frame.drop(columns=["income", "fnlwgt"]), y, learn, hold, 0.5)
    found = interval("roc_auc", y[hold], p)
    assert found.lower is not None and found.upper is not None
    assert 0.91 < found.lower < 0.925 < found.upper < 0.94
    protected = frame.iloc[hold][["sex", "race"]].reset_index(drop=True)
    by_name = {a.name: a for a in assess(protected, y[hold], p, "binary", FairnessCriteria())}
    assert by_name["sex"].status == "fail"  # base rates 10.9 % and 30.6 %
    ratio = next(
        r.ratio for g in by_name["sex"].groups if g.name == "Female" for r in g.rates if r.name == "selection_rate"
    )
    assert ratio is not None and ratio < 0.5
    assert calibration_check(calibrate(y[hold], p, "binary"), CalibrationCriteria()).status == "pass"


def test_german_credit_at_its_own_costs_beats_accepting_all_by_more_than_chance(shared: Shared) -> None:
    frame = pd.read_csv(shared("german_credit/german.data"), sep=" ", header=None)
    y = (frame[20] == 2).to_numpy(np.int64)
    learn, hold = halves(1000)
    p = classify(frame.drop(columns=20), y, learn, hold, 1 / 6)
    rules = Criteria(
        task="binary", primary=Requirement(metric="expected_cost"), false_negative_cost=5.0, costs_stated=True,
        policy=Policy(kind="accept_all"),
    )  # fmt: skip
    today = todays_policy(rules.policy, frame.iloc[hold], "binary", ("1", "2"))
    assert today is not None
    nobody = nothing("binary", len(hold))
    assert nobody is not None
    report = evaluate(y[hold], p, (today, nobody), rules)
    saving = report.policies[1].saving
    assert saving is not None and saving.lower is not None and saving.lower > 0
    assert report.policies[1].cost.value == pytest.approx(5 * y[hold].mean())
    women = assess(
        pd.DataFrame({"sex": np.where(frame[8].isin(["A92", "A95"]), "f", "m")[hold]}).iloc[:200], y[hold][:200],
        p.take(np.arange(200)), "binary", FairnessCriteria(),
    )[0]  # fmt: skip
    assert women.status == "insufficient"  # with 200 test rows: about 60 women


def test_wine_has_classes_too_small_for_a_macro_average(shared: Shared) -> None:
    frame = pd.read_csv(shared("wine_quality/winequality-white.csv"), sep=";")
    y = pd.factorize(frame["quality"], sort=True)[0].astype(np.int64)
    learn, hold = halves(len(frame))
    p = classify(frame.drop(columns="quality"), y, learn, hold)
    rules = Criteria(task="multiclass", primary=Requirement(metric="f1_macro"))
    found = {name: each.at(0.95) for name, each in measure(HoldoutRows(y[hold]), p, rules).items()}
    assert not found["f1_macro"].conclusive and "class" in found["f1_macro"].reason
    assert found["accuracy"].conclusive and found["accuracy"].method == "wilson"
    assert 0.5 < (found["accuracy"].value or 0) < 0.75


def test_bike_hours_are_less_certain_than_as_many_independent_rows(shared: Shared) -> None:
    frame = pd.read_csv(shared("bike_hourly/hour.csv"))
    x = codes(frame[["season", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit", "temp", "hum"]])
    y = frame["cnt"].to_numpy(float)
    cut = round(len(y) * 0.8)
    model = HistGradientBoostingRegressor(max_iter=80, random_state=0).fit(x[:cut], y[:cut])
    p = Predictions(values=model.predict(x[cut:]))
    alone = interval("mae", y[cut:], p)
    blocks = interval("mae", y[cut:], p, order=np.arange(len(y) - cut))
    assert blocks.value == alone.value
    assert blocks.upper - blocks.lower > 1.5 * (alone.upper - alone.lower)  # type: ignore[operator]
