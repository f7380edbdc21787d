from __future__ import annotations

from typing import Any

import pytest

from agent.advisors.expert import Expert
from agent.advisors.rules import experimentation_algorithms
from agent.phases.experimentation.algorithms import STEP as ALGORITHMS
from agent.phases.experimentation.deciding import ASKS, mitigation_evidence, refer_evidence
from agent.phases.experimentation.ensembles import STEP as ENSEMBLES
from agent.steps import Ask
from tools.modeling.imbalance import RARE

ALL: dict[str, Ask] = {ask.id: ask for ask in (*ALGORITHMS.before, *ENSEMBLES.after, *ASKS)}
TABLE: dict[str, Any] = {
    "task": "binary", "rows": 3000, "features": 20, "classes": 2, "minority": 0.4, "transparent": False,
    "max_seconds": None, "families": 5,
}  # fmt: skip
MIXTURE = {"members": 2, "single": "linear model", "gain": 0.02, "lower": 0.01, "upper": 0.03, "reason": "it is noise"}
SLOPE = {"slope": 0.7, "slope_lower": 0.6, "slope_upper": 0.8, "log_loss": 0.5, "log_loss_after": 0.45}
CURVE = {
    "threshold": 0.2, "cost": 0.3, "cost_at_half": 0.5, "false_positive_cost": 1.0, "false_negative_cost": 5.0,
    "rows": 640,
}  # fmt: skip
GROUPS = {
    "columns": 1, "column": "sex", "ratio": 0.5, "after": 0.9, "lowest": "a", "lowest_rate": 0.1, "highest": "b",
    "highest_rate": 0.2, "tolerance": 0.8, "metric_before": 0.8, "metric_after": 0.79, "unfair": True, "helps": True,
}  # fmt: skip
BAND = {"person": True, "action": "manual review", "low": 0.4, "high": 0.6, "share": 0.1}

CASES: list[tuple[str, dict[str, Any], Any, str]] = [
    ("search.families", TABLE | {"transparent": True}, ["linear"], "search.families.transparent"),
    ("search.families", TABLE | {"rows": 200_000}, ["linear", "xgb", "lgbm"], "search.families.large"),
    ("search.families", TABLE | {"classes": 30}, ["linear", "forest", "lgbm"], "search.families.many_classes"),
    (
        "search.families",
        TABLE | {"minority": 0.03},
        ["linear", "forest", "balanced", "histgb", "xgb", "lgbm"],
        "search.families.rare",
    ),
    ("search.families", TABLE | {"rows": 200}, ["linear", "forest", "xgb"], "search.families.few"),
    ("search.families", TABLE, ["linear", "forest", "histgb", "xgb", "lgbm"], "search.families.usual"),
    ("search.max_seconds", TABLE, None, "search.max_seconds.none"),
    ("search.trials", TABLE | {"max_seconds": 60.0}, None, "search.trials.clock"),
    ("search.trials", TABLE | {"rows": 200_000}, 12, "search.trials.large"),
    ("search.trials", TABLE | {"classes": 7}, 16, "search.trials.classes"),
    ("search.trials", TABLE | {"families": 1}, 15, "search.trials.single"),
    ("search.trials", TABLE, 30, "search.trials.usual"),
    ("ensemble.accept", MIXTURE | {"recommended": True}, True, "ensemble.accept.gain"),
    ("ensemble.accept", MIXTURE | {"recommended": False}, False, "ensemble.accept.noise"),
    ("decision.calibration", SLOPE | {"recommended": "sigmoid"}, "sigmoid", "decision.calibration.needed"),
    ("decision.calibration", SLOPE | {"recommended": "none"}, "none", "decision.calibration.sound"),
    ("decision.threshold", CURVE | {"basis": "cost"}, 0.2, "decision.threshold.cost"),
    ("decision.threshold", CURVE | {"basis": "f1"}, 0.2, "decision.threshold.f1"),
    ("decision.threshold", CURVE | {"basis": "half"}, 0.2, "decision.threshold.half"),
    ("decision.mitigation", GROUPS, "reweigh", "decision.mitigation.reweigh"),
    ("decision.mitigation", GROUPS | {"helps": False}, "none", "decision.mitigation.helpless"),
    (
        "decision.mitigation",
        GROUPS | {"helps": False, "unfair": False, "columns": 0},
        "none",
        "decision.mitigation.unjudged",
    ),
    ("decision.mitigation", GROUPS | {"helps": False, "unfair": False}, "none", "decision.mitigation.none"),
    ("decision.refer_band", BAND, [0.4, 0.6], "decision.refer_band.person"),
    ("decision.refer_band", BAND | {"person": False}, None, "decision.refer_band.none"),
]


@pytest.mark.parametrize(("question", "evidence", "value", "rule"), CASES, ids=[case[3] for case in CASES])
def test_each_rule_speaks_where_its_evidence_holds(
    question: str, evidence: dict[str, Any], value: Any, rule: str
) -> None:
    advice = Expert().recommend(ALL[question], (), evidence)
    assert advice.made
    assert advice.rule == rule
    assert advice.value == value
    assert "unknown" not in advice.why
    assert "{" not in advice.why


def test_every_rule_of_these_steps_is_in_the_table() -> None:
    from agent.advisors.rules import experimentation_ensembles, experimentation_optimisation

    declared = {
        rule.id
        for module in (experimentation_algorithms, experimentation_ensembles, experimentation_optimisation)
        for rule in module.RULES
    }
    assert declared == {case[3] for case in CASES}


def test_what_counts_as_rare_is_the_same_for_the_expert_and_the_search() -> None:
    assert experimentation_algorithms.RARE == RARE


class _Known:
    """What the questions of the optimisation step look at."""

    seed = 0

    def __init__(self, answers: dict[str, Any], artifacts: dict[str, Any]) -> None:
        self._answers, self._artifacts = answers, artifacts

    def answer(self, question: str, default: Any = None) -> Any:
        return self._answers.get(question, default)

    def answers(self, prefix: str) -> dict[str, Any]:
        return {}

    def json(self, artifact: str) -> Any:
        return self._artifacts[artifact]

    def facts(self, step: str) -> dict[str, Any]:
        return {}

    def has(self, artifact: str) -> bool:
        return artifact in self._artifacts


@pytest.mark.parametrize(
    ("action", "asked"), [("a person decides", False), (None, False), ("unsure cases go to a clerk", True)]
)
def test_a_refer_band_is_recommended_only_where_somebody_asked_for_it(action: str | None, asked: bool) -> None:
    points = [{"threshold": at / 10, "selection_rate": 1 - at / 10} for at in range(11)]
    known = _Known({"requirements.fallback_action": action}, {"threshold_curve.json": {"points": points}})
    assert refer_evidence(known)["person"] is asked


@pytest.mark.parametrize(
    ("after", "rise", "helps"), [(0.32, 0.0, False), (0.8, 0.01, True), (0.8, 0.2, False), (0.5, 0.0, False)]
)
def test_a_mitigation_is_recommended_only_where_it_clearly_helps_at_small_cost(
    after: float, rise: float, helps: bool
) -> None:
    effect = {
        "column": "sex", "ratio_before": 0.33, "ratio_after": after, "metric": "roc_auc", "metric_before": 0.8,
        "metric_after": 0.8, "loss_rise": rise,
    }  # fmt: skip
    artifacts = {"errors.json": {"parity": [], "mitigation": effect}, "criteria.json": {"fairness": {"ratio": 0.8}}}
    assert mitigation_evidence(_Known({}, artifacts))["helps"] is helps
