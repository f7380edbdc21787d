"""Step 3.5, stress: the scorer's service at the stated load, at ten times that, and under malformed requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Job, Kind, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria, Limits
    from tools.evaluation.stress import StressReport

ID = "validation.stress"
ROWS = 200
"""Validation rows that requests take in turn."""


def run(job: Job) -> Outcome:
    """Start the service on this machine, measure it, stop it."""
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.stress import StressReport

    criteria = job.load("criteria.json", Criteria)
    measured = job.observe("load", lambda: _measure(job, criteria.limits))
    report = StressReport.model_validate(measured)
    job.save_json("stress.json", report)
    return outcome(report, criteria)


def _measure(job: Job, limits: Limits) -> Any:
    import tempfile
    from pathlib import Path

    from tools.evaluation.stress import measure
    from tools.features.matrix import load_target
    from tools.serving.bundle import Contents, assemble_service
    from tools.serving.endpoint import probing
    from tools.serving.requests import ask_for, prior_of
    from tools.serving.service.scorer import Scorer

    scorer = Scorer.load(job.path("scorer/"))
    frame = job.frame("validation.parquet")
    if not len(frame):
        frame = job.frame("train.parquet")
    asked = ask_for(frame.head(ROWS), scorer)
    prior = prior_of(load_target(job.path("train_target.parquet")).y, len(scorer.classes))
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        assemble_service(bundle, job.path("scorer/"), Contents(name="stress", prior=prior))
        job.progress(0, 1, "starting the service")
        with probing(bundle, Path(scratch)) as probe:
            return measure(
                probe,
                asked.rows,
                stated_rps=limits.throughput_rps,
                latency_p95_ms=limits.latency_p95_ms,
            )


def outcome(report: StressReport, criteria: Criteria) -> Outcome:
    """What the load showed, in words."""
    from tools.evaluation.stress import checks

    usual, heavy = report.loads[0], report.loads[-1]
    facts: dict[str, Fact] = {
        "rps": usual.rps,
        "rps_stated": report.stated_rps is not None,
        "p50_ms": usual.p50_ms,
        "p95_ms": usual.p95_ms,
        "p99_ms": usual.p99_ms,
        "requests": usual.requests,
        "failures": usual.failures,
        "heavy_rps": heavy.rps,
        "heavy_p95_ms": heavy.p95_ms,
        "heavy_p99_ms": heavy.p99_ms,
        "heavy_requests": heavy.requests,
        "heavy_failures": heavy.failures,
        "heavy_answered_rps": heavy.answered_rps,
        "heavy_failure_rate": heavy.failure_rate,
        "cold_start_seconds": report.cold_start_seconds,
        "memory_bytes": report.memory_loaded_bytes,
        "malformed": len(report.malformed),
        "malformed_errors": len(report.server_errors),
    }
    return Outcome(
        summary=_summary(facts),
        notes=tuple(_notes(report, facts)),
        facts=facts,
        checks=checks(report, criteria.limits.latency_p95_ms, criteria.limits.memory_mb),
    )


def _summary(facts: dict[str, Fact]) -> Sentence:
    used = {name: facts[name] for name in ("p95_ms", "rps", "heavy_p95_ms", "heavy_rps", "heavy_failures")}
    template = (
        "p95 {p95_ms|ms} at {rps|num} requests a second, {heavy_p95_ms|ms} at {heavy_rps|num}; "
        + ("none failed" if not facts["heavy_failures"] and not facts["failures"] else "{heavy_failures|int} failed")
    )  # fmt: skip
    return say(template, **used)


def _notes(report: StressReport, facts: dict[str, Fact]) -> list[Sentence]:
    notes = []
    if report.stated_rps is None:
        notes.append(say("no load was stated; {rps|num} requests a second stand for it", rps=facts["rps"]))
    if report.first_p95_ms is not None:
        notes.append(
            say("the limit was missed at first ({first|ms}); the better of two measurements counts",
                first=report.first_p95_ms)
        )  # fmt: skip
    heavy = report.loads[-1]
    if heavy.answered_rps < 0.9 * heavy.rps:
        notes.append(
            say("at ten times the load one process answers {answered|num} of {offered|num} requests a second",
                answered=heavy.answered_rps, offered=heavy.rps)
        )  # fmt: skip
    word = plural(len(report.malformed), "request")
    if report.server_errors:
        notes.append(
            say("{errors|int} malformed requests got a server error: {names}",
                errors=len(report.server_errors), names=listed(report.server_errors))
        )  # fmt: skip
    else:
        notes.append(
            say("all {count|int} malformed {word} were refused without a server error",
                count=len(report.malformed), word=word)
        )  # fmt: skip
    template = "ready {seconds|sec} after a cold start"
    if report.memory_loaded_bytes is not None:
        template += ", {memory|bytes} of memory under load"
    notes.append(say(template, seconds=report.cold_start_seconds, memory=report.memory_loaded_bytes))
    return notes


STEP = Step(
    id=ID,
    guidance="3.5",
    title="stress",
    run=run,
    kind=Kind.OBSERVE,
    needs=("scorer/", "validation.parquet", "train.parquet", "train_target.parquet", "criteria.json"),
    makes=("stress.json",),
    libraries=("fastapi", "uvicorn", "httpx", "numpy", "onnxruntime"),
)
