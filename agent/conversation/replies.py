"""Replies: what is said to an intent, from the ledger's position and the artifacts alone. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.conversation.changing import reply_back, reply_fork, reply_set
from agent.conversation.column_view import reply_profile
from agent.conversation.commands import COMMANDS
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
    HowToDecide,
    Intent,
    NotUnderstood,
    Profile,
    SetValue,
    Show,
    StatusOf,
    WhatIf,
    Why,
)
from agent.conversation.model_view import reply_compare
from agent.conversation.parts import ExportTranscript, Grid, Reply, Text, marked, said
from agent.conversation.reasons_view import reply_how_to_decide, reply_why
from agent.conversation.row_explanation import reply_explain
from agent.conversation.run_view import reply_budget, reply_diff, reply_findings, reply_show, reply_status
from agent.conversation.view import SessionView
from agent.conversation.what_if import reply_what_if
from agent.gates import GateRequest
from agent.questions import Question

SLOW = (Explain, Differ)
"""Intents whose reply starts a process or reads many files, and so belongs off the event loop."""


def reply(intent: Intent, view: SessionView) -> Reply:
    """What is said to an intent."""
    return _REPLIES[type(intent)](view, intent)


def reply_not_understood(line: NotUnderstood) -> Reply:
    """That a line was not understood, with what comes nearest."""
    near = ", ".join(_typed(one) for one in line.suggestions)
    return said(marked(line.message), f"Nearest: {near}." if near else "")


def _typed(line: str) -> str:
    return f"`{line}`" if "`" not in line else marked(line)


def _export(view: SessionView, intent: Export) -> Reply:
    where = f' to "{marked(intent.file, 120)}"' if intent.file else ""
    return said(f"The transcript is to be written{where}.", action=ExportTranscript(intent.file))


def _help(view: SessionView, intent: Help) -> Reply:
    if intent.command is not None:
        command = COMMANDS[intent.command]
        return said(f"`{command.usage}`: {command.summary}.")
    rows = tuple((command.usage, command.summary) for command in COMMANDS.values())
    return Reply((Text(_waiting(view)), Grid(("command", "what it does"), rows, "commands")))


def _waiting(view: SessionView) -> str:
    if isinstance(view.pending, Question):
        taken = '; "as recommended" takes the recommendation' if view.pending.has_recommendation else ""
        return f"A question is open: type an answer{taken}. Quotes make a line an answer whatever it says."
    if isinstance(view.pending, GateRequest):
        return f"Gate {marked(view.pending.gate)} is open: it is decided on its own screen, never by a typed line."
    return "Ask in words, or with a command."


_REPLIES: dict[type[Intent], Callable[[SessionView, Any], Reply]] = {
    Why: lambda view, intent: reply_why(view, intent.question),
    Show: lambda view, intent: reply_show(view, intent.deliverable),
    Profile: lambda view, intent: reply_profile(view, intent.column),
    Compare: lambda view, intent: reply_compare(view),
    Explain: lambda view, intent: reply_explain(view, intent.row),
    WhatIf: lambda view, intent: reply_what_if(view, intent.threshold),
    SetValue: reply_set,
    Back: lambda view, intent: reply_back(view),
    ForkAt: lambda view, intent: reply_fork(view, intent.gate),
    Differ: lambda view, intent: reply_diff(view, intent.what),
    Budget: lambda view, intent: reply_budget(view),
    StatusOf: lambda view, intent: reply_status(view),
    Findings: lambda view, intent: reply_findings(view),
    Export: _export,
    Help: _help,
    HowToDecide: lambda view, intent: reply_how_to_decide(view),
}
"""Type of intent to what answers it; each intent has its line."""
