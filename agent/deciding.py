"""``phasegate decide``: record a decision on an open gate from outside a run; nothing is run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from agent.advisors.expert import Expert
from agent.answers import GateAnswer
from agent.publishing import publish
from agent.session import Session
from workspace.errors import WorkspaceError
from workspace.ledger import Ledger
from workspace.locks import hold
from workspace.project import Workspace

_WAIT_SECONDS = 5.0
_ASKED_AGAIN = 12
"""Questions that are listed to somebody who sends a gate back without saying what to change."""


def decide(root: Path, name: str | None, gate: str, answer: GateAnswer) -> dict[str, Any]:
    """Record a decision.

    Returns:
        {gate, decision, evidence, head, lines, questions}: ``lines`` are what a person reads.

    Raises:
        WorkspaceBusy: the workspace is in use for longer than five seconds.
        AnswersDoNotFit: the gate is not open, was decided meanwhile, or shows other evidence.
        Waiting: the approval lacks conditions or overrides.
    """
    workspace = Workspace.open(root)
    run = workspace.run(name)
    with hold(root, wait=_WAIT_SECONDS), Ledger(run.ledger) as ledger:
        session = Session(workspace, run, ledger, Expert())
        shown = session.take_decision(gate, answer, source="command")
        asked: list[str] = []
        lines = [f"Recorded: {answer.by} {_VERBS[answer.decision]} gate {gate} on evidence {shown.evidence[:8]}."]
        if answer.decision == "revise" and not answer.set:
            asked = _what_it_could_mean(session, gate, answer.reason)
            lines = [
                f"Recorded: {answer.by} sent gate {gate} back, without saying what to change; it stays open.",
                "Which answer should change? Questions that it could mean:",
                *(f"  {question}" for question in asked),
                f"Then: phasegate decide {gate} revise --by NAME --reason TEXT --set ID=VALUE",
            ]
        else:
            lines.append("Go on with: phasegate resume")
        with contextlib.suppress(OSError, WorkspaceError):  # the decision stands; `resume` writes the files anew
            publish(workspace, run, session.registry, session.position, ledger.head)
        lines.append(f"head {ledger.head}")
        return {
            "gate": gate,
            "decision": answer.decision,
            "evidence": shown.evidence,
            "head": ledger.head,
            "questions": asked,
            "lines": lines,
        }


_VERBS = {"approve": "approved", "revise": "sent back", "reject": "rejected"}


def _what_it_could_mean(session: Session, gate: str, feedback: str) -> list[str]:
    """The phase's decided questions, those that share a word with the feedback first."""
    words = {word.lower().strip(".,;:") for word in feedback.split() if len(word) > 3}
    phases = [*session.registry.before(gate), session.registry.phase(gate)]
    names = {phase.name for phase in phases}
    asked = [
        key
        for key in session.position.decisions
        if (found := session.registry.ask(key)) is not None and found[0].phase in names
    ]
    own = [key for key in asked if (found := session.registry.ask(key)) is not None and found[0].phase == gate]

    def closeness(key: str) -> tuple[int, int]:
        shared = sum(word in key.replace(".", " ").replace("_", " ") for word in words)
        return -shared, 0 if key in own else 1

    return sorted(asked, key=closeness)[:_ASKED_AGAIN]
