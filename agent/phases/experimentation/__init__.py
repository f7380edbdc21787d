"""Phase 2: from candidates to a frozen scorer."""

from __future__ import annotations

from agent.phases.experimentation import (
    algorithms,
    cross_validation,
    documents,
    ensembles,
    error_analysis,
    interpretation,
    optimisation,
    tuning,
)
from agent.steps import Step

STEPS: tuple[Step, ...] = (
    algorithms.STEP,
    tuning.STEP,
    cross_validation.STEP,
    ensembles.STEP,
    interpretation.STEP,
    error_analysis.STEP,
    optimisation.STEP,
    documents.STEP,
)
