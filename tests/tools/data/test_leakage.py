"""Each kind of leak is found when planted, and its clean twin is not called certain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.tools.data.readings import reading_of
from tools.data.leakage import Leakage, find_leakage, leakage_check
from tools.data.leakage_names import dated_later, outcome_word, shared_word
from tools.data.profiling import profile
from tools.data.splitting import SplitScheme
from tools.data.strength import auc_interval, strength
from tools.data.targets import target_values
from tools.records import Task

ROWS = 1200


def base() -> pd.DataFrame:
    random = np.random.default_rng(5)
    signal = random.normal(size=ROWS)
    return pd.DataFrame(
        {
            "signal": signal,
            "noise": random.normal(size=ROWS),
            "kind": random.choice(["a", "b", "c"], ROWS),
            "y": np.where(signal + random.normal(size=ROWS) > 0.8, "bad", "good"),
            "amount": 50 + 10 * signal + random.normal(size=ROWS) * 20,
        }
    )


def find(frame: pd.DataFrame, target: str = "y", task: Task = "binary") -> Leakage:
    classes = ("good", "bad") if task == "binary" else ()
    frame = frame.drop(columns=[name for name in ("y", "amount") if name != target])
    made = profile(frame, reading_of(frame), target, task)
    kind = "stratified" if task == "binary" else "random"
    return find_leakage(
        frame,
        made,
        SplitScheme(kind=kind, folds=5),
        target=target,
        task=task,
        classes=classes,
    )


def test_an_honest_table_has_no_suspect() -> None:
    assert find(base()).suspects == () and find(base()).table == ()
    assert find(base(), "amount", "regression").suspects == ()


Plant = Callable[[pd.DataFrame], None]


def _copy(frame: pd.DataFrame) -> None:
    frame["leak"] = frame["y"].map({"good": "G", "bad": "B"})


def _levels(frame: pd.DataFrame) -> None:
    frame["leak"] = np.where(frame["y"] == "good", "open", np.where(frame["noise"] > 0, "late", "lost"))


def _number(frame: pd.DataFrame) -> None:
    frame["leak"] = np.where(frame["y"] == "bad", 5.0, 1.0) + 0.1 * frame["noise"]


def _missing(frame: pd.DataFrame) -> None:
    frame["leak"] = frame["noise"].where(frame["y"] == "bad")


@pytest.mark.parametrize("plant", [_copy, _levels, _number, _missing])
def test_a_column_that_knows_the_class_is_certain(plant: Plant) -> None:
    frame = base()
    plant(frame)
    assert find(frame).certain() == ["leak"]


def test_a_noisy_copy_is_suspected_and_a_strong_honest_column_is_not_blocked() -> None:
    frame = base()
    flipped = np.random.default_rng(1).random(ROWS) < 0.015
    frame["leak"] = np.where((frame["y"] == "bad") ^ flipped, "1", "0")
    found = find(frame)
    assert [(item.column, item.certain) for item in found.suspects] == [("leak", False)]
    honest = base()
    honest["strong"] = np.where(honest["y"] == "bad", 1.3, 0.0) + honest["noise"]
    assert find(honest).suspects == ()


def test_two_columns_that_spell_the_class_together_are_found() -> None:
    frame = base()
    coin = np.random.default_rng(2).random(ROWS) < 0.5
    frame["left"] = np.where(coin, "x", "z")
    frame["right"] = np.where(coin ^ (frame["y"] == "bad"), "x", "z")
    found = find(frame)
    assert set(found.certain()) == {"left", "right"}
    assert {item.kind for item in found.suspects} == {"columns together"}


@pytest.mark.parametrize("plant", ["sum", "difference", "scaled", "ranked"])
def test_a_number_that_others_make_up_is_certain(plant: str) -> None:
    frame = base()
    if plant == "sum":
        frame["part"] = (frame["amount"] * 0.3 + frame["noise"]).round(2)
        frame["rest"] = frame["amount"] - frame["part"]
    elif plant == "difference":
        frame["part"] = frame["noise"] * 100
        frame["rest"] = frame["amount"] + frame["part"]
    elif plant == "scaled":
        frame["part"] = frame["amount"] * 1.19 + 3
    else:
        frame["part"] = np.exp(frame["amount"] / 30)
    wanted = {"part"} if plant in ("scaled", "ranked") else {"part", "rest"}
    assert set(find(frame, "amount", "regression").certain()) == wanted


def test_a_telling_name_makes_a_strong_column_suspect_and_another_name_does_not() -> None:
    frame = base()
    frame["call_duration"] = np.where(frame["y"] == "bad", 1.2, 0.0) + frame["noise"] * 0.8
    found = find(frame)
    assert [item.column for item in found.suspects] == ["call_duration"] and not found.certain()
    assert find(frame.rename(columns={"call_duration": "income"})).suspects == ()
    assert shared_word("first_delay", "last_delay") == "delay" and shared_word("list_price", "sale_price") is None
    assert outcome_word("age") is None and outcome_word("claim_settled") == "settled"
    assert dated_later("last_update", "churn") and not dated_later("order_date", "churn")


def test_drifting_rows_are_told_under_a_random_split_and_shuffled_ones_are_not() -> None:
    drifting = base()
    rising = np.random.default_rng(9).random(ROWS) < np.linspace(0.05, 0.8, ROWS)
    drifting["y"] = np.where(rising, "bad", "good")
    assert "place of a row" in str(find(drifting).table[0])
    assert find(base()).table == ()


def test_a_file_sorted_by_its_target_is_not_taken_for_one_in_time_order() -> None:
    ordered = find(base().sort_values("y").reset_index(drop=True))
    assert ordered.sorted_by_target and ordered.table == () and not find(base()).sorted_by_target
    numbers = find(base().sort_values("amount", ascending=False).reset_index(drop=True), "amount", "regression")
    assert numbers.sorted_by_target and numbers.table == ()


def test_strong_columns_are_suspected_only_where_they_stand_apart() -> None:
    frame = base()
    random = np.random.default_rng(8)
    marked = np.where(frame["y"] == "bad", 2.7, 0.0)
    frame["strong"] = marked + random.normal(size=ROWS)
    assert [item.column for item in find(frame).suspects] == ["strong"]
    # an easy problem: others are nearly as strong
    for name, distance in (("second", 0.85), ("third", 0.8)):
        frame[name] = distance * marked + random.normal(size=ROWS)
    assert find(frame).suspects == ()


def test_conflicting_labels_are_counted() -> None:
    frame = base()
    again = frame.iloc[:60].copy()
    again["y"] = again["y"].map({"good": "bad", "bad": "good"})
    found = find(pd.concat([frame, again], ignore_index=True))
    assert found.conflicts is not None and found.conflicts.rows == 60


def test_the_check_fails_only_where_a_certain_leak_is_kept_without_release() -> None:
    frame = base()
    _copy(frame)
    found = find(frame)
    for verdict, status in (("drop", "pass"), ("keep", "fail"), ("release", "warn"), (None, "fail")):
        check = leakage_check(found.model_dump(mode="json"), {"leak": verdict})
        assert (check.id, check.status, check.blocking) == ("data.leakage", status, True)
    assert leakage_check(found, {}, dropped=["leak"]).status == "pass"
    assert leakage_check(find(base()), {}).status == "pass"


def test_one_column_scores_agree_with_references() -> None:
    from sklearn.metrics import roc_auc_score

    from tools.data.splitting import folds

    frame = base()
    y = target_values(frame["y"], "binary", ("good", "bad"))
    made = strength(frame["signal"], y, folds(SplitScheme(kind="stratified", folds=5), y), 2)
    assert made is not None and made.value == pytest.approx(roc_auc_score(y, frame["signal"]), abs=0.03)
    assert made.lower < made.value < made.upper
    # Hanley and McNeil 1982, table: AUC 0.893 with 51 positives and 58 negatives has a standard error of 0.032
    lower, upper = auc_interval(0.893, 51, 58)
    assert (upper - lower) / 2 == pytest.approx(1.96 * 0.032, abs=0.01)


def test_a_column_that_is_blank_where_the_target_never_came_is_suspected() -> None:
    frame = base()
    frame["ended"] = np.random.default_rng(8).normal(size=ROWS)
    frame.loc[:99, "y"] = None
    frame.loc[:89, "ended"] = np.nan
    frame.loc[200:500, "noise"] = np.nan
    made = profile(frame, reading_of(frame), "y", "binary")
    assert made.target is not None and made.target.blank_with == {"ended": 0.9}
    labelled = frame[frame["y"].notna()].reset_index(drop=True)
    found = find_leakage(
        labelled, made, SplitScheme(kind="stratified", folds=5), target="y", task="binary", classes=("good", "bad")
    )
    suspect = next(each for each in found.suspects if each.column == "ended")
    assert (suspect.kind, suspect.certain, suspect.recommended) == ("blank with the target", False, "drop")
    assert '"ended" is blank in 90 % of the rows without a value in "y"' in str(suspect.reason)


def test_rows_that_break_off_say_nothing_of_single_columns() -> None:
    frame = base()
    frame.loc[:99, :] = None
    made = profile(frame, reading_of(frame), "y", "binary")
    assert made.target is not None and made.target.blank_with == {}
