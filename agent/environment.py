"""The environment that every process of the product runs in: telemetry off, caches inside, safe import path."""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from pathlib import Path

BEGAN = time.time()
"""When this process began its work, in seconds since 1970; a budget in wall time counts from here."""

TELEMETRY_OFF = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DVC_NO_ANALYTICS": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGGRAPH_STRICT_MSGPACK": "true",
    "PYTHONSAFEPATH": "1",
}
"""Set in this process and all its children, whatever the user's shell says."""

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""For workers: results must not depend on how many cores a machine has."""


def quiet(environment: MutableMapping[str, str] = os.environ) -> None:
    """Turn telemetry and tracing of every dependency off."""
    environment.update(TELEMETRY_OFF)


def for_worker(cache: Path) -> dict[str, str]:
    """The environment of a worker: as ours, threads pinned, the caches of libraries inside the workspace."""
    environment = {**os.environ, **TELEMETRY_OFF, **THREADS}
    for name, folder in {
        "MPLCONFIGDIR": "matplotlib",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter/config",
        "JUPYTER_DATA_DIR": "jupyter/data",
        "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    }.items():
        path = cache / "libraries" / folder
        path.mkdir(parents=True, exist_ok=True)
        environment[name] = str(path)
    return environment
