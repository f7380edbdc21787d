"""``phasegate diff``: what differs between two runs, and what is the same; reads the ledgers and holds no lock."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from agent.decisions import Decision, GateDecision
from agent.gates import checks_of, shown_check
from agent.position import Position
from agent.publishing import folders_of
from agent.registry import Phase, registry
from agent.status import state_of
from tools.records import MetricValue
from workspace.ledger import Entry, read
from workspace.project import RunFolder, Workspace


class Side(BaseModel):
    """One of the two runs."""

    run: str
    state: str
    verdict: str | None
    seed: int
    source: str
    """SHA-256 of the data as given."""
    forked: dict[str, Any] | None
    """{run, gate, head, set} of the run that it was forked from."""


class Answer(BaseModel):
    """How a question was answered."""

    value: Any
    source: str
    by: str | None
    reason: str | None


class DecisionChange(BaseModel):
    """A question with another answer, or an answer in one run only."""

    id: str
    left: Answer | None
    right: Answer | None


class GateChange(BaseModel):
    """A gate that was decided otherwise: the last decision of each run, or None where there is none."""

    gate: str
    left: GateDecision | None
    right: GateDecision | None


class MetricPair(BaseModel):
    """A metric of the scorer on the same part of the data in both runs."""

    metric: str
    partition: str
    left: MetricValue
    right: MetricValue
    difference: float | None
    """Right less left; None where one is not known."""
    same: bool
    """Whether value, interval and rows are."""


class CheckChange(BaseModel):
    """A check with another status; None where a run does not have it."""

    id: str
    title: str
    left: str | None
    right: str | None
    measured_left: str = ""
    measured_right: str = ""


class StepChange(BaseModel):
    """A step with another key, or one that only one run has."""

    id: str
    title: str
    change: Literal["redone", "only left", "only right"]


class DocumentChange(BaseModel):
    """A deliverable whose Markdown differs, the runs' own names aside."""

    stem: str
    removed: int
    """Lines of the left one that the right one does not have."""
    added: int
    only: Literal["left", "right"] | None = None


class Comparison(BaseModel):
    """The form of ``diff --json``."""

    left: Side
    right: Side
    decisions: list[DecisionChange]
    same_decisions: int
    gates: list[GateChange]
    metrics: list[MetricPair]
    same_rows: bool
    """Whether data and split are the same, so that figures rest on the same rows."""
    checks: list[CheckChange]
    steps: list[StepChange]
    same_steps: int
    """Steps with the same key in both."""
    deliverables: list[DocumentChange]
    same_deliverables: int


@dataclass(frozen=True)
class _Run:
    folder: RunFolder
    position: Position
    side: Side
    opened: Mapping[str, Mapping[str, str]]
    """Gate to check id to status, as last shown."""
    documents: Mapping[str, str]
    """Stem of a deliverable to hash of its Markdown."""


def compare(root: Path, left: str, right: str) -> Comparison:
    """Compare two runs of a workspace; ``latest`` stands for the newest.

    Raises:
        NotFound: there is no workspace, or no such run.
        CorruptState: a ledger was changed.
    """
    workspace = Workspace.open(root)
    one, other = (_read(workspace, workspace.run(name)) for name in (left, right))
    changed = _decisions(one.position, other.position)
    steps, same_steps = _steps(one.position, other.position)
    documents, same_documents = _documents(workspace, one, other)
    return Comparison(
        left=one.side,
        right=other.side,
        decisions=changed,
        same_decisions=len({*one.position.decisions, *other.position.decisions}) - len(changed),
        gates=_gates(one.position, other.position),
        metrics=_metrics(one.position, other.position),
        same_rows=one.side.source == other.side.source
        and one.position.find("split.parquet") == other.position.find("split.parquet"),
        checks=_checks(one, other),
        steps=steps,
        same_steps=same_steps,
        deliverables=documents,
        same_deliverables=same_documents,
    )


def _read(workspace: Workspace, run: RunFolder) -> _Run:
    entries: list[Entry] = list(read(run.ledger))
    position = Position(registry(), workspace.store).take_all(entries)
    status = state_of(workspace, run)
    side = Side(
        run=run.id,
        state=status.state,
        verdict=status.verdict,
        seed=position.seed,
        source=position.started["source"]["sha256"],
        forked=position.started.get("forked"),
    )
    opened = {entry.data["gate"]: entry.data["checks"] for entry in entries if entry.type == "gate_opened"}
    files = folders_of(run, position)[run.dossier]
    documents = {name[:-3]: sha256 for name, sha256 in files.items() if name[:2].isdigit() and name.endswith(".md")}
    return _Run(run, position, side, opened, documents)


def _decisions(left: Position, right: Position) -> list[DecisionChange]:
    order = {ask.id: place for place, (_, ask) in enumerate(left.registry.asks())}

    def place(name: str) -> tuple[int, str]:
        found = left.registry.ask(name)
        return order[found[1].id] if found else len(order), name

    return [
        DecisionChange(id=name, left=_answer(left.decisions.get(name)), right=_answer(right.decisions.get(name)))
        for name in sorted({*left.decisions, *right.decisions}, key=place)
        if not _same_value(left.decisions.get(name), right.decisions.get(name))
    ]


def _same_value(left: Decision | None, right: Decision | None) -> bool:
    """Whether two answers come to the same; a declared unknown and no answer at all do."""
    values = [None if decision is None else decision.value for decision in (left, right)]
    return values[0] == values[1] and isinstance(values[0], bool) == isinstance(values[1], bool)


def _answer(decision: Decision | None) -> Answer | None:
    if decision is None:
        return None
    return Answer(value=decision.value, source=decision.source, by=decision.by, reason=decision.reason)


def _gates(left: Position, right: Position) -> list[GateChange]:
    found = []
    for phase in left.registry.phases:
        one, other = _last(left, phase), _last(right, phase)
        if _told(one) != _told(other):
            found.append(GateChange(gate=phase.name, left=one, right=other))
    return found


def _last(position: Position, phase: Phase) -> GateDecision | None:
    decisions = position.gate(phase.name).decisions
    return decisions[-1] if decisions else None


def _told(decision: GateDecision | None) -> Any:
    """What counts of a gate's decision; the evidence is told by the steps."""
    told = {"decision", "by", "reason", "conditions", "override", "set"}
    return decision.model_dump(include=told) if decision else None


def _metrics(left: Position, right: Position) -> list[MetricPair]:
    one, other = _scored(left), _scored(right)
    return [
        MetricPair(
            metric=metric,
            partition=partition,
            left=one[metric, partition],
            right=other[metric, partition],
            difference=_difference(one[metric, partition].value, other[metric, partition].value),
            same=one[metric, partition] == other[metric, partition],
        )
        for metric, partition in one
        if (metric, partition) in other
    ]


def _difference(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else right - left


def _scored(position: Position) -> dict[tuple[str, str], MetricValue]:
    return {
        (row.metric, row.partition): row
        for _, outcome in position.outcomes(position.registry)
        for row in outcome.metrics
        if row.model == "scorer"
    }


def _checks(left: _Run, right: _Run) -> list[CheckChange]:
    """Checks with another status, of those phases that both runs reached."""
    found = []
    for phase in left.position.registry.phases:
        one, other = _statuses(left, phase), _statuses(right, phase)
        for name in dict.fromkeys([*one, *other]) if one and other else ():
            before, after = one.get(name, _ABSENT), other.get(name, _ABSENT)
            if before.status != after.status:
                found.append(
                    CheckChange(
                        id=name,
                        title=before.title or after.title or name,
                        left=before.status or None,
                        right=after.status or None,
                        measured_left=before.measured,
                        measured_right=after.measured,
                    )
                )
    return found


@dataclass(frozen=True)
class _Standing:
    status: str = ""
    title: str = ""
    measured: str = ""


_ABSENT = _Standing()


def _statuses(run: _Run, phase: Phase) -> dict[str, _Standing]:
    """A phase's checks by id, those included that rest on the workspace and were shown at its gate."""
    checks = {check.id: shown_check(check) for check in checks_of(run.position, phase)}
    found = {name: _Standing(check.status, check.title, check.measured) for name, check in checks.items()}
    shown = run.opened.get(phase.name, {})
    return {**{name: _Standing(status) for name, status in shown.items()}, **found}


def _steps(left: Position, right: Position) -> tuple[list[StepChange], int]:
    found: list[StepChange] = []
    same = 0
    for step in left.registry:
        one, other = left.steps.get(step.id), right.steps.get(step.id)
        if one is None and other is None:
            continue
        if one is not None and other is not None and one.key == other.key:
            same += 1
            continue
        change: Literal["redone", "only left", "only right"] = (
            "only right" if one is None else "only left" if other is None else "redone"
        )
        found.append(StepChange(id=step.id, title=step.title, change=change))
    return found, same


def _documents(workspace: Workspace, left: _Run, right: _Run) -> tuple[list[DocumentChange], int]:
    found: list[DocumentChange] = []
    same = 0
    for stem in sorted({*left.documents, *right.documents}):
        if stem not in left.documents or stem not in right.documents:
            only: Literal["left", "right"] = "left" if stem in left.documents else "right"
            found.append(DocumentChange(stem=stem, removed=0, added=0, only=only))
            continue
        one, other = (_lines(workspace, run, run.documents[stem]) for run in (left, right))
        if one == other:
            same += 1
            continue
        marks = [line[0] for line in difflib.unified_diff(one, other, lineterm="", n=0)][2:]
        found.append(DocumentChange(stem=stem, removed=marks.count("-"), added=marks.count("+")))
    return found, same


def _lines(workspace: Workspace, run: _Run, sha256: str) -> list[str]:
    """A document's lines with the run's own name put aside."""
    return workspace.store.read(sha256).decode("utf-8").replace(run.folder.id, "this run").splitlines()
