"""The session: the one interface of every face. Typed events come out, answers and decisions go in."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from agent import checkpoint, gates
from agent.advisors.base import Advisor
from agent.advisors.expert import Expert
from agent.answers import GateAnswer, Source
from agent.closing import ending
from agent.desk import RunDesk
from agent.effects import Effects
from agent.errors import AnswersDoNotFit, Stopped, describe
from agent.events import Event
from agent.execution import Borrowed, Executor
from agent.gates import GateRequest
from agent.graph import build
from agent.position import Position
from agent.publishing import publish
from agent.questions import Question, decide, settle_revision
from agent.questions import build as build_question
from agent.recording import write_answers
from agent.registry import Registry, registry
from agent.sources import Source as DataSource
from agent.status import refuse_unfinished
from agent.waiting import gate_file, write_gate, write_pending
from agent.worker import Worker
from workspace.ledger import Ledger
from workspace.locks import hold
from workspace.project import RunFolder, Workspace


class Session:
    """One run, held for writing: open it, walk its events, answer its questions, decide its gates."""

    def __init__(
        self,
        workspace: Workspace,
        run: RunFolder,
        ledger: Ledger,
        advisor: Advisor,
        *,
        until: str | None = None,
        borrowed: Borrowed | None = None,
        steps: Registry | None = None,
        effects: bool = True,
    ) -> None:
        self.workspace = workspace
        self.run = run
        self.registry: Registry = steps or registry()
        self.ledger = ledger
        self.advisor = advisor
        self.until = until
        self.position = Position(self.registry, workspace.store).take_all(ledger.entries)
        self.worker = Worker(workspace.cache)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.executor = Executor(
            workspace, run, self.registry, ledger, self.position, self.worker, self._events.put_nowait, borrowed
        )
        self._effects = Effects(self.executor) if effects else None
        self._desk = RunDesk(self.executor, advisor, until, self._effects)
        self._task: asyncio.Task[None] | None = None
        self._stopping: str | None = None
        self.pending: Question | GateRequest | None = None

    # opening

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        root: Path,
        source: DataSource,
        *,
        seed: int,
        until: str | None = None,
        borrowed: Borrowed | None = None,
        advisor: Advisor | None = None,
        steps: Registry | None = None,
        name: str | None = None,
        effects: bool = True,
    ) -> AsyncIterator[Session]:
        """Begin a new run.

        Args:
            root: the workspace's folder.
            source: the data.
            seed: root of all randomness.
            until: the phase after whose gate the run ends.
            borrowed: observations of another run, taken instead of measuring.
            advisor: who recommends; the expert without one.
            steps: other steps than the product's.
            name: another id than the next free one.
            effects: whether what steps call for outside the store is brought about.

        Raises:
            WorkspaceBusy: another process holds the workspace.
            UsageError: a run is waiting there.
        """
        workspace = Workspace.create(root)
        with hold(root):
            if not source.lineage:
                refuse_unfinished(workspace)
            stored: dict[str, Any] = {name: source.store(name, workspace) for name in source.names}
            run = workspace.new_run(name)
            with Ledger(run.ledger) as ledger:
                advisor = advisor or Expert()
                ledger.append("run_started", run=run.id, seed=seed, advisor=advisor.name, **stored, **source.lineage)
                session = cls(
                    workspace, run, ledger, advisor, until=until, borrowed=borrowed, steps=steps, effects=effects
                )
                try:
                    yield session
                finally:
                    await session.close()

    @classmethod
    @asynccontextmanager
    async def resume(
        cls,
        root: Path,
        name: str | None = None,
        *,
        until: str | None = None,
        borrowed: Borrowed | None = None,
        advisor: Advisor | None = None,
        steps: Registry | None = None,
    ) -> AsyncIterator[Session]:
        """Go on with a run where its ledger ends.

        Raises:
            NotFound: there is no such run.
            WorkspaceBusy: another process holds the workspace.
            CorruptState: the ledger was changed.
        """
        workspace = Workspace.open(root)
        run = workspace.run(name)
        with hold(root), Ledger(run.ledger) as ledger:
            session = cls(workspace, run, ledger, advisor or Expert(), until=until, borrowed=borrowed, steps=steps)
            try:
                yield session
            finally:
                await session.close()

    # events

    async def events(self) -> AsyncIterator[Event]:
        """Walk the run until it ends, waits or is stopped; a question or gate event asks for an answer.

        Raises:
            AgentError: the run could not go on; what was done is kept.
        """
        await self.worker.start()
        self.workspace.sweep(self.run)
        self.position.forget_lost()
        if self.position.steps or self.position.decisions:
            self._mend_files()
            publish(self.workspace, self.run, self.registry, self.position, self.ledger.head)
        self._task = asyncio.create_task(self._walk())
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await self._task
        finally:
            if not self._task.done():
                self._task.cancel()
                self.worker.kill()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await self._task

    async def _walk(self) -> None:
        self._answered = asyncio.Event()
        try:
            if self._stopping is not None:
                raise asyncio.CancelledError
            self.executor.tell("run_started", **self._started())
            await self._run_graph()
        except asyncio.CancelledError:
            if self._stopping is None:
                raise
            self.worker.kill()
            self.executor.record("stopped", reason=self._stopping)
            self.executor.tell("stopped", reason=self._stopping)
            raise Stopped(f"Stopped by {self._stopping}.", hint="Go on with: phasegate resume") from None
        except Exception as error:
            problem = describe(error)
            if problem.code not in {3, 6}:
                with contextlib.suppress(OSError):
                    self.executor.record("failed", code=problem.code, message=problem.message)
                self.executor.tell("failed", code=problem.code, message=problem.message, hint=problem.hint)
            raise
        finally:
            try:
                with contextlib.suppress(OSError):
                    write_answers(self.run, self.position)
                    publish(self.workspace, self.run, self.registry, self.position, self.ledger.head)
            finally:
                self._events.put_nowait(None)

    def _mend_files(self) -> None:
        """Write what a crash between the ledger and the run's files left out: decided gates, what is waited for."""
        decided = {e.data["gate"]: e.data for e in self.ledger.entries if e.type == "gate_decided"}
        for gate, data in decided.items():
            phase = self.registry.phase(gate)
            if not gate_file(self.run, gate).exists() and data["evidence"] == gates.evidence_hash(self.position, phase):
                write_gate(self.run, self._desk.shown(phase), data)
        if self.position.asked is None and not any(state.open for state in self.position.gates.values()):
            self.run.pending.unlink(missing_ok=True)

    def _started(self) -> dict[str, Any]:
        started = self.position.started
        return {
            **{name: started[name] for name in ("seed", "source", "forked") if name in started},
            "advisor": self.advisor.name,
            "workspace": str(self.workspace.root),
        }

    async def _run_graph(self) -> None:
        from langgraph.types import Command

        path = self.workspace.cache / self.run.id / checkpoint.FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        config: Any = {"configurable": {"thread_id": self.run.id}}
        agrees = await self._agrees(path, config)
        if not agrees:
            checkpoint.discard(path)
        async with checkpoint.saver(path) as saver:
            graph = build(self.registry, self._desk, saver)
            step_in: Any = None if agrees else {"steps": {}}
            while True:
                async for _ in graph.astream(step_in, config, stream_mode="updates", durability="sync"):
                    pass
                state = await graph.aget_state(config)
                if not state.interrupts:
                    break
                await self._wait(state.interrupts[0].value)
                step_in = Command(resume={state.interrupts[0].id: {"head": self.ledger.head}})
        if self._effects is not None:
            await self._effects.close_dossier()
        self._end(str(state.values.get("status", "done")))
        if self._effects is not None:
            await self._effects.track()

    async def _agrees(self, path: Path, config: Any) -> bool:
        """Whether the checkpoint waits where the ledger ends; a lost, damaged or older one does not."""
        if not checkpoint.sound(path):
            return False
        try:
            async with checkpoint.saver(path) as saver:
                state = await build(self.registry, self._desk, saver).aget_state(config)
            keys = {name: record.key for name, record in self.position.steps.items()}
            return (
                bool(state.created_at and state.next)
                and state.values.get("steps", {}) == keys
                and all(self.executor.done(self.registry.steps[name]) for name in keys)
            )
        except Exception:  # it is a cache: whatever is wrong with it, the ledger knows
            return False

    async def _wait(self, asked: Mapping[str, Any]) -> None:
        """Tell what is asked and wait until the ledger holds the answer."""
        self._answered.clear()
        if "gate" in asked:
            phase = self.registry.phase(asked["gate"])
            shown = self._desk.gate(phase)
            if not isinstance(shown, GateRequest):
                return
            self.pending = shown
            entry = gates.opened(self.ledger, self.position, phase, shown)
            if entry is not None:
                self.position.take(entry)
            write_pending(self.run, shown)
            write_answers(self.run, self.position)
            self.executor.tell("gate_opened", **shown.model_dump(mode="json"))
        else:
            question = self._question(asked["question"])
            if question is None:
                return
            self.pending = question
            if self.position.asked != question.id:
                self.executor.record("question_asked", **question.told())
            write_pending(self.run, question)
            self.executor.tell("question_asked", **question.told())
        await self._answered.wait()
        self.pending = None
        self.run.pending.unlink(missing_ok=True)

    def _question(self, name: str) -> Question | None:
        found = self.registry.ask(name)
        if found is None or name in self.position.decisions:
            return None
        step, ask, subject = found
        return build_question(step, ask, subject, self.position, self.advisor)

    def _end(self, status: str) -> None:
        data = ending(self.workspace, self.run, self.position, status)
        closing = data.pop("closing")
        if self.ledger.entries[-1].type != "finished":
            self.executor.record("finished", **data)
        self.executor.tell("finished", **data, closing=closing)

    # answers and decisions

    def settle(self, settings: Mapping[str, tuple[Any, Source, str | None, str | None]]) -> None:
        """Record given settings: answers to what is never asked; by id to (value, source, by, reason)."""
        for step, ask in self.registry.asks():
            if not ask.setting or ask.id not in settings or ask.id in self.position.decisions:
                continue
            value, source, by, reason = settings[ask.id]
            question = build_question(step, ask, "", self.position, self.advisor)
            self._record_answer(question, value, source, by, reason)

    def answer(
        self, name: str, value: Any, *, source: Source, by: str | None = None, reason: str | None = None
    ) -> None:
        """Answer the question that waits.

        Raises:
            AnswersDoNotFit: another question waits, or the value does not fit.
        """
        if not isinstance(self.pending, Question) or self.pending.id != name:
            raise AnswersDoNotFit(f"{name} is not what is asked now.")
        self._record_answer(self.pending, value, source, by, reason)
        self._answered.set()

    def _record_answer(
        self, question: Question, value: Any, source: Source, by: str | None, reason: str | None
    ) -> None:
        if value == "recommended":
            if not question.has_recommendation:
                raise AnswersDoNotFit(f"{question.id} has no recommendation here.", hint="Give a value.")
            value, source = question.recommended, "recommended" if source == "file" else source
        decision = decide(question, value, source=source, by=by, reason=reason)
        self.executor.record("question_answered", step=question.step, **decision.model_dump(mode="json"))
        self.executor.tell(
            "question_answered", question.step, prompt=question.prompt, **decision.model_dump(mode="json")
        )

    def decide(self, gate: str, answer: GateAnswer, *, source: Literal["file", "command", "person"]) -> None:
        """Decide the gate that waits.

        Raises:
            AnswersDoNotFit: it is not open, shows other evidence, or the decision names what is not there.
            Waiting: the approval's condition is false, or conditions or overrides are missing.
            Rejected: overrides are missing at a no-go.
        """
        if not isinstance(self.pending, GateRequest) or self.pending.gate != gate:
            raise AnswersDoNotFit(
                f"Gate {gate} is not open now.", hint="`phasegate status` shows where the run stands."
            )
        self.take_decision(gate, answer, source=source)
        self._answered.set()

    def take_decision(
        self, gate: str, answer: GateAnswer, *, source: Literal["file", "command", "person"]
    ) -> GateRequest:
        """Record a decision on an open gate, and run nothing. Returns what the gate showed."""
        phase = self.registry.phase(gate)
        shown = self._desk.shown(phase)
        settled = settle_revision(answer, self.position, self.advisor)
        entry = gates.record_decision(self.ledger, self.position, phase, shown, answer, source=source, settled=settled)
        self.position.take(entry)
        for name in gates.idle_overrides(shown, answer):
            self.warn(f"The override of {name} was not needed: it did not fail.")
        write_gate(self.run, shown, entry.data)
        if not self.position.gate(gate).open:
            self.run.pending.unlink(missing_ok=True)
        write_answers(self.run, self.position)
        self.executor.tell("gate_decided", **entry.data, head=entry.hash)
        return shown

    def warn(self, text: str) -> None:
        """Put a warning on record and tell it."""
        self.executor.record("warning", text=text)
        self.executor.tell("warning", text=text)

    def cancel(self, reason: str = "the person") -> None:
        """Stop now; the step in flight is given up, everything before it is kept."""
        self._stopping = reason
        self.worker.kill()
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def close(self) -> None:
        """End the worker and the walk."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._task
        if self._effects is not None:
            self._effects.stop()
        await self.worker.close()
        shutil.rmtree(self.workspace.cache / "work" / self.run.id, ignore_errors=True)
