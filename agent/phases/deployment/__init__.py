"""Phase 4: from a bundle to a served, monitored model."""

from __future__ import annotations

from agent.phases.deployment import (
    ab_rollout,
    api,
    documents,
    infrastructure,
    monitoring,
    packaging,
    performance,
    retraining,
)
from agent.steps import Step

STEPS: tuple[Step, ...] = (
    packaging.STEP,
    api.STEP,
    infrastructure.STEP,
    monitoring.STEP,
    ab_rollout.STEP,
    performance.STEP,
    retraining.STEP,
    documents.STEP,
)
