"""A bridge that plays a script and writes down what it was told; strict: what the script does not hold fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from agent.answers import GateAnswer
from agent.decisions import GateDecision
from agent.errors import AnswersDoNotFit
from agent.events import Event
from agent.gates import GateRequest, ShownCheck, ShownStep
from agent.position import Position
from agent.questions import Choice, Question
from agent.registry import registry
from tui.app.bridge import Bridge, Ended, Listener, Opening, Told
from tui.app.look import LOOK
from tui.app.run import RunScreen
from workspace.store import Store

Line = Told | Ended
APPROVED = GateDecision(
    gate="", decision="approve", by="Ada", reason="agreed", evidence="0" * 64, bound=True, recommendation="approve"
)


class Scripted(Bridge):
    """Plays one list of lines at the opening and one after each answer or decision."""

    def __init__(self, listen: Listener, script: Iterable[list[Line]]) -> None:
        super().__init__(listen)
        self.script = list(script)
        self.openings: list[Opening] = []
        self.given: list[tuple[str, Any, str | None, bool]] = []
        self.decided: list[tuple[str, GateAnswer]] = []
        self.refusal: str | None = None
        self.stops: list[str] = []
        self.alive = False
        self.decisions: dict[str, Any] = {}
        self.gates: set[str] = set()
        """Gates that count as approved."""
        self.pending: Question | GateRequest | None = None

    @property
    def running(self) -> bool:
        return self.alive

    def open(self, opening: Opening) -> None:
        self.openings.append(opening)
        self.alive = True
        self.play()

    def play(self) -> None:
        """The next lines of the script."""
        for line in self.script.pop(0):
            if isinstance(line, Told) and line.pending is not None:
                self.pending = line.pending
            if isinstance(line, Ended):
                self.alive = False
            self._listen(line)

    async def answer(self, question: str, value: Any, *, reason: str | None = None, advised: bool = False) -> None:
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise AnswersDoNotFit(refusal)
        self.given.append((question, value, reason, advised))
        source = "recommended" if advised else "person"
        self._listen(
            told("question_answered", id=question, value=value, source=source, reason=reason, prompt="", by=None)
        )
        self.play()

    async def decide(self, gate: str, answer: GateAnswer) -> None:
        self.decided.append((gate, answer))
        self.play()

    async def read(self, look: Callable[[Any], Any]) -> Any:
        position = Position(registry(), Store(Path("nowhere")))
        position.decisions.update(self.decisions)
        for gate in self.gates:
            position.gate(gate).decisions.append(APPROVED.model_copy(update={"gate": gate}))
        pending = self.pending
        workspace, run = SimpleNamespace(root=Path("nowhere")), SimpleNamespace(id="0001-heron")
        return look(
            SimpleNamespace(registry=registry(), position=position, workspace=workspace, run=run, pending=pending)
        )

    def stop(self, reason: str = "the person") -> None:
        self.stops.append(reason)
        self.play()

    def close(self, seconds: float = 5.0) -> None:
        self.alive = False


class Stage(App[None]):
    """The smallest application around a run."""

    CSS = LOOK

    def __init__(self, script: Iterable[list[Line]]) -> None:
        super().__init__()
        self._script = script
        self.bridge: Scripted

    def on_mount(self) -> None:
        def bridge(listen: Listener) -> Bridge:
            self.bridge = self.scripted(listen)
            return self.bridge

        self.run_screen = RunScreen(Opening(Path("phasegate"), "loans.csv"), bridge)
        self.push_screen(self.run_screen)

    def scripted(self, listen: Listener) -> Scripted:
        """The bridge that plays the script."""
        return Scripted(listen, self._script)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Let the application work until something holds."""
    for _ in range(500):
        if holds():
            return
        await pilot.pause()
    raise AssertionError("it never came to hold")


def told(kind: Any, step: str | None = None, pending: Question | GateRequest | None = None, **data: Any) -> Told:
    return Told(Event(type=kind, run="0001-heron", step=step, data=data), pending)


STARTED = told("run_started", source={"name": "loans.csv"}, seed=0, advisor="expert")


def finished(step: str, summary: str = "a finding", notes: tuple[str, ...] = ()) -> Told:
    known = registry().steps[step]
    return told(
        "step_finished", step, title=known.title, guidance=known.guidance, phase=known.phase, summary=summary,
        notes=list(notes), seconds=0.5, cached=False,
    )  # fmt: skip


def question(name: str = "data.leakage.duration", kind: Any = "choice", **more: Any) -> Question:
    """A question; by default whether a column may stay."""
    options = (
        Choice(value="drop", label="no, drop it", reason="it is known only after the outcome"),
        Choice(value="release", label="yes, keep it", reason="you say why"),
    )
    fields: dict[str, Any] = {
        "id": name, "step": "preparation.leakage", "prompt": f"Is it known at the moment of prediction? ({name})",
        "type": kind, "options": options if kind in ("choice", "several") else (), "recommended": "drop",
        "has_recommendation": True, "why": "It predicts the outcome almost alone.", "rule": "leakage.drop",
        "nullable": False, "needs_reason": ("release",),
    }  # fmt: skip
    return Question(**{**fields, **more})


def asked(one: Question) -> Told:
    return told("question_asked", one.step, one, **{key: value for key, value in one.told().items() if key != "step"})


def check(name: str, status: str = "pass", blocking: bool = False, measured: str = "0.79") -> ShownCheck:
    return ShownCheck(
        id=name, title=f"Title of {name}", status=status, blocking=blocking, value=0.79, criterion="at least 0.70",
        measured=measured,
    )  # fmt: skip


def request(gate: str = "preparation", **more: Any) -> GateRequest:
    """What a gate shows."""
    fields: dict[str, Any] = {
        "gate": gate, "title": gate.capitalize(), "visit": 1, "evidence": "4be291c0" + "0" * 56, "verdict": None,
        "recommendation": "approve", "why": "every check passes",
        "steps": (ShownStep(id="preparation.split", guidance="1.6", title="split", summary="640 / 160 / 200 rows"),),
        "checks": (check("data.leakage", blocking=True), check("data.rows", "warn")),
        "findings": ("ages are in whole years",), "deliverables": ("01-problem-statement", "02-data-quality-report"),
        "changed": (), "resume_command": "",
    }  # fmt: skip
    return GateRequest(**{**fields, **more})


def opened(one: GateRequest) -> Told:
    return told("gate_opened", None, one, **one.model_dump(mode="json"))


def decided(gate: str = "preparation", decision: str = "approve", **more: Any) -> Told:
    fields: dict[str, Any] = {
        "gate": gate, "decision": decision, "by": "Ada", "reason": "agreed", "conditions": None, "set": {},
        "override": [], "source": "person", "head": "0" * 64,
    }  # fmt: skip
    return told("gate_decided", None, None, **{**fields, **more})
