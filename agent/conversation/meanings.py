"""What a typed line can mean: the intents, an answer to the open question, or that it was not understood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from agent.answers import GATES
from agent.gates import GateRequest
from agent.questions import Question
from tools.wording import inert

NAME = 500
"""Characters of a name that are kept when it is made harmless for typing."""

Pending: TypeAlias = Question | GateRequest | None
"""What the run waits for."""


@dataclass(frozen=True)
class Intent:
    """Something a person wants shown or done. None of them decides a gate."""


@dataclass(frozen=True)
class Why(Intent):
    """Who recommended or decided what, and why; without a question the one that is open."""

    question: str | None = None


@dataclass(frozen=True)
class Show(Intent):
    """A deliverable, by its stem."""

    deliverable: str


@dataclass(frozen=True)
class Profile(Intent):
    """One column."""

    column: str


@dataclass(frozen=True)
class Compare(Intent):
    """The models side by side."""


@dataclass(frozen=True)
class Explain(Intent):
    """Why the scorer says what it says of one row (0-based, in source order)."""

    row: int


@dataclass(frozen=True)
class WhatIf(Intent):
    """What a threshold would do; without one, what today's does."""

    threshold: float | None = None


@dataclass(frozen=True)
class SetValue(Intent):
    """Another answer to a question; ``append`` puts it at the end of a list."""

    question: str
    value: Any
    append: bool = False


@dataclass(frozen=True)
class Back(Intent):
    """Take the last answer back."""


@dataclass(frozen=True)
class ForkAt(Intent):
    """Another run that leaves this one at a decided gate."""

    gate: str


@dataclass(frozen=True)
class Differ(Intent):
    """What differs: from another run, or in a document from what it said before."""

    what: str = ""


@dataclass(frozen=True)
class Budget(Intent):
    """Trials and time, planned and used."""


@dataclass(frozen=True)
class StatusOf(Intent):
    """Where the run stands."""


@dataclass(frozen=True)
class Findings(Intent):
    """What the steps noticed."""


@dataclass(frozen=True)
class Export(Intent):
    """The transcript as a file."""

    file: str | None = None


@dataclass(frozen=True)
class Help(Intent):
    """What can be typed; with a command's name, that command."""

    command: str | None = None


@dataclass(frozen=True)
class HowToDecide(Intent):
    """Words of decision were typed. They decide nothing: the reply says where a gate is decided."""


@dataclass(frozen=True)
class AnswerTo:
    """An answer to the open question. ``"recommended"`` takes the recommendation, None declares it unknown."""

    question: str
    value: Any
    reason: str | None = None
    needs_reason: bool = False
    """Whether the value counts only with a written reason, and none was typed."""


@dataclass(frozen=True)
class NotUnderstood:
    """A line that is no intent and no answer; nothing was done."""

    text: str
    message: str
    """One plain sentence, inert."""
    suggestions: tuple[str, ...] = ()
    """What could be typed instead, nearest first."""


Understood: TypeAlias = Intent | AnswerTo | NotUnderstood


@dataclass(frozen=True)
class Vocabulary:
    """The names that a line may use at this point of the run."""

    columns: tuple[str, ...] = ()
    deliverables: tuple[tuple[str, str], ...] = ()
    """Stem and title."""
    questions: tuple[str, ...] = ()
    gates: tuple[str, ...] = GATES

    def deliverable(self, said: str) -> str | None:
        """The stem that a person means by a stem, a stem without its number, or a title."""
        wanted = loose(said).removeprefix("the ")
        for stem, title in self.deliverables:
            if wanted in {loose(stem), loose(stem.partition("-")[2] or stem), loose(title)}:
                return stem
        return None

    def column(self, said: str) -> str | None:
        """The column of that name; in another case only where a single one fits."""
        return only(said.strip(), self.columns)

    def question(self, said: str) -> str | None:
        """The question of that id."""
        return only(said.strip(), self.questions)

    def gate(self, said: str) -> str | None:
        """The gate of that name, or of that number."""
        wanted = said.strip().casefold()
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(self.gates):
            return self.gates[int(wanted) - 1]
        return only(wanted, self.gates)


def loose(text: str) -> str:
    """A text without case, with blanks for hyphens and underscores."""
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


def only(said: str, names: Iterable[str]) -> str | None:
    """The name that was said; in another case only where a single one fits, else None."""
    listed = list(dict.fromkeys(names))
    if said in listed:
        return said
    # a name with characters that can't be typed goes by its harmless form
    folded = [name for name in listed if said.casefold() in {name.casefold(), inert(name, NAME).casefold()}]
    return folded[0] if len(folded) == 1 else None
