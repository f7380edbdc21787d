"""Questions: which are open at a step, what is recommended, and whether an answer fits."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.advisors.base import Advisor, Recommendation
from agent.answers import GateAnswer
from agent.decisions import Decision
from agent.errors import AnswersDoNotFit
from agent.position import Position
from agent.registry import Registry
from agent.steps import AnswerType, Ask, Step, always
from tools.wording import inert
from workspace.files import canonical_json

Side = Literal["before", "after"]


class Choice(BaseModel):
    """One offered answer."""

    model_config = ConfigDict(frozen=True)
    value: Any
    label: str
    reason: str


class Question(BaseModel):
    """Something a step needs a person, or a recorded answer, to say; as every face shows it."""

    model_config = ConfigDict(frozen=True)

    id: str
    step: str
    prompt: str
    type: AnswerType
    options: tuple[Choice, ...]
    recommended: Any
    has_recommendation: bool
    why: str
    rule: str | None
    nullable: bool
    minimum: float | None = None
    maximum: float | None = None
    needs_reason: tuple[Any, ...] = ()

    def told(self) -> dict[str, Any]:
        """The question as ledger and events hold it: its type under ``answer_type``, since ``type`` is their own."""
        record = self.model_dump(mode="json")
        record["answer_type"] = record.pop("type")
        return record


def open_questions(step: Step, side: Side, position: Position, advisor: Advisor) -> Iterator[Question]:
    """The questions of one side of a step that still lack an answer, in order."""
    for ask in step.before if side == "before" else step.after:
        if ask.setting:
            continue
        for subject in _subjects(ask, position):
            question = ask.id.removesuffix("*") + subject
            if question not in position.decisions:
                yield build(step, ask, subject, position, advisor)


def _subjects(ask: Ask, position: Position) -> list[str]:
    if not ask.when(position) or ask.moot(position):
        return []
    return list(ask.subjects(position)) if ask.subjects else [""]


def build(step: Step, ask: Ask, subject: str, position: Position, advisor: Advisor) -> Question:
    """A question with its options and what the advisor recommends at this point of the run."""
    evidence = ask.evidence(position)
    if ask.subjects:
        evidence = {"subject": subject, **evidence.get("subjects", {}).get(subject, {})}
    options = ask.choices(position) if ask.choices else ask.options
    advice: Recommendation = advisor.recommend(ask, options, evidence)
    return Question(
        id=ask.id.removesuffix("*") + subject,
        step=step.id,
        prompt=ask.prompt.replace("{subject}", inert(subject)),
        type=ask.type,
        options=tuple(
            Choice(value=option.value, label=option.label or _word(option.value), reason=option.reason)
            for option in options
        ),
        recommended=advice.value,
        has_recommendation=advice.made,
        why=advice.why,
        rule=advice.rule,
        nullable=ask.nullable,
        minimum=ask.minimum,
        maximum=ask.maximum,
        needs_reason=ask.needs_reason,
    )


def _word(value: Any) -> str:
    return "yes" if value is True else "no" if value is False else "unknown" if value is None else inert(str(value))


def decide(question: Question, given: Any, *, source: Any, by: str | None, reason: str | None) -> Decision:
    """Turn an answer into a decision.

    Raises:
        AnswersDoNotFit: the value is not of the question's type, not among its options, or lacks the reason it needs.
    """
    value = _checked(question.id, question.type, given, question)
    if any(value == needing for needing in question.needs_reason) and not (reason or "").strip():
        raise AnswersDoNotFit(
            f'{question.id}: "{value}" counts only with a written reason.',
            hint="Give it as {value: …, reason: …}.",
        )
    return Decision(
        id=question.id,
        value=value,
        source=source,
        by=by,
        reason=reason,
        recommended=question.recommended if question.has_recommendation else None,
        why=question.why,
        rule=question.rule,
    )


def settle_revision(answer: GateAnswer, position: Position, advisor: Advisor) -> dict[str, Any]:
    """The changed decisions of a revision, each checked against its question.

    Raises:
        AnswersDoNotFit: an id is unknown, or a value does not fit.
    """
    return settle(answer.set, position, advisor, by=answer.by, reason=answer.reason)


def settle(
    settings: Mapping[str, Any], position: Position, advisor: Advisor, *, by: str | None, reason: str | None
) -> dict[str, Any]:
    """Changed answers by id, each checked against its question as a run knows it.

    Raises:
        AnswersDoNotFit: an id is unknown, or a value does not fit.
    """
    settled: dict[str, Any] = {}
    for name, value in settings.items():
        found = position.registry.ask(name)
        if found is None:
            raise AnswersDoNotFit(f"There is no question {name}.", hint="`phasegate show questions` lists them.")
        step, ask, subject = found
        if name not in position.decisions and step.id not in position.steps:
            settled[name] = _ahead(name, value, position.registry, reason)
            continue
        if name not in position.decisions and ask.subjects and subject not in ask.subjects(position):
            raise AnswersDoNotFit(f"{name} did not come up in this run.", hint="`phasegate show questions` lists them.")
        question = build(step, ask, subject, position, advisor)
        if value == "recommended":
            if not question.has_recommendation:
                raise AnswersDoNotFit(f"{name} has no recommendation here.", hint="Give a value.")
            value = question.recommended
        settled[name] = decide(question, value, source="revision", by=by, reason=reason).value
    return settled


def _ahead(name: str, value: Any, registry: Registry, reason: str | None) -> Any:
    """An answer to a question of a step to come: what it will offer and recommend is not known yet."""
    if value == "recommended":
        raise AnswersDoNotFit(
            f"{name} is asked by a step to come, and nothing is recommended yet.", hint="Give a value."
        )
    check_static(registry, name, value, reason)
    return value


def check_static(registry: Registry, question: str, value: Any, reason: str | None = None) -> None:
    """Check a recorded answer before any work, as far as the declaration alone allows.

    Raises:
        AnswersDoNotFit: the id is unknown, the value is not of its type or not among its fixed options, or a written
            reason is missing.
    """
    found = registry.ask(question)  # a pattern such as data.leakage.* stands for all its subjects
    if found is None:
        known = [ask.id for _, ask in registry.asks()]
        near = difflib.get_close_matches(question, known, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else "`phasegate questions DATA` lists the ids."
        raise AnswersDoNotFit(f"There is no question {question}.", hint=hint)
    step, ask, _ = found
    if value == "recommended" or (value is None and ask.when is not always):
        return
    options = tuple(Choice(value=option.value, label="", reason="") for option in ask.options)
    declared = Question(
        id=question,
        step=step.id,
        prompt="",
        type=ask.type,
        options=options,
        recommended=None,
        has_recommendation=False,
        why="",
        rule=None,
        nullable=ask.nullable,
        minimum=ask.minimum,
        maximum=ask.maximum,
        needs_reason=ask.needs_reason,
    )
    decide(declared, value, source="file", by=None, reason=reason)


def _checked(name: str, kind: AnswerType, value: Any, question: Question) -> Any:
    if value is None:
        if question.nullable:
            return None
        raise AnswersDoNotFit(f"{name} can't be left unknown.", hint=_offer(question))
    problem, value = _CHECKS[kind](value, question)
    if not problem and not _plain(value):
        problem = "is not made of texts, finite numbers, lists and mappings"
    if problem:
        raise AnswersDoNotFit(f"{name}: {inert(repr(value))} {problem}.", hint=_offer(question))
    return value


def _plain(value: Any) -> bool:
    """Whether the ledger can hold a value."""
    try:
        canonical_json(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _offer(question: Question) -> str:
    if question.options:
        return f"Options: {', '.join(_word(option.value) for option in question.options)}."
    return ""


Checked = tuple[str, Any]


def _among(value: Any, question: Question) -> Checked:
    allowed = [option.value for option in question.options]
    same = [option for option in allowed if value == option and isinstance(value, bool) == isinstance(option, bool)]
    if same or not allowed:
        return "", value
    text = _as_class(value)
    if text in allowed:
        return "", text
    near = difflib.get_close_matches(str(value), [str(option) for option in allowed], n=1)
    return f"is not among the options{f'; did you mean {near[0]}' if near else ''}", value


def _as_class(value: Any) -> Any:
    """A number or truth value as the text of a class: a file that says 2 may mean the class "2"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, bool | int | float) else value


def _each_among(value: Any, question: Question) -> Checked:
    if not isinstance(value, list | tuple):
        return "is not a list", value
    for item in value:
        problem, _ = _among(item, question)
        if problem:
            return problem, item
    return "", list(value)


def _number(value: Any, question: Question) -> Checked:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "is not a number", value
    if question.minimum is not None and value < question.minimum:
        return f"is under {question.minimum:g}", value
    if question.maximum is not None and value > question.maximum:
        return f"is over {question.maximum:g}", value
    return "", value


def _integer(value: Any, question: Question) -> Checked:
    if isinstance(value, bool) or not isinstance(value, int):
        return "is not a whole number", value
    return _number(value, question)


def _text(value: Any, question: Question) -> Checked:
    if isinstance(value, bool | list | dict):
        return "is not a text", value
    return "", str(value)


def _column(value: Any, question: Question) -> Checked:
    return _among(value, question) if isinstance(value, str) else ("is not a column's name", value)


def _boolean(value: Any, question: Question) -> Checked:
    return ("", value) if isinstance(value, bool) else ("is neither true nor false", value)


def _mapping(value: Any, question: Question) -> Checked:
    return ("", value) if isinstance(value, dict) else ("is not a mapping", value)


def _list(value: Any, question: Question) -> Checked:
    return ("", list(value)) if isinstance(value, list | tuple) else ("is not a list", value)


_CHECKS: dict[AnswerType, Callable[[Any, Question], Checked]] = {
    "text": _text,
    "choice": _among,
    "several": _each_among,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "column": _column,
    "columns": _each_among,
    "mapping": _mapping,
    "list": _list,
}
