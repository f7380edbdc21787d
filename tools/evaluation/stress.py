"""The stress test of a running service: one and ten times the stated load, malformed requests, memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from tools.evaluation.load import Load, drive
from tools.records import Check, Record, Status
from tools.serving.endpoint import Probe
from tools.serving.process import memory_bytes
from tools.wording import say

DEFAULT_RPS = 20.0
"""Requests a second where none were stated."""
TIMEOUT = 10.0


class Malformed(Record):
    """What came back for one malformed request."""

    name: str
    status: int | None
    """None where the connection ended without a reply."""
    problem: bool
    """Whether the reply is problem JSON."""


class StressReport(Record):
    """Everything measured in step 3.5 (``stress.json``)."""

    version: int = 1
    cold_start_seconds: float
    memory_idle_bytes: int | None
    memory_loaded_bytes: int | None
    """After the heaviest load."""
    stated_rps: float | None
    loads: tuple[Load, ...]
    first_p95_ms: float | None = None
    """Where the stated limit was missed at first and the usual load measured again: what the first gave."""
    malformed: tuple[Malformed, ...]

    @property
    def server_errors(self) -> tuple[str, ...]:
        """Names of malformed requests that got a 5xx or no reply."""
        return tuple(one.name for one in self.malformed if one.status is None or one.status >= 500)


def battery(row: Mapping[str, Any]) -> dict[str, bytes]:
    """Malformed bodies by name, made from a row that is fine."""
    name = next(iter(row), "column")
    plain = json.dumps({"rows": [dict(row)]})
    rest = {key: value for key, value in row.items() if key != name}

    def cell(text: str) -> bytes:
        others = json.dumps(rest)[1:-1]
        return f'{{"rows": [{{{json.dumps(name)}: {text}{", " if others else ""}{others}}}]}}'.encode()

    return {
        "empty body": b"",
        "not JSON": b"rows=1",
        "cut off": plain[: len(plain) // 2].encode(),
        "not UTF-8": b'{"rows": [{"\xff": 1}]}',
        "null": b"null",
        "another shape": b'{"instances": []}',
        "rows of another type": b'{"rows": 5}',
        "no rows": b'{"rows": []}',
        "row of another type": b'{"rows": [1]}',
        "empty row": b'{"rows": [{}]}',
        "unknown column": json.dumps({"rows": [{**row, "no such column": 1}]}).encode(),
        "NaN": cell("NaN"),
        "Infinity": cell("-Infinity"),
        "number out of range": cell("1e999"),
        "number of many digits": cell("9" * 4000),
        "list for a value": cell("[1]"),
        "object for a value": cell('{"a": 1}'),
        "value given twice": cell(f"1, {json.dumps(name)}: 2"),
        "lone surrogate": cell('"\\ud800"'),
        "control characters": cell('"\\u0000\\u001b[2J"'),
        "very long text": cell(json.dumps("x" * 200_000)),
        "deep nesting": b"[" * 50_000,
        "deep value": cell("[" * 5000 + "]" * 5000),
        "many rows": json.dumps({"rows": [{} for _ in range(5000)]}).encode(),
        "large body": b'{"rows": [' + b" " * 5_000_000,
    }


def send_malformed(url: str, token: str, row: Mapping[str, Any]) -> tuple[Malformed, ...]:
    """Send every malformed body, each on a connection of its own."""
    found = []
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for name, body in battery(row).items():
        try:
            reply = httpx.post(f"{url}/predict", content=body, headers=headers, timeout=TIMEOUT, trust_env=False)
            problem = reply.headers.get("content-type", "") == "application/problem+json"
            found.append(Malformed(name=name, status=reply.status_code, problem=problem))
        except httpx.WriteError:
            # The service refused by the stated length and closed before the body was sent: a refusal all the same.
            found.append(Malformed(name=name, status=413, problem=False))
        except httpx.HTTPError:
            found.append(Malformed(name=name, status=None, problem=False))
    return tuple(found)


def measure(
    probe: Probe,
    rows: Sequence[Mapping[str, Any]],
    *,
    stated_rps: float | None = None,
    latency_p95_ms: float | None = None,
) -> StressReport:
    """Measure a running service at one and ten times the stated load, then its answers to malformed requests.

    Args:
        probe: the running service.
        rows: rows as requests hold them; one a request, in turn.
        stated_rps: stated requests a second; ``DEFAULT_RPS`` where None.
        latency_p95_ms: stated limit. Where the usual load misses it, it is measured once more and the better counts:
            other programs on the machine slow a measurement, nothing speeds one up.
    """
    rps = stated_rps or DEFAULT_RPS
    bodies = [json.dumps({"rows": [dict(row)]}).encode() for row in rows]
    idle = memory_bytes(probe.pid)
    usual, first = drive(probe.url, probe.token, bodies, rps=rps), None
    if latency_p95_ms is not None and usual.p95_ms > latency_p95_ms:
        again, first = drive(probe.url, probe.token, bodies, rps=rps), usual.p95_ms
        usual = min(usual, again, key=lambda load: load.p95_ms)
    heavy = drive(probe.url, probe.token, bodies, rps=rps * 10, factor=10)
    loaded = memory_bytes(probe.pid)
    return StressReport(
        cold_start_seconds=probe.cold_start_seconds,
        memory_idle_bytes=idle,
        memory_loaded_bytes=loaded,
        stated_rps=stated_rps,
        loads=(usual, heavy),
        first_p95_ms=first,
        malformed=send_malformed(probe.url, probe.token, rows[0]),
    )


TOLERATED = 0.01
"""Share of requests that may fail."""


def checks(report: StressReport, latency_p95_ms: float | None, memory_mb: float | None) -> tuple[Check, ...]:
    """The checks of step 3.5.

    ``latency`` and ``memory`` are there where a limit was stated, and block. ``stress`` fails where a malformed request
    is answered by 5xx or the stated load makes requests fail; it warns where only ten times the load does.
    """
    found = []
    usual, heavy = report.loads[0], report.loads[-1]
    if latency_p95_ms is not None:
        found.append(
            Check(
                id="latency",
                status="pass" if usual.p95_ms <= latency_p95_ms else "fail",
                blocking=True,
                value=usual.p95_ms,
                criterion=f"p95 ≤ {latency_p95_ms:g} ms at the stated load",
                title="Latency of a prediction",
                measured=say(
                    "p95 {p95|ms}, p99 {p99|ms} at {rps|num} requests a second",
                    p95=usual.p95_ms,
                    p99=usual.p99_ms,
                    rps=usual.rps,
                ),
            )
        )
    if memory_mb is not None and report.memory_loaded_bytes is not None:
        found.append(
            Check(
                id="memory",
                status="pass" if report.memory_loaded_bytes <= memory_mb * 1e6 else "fail",
                blocking=True,
                value=report.memory_loaded_bytes,
                criterion=f"≤ {memory_mb:g} MB",
                title="Memory of the service under load",
                measured=say("{memory|bytes} resident", memory=report.memory_loaded_bytes),
            )
        )
    broken = report.server_errors
    status: Status = "pass"
    if broken or usual.failure_rate > TOLERATED:
        status = "fail"
    elif heavy.failure_rate > TOLERATED:
        status = "warn"
    found.append(
        Check(
            id="stress",
            status=status,
            blocking=False,
            value=heavy.failure_rate,
            criterion=f"≤ {TOLERATED * 100:g} % of requests fail at ten times the load, however long they take;"
            " no server error for malformed requests",
            title="Ten times the load, malformed requests",
            measured=say(
                "{failed|pct} of {requests|int} requests failed at {rps|num} a second, p95 {p95|ms}; {broken|int} of "
                "{malformed|int} malformed requests got a server error",
                failed=heavy.failure_rate,
                requests=heavy.requests,
                rps=heavy.rps,
                p95=heavy.p95_ms,
                broken=len(broken),
                malformed=len(report.malformed),
            ),
        )
    )
    return tuple(found)
