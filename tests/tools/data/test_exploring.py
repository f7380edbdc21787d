"""Exploration finds planted relations, keeps small levels together, and withholds what it is told to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from tools.data.association import chance_of, chance_of_means, cramers_v, explained, mean_interval
from tools.data.exploring import SMALL_LEVEL, Target, explore


def table(rows: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    stream = np.random.default_rng(1)
    y = (stream.random(rows) < 0.4).astype(float)
    return pd.DataFrame(
        {
            "noise": stream.normal(size=rows),
            "telling": stream.normal(size=rows) + 1.5 * y,
            "level": np.where(stream.random(rows) < 0.2 + 0.6 * y, "high", "low"),
            "hour": stream.integers(0, 24, rows),
            "when": pd.date_range("2020-01-01", periods=rows, freq="D"),
            "constant": 1.0,
        }
    ), y


def binary(y: np.ndarray) -> Target:
    return Target("binary", "late", y, ("no", "yes"), "yes")


def test_the_interval_of_a_mean_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    half = student.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert mean_interval(values, 0.95) == pytest.approx((3.5 - half, 3.5 + half))
    assert mean_interval(values[:1], 0.95) is None


def test_cramers_v_is_one_for_copies_and_near_nought_for_chance() -> None:
    assert cramers_v(np.array([[50, 0], [0, 50]])) == pytest.approx(1.0)
    assert cramers_v(np.array([[25, 25], [25, 25]])) == 0.0
    assert cramers_v(np.array([[10, 20]])) == 0.0


def test_explained_variance_is_one_for_exact_groups_and_unbiased_for_chance() -> None:
    codes = np.repeat(np.arange(5), 20).astype(np.intp)
    assert explained(codes, codes.astype(float)) == pytest.approx(1.0)
    assert explained(codes, np.random.default_rng(2).normal(size=100)) < 0.1


def test_the_planted_columns_come_first_and_noise_last() -> None:
    frame, y = table()
    view = explore(frame, binary(y), {})
    ranked = [name for name, _ in view.associations]
    assert set(ranked[:2]) == {"telling", "level"} and "constant" not in ranked
    assert dict(view.associations)["noise"] < 0.15


def test_p_values_equal_the_references() -> None:
    from scipy.stats import chi2_contingency, f_oneway

    counts = np.array([[30, 12, 8], [21, 25, 14]])
    assert chance_of(counts) == pytest.approx(chi2_contingency(counts, correction=False).pvalue)
    values = np.random.default_rng(4).normal(size=60)
    codes = np.repeat(np.arange(3), 20).astype(np.intp)
    assert chance_of_means(codes, values) == pytest.approx(f_oneway(*values.reshape(3, 20)).pvalue)


def test_noise_is_rarely_said_to_tell_something() -> None:
    called = 0
    for seed in range(40):
        stream = np.random.default_rng(seed)
        frame = pd.DataFrame({f"c{place}": stream.normal(size=150) for place in range(8)})
        called += bool(explore(frame, binary((stream.random(150) < 0.4).astype(float)), {}).telling)
    assert called <= 6  # five per cent of forty tables are two; more than six has probability under one in a hundred


def test_levels_carry_rates_with_intervals_and_sum_to_all_rows() -> None:
    frame, y = table()
    level = next(each for each in explore(frame, binary(y), {}).views if each.column == "level")
    assert sum(each.rows for each in level.levels) == 600
    high = next(each for each in level.levels if each.label == "high")
    assert high.rate == pytest.approx(y[frame["level"] == "high"].mean())
    assert (high.lower or 1) < (high.rate or 0) < (high.upper or 0)


def test_whole_numbers_are_shown_value_by_value_and_dates_by_period() -> None:
    frame, y = table()
    kinds = {each.column: each.kind for each in explore(frame, binary(y), {}).views}
    assert kinds == {"noise": "number", "telling": "number", "level": "levels", "hour": "steps", "when": "time"}


def test_rare_levels_are_never_shown_alone() -> None:
    frame, y = table()
    frame["name"] = [f"person {row}" if row < 30 else "others" for row in range(600)]
    view = next(each for each in explore(frame, binary(y), {}).views if each.column == "name")
    assert all(each.rows >= SMALL_LEVEL for each in view.levels)
    assert not any(each.label.startswith("person") for each in view.levels)


def test_withheld_columns_are_named_and_not_shown() -> None:
    frame, y = table()
    view = explore(frame, binary(y), {"telling": "it carries personal data"})
    assert [(each.column, each.reason) for each in view.withheld] == [("telling", "it carries personal data")]
    assert "telling" not in dict(view.associations) and "telling" not in {each.column for each in view.views}


def test_numbers_that_move_together_are_paired() -> None:
    frame, y = table()
    frame["twin"] = frame["telling"] ** 3
    pairs = explore(frame, binary(y), {}).pairs
    assert [{pair.left, pair.right} for pair in pairs] == [{"twin", "telling"}]
    assert pairs[0].spearman == pytest.approx(1.0)


def test_a_regression_shows_means_and_explained_variance() -> None:
    frame, _ = table()
    y = frame["telling"].to_numpy() * 3
    view = explore(frame, Target("regression", "price", y, (), ""), {})
    assert view.associations[0][0] == "telling" and view.associations[0][1] > 0.9
    assert view.target_histogram is not None and view.overall.rate == pytest.approx(y.mean())


def test_missing_values_and_three_classes_are_taken() -> None:
    frame, _ = table()
    frame.loc[:99, "telling"] = np.nan
    frame.loc[:99, "level"] = None
    y = np.random.default_rng(3).integers(0, 3, 600).astype(float)
    view = explore(frame, Target("multiclass", "kind", y, ("a", "b", "c"), "a"), {})
    shown = {each.column: each for each in view.views}
    assert shown["telling"].missing_share == pytest.approx(1 / 6)
    assert any(each.label == "missing" and each.rows == 100 for each in shown["level"].levels)


def test_texts_that_hardly_repeat_are_measured_and_not_listed() -> None:
    frame, y = table()
    frame["remark"] = [f"parcel {row} left at door {row % 7}" for row in range(len(frame))]
    view = next(each for each in explore(frame, binary(y), {}).views if each.column == "remark")
    assert view.kind == "levels" and view.levels == ()
    assert view.association is not None and 0 <= view.p <= 1


def test_many_rare_levels_do_not_seem_to_tell_the_target() -> None:
    frame, y = table()
    stream = np.random.default_rng(9)
    frame["title"] = [f"title {value}" for value in stream.integers(0, 400, len(frame))]
    frame["told"] = np.where(y > 0, "late", [f"note {row}" for row in range(len(frame))])
    view = dict(explore(frame, binary(y), {}).associations)
    assert view["title"] < 0.1
    assert view["told"] > 0.9
