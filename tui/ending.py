"""How every verb of the command line ends: its exit code, and an error as one sentence, never a traceback."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer

from agent.errors import UsageError, Waiting, describe

WORKSPACE = Path("phasegate")
"""The folder that a verb takes without ``--workspace``."""

_COMMAND = re.compile(
    r"\bphasegate (?:run|resume|decide|show|open|status|verify|replay|fork|diff|serve|stop|monitor|retrain|predict)\b"
    r"(?: --[a-z-]+(?: [^\s`-][^\s`]*)?"
    r"| (?:[A-Z]{2,}|preparation|experimentation|validation|deployment|approve|revise|reject|endpoint|\d{4}-[a-z]+)\b)*"
)
"""A command in a text, up to where the prose goes on: its flags with their values, placeholders, fixed words."""


def placed(text: str, workspace: Path | None) -> str:
    """A text whose commands name the workspace, where it is not the usual one: what is shown can be typed as it is."""
    if workspace is None or workspace == WORKSPACE:
        return text
    return _COMMAND.sub(lambda found: f"{found[0]} --workspace {shlex.quote(str(workspace))}", text)


def pairs(settings: Sequence[str]) -> dict[str, Any]:
    """Answers from ``--set ID=VALUE`` flags, by id."""
    from agent import yaml12

    pairs = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign or not name:
            raise UsageError(f'"{setting}" is not of the form ID=VALUE.', hint="Such as --set split.test_size=0.2")
        pairs[name.strip()] = yaml12.scalar(value)
    return pairs


def guarded(as_json: bool, debug: bool, work: Callable[[], int | None], workspace: Path | None = None) -> None:
    """Carry a verb out and end with its exit code; an error is one sentence, never a traceback."""
    try:
        _check_advisor()
        code = work() or 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _tell(error, as_json, debug, workspace)
    raise typer.Exit(code)


def _check_advisor() -> None:
    wanted = os.environ.get("PHASEGATE_ADVISOR", "expert")
    if wanted != "expert":
        raise UsageError(
            f"PHASEGATE_ADVISOR={wanted}: this version has the expert advisor only.",
            hint="Unset it, or set it to expert.",
        )


def _tell(error: Exception, as_json: bool, debug: bool, workspace: Path | None) -> int:
    problem = describe(error)
    if debug:
        import traceback

        traceback.print_exception(error)
    hint = placed(problem.hint, workspace)
    if problem.code == 1:
        hint = f"This is a defect of Phasegate; the report is {_report(error)}."
    if as_json:
        record = {"code": problem.code, "message": problem.message, "hint": hint}
        for name in ("file", "line", "column"):
            value = getattr(problem, name)
            if value is not None:
                record[name] = value
        print(json.dumps({"error": record}, ensure_ascii=False))
    elif isinstance(error, Waiting):
        print(f"{problem.message}\n  {hint}" if hint else problem.message, file=sys.stderr)
    else:
        print(f"{problem.message} {hint}".strip(), file=sys.stderr)
    return problem.code


def _report(error: Exception) -> str:
    """Write what a developer needs to a file and return its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="phasegate-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"phasegate {version()}, Python {sys.version}\n\n")
        file.write("".join(traceback.format_exception(error)))
        file.write(getattr(error, "trace", ""))
        return file.name


def version() -> str:
    """The installed version."""
    import importlib.metadata

    return importlib.metadata.version("phasegate")
