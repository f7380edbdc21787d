"""What the line that is being typed could become: commands, and the names that they take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.conversation.commands import COMMANDS
from agent.conversation.meanings import NAME, Vocabulary
from tools.wording import inert

MOST = 50


@dataclass(frozen=True)
class Completion:
    """A whole line to go on with, and what it is."""

    text: str
    help: str


def completions(text: str, vocabulary: Vocabulary) -> list[Completion]:
    """What a typed beginning could become; nothing for a line in words, but for a column's name at its end."""
    line = text.lstrip()
    if not line.startswith("/"):
        return _column_at_end(text, vocabulary)[:MOST]
    name, blank, argument = line[1:].partition(" ")
    if not blank:
        return [
            Completion(f"/{command.name}" + (" " if " " in command.usage else ""), command.summary)
            for command in COMMANDS.values()
            if command.name.startswith(name.casefold())
        ]
    command = COMMANDS.get(name.casefold())
    if command is None:
        return []
    begun = argument.strip()
    if command.name in _FIXED and _FIXED[command.name].startswith(begun.casefold()):
        return [Completion(f"/{command.name} {_FIXED[command.name]}", command.summary)]
    tail = "=" if command.name == "set" else ""
    names = _NAMES[command.completes](vocabulary) if command.completes else ()
    return [
        Completion(f"/{command.name} {value}{tail}", said)
        for value, said in names
        if _begins(begun, value) and inert(value, NAME) == value
    ][:MOST]


_FIXED = {"explain": "row ", "what-if": "threshold="}
"""How the argument of a command begins whatever it says."""


def _begins(begun: str, value: str) -> bool:
    """Whether a name begins so, or one of its parts behind a dot or a number does."""
    wanted, name = begun.casefold(), value.casefold()
    return name.startswith(wanted) or (len(wanted) > 1 and any(f"{sign}{wanted}" in name for sign in ".-_ "))


def _column_at_end(text: str, vocabulary: Vocabulary) -> list[Completion]:
    head, blank, last = text.rpartition(" ")
    if len(last) < 2:
        return []
    return [
        Completion(f"{head}{blank}{column}", "column")
        for column in vocabulary.columns
        if column.casefold().startswith(last.casefold()) and column != last and inert(column, NAME) == column
    ]


_NAMES: dict[str, Callable[[Vocabulary], Iterable[tuple[str, str]]]] = {
    "columns": lambda known: ((name, "column") for name in known.columns),
    "deliverables": lambda known: known.deliverables,
    "questions": lambda known: ((name, "question") for name in known.questions),
    "gates": lambda known: ((name, "gate") for name in known.gates),
    "commands": lambda known: ((command.name, command.summary) for command in COMMANDS.values()),
}
