"""The run: rail, conversation, open question, gates; everything that a person does on the way to a model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from agent.conversation.parts import Action, ExportTranscript, OpenGate, Set, Text, Undo
from agent.errors import describe
from agent.events import Event
from tui.app.bridge import Bridge, Ended, Listener, Opening, Told
from tui.app.confirm import Confirm
from tui.app.conversing import Completing, SayInput, drawn, replied, understood
from tui.app.evidence import MarkdownText
from tui.app.gate import GateScreen
from tui.app.keyhelp import KeyHelp, keys_of
from tui.app.question import QuestionPanel
from tui.app.rail import Plan, Rail
from tui.app.telling import Teller
from tui.app.transcript import Transcript
from tui.app.viewer import EvidenceScreen

if TYPE_CHECKING:
    from agent.answers import GateAnswer
    from agent.conversation.meanings import AnswerTo
    from agent.gates import GateRequest
    from agent.questions import Question

T = TypeVar("T")

NARROW = 100
"""Columns under which the rail folds."""


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
        Binding("slash", "say", "ask", key_display="/"),
        Binding("g", "gate", "gate"),
        Binding("R", "resume", "resume"),
        Binding("d", "dossier", "dossier"),
        Binding("question_mark,f1", "keys", "keys", key_display="?"),
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
        self._teller: Teller

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
                yield SayInput(Completing(self.bridge))
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
        self.plan = await asyncio.to_thread(Plan.of_product)
        rail = self.query_one(Rail)
        rail.plan = self.plan
        rail.redraw()
        transcript = self.query_one(Transcript)
        await transcript.remove_children()
        self._teller = Teller(self.plan, transcript, self._live)
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
        self.working = event.type in {"step_started", "progress"}
        self._teller.tell(event)
        handler: Any = getattr(self, f"_{event.type}", None)
        if handler is not None:
            await handler(event, message.told.pending)
        self.query_one(Rail).redraw()

    async def _run_started(self, event: Event, _: Any) -> None:
        name = str(event.data["source"]["name"]).rsplit(".", 1)[0]
        self.run_id = event.run
        self._remember()
        text = f"{name} · {event.run} · seed {event.data['seed']} · {event.data['advisor']} advisor"
        self.query_one("#title", Static).update(Content(text))

    @work(thread=True, group="remembering")
    def _remember(self) -> None:
        from agent.recent import remember

        remember(self._opening.workspace)

    async def _question_asked(self, event: Event, question: Question | None) -> None:
        if question is None:
            return
        if self._advising == question.step.partition(".")[0] and question.has_recommendation:
            await self._give(question, "recommended", None, advised=True)
            return
        self._advising = None
        await self.query_one(QuestionPanel).ask(question)

    async def _question_answered(self, event: Event, _: Any) -> None:
        data = event.data
        if data["source"] in {"person", "recommended"} and data["id"] not in self._answered:
            self._answered.append(data["id"])

    async def _gate_opened(self, event: Event, request: GateRequest | None) -> None:
        self._advising, self.gate_request = None, request
        self.action_gate()

    async def _ended(self, ended: Ended) -> None:
        self.working = False
        self._live("")
        await self.query_one(QuestionPanel).done()
        then, self._then = self._then, None
        if then is not None:
            self._open(then)
            return
        self._teller.stopped()
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
        from agent.conversation.gate_view import gate_view

        view = await self.bridge.read(lambda session: gate_view(session, request.gate))
        screen = GateScreen(request, view, self.name_of_person, self.bridge.read, self.open_deliverable)
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

    def action_keys(self) -> None:
        """Show every key that works here."""
        self.app.push_screen(KeyHelp(keys_of(self)))

    def action_stop(self) -> None:
        """Give up the step in flight."""
        if self.working:
            self._live("stopping…")
            self.bridge.stop()

    def action_resume(self) -> None:
        """Go on with a run that was stopped."""
        if not self.bridge.running:
            self._reopen()

    def action_dossier(self) -> None:
        """Open the dossier in a browser."""
        self._show_dossier()

    @work(exclusive=True, group="dossier")
    async def _show_dossier(self) -> None:
        from agent.showing import open_dossier

        await self._look(open_dossier, self._opening.workspace, self.run_id, browser=True)

    @work(exclusive=True, group="reading")
    async def open_deliverable(self, name: str) -> None:
        """Show one of the run's documents."""
        from agent.showing import deliverable

        found = await self._look(deliverable, self._opening.workspace, self.run_id, name)
        if found is not None:
            evidence = MarkdownText(found["title"], found["text"])
            self.app.push_screen(EvidenceScreen(evidence, open_page=self.action_dossier))

    async def _look(self, look: Callable[..., T], *arguments: Any, **named: Any) -> T | None:
        """What a slow look gives, or nothing and a notice of what stands against it."""
        try:
            return await asyncio.to_thread(look, *arguments, **named)
        except Exception as error:
            self.notify(str(describe(error)), severity="warning", markup=False)
            return None

    # the input line

    def action_say(self) -> None:
        """Begin a command."""
        field = self.query_one(SayInput)
        field.focus()
        field.value = "/"
        field.cursor_position = 1

    @on(SayInput.Submitted, "#say")
    def _said(self, event: SayInput.Submitted) -> None:
        event.stop()
        line = self.query_one(SayInput).take()
        if line:
            self._converse(line)

    @work(group="conversation")
    async def _converse(self, line: str) -> None:
        from agent.conversation.meanings import AnswerTo, Show

        transcript = self.query_one(Transcript)
        transcript.say(Content(line), "said")
        try:
            meant = await understood(line, self.bridge)
            if isinstance(meant, AnswerTo):
                await self._answer_in_words(meant)
                return
            reply = await replied(meant, self.bridge)
        except Exception as error:
            transcript.say(Content(str(describe(error))), "problem")
            return
        if isinstance(meant, Show) and meant.deliverable not in ("", "questions"):
            self.open_deliverable(meant.deliverable)
            return
        for part in reply.parts:
            if isinstance(part, Text):
                transcript.markdown(part.markdown)
            else:
                transcript.say(drawn(part), "drawn")
        if reply.action is not None:
            await self._act(reply.action)

    async def _answer_in_words(self, meant: AnswerTo) -> None:
        question = self.query_one(QuestionPanel).question
        if question is None or question.id != meant.question:
            return
        if meant.needs_reason and not meant.reason:
            self.query_one(QuestionPanel).refuse(f"{meant.value} counts only with a reason: choose it in the list.")
            return
        await self._give(question, meant.value, meant.reason)

    async def _act(self, action: Action) -> None:
        """Carry out what a reply wishes; a decision is never among it."""
        if isinstance(action, Undo):
            self._reopen(again=action.question)
        elif isinstance(action, OpenGate):
            self.action_gate()
        elif isinstance(action, ExportTranscript):
            path = Path(action.file or f"{self.run_id}-transcript.txt")
            text = self.query_one(Transcript).text()
            await self._look(path.write_text, text, encoding="utf-8")
            self.notify(str(path), title="transcript", markup=False)
        elif isinstance(action, Set):
            question = self.query_one(QuestionPanel).question
            if question is not None and question.id == action.question:
                await self._give(question, action.value, None)
            else:
                self.action_gate()

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
            spent = time.monotonic() - self._teller.began
            self.query_one("#live", Static).update(Content(f"{self._note} {spent:.0f} s"))

    _note = ""
