"""Driving toy runs in tests: walk one headless, and look at what it left on disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.advisors.base import Recommendation
from agent.answers import Answers
from agent.errors import describe
from agent.events import Event
from agent.execution import Borrowed
from agent.headless import Headless
from agent.registry import Registry
from agent.session import Session
from agent.sources import Source
from agent.steps import Ask, Option
from tests.agent.toy import toy
from workspace.ledger import Entry, read
from workspace.project import RunFolder, Workspace

TABLE = "a,b\n1,2\n3,4\n"
ANSWERS: dict[str, Any] = {"toy.column": "a", "toy.factor": 2, "toy.label": "a", "toy.seconds": 0}
APPROVE: dict[str, Any] = {"decision": "approve", "by": "Ada", "reason": "I read it."}
BOTH: dict[str, Any] = {"preparation": APPROVE, "experimentation": APPROVE}


class Counsel:
    """Advises a fixed value for some questions."""

    name = "counsel"

    def __init__(self, advice: Mapping[str, Any]) -> None:
        self._advice = advice

    def recommend(self, ask: Ask, options: tuple[Option, ...], evidence: Mapping[str, Any]) -> Recommendation:
        if ask.id not in self._advice:
            return Recommendation(made=False)
        return Recommendation(made=True, value=self._advice[ask.id], why="so I say", rule="toy.rule")


@dataclass
class Walk:
    """How a walk ended and what it told."""

    code: int | None = None
    error: Exception | None = None
    events: list[Event] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    """Steps whose body ran."""

    @property
    def exit(self) -> int:
        """The exit code that a face would end with."""
        return describe(self.error).code if self.error is not None else int(self.code or 0)

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.type == kind]


def answers(
    given: Mapping[str, Any] | None = None, gates: Mapping[str, Any] | None = None, *, without: tuple[str, ...] = ()
) -> Answers:
    """The toy's answers with some changed or left out."""
    all_answers = {name: value for name, value in {**ANSWERS, **(given or {})}.items() if name not in without}
    return Answers.model_validate({"answers": all_answers, "gates": gates or {}})


def walk(
    root: Path,
    recorded: Answers | None = None,
    *,
    table: str | None = None,
    accept: bool = False,
    until: str | None = None,
    seed: int = 0,
    borrowed: Borrowed | None = None,
    steps: Registry | None = None,
    advice: Mapping[str, Any] | None = None,
    on: Callable[[Session, Event], None] | None = None,
) -> Walk:
    """Start a run on a table, or resume the newest one where no table is given; errors are kept, not raised."""
    done = Walk()
    options: dict[str, Any] = {
        "until": until,
        "borrowed": borrowed,
        "steps": steps or toy(),
        "advisor": Counsel(advice or {}),
    }

    async def drive() -> None:
        if table is None:
            opening = Session.resume(root, **options)
        else:
            root.mkdir(parents=True, exist_ok=True)
            source = root.parent / f"{root.name}.csv"
            source.write_text(table)
            opening = Session.start(root, Source(str(source)), seed=seed, **options)
        async with opening as session:

            def show(event: Event) -> None:
                done.events.append(event)
                if on is not None:
                    on(session, event)

            try:
                headless = Headless(recorded or Answers(), accept_recommended=accept, show=show)
                done.code = await headless.drive(session)
            finally:
                done.executed = session.executor.executed

    try:
        asyncio.run(drive())
    except Exception as error:
        done.error = error
    return done


def newest(root: Path) -> RunFolder:
    return Workspace.open(root).run()


def entries(root: Path) -> list[Entry]:
    """The newest run's ledger, checked."""
    return list(read(newest(root).ledger))


def count(root: Path) -> Counter[str]:
    """How often each type stands in the newest run's ledger."""
    return Counter(entry.type for entry in entries(root))


def finished(root: Path) -> list[str]:
    """The steps that were finished, in order, as often as the newest run's ledger says so."""
    return [entry.data["step"] for entry in entries(root) if entry.type == "step_finished"]


def derived(root: Path) -> dict[str, str]:
    """The artifacts of the newest run as they stand, without those that hold a measured time: name to hash."""
    found: dict[str, str] = {}
    for entry in entries(root):
        if entry.type == "step_finished":
            found.update(
                {f"{entry.data['step']}/{name}": row["sha256"] for name, row in entry.data["artifacts"].items()}
            )
    return found
