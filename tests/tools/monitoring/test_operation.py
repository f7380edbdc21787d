"""Retraining, rollout, service levels, performance, alerts: decisions on planted cases."""

from __future__ import annotations

import json
from typing import Any

import kubernetes_validate
import numpy as np
import pandas as pd
import pytest
import yaml

from tools.errors import InputError
from tools.evaluation.criteria import Criteria, FairnessCriteria, Requirement
from tools.evaluation.load import Load
from tools.evaluation.metrics import Predictions
from tools.monitoring import alerts, dashboard, performance, retraining, rollout, slo
from tools.monitoring.drift import assess, build_reference
from tools.monitoring.thresholds import Thresholds, latency_of, thresholds_of
from tools.serving.service.router import Plan, Router


def criteria(**changes: Any) -> Criteria:
    return Criteria(**({"task": "binary", "primary": Requirement(metric="roc_auc", bound=0.7)} | changes))


def scores(strength: float, n: int = 800, seed: int = 1) -> tuple[Any, Predictions]:
    stream = np.random.default_rng(seed)
    y = (stream.random(n) < 0.4).astype(np.int64)
    logit = strength * y + np.random.default_rng(int(strength * 100)).normal(0, 1, n)
    p = 1 / (1 + np.exp(-logit))
    return y, Predictions.of_probabilities(np.stack([1 - p, p], axis=1), 0.5)


def test_a_better_challenger_is_proposed_and_a_worse_one_refused() -> None:
    y, weak = scores(1.0)
    _, strong = scores(2.0)
    better = retraining.compare(weak, strong, y, criteria())
    assert (better.decision, better.rows) == ("propose", 800)
    assert better.gain.lower is not None
    assert better.gain.lower > 0
    worse = retraining.compare(strong, weak, y, criteria())
    assert worse.decision == "refuse"
    assert "worse" in str(worse.reason)
    same = retraining.compare(weak, weak, y, criteria())
    assert same.decision == "refuse"
    assert "not better" in str(same.reason)


def test_a_challenger_that_misses_the_required_bound_is_refused_even_where_it_is_better() -> None:
    y, weak = scores(0.1)
    _, better = scores(0.4)
    assert retraining.compare(weak, better, y, criteria()).decision == "refuse"
    loose = criteria(primary=Requirement(metric="roc_auc", bound=None))
    assert retraining.compare(weak, better, y, loose).decision == "propose"


def test_for_errors_less_is_better() -> None:
    y = np.random.default_rng(0).normal(0, 1, 300)
    good, bad = Predictions(values=y + 0.1), Predictions(values=y + 1.0)
    numbers = criteria(task="regression", primary=Requirement(metric="mae"))
    assert retraining.compare(bad, good, y, numbers).decision == "propose"
    assert retraining.compare(good, bad, y, numbers).decision == "refuse"


def plan(**changes: Any) -> retraining.RetrainingPlan:
    given: dict[str, Any] = {
        "kinds": ("schedule", "drift", "performance", "volume"),
        "cadence": "weekly",
        "training_rows": 400,
        "criteria": criteria(),
        "champion": 0.8,
        "limit": 0.75,
        "name": "credit",
        "image": "phasegate:local",
    }
    return retraining.plan(**(given | changes))


def test_each_trigger_fires_for_its_own_reason() -> None:
    quiet = retraining.Signals(days=1, metric=0.76, new_rows=50)
    assert not retraining.due(plan(), quiet, "roc_auc").due
    cases = {
        "days": quiet.model_copy(update={"days": 8.0}),
        "alarm": quiet.model_copy(update={"alarmed": ("amount",)}),
        "below": quiet.model_copy(update={"metric": 0.74}),
        "rows": quiet.model_copy(update={"new_rows": 100}),
    }
    for word, signals in cases.items():
        found = retraining.due(plan(), signals, "roc_auc")
        assert len(found.reasons) == 1
        assert word in str(found.reasons[0])
    assert not retraining.due(plan(kinds=("volume",)), cases["days"], "roc_auc").due


def test_performance_is_held_to_the_bound_where_the_holdout_was_far_above_it() -> None:
    threshold = {one.kind: one.threshold for one in plan(limit=0.65).triggers}
    assert threshold["performance"] == 0.7


def test_the_schedule_is_valid_for_the_systems_that_read_it() -> None:
    made = plan().schedule
    assert made is not None
    kubernetes_validate.validate(yaml.safe_load(made.kubernetes), "1.33", strict=True)
    fields, _, command = made.cron.partition("  ")
    assert len(fields.split()) == 5
    assert "phasegate retrain --data" in command
    assert "OnCalendar=Mon" in made.systemd_timer
    assert plan(cadence="never").schedule is None


def test_a_rollout_plan_is_what_the_router_reads() -> None:
    losses = (np.random.default_rng(1).random(1000) < 0.2).astype(float)
    made = rollout.plan(losses, shares=(0.0, 0.1, 0.5), salt="r", loss="errors", units_per_day=100, seed=2)
    router = Router(Plan.from_dict(json.loads(made.model_dump_json())))
    assert router.stage.shadow
    assert [stage.share for stage in router.plan.stages] == [0.0, 0.1, 0.5]
    assert made.smallest_effect == pytest.approx(0.1 * losses.mean())
    assert made.trial.same_rolled_back <= 0.1
    assert made.trial.worse_rolled_back >= 0.9


def test_units_needed_is_the_textbook_sample_size() -> None:
    from statsmodels.stats.power import NormalIndPower

    wanted = NormalIndPower().solve_power(effect_size=0.1, alpha=0.05, power=0.8)
    assert rollout.units_needed(1.0, 0.1) == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("answer", [["a"], [0.5, 0.1], [0, 2], [], [True]])
def test_shares_that_make_no_rollout_are_refused(answer: Any) -> None:
    with pytest.raises(InputError) as refused:
        rollout.shares_of(answer)
    assert refused.value.code == 8


def load(p95: float, failures: int = 0) -> Load:
    return Load(
        factor=1, rps=20, answered_rps=20, seconds=4, requests=100, failures=failures, shed=0, p50_ms=p95 / 2,
        p95_ms=p95, p99_ms=p95, max_ms=p95,
    )  # fmt: skip


def test_service_levels_are_stated_or_derived_and_held_against_the_measurement() -> None:
    derived = slo.derive(load(3.2), latency_p95_ms=None)
    assert derived.objectives[0].target == 10.0
    assert {check.status for check in slo.checks(derived)} == {"pass"}
    stated = slo.derive(load(30.0, failures=5), latency_p95_ms=20.0, owner="desk")
    assert [check.status for check in slo.checks(stated)] == ["fail", "fail"]
    assert stated.response == {"owner": "desk", "on_call": "to be named by the provider"}
    assert derived.error_budget_minutes == pytest.approx(216)


def test_outcomes_are_joined_by_prediction_id() -> None:
    log = [{"id": "a-0", "prediction": "yes"}, {"id": "a-1", "prediction": "no"}, {"id": "b-0", "prediction": "no"}]
    found = slo.join(log, {"b-0": "yes", "a-0": "yes", "zzz": "no"})
    assert (found.predictions, found.outcomes) == (("yes", "no"), ("yes", "yes"))
    assert (found.joined, found.unknown, found.waiting) == (2, 1, 1)


def test_live_performance_alarms_only_where_it_is_surely_worse() -> None:
    y, good = scores(2.0)
    _, bad = scores(0.3)
    holdout = {"roc_auc": (0.9, 0.87, 0.93)}
    assert performance.assess(y, good, criteria(), holdout).worse == ()
    report = performance.assess(y, bad, criteria(), holdout)
    assert report.worse == ("roc_auc",)
    found = alerts.alerts(performance=report, days_since_training=40, freshness_days=30)
    assert [one.id for one in found] == ["performance.roc_auc", "freshness.model"]
    assert performance.assess(y[:40], bad.take(np.arange(40)), criteria(), holdout).worse == ()


def test_a_group_that_is_selected_less_is_named_and_a_small_one_is_not_judged() -> None:
    stream = np.random.default_rng(5)
    n = 2000
    group = stream.choice(["a", "b", "c"], n, p=[0.5, 0.47, 0.03])
    p = np.where(group == "b", 0.1, 0.6)
    labels = (stream.random(n) < p).astype(np.int64)
    predictions = Predictions.of_probabilities(np.stack([1.0 - labels, labels * 1.0], axis=1), 0.5)
    fair = criteria(fairness=FairnessCriteria(protected=("g",)))
    report = performance.assess(labels, predictions, fair, {}, groups={"g": group})
    assert {one.group: one.status for one in report.groups}["b"] == "differs"
    assert {one.group: one.status for one in report.groups}["c"] == "insufficient"
    assert [one.id for one in alerts.alerts(performance=report)][:1] == ["fairness.g.a"]


def test_drift_becomes_alerts_with_what_to_do_and_panels_with_what_moved_first() -> None:
    stream = np.random.default_rng(1)
    rows = pd.DataFrame(
        {"x": stream.normal(size=800), "z": stream.normal(size=800), "k": stream.choice(["a", "b"], 800)}
    )
    reference = build_reference(rows, {"x": "number", "z": "number", "k": "text"}, seed=1)
    report = assess(reference, rows.assign(z=rows["z"] + 3).drop(columns="k"))
    found = alerts.alerts(report)
    assert {one.id for one in found} >= {"drift.z", "quality.k"}
    assert found[0].severity == "page"
    panels = dashboard.build(reference, report).panels
    assert panels[0].labels[0] == "z"
    assert len(panels) == 4
    for panel in panels[1:]:
        assert sum(value or 0.0 for value in panel.series[0].values) == pytest.approx(1.0)
        assert len(panel.labels) == len(panel.series[0].values)


def test_thresholds_are_read_and_wrong_ones_refused() -> None:
    assert thresholds_of(None) == Thresholds()
    assert thresholds_of({"window": 400}).window == 400
    for wrong in ([1], {"psi": 1}, {"alpha": 2}, {"alpha": True}, {"window": "many"}):
        with pytest.raises(InputError) as refused:
            thresholds_of(wrong)
        assert refused.value.code == 8
    assert latency_of(Thresholds(), None, 30.2) == 61
    assert latency_of(Thresholds(), 20.0, 30.2) == 20.0
    assert latency_of(Thresholds(latency_p95_ms=5), 20.0, 30.2) == 5
