"""``phasegate doctor``: what this machine has for the work, and what is missing and why it would matter."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel

_PACKAGES = (
    "pandas",
    "scikit-learn",
    "xgboost",
    "xgboost-cpu",
    "lightgbm",
    "optuna",
    "onnxruntime",
    "langgraph",
    "mlflow",
    "textual",
)
_LITTLE_DISK = 2_000_000_000
_LITTLE_MEMORY = 4_000_000_000


class Line(BaseModel):
    """One thing that was looked at."""

    name: str
    value: str
    state: str
    """ok, missing or low."""
    advice: str = ""


def examine(root: Path) -> list[Line]:
    """Look at interpreter, libraries, cores, memory, disk and what a later phase can use."""
    lines = [
        Line(name="python", value=platform.python_version(), state="ok" if sys.version_info >= (3, 11) else "missing"),
        Line(name="cores", value=str(os.cpu_count() or 1), state="ok"),
        _memory(),
        _disk(root),
    ]
    for package in _PACKAGES:
        try:
            lines.append(Line(name=package, value=importlib.metadata.version(package), state="ok"))
        except importlib.metadata.PackageNotFoundError:
            if package not in {"xgboost", "xgboost-cpu"}:
                lines.append(Line(name=package, value="", state="missing", advice="run `make install`"))
    engine = next((name for name in ("docker", "podman") if _answers(name)), None)
    lines.append(
        Line(
            name="container engine",
            value=engine or "none found",
            state="ok" if engine else "missing",
            advice="" if engine else "the endpoint runs as a process; the bundle's Dockerfile is still made",
        )
    )
    lines.append(Line(name="advisor", value="expert (rules, no model and no network)", state="ok"))
    return lines


def _answers(engine: str) -> bool:
    """Whether a container engine is there and running; a client alone can start nothing."""
    if not shutil.which(engine):
        return False
    try:
        return subprocess.run([engine, "info"], capture_output=True, timeout=3, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _memory() -> Line:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return Line(name="memory", value="unknown", state="ok")
    low = total < _LITTLE_MEMORY
    return Line(
        name="memory",
        value=f"{total / 1e9:.1f} GB",
        state="low" if low else "ok",
        advice="large tables may not fit" if low else "",
    )


def _disk(root: Path) -> Line:
    place = next(path for path in (root.resolve(), *root.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    low = free < _LITTLE_DISK
    return Line(
        name="free disk",
        value=f"{free / 1e9:.1f} GB",
        state="low" if low else "ok",
        advice="make room before a long run" if low else "",
    )
