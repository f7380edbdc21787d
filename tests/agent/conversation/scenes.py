"""Small scenes for tests of the conversation: names that are known, open questions, an open gate, positions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agent.conversation.meanings import Vocabulary
from agent.conversation.parts import Bars, Curve, Grid, Reply
from agent.decisions import Decision
from agent.gates import GateRequest, ShownCheck
from agent.position import Position, StepRecord
from agent.questions import Choice, Question
from agent.registry import registry
from agent.steps import AnswerType
from tools.records import Outcome
from tools.wording import FORMATS, say
from workspace.files import canonical_json
from workspace.store import Store

KNOWN = Vocabulary(
    columns=("age", "amount", "account balance", "baseline", "known?", "status"),
    deliverables=(
        ("02-data-quality-report", "Data quality report"),
        ("05-baseline", "Baseline"),
        ("13-model-card", "Model card"),
        ("14-go-no-go", "Go or no-go"),
    ),
    questions=("split.kind", "split.test_size", "data.drop", "data.leakage.a=b", "metrics.primary"),
)


def question(
    kind: AnswerType,
    options: Iterable[Any] = (),
    labels: Mapping[Any, str] | None = None,
    recommended: Any = "nothing",
    **more: Any,
) -> Question:
    """An open question; the recommendation is the first option where none is given."""
    values = tuple(options)
    if recommended == "nothing" and values:
        recommended = [values[0]] if kind in {"several", "columns"} else values[0]
    named = labels or {}
    return Question(
        id="toy.asked",
        step="preparation.split",
        prompt="Which one?",
        type=kind,
        options=tuple(Choice(value=one, label=named.get(one, str(one)), reason="it is so") for one in values),
        recommended=None if recommended == "nothing" else recommended,
        has_recommendation=recommended != "nothing",
        why="the data say so",
        rule="split.stratified",
        nullable=more.pop("nullable", True),
        **more,
    )


def gate(name: str = "experimentation") -> GateRequest:
    """An open gate with a check that failed."""
    check = ShownCheck(
        id="latency", title="latency", status="fail", blocking=True, value=70.0, criterion="≤ 50 ms", measured="70 ms"
    )
    return GateRequest(
        gate=name,
        title="2 Experimentation",
        visit=1,
        evidence="ab" * 32,
        verdict=None,
        recommendation="revise",
        why="latency failed",
        steps=(),
        checks=(check,),
        findings=(),
        deliverables=(),
        changed=(),
        resume_command="phasegate decide experimentation",
    )


def position(
    folder: Path,
    artifacts: Mapping[str, Any],
    decisions: Mapping[str, Any] | None = None,
    outcomes: Mapping[str, Outcome] | None = None,
) -> Position:
    """A position of the product's registry whose steps made these artifacts: JSON values, bytes or files."""
    store = Store(folder / "objects")
    found = Position(registry(), store)
    found.run = "0001-test"
    by_step: dict[str, dict[str, Any]] = {}
    for name, value in artifacts.items():
        makers = found.registry.makers.items()
        maker = next(step for made, step in makers if name == made or (made[-1] == "/" and name.startswith(made)))
        data = value.read_bytes() if isinstance(value, Path) else value if isinstance(value, bytes) else dumped(value)
        by_step.setdefault(maker, {})[name] = data
    for step in dict.fromkeys([*by_step, *(outcomes or {})]):
        outcome = (outcomes or {}).get(step) or Outcome(summary=say("done"))
        files = {**by_step.get(step, {}), "outcome.json": canonical_json(outcome.model_dump(mode="json"))}
        rows = {}
        for name, data in files.items():
            kept = store.put_bytes(data)
            rows[name] = {"sha256": kept.sha256, "bytes": kept.bytes}
        found.steps[step] = StepRecord(step, "0" * 64, rows, 1.5, False)
    for name, value in (decisions or {}).items():
        decided = Decision(id=name, value=value, source="person", by="Ada", why="the data say so", recommended=value)
        found.decisions[name] = decided
        found.first[name] = decided
    return found


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


# ── what a reply says, and what it may say ──────────────────────────────────

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")


def words(reply: Reply) -> str:
    """All that a reply shows as text."""
    told = [re.sub(r"\\(.)", r"\1", reply.text)]
    for part in reply.parts:
        if isinstance(part, Grid):
            told += [part.title, *part.columns, *(cell for row in part.rows for cell in row)]
        elif isinstance(part, Bars):
            told += [part.title, *(f"{label} {text}" for label, _, text in part.rows)]
        elif isinstance(part, Curve):
            told += [part.title, *(label for label, _ in part.marks)]
    return "\n".join(told)


def drawn(reply: Reply) -> list[float]:
    """All numbers that a reply draws."""
    found: list[float] = []
    for part in reply.parts:
        if isinstance(part, Bars):
            found += [value for _, value, _ in part.rows]
        elif isinstance(part, Curve):
            found += [*part.x, *part.y, *(place for _, place in part.marks)]
    return found


def leaves(value: Any) -> list[Any]:
    """All texts and numbers of a JSON value, keys too."""
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in (key, *leaves(item))]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [] if value is None or isinstance(value, bool) else [value]


def sayable(*evidence: Any) -> set[str]:
    """The numbers, as texts, that a sentence over this evidence may hold."""
    found: set[str] = set()
    for leaf in leaves(list(evidence)):
        forms = [leaf] if isinstance(leaf, str) else [f"{leaf:g}", *(form(float(leaf)) for form in FORMATS.values())]
        for form in forms:
            found |= set(NUMBER.findall(str(form)))
    return found
