"""A typed line as an answer to the open question: only where it clearly is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from agent import yaml12
from agent.conversation.meanings import AnswerTo, Vocabulary, loose
from agent.errors import AnswersDoNotFit
from agent.questions import Question, decide
from agent.steps import AnswerType
from tools.wording import inert

LONGEST_VALUE = 2000
"""Characters past which a value is taken as a text."""

_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_TAKEN = re.compile(
    r"(?:as recommended|recommended|as you (?:recommend|suggest|say)"
    r"|(?:i )?(?:take|accept|use) (?:it|the recommendation)"
    r"|(?:ok|okay|yes|fine|sure)[, ]+(?:i )?(?:take|use|accept) (?:it|that|the recommendation)"
    r"|(?:take |use )?the recommended (?:one|answer|value))",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(?:unknown|null|not known|(?:i )?(?:don't|do not|don’t) know|no idea|nobody knows)", re.IGNORECASE
)
_LEAD = re.compile(
    r"^(?:(?:i )?(?:take|use|choose|pick)|it is|it's|make it|set it to|answer:?|the answer is|the column) ",
    re.IGNORECASE,
)
_SHORT = frozenset(
    "ok okay yes no yep nope y n sure fine hm hmm right thanks good great next continue take it as recommended"
    " recommended".split()
) | {"take it", "as recommended", "ok take it", "ok, take it", "thank you", "all right", "looks good"}
"""Words that agree or not, but to what is not said."""
_ASKING = frozenset(
    "why what what's whats how which who whose when where show explain compare help undo back open list tell can could"
    " should would is are do does did".split()
)
"""Words that begin a question or a command, not an answer in words."""
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_PERCENT = re.compile(r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)) ?(?:%|percent)")
_WORDS = {True: ("yes", "y", "true"), False: ("no", "n", "false")}


def quoted(text: str) -> str | None:
    """What stands between quotes where the whole line is quoted, else None."""
    line = text.strip()
    if len(line) >= 2 and _QUOTES.get(line[0]) == line[-1] and line[0] not in line[1:-1]:
        return line[1:-1]
    return None


def short_reply(text: str) -> bool:
    """Whether a line only agrees or disagrees."""
    return " ".join(text.split()).strip("?!. ").casefold() in _SHORT


def value_of(text: str) -> Any:
    """A value as an answers file would read it; what is no such value is the text itself."""
    if len(text) > LONGEST_VALUE or re.search(r"(?:^|[\[\s,{:])[&*!]", text):
        return text  # aliases and tags have no business here
    try:
        return yaml12.scalar(text)
    except (RecursionError, ValueError):
        return text


def read(text: str, question: Question, known: Vocabulary) -> tuple[list[AnswerTo], str]:
    """The readings of a line as an answer, each once, and in one sentence what stood against the only one."""
    line = text.strip()
    literal = quoted(line)
    if literal is not None:
        return _fitting([(value, None) for value in _READ[question.type](literal, question, known)], question)
    said = " ".join(line.split()).rstrip("!. ") if question.type != "text" else line
    readings: list[tuple[Any, str | None]] = []
    if _TAKEN.fullmatch(said):
        if not question.has_recommendation:
            return [], f"{inert(question.id)} has no recommendation here; give a value."
        readings.append(("recommended", None))
    if question.nullable and _UNKNOWN.fullmatch(said):
        readings.append((None, None))
    if question.type == "text":
        if not readings and _says_something(line):
            readings.append((line, None))
        return _fitting(readings, question)
    bare = _LEAD.sub("", said, count=1)
    for one in dict.fromkeys((said, bare)):
        readings += [(value, None) for value in _READ[question.type](one, question, known)]
    if question.type in {"choice", "boolean", "column"}:
        head, because, reason = bare.partition(" because ")
        if because and reason.strip():
            values = _READ[question.type](head.rstrip(", "), question, known)
            readings += [(value, reason.strip()) for value in values]
    return _fitting(readings, question)


def _fitting(readings: Iterable[tuple[Any, str | None]], question: Question) -> tuple[list[AnswerTo], str]:
    found: list[AnswerTo] = []
    problems: list[str] = []
    for value, reason in readings:
        taken = question.recommended if value == "recommended" and question.has_recommendation else value
        try:
            # the reason is asked for by the face; here only the value is judged
            decide(question, taken, source="person", by=None, reason=reason or "to be given")
        except AnswersDoNotFit as misfit:
            problems.append(inert(misfit.message, 300))
            continue
        lacks = reason is None and any(taken == one for one in question.needs_reason)
        answer = AnswerTo(question.id, value, reason, lacks)
        if not any(_same(answer.value, other.value) for other in found):
            found.append(answer)
    return found, problems[0] if problems and not found else ""


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _says_something(line: str) -> bool:
    first = line.casefold().split()[0].strip(",.:;?!")
    return not line.endswith("?") and not short_reply(line) and first not in _ASKING


# ── by type ─────────────────────────────────────────────────────────────────


def _text(said: str, question: Question, known: Vocabulary) -> list[Any]:
    return [said] if said.strip() else []


def _option(said: str, question: Question, known: Vocabulary) -> list[Any]:
    """The options of that value or label; "yes" and "no" also by the label that begins so."""
    exact = [option.value for option in question.options if said == _plain(option.value)]
    if exact:
        return exact
    wanted = loose(said)
    found = [
        option.value for option in question.options if wanted in {loose(_plain(option.value)), loose(option.label)}
    ]
    if not found and wanted in {"yes", "no"}:
        found = [option.value for option in question.options if re.match(rf"{wanted}\b", option.label, re.IGNORECASE)]
    return found


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else inert(str(value), LONGEST_VALUE)


def _column(said: str, question: Question, known: Vocabulary) -> list[Any]:
    offered = [str(option.value) for option in question.options if option.value is not None] or list(known.columns)
    name = Vocabulary(columns=tuple(offered)).column(said)
    return [name] if name is not None else _option(said, question, known)


def _each(said: str, question: Question, known: Vocabulary) -> list[Any]:
    """A list of options or columns: one, several with commas or "and", ``[a, b]``, "none", "all"."""
    one = _column if question.type == "columns" else _option
    if loose(said) in {"none", "nothing", "none of them", "[]"}:
        return [[]]
    if loose(said) in {"all", "all of them"} and question.options:
        return [[option.value for option in question.options]]
    if said.startswith("["):
        value = value_of(said)
        return [value] if isinstance(value, list) else []
    for parts in ([said], re.split(r"\s*,\s*", said), re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", said)):
        items = [one(quoted(part) or part.strip(), question, known) for part in parts]
        if all(len(item) == 1 for item in items):
            return [list(dict.fromkeys(item[0] for item in items))]
    return []


def _number(said: str, question: Question, known: Vocabulary) -> list[Any]:
    if _NUMBER.fullmatch(said):
        return [int(said) if re.fullmatch(r"[-+]?[0-9]{1,15}", said) else float(said)]
    share = _PERCENT.fullmatch(said)
    # a percentage is a share only where the answer is one by its range
    if share and question.maximum is not None and question.maximum <= 1:
        return [round(float(share[1]) / 100, 12)]
    return []


def _boolean(said: str, question: Question, known: Vocabulary) -> list[Any]:
    named = [value for value, words in _WORDS.items() if said.casefold() in words]
    return named or [value for value in _option(said, question, known) if isinstance(value, bool)]


def _structured(said: str, question: Question, known: Vocabulary) -> list[Any]:
    if loose(said) in {"none", "nothing"}:
        return [[] if question.type == "list" else {}]
    value = value_of(said) if said.startswith(("[", "{")) else None
    return [value] if isinstance(value, list | dict) else []


_READ: dict[AnswerType, Callable[[str, Question, Vocabulary], list[Any]]] = {
    "text": _text,
    "choice": _option,
    "several": _each,
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
    "column": _column,
    "columns": _each,
    "mapping": _structured,
    "list": _structured,
}
