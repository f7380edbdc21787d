"""The phases as data: each a tuple of steps in order of execution."""

from __future__ import annotations

from agent.phases import deployment, experimentation, intake, preparation, validation
from agent.registry import Phase

PHASES: tuple[Phase, ...] = (
    Phase("intake", "Intake", intake.STEPS, gated=False),
    Phase("preparation", "1 Preparation", preparation.STEPS),
    Phase("experimentation", "2 Experimentation", experimentation.STEPS),
    Phase("validation", "3 Validation", validation.STEPS),
    Phase("deployment", "4 Deployment", deployment.STEPS),
)
