"""What a reply may look at: where the run stands, what it waits for, and the names that a line may use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.conversation.meanings import Pending, Vocabulary
from agent.position import Position
from agent.questions import Question

if TYPE_CHECKING:
    from agent.session import Session


@dataclass(frozen=True)
class SessionView:
    """A run as the conversation sees it: read, never changed."""

    position: Position
    root: Path | None = None
    """The workspace's folder; None where there is none, and what lies beside the ledger can't be shown."""
    run: str | None = None
    pending: Pending = None


def view_of(session: Session) -> SessionView:
    """An open session as the conversation sees it."""
    return SessionView(session.position, session.workspace.root, session.run.id, session.pending)


def vocabulary(view: SessionView) -> Vocabulary:
    """The columns, deliverables, questions and gates of a run, as far as they are known."""
    position = view.position
    asked = [ask.id for _, ask in position.registry.asks() if not ask.id.endswith(".*")]
    pending = [view.pending.id] if isinstance(view.pending, Question) else []
    return Vocabulary(
        columns=columns(position),
        deliverables=(*deliverables(), ("questions", "All decisions")),
        questions=tuple(dict.fromkeys([*pending, *position.decisions, *asked])),
        gates=tuple(phase.name for phase in position.registry.phases if phase.gated),
    )


def deliverables() -> tuple[tuple[str, str], ...]:
    """Stem and title of every deliverable."""
    from tools.reporting.contents import DELIVERABLES

    return tuple((each.stem, each.title) for each in DELIVERABLES)


def columns(position: Position) -> tuple[str, ...]:
    """The source's columns, in order."""
    if not position.has("reading.json"):
        return ()
    return tuple(str(column["name"]) for column in position.json("reading.json")["columns"])


def not_yet(position: Position, artifact: str, what: str) -> str:
    """Which step makes what is not there."""
    maker = position.registry.makers.get(artifact)
    if maker is None:
        return f"No step of this run makes {what}."
    step = position.registry.steps[maker]
    number = f"{step.guidance} " if step.guidance else ""
    if maker in position.steps:
        return f"This run has no {what}: step {number}{step.title} found no use for it."
    return f"There is no {what} yet: step {number}{step.title} makes it."


def opened(position: Position) -> bool:
    """Whether the test rows of the split as it stands have been opened."""
    # the opener stores the rows as it found them, so a split that was done again since has another hash
    sealed = position.find("test.parquet")
    return sealed is not None and position.find("opened.parquet") == sealed


def metric_label(position: Position, metric: str) -> str:
    """A metric's name in words."""
    for step in ("experimentation.cross_validation", "experimentation.tuning", "preparation.baseline"):
        facts = position.facts(step)
        if facts.get("metric") == metric and facts.get("metric_label"):
            return str(facts["metric_label"])
    return metric.replace("_", " ")


def record(position: Position, artifact: str) -> Any:
    """A JSON artifact, or None where no step made it."""
    return position.json(artifact) if position.has(artifact) else None
