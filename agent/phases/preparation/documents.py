"""The deliverables of phase preparation, and the dossier's first page as things stand after it."""

from __future__ import annotations

from agent.phases.writing import documents_step, write
from agent.steps import Job
from tools.records import Outcome


def run(job: Job) -> Outcome:
    """Render the documents from what the run has found so far."""
    return write(job, "preparation")


STEP = documents_step("preparation", run)
