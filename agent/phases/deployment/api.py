"""Step 4.2, API: the service of the bundle is asked everything that it should answer and much that it should refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Check, Finding, Outcome
from tools.wording import Fact, listed, plural, say

if TYPE_CHECKING:
    from tools.serving.trying import ApiReport

ID = "deployment.api"


def run(job: Job) -> Outcome:
    """Try the service in process, without a socket."""
    from tools.serving.trying import try_service

    report = try_service(job.path("bundle/"))
    job.save_json("api.json", report)
    return outcome(report)


def outcome(report: ApiReport) -> Outcome:
    """What the service takes, gives and refuses, in words."""
    kinds = {kind: sum(column.type == kind for column in report.columns) for kind in ("number", "text")}
    numbers = sum(column.type in ("number", "integer") for column in report.columns)
    broken = [one.name for one in report.refusals if one.status >= 500]
    taken = [one.name for one in report.refusals if one.status < 400]
    facts: dict[str, Fact] = {
        "columns": len(report.columns),
        "numbers": numbers,
        "texts": kinds["text"],
        "others": len(report.columns) - numbers - kinds["text"],
        "routes": len(report.routes),
        "golden_rows": report.golden_rows,
        "golden_equal": report.golden_equal,
        "refusals": len(report.refusals),
        "server_errors": len(broken),
        "taken": len(taken),
        "without_token": report.without_token,
        "explained": report.explained,
        "rows_limit": report.rows_limit,
        "body_limit_bytes": report.body_limit_bytes,
    }
    notes = [
        say(
            "{refused|int} of {tried|int} malformed requests are refused with the column or key at fault",
            refused=len(report.refusals) - len(broken) - len(taken),
            tried=len(report.refusals),
        ),
        say(
            "a request may hold up to {rows|int} rows and {bytes|bytes}; without the token there is only health",
            rows=report.rows_limit,
            bytes=report.body_limit_bytes,
        ),
    ]
    if report.explained:
        notes.append(
            say('for the golden rows, "{column}" moves the answer most', column=report.explained)
        )  # fmt: skip
    template = "{columns|int} {word} in: {numbers|int} of numbers, {texts|int} of text"
    template += ", {others|int} of dates or yes and no" if facts["others"] else ""
    template += "; all {golden|int} golden rows come out to the bit" if report.golden_equal == report.golden_rows else (
        "; {equal|int} of {golden|int} golden rows come out to the bit"
    )  # fmt: skip
    return Outcome(
        summary=say(
            template,
            columns=len(report.columns),
            word=plural(len(report.columns), "column"),
            numbers=numbers,
            texts=kinds["text"],
            others=facts["others"],
            golden=report.golden_rows,
            equal=report.golden_equal,
        ),
        notes=tuple(notes),
        facts=facts,
        findings=_findings(broken),
        checks=(
            Check(
                id="api",
                status="pass"
                if not broken and report.golden_equal == report.golden_rows and report.without_token == report.guarded
                else "fail",
                blocking=True,
                value=len(broken),
                criterion="golden rows to the bit, no server error, nothing without the token",
                title="the service's answers",
                measured=say(
                    "{equal|int} of {golden|int} golden rows, {broken|int} server errors, {closed|int} of "
                    "{guarded|int} addresses closed",
                    equal=report.golden_equal,
                    golden=report.golden_rows,
                    broken=len(broken),
                    closed=report.without_token,
                    guarded=report.guarded,
                ),
            ),
        ),
    )


def _findings(broken: list[str]) -> tuple[Finding, ...]:
    if not broken:
        return ()
    return (
        Finding(
            id="quality.service",
            step=ID,
            kind="quality",
            level="warn",
            text=say("the service fails on {names}", names=listed(broken)),
            action="do not expose the endpoint before this is mended",
        ),
    )


STEP = Step(
    id=ID,
    guidance="4.2",
    title="API",
    run=run,
    needs=("bundle/",),
    makes=("api.json",),
    libraries=("fastapi", "httpx", "numpy", "onnxruntime"),
)
