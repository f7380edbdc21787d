"""Rules for feasibility: it asks nothing, so there are none."""

from __future__ import annotations

from agent.steps import Rule

RULES: tuple[Rule, ...] = ()
