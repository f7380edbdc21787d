"""``phasegate questions``: a complete, commented answers file, made by walking intake on the real data."""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path
from typing import Any

from agent import yaml12
from agent.answers import RECOMMENDED, VERSION, Answers
from agent.questions import Question
from agent.registry import registry
from agent.session import Session
from agent.sources import Source
from agent.steps import Ask

_KNOWN_UNTIL = "preparation.discovery"
"""The first step whose result later questions depend on."""
_GATES = {
    "preparation": "the data, the criteria and the baseline",
    "experimentation": "the model and its threshold",
    "validation": "the verdict",
    "deployment": "the served model",
}


async def question_table(source: Source, given: Answers) -> dict[str, Any]:
    """All questions with value, type, options, recommendation, reason and step.

    Raises:
        InputError: the data can't be read.
    """
    asked: dict[str, Question] = {}
    with tempfile.TemporaryDirectory(prefix="phasegate-questions-") as folder:
        async with Session.start(Path(folder) / "workspace", source, seed=0) as session:
            session.settle(
                {
                    key: (item.value, "flag", None, None)
                    for key, item in given.answers.items()
                    if key.startswith("source.")
                }
            )
            async for event in session.events():
                if event.type == "step_started" and event.step == _KNOWN_UNTIL:
                    break
                question = session.pending
                if event.type != "question_asked" or not isinstance(question, Question):
                    continue
                asked[question.id] = question
                answer = given.answers.get(question.id)
                value = answer.value if answer else RECOMMENDED if question.has_recommendation else None
                if value is None and not question.nullable:
                    break
                session.answer(question.id, value, source="file")
    rows: dict[str, Any] = {}
    for step, ask in registry().asks():
        if ask.setting:
            continue
        question = asked.get(ask.id)
        answer = given.answers.get(ask.id)
        rows[ask.id] = _known(question) if question else _unknown(ask, step.id)
        if answer is not None:
            rows[ask.id]["value"] = answer.value
    return {"version": VERSION, "answers": rows, "gates": {}}


def _known(question: Question) -> dict[str, Any]:
    return {
        "value": question.recommended if question.has_recommendation else None,
        "type": question.type,
        "options": [option.value for option in question.options],
        "recommended": question.recommended if question.has_recommendation else None,
        "why": question.why,
        "step": question.step,
        "prompt": question.prompt,
    }


def _unknown(ask: Ask, step: str) -> dict[str, Any]:
    return {
        "value": RECOMMENDED,
        "type": ask.type,
        "options": [option.value for option in ask.options],
        "recommended": None,
        "why": "",
        "step": step,
        "prompt": ask.prompt.replace("{subject}", "…"),
    }


def question_file(table: dict[str, Any]) -> str:
    """The table as a YAML file that runs as it is once the gates are filled in."""
    lines = [
        "# Answers for a Phasegate run. Each value is the recommended one; change what you know better.",
        "# `recommended` takes the advice when the question comes up, null says that nobody knows.",
        f"version: {table['version']}",
        "answers:",
    ]
    for key, row in table["answers"].items():
        lines.append("")
        lines += _comment(row["prompt"])
        if row["options"]:
            lines += _comment(f"Options: {', '.join(_inline(option) for option in row['options'])}.")
        if row["value"] == RECOMMENDED:
            lines += _comment(f"Asked by {row['step']}.")
        elif row["why"]:
            lines += _comment(f"Recommended: {row['why']}.")
        elif row["value"] is None:
            lines += _comment("No recommendation: only you can say.")
        lines += textwrap.indent(yaml12.dump({key: row["value"]}), "  ").rstrip("\n").split("\n")
    lines += ["", "# Nothing passes a gate without a decision: fill these in, or decide at the gate.", "gates:"]
    for gate, what in _GATES.items():
        lines.append(f"  # {gate}: {{decision: approve, by: NAME, reason: TEXT}}   # {what}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    clean = " ".join(text.split())
    return [f"  # {line}" for line in textwrap.wrap(clean, 100, break_long_words=False, break_on_hyphens=False)]


def _inline(value: Any) -> str:
    return yaml12.dump([value]).strip().removeprefix("- ")
