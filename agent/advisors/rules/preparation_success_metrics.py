"""Rules for step 1.1: which metric decides, and what else must hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.steps import Rule

LINE = "Define success metrics (business KPIs → ML metrics)"
RARE = 0.1
"""Below this share of the positive class, ranking is judged where the positives are."""


def _costs_decide(evidence: Mapping[str, Any]) -> bool:
    """Different costs and no bound in another metric's unit."""
    differ = evidence["false_positive_cost"] != evidence["false_negative_cost"]
    return bool(
        evidence["task"] == "binary" and evidence["costs_stated"] and differ and evidence["success_threshold"] is None
    )


def _share(evidence: Mapping[str, Any], name: str) -> float | None:
    value = evidence.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _rare(evidence: Mapping[str, Any]) -> bool:
    rate = _share(evidence, "base_rate")
    return evidence["task"] == "binary" and rate is not None and rate < RARE


def _tiny_class(evidence: Mapping[str, Any]) -> bool:
    """With a fifth of the rows as test rows, a class under this many rows leaves a class-wise average open."""
    smallest = evidence.get("smallest_class")
    return evidence["task"] == "multiclass" and isinstance(smallest, int | float) and smallest * 0.2 < 30


RULES: tuple[Rule, ...] = (
    Rule(
        id="metric.cost",
        question="metrics.primary",
        guidance=LINE,
        when=_costs_decide,
        choose=lambda evidence: "expected_cost",
        reason="the two errors cost differently ({false_positive_cost|num} and {false_negative_cost|num}), so cost per "
        "{unit} says directly what the model is worth",
    ),
    Rule(
        id="metric.rare",
        question="metrics.primary",
        guidance=LINE,
        when=_rare,
        choose=lambda evidence: "average_precision",
        reason="{base_rate|pct} of the rows are of the positive class; average precision looks where they are found",
    ),
    Rule(
        id="metric.ranking",
        question="metrics.primary",
        guidance=LINE,
        when=lambda evidence: evidence["task"] == "binary",
        choose=lambda evidence: "roc_auc",
        reason="ROC AUC judges the ranking whatever threshold is chosen later",
    ),
    Rule(
        id="metric.few_of_a_class",
        question="metrics.primary",
        guidance=LINE,
        when=_tiny_class,
        choose=lambda evidence: "accuracy",
        reason="the smallest class has {smallest_class|int} rows, too few to judge each class by itself in the test",
    ),
    Rule(
        id="metric.classes",
        question="metrics.primary",
        guidance=LINE,
        when=lambda evidence: evidence["task"] == "multiclass",
        choose=lambda evidence: "f1_macro",
        reason="macro F1 lets each class count alike, the small ones too",
    ),
    Rule(
        id="metric.linear_cost",
        question="metrics.primary",
        guidance=LINE,
        when=lambda evidence: evidence["task"] == "regression" and evidence["value_per_unit_error"] is not None,
        choose=lambda evidence: "mae",
        reason="each unit of error costs {value_per_unit_error|num}, so the mean absolute error is that cost but for "
        "the factor",
    ),
    Rule(
        id="metric.numbers",
        question="metrics.primary",
        guidance=LINE,
        when=lambda evidence: evidence["task"] == "regression",
        choose=lambda evidence: "rmse",
        reason="the root mean squared error is in the target's unit and lets large errors weigh more",
    ),
    Rule(
        id="guardrails.ranking",
        question="metrics.guardrails",
        guidance=LINE,
        when=lambda evidence: evidence["primary"] == "expected_cost",
        choose=lambda evidence: {"roc_auc": 0.6},
        reason="a low cost can come from the threshold alone; the model must also rank better than chance",
    ),
    Rule(
        id="guardrails.none",
        question="metrics.guardrails",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: {},
        reason="the primary metric says what was stated; every other metric is measured and shown",
    ),
)
