"""Phase 1: from a table to clean training data and a baseline."""

from __future__ import annotations

from agent.phases.preparation import (
    baseline,
    cleaning,
    discovery,
    documents,
    exploration,
    features,
    leakage,
    notebook,
    split,
    success_metrics,
)
from agent.steps import Step

STEPS: tuple[Step, ...] = (
    success_metrics.STEP,
    discovery.STEP,
    split.STEP,
    leakage.STEP,
    exploration.STEP,
    cleaning.STEP,
    features.STEP,
    baseline.STEP,
    notebook.STEP,
    documents.STEP,
)
