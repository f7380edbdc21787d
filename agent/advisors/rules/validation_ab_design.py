"""Rules for step 3.2: what an A/B test should be able to find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.steps import Rule

LINE = "A/B testing setup"
ERRORS = ("expected_cost", "mae", "rmse", "brier", "log_loss")
"""Metrics whose relative change can be read as a relative change of the outcome."""
LEAST, USUAL, MOST = 0.05, 0.1, 0.5


def _expected(evidence: Mapping[str, Any]) -> float | None:
    """The gain over the baseline relative to the baseline's value, where both were measured."""
    if evidence.get("metric") not in ERRORS:
        return None
    gain, base = evidence.get("gain"), evidence.get("baseline_value")
    if not isinstance(gain, int | float) or not isinstance(base, int | float) or base == 0 or gain <= 0:
        return None
    return abs(float(gain) / float(base))


def _half_expected(evidence: Mapping[str, Any]) -> float:
    return round(min(MOST, max(LEAST, (_expected(evidence) or 0.0) / 2)), 2)


RULES: tuple[Rule, ...] = (
    Rule(
        id="ab.half_of_gain",
        question="ab.smallest_effect",
        guidance=LINE,
        when=lambda evidence: (_expected(evidence) or 0.0) > 2 * USUAL,
        choose=_half_expected,
        reason="the holdout shows a gain of {gain|num} over a baseline of {baseline_value|num}; half of it would still"
        " be worth having and is found with fewer units",
    ),
    Rule(
        id="ab.tenth",
        question="ab.smallest_effect",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: USUAL,
        reason="a tenth of today's outcome is a usual smallest effect worth a change",
    ),
    Rule(
        id="ab.traffic_unknown",
        question="ab.traffic",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: None,
        reason="only you know how many arrive a day; without it the units are counted and the days stay open",
    ),
)
