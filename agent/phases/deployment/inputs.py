"""What the serving steps share: which columns are personal, and a probe of the scorer's service."""

from __future__ import annotations

from agent.steps import Job

PERSONAL = ("data.personal.*",)
"""Decisions of every step that asks which columns are personal."""
FOUND = ("preparation.discovery.outcome",)
"""Needs of every step that does."""


def personal_columns(job: Job) -> set[str]:
    """Columns with personal data, whatever was decided about them, of a job that declares `PERSONAL` and `FOUND`."""
    found = {
        column
        for finding in job.outcome("preparation.discovery").findings
        if finding.kind == "personal"
        for column in finding.columns
    }
    return found | set(job.answers("data.personal."))
