"""What a run told before it was opened again: its record as the events that a face would have seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent.events import Event
from agent.position import Position
from tools.records import Outcome
from tools.wording import inert
from workspace.errors import WorkspaceError
from workspace.ledger import Entry

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
