"""Rules for step 4.7: what makes a retraining due, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.steps import Rule

LINE = "Retraining pipeline setup"
CONTINUOUS = "Concept Drift: Online learning, periodic retraining"
LATE = 60.0
"""Days after which labels come too late to be the first to tell."""


def _delay(evidence: Mapping[str, Any]) -> float | None:
    value = evidence.get("label_delay_days")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


RULES: tuple[Rule, ...] = (
    Rule(
        id="triggers.late_labels",
        question="retraining.triggers",
        guidance=CONTINUOUS,
        when=lambda evidence: (_delay(evidence) or 0.0) > LATE,
        choose=lambda evidence: ["schedule", "drift", "volume"],
        reason="labels come {label_delay_days|num} days late, so drift has to tell before performance can",
    ),
    Rule(
        id="triggers.all",
        question="retraining.triggers",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: ["schedule", "drift", "performance", "volume"],
        reason="each catches what the others miss: age, moved columns, worse results, much that is new",
    ),
    Rule(
        id="cadence.moved",
        question="retraining.cadence",
        guidance=CONTINUOUS,
        when=lambda evidence: bool(evidence.get("moved")),
        choose=lambda evidence: "weekly" if (_delay(evidence) or 0.0) <= 7 else "monthly",
        reason="{moved|int} columns have moved already between the model's own rows and the test rows",
    ),
    Rule(
        id="cadence.by_time",
        question="retraining.cadence",
        guidance=CONTINUOUS,
        when=lambda evidence: bool(evidence.get("by_time")),
        choose=lambda evidence: "monthly",
        reason="the rows follow each other in time, so what was learned ages",
    ),
    Rule(
        id="cadence.late_labels",
        question="retraining.cadence",
        guidance=LINE,
        when=lambda evidence: (_delay(evidence) or 0.0) > LATE,
        choose=lambda evidence: "quarterly",
        reason="with labels {label_delay_days|num} days late, more often would add little that is new",
    ),
    Rule(
        id="cadence.usual",
        question="retraining.cadence",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: "quarterly",
        reason="nothing here moves with time; a regular look is enough",
    ),
)
