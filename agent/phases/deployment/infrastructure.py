"""Step 4.3, infrastructure: the bundle is started for real and must answer as offline scoring does, to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Kind, Known, Option, Step
from tools.records import Check, Outcome
from tools.wording import Fact, plural, say

if TYPE_CHECKING:
    from tools.serving.smoke import SmokeReport

ID = "deployment.infrastructure"
ROWS = 200
"""Opened test rows that the smoke test asks for, beside the golden rows."""


def run(job: Job) -> Outcome:
    """Start the bundle on loopback, compare its answers with offline predictions, stop it.

    With ``deployment.start: yes`` the session then starts the same bundle as the lasting endpoint: a worker may not
    leave a process behind.
    """
    from tools.serving.smoke import SmokeReport

    start = str(job.answer("deployment.start") or "probe")
    if start == "no":
        report = SmokeReport(started=False)
    else:
        report = SmokeReport.model_validate(job.observe("smoke", lambda: _smoke(job)))
    job.save_json("infrastructure.json", report)
    return outcome(report, start)


def _smoke(job: Job) -> Any:
    import tempfile
    from pathlib import Path

    from tools.serving.smoke import smoke

    with tempfile.TemporaryDirectory() as scratch:
        return smoke(job.path("bundle/"), job.frame("opened.parquet").head(ROWS), Path(scratch))


def outcome(report: SmokeReport, start: str) -> Outcome:
    """What the start showed, in words."""
    facts: dict[str, Fact] = {
        "started": report.started,
        "start": start,
        "rows": report.rows,
        "different": report.different,
        "left_out": report.left_out,
        "cold_start_seconds": report.cold_start_seconds,
        "memory_bytes": report.memory_bytes,
        "model_sha256": report.model,
    }
    if not report.started:
        return Outcome(
            summary=say("not started, as decided; phasegate serve starts it"),
            facts=facts,
            checks=(
                Check(
                    id="smoke",
                    status="insufficient",
                    blocking=False,
                    value=None,
                    criterion="answers equal offline predictions to the bit",
                    title="the running endpoint's answers",
                    measured=say("not started"),
                ),
            ),
        )
    equal = report.rows - report.different
    notes = [
        say(
            "ready {seconds|sec} after the start, {memory|bytes} of memory",
            seconds=report.cold_start_seconds,
            memory=report.memory_bytes,
        )
    ]
    if report.left_out:
        notes.append(
            say(
                "{count|int} {word} left out: offline scoring refuses them too",
                count=report.left_out,
                word=plural(report.left_out, "row was", "rows were"),
            )
        )
    notes.append(
        say("it was stopped again")
        if start == "probe"
        else say("the endpoint itself starts from the same bundle and is stopped by phasegate stop")
    )
    return Outcome(
        summary=say(
            "started on this machine: {equal|int} of {rows|int} answers equal offline predictions to the bit",
            equal=equal,
            rows=report.rows,
        ),
        notes=tuple(notes),
        facts=facts,
        checks=(
            Check(
                id="smoke",
                status="pass" if report.rows and not report.different else "fail",
                blocking=True,
                value=report.different,
                criterion="answers equal offline predictions to the bit",
                title="the running endpoint's answers",
                measured=say("{different|int} of {rows|int} differ", different=report.different, rows=report.rows),
            ),
        ),
    )


def _evidence(known: Known) -> dict[str, Any]:
    return {
        "verdict": (known.json("verdict.json") or {}).get("verdict") if known.has("verdict.json") else None,
        "target": known.answer("deployment.target", "local"),
        "files": known.facts("deployment.packaging").get("files"),
    }


STEP = Step(
    id=ID,
    guidance="4.3",
    title="infrastructure",
    run=run,
    kind=Kind.EFFECT,
    needs=("bundle/", "opened.parquet"),
    decisions=("deployment.start",),
    makes=("infrastructure.json",),
    libraries=("fastapi", "uvicorn", "onnxruntime", "numpy"),
    before=(
        Ask(
            id="deployment.start",
            prompt="Start the model as an endpoint on this machine now?",
            type="choice",
            options=(
                Option("yes", "start it and leave it running", "on loopback, with a token"),
                Option("probe", "start it, test it, stop it", "nothing is left running"),
                Option("no", "do not start anything"),
            ),
            evidence=_evidence,
        ),
    ),
)
