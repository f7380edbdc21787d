"""Phase 4 on planted worlds: each step's finding follows what was planted; the bundle answers as the scorer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from agent.phases.deployment import (
    ab_rollout,
    api,
    infrastructure,
    monitoring,
    packaging,
    performance,
    retraining,
)
from agent.phases.validation import ab_design, holdout, stress
from tests.agent.phases.validation.worlds import World, make_world
from tools.errors import InputError
from tools.evaluation.criteria import Criteria, Limits, Requirement
from tools.monitoring.drift import DriftReference, assess
from tools.records import Finding, Outcome
from tools.serving import signing
from tools.wording import say

DECISIONS: dict[str, Any] = {
    "data.target": "y",
    "deployment.start": "probe",
    "deployment.target": "local",
    "requirements.owner": "the credit desk",
    "retraining.triggers": ["schedule", "drift", "performance", "volume"],
    "retraining.cadence": "monthly",
    "ab.traffic": 500,
}


def loans(n: int, seed: int, task: str = "binary") -> pd.DataFrame:
    random = np.random.default_rng(seed)
    amount, age = random.normal(0, 1, n), random.integers(18, 80, n).astype(float)
    region = random.choice(["east", "north", "west"], n, p=[0.5, 0.3, 0.2])
    score = 1.6 * amount + np.where(region == "west", 1.0, 0.0) - 0.8
    if task == "regression":
        y: Any = score * 3 + random.normal(0, 1, n)
    else:
        y = np.where(random.random(n) < 1 / (1 + np.exp(-score)), "yes", "no")
    return pd.DataFrame({"amount": amount, "age": age, "region": region, "y": y})


def world_of(folder: Path, task: str = "binary", n: int = 2000, limits: Limits | None = None) -> World:
    """A world in which phases 1 to 3 are done as far as phase 4 looks."""
    frame = loans(n, 3, task)
    criteria = Criteria(
        task="regression" if task == "regression" else "binary",
        primary=Requirement(metric="rmse" if task == "regression" else "roc_auc", bound=None),
        limits=limits or Limits(throughput_rps=25.0),
        unit="loan",
    )
    weights: dict[str, Any] = {"amount": 1.6, "age": 0.001, "region": {"east": 0.0, "north": 0.0, "west": 1.0}}
    world = make_world(
        folder, frame, criteria, weights, {"age": 0.01}, offset=-0.8, test_share=0.3, threshold=0.5,
        classes=() if task == "regression" else ("no", "yes"),
    )  # fmt: skip
    world.put("validation.parquet", loans(300, 4, task))
    train = pd.read_parquet(world.inputs["train.parquet"])
    y = train["y"] if task == "regression" else (train["y"] == "yes").astype("int64")
    world.put("train_target.parquet", pd.DataFrame({"y": y}))
    split = pd.read_parquet(world.inputs["split.parquet"])
    further = pd.DataFrame({"row": np.arange(n, n + 300), "partition": "validation"})
    world.put("split.parquet", pd.concat([split, further], ignore_index=True))
    for name in packaging.LINEAGE:
        if name not in world.inputs and name.endswith(".json"):
            world.put(name, {"version": 1, "verdict": "go"})
    personal = Finding(
        id="personal.age", step="preparation.discovery", kind="personal", columns=("age",), level="warn",
        text=say("age is personal"),
    )  # fmt: skip
    world.put("preparation.discovery.outcome", Outcome(summary=say("found"), findings=(personal,)))
    for step in (*packaging.TESTS, "validation.review"):
        world.put(f"{step}.outcome", Outcome(summary=say("nothing to say")))
    return world


STEPS = (
    holdout, ab_design, stress, packaging, api, infrastructure, monitoring, ab_rollout, performance, retraining,
)  # fmt: skip


def run_all(world: World, **changes: Any) -> dict[str, Outcome]:
    return {step.STEP.id: world.run(step.STEP, DECISIONS | changes) for step in STEPS}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Outcome]]:
    world = world_of(tmp_path_factory.mktemp("binary"))
    return world, run_all(world)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Outcome]]:
    world = world_of(tmp_path_factory.mktemp("numbers"), "regression", limits=Limits(latency_p95_ms=0.001))
    return world, run_all(world, **{"deployment.start": "no", "requirements.label_delay_days": 90})


pytestmark = pytest.mark.integration
Done = tuple[World, dict[str, Outcome]]


def status(outcome: Outcome, check: str) -> str:
    return next(each.status for each in outcome.checks if each.id == check)


def test_under_load_latency_is_judged_by_the_stated_limit_and_malformed_requests_get_no_server_error(
    done: Done, numbers: Done
) -> None:
    usual, strict = done[1]["validation.stress"], numbers[1]["validation.stress"]
    assert "latency" not in {check.id for check in usual.checks}
    assert status(usual, "stress") in ("pass", "warn")
    assert status(strict, "latency") == "fail"
    report = done[0].read("stress.json")
    assert [load["factor"] for load in report["loads"]] == [1, 10]
    assert report["loads"][0]["rps"] == 25.0
    assert all(400 <= one["status"] < 500 for one in report["malformed"])
    assert len(report["malformed"]) >= 20
    assert str(usual.summary) != str(strict.summary)
    assert "no load was stated" in " ".join(str(note) for note in strict.notes)


def test_the_bundle_carries_lineage_card_and_a_reference_without_personal_values(done: Done, numbers: Done) -> None:
    world, found = done
    bundle = world.inputs["bundle/"]
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert set(manifest["lineage"]) == set(packaging.LINEAGE)
    card = json.loads((bundle / "model-card.json").read_text())
    assert {one["metric"] for one in card["metrics"]} >= {"roc_auc"}
    assert card["owner"] == "the credit desk"
    assert card["possible_harm"] == "not stated"
    reference = DriftReference.model_validate_json((bundle / "monitoring" / "reference.json").read_bytes())
    assert {column.name: column.personal for column in reference.columns} == {
        "amount": False,
        "age": True,
        "region": False,
    }
    assert reference.rows == 1700
    assert found["deployment.packaging"].facts["watched_columns"] == 3
    fallback = json.loads((bundle / "fallback.json").read_text())
    assert fallback["prediction"] == "no"
    number = json.loads((numbers[0].inputs["bundle/"] / "fallback.json").read_text())
    train = pd.read_parquet(numbers[0].inputs["train.parquet"])
    assert number["prediction"] == pytest.approx(train["y"].mean())
    assert str(found["deployment.packaging"].summary) != str(numbers[1]["deployment.packaging"].summary)


def test_packaging_twice_gives_the_same_bytes(done: Done) -> None:
    world = done[0]
    first = signing.digests(world.inputs["bundle/"])
    import shutil

    shutil.rmtree(world.inputs["bundle/"])
    world.run(packaging.STEP, DECISIONS)
    assert signing.digests(world.inputs["bundle/"]) == first


def test_a_canary_in_any_column_is_nowhere_in_the_bundle(tmp_path: Path) -> None:
    world = world_of(tmp_path / "canary")
    train = pd.read_parquet(world.inputs["train.parquet"])
    train.loc[5, ["amount", "age"]] = [98.76543, 77.65432]
    train.loc[5, "region"] = "Canary Wharf"
    world.put("train.parquet", train)
    for step in (holdout, packaging):
        world.run(step.STEP, DECISIONS)
    text = b"".join(path.read_bytes() for path in world.inputs["bundle/"].rglob("*") if path.is_file())
    for canary in (b"98.76543", b"77.65432", b"Canary"):
        assert canary not in text


def test_the_api_refuses_what_it_should_and_says_how_many_columns_it_takes(done: Done) -> None:
    world, found = done
    report = world.read("api.json")
    assert status(found["deployment.api"], "api") == "pass"
    assert report["explained"] == "amount"
    assert set(report["routes"].values()) == {200}
    assert "3 columns in: 2 of numbers, 1 of text;" in str(found["deployment.api"].summary)


def test_the_started_endpoint_answers_as_offline_scoring_to_the_bit(done: Done, numbers: Done) -> None:
    report = done[0].read("infrastructure.json")
    assert report["started"]
    assert report["different"] == 0
    assert report["rows"] >= 200
    assert status(done[1]["deployment.infrastructure"], "smoke") == "pass"
    assert not numbers[0].read("infrastructure.json")["started"]
    assert "not started, as decided" in str(numbers[1]["deployment.infrastructure"].summary)


def test_monitoring_is_silent_undisturbed_and_names_what_moved_in_the_test_rows(done: Done, tmp_path: Path) -> None:
    world, found = done
    report = world.read("monitoring.json")
    assert report["false_alarms"] == 0
    assert {trial["column"]: trial["named"] for trial in report["trials"]} == {"amount": 5, "age": 5, "region": 5}
    assert found["deployment.monitoring"].findings == ()
    moved = world_of(tmp_path / "moved")
    moved.inputs |= {name: world.inputs[name] for name in ("bundle/", "train.parquet", "validation.parquet")}
    rows = pd.read_parquet(world.inputs["opened.parquet"])
    moved.put("opened.parquet", rows.assign(amount=rows["amount"] + 2))
    other = moved.run(monitoring.STEP, DECISIONS)
    assert other.findings[0].columns == ("amount",)
    assert str(other.notes) != str(found["deployment.monitoring"].notes)


def test_the_rollout_is_a_plan_whose_size_follows_the_traffic(done: Done) -> None:
    world, found = done
    plan = world.read("rollout.json")
    assert [stage["share"] for stage in plan["stages"]] == [0.0, 0.05, 0.25, 0.5]
    assert plan["status"].startswith("planned")
    assert plan["trial"]["same_rolled_back"] <= 0.1
    assert plan["trial"]["worse_rolled_back"] > plan["trial"]["same_rolled_back"]
    slower = world.run(ab_design.STEP, DECISIONS | {"ab.traffic": 50})
    assert slower
    later = world.run(ab_rollout.STEP, DECISIONS)
    before = found["deployment.ab_rollout"].facts["days"]
    assert isinstance(before, float)
    assert later.facts["days"] == pytest.approx(before * 10)
    assert [stage["least_units"] for stage in plan["stages"]][:3] == [-(-plan["stages"][3]["least_units"] // 10)] * 3
    with pytest.raises(InputError, match="rise from share to share"):
        world.run(ab_rollout.STEP, DECISIONS | {"rollout.steps": [0.5, 0.1]})


def test_service_levels_are_derived_with_a_margin_unless_they_were_stated(done: Done, numbers: Done) -> None:
    derived, stated = done[0].read("slo.json"), numbers[0].read("slo.json")
    latency = derived["objectives"][0]
    assert latency["origin"] == "derived from the measurement"
    assert latency["target"] >= 2 * latency["measured"]
    assert stated["objectives"][0]["target"] == 0.001
    assert status(numbers[1]["deployment.performance"], "slo.latency") == "fail"
    assert "is not kept" in str(numbers[1]["deployment.performance"].summary)
    assert derived["response"]["owner"] == "the credit desk"
    assert numbers[0].read("slo.json")["measured"] == numbers[0].read("stress.json")["loads"][0]


def test_retraining_triggers_follow_the_holdout_and_the_rows(done: Done, numbers: Done) -> None:
    plan = done[0].read("retraining.json")
    facts = done[1]["validation.holdout"].facts
    by_kind = {trigger["kind"]: trigger["threshold"] for trigger in plan["triggers"]}
    assert by_kind == {"schedule": 30, "drift": 1, "performance": facts["lower"], "volume": 350}
    assert yaml.safe_load(plan["schedule"]["kubernetes"])["spec"]["schedule"] == "0 3 1 * *"
    other = {t["kind"]: t["threshold"] for t in numbers[0].read("retraining.json")["triggers"]}
    assert other["performance"] == numbers[1]["validation.holdout"].facts["upper"]
    assert "90 days late" in " ".join(str(note) for note in numbers[1]["deployment.retraining"].notes)


def test_the_decided_thresholds_are_the_ones_that_alarm(done: Done) -> None:
    world = done[0]
    world.run(packaging.STEP, DECISIONS | {"monitoring.thresholds": {"window": 400, "latency_p95_ms": 75}})
    bundle = world.inputs["bundle/"]
    reference = DriftReference.model_validate_json((bundle / "monitoring" / "reference.json").read_bytes())
    assert reference.window == 400
    assert "> 0.075" in (bundle / "deploy" / "alerts.yml").read_text()
    assert assess(reference, loans(500, 9)).alarms == ()
    with pytest.raises(InputError, match="no part called"):
        world.run(packaging.STEP, DECISIONS | {"monitoring.thresholds": {"psi": 0.2}})
