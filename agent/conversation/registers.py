"""The registers of a run as a gate shows them: risks, assumptions, hypotheses, hand-offs; in short and as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.phases.writing import STEPS, artifacts, told
from agent.position import Position
from agent.recording import run_record
from tools.reporting import markdown, registers
from tools.reporting.blocks import TAKEN, decision_line
from tools.reporting.material import Material, RunRecord
from tools.reporting.sections import Block, Cell, Fold, Line, Status, Table, plain, words
from tools.wording import inert

_GRAVEST = ("fail", "insufficient", "warn", "", "pass")
_LONGEST = 400


@dataclass(frozen=True)
class Item:
    """One line of a register."""

    name: str
    said: str
    """What this run says of it."""
    status: str = ""
    """The gravest state of the checks that watch it: pass, warn, fail, insufficient; empty where none does."""


@dataclass(frozen=True)
class Register:
    """A register in short and as a whole."""

    title: str
    items: tuple[Item, ...]
    """What deserves a look first stands first."""
    text: str
    """All of it as Markdown, text from data escaped."""


def registers_of(position: Position, phase: str) -> tuple[Register, ...]:
    """Risks, assumptions, hypotheses and hand-offs as they stand at a phase's gate; none before a run has begun."""
    if "source" not in position.started:
        return ()
    m = _material(position, phase)
    hypotheses, *folds = registers.assumptions(m)
    taken = [block for fold in folds if isinstance(fold, Fold) for block in fold.blocks]
    return (
        _register("Risks", [registers.risks(m)], _risks(m)),
        _register("Assumptions, taken because nobody said otherwise", taken, _assumptions(m)),
        _register("Hypotheses", [hypotheses], _rows(hypotheses, 0, 2)),
        _register("Hand-offs", [registers.hand_offs(m)], _rows(registers.hand_offs(m), 0, 3)),
    )


def _material(position: Position, phase: str) -> Material:
    outcomes = {step: position.outcome(step) for step in STEPS[phase]}
    made = {name: position.json(name) for name in artifacts(phase) if name.endswith(".json") and position.has(name)}
    return Material(
        record=RunRecord.model_validate(run_record(position, phase)),
        outcomes=told({step: outcome for step, outcome in outcomes.items() if outcome is not None}, made),
        artifacts=made,
    )


def _register(title: str, blocks: Sequence[Block], items: Sequence[Item]) -> Register:
    whole = [markdown.block(block) for block in blocks] or ["None."]
    return Register(title, tuple(items), "\n\n".join([f"# {title}", *whole]) + "\n")


def _risks(m: Material) -> list[Item]:
    items = []
    for name, _, value, _, state in registers.risks(m).rows:
        found = [piece.value for piece in _line(state) if isinstance(piece, Status)]
        items.append(Item(_text(name), _text(value), found[0] if found else ""))
    return sorted(items, key=lambda item: _GRAVEST.index(item.status))


def _assumptions(m: Material) -> list[Item]:
    return [
        Item(inert(node["id"].text), _text(decision_line(node)))
        for node in m.node("record.json")["decisions"]
        if not node["value"] or node["source"].text in TAKEN
    ]


def _rows(table: Block, name: int, said: int) -> list[Item]:
    rows = table.rows if isinstance(table, Table) else ()
    return [Item(_text(row[name]), _text(row[said])) for row in rows]


def _line(cell: Cell) -> Line:
    return cell if isinstance(cell, tuple) else words("")


def _text(cell: Cell) -> str:
    return inert(plain(_line(cell)), _LONGEST)
