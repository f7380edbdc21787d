"""What a test can confirm follows from its size and the base rate alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from tools.data.feasibility import expected_width, feasibility, propose_test_size, required_rows, wilson
from tools.evaluation.groups import groups_of


def table(rows: int, rate: float) -> pd.DataFrame:
    labels = np.where(np.arange(rows) < rate * rows, "bad", "good")
    women = np.arange(rows) % 3 == 0
    return pd.DataFrame({"y": labels, "sex": np.where(women, "f", "m"), "age": np.arange(rows) % 60 + 18})


def test_a_thousand_loans_can_confirm_seventy_but_not_seventy_five() -> None:
    found = feasibility(table(1000, 0.3), "y", "binary", positive="bad", requirement=0.75)
    assert (found.test_size, found.test_rows, found.validation_size) == (0.2, 200, 0.16)
    assert found.half_width == pytest.approx(0.073, abs=0.005)
    assert (found.smallest_confirmable, found.first_unconfirmable) == (0.7, 0.75)
    assert (
        found.stated is not None and not found.stated.confirmed and 0.8 < (found.stated.performance_needed or 0) < 0.85
    )


def test_more_rows_narrow_the_interval_and_shrink_the_test() -> None:
    assert expected_width(800, "binary", 0.3)[2] < 0.55 * expected_width(200, "binary", 0.3)[2]
    assert propose_test_size(100_000, "binary", 0.3) == 0.1
    assert propose_test_size(100_000, "binary", 0.3, groups=True) == 0.2
    assert propose_test_size(150, "binary", 0.3) == 0.3
    assert required_rows(0.3, 0.03) > required_rows(0.3, 0.06) > 50


def test_groups_need_rows_and_outcomes_in_the_test() -> None:
    found = feasibility(table(1000, 0.3), "y", "binary", positive="bad", protected=["sex", "age"])
    groups = {(group.column, group.level): group for group in found.groups}
    women = groups["sex", "f"]
    assert (women.test_rows, women.enough, women.lacking, women.needed) == (67, False, "rows", 100)
    assert groups["sex", "m"].enough and ("age", "under 25") in groups


def test_labels_of_single_rows_do_not_matter_before_the_split() -> None:
    frame = table(1000, 0.3)
    other = frame.assign(y=frame["y"].to_numpy()[::-1])
    same = [feasibility(each, "y", "binary", positive="bad", protected=["sex", "age"]) for each in (frame, other)]
    assert same[0] == same[1]


def test_wilson_agrees_with_the_reference() -> None:
    assert wilson(0.7, 200, 1.959964) == pytest.approx(proportion_confint(140, 200, method="wilson"))


def test_regression_and_classes_get_their_own_width() -> None:
    random = np.random.default_rng(0)
    number = feasibility(pd.DataFrame({"y": random.normal(size=1000)}), "y", "regression")
    assert number.metric == "rmse" and number.half_width == pytest.approx(1.96 / np.sqrt(398), rel=0.01)
    several = feasibility(pd.DataFrame({"y": ["a"] * 500 + ["b"] * 400 + ["c"] * 10}), "y", "multiclass")
    assert (several.metric, several.least_class, several.least_class_test_rows) == ("accuracy", "c", 2)


def test_groups_are_named_as_the_fairness_step_names_them() -> None:
    frame = table(1000, 0.3)
    found = feasibility(frame, "y", "binary", positive="bad", protected=["sex", "age"])
    for column in ("sex", "age"):
        names = {group.level for group in found.groups if group.column == column}
        assert names == set(groups_of(frame[column]).tolist())
