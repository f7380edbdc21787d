"""What a run writes for whoever has to decide: ``pending.json``, and a file a decided gate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.gates import GateRequest
from agent.questions import Question
from workspace.files import readable_json, write_atomic
from workspace.project import RunFolder


def pending_record(waits_for: Question | GateRequest) -> dict[str, Any]:
    """The form of ``pending.json``."""
    if isinstance(waits_for, Question):
        return {
            "type": "question",
            "id": waits_for.id,
            "options": [option.value for option in waits_for.options],
            "recommended": waits_for.recommended,
            "why": waits_for.why,
            "evidence": None,
            "checks": [],
            "prompt": waits_for.prompt,
            "resume_command": "phasegate resume --answers FILE",
        }
    return {
        "type": "gate",
        "id": waits_for.gate,
        "options": ["approve", "revise", "reject"],
        "recommended": waits_for.recommendation,
        "why": waits_for.why,
        "evidence": waits_for.evidence,
        "checks": [check.model_dump(mode="json") for check in waits_for.checks],
        "verdict": waits_for.verdict,
        "findings": list(waits_for.findings),
        "changed": list(waits_for.changed),
        "resume_command": waits_for.resume_command,
    }


def write_pending(run: RunFolder, waits_for: Question | GateRequest) -> None:
    """Write what the run waits for."""
    write_atomic(run.pending, readable_json(pending_record(waits_for)))


def write_gate(run: RunFolder, shown: GateRequest, decision: Mapping[str, Any]) -> None:
    """Write a decided gate: what it showed, and the decision; a gate that stays open keeps its pending file."""
    record = {**pending_record(shown), "decision": dict(decision)}
    write_atomic(gate_file(run, shown.gate), readable_json(record))


def gate_file(run: RunFolder, gate: str) -> Path:
    """Where a decided gate is written."""
    return run.root / "gates" / f"{gate}.json"
