"""The endpoint of a workspace: start and stop the approved bundle as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import gates
from agent.errors import OutOfResources, UsageError
from agent.status import position_of
from workspace.locks import hold
from workspace.project import RunFolder, Workspace

_APPROVAL = "validation"
"""The gate that must stand behind a model before it may serve."""


def serve(root: Path, name: str | None, port: int | None) -> dict[str, Any]:
    """Have the run's bundle running, and return the record of its endpoint.

    Raises:
        UsageError: there is no bundle, or gate validation is not approved.
        OutOfResources: it did not become ready.
    """
    workspace = Workspace.open(root)
    run = workspace.run(name)
    position = position_of(workspace, run)
    phase = next((phase for phase in position.registry.phases if phase.name == _APPROVAL), None)
    if phase is None or not position.folder("bundle/") or not gates.passed(position, phase):
        raise UsageError(
            "There is no approved bundle to serve: gate validation is not passed, or packaging has not run.",
            hint="`phasegate status` shows where the run stands.",
        )
    with hold(root, wait=5.0):
        return launch(workspace, run, port)


def launch(workspace: Workspace, run: RunFolder, port: int | None = None) -> dict[str, Any]:
    """Start the published bundle of a run; where it runs already, leave it.

    Raises:
        OutOfResources: it did not become ready.
    """
    from tools.serving.endpoint import EndpointError, start

    try:
        start(run.root / "bundle", workspace.root, run=run.id, port=port)
    except EndpointError as error:
        raise OutOfResources(str(error), hint="Its log is endpoint.log in the workspace.") from None
    return dict(json.loads((workspace.root / "endpoint.json").read_bytes()))


def stop(root: Path) -> bool:
    """Stop the endpoint of a workspace; false where none was running."""
    from tools.serving.endpoint import stop as stop_endpoint

    workspace = Workspace.open(root)
    with hold(root, wait=5.0):
        return stop_endpoint(workspace.root)
