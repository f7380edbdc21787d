"""What a run writes of its decisions: the answers file that repeats it, and the record that its documents quote."""

from __future__ import annotations

from typing import Any

from agent.answers import Answers, GateAnswer, Given, dump_answers
from agent.decisions import GateDecision
from agent.position import Position
from workspace.files import write_atomic
from workspace.project import RunFolder

RECORD_VERSION = 1
"""1: first layout of record.json."""


def answers_of(position: Position) -> Answers:
    """Every question that was asked and every gate that was decided, as an answers file.

    The decisions of a gate that was sent back are listed visit by visit, so that a repeated run walks the same way;
    values are those that the questions were first answered with, later ones stand in the gate's ``set``.
    """
    revised = {name for state in position.gates.values() for decision in state.decisions for name in decision.set}
    answers = {
        key: Given(value=decision.value, reason=decision.reason, by=decision.by, source=decision.source)
        for key, decision in {**position.decisions, **{k: v for k, v in position.first.items() if k in revised}}.items()
    }
    gates = {
        gate: tuple(
            GateAnswer(
                decision=decision.decision,
                by=_who(decision),
                reason=decision.reason,
                override=decision.override,
                conditions=decision.conditions,
                set=decision.set,
            )
            for decision in state.decisions
            if decision.source != "unchanged"
        )
        for gate, state in position.gates.items()
        if state.decisions
    }
    return Answers.model_validate({"answers": answers, "gates": gates})


def _who(decision: GateDecision) -> str:
    """Who decided a gate, and where that was if it was not in this run."""
    return f"{decision.by}, in run {decision.carried.run}" if decision.carried else decision.by


def write_answers(run: RunFolder, position: Position) -> None:
    """Rewrite the run's ``answers.yaml``."""
    write_atomic(run.answers, dump_answers(answers_of(position)).encode())


def run_record(position: Position, phase: str, *, closed: bool = False) -> dict[str, Any]:
    """Decisions and gates up to a phase, without clock times: what documents may quote.

    Args:
        position: where the run stands.
        phase: the phase whose documents are written.
        closed: whether that phase's own gate is decided and belongs to the record.
    """
    names = [known.name for known in position.registry.phases]
    reach = set(names[: names.index(phase) + 1])
    asked_in = {}
    for key in position.decisions:
        found = position.registry.ask(key)
        asked_in[key] = found[0].phase if found else names[0]
    source = position.started["source"]
    return {
        "version": RECORD_VERSION,
        "run": {
            "id": position.run,
            "seed": position.seed,
            "source": source["name"],
            "sha256": source["sha256"],
            "rows": position.facts("intake.source").get("rows"),
        },
        "decisions": [
            {
                "id": key,
                "value": decision.value,
                "source": decision.source,
                "by": decision.by or "",
                "reason": decision.reason or "",
                "recommended": decision.recommended,
                "why": decision.why,
            }
            for key, decision in sorted(position.decisions.items())
            if asked_in[key] in reach
        ],
        "gates": [
            {
                "gate": decision.gate,
                "decision": decision.decision,
                "by": _who(decision),
                "reason": decision.reason,
                "conditions": decision.conditions or "",
                "overrides": list(decision.override),
                "evidence": decision.evidence,
                "recommendation": decision.recommendation,
            }
            for known in position.registry.phases
            if known.name in reach and (closed or known.name != phase)
            for decision in position.gate(known.name).decisions
            if decision.source != "unchanged"
        ],
    }
