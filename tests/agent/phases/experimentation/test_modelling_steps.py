from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agent.phases.experimentation.algorithms import OPTIONS, TASKS
from agent.phases.experimentation.algorithms import STEP as ALGORITHMS
from agent.phases.experimentation.tuning import STEP as TUNING
from tests.agent.phases.experimentation.bench import LOANS, PRICES, ModelBench, loans, prices
from tools.modeling.families import FAMILIES
from tools.serving.service.scorer import Scorer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def strong(tmp_path_factory: pytest.TempPathFactory) -> ModelBench:
    folder = tmp_path_factory.mktemp("strong")
    return ModelBench(folder / "run", loans(folder / "loans.csv"), LOANS).run()


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> ModelBench:
    folder = tmp_path_factory.mktemp("noise")
    return ModelBench(folder / "run", loans(folder / "loans.csv", signal=0.0), LOANS).run()


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> ModelBench:
    folder = tmp_path_factory.mktemp("numbers")
    return ModelBench(folder / "run", prices(folder / "prices.csv"), PRICES).run()


def facts(bench: ModelBench, step: str) -> dict[str, Any]:
    return dict(bench.outcomes[step].facts)


def test_the_question_offers_the_families_of_the_registry() -> None:
    assert {option.value for option in OPTIONS} == set(FAMILIES)
    for name, family in FAMILIES.items():
        assert set(TASKS.get(name, family.tasks)) == set(family.tasks)


def test_the_baseline_beats_the_constant_where_the_columns_hold_something_and_warns_where_not(
    strong: ModelBench, noise: ModelBench
) -> None:
    found, nothing = strong.outcomes["preparation.baseline"], noise.outcomes["preparation.baseline"]
    assert found.facts["best"] in {"simple", "one_rule"}
    assert not found.findings
    held = strong.json("baseline.json")
    assert {model["name"] for model in held["models"]} == {"trivial", "one_rule", "simple"}
    assert held["learning"]["points"]
    simple = next(model for model in noise.json("baseline.json")["models"] if model["name"] == "simple")
    metric = next(iter(simple["metrics"].values()))
    assert metric["value"] is not None
    assert str(found.summary) != str(nothing.summary)


def test_the_baselines_are_kept_as_scorers_for_the_test_rows(strong: ModelBench) -> None:
    frame = pd.read_parquet(strong.files["validation.parquet"])
    columns = {name: frame[name].tolist() for name in frame.columns}
    for name in ("trivial", "one_rule", "simple"):
        scores = Scorer.load(strong.files["baseline/"] / name).score(columns, len(frame))
        assert scores.probabilities is not None
        assert not np.isnan(scores.probabilities).any()
    trivial = Scorer.load(strong.files["baseline/"] / "trivial").score(columns, len(frame))
    assert len(np.unique(trivial.probabilities[:, 1])) == 1  # type: ignore[index]


def test_a_signal_is_found_by_every_step_and_noise_by_none(strong: ModelBench, noise: ModelBench) -> None:
    assert strong.json("comparison.json")["models"][0]["oof_loss"] < 0.25
    assert noise.json("comparison.json")["models"][0]["oof_loss"] > 0.35
    good, none = facts(strong, "experimentation.interpretation"), facts(noise, "experimentation.interpretation")
    assert good["first"] in {"income", "history"}
    assert good["needed"] > none["needed"]
    for step in ("tuning", "cross_validation", "interpretation", "error_analysis", "optimisation"):
        one, two = (str(bench.outcomes[f"experimentation.{step}"].summary) for bench in (strong, noise))
        assert one != two


def test_stated_costs_lower_the_threshold_and_the_scorer_carries_it(strong: ModelBench) -> None:
    threshold = strong.decisions["decision.threshold"]
    assert threshold < 0.45  # a miss costs four times a false alarm
    scorer = json.loads((strong.files["scorer/"] / "scorer.json").read_text())
    assert scorer["threshold"] == threshold
    curve = strong.json("threshold_curve.json")
    assert {one["column"] for one in curve["groups"]} == {"sex"}
    at = min(curve["points"], key=lambda point: abs(point["threshold"] - threshold))
    assert at["cost"] == min(point["cost"] for point in curve["points"])


def test_the_scorer_gives_raw_rows_what_the_frozen_report_says(strong: ModelBench) -> None:
    scorer = Scorer.load(strong.files["scorer/"])
    frame = pd.read_parquet(strong.files["validation.parquet"])
    columns = {name: frame[name].tolist() for name in frame.columns if name != "default"}
    scores = scorer.score(columns, len(frame))
    assert scores.probabilities is not None
    assert scores.probabilities.sum(axis=1) == pytest.approx(np.ones(len(frame)))
    report = strong.json("optimisation.json")
    assert report["parity"]["max_difference"] < 1e-5
    assert report["features_checked"] > 100
    before = pd.read_parquet(strong.files["validation_scores.parquet"])
    # the refit has seen the validation rows: the kept scores are from before it
    assert not np.allclose(before["p_yes"].to_numpy(), scores.probabilities[:, 1])
    assert len(before) == len(frame)


def test_every_metric_of_the_scorer_is_told_out_of_fold_and_on_validation_rows(strong: ModelBench) -> None:
    held = {(one.partition, one.metric) for one in strong.outcomes["experimentation.optimisation"].metrics}
    assert {part for part, _ in held} == {"oof", "validation"}
    for metric in ("roc_auc", "log_loss", "brier", "expected_cost"):
        assert ("oof", metric) in held
        assert ("validation", metric) in held


def test_a_regression_has_residuals_and_no_threshold(numbers: ModelBench) -> None:
    errors = numbers.json("errors.json")
    assert errors["confusion"] is None
    assert errors["residuals"]["quantiles"]["middle"] == pytest.approx(0.0, abs=3000)
    assert "threshold_curve.json" not in numbers.files
    assert "decision.threshold" not in numbers.decisions
    scorer = Scorer.load(numbers.files["scorer/"])
    frame = pd.read_parquet(numbers.files["validation.parquet"])
    scores = scorer.score({name: frame[name].tolist() for name in frame.columns}, len(frame))
    assert scores.values is not None
    assert np.corrcoef(scores.values, frame["price"])[0, 1] > 0.95


def test_limits_that_were_stated_are_checked(strong: ModelBench, tmp_path: Path) -> None:
    checks = {check.id: check for check in strong.outcomes["experimentation.optimisation"].checks}
    assert checks["latency"].status == "pass"
    assert checks["size"].status == "pass"
    tight = {**LOANS, "requirements.latency_p95_ms": 0.01, "requirements.memory_mb": 0.001}
    slow = ModelBench(tmp_path / "run", loans(tmp_path / "loans.csv"), tight).run()
    checks = {check.id: check for check in slow.outcomes["experimentation.optimisation"].checks}
    assert checks["latency"].status == "fail"
    assert checks["size"].status == "fail"
    assert checks["latency"].blocking


def test_two_runs_make_the_same_files_to_the_byte(strong: ModelBench, tmp_path: Path) -> None:
    again = ModelBench(tmp_path / "elsewhere", loans(tmp_path / "loans.csv"), LOANS).run()
    seen = 0
    for path in sorted(again.folder.rglob("*")):
        if path.is_file():
            other = strong.folder / path.relative_to(again.folder)
            one, two = (hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, other))
            assert one == two, path.relative_to(again.folder)
            seen += 1
    assert seen > 30


def test_a_search_stopped_by_the_clock_is_repeated_from_the_number_of_trials_it_allowed(tmp_path: Path) -> None:
    answers = {name: value for name, value in LOANS.items() if name != "search.trials"} | {"search.max_seconds": 9}
    clocked = ModelBench(tmp_path / "a", loans(tmp_path / "loans.csv"), answers).run(until="experimentation.tuning")
    trials = clocked.json("trials.json")
    assert trials["stopped_by_clock"]
    again = ModelBench(tmp_path / "b", loans(tmp_path / "loans.csv"), answers)
    again.recorded = {**again.recorded, "trials": trials["allowed"]}
    again.run(until="experimentation.tuning")
    for name in ("trials.json", "tuned.json"):
        assert again.files[name].read_bytes() == clocked.files[name].read_bytes()


def test_without_a_decision_about_the_budget_the_expert_gives_one(strong: ModelBench) -> None:
    assert {ask.id for ask in ALGORITHMS.before} == {"search.families", "search.trials", "search.max_seconds"}
    assert set(TUNING.decisions) == {"search.trials", "search.max_seconds"}
    assert strong.asked["search.max_seconds"].made
    assert strong.asked["decision.calibration"].made
