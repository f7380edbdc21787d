"""Doing a run again: in an empty store, from its source snapshot, answers and observations, and comparing."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from pydantic import BaseModel

from agent.errors import UsageError, Waiting
from agent.events import Event
from agent.execution import Borrowed, finished_steps
from agent.headless import Headless, Show
from agent.position import Position, StepRecord
from agent.recording import answers_of
from agent.registry import registry
from agent.session import Session
from agent.sources import Source
from agent.status import position_of
from agent.steps import Kind
from workspace.project import RunFolder, Workspace


class Difference(BaseModel):
    """An artifact that came out otherwise."""

    step: str
    artifact: str


class Replay(BaseModel):
    """The form of ``replay --json``."""

    steps: int
    executed: int
    differing: list[Difference]
    remeasured: list[Difference] = []
    """Observations that a new measurement gave another value for; never a failure."""


def borrow(run_dir: Path, workspace: Path) -> Borrowed:
    """The recorded observations of a run, for another run to take instead of measuring.

    Args:
        run_dir: folder of the run that measured.
        workspace: where the other run's artifacts are kept; the observed files are copied there.

    Raises:
        UsageError: there is no run in that folder.
    """
    run = RunFolder(run_dir.resolve())
    if not run.ledger.exists():
        raise UsageError(f"No run in {run_dir}.", hint="Give a folder such as phasegate/runs/0001-heron.")
    origin = Workspace.open(run.root.parent.parent)
    target = Workspace.create(workspace)
    return _observations(position_of(origin, run), run, origin, target)


def _observations(position: Position, run: RunFolder, origin: Workspace, target: Workspace) -> Borrowed:
    values = {
        place: {name: value for name, value in named.items() if name != "artifacts"}
        for place, named in position.observations.items()
    }
    steps: dict[str, StepRecord] = {}
    for record in finished_steps(run):
        step = position.registry.steps.get(record.id)
        if step is not None and step.kind is Kind.OBSERVE:
            steps[record.key] = record
            for row in record.artifacts.values():
                if not target.store.has(row["sha256"]):
                    target.store.put(origin.store.path(row["sha256"]))
    return Borrowed(values, steps)


async def replay(root: Path, name: str | None, show: Show, *, remeasure: bool = False) -> Replay:
    """Do a finished or stopped run again in an empty store and compare each derive artifact.

    Raises:
        CorruptState: the source snapshot was changed.
        NotFound: there is no such run.
    """
    origin = Workspace.open(root)
    run = origin.run(name)
    position = position_of(origin, run)
    folder = Path(tempfile.mkdtemp(prefix="phasegate-replay-"))
    try:
        source = _snapshot(origin, position, folder)
        target = Workspace.create(folder / "workspace")
        borrowed = None if remeasure else _observations(position, run, origin, target)
        headless = Headless(answers_of(position), accept_recommended=False, show=show)
        ended_at = _last_gate(position)
        async with Session.start(
            target.root, source, seed=position.seed, until=ended_at, borrowed=borrowed, name=run.id, effects=False
        ) as session:
            with contextlib.suppress(Waiting):  # where the run waited for an answer, its replay waits too
                await headless.drive(session)
            return _compare(position, session)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _snapshot(origin: Workspace, position: Position, folder: Path) -> Source:
    paths = {}
    for name in ("source", "source_test"):
        kept = position.started.get(name)
        if kept:
            target = folder / name / kept["name"]
            target.parent.mkdir(parents=True)
            target.write_bytes(origin.store.read(kept["sha256"]))
            paths[name] = target
    settings = position.answers("source.")
    return Source(str(paths["source"]), paths.get("source_test"), settings)


def _last_gate(position: Position) -> str | None:
    """The gate that the run ended at, so that a replay ends there too."""
    decided = [phase.name for phase in position.registry.phases if position.gate(phase.name).decisions]
    waiting = [phase.name for phase in position.registry.phases if position.gate(phase.name).open]
    known = waiting or decided
    return known[-1] if known else None


def _compare(position: Position, session: Session) -> Replay:
    differing: list[Difference] = []
    remeasured: list[Difference] = []
    for name, before in position.steps.items():
        after = session.position.steps.get(name)
        kind = registry().steps[name].kind
        for artifact, row in before.artifacts.items():
            now = after.artifacts.get(artifact) if after else None
            if now is None or now["sha256"] != row["sha256"]:
                found = Difference(step=name, artifact=artifact)
                (differing if kind is Kind.DERIVE else remeasured).append(found)
    return Replay(
        steps=len(position.steps), executed=len(session.executor.executed), differing=differing, remeasured=remeasured
    )


def quiet(event: Event) -> None:
    """Show nothing."""
