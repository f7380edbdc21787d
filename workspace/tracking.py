"""The MLflow store of a workspace: a projection of ledger and artifacts, written by a process of its own.

It can be deleted and is written anew; no id of it flows back. Open it with
``mlflow ui --backend-store-uri sqlite:///phasegate/mlflow.db``.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXPERIMENT = "phasegate"


class TrackedRun(BaseModel):
    """One run of the experiment store: the whole passage, or one trial of its search."""

    model_config = ConfigDict(frozen=True)

    name: str
    params: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    """Files to attach, as paths."""
    children: tuple[TrackedRun, ...] = ()


def start(root: Path, run: TrackedRun) -> subprocess.Popen[bytes]:
    """Write a run to the workspace's MLflow store in a process of its own, at low priority.

    The process is a child of the caller's session: it ends with it. What it had not written is written next time.
    """
    cache = root / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "mlflow.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workspace.tracking", str(root.resolve())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "GIT_PYTHON_REFRESH": "quiet"},
        )
    assert process.stdin is not None
    with process.stdin, contextlib.suppress(BrokenPipeError):
        process.stdin.write(run.model_dump_json().encode())
    return process


def project(root: Path, run: TrackedRun) -> None:
    """Write a run and its trials into the store, in place of an earlier projection of the same run."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    found = client.get_experiment_by_name(EXPERIMENT)
    location = (root / "mlartifacts").as_uri()
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT, artifact_location=location)
    for old in client.search_runs([experiment], filter_string=f"tags.`phasegate.run` = '{run.name}'"):
        client.delete_run(old.info.run_id)
    for tracked, parent in _flat(client, experiment, run, run.name, None):
        _write(client, tracked, parent)


def _flat(
    client: Any, experiment: str, run: TrackedRun, origin: str, parent: str | None
) -> Iterator[tuple[TrackedRun, str]]:
    tags = {"mlflow.runName": run.name, "phasegate.run": origin, **run.tags}
    if parent is not None:
        tags["mlflow.parentRunId"] = parent
    made = client.create_run(experiment, tags=tags)
    yield run, made.info.run_id
    for child in run.children:
        yield from _flat(client, experiment, child, origin, made.info.run_id)


def _write(client: Any, run: TrackedRun, identity: str) -> None:
    from mlflow.entities import Metric, Param

    client.log_batch(
        identity,
        metrics=[Metric(key=_key(name), value=value, timestamp=0, step=0) for name, value in run.metrics.items()],
        params=[Param(key=_key(name), value=value[:500]) for name, value in run.params.items()],
    )
    for path in run.artifacts:
        client.log_artifact(identity, path)
    client.set_terminated(identity)


def _key(name: str) -> str:
    return "".join(char if char.isalnum() or char in "_-. /" else "_" for char in name)[:240]


def main() -> None:
    """The process: the run as JSON on standard input."""
    with contextlib.suppress(OSError):
        os.nice(15)
    root = Path(sys.argv[1])
    project(root, TrackedRun.model_validate(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
