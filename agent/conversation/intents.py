"""How a typed line is understood: by the declared phrases and the open question, and never by a guess."""

from __future__ import annotations

import difflib
import re

from agent.conversation.answering import quoted, read, short_reply
from agent.conversation.commands import COMMANDS, Command, shown
from agent.conversation.meanings import (
    NAME,
    AnswerTo,
    Back,
    Budget,
    Compare,
    Differ,
    Explain,
    Export,
    Findings,
    ForkAt,
    Help,
    HowToDecide,
    Intent,
    NotUnderstood,
    Pending,
    Profile,
    SetValue,
    Show,
    StatusOf,
    Understood,
    Vocabulary,
    WhatIf,
    Why,
    loose,
)
from agent.gates import GateRequest
from agent.questions import Question
from tools.wording import inert

__all__ = ["COMMANDS", "Command", "understand"]

LONGEST_PHRASE = 300
"""Characters past which a line is no command in words."""
MOST_SUGGESTIONS = 4

_DECISIONS = frozenset({"approve", "reject", "revise", "decide", "override"})
_DECIDING = re.compile(
    r"(?:(?:ok|okay|yes|sure|fine|please|i|we|you|let's|lets|let us|can|may|hereby|just) ?,? )*"
    r"(?:approv(?:e|ed)|reject(?:ed)?|revise|accept(?:ed)?|decide|sign(?: it)? off|lgtm|ship it|go ahead|proceed"
    r"|pass(?:ed)?|looks? good(?: to me)?|continue|go on|no-?go|override)(?:(?: |,|:|\.|;).*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Lines that speak of deciding."""
_DECIDED = re.compile(
    r"(?:(?:ok|okay|yes|sure|fine|please|i|we) ?,? )*(?:approved?|reject(?:ed)?|revise|lgtm)"
    r"(?: (?:it|this|that|the gate))?",
    re.IGNORECASE,
)
"""Lines that are nothing but a decision."""
_PUNCTUATION = " \t?!."


def understand(text: str, pending: Pending, known: Vocabulary) -> Understood:
    """What a typed line means, by declared patterns alone; what could mean two things is not understood.

    Args:
        text: the line as typed.
        pending: the question or gate that the run waits at, if any.
        known: the names that may be used.
    """
    line = text.strip()
    if not line:
        return NotUnderstood(text, "Nothing was typed.", ("/help",))
    if line.startswith("/"):
        return _command(line, known)
    question = pending if isinstance(pending, Question) else None
    literal = quoted(line) is not None
    intents, problems = ([], []) if literal else _intents(line, known)
    answers: list[AnswerTo] = []
    if question is not None and not (question.type == "text" and intents):
        answers, problem = read(line, question, known)
        problems = [*([problem] if problem else []), *problems]
    if not literal and not intents:
        if isinstance(pending, GateRequest) and (_DECIDING.fullmatch(line) or short_reply(line)):
            return HowToDecide()
        if _DECIDED.fullmatch(line.strip(_PUNCTUATION)) and not (answers and question and question.type != "text"):
            return HowToDecide()
    found: list[Intent | AnswerTo] = [*intents, *answers]
    if len(found) == 1:
        return found[0]
    if found:
        return NotUnderstood(
            text,
            f"{shown(line)} could mean more than one thing, so nothing was done.",
            tuple(dict.fromkeys(_typed(one) for one in found)),
        )
    message = problems[0] if problems else f"{shown(line)} was not understood."
    return NotUnderstood(text, message, _nearest(line, question, known))


def _command(line: str, known: Vocabulary) -> Understood:
    name, _, argument = line[1:].partition(" ")
    command = COMMANDS.get(name.casefold())
    if command is None:
        if name.casefold() in _DECISIONS:
            return HowToDecide()
        near = difflib.get_close_matches(name.casefold(), COMMANDS, n=MOST_SUGGESTIONS, cutoff=0.5)
        return NotUnderstood(
            line, f"There is no command /{inert(name, 40)}.", (*(f"/{one}" for one in near), "/help")[:MOST_SUGGESTIONS]
        )
    parsed = command.parse(argument.strip(), known)
    if isinstance(parsed, Intent):
        return parsed
    return NotUnderstood(line, parsed, (*_names_near(command, argument.strip(), known), command.usage))


def _intents(line: str, known: Vocabulary) -> tuple[list[Intent], list[str]]:
    """The intents whose phrases the line is, each once, and what stood against the others."""
    if len(line) > LONGEST_PHRASE:
        return [], []
    found: list[Intent] = []
    problems: list[str] = []
    # the mark at the end may belong to a name, so both readings are tried
    for said in dict.fromkeys((" ".join(line.split()).rstrip(_PUNCTUATION) or line, " ".join(line.split()))):
        for command in COMMANDS.values():
            for phrase in command.phrases:
                match = re.fullmatch(phrase, said, re.IGNORECASE)
                if match is None:
                    continue
                parsed = command.parse((match.groupdict().get("said") or "").strip(), known)
                if isinstance(parsed, str):
                    problems.append(parsed)
                elif parsed not in found:
                    found.append(parsed)
    return found, problems if len(set(problems)) == 1 else []


def _nearest(line: str, question: Question | None, known: Vocabulary) -> tuple[str, ...]:
    """What could be typed instead: commands and names that the line comes near to."""
    found: list[str] = []
    if question is not None:
        if question.has_recommendation:
            found.append("as recommended")
        if question.type == "text":
            found.append(f'"{inert(line, 60)}"')
    words = re.findall(r"[\w-]+", line[:LONGEST_PHRASE].casefold())
    for word in words:
        if len(word) > 2:
            found += [f"/{near}" for near in difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.75)]
    for word in words:
        if (column := known.column(word)) is not None:
            found.append(f"/profile {inert(column, NAME)}")
    found += [f"/show {stem}" for stem, _ in known.deliverables if loose(stem.partition("-")[2]) in loose(line)][:1]
    return tuple(dict.fromkeys([*found[: MOST_SUGGESTIONS - 1], "/help"]))


def _names_near(command: Command, argument: str, known: Vocabulary) -> tuple[str, ...]:
    names = {
        "columns": known.columns,
        "deliverables": tuple(stem.partition("-")[2] or stem for stem, _ in known.deliverables),
        "questions": known.questions,
        "gates": known.gates,
        "commands": tuple(COMMANDS),
    }.get(command.completes, ())
    said = re.split(r"\+?=", argument)[0] if command.name == "set" else argument
    near = difflib.get_close_matches(said[:NAME], names, n=2, cutoff=0.6)
    tail = "=VALUE" if command.name == "set" else ""
    return tuple(f"/{command.name} {inert(name, NAME)}{tail}" for name in near)


def _typed(one: Intent | AnswerTo) -> str:
    """A reading of an ambiguous line as something that has no other reading."""
    if isinstance(one, AnswerTo):
        return f'"{inert(str(one.value), NAME)}"'
    name, field = _SPELLED[type(one)]
    value = getattr(one, field) if field else None
    return f"/{name}" if value is None else f"/{name} {inert(str(value), NAME)}"


_SPELLED: dict[type[Intent], tuple[str, str]] = {
    Why: ("why", "question"),
    Show: ("show", "deliverable"),
    Profile: ("profile", "column"),
    Compare: ("compare", ""),
    Explain: ("explain", "row"),
    WhatIf: ("what-if", "threshold"),
    SetValue: ("set", "question"),
    Back: ("back", ""),
    ForkAt: ("fork", "gate"),
    Differ: ("diff", "what"),
    Budget: ("budget", ""),
    StatusOf: ("status", ""),
    Findings: ("findings", ""),
    Export: ("export", "file"),
    Help: ("help", "command"),
}
