"""The worker: a process that has imported the heavy libraries once and forks for each call.

Parent and worker speak JSON lines over pipes. The worker ends when its input ends, and with it the call in flight: a
child never outlives its parent. A call can be killed at any time; nothing of it is committed then.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.environment import for_worker
from agent.errors import OutOfResources, StepFailed, describe
from agent.job import Call, WorkerJob, guard, plain
from tools.errors import InputError

_LIBRARIES: tuple[str, ...] = (
    "agent.phases",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.impute",
    "lightgbm",
    "xgboost",
    "imblearn.over_sampling",
    "imblearn.ensemble",
    "optuna",
    "onnx",
    "onnxruntime",
)
_PATIENCE = 2.0
"""Seconds that a process has to end by itself, and its pipe after it."""
_LINE_LIMIT = 64 * 1024 * 1024
_NICENESS = 5


class Worker:
    """The parent's side: starts the process, sends calls, reads progress, kills."""

    def __init__(self, cache: Path, libraries: tuple[str, ...] | None = None) -> None:
        self._cache = cache
        self._libraries = _LIBRARIES if libraries is None else libraries
        self._process: asyncio.subprocess.Process | None = None
        self._child: int | None = None
        self._killed: list[asyncio.subprocess.Process] = []
        self.import_seconds = 0.0

    async def start(self) -> None:
        """Start the process; it imports while the caller goes on."""
        if self._process is not None and self._process.returncode is None:
            return
        self._cache.mkdir(parents=True, exist_ok=True)
        log = (self._cache / "worker.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "agent.worker",
                *self._libraries,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=for_worker(self._cache),
                limit=_LINE_LIMIT,
            )

    async def call(self, call: Call, listen: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Run one step and return ``{outcome, seconds}``.

        Args:
            call: what to run.
            listen: is handed progress and observations as they come.

        Raises:
            InputError: the data or a setting can't be used.
            OutOfResources: memory or disk ran out.
            StepFailed: anything else.
        """
        await self.start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(call.model_dump_json().encode() + b"\n")
            await process.stdin.drain()
            return await self._read(process.stdout, call.step, listen)
        except (BrokenPipeError, ConnectionResetError):
            raise StepFailed(call.step, "the worker went away", "") from None
        finally:
            if self._child is not None:
                self.kill()

    async def _read(
        self, stream: asyncio.StreamReader, step: str, listen: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        result: dict[str, Any] | None = None
        while line := await stream.readline():
            try:
                message = json.loads(line)
            except ValueError:  # a call that was killed while it spoke
                continue
            match message["kind"]:
                case "ready":
                    self.import_seconds = message["seconds"]
                case "started":
                    self._child = message["pid"]
                case "progress" | "observation":
                    listen(message)
                case "result" | "error":
                    result = message
                case "ended":
                    self._child = None
                    return _settle(step, result, message["status"])
        raise StepFailed(step, "the worker went away", "")

    def kill(self) -> None:
        """Kill the call in flight and the worker with it."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child, signal.SIGKILL)
            self._child = None
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._killed.append(self._process)
        self._process = None

    async def close(self) -> None:
        """End the process, and see those that were killed out."""
        while self._killed:
            await seen_out(self._killed.pop())
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
        await seen_out(process)


async def seen_out(process: asyncio.subprocess.Process) -> None:
    """Wait for a process's end, and for that of its pipe, which is closed only then."""
    await process.wait()
    if process.stdout is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.stdout.read(), _PATIENCE)


def _settle(step: str, result: dict[str, Any] | None, status: int) -> dict[str, Any]:
    if result is None:
        if status == -signal.SIGKILL:
            raise OutOfResources(f"{step} was killed by the system; most likely memory ran out.", hint="Free memory.")
        raise StepFailed(step, f"the process ended with status {status}", "")
    if result["kind"] == "result":
        return result
    if result["type"] == "input":
        raise InputError(**result["detail"])
    if result["type"] == "resources":
        raise OutOfResources(result["message"], hint=result["hint"])
    raise StepFailed(step, result["message"], result["trace"])


# the worker's side


def main() -> None:
    """Import what the arguments name, then serve calls from standard input until it ends."""
    wire = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    began = time.perf_counter()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    _write(wire, {"kind": "ready", "seconds": round(time.perf_counter() - began, 3)})
    rest = b""
    while True:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            _serve(json.loads(line), wire)


def _write(wire: Any, message: dict[str, Any]) -> None:
    wire.write(json.dumps(message) + "\n")
    wire.flush()


def _serve(request: dict[str, Any], wire: Any) -> None:
    """Fork for one call and wait for it; if our input ends meanwhile, take the child along."""
    alive_read, alive_write = os.pipe()
    life_read, life_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive_read)
        os.close(life_write)
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.read(life_read, 1)  # the parent has announced this call
        threading.Thread(target=_die_with_parent, args=(life_read,), daemon=True).start()
        _work(request, wire)
        os._exit(0)
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    os.close(alive_write)
    os.close(life_read)
    _write(wire, {"kind": "started", "pid": child})
    os.write(life_write, b"g")
    ready, _, _ = select.select([0, alive_read], [], [])
    if alive_read not in ready:
        os.killpg(child, signal.SIGKILL)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    os.close(alive_read)
    os.close(life_write)
    wire.write("\n")  # ends the line that a killed child may have left half written
    _write(wire, {"kind": "ended", "status": os.waitstatus_to_exitcode(status)})


def _die_with_parent(life: int) -> None:
    os.read(life, 1)
    os.killpg(0, signal.SIGKILL)


def _work(request: dict[str, Any], wire: Any) -> None:
    def send(message: dict[str, Any]) -> None:
        _write(wire, message)

    try:
        call = Call.model_validate(request)
        module, _, name = call.body.partition(":")
        body = getattr(importlib.import_module(module), name)
        guard(call.guarded, set(call.inputs.values()))
        job = WorkerJob(call, send)
        began = time.perf_counter()
        outcome = body(job)
        send({"kind": "result", "outcome": plain(outcome), "seconds": round(time.perf_counter() - began, 3)})
    except InputError as error:
        detail = {name: getattr(error, name) for name in ("message", "hint", "code", "file", "line", "column")}
        send({"kind": "error", "type": "input", "detail": detail})
    except MemoryError:
        send({"kind": "error", "type": "resources", "message": "Memory is used up.", "hint": "Use fewer rows."})
    except OSError as error:
        problem = describe(error)
        if problem.code == OutOfResources.code:
            send({"kind": "error", "type": "resources", "message": problem.message, "hint": problem.hint})
        else:
            send(_defect(error))
    except BaseException as error:
        send(_defect(error))


def _defect(error: BaseException) -> dict[str, Any]:
    message = f"{type(error).__name__}: {error}"
    return {"kind": "error", "type": "defect", "message": message, "trace": traceback.format_exc()}


if __name__ == "__main__":
    main()
