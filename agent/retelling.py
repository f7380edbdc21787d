"""What a run told before it was opened again: its record as the events that a face would have seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.events import Event
from agent.position import Position
from agent.registry import Registry, registry
from tools.records import Outcome
from tools.wording import inert
from workspace.errors import WorkspaceError
from workspace.ledger import Entry, read
from workspace.project import RunFolder, Workspace

_RETOLD = frozenset({"step_finished", "question_answered", "gate_decided", "warning"})
_CHAIN = frozenset({"v", "seq", "prev", "at", "hash", "type"})


def retold(entries: Iterable[Entry], position: Position) -> Iterator[Event]:
    """The events of a record, oldest first, as the session told them: findings, answers, decisions, warnings.

    Args:
        entries: the ledger's entries.
        position: where the run stands by them.
    """
    for entry in entries:
        if entry.type in _RETOLD:
            data = {key: value for key, value in entry.data.items() if key not in _CHAIN}
            step = data.pop("step", None)
            yield Event(
                type=entry.type,
                run=position.run,
                step=step,
                data={**data, **_more(entry, step, position)},
            )


@dataclass(frozen=True)
class Record:
    """A run to look at: of a session it has what reading needs, and nothing that writes."""

    workspace: Workspace
    run: RunFolder
    position: Position
    registry: Registry
    events: tuple[Event, ...]
    pending: None = None


def record_of(root: Path, name: str | None) -> Record:
    """A run as its record tells it: where it lies, where it stands, and its events; nothing is held or changed.

    Raises:
        NotFound: there is no workspace, or no such run.
        CorruptState: the record was changed.
    """
    workspace = Workspace.open(root)
    run = workspace.run(name)
    entries = list(read(run.ledger))
    position = Position(registry(), workspace.store).take_all(entries)
    begun = {"seed": position.seed, "advisor": position.started["advisor"], "source": position.started["source"]}
    first = Event(type="run_started", run=position.run, data={**begun, "workspace": str(root)})
    return Record(workspace, run, position, position.registry, (first, *retold(entries, position)))


def _more(entry: Entry, step: str | None, position: Position) -> dict[str, Any]:
    """What the event says beyond the record."""
    if entry.type == "step_finished" and step in position.registry.steps:
        known = position.registry.steps[step]
        told = {"title": known.title, "guidance": known.guidance, "phase": known.phase}
        return {**told, "notes": _notes(entry, position)}
    if entry.type == "question_answered":
        found = position.registry.ask(entry.data["id"])
        return {"prompt": found[1].prompt.replace("{subject}", inert(found[2])) if found else entry.data["id"]}
    if entry.type == "gate_decided":
        return {"head": entry.hash}
    return {}


def _notes(entry: Entry, position: Position) -> list[str]:
    """The further lines of a step's outcome; none where it is no longer in the store."""
    try:
        content = position.store.read(entry.data["artifacts"]["outcome.json"]["sha256"])
    except WorkspaceError:
        return []
    return [str(note) for note in Outcome.model_validate_json(content).notes]
