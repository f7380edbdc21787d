"""What a run tells the MLflow store of its workspace: decisions, metrics and every trial of its search."""

from __future__ import annotations

import os
import subprocess

from agent.position import Position
from agent.wording import shown_value
from workspace.project import RunFolder, Workspace
from workspace.tracking import TrackedRun, start

SWITCH = "PHASEGATE_TRACKING"
"""Set to ``off``, nothing is written for MLflow."""


def begin(workspace: Workspace, run: RunFolder, position: Position) -> subprocess.Popen[bytes] | None:
    """Start to write a run that has searched for a model; None where there is nothing to write."""
    if os.environ.get(SWITCH) == "off" or not position.has("trials.json"):
        return None
    return start(workspace.root, tracked(run, position))


def tracked(run: RunFolder, position: Position) -> TrackedRun:
    """A run and its trials as the experiment store shows them."""
    metrics: dict[str, float] = {}
    for _, outcome in position.outcomes(position.registry):
        for metric in outcome.metrics:
            if metric.value is not None:
                metrics[f"{metric.partition}.{metric.model}.{metric.metric}"] = metric.value
    trials = position.json("trials.json")
    return TrackedRun(
        name=run.id,
        params={key: shown_value(decision.value) for key, decision in position.decisions.items()},
        metrics=metrics,
        tags={"phasegate.source": position.started["source"]["sha256"], "phasegate.seed": str(position.seed)},
        artifacts=tuple(str(path) for path in (run.manifest, run.root / "metrics.json") if path.exists()),
        children=tuple(
            TrackedRun(
                name=f"{trial['family']} {trial['number']}",
                params={key: str(value) for key, value in {"family": trial["family"], **trial["params"]}.items()},
                metrics={trials["metric"] + ".loss": trial["loss"]} if trial["loss"] is not None else {},
                tags={"phasegate.state": trial["state"]},
            )
            for trial in trials["trials"]
        ),
    )
