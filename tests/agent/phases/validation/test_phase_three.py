"""Phase 3 on planted worlds: each step's finding follows what was planted."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agent.phases.validation import ab_design, business, fairness, holdout, review, robustness
from tests.agent.phases.validation.worlds import World, credit_frame, make_world
from tools.errors import InputError
from tools.evaluation.criteria import Criteria, FairnessCriteria, Policy, Requirement


def criteria(**changes: Any) -> Criteria:
    given: dict[str, Any] = {
        "task": "binary",
        "primary": Requirement(metric="roc_auc", bound=0.7),
        "fairness": FairnessCriteria(protected=("sex", "age")),
        "false_negative_cost": 5.0,
        "costs_stated": True,
        "unit": "loan",
        "policy": Policy(kind="accept_all"),
    }
    return Criteria(**(given | changes))


def good_world(folder: Path, n: int = 3000, **changes: Any) -> World:
    frame = credit_frame(n, seed=1)
    return make_world(
        folder, frame, criteria(**changes), {"amount": 1.5}, {"noise": 0.1}, offset=-0.8, threshold=1 / 6,
        baseline_offset=-0.7,
    )  # fmt: skip


def run_all(world: World) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in (holdout, ab_design, fairness, robustness, business, review):
        found[step.STEP.id] = world.run(step.STEP)
    return found


def status(outcome: Any, check: str) -> str:
    return str(next(each.status for each in outcome.checks if each.id == check))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Any]]:
    world = good_world(tmp_path_factory.mktemp("good"))
    return world, run_all(world)


def test_a_good_model_on_enough_rows_gets_go(good: tuple[World, dict[str, Any]]) -> None:
    world, found = good
    verdict = world.read("verdict.json")
    assert verdict["verdict"] == "go", verdict["reasons"]
    assert verdict["recommendation"] == "approve"
    test = found["validation.holdout"]
    assert status(test, "holdout.metric") == status(test, "holdout.gain") == "pass"
    assert status(test, "calibration") == "pass"
    assert test.facts["lower"] < 0.81 < test.facts["upper"]


def test_the_summaries_of_phase_three_are_sentences_with_their_numbers(good: tuple[World, dict[str, Any]]) -> None:
    _, found = good
    said = {step: str(outcome.summary) for step, outcome in found.items()}
    assert said["validation.holdout"].startswith("ROC AUC 0.8")
    assert "meets 0.700" in said["validation.holdout"]
    assert "accept all, as today" in said["validation.business"]
    assert said["validation.review"].startswith("go:")
    for outcome in found.values():
        for note in outcome.notes:
            assert "unknown" not in str(note), str(note)


def test_a_model_that_guesses_gets_no_go_by_name_of_the_metric(tmp_path: Path) -> None:
    frame = credit_frame(2000, seed=2)
    world = make_world(tmp_path, frame, criteria(), {"noise": 1.0}, {"amount": 1.5}, baseline_offset=-0.8)
    found = run_all(world)
    verdict = world.read("verdict.json")
    assert verdict["verdict"] == "no-go"
    assert verdict["recommendation"] == "reject"
    assert status(found["validation.holdout"], "holdout.metric") == "fail"
    assert "misses" in str(found["validation.holdout"].summary)
    assert "ROC AUC" in str(verdict["reasons"][0]["facts"]["title"])


def test_few_positives_leave_the_verdict_inconclusive_and_say_how_many_rows_would_settle_it(tmp_path: Path) -> None:
    frame = credit_frame(240, seed=3, base=-2.0)
    world = make_world(tmp_path, frame, criteria(), {"amount": 1.5}, {"noise": 0.1}, offset=-2.0)
    found = run_all(world)
    verdict = world.read("verdict.json")
    assert verdict["verdict"] == "inconclusive"
    assert status(found["validation.holdout"], "data.rows") == "insufficient"
    settled = {entry["check"]: entry["rows"] for entry in verdict["rows_to_settle"]}
    assert settled["data.rows"] > 0
    assert any("would settle" in reason["template"] for reason in verdict["reasons"])


def test_a_planted_gap_between_groups_fails_and_its_twin_does_not(tmp_path: Path, good: Any) -> None:
    frame = credit_frame(3000, seed=4, gap=1.5)
    world = make_world(tmp_path, frame, criteria(), {"seen": 1.5}, {"noise": 0.1}, offset=-0.8, threshold=0.3)
    world.run(holdout.STEP)
    unfair = world.run(fairness.STEP)
    assert status(unfair, "fairness.sex") == "fail"
    assert status(unfair, "fairness.sex.f") == "fail"
    assert "f" in str(unfair.summary) and "differs" in str(unfair.summary)
    assert [finding.id for finding in unfair.findings if "+" not in finding.id] == ["representation.sex"]
    fair = good[1]["validation.fairness"]
    assert status(fair, "fairness.sex") in ("pass", "warn")
    assert str(fair.summary) != str(unfair.summary)


def test_a_small_group_is_insufficient_and_never_passes(tmp_path: Path) -> None:
    frame = credit_frame(2000, seed=5)
    frame.loc[frame.index[-40:], "sex"] = "x"
    frame.loc[frame.index[-60:-40], "sex"] = None
    world = make_world(tmp_path, frame, criteria(), {"amount": 1.5}, {"noise": 0.1}, offset=-0.8)
    world.run(holdout.STEP)
    found = world.run(fairness.STEP)
    assert status(found, "fairness.sex.x") == "insufficient"
    assert status(found, "fairness.sex.(missing)") == "insufficient"
    assert status(found, "fairness.sex") == "insufficient"


def test_where_only_the_largest_groups_can_be_judged_nothing_was_compared(tmp_path: Path) -> None:
    frame = credit_frame(2000, seed=5)
    frame["sex"], frame["age"] = "f", 40.0
    frame.loc[frame.index[::25], "sex"] = "m"
    world = make_world(tmp_path, frame, criteria(), {"amount": 1.5}, {"noise": 0.1}, offset=-0.8)
    world.run(holdout.STEP)
    assert str(world.run(fairness.STEP).summary).startswith("no group could be compared with the largest")


def test_failing_intersections_are_counted_and_the_farthest_named(tmp_path: Path) -> None:
    frame = credit_frame(6000, seed=4, gap=1.5)
    world = make_world(tmp_path, frame, criteria(), {"seen": 1.5}, {"noise": 0.1}, offset=-0.8, threshold=0.3)
    world.run(holdout.STEP)
    found = world.run(fairness.STEP)
    crossed = [str(note) for note in found.notes if "two columns meet" in str(note)]
    assert len(crossed) == 1 and "sex+age: f" in crossed[0]


def test_no_test_rows_are_refused_with_a_sentence(tmp_path: Path) -> None:
    world = make_world(tmp_path, credit_frame(100, 6), criteria(), {"amount": 1.5}, {"noise": 0.1}, test_share=0.0)
    with pytest.raises(InputError, match="no test rows"):
        world.run(holdout.STEP)


def test_test_rows_that_training_holds_are_counted(tmp_path: Path) -> None:
    frame = credit_frame(1000, seed=7)
    frame = pd.concat([frame.iloc[:500], frame.iloc[:20], frame.iloc[520:]], ignore_index=True)
    world = make_world(tmp_path, frame, criteria(), {"amount": 1.5}, {"noise": 0.1}, offset=-0.8)
    found = world.run(holdout.STEP)
    assert world.read("holdout.json")["overlap"]["rows"] == 20
    assert "duplicate.holdout" in [finding.id for finding in found.findings]


def test_a_shifted_column_is_named_and_the_clean_twin_is_not(tmp_path: Path) -> None:
    frame = credit_frame(2000, seed=8)
    clean = make_world(tmp_path / "a", frame, criteria(), {"amount": 1.5, "noise": 0.0}, {"noise": 0.1}, offset=-0.8)
    quiet = clean.run(holdout.STEP)
    shifted = frame.copy()
    shifted.loc[1000:, "noise"] += 1.5
    moved = make_world(tmp_path / "b", shifted, criteria(), {"amount": 1.5, "noise": 0.0}, {"noise": 0.1}, offset=-0.8)
    loud = moved.run(holdout.STEP)
    assert [finding.id for finding in quiet.findings] == []
    assert loud.findings[0].id == "shift.holdout" and loud.findings[0].columns[0] == "noise"


def test_robustness_names_the_column_that_carries_the_decisions(good: Any, tmp_path: Path) -> None:
    steady = good[1]["validation.robustness"]
    assert steady.facts["leaning_column"] == "amount"
    # a model that weighs tiny differences enormously flips under small noise
    frame = credit_frame(2000, seed=9)
    world = make_world(
        tmp_path, frame, criteria(), {"amount": 0.01, "noise": 0.2, "age": 0.0}, {"noise": 0.1}, threshold=0.5
    )
    world.run(holdout.STEP)
    shaky = world.run(robustness.STEP)
    assert shaky.facts["leaning_column"] == "noise"
    assert str(shaky.summary) != str(steady.summary)
    assert status(steady, "robustness") == "pass"


def test_business_cost_follows_the_stated_costs(good: Any, tmp_path: Path) -> None:
    dear = good[1]["validation.business"]
    world = good_world(tmp_path, false_negative_cost=1.0)
    world.run(holdout.STEP)
    even = world.run(business.STEP)
    assert float(dear.facts["today_cost"]) == pytest.approx(5 * float(even.facts["today_cost"] or 0))
    assert dear.facts["today_saving_lower"] > 0
    assert "expected cost per loan" in str(dear.summary)
    assert str(even.summary) != str(dear.summary)


def test_the_ab_analysis_that_ships_finds_a_planted_effect_and_no_other(good: Any, tmp_path: Path) -> None:
    world, found = good
    design = world.read("ab_design.json")
    assert design["simulation"]["simulations"] >= 1000
    assert design["simulation"]["lower"] <= 0.05 <= design["simulation"]["upper"]
    script = runpy.run_path(str(world.inputs["ab_analysis.py"]))
    random = np.random.default_rng(0)
    size = design["per_arm"]

    def conclude(effect: float) -> str:
        rows = [
            {"unit": f"{arm}{k}", "arm": arm, "outcome": value, "latency_ms": 3.0}
            for arm, shift in (("champion", 0.0), ("challenger", -effect))
            for k, value in enumerate(random.normal(design["base"] + shift, design["spread"], size))
        ]
        path = tmp_path / f"log{effect}.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        return str(script["analyse"](str(path))["conclusion"])

    assert conclude(2 * design["smallest_effect"]) == "the challenger is better"
    assert conclude(0.0) in ("no difference shown",)
    assert found["validation.ab_design"].facts["days"] is None


def test_more_traffic_means_fewer_days(good: Any) -> None:
    world, _ = good
    slow = world.run(ab_design.STEP, {"ab.traffic": 100, "ab.smallest_effect": 0.2})
    fast = world.run(ab_design.STEP, {"ab.traffic": 1000, "ab.smallest_effect": 0.2})
    assert slow.facts["days"] > fast.facts["days"] >= 7
    assert str(slow.summary) != str(fast.summary)


def test_two_passages_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        world = good_world(tmp_path / name, n=600)
        run_all(world)
        files = [
            world.inputs[f] for s in (holdout, ab_design, fairness, robustness, business, review) for f in s.STEP.makes
        ]
        made.append([path.read_bytes() for path in files])
    assert made[0] == made[1]


def test_a_regression_by_time_is_judged_in_stretches_against_its_baseline(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    n = 1200
    hour, warmth = np.arange(n) % 24, random.normal(0, 1, n)
    y = 100 + 5.0 * hour + 20 * warmth + random.normal(0, 10, n)
    frame = pd.DataFrame(
        {"when": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), "h"), "hour": hour.astype(float),
         "warmth": warmth, "y": y}
    )  # fmt: skip
    frame["when"] = frame["when"].astype("datetime64[us]")
    rules = Criteria(
        task="regression", primary=Requirement(metric="mae", bound=12.0), value_per_unit_error=2.0, unit="hour"
    )
    world = make_world(
        tmp_path, frame, rules, {"hour": 5.0, "warmth": 20.0}, {"hour": 5.0}, offset=100.0, baseline_offset=100.0,
        kind="time", column="when", threshold=None,
    )  # fmt: skip
    found = run_all(world)
    test = found["validation.holdout"]
    assert "time blocks" in test.facts["method"]
    assert status(test, "holdout.metric") == status(test, "calibration") == "pass"
    assert found["validation.business"].facts["model_cost"] == pytest.approx(2 * test.facts["value"])
    assert world.read("verdict.json")["verdict"] == "go"
    assert "no protected column" in str(found["validation.fairness"].summary)
    assert found["validation.fairness"].notes == ()
    assert "of the predictions by over a quarter of their spread" in str(found["validation.robustness"].summary)
    assert "mean absolute error" in " ".join(map(str, found["validation.robustness"].notes))
