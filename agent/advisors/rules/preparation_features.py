"""What the expert recommends for features, and why."""

from __future__ import annotations

from agent.steps import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="features.use_protected.audit",
        question="features.use_protected",
        guidance="Compliance Requirements: Data privacy, model explainability, audit requirements",
        when=lambda evidence: True,
        choose=lambda evidence: "audit_only",
        reason="A model that sees {protected} can treat people differently by it; the audit can judge without that.",
    ),
    Rule(
        id="features.proposed.spans_and_shares",
        question="features.proposed",
        guidance="Feature engineering",
        when=lambda evidence: bool(evidence.get("spans")) and bool(evidence.get("shares")),
        choose=lambda evidence: [*evidence["spans"], *evidence["shares"]],
        reason="The time between {dates}, and each part's share of {totals}, often say more than the columns alone.",
    ),
    Rule(
        id="features.proposed.spans",
        question="features.proposed",
        guidance="Feature engineering",
        when=lambda evidence: bool(evidence.get("spans")),
        choose=lambda evidence: list(evidence["spans"]),
        reason="The time between {dates} often says more than each date alone.",
    ),
    Rule(
        id="features.proposed.shares",
        question="features.proposed",
        guidance="Feature engineering",
        when=lambda evidence: bool(evidence.get("shares")),
        choose=lambda evidence: list(evidence["shares"]),
        reason="Some columns add up to {totals}; each one's share of it often says more than the amount.",
    ),
    Rule(
        id="features.proposed.none",
        question="features.proposed",
        guidance="Start Simple: Begin with baseline models, iterate toward complexity",
        when=lambda evidence: True,
        choose=lambda evidence: [],
        reason="The columns as they are come first; nothing in the profile suggests a combination.",
    ),
)
