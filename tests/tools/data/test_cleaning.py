"""The cleaning plan: each strategy, what it learns from training rows, and the ledger of changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tools.data.cleaning import CleaningPlan, Roles, clean, clean_parts, fit_cleaning, readable
from tools.data.typed import frame_of, typed_columns
from tools.wording import say


def table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, rows).astype("float64"),
            "income": rng.lognormal(8, 1, rows),
            "city": pd.Series(rng.choice(["Graz", "Linz", "Wien"], rows), dtype="str"),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, rows), unit="D"),
            "member": rng.random(rows) < 0.5,
            "y": pd.Series(rng.choice(["no", "yes"], rows), dtype="str"),
        }
    )
    return frame.astype({"since": "datetime64[us]"})


def plan_of(frame: pd.DataFrame, roles: Roles | None = None, **chosen: str) -> CleaningPlan:
    settings = {"missing": "keep", "outliers": "keep", "duplicates": "keep"} | chosen
    return fit_cleaning(frame, roles or Roles(target="y"), **settings)  # type: ignore[arg-type]


def test_a_code_is_never_clipped_and_an_amount_is() -> None:
    values = np.concatenate([np.arange(1000, 1400) % 37 + 1000, [1, 2]])
    frame = pd.DataFrame({"store_id": values, "amount": values, "y": [0, 1] * 201})
    roles = Roles(target="y")
    plan = fit_cleaning(frame, roles, missing="keep", outliers="clip", duplicates="keep")
    rules = {column.name: [rule.rule for rule in column.rules] for column in plan.columns}
    assert rules["store_id"] == [] and rules["amount"] == ["clip"]


def test_rows_without_a_flaw_come_back_as_they_were() -> None:
    frame = table()
    pd.testing.assert_frame_equal(clean(plan_of(frame), frame), frame)


def test_typed_arrays_and_frames_turn_into_each_other() -> None:
    frame = table()
    frame.loc[3, "age"] = np.nan
    frame.loc[4, "city"] = None
    frame.loc[5, "since"] = pd.NaT
    pd.testing.assert_frame_equal(frame_of(typed_columns(frame), frame), frame)


def test_median_comes_from_training_rows_and_fills_later_gaps() -> None:
    train, later = table(), table(seed=1)
    later["age"] = 1000.0
    later.loc[0, "age"] = np.nan
    later.loc[1, "city"] = None
    cleaned = clean(plan_of(train, missing="median"), later)
    assert cleaned["age"][0] == train["age"].median()
    assert cleaned["city"][1] == train["city"].value_counts().idxmax()
    assert not cleaned.drop(columns="y").isna().any().any()


def test_a_constant_fills_numbers_with_zero_and_texts_with_a_level() -> None:
    frame = table()
    frame.loc[0, ["age", "city"]] = [np.nan, None]
    cleaned = clean(plan_of(frame, missing="constant"), frame)
    assert (cleaned["age"][0], cleaned["city"][0]) == (0.0, "missing")


def test_clipping_stops_far_values_and_spares_scales_and_columns_without_any() -> None:
    train, later = table(1000), table(10)
    later["age"] = 300.0
    later["income"] = 1e9
    train["stars"] = later["stars"] = np.float64(3)
    train.loc[:499, "stars"] = 1.0
    later.loc[0, "stars"] = 99.0
    cleaned = clean(plan_of(train, outliers="clip"), later)
    first, third = np.quantile(train["income"], (0.25, 0.75))
    upper = max(np.quantile(train["income"], 0.995, method="higher"), third + 3 * (third - first))
    assert (cleaned["income"] == upper).all()
    assert (cleaned["age"] == 300.0).all()
    assert cleaned["stars"][0] == 99.0


def test_a_placeholder_becomes_missing_only_where_it_stands_apart() -> None:
    frame = table()
    frame["score"] = np.linspace(1, 9, len(frame))
    frame.loc[:9, "score"] = -999.0
    frame["honest"] = np.linspace(-1500, 1500, len(frame))
    frame.loc[:9, "honest"] = -999.0
    frame["gain"] = np.linspace(0, 40000, len(frame))
    frame.loc[:9, "gain"] = 99999.0
    frame["debt"] = np.linspace(0, 40000, len(frame))
    frame.loc[:9, "debt"] = -999.0
    cleaned = clean(plan_of(frame), frame)
    assert cleaned["score"].isna().sum() == cleaned["debt"].isna().sum() == 10
    assert cleaned["gain"].isna().sum() == 0
    assert cleaned["honest"].isna().sum() == 0


def test_two_spellings_of_a_level_become_the_more_frequent_one() -> None:
    frame = table()
    frame.loc[:4, "city"] = "WIEN"
    cleaned = clean(plan_of(frame), frame)
    assert set(cleaned["city"]) == {"Graz", "Linz", "Wien"}


def test_only_repeated_training_rows_are_dropped() -> None:
    train, validation = table(), table(seed=1)
    train = pd.concat([train, train.head(3)], ignore_index=True)
    validation = pd.concat([validation, validation.head(3)], ignore_index=True)
    train_clean, validation_clean, changes = clean_parts(plan_of(train, duplicates="drop"), train, validation)
    assert (len(train_clean), len(validation_clean)) == (200, 203)
    assert changes.kept == tuple(range(200))
    assert [(change.rule, change.rows) for change in changes.changes] == [("duplicates", 3)]


def test_the_ledger_counts_the_rows_that_a_rule_touched() -> None:
    train, validation = table(), table(seed=1)
    train.loc[:6, "age"] = np.nan
    validation.loc[:1, "age"] = np.nan
    plan = plan_of(train, missing="median")
    changes = clean_parts(plan, train, validation)[2]
    touched = {(change.column, change.rule): (change.rows, change.validation_rows) for change in changes.changes}
    assert touched["age", "fill"] == (7, 2)
    assert touched["income", "fill"] == (0, 0)
    assert readable(plan, changes)["columns"]["age"][0]["rows"] == 7


def test_columns_to_drop_are_gone_and_needed_ones_stay_with_a_reason() -> None:
    frame = table()
    roles = Roles(target="y", kept=("member",), drop={"age": say("leak"), "member": say("by decision")})
    plan = plan_of(frame, roles)
    assert "age" not in plan.kept
    assert "member" in plan.kept
    assert next(column for column in plan.columns if column.name == "member").why is not None


@pytest.mark.parametrize("treatment", ["hash", "generalise"])
def test_personal_columns_are_hashed_or_made_coarser(treatment: str) -> None:
    frame = table()
    frame["email"] = pd.Series([f"p{i}@mail{i % 3}.org" for i in range(len(frame))], dtype="str")
    roles = Roles(target="y", personal={"email": treatment, "age": treatment})  # type: ignore[dict-item]
    cleaned = clean(plan_of(frame, roles), frame)
    assert not set(cleaned["email"]) & set(frame["email"])
    assert cleaned["email"].nunique() == (3 if treatment == "generalise" else len(frame))
    if treatment == "generalise":
        assert set(cleaned["age"]) == {10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0}


def test_the_target_is_neither_changed_nor_looked_at() -> None:
    frame = table()
    plan = plan_of(frame, missing="median", outliers="clip")
    other = frame.assign(y=pd.Series(["no"] * len(frame), dtype="str"))
    assert plan_of(other, missing="median", outliers="clip") == plan
    assert (clean(plan, other)["y"] == "no").all()


def test_the_plan_survives_json() -> None:
    plan = plan_of(table(), missing="median", outliers="clip")
    assert CleaningPlan.model_validate_json(plan.model_dump_json()) == plan


def test_a_needed_personal_column_is_hashed_only_where_it_tells_who_it_was() -> None:
    frame = table()
    frame["name"] = pd.Series([f"Person {i}" for i in range(len(frame))], dtype="str")
    roles = Roles(target="y", kept=("name", "city"), personal={"name": "drop", "city": "drop"})
    cleaned = clean(plan_of(frame, roles), frame)
    assert not set(cleaned["name"]) & set(frame["name"])
    assert set(cleaned["city"]) == set(frame["city"])
