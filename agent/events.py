"""The vocabulary in which a session tells what happens; each event but progress stands in the ledger too."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

VERSION = 1
"""1: first layout."""

EventType = Literal[
    "run_started",
    "step_started",
    "progress",
    "step_finished",
    "question_asked",
    "question_answered",
    "gate_opened",
    "gate_decided",
    "warning",
    "stopped",
    "failed",
    "finished",
]


class Event(BaseModel):
    """One thing that happened; ``data`` holds what the type promises (CONTRACT: Files, Events)."""

    model_config = ConfigDict(frozen=True)

    type: EventType
    run: str
    step: str | None = None
    data: dict[str, Any]

    def line(self, seq: int) -> dict[str, Any]:
        """The event as a JSON object for a stream of them."""
        head: dict[str, Any] = {"v": VERSION, "seq": seq, "type": self.type, "run": self.run}
        if self.step is not None:
            head["step"] = self.step
        return {**head, **self.data, **head}
