"""The steps 1.4 and 1.5 on real tables: what is asked and recommended, what comes out, what they find to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.agent.phases.preparation.prepared import Prepared, prepare, run_both
from tools.data.cleaning import Changes, CleaningPlan
from tools.features.matrix import load_matrix, load_target
from tools.features.plan import FeaturePlan

Find = Callable[[str], Path]


@pytest.fixture(scope="module")
def credit(shared: Find, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("credit")
    path = shared("german_credit/german.data")
    ready = prepare(folder, path, "", "binary", data__positive_class="2")
    return run_both(ready)


@pytest.fixture(scope="module")
def fraud(shared: Find, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("fraud")
    path = shared("insurance_fraud/insurance_claims.csv")
    decisions = {
        "data__positive_class": "Y",
        "requirements__protected": ["insured_sex", "age"],
        "data__drop": ["policy_number"],
    }
    return run_both(prepare(folder, path, "fraud_reported", "binary", **decisions))


def test_two_tables_are_cleaned_with_different_findings_for_a_named_reason(credit: Prepared, fraud: Prepared) -> None:
    """Credit has no gaps and nothing to drop; fraud has gaps in text columns, an id and an address."""
    clean, dirty = (str(each.outcomes["preparation.cleaning"].summary) for each in (credit, fraud))
    assert clean == "nothing to mend: 640 training rows and 20 columns stay as they are"
    assert '"policy_number"' in dirty and "missing values" in dirty


def test_two_tables_give_different_features_for_a_named_reason(credit: Prepared, fraud: Prepared) -> None:
    """Credit has numbers and categories only; fraud has dates and a total of parts, from which features are made."""
    first, second = (str(each.outcomes["preparation.features"].summary) for each in (credit, fraud))
    assert first == "20 features from 20 columns: 7 numbers, 13 categories"
    assert "parts of dates" in second
    labels = {feature["label"] for feature in fraud.json("features.json")["features"]}
    left = {entry["name"]: entry["why"]["template"] for entry in fraud.json("features.json")["left_out"]}
    stay = {entry["name"] for entry in fraud.json("features.json")["tried"]}
    for proposed in ("incident_date - policy_bind_date", "injury_claim / total_claim_amount"):
        # the paired test decides, and says so either way
        assert (proposed in labels and proposed in stay) != ("it was tried" in left.get(proposed, ""))


def test_recommendations_rest_on_the_profile(credit: Prepared, fraud: Prepared) -> None:
    assert credit.recommended["cleaning.missing"][2] == "cleaning.missing.none"
    assert fraud.recommended["cleaning.missing"][2] == "cleaning.missing.flag"
    assert credit.recommended["features.proposed"][0] == []
    assert "features.use_protected" not in credit.recommended
    assert fraud.recommended["features.use_protected"][0] == "audit_only"


def test_a_repeated_row_is_recommended_to_be_dropped_unless_identifiers_differ(shared: Find, tmp_path: Path) -> None:
    wine = prepare(tmp_path, shared("wine_quality/winequality-white.csv"), "quality", "regression")
    outcome = run_both(wine).outcomes["preparation.cleaning"]
    assert wine.recommended["cleaning.duplicates"][2] == "cleaning.duplicates.recorded_twice"
    dropped = outcome.facts["repeated"]
    assert isinstance(dropped, int) and dropped > 0
    changes = Changes.model_validate_json((tmp_path / "changes.json").read_bytes())
    assert len(pd.read_parquet(tmp_path / "train_clean.parquet")) == changes.rows_after == len(changes.kept)
    raw = pd.read_parquet(tmp_path / "train.parquet").iloc[list(changes.kept)]
    assert not raw.duplicated().any()
    assert len(load_target(tmp_path / "train_target.parquet").y) == changes.rows_after


def test_columns_left_out_for_one_reason_are_told_in_one_line(fraud: Prepared) -> None:
    notes = [str(note) for note in fraud.outcomes["preparation.features"].notes]
    assert [note for note in notes if "fairness audit" in note] == [
        '"age" and "insured_sex" are not used: protected, and kept for the fairness audit only'
    ]


def test_protected_columns_stay_for_the_audit_but_reach_no_model(fraud: Prepared) -> None:
    plan = FeaturePlan.model_validate_json((fraud.folder / "features.json").read_bytes())
    assert not {"insured_sex", "age"} & {entry.name for entry in plan.inputs}
    assert {"insured_sex", "age"} <= set(pd.read_parquet(fraud.folder / "train_clean.parquet").columns)
    assert {"insured_sex", "age"} <= {entry.name for entry in plan.left_out}


def test_a_person_may_let_a_model_use_them(shared: Find, tmp_path: Path) -> None:
    path = shared("insurance_fraud/insurance_claims.csv")
    decisions = {"requirements__protected": ["insured_sex"], "features__use_protected": "model"}
    run_both(prepare(tmp_path, path, "fraud_reported", "binary", **decisions))
    names = {entry["name"] for entry in json.loads((tmp_path / "features.json").read_text())["inputs"]}
    assert "insured_sex" in names


def test_leaks_and_personal_data_reach_no_model(shared: Find, tmp_path: Path) -> None:
    path = shared("insurance_fraud/insurance_claims.csv")
    decisions = {
        "data__leakage__incident_severity": "drop",
        "data__leakage__collision_type": "release",
        "data__personal__insured_zip": "drop",
    }
    run_both(prepare(tmp_path, path, "fraud_reported", "binary", **decisions))
    names = {entry["name"] for entry in json.loads((tmp_path / "features.json").read_text())["inputs"]}
    kept = set(pd.read_parquet(tmp_path / "train_clean.parquet").columns)
    assert not {"incident_severity", "insured_zip"} & (names | kept)
    assert "collision_type" in names


def test_matrices_line_up_with_plan_target_and_rows(fraud: Prepared) -> None:
    for part in ("train", "validation"):
        matrix = load_matrix(fraud.folder / f"{part}_matrix.parquet", fraud.folder / "features.json")
        target = load_target(fraud.folder / f"{part}_target.parquet")
        raw = pd.read_parquet(fraud.folder / f"{part}.parquet")
        assert matrix.rows == len(target.y) == len(raw)
        assert target.y.tolist() == (raw["fraud_reported"] == "Y").astype(int).tolist()
        for index, levels in matrix.levels.items():
            codes = matrix.x[:, index]
            codes = codes[~np.isnan(codes)]
            assert ((codes >= 0) & (codes < len(levels)) & (codes == np.floor(codes))).all()


def test_the_plan_is_readable_and_says_why(fraud: Prepared) -> None:
    shown = yaml.safe_load((fraud.folder / "cleaning.yaml").read_text())
    assert shown["columns"]["policy_number"] == {"drop": "left out by decision"}
    plan = CleaningPlan.model_validate_json((fraud.folder / "cleaning.json").read_bytes())
    assert shown["fitted_on_training_rows"] == plan.rows


def test_validation_rows_teach_the_plans_nothing(shared: Find, tmp_path: Path) -> None:
    """Both plans are the same bytes after every validation row was replaced."""
    found = []
    for change in (False, True):
        folder = tmp_path / str(change)
        folder.mkdir()
        path = shared("insurance_fraud/insurance_claims.csv")
        ready = prepare(folder, path, "fraud_reported", "binary", cleaning__missing="median", cleaning__outliers="clip")
        if change:
            rows = pd.read_parquet(folder / "validation.parquet")
            rows["age"], rows["insured_hobbies"] = 1000, "juggling"
            rows.to_parquet(folder / "validation.parquet")
        run_both(ready)
        found.append([(folder / name).read_bytes() for name in ("cleaning.json", "features.json")])
    assert found[0] == found[1]


def test_a_grouped_split_hands_on_groups_and_keeps_their_names_from_the_model(shared: Find, tmp_path: Path) -> None:
    path = shared("clothing_reviews/reviews.parquet")
    decisions = {"split__kind": "grouped", "split__column": "Clothing ID"}
    run_both(prepare(tmp_path, path, "Recommended IND", "binary", **decisions))
    target = load_target(tmp_path / "train_target.parquet")
    raw = pd.read_parquet(tmp_path / "train.parquet")
    kept = list(Changes.model_validate_json((tmp_path / "changes.json").read_bytes()).kept)
    assert target.group is not None
    names = raw["Clothing ID"].iloc[kept].reset_index(drop=True)
    assert (names.groupby(target.group).nunique() == 1).all()
    plan = json.loads((tmp_path / "features.json").read_text())
    assert "Clothing ID" not in {entry["name"] for entry in plan["inputs"]}
    assert any(feature["op"] == "words" for feature in plan["features"])


def test_a_split_by_time_hands_on_the_order(shared: Find, tmp_path: Path) -> None:
    decisions = {
        "split__kind": "time",
        "split__column": "dteday",
        "data__drop": ["casual", "registered", "instant"],
    }
    run_both(prepare(tmp_path, shared("bike_hourly/hour.csv"), "cnt", "regression", **decisions))
    target = load_target(tmp_path / "train_target.parquet")
    raw = pd.read_parquet(tmp_path / "train.parquet")
    assert target.order is not None and target.y.dtype == np.float64
    assert (np.diff(target.order) >= 0).all() and len(target.order) == len(raw)


def test_an_unknown_function_is_refused_by_name(shared: Find, tmp_path: Path) -> None:
    from tools.errors import InputError

    path = shared("german_credit/german.data")
    ready = prepare(tmp_path, path, "", "binary", features__proposed=["cosine(a)"])
    with pytest.raises(InputError, match='no function "cosine"') as refused:
        run_both(ready)
    assert refused.value.code == 8
