"""The one link between the screens and the agent: a session in a thread of its own, events out, answers in.

The session's event loop is not the screen's: whatever the run does between two events, keys stay quick.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agent.errors import AgentError, Problem, Waiting, describe
from agent.events import Event

if TYPE_CHECKING:
    from agent.answers import GateAnswer
    from agent.gates import GateRequest
    from agent.questions import Question
    from agent.retelling import Record
    from agent.session import Session

T = TypeVar("T")


@dataclass(frozen=True)
class Leaving:
    """Where a fork leaves its run, and what is different from there on."""

    gate: str
    changed: Mapping[str, Any] = field(default_factory=dict)
    """Answers by question id."""


@dataclass(frozen=True)
class Opening:
    """Which run to open, and how."""

    workspace: Path
    data: str | None = None
    """A table to begin a run on; None goes on with a run."""
    run: str | None = None
    """The run to go on with; the latest without it."""
    again: str | None = None
    """Id of a question that is to be asked once more."""
    only_look: bool = False
    """Show the run as it stands, and hold and change nothing."""
    fork: Leaving | None = None
    """Fork the run there first, and open the fork."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of new data: ``source.*`` settings by the rest of their id, such as the table of a database."""


@dataclass(frozen=True)
class Told:
    """One event, with what waits for an answer since."""

    event: Event
    pending: Question | GateRequest | None = None


@dataclass(frozen=True)
class Ended:
    """The session is closed: at the run's end, stopped, or by a problem."""

    problem: Problem | None = None


Listener = Callable[[Told | Ended], None]
"""Is called in the session's thread."""


class Bridge:
    """Opens sessions one after the other, and hands over what a person says."""

    def __init__(self, listen: Listener) -> None:
        self._listen = listen
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: Session | None = None
        self._record: Record | None = None
        self._forking: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether a session is open."""
        return self._thread is not None and self._thread.is_alive()

    def open(self, opening: Opening) -> None:
        """Open a session; the one before must have ended."""
        if self._thread is not None:
            self._thread.join()
        self._thread = threading.Thread(target=self._run, args=(opening,), name="session", daemon=True)
        self._thread.start()

    async def answer(self, question: str, value: Any, *, reason: str | None = None, advised: bool = False) -> None:
        """Answer the question that waits; ``advised`` says that the person took the advice unseen.

        Raises:
            AgentError: the answer does not fit; the question still waits.
        """
        source: Any = "recommended" if advised else "person"
        await self._call(lambda session: session.answer(question, value, source=source, reason=reason))

    async def decide(self, gate: str, answer: GateAnswer) -> None:
        """Decide the gate that waits.

        Raises:
            AgentError: the decision is refused; the gate still waits.
        """
        await self._call(lambda session: session.decide(gate, answer, source="person"))

    async def read(self, look: Callable[[Any], T]) -> T:
        """Look at the session (or the record that is shown) in its own thread; once it has ended, as it ended.

        Raises:
            AgentError: no run is open.
        """
        if self._session is not None and self.running:
            return await self._call(look)
        shown = self._session or self._record
        if shown is None:
            raise AgentError("No run is open.", hint="Begin or resume one first.")
        return await asyncio.to_thread(look, shown)

    def stop(self, reason: str = "the person") -> None:
        """Give up the step in flight and close the session; the run can be resumed."""
        if self._loop is None or not self.running:
            return
        if self._session is not None:
            self._loop.call_soon_threadsafe(self._session.cancel, reason)
        elif self._forking is not None:
            self._loop.call_soon_threadsafe(self._forking.cancel)

    def close(self, seconds: float = 5.0) -> None:
        """Stop and wait for the session's end."""
        self.stop()
        if self._thread is not None:
            self._thread.join(seconds)

    async def _call(self, work: Callable[[Session], T]) -> T:
        loop, session = self._loop, self._session
        if loop is None or session is None or not self.running:
            raise AgentError("The run has stopped.", hint="Resume it first.")
        done: Future[T] = Future()

        def carry_out() -> None:
            if not done.set_running_or_notify_cancel():  # whoever asked has gone
                return
            try:
                done.set_result(work(session))
            except BaseException as error:
                done.set_exception(error)

        loop.call_soon_threadsafe(carry_out)
        return await asyncio.wrap_future(done)

    def _run(self, opening: Opening) -> None:
        problem = None
        try:
            asyncio.run(self._walk(opening))
        except BaseException as error:  # whatever ends the session is told, and the screen stays
            problem = describe(error)
        finally:
            self._loop = None
        self._listen(Ended(problem))

    def _look(self, opening: Opening) -> None:
        from agent.retelling import record_of

        self._record = record_of(opening.workspace, opening.run)
        for event in self._record.events:
            self._listen(Told(event))

    async def _walk(self, opening: Opening) -> None:
        from agent.repeating import Repeater
        from agent.retelling import retold

        self._session = self._record = None
        if opening.only_look:
            self._look(opening)
            return
        self._loop = asyncio.get_running_loop()
        if opening.fork is not None:
            self._forking = asyncio.ensure_future(_fork(opening, opening.fork, lambda event: self._listen(Told(event))))
            await self._forking
            opening = Opening(opening.workspace)
        async with _session(opening) as session:
            self._session = session
            if opening.again is not None:
                session.position.take_back(opening.again)
            session.settle(
                {f"source.{name}": (value, "person", None, None) for name, value in opening.settings.items()}
            )
            for event in retold(session.ledger.entries, session.position):
                self._listen(Told(event))
            given = Repeater(session, opening.again)
            async for event in session.events():
                asked = event.type == "gate_opened" or (event.type == "question_asked" and not given.repeat())
                self._listen(Told(event, session.pending if asked else None))


async def _fork(opening: Opening, leaving: Leaving, show: Callable[[Event], None]) -> None:
    """Fork the run; it ends where the fork waits."""
    from agent.forking import fork

    with contextlib.suppress(Waiting):
        await fork(opening.workspace, opening.run, leaving.gate, leaving.changed, show, source="person")


def _session(opening: Opening) -> AbstractAsyncContextManager[Session]:
    from agent.session import Session
    from agent.sources import Source

    if opening.data is None:
        return Session.resume(opening.workspace, opening.run)
    source = Source(opening.data, settings=opening.settings)
    source.check()
    return Session.start(opening.workspace, source, seed=0)
