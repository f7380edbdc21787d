"""Step 1.1 writes down what success means: the metric that fits the stated costs, every bound, one hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.advisors.expert import Expert
from agent.phases.preparation.success_metrics import METRIC_OPTIONS, STEP, favourable
from tests.agent.phases.validation.worlds import World
from tools.errors import InputError
from tools.evaluation.criteria import Criteria, Requirement
from tools.evaluation.metrics import metrics_for
from tools.records import Outcome, Task


def fix(folder: Path, **answers: Any) -> tuple[Outcome, Criteria]:
    world = World(folder, Criteria(task="binary", primary=Requirement(metric="roc_auc")))
    given = {name.replace("__", "."): value for name, value in answers.items()}
    outcome = world.run(STEP, {"data.problem_type": "binary", **given})
    return outcome, Criteria.model_validate_json(world.inputs["criteria.json"].read_bytes())


class Known:
    """What is known at the question: decisions and the facts of intake."""

    seed = 0

    def __init__(self, facts: dict[str, Any] | None = None, **answers: Any) -> None:
        self._facts, self._answers = facts or {}, {k.replace("__", "."): v for k, v in answers.items()}

    def answer(self, question: str, default: Any = None) -> Any:
        value = self._answers.get(question)
        return default if value is None else value

    def answers(self, prefix: str) -> dict[str, Any]:
        return {k: v for k, v in self._answers.items() if k.startswith(prefix)}

    def json(self, artifact: str) -> Any:
        raise AssertionError(artifact)

    def facts(self, step: str) -> dict[str, Any]:
        return self._facts

    def has(self, artifact: str) -> bool:
        return False


def recommended(question: str, known: Known) -> tuple[Any, str]:
    ask = next(ask for ask in STEP.before if ask.id == question)
    options = ask.choices(known) if ask.choices else ask.options
    found = Expert().recommend(ask, options, ask.evidence(known))
    assert found.made
    assert not options or found.value in [option.value for option in options]
    return found.value, found.why


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_offered_metric_is_in_the_registry_and_every_metric_of_the_task_is_offered(task: Task) -> None:
    assert {name for name, _ in METRIC_OPTIONS[task]} == set(metrics_for(task))


def test_unequal_costs_without_a_bound_lead_to_expected_cost() -> None:
    known = Known(
        data__problem_type="binary", requirements__false_negative_cost=5, requirements__false_positive_cost=1,
        requirements__unit="loan",
    )  # fmt: skip
    value, why = recommended("metrics.primary", known)
    assert value == "expected_cost" and "per loan" in why


@pytest.mark.parametrize(
    ("answers", "facts", "metric"),
    [
        ({"data__problem_type": "binary", "requirements__false_negative_cost": 5,
          "requirements__success_threshold": 0.7}, {"base_rate": 0.3}, "roc_auc"),
        ({"data__problem_type": "binary"}, {"base_rate": 0.02}, "average_precision"),
        ({"data__problem_type": "multiclass"}, {"smallest_class": 400}, "f1_macro"),
        ({"data__problem_type": "multiclass"}, {"smallest_class": 12}, "accuracy"),
        ({"data__problem_type": "regression"}, {}, "rmse"),
        ({"data__problem_type": "regression", "requirements__value_per_unit_error": 3.0}, {}, "mae"),
    ],
)  # fmt: skip
def test_the_recommended_metric_follows_task_costs_and_class_mix(
    answers: dict[str, Any], facts: dict[str, Any], metric: str
) -> None:
    assert recommended("metrics.primary", Known(facts, **answers))[0] == metric


def test_a_cost_gets_a_guard_rail_on_the_ranking_and_other_metrics_do_not() -> None:
    assert recommended("metrics.guardrails", Known(metrics__primary="expected_cost"))[0] == {"roc_auc": 0.6}
    assert recommended("metrics.guardrails", Known(metrics__primary="roc_auc"))[0] == {}


def test_success_is_one_line_with_the_costs_and_the_guard_rail_in_it(tmp_path: Path) -> None:
    outcome, criteria = fix(
        tmp_path, metrics__primary="expected_cost", metrics__guardrails={"roc_auc": 0.7},
        requirements__false_negative_cost=5, requirements__false_positive_cost=1, requirements__unit="loan",
        data__positive_class="bad",
    )  # fmt: skip
    said = str(outcome.summary)
    assert said.startswith('expected cost per loan (a "bad" that is missed costs 5, a false alarm 1)')
    assert "guard-rail ROC AUC of at least 0.700" in said
    assert criteria.costs_stated and criteria.costs.false_negative == 5


def test_another_requirement_gives_another_line_and_another_hash(tmp_path: Path) -> None:
    one, _ = fix(tmp_path / "a", metrics__primary="roc_auc", requirements__success_threshold=0.7)
    two, _ = fix(tmp_path / "b", metrics__primary="roc_auc", requirements__success_threshold=0.75)
    none, _ = fix(tmp_path / "c", metrics__primary="roc_auc")
    assert len({str(each.summary) for each in (one, two, none)}) == 3
    assert len({each.facts["criteria_sha256"] for each in (one, two, none)}) == 3
    assert "better than the baseline" in str(none.summary)


@pytest.mark.parametrize(
    ("stated", "policy", "positive", "target", "side"),
    [(None, "none", "yes", "subscribed", "positive"), (None, "none", "bad", "outcome", "negative"),
     (None, "accept_all", "1", "y", "negative"), ("positive", "accept_all", "bad", "outcome", "positive"),
     ("negative", "none", "yes", "subscribed", "negative"), (None, "none", "Y", "fraud_reported", "negative"),
     (None, "none", ">50K", "income_risk", "positive")],
)  # fmt: skip
def test_the_favourable_decision_is_stated_or_follows_from_policy_and_names(
    stated: str | None, policy: str, positive: str, target: str, side: str
) -> None:
    assert favourable(stated, policy, positive, target) == side


def test_limits_and_groups_stand_in_the_notes(tmp_path: Path) -> None:
    outcome, criteria = fix(
        tmp_path, requirements__latency_p95_ms=50, requirements__memory_mb=512, requirements__protected=["sex"]
    )
    notes = " / ".join(map(str, outcome.notes))
    assert "50" in notes and "ms" in notes and "512 MB" in notes and "groups of sex" in notes
    assert criteria.limits.latency_p95_ms == 50 and criteria.fairness.protected == ("sex",)


@pytest.mark.parametrize(
    ("answers", "said"),
    [({"metrics__primary": "rmse"}, "does not fit"), ({"metrics__guardrails": {"roc_auc": "high"}}, "needs a number"),
     ({"requirements__fairness_tolerance": 0}, "above zero")],
)  # fmt: skip
def test_criteria_that_cannot_be_are_refused(tmp_path: Path, answers: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fix(tmp_path, **answers)
