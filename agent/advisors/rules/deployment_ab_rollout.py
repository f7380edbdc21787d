"""Rules for step 4.5: the stages of a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.steps import Rule

LINE = "A/B test deployment"
LONG = 28.0
"""Days of an A/B test from which small stages would take a season."""


def _careful(evidence: Mapping[str, Any]) -> bool:
    return bool(evidence.get("protected") or evidence.get("harm"))


def _slow(evidence: Mapping[str, Any]) -> bool:
    days = evidence.get("days")
    return isinstance(days, int | float) and days > LONG


RULES: tuple[Rule, ...] = (
    Rule(
        id="rollout.slow",
        question="rollout.steps",
        guidance=LINE,
        when=_slow,
        choose=lambda evidence: [0, 0.2, 0.5],
        reason="at the stated traffic the test takes {days|int} days; fewer and larger stages come to an end",
    ),
    Rule(
        id="rollout.careful",
        question="rollout.steps",
        guidance="Human in the Loop",
        when=_careful,
        choose=lambda evidence: [0, 0.01, 0.05, 0.25, 0.5],
        reason="people may be harmed by a wrong answer, so the first stages are small",
    ),
    Rule(
        id="rollout.usual",
        question="rollout.steps",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: [0, 0.05, 0.25, 0.5],
        reason="in shadow first, where nothing can go wrong; then a small share, then half",
    ),
)
