"""A run without a screen: a loop over the session's events with recorded answers."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from agent.answers import RECOMMENDED, Answers, Given, Source, recalled
from agent.conditions import parse_condition
from agent.errors import AgentError, AnswersDoNotFit, Rejected, Stopped, Waiting
from agent.events import Event
from agent.gates import GateRequest
from agent.questions import Question, check_static
from agent.registry import Registry, registry
from agent.session import Session

Show = Callable[[Event], None]


class Headless:
    """Answers a session's questions and gates from a file, flags or the recommendations."""

    def __init__(self, answers: Answers, *, accept_recommended: bool, show: Show) -> None:
        self.answers = answers
        self.accept_recommended = accept_recommended
        self.show = show

    async def drive(self, session: Session) -> int:
        """Walk the session to its end and return the exit code.

        Raises:
            Waiting: a question or gate has no recorded answer.
            AgentError: the run could not go on.
        """
        code = 0
        with _stopped_by_signals(session):
            self._tell_late(session)
            self.answers = recalled(session.run.given, self.answers)
            session.settle(self._settings(session.registry))
            async for event in session.events():
                self.show(event)
                if event.type == "question_asked":
                    self._answer(session)
                elif event.type == "gate_opened" and not self._decide(session):
                    self._tell_stop(session, event)
                    return 0
                elif event.type == "finished":
                    code = int(event.data["exit"])
        self._tell_unused(session)
        return code

    def _tell_late(self, session: Session) -> None:
        """Warn of values given on the command line for what was decided before: only a revision changes those."""
        for name, given in self.answers.answers.items():
            known = session.position.decisions.get(name)
            if given.source == "flag" and known is not None and given.value not in (known.value, RECOMMENDED):
                text = f"{name} was answered before and stays as it is; a revision at a gate can change it."
                self.show(Event(type="warning", run=session.run.id, data={"text": text}))

    def _settings(self, known: Registry) -> dict[str, tuple[Any, Source, str | None, str | None]]:
        settings = {ask.id for _, ask in known.asks() if ask.setting}
        return {
            name: (given.value, given.source, given.by, given.reason)
            for name, given in self.answers.answers.items()
            if name in settings
        }

    def _answer(self, session: Session) -> None:
        question = session.pending
        assert isinstance(question, Question)
        given = self.answers.to(question.id)
        if given is None and self.accept_recommended:
            given = Given(value=RECOMMENDED, source="recommended")
        if given is None:
            raise Waiting(
                f"{question.id} has no recorded answer: {question.prompt}",
                hint="Record it in a file (`recommended` takes the advice), then: phasegate resume --answers FILE",
            )
        if given.value == RECOMMENDED and not question.has_recommendation:
            raise Waiting(
                f"{question.id} has no recommendation, a person has to say: {question.prompt}",
                hint=f"phasegate resume --set {question.id}=VALUE, or in the answers file",
            )
        session.answer(question.id, given.value, source=given.source, by=given.by, reason=given.reason)

    def _tell_stop(self, session: Session, opened: Event) -> None:
        """Say that the run ends here as asked, at an open gate."""
        data = {"reason": f"gate {opened.data['gate']} waits for a person", "hint": opened.data["resume_command"]}
        self.show(Event(type="stopped", run=session.run.id, data=data))

    def _decide(self, session: Session) -> bool:
        """Take the recorded decision for this visit of the gate; False where the run was asked to stop here.

        Raises:
            Waiting: there is none.
        """
        gate = session.pending
        assert isinstance(gate, GateRequest)
        visits = self.answers.gates.get(gate.gate, ())  # type: ignore[call-overload]
        taken = sum(decision.source == "file" for decision in session.position.gate(gate.gate).decisions)
        if taken < len(visits):
            session.decide(gate.gate, visits[taken], source="file")
            return True
        if session.until == gate.gate:
            return False
        if gate.gate == "validation" and gate.verdict == "no-go":
            raise Rejected(
                f"The verdict is no-go, and gate {gate.gate} has no recorded decision.", hint=gate.resume_command
            )
        number = [phase.name for phase in session.registry.phases if phase.gated].index(gate.gate) + 1
        raise Waiting(f"Gate {number} ({gate.gate}) waits for a person.", hint=gate.resume_command)

    def _tell_unused(self, session: Session) -> None:
        decided = session.position.decisions
        reached = _reached(session)
        unused = [
            name
            for name, given in self.answers.answers.items()
            if given.value not in (None, RECOMMENDED)
            and name not in decided
            and not name.endswith(".*")
            and ((found := session.registry.ask(name)) is None or found[0].phase in reached)
        ]
        for name in unused:
            data = {"text": f"The answer to {name} was not needed: the question did not come up."}
            self.show(Event(type="warning", run=session.run.id, data=data))


def _reached(session: Session) -> set[str]:
    """The phases up to the one that the run was asked to end with."""
    names = [phase.name for phase in session.registry.phases]
    return set(names[: names.index(session.until) + 1] if session.until in names else names)


def check_answers(answers: Answers) -> None:
    """Check recorded answers before any work.

    Raises:
        AnswersDoNotFit: an unknown id or an invalid value.
        UsageError: a condition is not of the form that is parsed.
    """
    known = registry()
    for name, given in answers.answers.items():
        check_static(known, name, given.value, given.reason)
    for visits in answers.gates.values():
        for visit in visits:
            if visit.only_if:
                parse_condition(visit.only_if)
            for name, value in visit.set.items():
                check_static(known, name, value, visit.reason)
            if visit.decision != "approve" and (visit.conditions or visit.override):
                raise AnswersDoNotFit(f"A gate's conditions and overrides go with approve, not with {visit.decision}.")
            if visit.decision != "revise" and visit.set:
                raise AnswersDoNotFit(f"A gate's changed answers go with revise, not with {visit.decision}.")


@contextmanager
def _stopped_by_signals(session: Session) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a clean stop that leaves a resumable run.

    Where the session has a thread of its own, beside a terminal's screens, signals are not its business.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        caught.append(number)
        session.cancel(number.name)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    except (Stopped, AgentError, asyncio.CancelledError):
        if caught:
            stopped = Stopped(f"Stopped by {caught[0].name}.", hint="Go on with: phasegate resume")
            stopped.code = 128 + caught[0].value
            raise stopped from None
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
