"""Rules for intake: target, task, positive class, and the requirements that the data or custom can fill in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.steps import Rule

CONTEXT = "Start with understanding: What problem are we solving? What data do we have?"
METRICS = "Business Objectives: What problem are we solving? What metrics define success?"
TECHNICAL = "Technical Constraints: Latency requirements, compute budget, deployment environment"
COMPLIANCE = "Compliance Requirements: Data privacy, model explainability, audit requirements"
BIAS = "Think about bias: How might this model harm certain groups?"
FAILURE = "Plan for failure: What happens when the model is wrong?"
MAINTENANCE = "Optimize for maintenance: Who will maintain this in 6 months?"
LANDSCAPE = "Data Landscape: What data sources exist? Volume, velocity, variety?"
INFRASTRUCTURE = "Existing Infrastructure: ML platforms, data pipelines, monitoring systems"


def _always(evidence: Mapping[str, Any]) -> bool:
    return True


def _unknown(evidence: Mapping[str, Any]) -> None:
    return None


def _problem(evidence: Mapping[str, Any]) -> str:
    if evidence["task"] == "binary" and evidence["positive"] is not None:
        return f'Predict whether "{evidence["target"]}" is {evidence["positive"]}.'
    return f'Predict "{evidence["target"]}" from the other columns.'


def _rule(
    name: str, guidance: str, choose: Callable[[Mapping[str, Any]], Any], reason: str,
    when: Callable[[Mapping[str, Any]], bool] = _always, variant: str = "",
) -> Rule:  # fmt: skip
    return Rule(f"requirements.{name}{variant}", f"requirements.{name}", guidance, when, choose, reason)


RULES: tuple[Rule, ...] = (
    Rule(
        "target.candidate",
        "data.target",
        CONTEXT,
        lambda evidence: evidence["column"] is not None,
        lambda evidence: evidence["column"],
        '"{column}": {reason}',
    ),
    Rule(
        "task.ranking",
        "data.problem_type",
        CONTEXT,
        lambda evidence: evidence.get("query") is not None,
        lambda evidence: "ranking",
        '"{target}" grades the rows of each query in "{query}"; to predict each row\'s grade by itself, choose '
        "multiclass or regression",
    ),
    Rule(
        "task.ordered",
        "data.problem_type",
        CONTEXT,
        lambda evidence: evidence["task"] == "multiclass" and evidence["type"] == "integer",
        lambda evidence: "multiclass",
        '"{target}" holds {distinct|int} whole numbers; if their distances mean something, regression is the '
        "better choice",
    ),
    Rule(
        "task.two",
        "data.problem_type",
        CONTEXT,
        lambda evidence: evidence["task"] == "binary",
        lambda evidence: "binary",
        '"{target}" has two values',
    ),
    Rule(
        "task.several",
        "data.problem_type",
        CONTEXT,
        lambda evidence: evidence["task"] == "multiclass",
        lambda evidence: "multiclass",
        '"{target}" has {distinct|int} values that are names',
    ),
    Rule(
        "task.number",
        "data.problem_type",
        CONTEXT,
        lambda evidence: evidence["task"] == "regression",
        lambda evidence: "regression",
        '"{target}" is a number with {distinct|int} different values',
    ),
    Rule(
        "positive.word",
        "data.positive_class",
        METRICS,
        lambda evidence: evidence["by"] == "word",
        lambda evidence: evidence["positive"],
        '"{positive}" is by custom the event that one looks for ({share|pct} of the rows)',
    ),
    Rule(
        "positive.rarer",
        "data.positive_class",
        METRICS,
        lambda evidence: evidence["by"] in ("rarer", "tie"),
        lambda evidence: evidence["positive"],
        '"{positive}" is the rarer of the two ({share|pct}); the event that one looks for mostly is; please check',
    ),
    _rule("problem", METRICS, _problem, "this is all that the data say; put the business question in your own words"),
    _rule("unit", METRICS, lambda evidence: "row", "each row of the table is taken for one decision"),
    _rule("kpi", METRICS, _unknown, "only you know which figure it should move"),
    _rule("current_policy", METRICS, _unknown, "nothing in the table says what is decided today"),
    _rule(
        "success_threshold",
        METRICS,
        _unknown,
        "without a stated requirement the model must beat the baseline by more than noise",
    ),
    _rule("false_positive_cost", METRICS, _unknown, "until stated, both errors count alike"),
    _rule("false_negative_cost", METRICS, _unknown, "until stated, both errors count alike"),
    _rule("value_per_unit_error", METRICS, _unknown, "until stated, error is reported in the target's own unit"),
    _rule("label_meaning", LANDSCAPE, _unknown, "only those who wrote it down know"),
    _rule("label_delay_days", LANDSCAPE, _unknown, "it decides when performance can be monitored; only you know"),
    _rule(
        "protected",
        BIAS,
        lambda evidence: list(evidence["protected"]),
        "their names speak of protected attributes: {protected}",
        when=lambda evidence: bool(evidence["protected"]),
        variant=".named",
    ),
    _rule("protected", BIAS, lambda evidence: [], "no column's name speaks of one; codes may still hide one"),
    _rule(
        "fairness_tolerance",
        "Fairness Metrics: Define and monitor fairness across protected groups",
        lambda evidence: 0.8,
        "the four-fifths rule, where groups are to be judged: {stated_protected}",
        when=lambda evidence: bool(evidence["stated_protected"]),
        variant=".groups",
    ),
    _rule(
        "fairness_tolerance",
        "Fairness Metrics: Define and monitor fairness across protected groups",
        _unknown,
        "no protected attribute was named, so no group is compared",
    ),
    _rule("harm", BIAS, _unknown, "only you know whom the decisions touch"),
    _rule(
        "fallback_action",
        FAILURE,
        lambda evidence: "a person decides",
        "the usual and safest way until something else is stated",
    ),
    _rule(
        "explainability",
        COMPLIANCE,
        lambda evidence: "individual",
        "people can be affected by attribute ({stated_protected}), so each prediction needs its reasons",
        when=lambda evidence: bool(evidence["stated_protected"]),
        variant=".persons",
    ),
    _rule(
        "explainability",
        COMPLIANCE,
        lambda evidence: "overall",
        "no protected attribute was named; what the model goes by as a whole is enough",
    ),
    _rule("retention_days", COMPLIANCE, lambda evidence: 365, "a year, so that a yearly audit can look back"),
    _rule("latency_p95_ms", TECHNICAL, lambda evidence: 100, "what a person at a screen does not notice"),
    _rule("throughput_rps", TECHNICAL, lambda evidence: 10, "a modest load that one process bears"),
    _rule("memory_mb", TECHNICAL, lambda evidence: 1024, "what a small container has"),
    _rule("growth", LANDSCAPE, _unknown, "only you know"),
    _rule("infrastructure", INFRASTRUCTURE, _unknown, "nothing was stated, so everything runs on this machine"),
    _rule("owner", MAINTENANCE, _unknown, "a name is needed before it goes live"),
    _rule("on_call", MAINTENANCE, _unknown, "a name is needed before it goes live"),
)
