"""The commands of the input line, with the phrases that mean them and how their argument is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent.conversation.answering import quoted, value_of
from agent.conversation.meanings import (
    Back,
    Budget,
    Compare,
    Differ,
    Explain,
    Export,
    Findings,
    ForkAt,
    Help,
    Intent,
    Profile,
    SetValue,
    Show,
    StatusOf,
    Vocabulary,
    WhatIf,
    Why,
)
from tools.wording import inert

Parsed = Intent | str
"""An intent, or in one sentence why the argument does not make one."""


@dataclass(frozen=True)
class Command:
    """One declared command."""

    name: str
    usage: str
    summary: str
    parse: Callable[[str, Vocabulary], Parsed]
    """The text behind the command's name to an intent."""
    phrases: tuple[str, ...] = ()
    """Patterns of whole lines that mean it; what the group ``said`` takes is the argument."""
    completes: str = ""
    """What the argument names: deliverables, columns, questions, gates or commands."""


def shown(text: str) -> str:
    """What was typed, as a message quotes it."""
    return f'"{inert(text.strip(), 60)}"'


def _plain(intent: Intent, name: str) -> Callable[[str, Vocabulary], Parsed]:
    def parse(argument: str, known: Vocabulary) -> Parsed:
        return f"/{name} stands alone." if argument else intent

    return parse


def _why(argument: str, known: Vocabulary) -> Parsed:
    if not argument:
        return Why()
    question = known.question(argument)
    return Why(question) if question else f"There is no question {shown(argument)} in this run."


def _show(argument: str, known: Vocabulary) -> Parsed:
    if not argument:
        return "/show needs the name of a deliverable."
    stem = known.deliverable(argument)
    return Show(stem) if stem else f"There is no deliverable {shown(argument)}."


def _profile(argument: str, known: Vocabulary) -> Parsed:
    if not argument:
        return "/profile needs the name of a column."
    column = known.column(argument) or known.column(quoted(argument) or argument)
    return Profile(column) if column is not None else f"There is no column {shown(argument)}."


def _explain(argument: str, known: Vocabulary) -> Parsed:
    found = re.fullmatch(r"(?:row\s+)?#?([0-9]{1,12})", argument, re.IGNORECASE)
    return Explain(int(found[1])) if found else "/explain needs the number of a row, counted from 0."


def _what_if(argument: str, known: Vocabulary) -> Parsed:
    said = re.sub(r"^threshold\s*(?:=|\s)\s*", "", argument, flags=re.IGNORECASE).strip()
    if said in {"", "threshold"}:
        return WhatIf()
    found = re.fullmatch(r"([0-9]*\.?[0-9]+|[0-9]+\.)\s*(%|percent)?", said)
    if found is None:
        return f"{shown(said)} is not a threshold: a number from 0 to 1."
    value = float(found[1]) / (100 if found[2] else 1)
    return WhatIf(value) if 0 <= value <= 1 else f"A threshold lies between 0 and 1; {shown(said)} does not."


def _set(argument: str, known: Vocabulary) -> Parsed:
    # a column's name, and so an id, may hold a "=" of its own
    places = [place.start() for place in re.finditer("=", argument)]
    found: list[SetValue] = []
    for place in places:
        append = argument[:place].endswith("+")
        question = known.question(argument[: place - 1] if append else argument[:place])
        if question is not None:
            found.append(SetValue(question, argument[place + 1 :].strip(), append))
    if len(found) > 1:
        return f"{shown(argument)} could set {' or '.join(inert(one.question) for one in found)}."
    if found and not found[0].value:
        return "/set needs a value behind the sign; null declares it unknown."
    if found:
        return SetValue(found[0].question, value_of(found[0].value), found[0].append)
    if not places:
        return "/set is of the form ID=VALUE."
    return f"There is no question {shown(argument[: places[0]].rstrip('+'))}."


def _fork(argument: str, known: Vocabulary) -> Parsed:
    if not argument:
        return f"/fork needs a gate: {', '.join(known.gates)}."
    gate = known.gate(re.sub(r"^gate\s+", "", argument, flags=re.IGNORECASE))
    return ForkAt(gate) if gate else f"There is no gate {shown(argument)}."


def _diff(argument: str, known: Vocabulary) -> Parsed:
    stem = known.deliverable(argument) if argument else None
    if argument and stem is None and not re.fullmatch(r"[0-9]{4}-[a-z0-9-]{1,40}|latest", argument):
        return f"{shown(argument)} is no deliverable, and no run such as 0001-heron."
    return Differ(stem or argument)


def _export(argument: str, known: Vocabulary) -> Parsed:
    return Export(quoted(argument) or argument or None)


def _help(argument: str, known: Vocabulary) -> Parsed:
    name = argument.removeprefix("/").casefold()
    if name and name not in COMMANDS:
        return f"There is no command /{inert(name, 40)}."
    return Help(name or None)


_SAID = r"(?P<said>.+)"
_THRESHOLD = r"(?:the )?(?:decision )?threshold"

_DECLARED = (
    Command(
        "why",
        "/why [QUESTION]",
        "who recommended or decided it, by which rule, and why",
        _why,
        (
            r"why",
            r"(?:but )?why (?:this|that|so|not)",
            r"why (?:is|do you recommend|did you recommend|should i take) (?:this|that|it)(?: recommended)?",
            r"why do you (?:ask|ask this|ask that|want to know)",
            r"(?:what is|what's) the reason",
            rf"why {_SAID}",
            rf"(?:who|why was|who decided|why is) (?:decided )?{_SAID} (?:decided|chosen|set)",
            rf"who decided {_SAID}",
        ),
        "questions",
    ),
    Command(
        "show",
        "/show DELIVERABLE",
        "a document of the dossier",
        _show,
        (
            rf"(?:please )?(?:show|open|read|display)(?: me)? {_SAID}",
            rf"(?:can|could|may) i (?:see|read) {_SAID}",
            rf"let me (?:see|read) {_SAID}",
        ),
        "deliverables",
    ),
    Command(
        "profile",
        "/profile COLUMN",
        "one column: type, missing values, distribution",
        _profile,
        (
            rf"(?:what|how) about (?:the )?(?:column )?{_SAID}",
            rf"(?:please )?(?:show|describe|profile)(?: me)? (?:the )?(?:column )?{_SAID}",
            rf"tell me (?:more )?about (?:the )?(?:column )?{_SAID}",
            rf"(?:what is|what's) in (?:the )?(?:column )?{_SAID}",
            rf"(?:what does|how does) (?:the )?(?:column )?{_SAID} look like",
        ),
        "columns",
    ),
    Command(
        "compare",
        "/compare",
        "the models side by side, with intervals",
        _plain(Compare(), "compare"),
        (
            r"compare(?: the)?(?: models)?",
            r"which (?:model|one) (?:is|was) (?:the )?best",
            r"(?:what is|what's) the best model",
            r"how do the models compare",
            r"show(?: me)? (?:all )?the models",
        ),
    ),
    Command(
        "explain",
        "/explain row N",
        "why the scorer says what it says of one row",
        _explain,
        (
            r"(?:please )?explain (?P<said>row #?[0-9]+)",
            r"why (?P<said>row #?[0-9]+)",
            r"(?:what|how) about (?P<said>row #?[0-9]+)",
        ),
    ),
    Command(
        "what-if",
        "/what-if threshold=0.3",
        "what another threshold would do: counts, cost, groups",
        _what_if,
        (
            rf"what if {_THRESHOLD} (?:were|was|is|would be|=) (?:at )?{_SAID}",
            r"what (?:would|does|will) (?:(?:a |the )?threshold )?(?:of )?(?P<said>[0-9.]+ ?%?) do",
            rf"(?:what|how) about (?:a |the )?threshold (?:of |at )?{_SAID}",
            r"what if (?P<said>threshold ?=? ?[0-9.]+ ?%?)",
        ),
    ),
    Command(
        "set",
        "/set ID=VALUE or ID+=VALUE",
        "another answer; += puts it at the end of a list",
        _set,
        (rf"set {_SAID}",),
        "questions",
    ),
    Command(
        "back",
        "/back",
        "take the last answer back",
        _plain(Back(), "back"),
        (r"undo(?: that| this| the last answer)?", r"(?:go )?back", r"take (?:that|the last answer) back"),
    ),
    Command(
        "fork",
        "/fork GATE",
        "another run that leaves this one at a decided gate",
        _fork,
        (rf"fork (?:at |from )?{_SAID}",),
        "gates",
    ),
    Command(
        "diff",
        "/diff [RUN or DELIVERABLE]",
        "what differs from another run, or from the document before the last change",
        _diff,
        (
            rf"(?:what is|what's) (?:the difference|different) (?:to|from|with) {_SAID}",
            rf"what (?:has )?changed in {_SAID}",
            rf"compare (?:it )?(?:with|to) (?:run )?{_SAID}",
        ),
        "deliverables",
    ),
    Command(
        "budget",
        "/budget",
        "trials and time, planned and used",
        _plain(Budget(), "budget"),
        (
            r"(?:the )?budget",
            r"how much (?:time|budget) (?:is|did|was|has) .{1,30}",
            r"how long (?:did|does|has) it (?:take|taken|took)",
            r"(?:what is|what's) the budget",
        ),
    ),
    Command(
        "status",
        "/status",
        "where the run stands",
        _plain(StatusOf(), "status"),
        (r"status", r"where (?:are we|am i|do we stand|does the run stand)", r"(?:what is|what's) the status"),
    ),
    Command(
        "findings",
        "/findings",
        "what the steps noticed",
        _plain(Findings(), "findings"),
        (
            r"(?:show(?: me)? )?(?:the |all )?findings",
            r"what did you (?:find|notice)",
            r"what (?:was|has been) found",
        ),
    ),
    Command(
        "export",
        "/export [FILE]",
        "the transcript as a file",
        _export,
        (r"export(?: the transcript)?", rf"export (?:the transcript )?to {_SAID}"),
    ),
    Command(
        "help",
        "/help [COMMAND]",
        "what can be typed",
        _help,
        (r"help(?: me)?", r"what can i (?:do|type|say|ask)(?: here| now)?", r"commands", r"\?"),
        "commands",
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _DECLARED}
"""Every command by name; a new one is one entry above and one reply."""
