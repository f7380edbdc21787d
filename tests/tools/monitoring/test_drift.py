"""Drift: the formulas against references, and alarms that fire for a shift and stay silent without one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tools.monitoring.drift import DriftReference, assess, build_reference, log_frame
from tools.serving.service import distances
from tools.serving.service import drift as core

KINDS = {
    "amount": "number",
    "age": "integer",
    "count": "integer",
    "region": "text",
    "note": "text",
    "day": "date",
}


def population(rows: int, seed: int) -> pd.DataFrame:
    stream = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": np.where(stream.random(rows) < 0.05, np.nan, stream.lognormal(3, 1, rows)),
            "age": stream.integers(18, 80, rows),
            "count": stream.poisson(1.2, rows),
            "region": stream.choice(["north", "south", "east", "west"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "note": [f"text {index}" for index in range(rows)],
            "day": pd.date_range("2024-01-01", periods=rows, freq="h"),
        }
    )


@pytest.fixture(scope="module")
def reference() -> DriftReference:
    return build_reference(population(800, 0), KINDS, personal={"age", "note"}, seed=1)


@pytest.mark.parametrize("size", [250, 500])
def test_undisturbed_batches_stay_silent_over_twenty_seeds(reference: DriftReference, size: int) -> None:
    alarmed = [assess(reference, population(size, 100 + seed)).alarmed for seed in range(20)]
    assert alarmed == [()] * 20


def test_batches_drawn_from_a_small_pool_stay_silent_too(reference: DriftReference) -> None:
    pool = population(200, 7)
    for seed in range(20):
        drawn = pool.sample(500, replace=True, random_state=seed, ignore_index=True)
        assert assess(reference, drawn).alarmed == ()


@pytest.mark.parametrize("column", ["amount", "age", "region"])
def test_a_column_that_shifts_midway_is_named_and_no_other(reference: DriftReference, column: str) -> None:
    rows = population(500, 5)
    late = rows.index >= 250
    if column == "region":
        rows.loc[late, "region"] = "south"
    elif column == "age":
        rows.loc[late, "age"] += 25
    else:
        rows.loc[late, "amount"] *= 3
    report = assess(reference, rows)
    assert report.alarmed == (column,)
    assert column in str(report.alarms[0].text)


def test_missing_unseen_out_of_range_and_absent_are_alarms_of_their_own(reference: DriftReference) -> None:
    rows = population(300, 8)
    rows.loc[:60, "count"] = 90
    rows["amount"] = rows["amount"].mask(rows.index < 120)
    rows.loc[rows.index < 60, "region"] = "abroad"
    found = {(alarm.column, alarm.what) for alarm in assess(reference, rows.drop(columns="age")).alarms}
    assert {("count", "range"), ("amount", "missing"), ("region", "unseen"), ("age", "absent")} <= found


def test_too_few_rows_are_not_judged(reference: DriftReference) -> None:
    rows = population(40, 9)
    rows["amount"] *= 50
    report = assess(reference, rows)
    assert not report.judged
    assert report.alarms == ()


def test_a_source_that_is_ordered_does_not_alarm_about_its_own_order() -> None:
    rows = population(2000, 3).sort_values("amount", ignore_index=True, na_position="first")
    ordered = build_reference(rows, {"amount": "number"}, seed=1)
    assert assess(ordered, rows).alarmed == ()
    shuffled = build_reference(population(2000, 3), {"amount": "number"}, seed=1)
    assert assess(shuffled, rows).alarmed == ("amount",)


def test_the_reference_holds_no_personal_value_and_no_rare_level() -> None:
    rows = population(800, 0)
    rows["age"] = rows["age"] * 1.0
    rows.loc[3, "age"] = 81.123456
    rows.loc[4, "amount"] = 98765.4321
    rows.loc[0, "region"] = "Castle Rock"
    text = build_reference(rows, KINDS, personal={"age", "note"}, seed=1).model_dump_json()
    assert "81.1234" not in text
    assert "98765" not in text
    assert "Castle Rock" not in text
    assert "text 1" not in text


def test_the_reference_is_the_same_bytes_each_time() -> None:
    first = build_reference(population(300, 0), KINDS, seed=1).model_dump_json()
    assert first == build_reference(population(300, 0), KINDS, seed=1).model_dump_json()
    assert first != build_reference(population(300, 0), KINDS, seed=2).model_dump_json()


def test_a_prediction_log_counts_like_the_rows_it_was_made_from(reference: DriftReference) -> None:
    rows = population(300, 11)
    known = reference.core()
    lines = []
    for index in range(len(rows)):
        features: dict[str, object] = {}
        for column in known.columns:
            value = rows[column.name].iloc[index]
            if column.personal:
                features[column.name] = int(column.cells([value])[0])
            else:
                features[column.name] = None if pd.isna(value) else value if column.kind == "text" else float(value)
        lines.append({"features": json.loads(json.dumps(features))})
    direct, logged = assess(reference, rows), assess(reference, log_frame(lines, reference))
    assert [(one.column, one.distance, one.missing) for one in direct.columns] == [
        (one.column, one.distance, one.missing) for one in logged.columns
    ]


@pytest.mark.parametrize(("shape", "value"), [(0.5, 0.1), (0.5, 7.0), (4.5, 3.0), (4.5, 30.0), (20.0, 55.0)])
def test_the_gamma_tail_is_that_of_scipy(shape: float, value: float) -> None:
    assert distances.gamma_tail(shape, value) == pytest.approx(stats.gamma.sf(value, shape), rel=1e-10)


def test_chi_square_is_pearsons_test_of_homogeneity() -> None:
    first, second = [120, 80, 40], [30, 40, 30]
    expected = stats.chi2_contingency([first, second], correction=False)
    assert distances.chi_square(first, second) == pytest.approx(expected.pvalue, rel=1e-10)


def test_kolmogorov_smirnov_on_cells_is_close_to_the_exact_test_and_never_above_it() -> None:
    stream = np.random.default_rng(2)
    first, second = stream.normal(0, 1, 900), stream.normal(0.3, 1, 300)
    edges = np.quantile(first, np.arange(1, 40) / 40)
    distance, p = distances.kolmogorov_smirnov(
        np.bincount(np.searchsorted(edges, first, side="right"), minlength=40).tolist(),
        np.bincount(np.searchsorted(edges, second, side="right"), minlength=40).tolist(),
    )
    exact = stats.ks_2samp(first, second)
    assert exact.statistic - 0.03 < distance <= exact.statistic
    assert exact.pvalue <= p < exact.pvalue * 30


def test_psi_and_kl_are_the_textbook_sums() -> None:
    column = core.Column("x", "text", False, (), ("a", "b"), (500, 500, 0), 0, None, None, ())
    psi, kl = core.divergences(column, [300, 700, 0])
    assert psi == pytest.approx(0.2 * np.log(0.7 / 0.3), rel=0.01)
    assert kl == pytest.approx(0.3 * np.log(0.6) + 0.7 * np.log(1.4), rel=0.02)


def test_holm_is_that_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    values = [0.04, 0.001, 0.2, 0.012, 0.012]
    assert distances.holm(values) == pytest.approx(multipletests(values, method="holm")[1].tolist())
