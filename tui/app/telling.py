"""What is told becomes what is seen: each event of a session as an entry of the transcript and a mark of the rail."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.content import Content

from agent.events import Event
from agent.wording import count_words, shown_value
from tui.app.live import bar, clock
from tui.app.picturing import Pictures
from tui.app.rail import Plan, StepLine
from tui.app.transcript import Transcript

_VERBS = {"approve": "approved", "revise": "sent back", "reject": "rejected"}
_WHO = {"person": "you", "recommended": "as advised", "revision": "changed"}


class Teller:
    """Shows events; asks and decides nothing."""

    def __init__(
        self, plan: Plan, transcript: Transcript, live: Callable[[str], None], pictures: Pictures | None = None
    ) -> None:
        """Make it; with ``pictures`` a finding has its picture under it."""
        self.plan = plan
        self._pictures = pictures
        self.began = time.monotonic()
        """When the step at work began."""
        self._transcript = transcript
        self._live = live
        self._shows: dict[str, Callable[[Event], None]] = {
            "step_started": self._step_started,
            "progress": self._progress,
            "step_finished": self._step_finished,
            "question_asked": self._question_asked,
            "question_answered": self._question_answered,
            "gate_opened": self._gate_opened,
            "gate_decided": self._gate_decided,
            "warning": self._warning,
            "finished": self._finished,
        }

    def tell(self, event: Event) -> None:
        """Show one event."""
        show = self._shows.get(event.type)
        if show is not None:
            show(event)

    def stopped(self) -> None:
        """The step at work was given up."""
        for step in self._steps():
            step.state = "stopped" if step.state == "running" else step.state

    def _steps(self) -> list[StepLine]:
        return [step for phase in self.plan.phases for step in phase.steps]

    def _mark(self, event: Event, state: str) -> StepLine | None:
        step = self.plan.step(event.step or "")
        if step is not None:
            step.state = state
        return step

    def _stand(self, before: str | None) -> None:
        """What a run that comes by again did not do anew stands as it was: all steps, or those before one."""
        for step in self._steps():
            if step.id == before:
                return
            step.state = "done" if step.state == "again" else step.state

    def _step_started(self, event: Event) -> None:
        self.began = time.monotonic()
        self._stand(before=event.step)
        self._mark(event, "running")
        self._live(f"{event.data['title']}…")

    def _progress(self, event: Event) -> None:
        done, total = float(event.data["done"]), float(event.data["total"])
        trials = [f"{done:.0f} of {total:.0f} trials"] if event.data.get("search") else []
        note = [event.data["note"]] if event.data["note"] else []
        spent = clock(time.monotonic() - self.began, done, total)
        words = [*trials, *spent, *note] if trials else [*note, *spent]
        self._live(f"{bar(done, total)}  {' · '.join(words)}")

    def _step_finished(self, event: Event) -> None:
        self._live("")
        data = event.data
        step = self._mark(event, "done")
        if step is not None:
            step.finding, step.seconds = data["summary"], data["seconds"]
        if not str(event.step).endswith(".documents"):
            label = f"{data['guidance']} {data['title']}".strip()
            card = self._transcript.step(label, data["summary"], tuple(data["notes"]), data["seconds"], data["cached"])
            if self._pictures is not None:
                self._pictures.want(str(event.step), card, cached=data["cached"])

    def _question_asked(self, event: Event) -> None:
        self._mark(event, "asks")

    def _question_answered(self, event: Event) -> None:
        data = event.data
        step = self.plan.step(event.step or "")
        if step is not None and step.state == "asks":
            step.state = "done" if step.finding else "open"
        if data["value"] is None and data["source"] == "recommended":
            return  # nothing was asked of anybody and nothing said
        why = f' ("{data["reason"]}")' if data["reason"] else ""
        who = _WHO.get(data["source"], data["source"])
        self._transcript.say(Content(f"{data['id']} = {shown_value(data['value'])} · {who}{why}"), "answer")

    def _gate_opened(self, event: Event) -> None:
        data: Any = event.data
        phase = self.plan.phase(data["gate"])
        if phase is not None:
            phase.gate = "waits"
            later = self.plan.phases[self.plan.phases.index(phase) + 1 :]
            self._stand(before=later[0].steps[0].id if later else None)
        text = f"Gate {data['title']} · {count_words(data['checks'])} · recommended: {data['recommendation']}"
        self._transcript.say(Content(f"{text}\ng opens it"), "gate")

    def _gate_decided(self, event: Event) -> None:
        data = event.data
        phase = self.plan.phase(data["gate"])
        if phase is not None:
            phase.gate = _VERBS[data["decision"]]
        conditions = f' on condition: "{data["conditions"]}"' if data["conditions"] else ""
        changed = "".join(f"\n{key} becomes {shown_value(value)}" for key, value in data["set"].items())
        told = f'Gate {data["gate"]} {_VERBS[data["decision"]]} by {data["by"]}: "{data["reason"]}"'
        self._transcript.say(Content(f"{told}{conditions}{changed}"), "gate")
        if data["decision"] == "revise":
            for step in self._steps():
                step.state = "again" if step.state == "done" else step.state

    def _warning(self, event: Event) -> None:
        self._transcript.say(Content(f"note: {event.data['text']}"), "answer")

    def _finished(self, event: Event) -> None:
        self._stand(before=None)
        self._transcript.say(Content("\n".join(event.data["closing"]).strip()), "gate")
