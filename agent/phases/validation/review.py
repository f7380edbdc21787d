"""Step 3.7, review: every check so far against the criteria of step 1.1, and the verdict that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Check, Outcome
from tools.wording import Fact, Sentence, inert, plural, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.fairness import FairnessReport
    from tools.evaluation.holdout import HoldoutReport
    from tools.evaluation.verdict import Settling, Verdict

ID = "validation.review"
REVIEWED = (
    "intake.feasibility",
    "preparation.success_metrics",
    "preparation.discovery",
    "preparation.split",
    "preparation.leakage",
    "preparation.cleaning",
    "preparation.features",
    "preparation.baseline",
    "experimentation.cross_validation",
    "experimentation.error_analysis",
    "experimentation.optimisation",
    "validation.holdout",
    "validation.ab_design",
    "validation.fairness",
    "validation.robustness",
    "validation.stress",
    "validation.business",
)
"""Steps whose checks count, in order of execution; a later check replaces an earlier one of the same id."""


def run(job: Job) -> Outcome:
    """Compute the verdict."""
    from tools.evaluation.criteria import Criteria, fingerprint
    from tools.evaluation.fairness import FairnessReport
    from tools.evaluation.holdout import HoldoutReport
    from tools.evaluation.verdict import decide

    criteria = job.load("criteria.json", Criteria)
    test = job.load("holdout.json", HoldoutReport)
    groups = job.load("fairness.json", FairnessReport)
    checks: list[Check] = []
    for step in REVIEWED:
        checks += job.outcome(step).checks
    verdict = decide(checks, fingerprint(criteria), settling(criteria, test, groups))
    job.save_json("verdict.json", verdict)
    return outcome(verdict)


def settling(criteria: Criteria, test: HoldoutReport, groups: FairnessReport) -> list[Settling]:
    """Further rows that would settle what is open: for the metric, for small classes, for small groups."""
    import math

    from tools.evaluation.verdict import Settling

    found: list[Settling] = []
    short = 0
    if criteria.task == "binary" and test.classes:
        smallest = max(1, min(test.classes.values()))
        short = max(0, math.ceil(criteria.minimum_class_rows * test.rows / smallest) - test.rows)
        found.append(Settling(check="data.rows", subject="test data", rows=short))
    further = max(short, (test.rows_to_settle or test.rows) - test.rows)
    found.append(Settling(check="holdout.metric", subject="test data", rows=further))
    for attribute in groups.attributes:
        if not attribute.crossed:
            found += [
                Settling(
                    check=f"fairness.{attribute.name}",
                    subject=f'"{inert(attribute.name)}: {inert(group.name)}"',
                    rows=group.rows_missing,
                )
                for group in attribute.groups
                if group.status == "insufficient"
            ]
    return found


def outcome(verdict: Verdict) -> Outcome:
    """The verdict in words."""
    counts = {status: sum(check.status == status for check in verdict.checks) for status in STATES}
    facts: dict[str, Fact] = {
        "verdict": verdict.verdict,
        "recommendation": verdict.recommendation,
        "criteria_sha256": verdict.criteria_sha256,
        "checks": len(verdict.checks),
        **{f"checks_{status}": count for status, count in counts.items()},
    }
    for entry in verdict.rows_to_settle:
        facts[f"rows_to_settle.{entry.check}.{entry.subject}"] = entry.rows
    # the reasons are the checks that the gate shows next, and stand in the verdict: here they would be said twice
    return Outcome(summary=_summary(verdict, counts), facts=facts)


STATES = ("pass", "warn", "fail", "insufficient")


def _summary(verdict: Verdict, counts: dict[str, int]) -> Sentence:
    template = "{verdict}: {passed|int} of {all|int} checks so far pass"
    facts: dict[str, Fact] = {"verdict": verdict.verdict, "passed": counts["pass"], "all": len(verdict.checks)}
    if counts["fail"]:
        template += f", {{failed|int}} {plural(counts['fail'], 'fails', 'fail')}"
        facts["failed"] = counts["fail"]
    if counts["warn"]:
        template += f", {{warned|int}} {plural(counts['warn'], 'warns', 'warn')}"
        facts["warned"] = counts["warn"]
    if counts["insufficient"]:
        template += f", {{open|int}} {plural(counts['insufficient'], 'is', 'are')} open"
        facts["open"] = counts["insufficient"]
    grave = next((check for check in verdict.checks if check.status == "fail" and check.blocking), None)
    if grave is not None:
        template += "; the first that blocks: {grave}"
        facts["grave"] = inert(grave.title or grave.id)
    return say(template, **facts)


STEP = Step(
    id=ID,
    guidance="3.7",
    title="review",
    run=run,
    needs=("criteria.json", "holdout.json", "fairness.json", *(f"{step}.outcome" for step in REVIEWED)),
    makes=("verdict.json",),
)
