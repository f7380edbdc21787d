"""The run: rail, conversation, open question, gates; everything that a person does on the way to a model."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from agent.errors import describe
from agent.events import Event
from agent.wording import count_words, shown_value
from tui.app.bridge import Bridge, Ended, Listener, Opening, Told
from tui.app.confirm import Confirm
from tui.app.decision import Changeable
from tui.app.gate import GateScreen
from tui.app.question import QuestionPanel
from tui.app.rail import Plan, Rail
from tui.app.transcript import Transcript

if TYPE_CHECKING:
    from agent.answers import GateAnswer
    from agent.gates import GateRequest
    from agent.questions import Question
    from agent.session import Session

NARROW = 100
"""Columns under which the rail folds."""
_BAR = 24
_VERBS = {"approve": "approved", "revise": "sent back", "reject": "rejected"}


class Heard(Message):
    """What the session told, on its way into the screen's own loop."""

    def __init__(self, told: Told | Ended) -> None:
        super().__init__()
        self.told = told


class RunScreen(Screen[None]):
    """One run, from its first question to its end."""

    DEFAULT_CSS = """
    RunScreen #title { height: 1; background: $panel; padding: 0 1; }
    RunScreen #live { height: 1; padding: 0 1; color: $text-muted; }
    RunScreen #talk { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop"),
        Binding("g", "gate", "gate"),
        Binding("R", "resume", "resume"),
        Binding("d", "dossier", "dossier"),
    ]

    def __init__(self, opening: Opening, bridge: Callable[[Listener], Bridge] = Bridge) -> None:
        super().__init__()
        self._opening = opening
        self._then: Opening | None = None
        """What to open once the session has ended."""
        self.bridge = bridge(self._hear)
        self.plan = Plan()
        self.gate_request: GateRequest | None = None
        self.run_id: str | None = opening.run
        self.working = False
        """Whether a step is in flight."""
        self.name_of_person = ""
        self._leaving = False
        self._advising: str | None = None
        """The phase in which advice is taken unseen."""
        self._answered: list[str] = []
        self._began = time.monotonic()
        self._step_began = time.monotonic()

    def _hear(self, told: Told | Ended) -> None:
        self.post_message(Heard(told))

    def compose(self) -> ComposeResult:
        """Rail at the left, the conversation beside it."""
        yield Static(Content("opening…"), id="title", markup=False)
        with Horizontal():
            yield Rail(self.plan)
            with Vertical(id="talk"):
                yield Transcript(id="transcript")
                yield Static(id="live", markup=False)
                yield QuestionPanel()
        yield Footer()

    def on_mount(self) -> None:
        """Open the run once the first picture stands."""
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._open, self._opening)

    def on_resize(self, event: Resize) -> None:
        """Fold the rail where room is short."""
        rail = self.query_one(Rail)
        rail.set_class(event.size.width < NARROW, "narrow")
        rail.redraw()

    @work(exclusive=True, group="opening")
    async def _open(self, opening: Opening) -> None:
        import asyncio

        self.plan = await asyncio.to_thread(Plan.of_product)
        rail = self.query_one(Rail)
        rail.plan = self.plan
        rail.redraw()
        await self.query_one(Transcript).remove_children()
        self._opening, self._answered, self.gate_request = opening, [], None
        self.bridge.open(opening)

    # what the session tells

    async def on_heard(self, message: Heard) -> None:
        """Show one event; a screen that is being left shows nothing more."""
        if self._leaving:
            return
        if isinstance(message.told, Ended):
            await self._ended(message.told)
            return
        event = message.told.event
        handler: Any = getattr(self, f"_{event.type}", None)
        if handler is not None:
            await handler(event, message.told.pending)
        self.query_one(Rail).redraw()

    async def _run_started(self, event: Event, _: Any) -> None:
        name = str(event.data["source"]["name"]).rsplit(".", 1)[0]
        self.run_id = event.run
        self._entitle(name, event)

    def _entitle(self, name: str, event: Event) -> None:
        text = f"{name} · {event.run} · seed {event.data['seed']} · {event.data['advisor']} advisor"
        self.query_one("#title", Static).update(Content(text))

    async def _step_started(self, event: Event, _: Any) -> None:
        self.working, self._step_began = True, time.monotonic()
        step = self.plan.step(event.step or "")
        if step is not None:
            step.state = "running"
        self._live(f"{event.data['title']}…")

    async def _progress(self, event: Event, _: Any) -> None:
        done, total = float(event.data["done"]), float(event.data["total"]) or 1.0
        filled = max(0, min(_BAR, round(_BAR * done / total)))
        spent = time.monotonic() - self._step_began
        left = f" · {spent / done * (total - done):.0f} s left" if done and spent > 2 else ""
        self._live(f"{'█' * filled}{'░' * (_BAR - filled)}  {event.data['note']} · {spent:.0f} s{left}")

    async def _step_finished(self, event: Event, _: Any) -> None:
        self.working = False
        self._live("")
        data = event.data
        step = self.plan.step(event.step or "")
        if step is not None:
            step.state, step.finding, step.seconds = "done", data["summary"], data["seconds"]
        if not str(event.step).endswith(".documents"):
            label = f"{data['guidance']} {data['title']}".strip()
            self.query_one(Transcript).step(
                label, data["summary"], tuple(data["notes"]), data["seconds"], data["cached"]
            )

    async def _question_asked(self, event: Event, question: Question | None) -> None:
        self.working = False
        step = self.plan.step(event.step or "")
        if step is not None:
            step.state = "asks"
        if question is None:
            return
        if self._advising == question.step.partition(".")[0] and question.has_recommendation:
            await self._give(question, "recommended", None, advised=True)
            return
        self._advising = None
        await self.query_one(QuestionPanel).ask(question)

    async def _question_answered(self, event: Event, _: Any) -> None:
        data = event.data
        step = self.plan.step(event.step or "")
        if step is not None and step.state == "asks":
            step.state = "done" if step.finding else "open"
        if data["source"] in {"person", "recommended"} and data["id"] not in self._answered:
            self._answered.append(data["id"])
        if data["value"] is None and data["source"] == "recommended":
            return  # nothing was asked of anybody and nothing said
        who = {"person": "you", "recommended": "as advised", "revision": "changed"}.get(data["source"], data["source"])
        why = f' ("{data["reason"]}")' if data["reason"] else ""
        self.query_one(Transcript).say(Content(f"{data['id']} = {shown_value(data['value'])} · {who}{why}"), "answer")

    async def _gate_opened(self, event: Event, request: GateRequest | None) -> None:
        self._advising, self.gate_request = None, request
        phase = self.plan.phase(event.data["gate"])
        if phase is not None:
            phase.gate = "waits"
        data = event.data
        told = f"Gate {data['title']} · {count_words(data['checks'])} · recommended: {data['recommendation']}"
        self.query_one(Transcript).say(Content(f"{told}\ng opens it"), "gate")
        self.action_gate()

    async def _gate_decided(self, event: Event, _: Any) -> None:
        data = event.data
        phase = self.plan.phase(data["gate"])
        if phase is not None:
            phase.gate = "approved" if data["decision"] == "approve" else _VERBS[data["decision"]]
        conditions = f' on condition: "{data["conditions"]}"' if data["conditions"] else ""
        changed = "".join(f"\n{key} becomes {shown_value(value)}" for key, value in data["set"].items())
        text = (
            f'Gate {data["gate"]} {_VERBS[data["decision"]]} by {data["by"]}: "{data["reason"]}"{conditions}{changed}'
        )
        self.query_one(Transcript).say(Content(text), "gate")
        if data["decision"] == "revise":
            for each in self.plan.phases:
                for step in each.steps:
                    step.state = "again" if step.state == "done" else step.state

    async def _warning(self, event: Event, _: Any) -> None:
        self.query_one(Transcript).say(Content(f"note: {event.data['text']}"), "answer")

    async def _finished(self, event: Event, _: Any) -> None:
        self.working = False
        for phase in self.plan.phases:
            for step in phase.steps:
                step.state = "done" if step.state == "again" else step.state
        self.query_one(Transcript).say(Content("\n".join(event.data["closing"]).strip()), "gate")

    async def _ended(self, ended: Ended) -> None:
        self.working = False
        self._live("")
        await self.query_one(QuestionPanel).done()
        then, self._then = self._then, None
        if then is not None:
            self._open(then)
            return
        for phase in self.plan.phases:
            for step in phase.steps:
                step.state = "stopped" if step.state == "running" else step.state
        self.query_one(Rail).redraw()
        problem = ended.problem
        if problem is not None:
            text = str(problem).replace("phasegate resume", "R")
            self.query_one(Transcript).say(Content(text), "problem")

    # what the person does

    @on(QuestionPanel.Answered)
    async def _take_answer(self, message: QuestionPanel.Answered) -> None:
        await self._give(message.question, message.value, message.reason)

    async def _give(self, question: Question, value: Any, reason: str | None, *, advised: bool = False) -> None:
        panel = self.query_one(QuestionPanel)
        try:
            await self.bridge.answer(question.id, value, reason=reason, advised=advised)
        except Exception as error:
            panel.refuse(str(describe(error)))
            return
        await panel.done()

    @on(QuestionPanel.AllAdvised)
    async def _advise(self) -> None:
        question = self.query_one(QuestionPanel).question
        if question is None:
            return
        if not question.has_recommendation:
            self.query_one(QuestionPanel).refuse("There is no advice for this one: only a person can know.")
            return
        self._advising = question.step.partition(".")[0]
        await self._give(question, "recommended", None, advised=True)

    @on(QuestionPanel.Undo)
    def _undo(self) -> None:
        if not self._answered:
            self.notify("There is no answer to take back.", markup=False)
            return
        self._reopen(again=self._answered[-1])

    def _reopen(self, again: str | None = None) -> None:
        """Close the session and open the run again, with a question asked once more."""
        self._then = Opening(self._opening.workspace, run=self.run_id, again=again)
        if self.bridge.running:
            self.bridge.stop("an answer that is taken back" if again else "the person")
        else:
            self._open(self._then)
            self._then = None

    def action_gate(self) -> None:
        """Open the gate that waits."""
        if self.gate_request is not None and not isinstance(self.app.screen, GateScreen):
            self._decide(self.gate_request)

    @work(exclusive=True, group="gate")
    async def _decide(self, request: GateRequest) -> None:
        def changeable(session: Session) -> tuple[Changeable, ...]:
            known = session.registry
            phases = {phase.name for phase in (*known.before(request.gate), known.phase(request.gate))}
            return tuple(
                Changeable(name, shown_value(decision.value))
                for name, decision in session.position.decisions.items()
                if (found := known.ask(name)) is not None and found[0].phase in phases
            )

        screen = GateScreen(request, await self.bridge.read(changeable), self.name_of_person)
        left = await self.app.push_screen_wait(screen)
        if left is not None and left.answer is not None:
            await self._hand_in(request, left.answer)

    async def _hand_in(self, request: GateRequest, answer: GateAnswer) -> None:
        self.name_of_person = answer.by
        try:
            await self.bridge.decide(request.gate, answer)
        except Exception as error:
            self.query_one(Transcript).say(Content(str(describe(error))), "problem")
            return
        self.gate_request = None

    def action_stop(self) -> None:
        """Give up the step in flight."""
        if self.working:
            self._live("stopping…")
            self.bridge.stop()

    def action_resume(self) -> None:
        """Go on with a run that was stopped."""
        if not self.bridge.running:
            self._reopen()

    @work
    async def action_dossier(self) -> None:
        """Open the dossier in a browser."""
        import asyncio

        from agent.showing import open_dossier

        try:
            page = await asyncio.to_thread(open_dossier, self._opening.workspace, self.run_id, browser=True)
        except Exception as error:
            self.notify(str(describe(error)), severity="warning", markup=False)
            return
        self.notify(str(page), title="dossier", markup=False)

    async def leave(self) -> bool:
        """Whether the person is ready to go; asks while work runs."""
        if self.working:
            sure = await self.app.push_screen_wait(Confirm("A step is at work. Leave? The run can be resumed."))
            if not sure:
                return False
        self._leaving = True
        self.bridge.close()
        return True

    # the line under the conversation

    def _live(self, text: str) -> None:
        self._note = text
        self.query_one("#live", Static).update(Content(text))

    def _tick(self) -> None:
        if self.working and not self._note.startswith(("█", "░")):
            spent = time.monotonic() - self._step_began
            self.query_one("#live", Static).update(Content(f"{self._note} {spent:.0f} s"))

    _note = ""
