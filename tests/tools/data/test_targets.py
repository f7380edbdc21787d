"""Classes have texts, an order and codes; a target that can't be learned is refused with what is needed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tools.data.targets import (
    check_target,
    class_text,
    classes_of,
    encode,
    find_column,
    propose_positive,
    propose_task,
)
from tools.errors import InputError


def test_class_texts_follow_the_contract() -> None:
    values = [np.float64(1), np.int64(2), True, "1.0", 2.5, pd.Timestamp("2020-01-02"), np.bool_(False)]
    assert [class_text(value) for value in values] == ["1", "2", "True", "1.0", "2.5", "2020-01-02", "False"]


def test_the_positive_class_comes_last_and_missing_labels_have_no_code() -> None:
    series = pd.Series([1.0, 2.0, np.nan, 1.0])
    classes = classes_of(series, "binary", "1")
    assert classes == ("2", "1")
    assert encode(series, classes).tolist() == [1, 0, -1, 1]
    with pytest.raises(InputError, match="does not occur"):
        classes_of(series, "binary", "3")


@pytest.mark.parametrize(
    ("counts", "positive", "why"),
    [
        ({"1": 700, "2": 300}, "2", "rarer"),
        ({"no": 30, "yes": 70}, "yes", "word"),
        ({"'-1'": 10, "'1'": 5}, "'1'", "word"),
        ({"<=50K": 3, ">50K": 1}, ">50K", "rarer"),
        ({"a": 5, "b": 5}, "b", "tie"),
    ],
)
def test_a_positive_class_is_proposed_by_word_or_rarity(counts: dict[str, int], positive: str, why: str) -> None:
    assert propose_positive(counts) == (positive, why)


def test_tasks_are_proposed_from_values() -> None:
    assert propose_task(pd.Series(["a", "b"] * 20)) == "binary"
    assert propose_task(pd.Series([3, 4, 5, 6] * 10)) == "multiclass"
    assert propose_task(pd.Series(np.arange(50) / 3)) == "regression"
    assert propose_task(pd.Series([f"id{i}" for i in range(500)])) is None
    assert propose_task(pd.Series([1] * 20)) is None


def test_targets_that_cannot_be_learned_say_what_is_needed() -> None:
    yes = pd.Series(["no"] * 99 + ["yes"], name="churned")
    with pytest.raises(InputError, match=r'Class "yes" .* has 1 row.*at least 5'):
        check_target(yes, None)
    with pytest.raises(InputError, match=r'one value \("no"\)'):
        check_target(pd.Series(["no"] * 99, name="churned"), None)
    with pytest.raises(InputError, match=r"^1 row .*At least 30"):
        check_target(pd.Series(["no"], name="churned"), None)
    with pytest.raises(InputError, match="not offered yet"):
        check_target(yes, "clustering")
    with pytest.raises(InputError, match="not a number"):
        check_target(pd.Series(["a", "b"] * 50), "regression")
    assert check_target(pd.Series(["a", "b"] * 50), None) == "binary"


def test_an_unknown_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match='Did you mean "Outcome"') as refused:
        find_column("outcome", ["age", "Outcome"])
    assert "age, Outcome" in str(refused.value)
    assert find_column("age", ["age"]) == "age"
