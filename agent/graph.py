"""The state machine: one flat graph, generated from the registry; nodes look into the ledger, never at each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from agent.gates import GateRequest
from agent.questions import Question, Side
from agent.registry import Phase, Registry
from agent.state import RunState
from agent.steps import Step

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Node = Callable[[RunState], Awaitable[Any]]


class Desk(Protocol):
    """What the nodes ask of the session: where things stand, and to carry a step out."""

    async def carry_out(self, step: Step) -> str:
        """Bring a step's result about; returns its key."""

    def next_question(self, step: Step, side: Side) -> Question | None:
        """The next question of that side that has no answer in the ledger."""

    def gate(self, phase: Phase) -> GateRequest | str | None:
        """A request while the gate waits; "approve", "revise" or "reject" once it is decided."""

    def head(self) -> str:
        """The ledger's head."""

    def stops_after(self, phase: Phase) -> bool:
        """Whether the run ends with this phase."""


def node_names(registry: Registry) -> list[str]:
    """The names of all nodes in order: questions before a step, the step, questions after it, gates."""
    return [name for name, _ in _plan(registry)]


def build(registry: Registry, desk: Desk, checkpointer: BaseCheckpointSaver[Any]) -> CompiledStateGraph[Any, Any, Any]:
    """Wire the registry's phases into one flat graph."""
    from langgraph.graph import END, START, StateGraph

    plan = _plan(registry)
    names = [name for name, _ in plan]
    graph = StateGraph(RunState)
    graph.add_edge(START, names[0])
    for (name, make), following in zip(plan, [*names[1:], END], strict=True):
        node, destinations = make(desk, name, following, names[0], END)
        graph.add_node(name, node, destinations=destinations)
    return graph.compile(checkpointer=checkpointer)


Maker = Callable[[Desk, str, str, str, str], tuple[Any, tuple[str, ...]]]


def _plan(registry: Registry) -> list[tuple[str, Maker]]:
    plan: list[tuple[str, Maker]] = []
    for phase in registry.phases:
        for step in phase.steps:
            if step.before:
                plan.append((f"{step.id}.questions", _asking(step, "before")))
            plan.append((step.id, _working(step)))
            if step.after:
                plan.append((f"{step.id}.follow_up", _asking(step, "after")))
        if phase.gated:
            plan.append((f"{phase.name}.gate", _deciding(phase)))
    return plan


def _working(step: Step) -> Maker:
    def make(desk: Desk, name: str, following: str, first: str, end: str) -> tuple[Node, tuple[str, ...]]:
        async def work(state: RunState) -> Any:
            from langgraph.types import Command

            return Command(update={"steps": {step.id: await desk.carry_out(step)}}, goto=following)

        return work, (following,)

    return make


def _asking(step: Step, side: Side) -> Maker:
    def make(desk: Desk, name: str, following: str, first: str, end: str) -> tuple[Node, tuple[str, ...]]:
        async def ask(state: RunState) -> Any:
            from langgraph.types import Command, interrupt

            question = desk.next_question(step, side)
            if question is None:
                return Command(goto=following)
            interrupt({"question": question.id})
            if desk.next_question(step, side) == question:
                return Command(goto=name)
            return Command(update={"answered": {question.id: desk.head()}}, goto=name)

        return ask, (name, following)

    return make


def _deciding(phase: Phase) -> Maker:
    def make(desk: Desk, name: str, following: str, first: str, end: str) -> tuple[Node, tuple[str, ...]]:
        async def decide(state: RunState) -> Any:
            from langgraph.types import Command, interrupt

            decided = desk.gate(phase)
            if isinstance(decided, GateRequest):
                interrupt({"gate": phase.name, "evidence": decided.evidence})
                decided = desk.gate(phase)
            update: dict[str, Any] = {"gates": {phase.name: desk.head()}}
            match decided:
                case "approve":
                    done = desk.stops_after(phase) or following == end
                    return Command(
                        update={**update, **({"status": "done"} if done else {})}, goto=end if done else following
                    )
                case "revise":
                    return Command(update=update, goto=first)
                case "reject":
                    return Command(update={**update, "status": "rejected"}, goto=end)
            return Command(goto=name)

        return decide, (name, following, first, end)

    return make
