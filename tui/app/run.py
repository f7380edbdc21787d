"""The run: rail, conversation, open question, gates; everything that a person does on the way to a model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from agent.errors import describe
from agent.events import Event
from tui.app.answers import AnswersScreen, answered
from tui.app.bridge import Bridge, Ended, Leaving, Listener, Opening, Told
from tui.app.confirm import Confirm
from tui.app.context import ContextPane
from tui.app.conversing import Completing, SayInput
from tui.app.evidence import Evidence
from tui.app.finding import TranscriptFind
from tui.app.forking import ForkForm
from tui.app.gate import GateScreen
from tui.app.keyhelp import KeyHelp, keys_of
from tui.app.palette import RunCommands
from tui.app.picturing import Pictures
from tui.app.question import QuestionPanel
from tui.app.rail import Plan, Rail
from tui.app.reading import Reader
from tui.app.status import StatusBar
from tui.app.talk import Talk
from tui.app.telling import Teller
from tui.app.transcript import Transcript

if TYPE_CHECKING:
    from agent.answers import GateAnswer
    from agent.gates import GateRequest
    from agent.questions import Question

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
    RunScreen #live { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    RunScreen #talk { width: 1fr; }
    RunScreen.covered #talk { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop"),
        Binding("slash", "say", "ask", key_display="/"),
        Binding("g", "gate", "gate"),
        Binding("l", "answers", "answers"),
        Binding("ctrl+f", "find", "find", show=False),
        Binding("R", "resume", "resume"),
        Binding("d", "dossier", "dossier"),
        Binding("p,f5", "context", "pane"),
        Binding("question_mark,f1", "keys", "keys", key_display="?"),
    ]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {RunCommands}

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
        self._through = False
        """Whether the run has come to its end."""
        self._advising: str | None = None
        """The phase in which advice is taken unseen."""
        self._answered: list[str] = []
        self._teller: Teller
        self.reader = Reader(self, lambda: (self._opening.workspace, self.run_id), self._keep)
        self._talk = Talk(self)
        self._offered: dict[str, Callable[[], bool]] = {
            "stop": lambda: self.working,
            "gate": lambda: self.gate_request is not None,
            "resume": lambda: self.run_id is not None and not self.bridge.running and not self._through,
        }

    def _hear(self, told: Told | Ended) -> None:
        self.post_message(Heard(told))

    def compose(self) -> ComposeResult:
        """Rail at the left, the conversation beside it."""
        yield StatusBar()
        with Horizontal():
            yield Rail(self.plan)
            with Vertical(id="talk"):
                yield Transcript(id="transcript")
                yield TranscriptFind()
                yield Static(id="live", markup=False)
                yield QuestionPanel()
                yield SayInput(Completing(self.bridge))
            yield ContextPane(self.bridge)
        yield Footer()

    def on_mount(self) -> None:
        """Open the run once the first picture stands."""
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._open, self._opening)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something."""
        return self._offered.get(action, lambda: True)()

    def on_resize(self, event: Resize) -> None:
        """Fold the rail where room is short."""
        rail = self.query_one(Rail)
        rail.set_class(event.size.width < NARROW, "narrow")
        rail.redraw()
        self.query_one(Footer).show_command_palette = event.size.width >= NARROW
        self.query_one(ContextPane).fit_to(event.size.width)

    @on(ContextPane.Covering)
    def _covered(self, message: ContextPane.Covering) -> None:
        """Where there is no room for both, the pane stands instead of the conversation, with the keyboard in it."""
        self.set_class(message.covers, "covered")
        found = self.query("ContextPane" if message.covers else "#answer, #say")
        found.first().focus()

    @work(exclusive=True, group="opening")
    async def _open(self, opening: Opening) -> None:
        self.plan = await asyncio.to_thread(Plan.of_product)
        rail = self.query_one(Rail)
        rail.plan = self.plan
        rail.redraw()
        transcript = self.query_one(Transcript)
        await transcript.remove_children()
        self._teller = Teller(self.plan, transcript, self._live, Pictures(self.bridge, transcript))
        self._opening, self._answered, self.gate_request, self._through = opening, [], None, False
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
        self.query_one(ContextPane).hear(event, message.told.pending)
        handler: Any = getattr(self, f"_{event.type}", None)
        if handler is not None:
            await handler(event, message.told.pending)
        self.query_one(Rail).redraw()
        if event.type != "progress":
            self.refresh_bindings()

    async def _run_started(self, event: Event, _: Any) -> None:
        name = str(event.data["source"]["name"]).rsplit(".", 1)[0]
        if self.run_id == event.run and self._opening.fork is not None:
            await self.query_one(Transcript).remove_children()  # a fork at work was shown; its whole story follows
        self.run_id = event.run
        self._remember()
        self.query_one(StatusBar).opened(name, event.run, event.data["seed"], event.data["advisor"])

    @work(thread=True, group="remembering")
    def _remember(self) -> None:
        from agent.recent import remember

        remember(self._opening.workspace)

    async def _question_asked(self, event: Event, question: Question | None) -> None:
        if question is None:
            return
        if self._advising == question.step.partition(".")[0] and question.has_recommendation:
            await self.give(question, "recommended", None, advised=True)
            return
        self._advising = None
        await self.query_one(QuestionPanel).ask(question)

    async def _question_answered(self, event: Event, _: Any) -> None:
        data = event.data
        self.query_one(StatusBar).answered(data["id"], data["value"])
        if data["source"] in {"person", "recommended"} and data["id"] not in self._answered:
            self._answered.append(data["id"])

    async def _gate_opened(self, event: Event, request: GateRequest | None) -> None:
        self._advising, self.gate_request = None, request
        self.action_gate()

    async def _finished(self, event: Event, _: Any) -> None:
        self._through = True

    async def _ended(self, ended: Ended) -> None:
        self.working = False
        self._live("")
        await self.query_one(QuestionPanel).done()
        then, self._then = self._then, None
        if then is not None:
            self._open(then)
            return
        self._teller.stopped()
        self.query_one(ContextPane).stopped()
        self.query_one(Rail).redraw()
        problem = ended.problem
        if problem is not None:
            text = str(problem).replace("phasegate resume", "R")
            self.query_one(Transcript).say(Content(text), "problem")
        self.refresh_bindings()

    # what the person does

    @on(QuestionPanel.Answered)
    async def _take_answer(self, message: QuestionPanel.Answered) -> None:
        await self.give(message.question, message.value, message.reason)

    async def give(self, question: Question, value: Any, reason: str | None, *, advised: bool = False) -> None:
        """Hand in an answer; one that does not fit is refused in its panel."""
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
        await self.give(question, "recommended", None, advised=True)

    @on(QuestionPanel.Undo)
    def _undo(self) -> None:
        if not self._answered:
            self.notify("There is no answer to take back.", markup=False)
            return
        self.reopen(again=self._answered[-1])

    def reopen(self, again: str | None = None, fork: Leaving | None = None) -> None:
        """Close the session and open the run again: with a question asked once more, or forked at a gate."""
        self._then = Opening(self._opening.workspace, run=self.run_id, again=again, fork=fork)
        if self.bridge.running:
            self.bridge.stop("an answer that is taken back" if again else "a fork" if fork else "the person")
        else:
            self._open(self._then)
            self._then = None

    @work(exclusive=True, group="fork")
    async def fork(self, gate: str) -> None:
        """Ask what should be different, and begin a run that leaves this one at a gate."""
        from agent.conversation.gate_view import gate_view

        view = await self.bridge.read(lambda session: gate_view(session, gate))
        leaving = await self.app.push_screen_wait(ForkForm(gate, view.changeable, self.bridge.read))
        if leaving is not None:
            self.reopen(fork=leaving)

    @work(exclusive=True, group="answers")
    async def action_answers(self) -> None:
        """Review the answers so far; one of them may be asked again."""
        again = await self.app.push_screen_wait(AnswersScreen(await self.bridge.read(answered)))
        if again is not None:
            self.reopen(again=again)

    def action_find(self) -> None:
        """Look for a text in the conversation."""
        self.query_one(TranscriptFind).begin()

    def action_gate(self) -> None:
        """Open the gate that waits."""
        if self.gate_request is not None and not isinstance(self.app.screen, GateScreen):
            self._decide(self.gate_request)

    @work(exclusive=True, group="gate")
    async def _decide(self, request: GateRequest) -> None:
        from agent.conversation.gate_view import gate_view

        view = await self.bridge.read(lambda session: gate_view(session, request.gate))
        screen = GateScreen(request, view, self.name_of_person, self.bridge.read, self.reader.open)
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
        self.refresh_bindings()

    async def _keep(self, evidence: Evidence) -> None:
        """Keep evidence in view beside the conversation."""
        await self.query_one(ContextPane).show(evidence)

    def action_context(self) -> None:
        """Hide or show the pane beside the conversation."""
        self.query_one(ContextPane).toggle()

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
            self.reopen()

    def action_dossier(self) -> None:
        """Open the dossier in a browser."""
        self.reader.dossier()

    # the input line

    def action_say(self) -> None:
        """Begin a command."""
        self.begin_command("/")

    def begin_command(self, text: str) -> None:
        """Put the beginning of a command into the input line."""
        field = self.query_one(SayInput)
        field.focus()
        field.value = text
        field.cursor_position = len(text)

    @on(SayInput.Submitted, "#say")
    def _said(self, event: SayInput.Submitted) -> None:
        event.stop()
        text = self.query_one(SayInput).take()
        if text:
            self.run_worker(self._talk.say(text), group="conversation")

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
        self.query_one(StatusBar).tick()
        self.query_one(ContextPane).tick()
        if self.working and not self._note.startswith(("█", "░")):
            spent = time.monotonic() - self._teller.began
            self.query_one("#live", Static).update(Content(f"{self._note} {spent:.0f} s"))

    _note = ""
