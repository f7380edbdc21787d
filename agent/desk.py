"""What the graph's nodes ask: to carry a step out, which question is open, how a gate stands."""

from __future__ import annotations

from typing import Any

from agent import gates
from agent.advisors.base import Advisor
from agent.carrying import approval
from agent.effects import Effects
from agent.execution import Executor
from agent.gates import GateRequest
from agent.openings import workspace_checks
from agent.questions import Question, Side, open_questions
from agent.registry import Phase
from agent.steps import Step
from agent.waiting import write_gate


class RunDesk:
    """Answers the nodes of one run from its ledger; implements :class:`agent.graph.Desk`."""

    def __init__(self, executor: Executor, advisor: Advisor, until: str | None, effects: Effects | None) -> None:
        self._executor = executor
        self._position = executor.position
        self._advisor = advisor
        self._until = until
        self._effects = effects

    async def carry_out(self, step: Step) -> str:
        """Bring a step's result about; returns its key."""
        await self._executor.carry_out(step)
        if self._effects is not None:
            await self._effects.follow(step.id)
        return self._position.steps[step.id].key

    def next_question(self, step: Step, side: Side) -> Question | None:
        """The next question of that side that has no answer in the ledger."""
        return next(open_questions(step, side, self._position, self._advisor), None)

    def gate(self, phase: Phase) -> GateRequest | str | None:
        """What the gate waits for, or how it was decided."""
        state = self._position.gate(phase.name)
        if gates.passed(self._position, phase):
            if gates.needs_note(self._position, phase):
                self._note_unchanged(phase, state.decisions[-1])
            return "approve"
        before = gates.approved_before(self._position, phase)
        if before is not None and not state.open:
            self._note_unchanged(phase, before)
            return "approve"
        if self._carried(phase):
            return "approve"
        last = state.decisions[-1] if state.decisions else None
        if last is not None and not state.open and last.evidence == gates.evidence_hash(self._position, phase):
            if last.decision == "reject":
                return "reject"
            if last.decision == "revise" and self._stale(phase):
                return "revise"
        return self.shown(phase)

    def shown(self, phase: Phase) -> GateRequest:
        """What a gate shows now."""
        return gates.request(self._position, phase, workspace_checks(self._executor.workspace, self._position, phase))

    def _stale(self, phase: Phase) -> bool:
        """Whether a revision left steps of this phase or before it to be redone."""
        phases = [*self._executor.registry.before(phase.name), phase]
        steps = [
            step
            for known in [*self._executor.registry.phases]
            if known in phases or not known.gated
            for step in known.steps
        ]
        return any(not self._executor.done(step) for step in steps)

    def _note_unchanged(self, phase: Phase, before: Any) -> None:
        self._position.take(gates.pass_unchanged(self._executor.ledger, self._position, phase, before))

    def _carried(self, phase: Phase) -> bool:
        """Whether an approval of just this, given in the run that this one was forked from, carries it through."""
        executor, shown = self._executor, self.shown(phase)
        found = approval(executor, phase, shown)
        if found is None:
            return False
        opening = gates.opened(executor.ledger, self._position, phase, shown)
        if opening is not None:
            self._position.take(opening)
        entry = gates.carry_over(executor.ledger, self._position, phase, *found)
        self._position.take(entry)
        write_gate(executor.run, shown, entry.data)
        executor.tell("gate_decided", **entry.data, head=entry.hash)
        return True

    def head(self) -> str:
        """The ledger's head."""
        return self._executor.ledger.head

    def stops_after(self, phase: Phase) -> bool:
        """Whether the run was asked to end with this phase."""
        return self._until == phase.name
