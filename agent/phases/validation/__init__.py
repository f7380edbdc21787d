"""Phase 3: from the sealed test rows to a verdict."""

from __future__ import annotations

from agent.phases.validation import (
    ab_design,
    business,
    documents,
    fairness,
    holdout,
    review,
    robustness,
    stress,
)
from agent.steps import Step

STEPS: tuple[Step, ...] = (
    holdout.STEP,
    ab_design.STEP,
    fairness.STEP,
    robustness.STEP,
    stress.STEP,
    business.STEP,
    review.STEP,
    documents.STEP,
)
