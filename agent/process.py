"""A tool called once, in a process of its own: for verbs that need a heavy library but no run."""

from __future__ import annotations

import contextlib
import importlib
import json
import subprocess
import sys
import traceback
from typing import Any

from agent.environment import TELEMETRY_OFF, THREADS, quiet
from agent.errors import StepFailed
from agent.job import plain
from tools.errors import InputError

_PARTS = ("message", "hint", "code", "file", "line", "column")


def call(function: str, **arguments: Any) -> Any:
    """Call ``module:function`` with JSON arguments and return its JSON result.

    Raises:
        InputError: the tool refuses the data or a setting.
        StepFailed: the tool broke.
    """
    done = subprocess.run(
        _command(function),
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
    )
    return _result(function, done.stdout, done.stderr)


async def call_off_the_loop(function: str, **arguments: Any) -> Any:
    """The same for who can't wait: the loop goes on meanwhile, and where the task is cancelled the process ends.

    Raises:
        InputError: as :func:`call`.
        StepFailed: as :func:`call`.
    """
    import asyncio

    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *_command(function), stdin=pipe, stdout=pipe, stderr=pipe, env=_environment()
    )
    try:
        out, err = await process.communicate(json.dumps(arguments).encode())
    except BaseException:
        if process.returncode is None:
            process.kill()
        while True:
            # to the end of its pipes, which are closed only then, however often the task is cancelled on the way
            with contextlib.suppress(asyncio.CancelledError):
                await process.communicate()
                break
        raise
    return _result(function, out.decode(), err.decode(errors="replace"))


def _command(function: str) -> list[str]:
    return [sys.executable, "-P", "-m", "agent.process", function]


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, **TELEMETRY_OFF, **THREADS}


def _result(function: str, out: str, err: str) -> Any:
    last = out.strip().splitlines()[-1:] or ["{}"]
    reply = json.loads(last[0])
    if "refused" in reply:
        raise InputError(**reply["refused"])
    if "result" not in reply:
        reason = reply.get("broke") or (err.strip().splitlines() or ["it gave no reason"])[-1]
        raise StepFailed(function, reason, reply.get("trace", err))
    return reply["result"]


def main() -> None:
    """The process: arguments on standard input, the reply as the last line of standard output."""
    quiet()
    module, _, name = sys.argv[1].partition(":")
    arguments = json.load(sys.stdin)
    try:
        result = getattr(importlib.import_module(module), name)(**arguments)
        reply: dict[str, Any] = {"result": plain(result)}
    except InputError as error:
        reply = {"refused": {part: getattr(error, part) for part in _PARTS}}
    except Exception as error:
        reply = {"broke": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    print(json.dumps(reply))


if __name__ == "__main__":
    main()
