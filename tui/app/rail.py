"""The rail: four phases and their steps with state, finding and time; folds to the phases where room is short."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.content import Content
from textual.widgets import Static

MARKS = {"open": " ", "running": "▸", "asks": "?", "done": "✓", "again": "↻", "stopped": "×"}
"""State to its mark; the words stand in the key help."""


@dataclass
class StepLine:
    """A step as the rail shows it."""

    id: str
    title: str
    state: str = "open"
    finding: str = ""
    seconds: float = 0.0


@dataclass
class PhaseLines:
    """A phase with its steps."""

    name: str
    title: str
    steps: list[StepLine]
    gate: str = "open"
    """open, waits, approved, sent back, rejected."""


@dataclass
class Plan:
    """All phases of a run as far as they are known."""

    phases: list[PhaseLines] = field(default_factory=list)

    @classmethod
    def of_product(cls) -> Plan:
        """The product's own steps, nothing done."""
        from agent.registry import registry

        return cls(
            [
                PhaseLines(phase.name, phase.title, [StepLine(step.id, step.title) for step in phase.steps])
                for phase in registry().phases
            ]
        )

    def step(self, name: str) -> StepLine | None:
        """A step by id."""
        return next((step for phase in self.phases for step in phase.steps if step.id == name), None)

    def phase(self, name: str) -> PhaseLines | None:
        """A phase by name."""
        return next((phase for phase in self.phases if phase.name == name), None)

    @property
    def current(self) -> str:
        """The phase that is at work or waits: the first that is not through."""
        for phase in self.phases:
            if phase.gate != "approved" and any(step.state != "done" for step in phase.steps):
                return phase.name
            if phase.gate in {"waits", "sent back", "rejected"}:
                return phase.name
        return self.phases[-1].name if self.phases else ""


class Rail(Static):
    """Draws the plan."""

    DEFAULT_CSS = """
    Rail { width: 30; height: 100%; padding: 0 1; background: $surface; overflow-y: auto; }
    Rail.narrow { width: 22; }
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(markup=False, id="rail")
        self.plan = plan

    def on_mount(self) -> None:
        """Draw the first picture."""
        self.redraw()

    def redraw(self) -> None:
        """Draw the plan as it stands."""
        narrow = self.has_class("narrow")
        width = 20 if narrow else 28
        lines: list[Content] = []
        current = self.plan.current
        number = 0
        for phase in self.plan.phases:
            gated = phase.name != "intake"
            number += gated
            label = f"{number} {phase.name.capitalize()}" if gated else phase.name.capitalize()
            mark = {"approved": "✓", "waits": "?", "rejected": "×", "sent back": "↻"}.get(phase.gate, "")
            through = not gated and all(step.state == "done" for step in phase.steps)
            mark = "✓" if through else mark
            lines.append(_line(label, mark, width, "bold" if phase.name == current else ""))
            shown = phase.name == current or (not narrow and not through and phase.gate != "approved" and _begun(phase))
            for step in phase.steps if shown else ():
                style = {"running": "$text-accent", "asks": "$text-accent", "done": ""}.get(
                    step.state, "$foreground-muted"
                )
                lines.append(_line(f"  {step.title}", MARKS[step.state], width, style))
        self.update(Content("\n").join(lines))


def _begun(phase: PhaseLines) -> bool:
    return any(step.state != "open" for step in phase.steps)


def _line(label: str, mark: str, width: int, style: str) -> Content:
    room = width - 2
    text = label if len(label) <= room else label[: room - 1] + "…"
    return Content(f"{text:<{room}} {mark}").stylize(style) if style else Content(f"{text:<{room}} {mark}")
