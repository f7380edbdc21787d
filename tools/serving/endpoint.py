"""Starts, checks, smoke-tests and stops the service of a bundle as a detached process. Standard library only."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.errors import ToolError
from tools.serving.process import DRAIN_SECONDS, HOST, end, free_port, launch, process_start

RECORD = "endpoint.json"
TOKEN = "endpoint.token"
LOG = "endpoint.log"
PREDICTIONS = "predictions"
FIRST_PORT = 8080
READY_SECONDS = 60.0


class EndpointError(ToolError):
    """The service could not be started, reached or stopped; the message is a sentence."""


@dataclass(frozen=True)
class Endpoint:
    """A running service, as ``endpoint.json`` records it."""

    url: str
    pid: int
    run: str
    model_sha256: str
    started: str
    """UTC, ISO."""
    process: str
    """When the operating system started the process: tells it from a later one with the same pid."""


@dataclass(frozen=True)
class Smoke:
    """What a smoke test found."""

    rows: int
    different: tuple[int, ...]
    """0-based rows whose reply differs in any bit."""
    model: str

    @property
    def ok(self) -> bool:
        """Whether every reply was the expected one to the bit."""
        return self.rows > 0 and not self.different


def call(
    url: str, path: str, token: str | None = None, body: Any = None, seconds: float = 10.0
) -> tuple[int, dict[str, Any]]:
    """One request; gives status and JSON reply (empty where it is none).

    Raises:
        OSError: nothing answers.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=seconds)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    try:
        connection.request("GET" if content is None else "POST", path, content, headers)
        reply = connection.getresponse()
        raw = reply.read()
    except http.client.HTTPException as wrong:
        raise ConnectionError(str(wrong)) from None
    finally:
        connection.close()
    try:
        parsed = json.loads(raw)
    except ValueError:
        parsed = {}
    return reply.status, parsed if isinstance(parsed, dict) else {}


def wait_ready(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = READY_SECONDS) -> str:
    """Wait until ``/readyz`` says ready; gives the model's SHA-256.

    Raises:
        EndpointError: the process ended, or it is not ready in time; with the reason that it gives.
    """
    until = time.monotonic() + seconds
    reason = "it does not answer"
    while time.monotonic() < until:
        if process.poll() is not None:
            raise EndpointError(f"The service ended at once with code {process.returncode}: {_last_line(log)}")
        with contextlib.suppress(OSError):
            status, reply = call(url, "/readyz", seconds=2.0)
            if status == 200:
                return str(reply["model"])
            reason = str(reply.get("detail", reason))
            if "starting" not in reason:
                break
        time.sleep(0.05)
    raise EndpointError(f"The service is not ready: {reason}")


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it left no message"


def start(bundle: Path, workspace: Path, *, run: str, port: int | None = None, python: str | None = None) -> Endpoint:
    """Have the service of a bundle running; idempotent.

    Where the recorded endpoint runs and serves the same model, it is left alone (unless another port is asked for);
    another model's is stopped first. Writes ``endpoint.json`` and ``endpoint.token`` (mode 0600) into the workspace.

    Args:
        bundle: the bundle's folder.
        workspace: where the records, the service's log and the prediction log go.
        run: id of the run that deploys it.
        port: port on loopback; without one the first free from 8080 on.
        python: interpreter; without one the running one.

    Raises:
        EndpointError: it did not become ready; nothing is left running.
    """
    model = json.loads((bundle / "manifest.json").read_text())["model"]
    there = running(workspace)
    if there is not None:
        if there.model_sha256 == model and there.run == run and port in (None, int(there.url.rpartition(":")[2])):
            return there
        stop(workspace)
    token = os.environ.get("PHASEGATE_TOKEN") or secrets.token_urlsafe(24)
    chosen = port or free_port(FIRST_PORT)
    url = f"http://{HOST}:{chosen}"
    log = workspace / LOG
    process = launch(bundle, token, chosen, log=log, predictions=workspace / PREDICTIONS, python=python)
    try:
        served = wait_ready(url, process, log)
        if served != model:
            raise EndpointError(f"Another service answers on port {chosen}; choose a free one with --port.")
    except BaseException:
        end(process)
        raise
    endpoint = Endpoint(
        url=url,
        pid=process.pid,
        run=run,
        model_sha256=model,
        started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        process=process_start(process.pid) or "",
    )
    _write(workspace / TOKEN, token + "\n", 0o600)
    _write(workspace / RECORD, json.dumps(asdict(endpoint), indent=1, sort_keys=True) + "\n", 0o644)
    # Not our child to wait for any more: it belongs to init once this process ends.
    process.returncode = 0
    return endpoint


def recorded(workspace: Path) -> Endpoint | None:
    """The endpoint that ``endpoint.json`` names, running or not."""
    try:
        return Endpoint(**json.loads((workspace / RECORD).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def running(workspace: Path) -> Endpoint | None:
    """The recorded endpoint where its very process still runs (a reused pid is not it), else None."""
    endpoint = recorded(workspace)
    if endpoint is None or not endpoint.process or process_start(endpoint.pid) != endpoint.process:
        return None
    return endpoint


def token_of(workspace: Path) -> str:
    """The token of the recorded endpoint.

    Raises:
        EndpointError: there is none.
    """
    try:
        return (workspace / TOKEN).read_text().strip()
    except OSError:
        raise EndpointError("There is no endpoint.token in this workspace; start the endpoint first.") from None


def stop(workspace: Path) -> bool:
    """Stop the recorded endpoint and remove its records; requests in work are finished first.

    Returns:
        Whether a running service was stopped. A process that merely has the pid by now is left alone.
    """
    endpoint = running(workspace)
    if endpoint is not None:
        _signal(endpoint, signal.SIGTERM)
        if not _gone(endpoint, DRAIN_SECONDS):
            _signal(endpoint, signal.SIGKILL)
            _gone(endpoint, 5.0)
    for name in (RECORD, TOKEN):
        with contextlib.suppress(FileNotFoundError):
            (workspace / name).unlink()
    return endpoint is not None


def _signal(endpoint: Endpoint, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(endpoint.pid, number)


def _gone(endpoint: Endpoint, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        # A child of this process stays a zombie until it is waited for.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(endpoint.pid, os.WNOHANG)
        if process_start(endpoint.pid) != endpoint.process:
            return True
        time.sleep(0.02)
    return False


@dataclass(frozen=True)
class Probe:
    """A service that runs only inside ``probing``."""

    url: str
    token: str
    pid: int
    model: str
    cold_start_seconds: float
    """From the start of the process to ready."""


@contextlib.contextmanager
def probing(bundle: Path, folder: Path, *, python: str | None = None) -> Iterator[Probe]:
    """Start the service of a bundle on a free port for the length of a ``with`` block.

    Args:
        bundle: the bundle's folder.
        folder: where the log goes.
        python: interpreter; without one the running one.

    Raises:
        EndpointError: it did not become ready.
    """
    token, port = secrets.token_urlsafe(24), free_port()
    url, log = f"http://{HOST}:{port}", folder / LOG
    began = time.monotonic()
    process = launch(bundle, token, port, log=log, python=python, detached=False)
    try:
        model = wait_ready(url, process, log)
        yield Probe(url, token, process.pid, model, time.monotonic() - began)
    finally:
        end(process)


def smoke_test(
    url: str,
    token: str,
    rows: Sequence[Mapping[str, Any]],
    expected: Sequence[Mapping[str, Any]],
    batch: int = 50,
) -> Smoke:
    """Ask the service for predictions and compare them with expected ones, bit for bit.

    Args:
        url: address of the service.
        token: its token.
        rows: rows as a request holds them.
        expected: replies as ``service.deployed.replies`` makes them, from offline scoring.
        batch: rows of one request; the first row is also asked for alone.

    Raises:
        EndpointError: a request is refused, or answered by the fallback.
        OSError: nothing answers.
    """
    different: list[int] = []
    model = ""
    spans = [(0, 1)] + [(at, min(at + batch, len(rows))) for at in range(0, len(rows), batch)] if rows else []
    for first, last in spans:
        status, reply = call(url, "/predict", token, {"rows": [dict(row) for row in rows[first:last]]})
        if status != 200:
            raise EndpointError(f"The service refused a row of the smoke test: {_why(reply)}")
        if reply["fallback"]:
            raise EndpointError("The service answered the smoke test without its model.")
        model = str(reply["model"])
        pairs = zip(reply["predictions"], expected[first:last], strict=True)
        # Floats survive JSON exactly, so equality here is equality of bits.
        different.extend(first + at for at, (found, wanted) in enumerate(pairs) if found != wanted)
    return Smoke(len(rows), tuple(sorted(set(different))), model)


def _why(reply: Mapping[str, Any]) -> str:
    errors = reply.get("errors") or [{}]
    first = errors[0]
    where = f" ({first['column']}: {first['message']})" if first.get("column") else ""
    return f"{reply.get('detail', 'no reason given')}{where}"


def _write(path: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all, with its mode from the first moment."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
