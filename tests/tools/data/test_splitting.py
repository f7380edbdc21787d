"""The split keeps shares, groups and time; folds follow the same scheme; overlap is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.data.allocation import quota
from tools.data.partitioning import SplitPlan, split
from tools.data.sources import read_table
from tools.data.splitting import SplitScheme, fold_groups, fold_order, folds
from tools.errors import InputError

Find = Callable[[str], Path]


def table(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": random.normal(size=rows),
            "who": random.integers(0, rows // 8, rows),
            "when": pd.date_range("2020-01-01", periods=rows, freq="6h"),
            "y": np.where(random.random(rows) < 0.3, "yes", "no"),
        }
    )


PLAN = SplitPlan(kind="stratified", test_size=0.2, validation_size=0.16, tie=("x", "who"))
CLASSES = ("no", "yes")


def test_a_stratified_split_keeps_sizes_and_class_shares() -> None:
    frame = table()
    made = split(frame, "y", "binary", CLASSES, PLAN)
    rate = (frame["y"] == "yes").mean()
    for part, size in (("train", 640), ("validation", 160), ("test", 200)):
        rows = made.rows(part)
        assert abs(len(rows) - size) <= 1
        assert abs((frame["y"].iloc[rows] == "yes").mean() - rate) < 0.01
    assert sorted(np.concatenate([made.rows(part) for part in ("train", "validation", "test")])) == list(range(1000))


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    frame = table()
    first, again = (split(frame, "y", "binary", CLASSES, PLAN) for _ in range(2))
    other = split(frame, "y", "binary", CLASSES, PLAN.model_copy(update={"seed": 1}))
    assert (first.parts == again.parts).all() and (first.parts != other.parts).any()


def test_equal_rows_stay_on_one_side() -> None:
    frame = pd.concat([table(400)] * 3, ignore_index=True)
    made = split(frame, "y", "binary", CLASSES, PLAN)
    assert pd.Series(made.parts).groupby([frame["x"], frame["who"]]).nunique().max() == 1
    assert made.report.tied == 1200 and made.report.scheme.tie == ("x", "who")
    assert all(item.rows == 0 for item in made.report.overlaps if item.what == "rows")
    torn = split(frame, "y", "binary", CLASSES, PLAN.model_copy(update={"tie": ()}))
    assert pd.Series(torn.parts).groupby([frame["x"], frame["who"]]).nunique().max() > 1


def test_groups_stay_on_one_side_also_by_the_part_before_a_mark() -> None:
    frame = table()
    frame["sample"] = [f"m{i // 10}_{i % 10}" for i in range(len(frame))]
    plan = PLAN.model_copy(update={"kind": "grouped", "column": "sample", "prefix": "_", "tie": ()})
    made = split(frame, "y", "binary", CLASSES, plan)
    assert made.report.groups == 100
    assert pd.Series(made.parts).groupby(frame["sample"].str.split("_").str[0]).nunique().max() == 1
    assert abs(made.report.parts["test"].share - 0.2) < 0.03


def test_a_time_split_puts_the_latest_rows_last_and_keeps_one_instant_together() -> None:
    frame = table()
    frame["when"] = frame["when"].dt.floor("D")
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    made = split(
        shuffled, "y", "binary", CLASSES, PLAN.model_copy(update={"kind": "time", "column": "when", "gap": 2.0})
    )
    when = [shuffled["when"].iloc[made.rows(part)] for part in ("train", "validation", "test")]
    assert when[0].max() < when[1].min() - pd.Timedelta(days=1) and when[1].max() < when[2].min() - pd.Timedelta(days=1)
    assert made.report.between > 0 and made.report.scheme.kind == "time"


def test_a_given_column_is_followed_and_validation_taken_from_its_training_rows() -> None:
    frame = table()
    frame["part"] = np.where(np.arange(1000) < 700, "train", "test")
    plan = PLAN.model_copy(update={"kind": "given", "column": "part"})
    made = split(frame, "y", "binary", CLASSES, plan)
    assert made.rows("test").tolist() == list(range(700, 1000))
    assert 100 < len(made.rows("validation")) < 130 and made.rows("validation").max() < 700
    frame["part"] = "elsewhere"
    with pytest.raises(InputError, match="names no part"):
        split(frame, "y", "binary", CLASSES, plan)


def test_permuting_test_labels_of_a_given_split_changes_no_training_row() -> None:
    frame = table()
    frame["part"] = np.where(np.arange(1000) < 700, "train", "test")
    other = frame.copy()
    other.loc[700:, "y"] = other.loc[700:, "y"].to_numpy()[::-1]
    plan = PLAN.model_copy(update={"kind": "given", "column": "part"})
    first, second = (split(each, "y", "binary", CLASSES, plan) for each in (frame, other))
    assert (first.parts == second.parts).all() and first.report == second.report


def test_rows_of_a_test_file_are_the_test() -> None:
    frame = table()
    made = split(frame, "y", "binary", CLASSES, PLAN.model_copy(update={"kind": "given", "test_rows": 250}))
    assert made.rows("test").tolist() == list(range(750, 1000))


def test_unlabelled_rows_are_set_aside_and_counted() -> None:
    frame = table()
    frame.loc[:49, "y"] = None
    made = split(frame, "y", "binary", CLASSES, PLAN)
    assert made.report.unlabelled == 50 and (made.parts[:50] == -2).all() and (made.parts[50:] >= 0).all()


def test_overlap_of_a_random_split_of_groups_is_counted() -> None:
    frame = table()
    frame["x"] = frame["x"].round(1)
    made = split(
        frame, "y", "binary", CLASSES, PLAN.model_copy(update={"kind": "time", "column": "when", "tie": ("x",)})
    )
    shared = [
        item for item in made.report.overlaps if item.what == "rows" and item.right == "test" and item.left == "train"
    ]
    train, test = made.rows("train"), made.rows("test")
    assert shared[0].rows == int(frame["x"].iloc[test].isin(set(frame["x"].iloc[train])).sum()) > 0


def test_a_class_of_five_rows_lies_in_every_part_and_limits_the_folds(shared: Find) -> None:
    frame, _ = read_table(shared("wine_quality/winequality-white.csv"))
    classes = tuple(str(quality) for quality in range(3, 10))
    made = split(frame, "quality", "multiclass", classes, PLAN.model_copy(update={"tie": ()}))
    assert all(part.classes["9"] >= 1 for part in made.report.parts.values())
    train = frame.iloc[made.rows("train")]
    y = train["quality"].to_numpy() - 3
    parts = folds(made.report.scheme, y)
    assert len(parts) == 3 and all((y[held] == 6).any() for _, held in parts)


def test_folds_hold_each_row_out_once_and_tear_no_group() -> None:
    random = np.random.default_rng(0)
    y, groups = (random.random(600) < 0.2).astype(int), random.integers(0, 90, 600)
    for kind, codes in (("stratified", None), ("random", None), ("grouped", groups)):
        made = folds(SplitScheme(kind=kind, folds=5), y, codes)
        assert sorted(np.concatenate([held for _, held in made])) == list(range(600))
        for train, held in made:
            assert not set(train) & set(held) and abs(len(held) - 120) < 15
            assert codes is None or not set(codes[train]) & set(codes[held])
            assert kind == "random" or abs(y[held].mean() - y.mean()) < 0.06


def test_time_folds_learn_from_the_past_only() -> None:
    order = np.random.default_rng(0).permutation(500).astype(float)
    made = folds(SplitScheme(kind="time", folds=4, gap=10), order * 0.0, None, order)
    assert len(made) == 4
    for train, held in made:
        assert order[train].max() < order[held].min() - 10
    assert folds(SplitScheme(kind="time", folds=4), np.zeros(500))[0][0].max() < 101


def test_group_codes_join_entities_and_equal_rows() -> None:
    frame = pd.DataFrame({"who": ["a", "a", "b", "c", None, None], "x": [1, 2, 2, 3, 4, 5]})
    scheme = SplitScheme(kind="grouped", folds=2, column="who", tie=("x",))
    codes = fold_groups(frame, scheme)
    assert codes is not None and codes.tolist() == [0, 0, 0, 1, 2, 3]
    assert fold_groups(frame, SplitScheme(kind="random", folds=2)) is None
    assert fold_order(frame, scheme) is None


@given(st.integers(0, 500), st.lists(st.floats(0.05, 1), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_quotas_add_up_and_leave_no_part_out(size: int, raw: list[float]) -> None:
    shares = np.array(raw) / sum(raw)
    made = quota(size, shares)
    assert made.sum() == size and (made >= 0).all()
    assert size < len(raw) or made.min() >= 1


def test_a_split_that_leaves_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="less than a tenth"):
        split(table(), "y", "binary", CLASSES, PLAN.model_copy(update={"test_size": 0.8, "validation_size": 0.16}))
    frame = table().sort_values("y").reset_index(drop=True)
    with pytest.raises(InputError, match="one class"):
        split(frame, "y", "binary", CLASSES, PLAN.model_copy(update={"kind": "time"}))
