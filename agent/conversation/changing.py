"""Replies to what would change a run: another answer, the last answer taken back, a fork. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from agent.conversation.meanings import SetValue
from agent.conversation.parts import Fork, Reply, Set, Undo, marked, said
from agent.conversation.view import SessionView
from agent.errors import AnswersDoNotFit
from agent.gates import GateRequest
from agent.questions import Question, build, decide
from agent.wording import shown_value

LISTS = frozenset({"several", "columns", "list"})
"""Types of answer that hold several values."""


def reply_set(view: SessionView, wish: SetValue) -> Reply:
    """What another answer would be, checked against its question; the face carries it out."""
    position = view.position
    question = _question(view, wish.question)
    name = marked(wish.question)
    if question is None:
        return said(f"There is no question {name} in this run.")
    before = position.decisions.get(wish.question)
    if before is None and question is not view.pending and not isinstance(view.pending, GateRequest):
        step = position.registry.steps[question.step].title
        return said(f"Nothing is decided about {name} yet; step {marked(step)} asks it, where it comes up.")
    value: Any = wish.value
    if wish.append:
        held = (before.value if before else None) or []
        if question.type not in LISTS or not isinstance(held, list | tuple):
            return said(f"{name} is no list, so nothing can be put at its end; use `=`.")
        more = value if isinstance(value, list) else [value]
        value = [*held, *(item for item in more if item not in held)]
    if value == "recommended":
        if not question.has_recommendation:
            return said(f"{name} has no recommendation here; give a value.")
        value = question.recommended
    try:
        taken = decide(question, value, source="revision", by=None, reason="to be given").value
    except AnswersDoNotFit as misfit:
        return said(f"{marked(misfit.message)} {marked(misfit.hint)}".strip())
    shown = marked(shown_value(taken))
    if before is not None and before.value == taken:
        return said(f"{name} is {shown} already.")
    lines = [f"{name} would be {shown}" + (f"; it is {marked(shown_value(before.value))}." if before else ".")]
    needs_reason = any(taken == one for one in question.needs_reason)
    if needs_reason:
        lines.append("It counts only with a written reason.")
    lines.append(_route(view, wish.question, question))
    return said(*lines, action=Set(wish.question, taken, needs_reason))


def _question(view: SessionView, name: str) -> Question | None:
    if isinstance(view.pending, Question) and view.pending.id == name:
        return view.pending
    found = view.position.registry.ask(name)
    if found is None:
        return None
    from agent.advisors.expert import Expert

    step, ask, subject = found
    try:
        return build(step, ask, subject, view.position, Expert())
    except (KeyError, TypeError, ValueError):
        # what the question rests on is not made yet: judged by its declaration alone
        declared = Question(
            id=name,
            step=step.id,
            prompt=ask.prompt,
            type=ask.type,
            options=(),
            recommended=None,
            has_recommendation=False,
            why="",
            rule=None,
            nullable=ask.nullable,
            minimum=ask.minimum,
            maximum=ask.maximum,
            needs_reason=ask.needs_reason,
        )
        return declared


def _route(view: SessionView, name: str, question: Question) -> str:
    pending = view.pending
    if isinstance(pending, Question) and pending.id == name:
        return "This is the open question, so it is taken as its answer."
    if isinstance(pending, GateRequest):
        gate = marked(pending.gate)
        return f"It goes with a revision of gate {gate}: with your name and a reason, on the gate's screen."
    phase = question.step.partition(".")[0]
    if name in view.position.decisions and view.position.gates.get(phase) and view.position.gate(phase).decisions:
        return f"Gate {marked(phase)} is decided, so it takes a fork: `/fork {phase}`."
    return "No gate is open; it can be taken with a revision at the next one."


def reply_back(view: SessionView) -> Reply:
    """Which answer would be taken back."""
    position = view.position
    if not position.decisions:
        return said("Nothing has been answered yet.")
    last = list(position.decisions.values())[-1]
    name = marked(last.id)
    found = position.registry.ask(last.id)
    phase = found[0].phase if found else ""
    decided = [gate for gate, state in position.gates.items() if state.decisions]
    if phase in decided:
        return said(
            f"Gate {marked(phase)} was decided since the last answer ({name}); `/fork {phase}` goes back there."
        )
    return said(f"The last answer was {name}: {marked(shown_value(last.value))}.", action=Undo(last.id))


def reply_fork(view: SessionView, gate: str) -> Reply:
    """Whether there is a decided gate to fork at."""
    state = view.position.gates.get(gate)
    if state is None or not state.decisions:
        return said(f"Gate {marked(gate)} is not decided yet, so there is nothing to fork at.")
    last = state.decisions[-1]
    return said(
        f"Another run would begin at gate {marked(gate)}, which {marked(last.by, 80)} decided ({last.decision},"
        f' "{marked(last.reason)}").'
        " This run stays as it is; only what depends on the change is done again.",
        action=Fork(gate),
    )
