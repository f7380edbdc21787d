"""Approvals that a fork takes over: of a gate before its own that shows what was approved in the run it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent import gates
from agent.decisions import Carried, GateDecision
from agent.execution import Executor
from agent.gates import GateRequest
from agent.keys import step_key
from agent.openings import workspace_checks
from agent.position import Position, StepRecord
from agent.recording import run_record
from agent.registry import Phase
from workspace.errors import WorkspaceError
from workspace.files import readable_json, sha256_bytes
from workspace.ledger import Entry, read
from workspace.project import Workspace

_RECORD = "record.json"


def approval(executor: Executor, phase: Phase, shown: GateRequest) -> tuple[GateDecision, Carried] | None:
    """An approval of just what a gate shows, given in the run that this one was forked from.

    The documents of a run bear its name, so a fork's own differ from those that were approved. Everything else must be
    the same to the bit: keys and files of all other steps, what the documents rest on once the name is put aside, the
    status of every check. Where anything is not, there is none, and a person has to look.

    Args:
        executor: of the fork.
        phase: the phase whose gate it is.
        shown: what the gate shows.
    """
    position = executor.position
    forked = position.started.get("forked")
    names = [known.name for known in executor.registry.phases]
    if forked is None or names.index(phase.name) >= names.index(forked["gate"]):
        return None
    if any(decision.evidence == shown.evidence for decision in position.gate(phase.name).decisions):
        return None
    if any(check.status != "pass" for check in workspace_checks(executor.workspace, position, phase)):
        return None
    try:
        entries = _entries(executor.workspace, forked)
        if not entries:
            return None
        origin = Position(executor.registry, executor.workspace.store).take_all(entries)
        evidence = gates.evidence_of({**position.steps, **_renamed(executor, phase, origin, entries)}, phase)
        return _approved(entries, phase, shown, evidence, origin.run)
    except WorkspaceError:  # the other run is gone or damaged: it vouches for nothing
        return None


def _entries(workspace: Workspace, forked: Mapping[str, Any]) -> list[Entry]:
    """The other run's ledger as it stood when it was forked; nothing where it does not hold that head."""
    entries = list(read(workspace.run(forked["run"]).ledger))
    heads = [entry.hash for entry in entries]
    return entries[: heads.index(forked["head"]) + 1] if forked["head"] in heads else []


def _renamed(executor: Executor, phase: Phase, origin: Position, entries: Sequence[Entry]) -> dict[str, StepRecord]:
    """The other run's documents, where they rest on what the fork's rest on but for the run's name."""
    finished = {entry.data["key"]: entry.data for entry in entries if entry.type == "step_finished"}
    found = {}
    for step in phase.steps:
        if _RECORD in step.needs and step.id in executor.position.steps:
            record = sha256_bytes(readable_json(_record_as(executor.position, origin, phase)))
            inputs = {**executor.inputs(step), _RECORD: record}
            data = finished.get(step_key(step, inputs, executor.decisions(step), executor.position.seed))
            if data is not None:
                found[step.id] = StepRecord(step.id, data["key"], data["artifacts"], 0.0, cached=True)
    return found


def _record_as(position: Position, origin: Position, phase: Phase) -> dict[str, Any]:
    """The fork's record of decisions as the other run would have written it: its name, and approvals as given there."""
    mine, theirs = run_record(position, phase.name), run_record(origin, phase.name)
    rows = []
    for row in mine["gates"]:
        carried = position.gate(row["gate"]).decisions[-1].carried
        own = [other for other in theirs["gates"] if other["gate"] == row["gate"]]
        rows.append(own[0] if carried is not None and len(own) == 1 else row)
    return {**mine, "run": {**mine["run"], "id": origin.run}, "gates": rows}


def _approved(
    entries: Sequence[Entry], phase: Phase, shown: GateRequest, evidence: str, run: str
) -> tuple[GateDecision, Carried] | None:
    """The last decision on this evidence, where it is an approval and the gate's checks stood as they do."""
    statuses: Mapping[str, str] | None = None
    found: tuple[GateDecision, Carried] | None = None
    for entry in entries:
        if entry.data.get("gate") != phase.name or entry.data.get("evidence") != evidence:
            continue
        if entry.type == "gate_opened":
            statuses = entry.data["checks"]
        elif entry.type == "gate_decided":
            decision = GateDecision.model_validate(entry.data)
            same = decision.decision == "approve" and statuses == {check.id: check.status for check in shown.checks}
            found = (decision, Carried(run=run, evidence=evidence, entry=entry.hash)) if same else None
    return found
