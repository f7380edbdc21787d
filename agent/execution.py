"""How a step is carried out: its key, the look into the store, the worker, the commit, and the files that follow."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import gates
from agent.environment import BEGAN
from agent.errors import AgentError, StepFailed
from agent.events import Event
from agent.job import Call
from agent.keys import step_key, substream
from agent.position import Position, StepRecord
from agent.publishing import publish
from agent.registry import Registry
from agent.steps import Kind, Step
from agent.worker import Worker
from tools.records import Outcome
from workspace.errors import CorruptState
from workspace.files import readable_json
from workspace.ledger import Entry, Ledger, read
from workspace.project import RunFolder, Workspace
from workspace.vault import OPENING_STEP

Emit = Callable[[Event], None]
THREADS = 1
"""Threads of a fit; one, so that a result does not depend on the machine."""


@dataclass(frozen=True)
class Borrowed:
    """Observations of another run, taken instead of measuring where a step's key is the same."""

    values: Mapping[tuple[str, str], Mapping[str, Any]]
    """(step, key) to what was observed while it ran, by name."""
    steps: Mapping[str, StepRecord]
    """Finished observe steps of that run, by key."""


class Executor:
    """Carries steps out for one run and keeps its files in line with the ledger."""

    def __init__(
        self,
        workspace: Workspace,
        run: RunFolder,
        registry: Registry,
        ledger: Ledger,
        position: Position,
        worker: Worker,
        emit: Emit,
        borrowed: Borrowed | None = None,
    ) -> None:
        self.workspace = workspace
        self.run = run
        self.registry = registry
        self.ledger = ledger
        self.position = position
        self.worker = worker
        self.borrowed = borrowed
        self.executed: list[str] = []
        """Steps whose body ran in this process."""
        self._emit = emit
        self._elsewhere: dict[str, StepRecord] | None = None

    # the ledger

    def record(self, kind: str, /, **data: Any) -> Entry:
        """Append to the ledger and move on by it."""
        entry = self.ledger.append(kind, **data)
        self.position.take(entry)
        return entry

    def tell(self, kind: Any, step: str | None = None, **data: Any) -> None:
        """Tell the faces."""
        self._emit(Event(type=kind, run=self.run.id, step=step, data=data))

    # keys

    def inputs(self, step: Step) -> dict[str, str]:
        """Hashes of what a step needs, by name; files of a folder artifact one by one.

        Raises:
            StepFailed: a need is not there.
        """
        found: dict[str, str] = {}
        for need in step.needs:
            name = need.removesuffix("?")
            if name == "record.json":
                found[name] = self._record_json(step)
            elif name.endswith("/"):
                found.update(self.position.folder(name))
            elif name in {"source", "source_test"}:
                sha256 = self.position.started.get(name, {}).get("sha256")
                if sha256:
                    found[name] = sha256
            else:
                sha256 = self.position.find(name)
                if sha256:
                    found[name] = sha256
            if not need.endswith("?") and not any(key == name or key.startswith(name) for key in found):
                raise StepFailed(step.id, f"its input {name} is missing", "")
        return found

    def decisions(self, step: Step) -> dict[str, Any]:
        """The decided values that a step declares."""
        found: dict[str, Any] = {}
        for name in step.decisions:
            if name.endswith("*"):
                prefix = name[:-1]
                found.update({prefix + rest: value for rest, value in self.position.answers(prefix).items()})
            elif name in self.position.decisions:
                found[name] = self.position.decisions[name].value
        return found

    def key(self, step: Step) -> str:
        """A step's key as things stand."""
        return step_key(step, self.inputs(step), self.decisions(step), self.position.seed)

    def done(self, step: Step) -> bool:
        """Whether this run has the step's result for the key as things stand."""
        record = self.position.steps.get(step.id)
        return (
            record is not None
            and record.key == self.key(step)
            and all(self.workspace.store.has(row["sha256"]) for row in record.artifacts.values())
        )

    # carrying out

    async def carry_out(self, step: Step) -> None:
        """Bring a step's result about: found done, found in the store, or made by the worker.

        Raises:
            AgentError: a gate before it is not passed, or the step failed.
        """
        self._check_gates(step)
        if self.done(step):
            return
        inputs, decisions = self.inputs(step), self.decisions(step)
        key = step_key(step, inputs, decisions, self.position.seed)
        found = self._find(step, key)
        if found is not None:
            self._take_observations(step, key, found)
            self._finish(step, key, dict(found.artifacts), 0.0, cached=True)
            return
        self.record("step_started", step=step.id, key=key)
        self.tell("step_started", step.id, title=step.title, guidance=step.guidance, phase=step.phase)
        if step.id == OPENING_STEP:
            self._open_vault(inputs)
        artifacts, seconds = await self._run(step, key, inputs, decisions)
        self.executed.append(step.id)
        self._finish(step, key, artifacts, seconds, cached=False)

    def _check_gates(self, step: Step) -> None:
        for phase in self.registry.before(step.phase):
            if not gates.passed(self.position, phase):
                raise AgentError(
                    f"{step.id} may not start: gate {phase.name} has no approval for what it shows now.",
                    hint="Run `phasegate resume` to open it.",
                )

    def _find(self, step: Step, key: str) -> StepRecord | None:
        """A finished step with this key in any run of the workspace, with all its artifacts in the store."""
        if step.kind is Kind.EFFECT:
            return None
        if self.borrowed is not None and key in self.borrowed.steps:
            return self.borrowed.steps[key]
        if self._elsewhere is None:
            self._elsewhere = {}
            for done in (done for run in self.workspace.runs() for done in _readable_steps(run)):
                if not done.cached or done.key not in self._elsewhere:
                    self._elsewhere[done.key] = done
        own = self.position.steps.get(step.id)
        record = own if own is not None and own.key == key else self._elsewhere.get(key)
        measured = self.position.observations.get((step.id, key), {}).get("artifacts")
        if record is None and measured is not None:  # measured and on record, then cut short before it was finished
            record = StepRecord(step.id, key, measured, 0.0, cached=False)
        if record is None or not all(self.workspace.store.has(row["sha256"]) for row in record.artifacts.values()):
            return None
        return record

    def _take_observations(self, step: Step, key: str, found: StepRecord) -> None:
        """Put on record what was observed while a found step ran: a run is repeated by its own record."""
        known = self.position.observations.get((step.id, key), {})
        for name, value in found.observed.items():
            if name not in known:
                self.record("observation", step=step.id, key=key, name=name, value=value)

    async def _run(
        self, step: Step, key: str, inputs: Mapping[str, str], decisions: Mapping[str, Any]
    ) -> tuple[dict[str, Any], float]:
        folder = self.workspace.cache / "work" / self.run.id / step.id
        shutil.rmtree(folder, ignore_errors=True)
        out = folder / "out"
        out.mkdir(parents=True)
        call = Call(
            step=step.id,
            body=f"{step.run.__module__}:{step.run.__qualname__}",
            inputs=self._stage(step, inputs, folder / "in"),
            out=str(out),
            decisions=dict(decisions),
            needs=step.needs,
            declared=step.decisions,
            makes=step.makes,
            seed=substream(self.position.seed, step.id),
            threads=THREADS,
            recorded=self._recorded(step, key),
            began=BEGAN,
            guarded=str(self.workspace.root.resolve()),
        )

        def listen(message: dict[str, Any]) -> None:
            if message["kind"] == "observation":
                self.record("observation", step=step.id, key=key, name=message["name"], value=message["value"])
            else:
                self.tell("progress", step.id, **{key: value for key, value in message.items() if key != "kind"})

        result = await self.worker.call(call, listen)
        Outcome.model_validate(result["outcome"])
        (out / "outcome.json").write_bytes(readable_json(result["outcome"]))
        artifacts = self._commit(step, out)
        shutil.rmtree(folder, ignore_errors=True)
        return artifacts, float(result["seconds"])

    def _recorded(self, step: Step, key: str) -> dict[str, Any]:
        own = self.position.observations.get((step.id, key), {})
        return {**(self.borrowed.values.get((step.id, key), {}) if self.borrowed else {}), **own}

    def _stage(self, step: Step, inputs: Mapping[str, str], folder: Path) -> dict[str, str]:
        """Lay a step's inputs out and return name to path: files as links to the store, folders as true copies.

        What is deployed runs out of a folder artifact, and it takes no links.
        """
        folder.mkdir(parents=True)
        staged: dict[str, str] = {}
        for name, sha256 in inputs.items():
            path = folder / (self._source_name(name) if name in {"source", "source_test"} else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if "/" in name:
                path.write_bytes(self.workspace.store.read(sha256))
            else:
                path.symlink_to(self.workspace.store.sound(sha256).resolve())
            staged[name] = str(path)
        for need in (need.removesuffix("?") for need in step.needs):
            if need.endswith("/") and (folder / need).is_dir():
                staged[need] = str(folder / need)
        return staged

    def _source_name(self, name: str) -> str:
        return f"{name}/{self.position.started[name]['name']}"

    def _commit(self, step: Step, out: Path) -> dict[str, Any]:
        """Move a step's files into the store.

        Raises:
            StepFailed: the step did not make what it declares, or made something else.
        """
        artifacts: dict[str, Any] = {}
        folders = tuple(name for name in step.makes if name.endswith("/"))
        for path in sorted(path for path in out.rglob("*") if path.is_file()):
            name = path.relative_to(out).as_posix()
            if name != "outcome.json" and not name.startswith(folders) and not _declared(step, name):
                raise StepFailed(step.id, f"it made {name}, which it does not declare", "")
            stored = self.workspace.store.put(path, move=True)
            artifacts[name] = {"sha256": stored.sha256, "bytes": stored.bytes}
        for name in step.makes:
            made = name in artifacts or any(known.startswith(name) for known in artifacts if name.endswith("/"))
            if not name.endswith("?") and not made:
                raise StepFailed(step.id, f"it did not make {name}, which it declares", "")
        return artifacts

    def _finish(self, step: Step, key: str, artifacts: dict[str, Any], seconds: float, *, cached: bool) -> None:
        if step.kind is Kind.OBSERVE and not cached:
            self.record("observation", step=step.id, key=key, name="artifacts", value=artifacts)
        outcome = Outcome.model_validate(json.loads(self.workspace.store.read(artifacts["outcome.json"]["sha256"])))
        data = {
            "key": key,
            "summary": str(outcome.summary),
            "artifacts": artifacts,
            "cached": cached,
            "seconds": seconds,
        }
        self.record("step_finished", step=step.id, **data)
        if self._elsewhere is not None:
            self._elsewhere[key] = self.position.steps[step.id]
        publish(self.workspace, self.run, self.registry, self.position, self.ledger.head)
        self.tell(
            "step_finished",
            step.id,
            title=step.title,
            guidance=step.guidance,
            phase=step.phase,
            notes=[str(note) for note in outcome.notes],
            **data,
        )

    # the vault

    def _open_vault(self, inputs: Mapping[str, str]) -> None:
        """Record the opening of the test rows, before anything reads them."""
        model = inputs.get("scorer/scorer.json", "")
        test = inputs["test.parquet"]
        mine = [e for e in self.ledger.entries if e.type == "test_opened" and e.data["model_sha256"] == model]
        if not mine:
            self.record("test_opened", test_sha256=test, model_sha256=model, purpose=OPENING_STEP)

    # documents

    def _record_json(self, step: Step) -> str:
        """The record of decisions and gates up to a step's phase, as a stored input of its documents."""
        from agent.recording import run_record

        return self.workspace.store.put_bytes(readable_json(run_record(self.position, step.phase))).sha256


def _declared(step: Step, name: str) -> bool:
    return name in {made.removesuffix("?") for made in step.makes}


def _readable_steps(run: RunFolder) -> Iterator[StepRecord]:
    """The finished steps of a run up to where its ledger is damaged: another run's damage is no reason to stop."""
    with contextlib.suppress(CorruptState):
        yield from finished_steps(run)


def finished_steps(run: RunFolder) -> Iterator[StepRecord]:
    """The finished steps of a run's ledger, oldest first."""
    observed: dict[str, dict[str, Any]] = {}
    for entry in read(run.ledger):
        data = entry.data
        if entry.type == "observation" and data["name"] != "artifacts":
            observed.setdefault(data["key"], {})[data["name"]] = data["value"]
        elif entry.type == "step_finished":
            seen = observed.pop(data["key"], {})
            yield StepRecord(data["step"], data["key"], data["artifacts"], data["seconds"], data["cached"], seen)
