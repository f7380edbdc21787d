"""The load generator against planted services: stalls count for every delayed request, failures are counted."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tools.evaluation.load import TIMEOUT, Load, drive, percentile, planned
from tools.evaluation.stress import Malformed, StressReport, battery, checks
from tools.serving.service.limits import Limits, parse_json, rows_of
from tools.serving.service.problems import Problem

pytestmark = pytest.mark.integration


@contextmanager
def service(stall_at: float | None = None, stall: float = 0.0, failing: int = 0, silent: bool = False) -> Iterator[str]:
    """A tiny HTTP service that can stall once, fail every n-th request, or never answer."""
    ports: list[int] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    state = {"count": 0, "began": 0.0, "stalled": False}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.decode().lower().split("content-length: ")[1].split("\r\n")[0])
                await reader.readexactly(length)
                state["count"] += 1
                state["began"] = state["began"] or time.perf_counter()
                if stall_at and not state["stalled"] and time.perf_counter() - float(state["began"]) > stall_at:
                    state["stalled"] = True
                    time.sleep(stall)
                if silent and int(state["count"]) > 5:
                    await asyncio.sleep(60)
                status = "503 Busy" if failing and int(state["count"]) % failing == 0 else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        async with server:
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def test_a_stall_counts_for_every_request_that_was_due_meanwhile() -> None:
    with service(stall_at=0.5, stall=0.8) as url:
        found = drive(url, "t", [b"{}"], rps=100, seconds=2.0)
    assert found.requests == 200
    assert found.failures == 0
    # 0.8 of 2 seconds: about four in ten requests were due during the stall, a fifth waited for half of it or more.
    assert found.p95_ms > 400
    assert found.p50_ms < 100
    assert percentile([1.0] * 199 + [800.0], 0.95) == 1.0


def test_failures_and_shed_requests_are_counted() -> None:
    with service(failing=4) as url:
        found = drive(url, "t", [b"{}"], rps=50, seconds=1.5)
    assert found.requests == 75
    assert 15 <= found.failures <= 22
    assert found.shed == found.failures
    assert found.answered_rps < 45


def test_a_service_that_never_answers_ends_the_level_in_bounded_time() -> None:
    began = time.perf_counter()
    with service(silent=True) as url:
        found = drive(url, "t", [b"{}"], rps=40, seconds=1.5)
    assert found.failures == found.requests
    assert time.perf_counter() - began < 1.5 + TIMEOUT + 3


def test_the_number_of_requests_is_bounded_at_any_rate() -> None:
    assert planned(25) == 100
    assert planned(1) == 8
    assert planned(100_000) == 6000


ROW = {"amount": 1.5, "region": "north"}


@pytest.mark.parametrize("name", list(battery(ROW)))
def test_each_malformed_body_is_one_that_the_service_must_refuse(name: str) -> None:
    body, limits = battery(ROW)[name], Limits()
    if len(body) > limits.body_bytes:
        return
    try:
        rows = rows_of(parse_json(body), list(ROW), limits)
    except Problem:
        return
    assert any(set(row) != set(ROW) or not isinstance(row["amount"], float) or abs(row["amount"]) > 1e300 or
               row["amount"] != row["amount"] for row in rows)  # fmt: skip
    assert json.dumps(ROW).encode() not in body


def report(p95: float, failures: int, heavy: int, status: int | None = 422, first: float | None = None) -> StressReport:
    def level(factor: int, failed: int) -> Load:
        return Load(
            factor=factor, rps=20.0 * factor, answered_rps=20, seconds=4, requests=100, failures=failed, shed=0,
            p50_ms=1, p95_ms=p95, p99_ms=p95, max_ms=p95,
        )  # fmt: skip

    return StressReport(
        cold_start_seconds=1, memory_idle_bytes=1, memory_loaded_bytes=90_000_000, stated_rps=None,
        loads=(level(1, failures), level(10, heavy)), first_p95_ms=first,
        malformed=(Malformed(name="x", status=status, problem=True),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (report(5, 0, 0), "pass"),
        (report(5, 0, 30), "warn"),
        (report(5, 30, 30), "fail"),
        (report(5, 0, 0, status=500), "fail"),
        (report(5, 0, 0, status=None), "fail"),
    ],
)
def test_the_stress_check_fails_on_server_errors_and_warns_on_overload(given: StressReport, status: str) -> None:
    assert {check.id: check.status for check in checks(given, None, None)} == {"stress": status}


def test_limits_that_were_stated_block_and_others_are_not_judged() -> None:
    found = {check.id: check for check in checks(report(12, 0, 0), 10.0, 100.0)}
    assert (found["latency"].status, found["latency"].blocking) == ("fail", True)
    assert found["memory"].status == "pass"
    assert checks(report(12, 0, 0), 10.0, 50.0)[1].status == "fail"
