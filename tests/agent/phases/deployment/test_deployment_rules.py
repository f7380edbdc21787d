"""The rules of phase 4: each speaks on some evidence and not on all, and what it chooses can be answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agent.advisors.rules import (
    deployment_ab_rollout,
    deployment_infrastructure,
    deployment_packaging,
    deployment_retraining,
)
from agent.phases.deployment import ab_rollout, infrastructure, packaging, retraining
from agent.steps import Rule
from tools.monitoring.rollout import shares_of
from tools.monitoring.thresholds import thresholds_of
from tools.wording import render, slots

RULES = (
    *deployment_packaging.RULES,
    *deployment_infrastructure.RULES,
    *deployment_ab_rollout.RULES,
    *deployment_retraining.RULES,
)
BY_ID = {rule.id: rule for rule in RULES}
QUIET: dict[str, Any] = {
    "throughput_rps": None, "infrastructure": "", "heavy_failures": 0, "heavy_rps": 200.0, "rows": 5000, "days": 7,
    "target": "local", "verdict": "go", "harm": False, "protected": False, "label_delay_days": None, "moved": 0,
    "by_time": False,
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "target.cluster_there": {"infrastructure": "we run kubernetes"},
    "target.scale_out": {"throughput_rps": 300, "heavy_failures": 40},
    "target.containers_there": {"infrastructure": "docker on two hosts"},
    "target.simple": {},
    "thresholds.busy": {"throughput_rps": 80},
    "thresholds.small_reference": {"rows": 640},
    "thresholds.usual": {},
    "start.not_elsewhere": {"target": "container"},
    "start.not_go": {"verdict": "inconclusive"},
    "start.go": {},
    "rollout.slow": {"days": 90},
    "rollout.careful": {"harm": True},
    "rollout.usual": {},
    "triggers.late_labels": {"label_delay_days": 90},
    "triggers.all": {},
    "cadence.moved": {"moved": 2},
    "cadence.by_time": {"by_time": True},
    "cadence.late_labels": {"label_delay_days": 90},
    "cadence.usual": {},
}


def spoken(question: str, evidence: Mapping[str, Any]) -> Rule:
    return next(rule for rule in RULES if rule.question == question and rule.when(evidence))


def test_there_is_a_case_for_every_rule() -> None:
    assert set(CASES) == set(BY_ID)


@pytest.mark.parametrize("name", list(CASES))
def test_the_rule_speaks_where_it_should_and_says_why(name: str) -> None:
    evidence = QUIET | CASES[name]
    rule = spoken(BY_ID[name].question, evidence)
    assert rule.id == name
    assert {slot for slot, _ in slots(rule.reason)} <= set(evidence)
    assert "unknown" not in render(rule.reason, evidence)
    if CASES[name]:
        assert spoken(rule.question, QUIET).id != name


@pytest.mark.parametrize("name", list(CASES))
def test_what_a_rule_chooses_can_be_answered(name: str) -> None:
    rule = BY_ID[name]
    asks = {
        ask.id: ask
        for step in (packaging, infrastructure, ab_rollout, retraining)
        for ask in (*step.STEP.before, *step.STEP.after)
    }
    ask, value = asks[rule.question], rule.choose(QUIET | CASES[name])
    if ask.type == "choice":
        assert value in {option.value for option in ask.options}
    elif ask.type == "several":
        assert set(value) <= set(retraining.KINDS)
    elif rule.question == "rollout.steps":
        assert shares_of(value) == tuple(value)
    else:
        assert thresholds_of(value)
