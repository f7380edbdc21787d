"""Write the reference pages `cli.md` and `answers.md` from the program itself.

    make docs

A test compares the pages with what this module makes, so they can't fall behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperOption

from agent.advisors.expert import rules
from agent.registry import registry
from agent.steps import Ask, Step
from tools.wording import slots

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Made by `make docs` from the program; changes here are lost. -->"
TYPES = {
    "text": "a text",
    "choice": "one of the options",
    "several": "a list of options",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "column": "a column's name",
    "columns": "a list of column names",
    "mapping": "a mapping",
    "list": "a list",
}
"""How an answer of each type is written in the answers file."""


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    from tui.cli import app

    return {"cli.md": cli_page(typer.main.get_command(app)), "answers.md": answers_page()}


def cli_page(root: Any) -> str:
    """The command-line reference: each command with its synopsis, arguments and options."""
    parts = [NOTE, "# Command line", _paragraphs(root.help)]
    commands = _commands(root)
    if commands:
        rows = [(f"[`phasegate {name}`](#phasegate-{name})", _brief(command)) for name, command in commands]
        parts.append(_table(("command", "what it does"), rows))
    parts.append(_parameters(root, "phasegate"))
    parts += [_command(command, f"phasegate {name}") for name, command in commands]
    return _page(parts)


def _commands(command: Any) -> list[tuple[str, Any]]:
    return [(name, inner) for name, inner in getattr(command, "commands", {}).items() if not inner.hidden]


def _command(command: Any, path: str) -> str:
    pieces = " ".join(command.collect_usage_pieces(command.context_class(command, info_name=path)))
    parts = [f"## {path}", _paragraphs(command.help), f"```text\n{path} {pieces}\n```", _parameters(command, path)]
    parts += [_command(inner, f"{path} {name}") for name, inner in _commands(command)]
    return "\n\n".join(part for part in parts if part)


def _parameters(command: Any, path: str) -> str:
    context = command.context_class(command, info_name=path)
    rows: list[tuple[str, ...]] = []
    for parameter in command.params:
        if parameter.hidden:
            continue
        if isinstance(parameter, TyperOption):
            names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
            value = "" if parameter.is_flag else f" `{parameter.display_type_rich(context)}`"
            rows.append((names + value, f"{_line(parameter.help)} {_default(parameter)}".strip()))
        elif isinstance(parameter, TyperArgument):
            rows.append((f"`{parameter.display_name_raw}`", _line(parameter.help)))
    return _table(("argument or option", "meaning"), rows) if rows else ""


def _default(option: TyperOption) -> str:
    value = option.default
    if option.is_flag or value is None or callable(value) or value in ((), [], "") or not option.show_default:
        return ""
    return f"(default: `{value}`)"


def answers_page() -> str:
    """The reference of all questions: by step, with type, options, bounds and the reasons of the expert's rules."""
    parts = [
        NOTE,
        "# Questions and answers",
        "Every question that a run can ask, in the order in which it asks. An answers file gives each a value under "
        "its id; `recommended` takes what the advisor recommends, `null` declares the answer unknown where that is "
        "allowed. `phasegate questions DATA` writes the file for a table of yours. A star in an id stands for a "
        "subject, most often a column: `data.leakage.duration`.",
    ]
    for phase in registry().phases:
        questions = [(step, ask) for step in phase.steps for ask in (*step.before, *step.after)]
        if questions:
            parts.append(f"## {phase.title or phase.name}")
            parts += [_question(step, ask) for step, ask in questions]
    return _page(parts)


def _question(step: Step, ask: Ask) -> str:
    lines = [f"### `{ask.id}`", ask.prompt.replace("{subject}", "…")]
    said = [f"Answer: {TYPES[ask.type]}{_bounds(ask)}{', or `null`' if ask.nullable else ''}."]
    said.append("Taken where it is given, never asked." if ask.setting else f"Asked by `{step.id}`.")
    if ask.needs_reason:
        said.append(
            f"{', '.join(f'`{_word(value)}`' for value in ask.needs_reason)} counts only with a written reason."
        )
    lines.append(" ".join(said))
    if ask.options:
        lines.append(
            _table(
                ("option", "meaning"),
                [(f"`{_word(option.value)}`", _line(option.label or option.reason)) for option in ask.options],
            )
        )
    elif ask.choices is not None:
        lines.append("The options depend on the data.")
    advice = [f"- {_template(rule.reason)} (`{rule.id}`; guidance {rule.guidance})" for rule in rules().get(ask.id, ())]
    if advice:
        lines.append("What the expert may say:\n\n" + "\n".join(advice))
    return "\n\n".join(lines)


def _bounds(ask: Ask) -> str:
    if ask.minimum is not None and ask.maximum is not None:
        return f" from {ask.minimum:g} to {ask.maximum:g}"
    if ask.minimum is not None:
        return f" of at least {ask.minimum:g}"
    return f" of at most {ask.maximum:g}" if ask.maximum is not None else ""


def _template(text: str) -> str:
    """A reason with its facts shown as what they are called."""
    for name, style in slots(text):
        text = text.replace("{" + name + (f"|{style}" if style else "") + "}", f"*{name.replace('_', ' ')}*")
    return text


def _word(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _brief(command: Any) -> str:
    return _line(command.get_short_help_str(limit=200))


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(_line(part) for part in re.split(r"\n\s*\n", (text or "").replace("\b", "").strip()))


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    def lines() -> Iterator[str]:
        yield "| " + " | ".join(head) + " |"
        yield "|" + " --- |" * len(head)
        for row in rows:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

    return "\n".join(lines())


def _page(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
