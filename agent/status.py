"""Where a run stands, for people and scripts; reads the ledger and holds no lock."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agent.errors import UsageError
from agent.position import Position
from agent.registry import registry
from agent.wording import shown_value
from workspace.ledger import read
from workspace.project import RunFolder, Workspace


class Status(BaseModel):
    """The form of ``status --json``."""

    run: str
    state: str
    """running, waiting, done, rejected or failed."""
    phase: str | None
    step: str | None
    pending: dict[str, Any] | None
    verdict: str | None
    model: str | None
    endpoint: dict[str, Any] | None


def position_of(workspace: Workspace, run: RunFolder) -> Position:
    """Where a run stands by its ledger.

    Raises:
        CorruptState: the ledger was changed.
    """
    return Position(registry(), workspace.store).take_all(read(run.ledger))


def status_of(root: Path, name: str | None = None) -> Status:
    """The status of a run in a workspace folder.

    Raises:
        NotFound: there is no workspace, or no such run.
    """
    workspace = Workspace.open(root)
    return state_of(workspace, workspace.run(name))


def told(status: Status) -> list[str]:
    """A status as lines of plain text."""
    lines = [f"run {status.run}: {status.state}"]
    if status.phase:
        lines.append(f"  last step   {status.step}")
    if status.verdict:
        lines.append(f"  verdict     {status.verdict}")
    if status.model:
        lines.append(f"  model       {status.model}")
    if status.pending:
        kind, name = status.pending["type"], status.pending["id"]
        lines.append(f"  waits for   {kind} {name}")
        lines.append(f"  recommended {shown_value(status.pending['recommended'])}: {status.pending['why']}")
        lines.append(f"  go on       {status.pending['resume_command']}")
    if status.endpoint:
        lines.append(f"  endpoint    {status.endpoint['url']}")
    return lines


def state_of(workspace: Workspace, run: RunFolder, *, busy: bool | None = None) -> Status:
    """A run's status; ``busy`` says whether a process works on it, None to look."""
    position = position_of(workspace, run)
    steps = list(position.steps)
    pending = json.loads(run.pending.read_bytes()) if run.pending.exists() else None
    ended = position.ended or {}
    if busy is None:
        busy = _held(workspace)
    waits = next((name for name, gate in position.gates.items() if gate.open), None) or position.asked
    if ended.get("type") == "finished":
        state = "rejected" if ended.get("exit") == 4 else "done"
    elif waits:
        state = "waiting"
    elif busy:
        state = "running"
    elif ended.get("type") == "failed":
        state = "failed"
    else:
        state = "waiting"
    last = steps[-1] if steps else None
    return Status(
        run=run.id,
        state=state,
        phase=last.partition(".")[0] if last else None,
        step=last,
        pending=pending if state == "waiting" else None,
        verdict=position.verdict,
        model=position.facts("experimentation.optimisation").get("model"),
        endpoint=_endpoint(workspace),
    )


def refuse_unfinished(workspace: Workspace) -> None:
    """Refuse to begin a run where the newest one has not ended.

    Raises:
        UsageError: it has not.
    """
    runs = workspace.runs()
    if runs and state_of(workspace, runs[-1], busy=False).state == "waiting":
        raise UsageError(
            f"Run {runs[-1].id} in {workspace.root} has not ended.",
            hint="Go on with `phasegate resume`, or start elsewhere with --workspace DIR.",
        )


def _endpoint(workspace: Workspace) -> dict[str, Any] | None:
    note = workspace.root / "endpoint.json"
    return dict(json.loads(note.read_bytes())) if note.exists() else None


def _held(workspace: Workspace) -> bool:
    try:
        descriptor = os.open(workspace.root / ".lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
