"""What the expert recommends for the search: which families, how many settings, how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.steps import Rule

SIMPLE = "Prioritize simplicity: Can a simple model solve this? Start there."
IMBALANCE = "Pattern: Imbalanced Classification"
BUDGET = "Technical Constraints: Latency requirements, compute budget, deployment environment"
SEARCH = "Pattern: Hyperparameter Optimization"
RARE = 0.25
"""As ``tools.modeling.imbalance.RARE``; a test holds the two together."""
LARGE = 60_000
FEW = 400
MANY_CLASSES = 20
SEVERAL_CLASSES = 4


def _all_but_balanced(evidence: Mapping[str, Any]) -> list[str]:
    return ["linear", "forest", "histgb", "xgb", "lgbm"]


RULES: tuple[Rule, ...] = (
    Rule(
        id="search.families.transparent",
        question="search.families",
        guidance="Explainability: Provide interpretable results for stakeholders",
        when=lambda evidence: bool(evidence["transparent"]),
        choose=lambda evidence: ["linear"],
        reason="The model itself must be readable: only a linear one can be read weight by weight.",
    ),
    Rule(
        id="search.families.large",
        question="search.families",
        guidance=BUDGET,
        when=lambda evidence: evidence["rows"] > LARGE,
        choose=lambda evidence: ["linear", "xgb", "lgbm"],
        reason="{rows|int} rows: the simplest family and the two fastest boosters; forests would take most of the time"
        " and seldom lead.",
    ),
    Rule(
        id="search.families.many_classes",
        question="search.families",
        guidance=BUDGET,
        when=lambda evidence: evidence["classes"] > MANY_CLASSES,
        choose=lambda evidence: ["linear", "forest", "lgbm"],
        reason="{classes|int} classes: boosters grow one tree per class and round, so only the fastest is tried.",
    ),
    Rule(
        id="search.families.rare",
        question="search.families",
        guidance=IMBALANCE,
        when=lambda evidence: evidence["task"] == "binary" and (evidence["minority"] or 1.0) < RARE,
        choose=lambda evidence: ["linear", "forest", "balanced", "histgb", "xgb", "lgbm"],
        reason="Only {minority|pct} of the rows are of the rarer class: a balanced forest joins the usual families, and"
        " the search may weigh or resample inside the folds.",
    ),
    Rule(
        id="search.families.few",
        question="search.families",
        guidance=SIMPLE,
        when=lambda evidence: evidence["rows"] < FEW,
        choose=lambda evidence: ["linear", "forest", "xgb"],
        reason="{rows|int} training rows: with so few, a linear model is hard to beat; one forest and one booster are"
        " tried beside it.",
    ),
    Rule(
        id="search.families.usual",
        question="search.families",
        guidance=SIMPLE,
        when=lambda evidence: True,
        choose=_all_but_balanced,
        reason="{rows|int} rows and {features|int} features suit all of these, from the simple to the flexible; the"
        " simplest that is not worse will be recommended.",
    ),
    Rule(
        id="search.max_seconds.none",
        question="search.max_seconds",
        guidance=BUDGET,
        when=lambda evidence: True,
        choose=lambda evidence: None,
        reason="A number of settings limits the search as well, and a replay repeats it on any machine.",
    ),
    Rule(
        id="search.trials.clock",
        question="search.trials",
        guidance=BUDGET,
        when=lambda evidence: evidence["max_seconds"] is not None,
        choose=lambda evidence: None,
        reason="The clock was set ({max_seconds|sec}), so it alone decides.",
    ),
    Rule(
        id="search.trials.large",
        question="search.trials",
        guidance=SEARCH,
        when=lambda evidence: evidence["rows"] > LARGE,
        choose=lambda evidence: 12,
        reason="With {rows|int} rows each setting takes long, and standard settings are close to the best already.",
    ),
    Rule(
        id="search.trials.classes",
        question="search.trials",
        guidance=SEARCH,
        when=lambda evidence: evidence["classes"] > SEVERAL_CLASSES,
        choose=lambda evidence: 16,
        reason="With {classes|int} classes boosters grow {classes|int} trees a round, so each setting takes its time.",
    ),
    Rule(
        id="search.trials.single",
        question="search.trials",
        guidance=SEARCH,
        when=lambda evidence: evidence["families"] == 1,
        choose=lambda evidence: 15,
        reason="One family has few parameters worth varying.",
    ),
    Rule(
        id="search.trials.usual",
        question="search.trials",
        guidance=SEARCH,
        when=lambda evidence: True,
        choose=lambda evidence: 30,
        reason="Standard settings of {families|int} families first, then a guided search; with {rows|int} rows more"
        " settings would mostly chase noise.",
    ),
)
