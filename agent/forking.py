"""``phasegate fork``: a run of its own that repeats another one up to a gate, with some answers changed.

The fork has the other run's data, seed and answers. Steps that do not depend on a change are found in the store by
their keys. It stops at the gate with the gate open; how that was decided before counts for nothing here. Gates before
it are passed only where :mod:`agent.carrying` finds that they show what was approved. The other run is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from agent.advisors.expert import Expert
from agent.answers import GATES, Answers, Given, Source
from agent.errors import AgentError, AnswersDoNotFit, Rejected, UsageError, Waiting
from agent.gates import GateRequest
from agent.headless import Headless, Show
from agent.position import Position
from agent.questions import check_static, settle
from agent.registry import registry
from agent.replay import borrow
from agent.session import Session
from agent.sources import Kept
from tools.wording import plural
from workspace.ledger import Entry, read
from workspace.project import RunFolder, Workspace

_TAKEN_OUT = ("source.table", "source.query")
"""What decides which rows are taken out of a database; a fork has the rows that the other run had."""


async def fork(
    root: Path,
    name: str | None,
    gate: str,
    settings: Mapping[str, Any],
    show: Show,
    source: Literal["flag", "person"] = "flag",
) -> int:
    """Fork a run at a gate and walk the fork there; returns the exit code where nothing waits.

    It may be forked while another run of the workspace waits, the forked one among them: that one stays as it is and
    is reached with ``--run``, while `status` and `resume` without it speak of the fork, the newest run.

    Args:
        root: the workspace's folder.
        name: the run to fork; the newest without it.
        gate: where the fork stops.
        settings: answers put over the repeated ones, by question id: a value, or {value, reason, by} as in a file.
        show: where events go.
        source: where the changed answers were given.

    Raises:
        UsageError: there is no such gate, or the run never opened it.
        AnswersDoNotFit: a setting's id is unknown, or its value does not fit.
        Waiting: the fork waits, as a rule at the gate.
    """
    workspace = Workspace.open(root)
    run = workspace.run(name)
    entries = list(read(run.ledger))
    _check_gate(run, gate, entries)
    position = Position(registry(), workspace.store).take_all(entries)
    changed = _checked(settings, position, source)
    lineage: dict[str, Any] = {"run": run.id, "gate": gate, "head": entries[-1].hash}
    lineage["set"] = {key: given.value for key, given in changed.items()}
    rows = {name: position.started[name] for name in ("source", "source_test") if name in position.started}
    kept = Kept(position.started["source"]["name"], lineage={"forked": lineage}, rows=rows)
    headless = Headless(_repeated(position, changed), accept_recommended=False, show=show)
    borrowed = borrow(run.root, root)
    async with Session.start(root, kept, seed=position.seed, borrowed=borrowed) as session:
        try:
            return await headless.drive(session)
        except (Waiting, Rejected) as stopped:
            raise _told(stopped, session, run, gate) from None


def _check_gate(run: RunFolder, gate: str, entries: Iterable[Entry]) -> None:
    if gate not in GATES:
        raise UsageError(f"There is no gate {gate}.", hint=f"Gates: {', '.join(GATES)}.")
    opened = {entry.data["gate"] for entry in entries if entry.type == "gate_opened"}
    if gate not in opened:
        known = ", ".join(name for name in GATES if name in opened) or "none"
        raise UsageError(f"Run {run.id} never opened gate {gate}.", hint=f"Gates that it opened: {known}.")


def _checked(settings: Mapping[str, Any], position: Position, source: Source) -> dict[str, Given]:
    """The changed answers, each checked against its question as the forked run knows it."""
    try:
        given = Answers.model_validate({"answers": dict(settings)}).answers
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"][1:])
        raise AnswersDoNotFit(f"{place}: {error.errors()[0]['msg']}.", hint="Give a value.") from None
    changed = {}
    for name, answer in given.items():
        check_static(position.registry, name, answer.value, answer.reason)
        if name in _TAKEN_OUT:
            raise UsageError(
                f"{name} can't change in a fork: it has the rows that run {position.run} had.",
                hint="Start a run on other rows with: phasegate run DATA",
            )
        value = settle({name: answer.value}, position, Expert(), by=answer.by, reason=answer.reason)[name]
        changed[name] = answer.model_copy(update={"value": value, "source": source})
    return changed


def _repeated(position: Position, changed: Mapping[str, Given]) -> Answers:
    """The answers of a run as they stood in the end with changed ones over them, and no gate decision."""
    answers = {
        key: Given(value=decision.value, reason=decision.reason, by=decision.by, source=decision.source)
        for key, decision in position.decisions.items()
    }
    return Answers(answers={**answers, **changed})


def _told(stopped: Waiting | Rejected, session: Session, run: RunFolder, gate: str) -> AgentError:
    """What the fork waits for, what had to be done again for it, and how to look."""
    waits = session.pending
    why = ""
    if isinstance(waits, GateRequest) and waits.gate != gate:
        why = f" It does not show what run {run.id} approved there."
    elif waits is not None and not isinstance(waits, GateRequest):
        why = f" Run {run.id} was not asked this, or its answer is of no use here."
    redone = list(dict.fromkeys(session.executor.executed))
    titles = dict.fromkeys(session.registry.steps[name].title for name in redone)
    count = len(session.position.steps) - len(redone)
    again = f" Done again: {', '.join(titles)};" if redone else " Nothing was done again;"
    found = f" {count} {plural(count, 'step was', 'steps were')} found in the store."
    look = f"look    phasegate diff {run.id} {session.run.id}"
    hint = f"{look}\n  go on   {stopped.hint}" if stopped.hint else look
    return type(stopped)(f"{stopped.message}{why}{again}{found}", hint=hint)
