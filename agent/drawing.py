"""The state machine as a drawing: what ``phasegate graph`` shows."""

from __future__ import annotations

from typing import Any

from agent.graph import node_names
from agent.registry import registry


def drawn() -> str:
    """The graph as indented text: phases, steps with their kind, questions, gates."""
    lines: list[str] = []
    for phase in registry().phases:
        lines.append(phase.title)
        for step in phase.steps:
            if step.before:
                lines.append(f"  ? {', '.join(ask.id for ask in step.before if not ask.setting) or 'settings'}")
            lines.append(f"  {step.guidance or '·':<4}{step.id:<36}{step.kind.value}")
            if step.after:
                lines.append(f"  ? {', '.join(ask.id for ask in step.after)}")
        if phase.gated:
            lines.append(f"  ══ gate {phase.name}: approve → on, revise → back, reject → end")
        lines.append("")
    return "\n".join(lines).rstrip()


def edges() -> dict[str, Any]:
    """The graph as nodes and edges."""
    names = node_names(registry())
    following = [*names[1:], "end"]
    pairs: list[dict[str, str]] = []
    for name, after in zip(names, following, strict=True):
        pairs.append({"from": name, "to": after, "when": "approve" if name.endswith(".gate") else "done"})
        if name.endswith(".gate"):
            pairs.append({"from": name, "to": names[0], "when": "revise"})
            pairs.append({"from": name, "to": "end", "when": "reject"})
    return {"nodes": names, "edges": pairs}
