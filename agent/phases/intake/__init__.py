"""Before phase 1: reading the data, and whether they can answer the question."""

from __future__ import annotations

from agent.phases.intake import (
    feasibility,
    source,
)
from agent.steps import Step

STEPS: tuple[Step, ...] = (
    source.STEP,
    feasibility.STEP,
)
