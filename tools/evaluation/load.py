"""Open-loop load on a running service: requests leave on schedule, latency counts from the scheduled moment.

The client is a few lines over asyncio streams, because it shares the machine with the service: a full HTTP client costs
more time for each request than the service does, and one would measure the client.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.records import Record

SECONDS = 4.0
FEWEST = 60
"""Requests that a level should have, so that its 95th percentile means something."""
LONGEST = 8.0
MOST = 6000
"""Requests of one level; a higher rate is driven for a shorter time."""
TIMEOUT = 5.0
"""Seconds from the scheduled moment after which a caller has given up."""
CONNECTIONS = 48
WARM_UP = 5


class Load(Record):
    """What one level of load gave."""

    factor: int
    """Times the stated load."""
    rps: float
    """Requests a second that were offered, whatever came back."""
    answered_rps: float
    """Requests a second that were answered well."""
    seconds: float
    requests: int
    failures: int
    """Replies 5xx, and requests without a reply in time."""
    shed: int
    """Of the failures those that were turned away with 503."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    """Latencies include requests that failed; one without a reply counts with the time until it was given up."""

    @property
    def failure_rate(self) -> float:
        """Failures as a share of requests."""
        return self.failures / self.requests if self.requests else 0.0


@dataclass
class _Tally:
    latencies: list[float] = field(default_factory=list)
    failures: int = 0
    shed: int = 0


def percentile(ordered: Sequence[float], share: float) -> float:
    """Nearest-rank percentile of ascending values; 0 where there are none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def planned(rps: float, seconds: float = SECONDS) -> int:
    """How many requests a level has at a rate."""
    wanted = max(seconds, min(LONGEST, FEWEST / rps))
    return max(1, min(MOST, round(rps * wanted)))


def drive(
    url: str, token: str, bodies: Sequence[bytes], *, rps: float, factor: int = 1, seconds: float = SECONDS
) -> Load:
    """Offer load in an open loop: requests leave on schedule whether or not earlier ones were answered.

    Latency runs from the moment at which a request was due, not from when it could be sent; otherwise a stall of the
    service would hide the requests that it delayed (coordinated omission, Tene 2013).

    Args:
        url: address of the service, ``http://host:port``.
        token: its token.
        bodies: bodies for ``POST /predict``, used in turn.
        rps: requests a second.
        factor: times the stated load; only noted.
        seconds: how long at least, within bounds.

    Raises:
        OSError: nothing listens there.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    return asyncio.run(_drive(host, int(port), requests, rps, factor, planned(rps, seconds)))


async def _drive(host: str, port: int, requests: Sequence[bytes], rps: float, factor: int, count: int) -> Load:
    for number in range(WARM_UP):
        reader, writer = await asyncio.open_connection(host, port)
        await _ask(reader, writer, requests[number % len(requests)])
        await _close(writer)
    tally = _Tally()
    due: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()
    workers = [asyncio.create_task(_work(host, port, requests, due, tally)) for _ in range(min(CONNECTIONS, count))]
    began = time.perf_counter()
    for number in range(count):
        moment = began + number / rps
        wait = moment - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait((number, moment))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    took = time.perf_counter() - began
    ordered = sorted(latency * 1000 for latency in tally.latencies)
    return Load(
        factor=factor,
        rps=rps,
        answered_rps=(count - tally.failures) / took,
        seconds=took,
        requests=count,
        failures=tally.failures,
        shed=tally.shed,
        p50_ms=percentile(ordered, 0.5),
        p95_ms=percentile(ordered, 0.95),
        p99_ms=percentile(ordered, 0.99),
        max_ms=ordered[-1],
    )


async def _work(
    host: str,
    port: int,
    requests: Sequence[bytes],
    due: asyncio.Queue[tuple[int, float] | None],
    tally: _Tally,
) -> None:
    """One connection: takes what is due, keeps the connection open, opens it anew after a failure."""
    writer: asyncio.StreamWriter | None = None
    while (item := await due.get()) is not None:
        number, moment = item
        left = TIMEOUT - (time.perf_counter() - moment)
        status = None
        if left > 0:
            try:
                async with asyncio.timeout(left):
                    if writer is None:
                        reader, writer = await asyncio.open_connection(host, port)
                    status = await _ask(reader, writer, requests[number % len(requests)])
            except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                if writer is not None:
                    await _close(writer)
                writer = None
        tally.latencies.append(time.perf_counter() - moment)
        tally.failures += status is None or status >= 500
        tally.shed += status == 503
    if writer is not None:
        await _close(writer)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send one request and read its reply whole; gives the status.

    Raises:
        ValueError: the reply has no length.
    """
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    for line in head.split("\r\n"):
        if line.startswith("content-length:"):
            await reader.readexactly(int(line.partition(":")[2]))
            return int(head.split(" ", 2)[1])
    raise ValueError("a reply without a length")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return
