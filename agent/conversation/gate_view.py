"""What a gate's screen reads of the run beside the request: threshold curve, registers, where checks stand, answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from agent.wording import shown_value
from tools.wording import inert, show

# what reads the registers and builds questions brings every step along: it is imported where it is used
if TYPE_CHECKING:
    from agent.conversation.registers import Register
    from agent.conversation.what_if import Point, ThresholdCurve
    from agent.position import Position
    from agent.questions import Question
    from agent.registry import Phase, Registry
    from workspace.store import Store

MOVABLE = "experimentation"
"""The gate at which the threshold may still be moved; from there on it is frozen."""
THRESHOLD = "decision.threshold"


class Seen(Protocol):
    """What is read of a session or of a record."""

    @property
    def registry(self) -> Registry:
        """The steps and gates of the run."""

    @property
    def position(self) -> Position:
        """Where the run stands."""


@dataclass(frozen=True)
class Changeable:
    """A decided question that a revision may change."""

    id: str
    value: str
    """As a person reads it."""
    prompt: str = ""


@dataclass(frozen=True)
class Origin:
    """Where a check comes from, and which deliverables show it."""

    step: str
    """Number and title of the step."""
    finding: str
    """What the step found, in a sentence."""
    deliverables: tuple[str, ...]


@dataclass(frozen=True)
class GateView:
    """All that a gate's screen shows beyond the request itself."""

    changeable: tuple[Changeable, ...] = ()
    curve: ThresholdCurve | None = None
    """Only at the gate where the threshold may still be moved."""
    registers: tuple[Register, ...] = ()
    origins: Mapping[str, Origin] | None = None
    """By check id; a check that rests on the whole workspace has none."""


@dataclass(frozen=True)
class Beside:
    """One line of the comparison of two stored thresholds."""

    label: str
    asked: str
    today: str


def gate_view(session: Seen, gate: str) -> GateView:
    """Read what a gate's screen shows of a run; nothing is scored, nothing is changed."""
    from agent.conversation.registers import registers_of
    from agent.conversation.what_if import curve

    known, position = session.registry, session.position
    phase = known.phase(gate)
    return GateView(
        changeable=_changeable(position, known, phase),
        curve=curve(position) if gate == MOVABLE else None,
        registers=registers_of(position, gate),
        origins=_origins(position, phase),
    )


def _changeable(position: Position, known: Registry, phase: Phase) -> tuple[Changeable, ...]:
    phases = {each.name for each in (*known.before(phase.name), phase)} | {"intake"}
    found = []
    for name, decision in position.decisions.items():
        asked = known.ask(name)
        if asked is not None and asked[0].phase in phases:
            prompt = asked[1].prompt.replace("{subject}", inert(asked[2]))
            found.append(Changeable(name, shown_value(decision.value), prompt))
    return tuple(found)


def _origins(position: Position, phase: Phase) -> dict[str, Origin]:
    from tools.reporting.markdown import escaped

    documents = _documents(position, phase)
    found = {}
    for step, outcome in position.outcomes(phase.steps):
        for check in outcome.checks:
            row = f"| {escaped(check.title or check.id)} |".casefold()
            held = tuple(stem for stem, text in documents.items() if row in text.casefold())
            found[check.id] = Origin(f"{step.guidance} {step.title}".strip(), str(outcome.summary), held)
    return found


def _documents(position: Position, phase: Phase) -> dict[str, str]:
    """The phase's deliverables as text, by stem."""
    store: Store = position.store
    files = position.folder(f"documents-{phase.name}/")
    return {
        name.rpartition("/")[2].removesuffix(".md"): store.read(sha256).decode("utf-8", "replace")
        for name, sha256 in files.items()
        if name.endswith(".md")
    }


# a revision


def question_of(session: Seen, name: str) -> tuple[Question, Any]:
    """A decided question with its options and its present value, to be asked again.

    Raises:
        KeyError: no such question is decided, or what it rests on is not made.
    """
    from agent.advisors.expert import Expert
    from agent.questions import build

    found = session.registry.ask(name)
    if found is None:
        raise KeyError(name)
    return build(*found, session.position, Expert()), session.position.decisions[name].value


@dataclass(frozen=True)
class Change:
    """An answer that a revision changes."""

    id: str
    value: Any
    shown: str
    before: str | None
    """The answer that holds, as a person reads it; None where the question has not come up."""
    same: bool
    """Whether it is what holds already."""


def change(session: Seen, name: str, value: Any) -> Change:
    """The answer that a revision would take for a question: checked as the decision itself will be.

    Raises:
        AnswersDoNotFit: there is no such question, or the value does not fit it.
    """
    from agent.advisors.expert import Expert
    from agent.questions import settle

    # the reason is asked for the revision as a whole, and no decision is handed in without one
    taken = settle({name: value}, session.position, Expert(), by=None, reason="to be given")[name]
    held = session.position.decisions.get(name)
    before = shown_value(held.value) if held else None
    return Change(name, taken, shown_value(taken), before, held is not None and held.value == taken)


# the threshold


def beside(held: ThresholdCurve, point: Point) -> tuple[Beside, ...]:
    """What a stored threshold does, line by line, beside what today's does."""
    today = held.at(held.today)
    positive, negative = inert(held.positive, 30), inert(held.negative, 30)
    lines: list[tuple[str, Callable[[Point], str]]] = [
        ("threshold", lambda one: f"{one.threshold:g}"),
        ("expected cost per row", lambda one: show(one.cost, "num")),
        (f'predicted "{positive}"', lambda one: show(one.selection_rate, "pct")),
        (f'"{positive}", predicted so', lambda one: show(one.tp)),
        (f'"{positive}", missed', lambda one: show(one.fn)),
        (f'"{negative}", false alarm', lambda one: show(one.fp)),
        (f'"{negative}", predicted so', lambda one: show(one.tn)),
    ]
    rows = [Beside(label, words(point), words(today)) for label, words in lines]
    then = {ratio.column: ratio for ratio in held.ratios(today.threshold)}
    for ratio in held.ratios(point.threshold):
        before = then.get(ratio.column)
        # the groups that lie furthest apart may change with the threshold, so each side names its own
        rows.append(
            Beside(
                f"selection rates by {inert(ratio.column, 30)}",
                _ratio(ratio.ratio, ratio.lowest, ratio.highest),
                _ratio(before.ratio, before.lowest, before.highest) if before else "unknown",
            )
        )
    return tuple(rows)


def _ratio(value: float, lowest: str, highest: str) -> str:
    return f"{show(value, 'ratio')} {inert(lowest, 20)} / {inert(highest, 20)}"


def curve_note(held: ThresholdCurve) -> str:
    """On what the curve rests, in a sentence."""
    costs = (
        f"a false alarm costs {show(held.false_positive_cost)}, a miss {show(held.false_negative_cost)}, as stated"
        if held.costs_stated
        else "no costs were stated, so every error counts one"
    )
    return f"Read from the stored curve: {show(held.rows)} training rows, out of fold; {costs}."
