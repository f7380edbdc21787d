"""Where a run stands: decisions, steps and gates, read from the ledger, which is the truth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.decisions import Decision, GateDecision
from agent.registry import Registry
from agent.steps import Step
from tools.records import Outcome
from workspace.evidence import EvidenceStore
from workspace.ledger import Entry
from workspace.store import Store


@dataclass(frozen=True)
class StepRecord:
    """A finished step: key, artifacts by name, and what was observed while it ran."""

    id: str
    key: str
    artifacts: Mapping[str, Mapping[str, Any]]
    """Name to {sha256, bytes}; the outcome stands under ``outcome.json``."""
    seconds: float
    cached: bool
    observed: Mapping[str, Any] = field(default_factory=dict)
    """What was observed while it ran, by name; known of steps that are read from a whole ledger."""

    @property
    def outcome(self) -> str:
        """Hash of the outcome record."""
        return str(self.artifacts["outcome.json"]["sha256"])


@dataclass
class GateState:
    """A gate as the ledger has it: what it last showed, and every decision."""

    opened: str | None = None
    """Evidence hash of the last opening."""
    open: bool = False
    shown: Mapping[str, str] = field(default_factory=dict)
    """Step id to hash of its result, as last shown."""
    decisions: list[GateDecision] = field(default_factory=list)
    decided_at: str | None = None
    decided_seq: int = -1


class Position:
    """The state of a run; implements :class:`agent.steps.Known` for questions and rules."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self.registry = registry
        self.store = store
        self.run = ""
        self.seed = 0
        self.started: Mapping[str, Any] = {}
        self.started_at = ""
        self.decisions: dict[str, Decision] = {}
        self.first: dict[str, Decision] = {}
        """What each question was last answered with when it was asked: before any revision."""
        self.steps: dict[str, StepRecord] = {}
        self.gates: dict[str, GateState] = {}
        self.revised_seq = -1
        """Sequence number of the last revision."""
        self.asked: str | None = None
        """Id of the question that waits."""
        self.ended: Mapping[str, Any] | None = None
        self.extra: dict[str, Mapping[str, Any]] = {}
        """Artifacts committed beside a step's own, by name: {sha256, bytes, step, for: the step's key}."""
        self.observations: dict[tuple[str, str], dict[str, Any]] = {}
        """(step, key) to what was observed while it ran, by name."""
        self._outcomes: dict[str, Outcome] = {}
        self._json: dict[str, Any] = {}

    def take(self, entry: Entry) -> None:
        """Move on by one entry of the ledger."""
        if entry.type not in _ENDINGS:
            self.ended = None
        handler = _HANDLERS.get(entry.type)
        if handler is not None:
            handler(self, entry)

    def take_all(self, entries: Iterable[Entry]) -> Position:
        """Move on by many entries; returns itself."""
        for entry in entries:
            self.take(entry)
        return self

    def forget_lost(self) -> None:
        """Take steps whose files are gone from the store for never done, so that they are done again."""
        for name, record in list(self.steps.items()):
            if not all(self.store.has(row["sha256"]) for row in record.artifacts.values()):
                del self.steps[name]

    def take_back(self, question: str) -> None:
        """Open a question again: until it is answered anew, the ledger's last word on it stands for a later reader."""
        self.decisions.pop(question, None)

    def gate(self, name: str) -> GateState:
        """A gate's state."""
        return self.gates.setdefault(name, GateState())

    # what questions and rules may know

    def answer(self, question: str, default: Any = None) -> Any:
        """The decided value of a question, or ``default`` where it is undecided or declared unknown."""
        decision = self.decisions.get(question)
        return default if decision is None or decision.value is None else decision.value

    def answers(self, prefix: str) -> dict[str, Any]:
        """Decided values under a prefix by the rest of the id, sorted."""
        return {
            key[len(prefix) :]: decision.value
            for key, decision in sorted(self.decisions.items())
            if key.startswith(prefix) and decision.value is not None
        }

    def has(self, artifact: str) -> bool:
        """Whether an earlier step made this artifact."""
        return self.find(artifact) is not None

    def json(self, artifact: str) -> Any:
        """A JSON artifact, checked against its hash.

        Raises:
            KeyError: no step made it.
        """
        sha256 = self.find(artifact)
        if sha256 is None:
            raise KeyError(artifact)
        if sha256 not in self._json:
            self._json[sha256] = json.loads(self.store.read(sha256))
        return self._json[sha256]

    def facts(self, step: str) -> Mapping[str, Any]:
        """The facts of a step's outcome; empty where it has not run."""
        outcome = self.outcome(step)
        return outcome.facts if outcome else {}

    # what the machinery knows

    def find(self, artifact: str) -> str | None:
        """Hash of an artifact by name, as it stands now."""
        maker = self.registry.makers.get(artifact)
        record = self.steps.get(maker) if maker else None
        if record is None:
            return None
        name = "outcome.json" if artifact.endswith(".outcome") else artifact
        row = record.artifacts.get(name)
        return str(row["sha256"]) if row else None

    def folder(self, prefix: str) -> dict[str, str]:
        """The files of a folder artifact (``scorer/``): name to hash, sorted."""
        maker = self.registry.makers.get(prefix)
        record = self.steps.get(maker) if maker else None
        if record is None:
            return {}
        return {name: row["sha256"] for name, row in sorted(record.artifacts.items()) if name.startswith(prefix)}

    def beside(self, prefix: str) -> dict[str, str]:
        """Artifacts under a prefix that were committed beside the current result of a step: name to hash."""
        return {
            name: row["sha256"]
            for name, row in sorted(self.extra.items())
            if name.startswith(prefix) and row["step"] in self.steps and self.steps[row["step"]].key == row["for"]
        }

    def outcome(self, step: str) -> Outcome | None:
        """A step's outcome, checked against its hash; None where it has not run."""
        record = self.steps.get(step)
        if record is None:
            return None
        if record.outcome not in self._outcomes:
            self._outcomes[record.outcome] = Outcome.model_validate_json(self.store.read(record.outcome))
        return self._outcomes[record.outcome]

    def outcomes(self, steps: Iterable[Step]) -> list[tuple[Step, Outcome]]:
        """The outcomes of those steps that have run, in order."""
        found = [(step, self.outcome(step.id)) for step in steps]
        return [(step, outcome) for step, outcome in found if outcome is not None]

    @property
    def evidence(self) -> EvidenceStore:
        """The evidence of all steps that have run."""
        store = EvidenceStore()
        for step, outcome in self.outcomes(self.registry):
            store.take(step.id, outcome.model_dump(mode="json"))
        return store

    @property
    def verdict(self) -> str | None:
        """The verdict of the review; None before it."""
        return str(self.json("verdict.json")["verdict"]) if self.has("verdict.json") else None


def _started(position: Position, entry: Entry) -> None:
    position.run = str(entry.data["run"])
    position.seed = int(entry.data["seed"])
    position.started = entry.data
    position.started_at = entry.at


def _finished_step(position: Position, entry: Entry) -> None:
    data = entry.data
    position.steps[data["step"]] = StepRecord(
        data["step"], data["key"], data["artifacts"], data["seconds"], data["cached"]
    )


def _asked(position: Position, entry: Entry) -> None:
    position.asked = str(entry.data["id"])


def _answered(position: Position, entry: Entry) -> None:
    decision = Decision.model_validate({key: value for key, value in entry.data.items() if key != "step"})
    position.decisions[decision.id] = decision
    position.first[decision.id] = decision
    if position.asked == decision.id:
        position.asked = None


def _opened(position: Position, entry: Entry) -> None:
    gate = position.gate(entry.data["gate"])
    gate.opened = entry.data["evidence"]
    gate.shown = entry.data["shown"]
    gate.open = True


def _decided(position: Position, entry: Entry) -> None:
    decision = GateDecision.model_validate(entry.data)
    gate = position.gate(decision.gate)
    gate.decisions.append(decision)
    gate.decided_at = entry.at
    gate.decided_seq = entry.seq
    if decision.decision == "revise":
        position.revised_seq = entry.seq
    gate.open = decision.decision == "revise" and not decision.set
    for question, value in decision.set.items() if decision.decision == "revise" else ():
        before = position.decisions.get(question)
        position.decisions[question] = Decision(
            id=question,
            value=value,
            source="revision",
            by=decision.by,
            reason=decision.reason,
            recommended=before.recommended if before else None,
            why=before.why if before else "",
            rule=before.rule if before else None,
        )


def _observed(position: Position, entry: Entry) -> None:
    data = entry.data
    position.observations.setdefault((data["step"], data["key"]), {})[data["name"]] = data["value"]


def _committed(position: Position, entry: Entry) -> None:
    step = entry.data["step"]
    position.extra.update({name: {**row, "step": step} for name, row in entry.data["artifacts"].items()})


def _ended(position: Position, entry: Entry) -> None:
    position.ended = {"type": entry.type, **entry.data}


_ENDINGS = frozenset({"finished", "failed", "stopped"})
_HANDLERS = {
    "run_started": _started,
    "step_finished": _finished_step,
    "question_asked": _asked,
    "question_answered": _answered,
    "gate_opened": _opened,
    "gate_decided": _decided,
    "observation": _observed,
    "artifact_committed": _committed,
    "finished": _ended,
    "failed": _ended,
    "stopped": _ended,
}
