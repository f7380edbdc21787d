"""All phases and their steps in order of execution, and the rules that every declaration must keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from agent.steps import Ask, Step
from workspace.vault import OPENING_STEP, SEALED, SEALING_STEP

RAW_INPUTS = frozenset({"source", "source_test", "record.json"})
"""What a run is handed rather than makes: the data as given, and the record of decisions for documents."""


class BadDeclaration(Exception):
    """A step is declared in a way that breaks a promise; a defect, found when the program starts."""


@dataclass(frozen=True)
class Phase:
    """A tuple of steps, closed by a gate (but for intake)."""

    name: str
    title: str
    steps: tuple[Step, ...]
    gated: bool = True


class Registry:
    """The steps of the product by id, checked."""

    def __init__(self, phases: tuple[Phase, ...]) -> None:
        self.phases = phases
        self.steps: dict[str, Step] = {step.id: step for phase in phases for step in phase.steps}
        self.makers: dict[str, str] = {}
        self._check()

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())

    def phase(self, name: str) -> Phase:
        """A phase by name."""
        return next(phase for phase in self.phases if phase.name == name)

    def before(self, name: str) -> tuple[Phase, ...]:
        """The gated phases that come before a phase."""
        names = [phase.name for phase in self.phases]
        return tuple(phase for phase in self.phases[: names.index(name)] if phase.gated)

    def asks(self) -> Iterator[tuple[Step, Ask]]:
        """All questions with the step that asks them, in order."""
        for step in self:
            for ask in (*step.before, *step.after):
                yield step, ask

    def ask(self, question: str) -> tuple[Step, Ask, str] | None:
        """The declaration behind a question id, and its subject ('' for a question without one)."""
        for step, ask in self.asks():
            if ask.id == question:
                return step, ask, ""
            if ask.id.endswith(".*") and question.startswith(ask.id[:-1]) and len(question) > len(ask.id) - 1:
                return step, ask, question[len(ask.id) - 1 :]
        return None

    def _check(self) -> None:
        """Check every declaration.

        Raises:
            BadDeclaration: two steps have one id, make one artifact or ask one question, a need has no maker before
                it, or a step after the split declares what is sealed.
        """
        _once("step", (step.id for phase in self.phases for step in phase.steps))
        _once("question", (ask.id for _, ask in self.asks()))
        sealed = False
        for step in self:
            if step.phase not in {phase.name for phase in self.phases}:
                raise BadDeclaration(f"{step.id} belongs to no phase")
            for need in step.needs:
                self._check_need(step, need.removesuffix("?"), sealed)
            for name in step.makes:
                name = name.removesuffix("?")
                if name in self.makers:
                    raise BadDeclaration(f"{name} is made by {self.makers[name]} and {step.id}")
                self.makers[name] = step.id
            self.makers[f"{step.id}.outcome"] = step.id
            sealed = sealed or step.id == SEALING_STEP

    def _check_need(self, step: Step, need: str, sealed: bool) -> None:
        if need in SEALED and sealed and not (step.id == OPENING_STEP and need == "test.parquet"):
            raise BadDeclaration(f"{step.id} declares {need}, which is sealed since {SEALING_STEP}")
        if need not in self.makers and need not in RAW_INPUTS:
            raise BadDeclaration(f"{step.id} needs {need}, which no step before it makes")


def _once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadDeclaration(f"{what} {name} is declared twice")
        seen.add(name)


@cache
def registry() -> Registry:
    """The product's own registry."""
    from agent.phases import PHASES

    return Registry(PHASES)
