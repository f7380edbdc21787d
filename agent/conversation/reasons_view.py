"""Why: what is recommended at an open question or gate, by which rule, and who decided what."""

from __future__ import annotations

from agent.conversation.parts import Grid, OpenGate, Part, Reply, Text, marked, said
from agent.conversation.view import SessionView
from agent.decisions import Decision
from agent.gates import GateRequest
from agent.questions import Question
from agent.wording import short_hash, shown_value
from tools.wording import inert

SOURCES = {
    "file": "from the answers file",
    "flag": "given with the command",
    "recommended": "the recommendation was taken",
    "person": "answered in the terminal",
    "revision": "changed at a gate",
}


def reply_why(view: SessionView, question: str | None) -> Reply:
    """The reason behind what is open, or behind a named question."""
    pending = view.pending
    if isinstance(pending, Question) and question in {None, pending.id}:
        return _open(pending)
    if question is None:
        if isinstance(pending, GateRequest):
            return _gate(pending)
        return said("Nothing is open. `/why QUESTION` tells of a decision, `/show questions` lists them all.")
    decision = view.position.decisions.get(question)
    if decision is not None:
        return _decided(view, decision)
    found = view.position.registry.ask(question)
    if found is None:
        return said(f'There is no question "{marked(question, 80)}" in this run.')
    step, ask, subject = found
    prompt = marked(ask.prompt.replace("{subject}", inert(subject)))
    if ask.setting:
        return said(f"`{question}` is a setting: it was not given, and is never asked.")
    return said(prompt, f"Nothing is decided there yet; step {marked(step.title)} asks it, where it comes up.")


def _rule(name: str | None) -> str:
    if not name:
        return ""
    from agent.advisors.expert import rules

    line = next((rule.guidance for group in rules().values() for rule in group if rule.id == name), None)
    tail = f', after the guidance\'s "{marked(line)}"' if line else ""
    return f"Rule `{marked(name)}`{tail}." if _codeless(name) else f"Rule {marked(name)}{tail}."


def _codeless(name: str) -> bool:
    """Whether a name can stand between backticks as it is."""
    return all(char.isascii() and (char.isalnum() or char in "._-*") for char in name)


def _open(question: Question) -> Reply:
    lines = [f"**{marked(question.prompt)}**"]
    if question.has_recommendation:
        lines.append(f"Recommended: {marked(shown_value(question.recommended))}. {_because(question.why)}".strip())
        lines.append(_rule(question.rule))
    else:
        lines.append(f"Nothing is recommended here. {_because(question.why)}".strip())
    if question.minimum is not None or question.maximum is not None:
        bounds = [
            f"at least {question.minimum:g}" if question.minimum is not None else "",
            f"at most {question.maximum:g}" if question.maximum is not None else "",
        ]
        lines.append(f"The answer is {' and '.join(bound for bound in bounds if bound)}.")
    parts: list[Part] = [Text(line) for line in lines if line]
    if question.options:
        rows = tuple(
            (inert(shown_value(one.value), 80), inert(one.label, 120), inert(one.reason, 200))
            for one in question.options
        )
        parts.append(Grid(("answer", "means", "speaks for it"), rows))
    return Reply(tuple(parts))


def _because(why: str) -> str:
    return f"Reason: {marked(why).rstrip('.')}." if why else ""


def _gate(gate: GateRequest) -> Reply:
    rows = tuple(
        (inert(check.title, 80), inert(check.measured, 120), inert(check.criterion, 120), check.status)
        for check in gate.checks
        if check.status != "pass"
    )
    parts: list[Part] = [
        Text(f"At gate {marked(gate.gate)} the recommendation is to {gate.recommendation}: {marked(gate.why)}."),
        Text(f"It rests on evidence {short_hash(gate.evidence)}."),
    ]
    if rows:
        parts.append(Grid(("check", "measured", "required", "verdict"), rows, "checks that did not pass"))
    return Reply(tuple(parts), OpenGate(gate.gate))


def _decided(view: SessionView, decision: Decision) -> Reply:
    found = view.position.registry.ask(decision.id)
    lines = []
    if found is not None:
        _, ask, subject = found
        lines.append(f"**{marked(ask.prompt.replace('{subject}', inert(subject)))}**")
    by = f" by {marked(decision.by, 80)}" if decision.by else ""
    lines.append(f"Decided{by}: {marked(shown_value(decision.value))} ({SOURCES[decision.source]}).")
    if decision.reason:
        lines.append(f'Reason given: "{marked(decision.reason)}".')
    first = view.position.first.get(decision.id)
    if first is not None and first.value != decision.value:
        lines.append(f"The first answer was {marked(shown_value(first.value))}.")
    if decision.rule or decision.why:
        lines.append(f"Recommended: {marked(shown_value(decision.recommended))}. {_because(decision.why)}".strip())
        lines.append(_rule(decision.rule))
    return said(*lines)


def reply_how_to_decide(view: SessionView) -> Reply:
    """Where a gate is decided; whatever was typed, nothing has been."""
    pending = view.pending
    if isinstance(pending, GateRequest):
        return said(
            f"Nothing was decided. Gate {marked(pending.gate)} is decided on its own screen, with a name and a reason,"
            " once its evidence was on screen.",
            f"The recommendation there is to {pending.recommendation}: {marked(pending.why)}.",
            action=OpenGate(pending.gate),
        )
    if isinstance(pending, Question):
        return said(f"No gate is open, so nothing was decided. The run asks: {marked(pending.prompt)}")
    return said("No gate is open, so there is nothing to decide.")
