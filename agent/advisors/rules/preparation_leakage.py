"""Rules for leakage: what to do with a suspect."""

from __future__ import annotations

from agent.steps import Rule

LEAKAGE = "Data Leakage: Strict train/test separation, temporal validation"

RULES: tuple[Rule, ...] = (
    Rule(
        "leakage.certain",
        "data.leakage.*",
        LEAKAGE,
        lambda evidence: bool(evidence["certain"]),
        lambda evidence: "drop",
        "{said}",
    ),
    Rule(
        "leakage.likely",
        "data.leakage.*",
        LEAKAGE,
        lambda evidence: evidence["recommended"] == "drop",
        lambda evidence: "drop",
        "{said}; dropped unless somebody knows better",
    ),
    Rule(
        "leakage.weak",
        "data.leakage.*",
        LEAKAGE,
        lambda evidence: True,
        lambda evidence: "keep",
        "{said}; it may be honest",
    ),
)
