"""The pane beside the conversation: what belongs to the moment, be it trials, a question's evidence or a finding."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from agent.events import Event
from agent.questions import Question
from tui.app.bridge import Bridge
from tui.app.drawing import Drawing
from tui.app.evidence import Evidence
from tui.app.live import LiveSearch, Search
from tui.app.panes import pane_for
from tui.app.picturing import parts_of
from tui.app.plain import fit, line
from tui.app.transcript import Said

if TYPE_CHECKING:
    from agent.conversation.parts import Grid, Part
    from agent.session import Session

WIDE = 110
"""Columns of the screen from which the pane stands open by itself."""
BESIDE = 100
"""Columns from which both it and the conversation have room; under that it covers the conversation."""
_DECISIONS = 200


class History(Static):
    """What was decided: a line for the decision and its value, one for who and why."""

    DEFAULT_CSS = "History { width: 1fr; height: auto; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, decisions: Grid | None) -> None:
        """Show decisions; None shows nothing, since no run is open."""
        super().__init__(markup=False)
        self._rows = decisions.rows[:_DECISIONS] if decisions else ()
        self._none = "" if decisions is None else "Nothing is decided yet."

    def on_resize(self) -> None:
        """Draw at the present width."""
        lines: list[Content] = []
        for name, value, who, reason in self._rows:
            lines.append(Content(fit(f"{line(name)} = {line(value)}", self.size.width).rstrip()))
            why = f"  {line(who)}" + (f': "{line(reason)}"' if reason else "")
            lines.append(Content(fit(why, self.size.width).rstrip()).stylize("$foreground-muted"))
        self.update(Content("\n").join(lines) if lines else Content(self._none))


class ContextPane(Vertical):
    """Follows what is told, and shows what it is about; stays out of the way where there is no room.

    While a search runs it shows its trials; while a question waits, what it is about; after a step its picture; at
    a gate and at the end what was decided. Evidence that was asked for stands until it is put away.
    """

    DEFAULT_CSS = """
    ContextPane { width: 32%; min-width: 36; max-width: 64; height: 100%; border-left: solid $panel; display: none; }
    ContextPane.open { display: block; }
    ContextPane.whole { width: 1fr; max-width: 100%; border-left: none; }
    ContextPane #context-title { height: 1; padding: 0 1; text-style: bold; }
    ContextPane #context-body { height: 1fr; }
    ContextPane VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; padding: 1 0 0 0; }
    ContextPane Said { margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "put_away", "back")]

    def __init__(self, bridge: Bridge, *, wanted: bool | None = None) -> None:
        """Make the pane.

        Args:
            bridge: where the run is read.
            wanted: whether the person wants it; None leaves it to the width of the screen.
        """
        super().__init__(id="context")
        self.can_focus = True  # esc puts it away
        self.wanted = wanted
        self._bridge = bridge
        self._columns = 0
        self._search: Search | None = None
        self._began = time.monotonic()
        self._question: Question | None = None
        self._step: tuple[str, str] | None = None
        """Id and title of the last finished step."""
        self._evidence: Evidence | None = None
        self._stale = False
        self._drawing = False

    def compose(self) -> ComposeResult:
        """A title over the room for what is shown."""
        yield Static("", id="context-title", markup=False)
        yield Vertical(id="context-body")

    # whether it is there

    @property
    def open(self) -> bool:
        """Whether it can be seen."""
        return self.has_class("open")

    class Covering(Message):
        """It took the conversation's place, or gave it back."""

        def __init__(self, covers: bool) -> None:
            super().__init__()
            self.covers = covers

    def fit_to(self, columns: int) -> None:
        """Stand open or not, by the width of the screen and what the person wants."""
        self._columns = columns
        self.set_class(columns >= WIDE if self.wanted is None else self.wanted, "open")
        covers = self.open and columns < BESIDE
        if covers != self.has_class("whole"):
            self.set_class(covers, "whole")
            self.post_message(self.Covering(covers))
        self._changed()

    def toggle(self) -> bool:
        """Hide it with what was kept in it, or show it where it is hidden; returns whether it can be seen."""
        self.wanted = not self.open
        self._evidence = self._evidence if self.wanted else None
        self.fit_to(self._columns)
        return self.open

    # what it follows

    def hear(self, event: Event, pending: Any = None) -> None:
        """Take one event, with what waits for an answer since."""
        if event.type == "step_started":
            self._search, self._began = None, time.monotonic()
        elif event.type == "progress":
            self._progress(event)
            return
        elif event.type == "step_finished":
            self._search, self._question = None, None
            if not str(event.step).endswith(".documents"):
                self._step = (str(event.step), f"{event.data['guidance']} {event.data['title']}".strip())
        elif event.type == "question_asked":
            self._question = pending if isinstance(pending, Question) else None
        elif event.type == "question_answered":
            self._question = None
        elif event.type in {"gate_opened", "gate_decided", "finished"}:
            self._search = self._question = self._step = None
        elif event.type != "run_started":
            return
        self._changed()

    def stopped(self) -> None:
        """Nothing is at work any more, and nothing waits."""
        self._search = self._question = None
        self._changed()

    async def show(self, evidence: Evidence) -> None:
        """Show a piece of evidence until it is put away; opens the pane."""
        self._evidence = evidence
        if not self.open:
            self.toggle()
        await self._fill(line(evidence.title), [pane_for(evidence)], scrolled=False)

    def action_put_away(self) -> None:
        """Leave the evidence that was asked for, and follow the run again; give the conversation its place back."""
        self._evidence = None
        if self.has_class("whole"):
            self.toggle()
        self._changed()

    def tick(self) -> None:
        """Time has passed: a search at work shows how much."""
        for live in self.query(LiveSearch):
            live.show(time.monotonic() - self._began)

    def _progress(self, event: Event) -> None:
        if self._search is None and event.data.get("search"):
            self._search = Search()
            self._search.take(event.data)
            self._changed()
        elif self._search is not None:
            self._search.take(event.data)
            self.tick()

    # what it shows

    def _changed(self) -> None:
        self._stale = True
        if self.open and self._evidence is None and not self._drawing and self.is_attached:
            self._drawing = True
            self._redraw()

    @work(group="context")
    async def _redraw(self) -> None:
        """Draw what holds when it is drawn; of many changes at once only the last is read."""
        try:
            while self._stale and self.open and self._evidence is None:
                self._stale = False
                title, widgets = await self._now()
                if self._evidence is None:
                    await self._fill(title, widgets, scrolled=not isinstance(widgets[0], LiveSearch))
        finally:
            self._drawing = False

    async def _now(self) -> tuple[str, list[Widget]]:
        """What belongs to this moment; while it is read the run goes on, and what is heard then is drawn next."""
        search, question, last = self._search, self._question, self._step
        if search is not None:
            return "trials", [LiveSearch(search)]
        if question is not None:
            parts = await _about(self._bridge, question)
            if parts:
                return question.id, _widgets(parts)
        if last is not None:
            step, title = last
            parts = await parts_of(self._bridge, step)
            if parts:
                return title, _widgets(parts)
        return "decisions", [History(await _history(self._bridge))]

    async def _fill(self, title: str, widgets: list[Widget], *, scrolled: bool) -> None:
        if not self.query("#context-body"):
            return  # the screen is being left
        body = self.query_one("#context-body", Vertical)
        self.query_one("#context-title", Static).update(Content(line(title)))
        with self.app.batch_update():
            await body.remove_children()
            await body.mount(*([VerticalScroll(*widgets, can_focus=True)] if scrolled else widgets))
        self.tick()


def _widgets(parts: tuple[Part, ...]) -> list[Widget]:
    from agent.conversation.parts import Text

    return [Said(part.markdown) if isinstance(part, Text) else Drawing(part) for part in parts]


async def _about(bridge: Bridge, question: Question) -> tuple[Part, ...]:
    def look(session: Session) -> tuple[Part, ...]:
        from agent.conversation.about import about
        from agent.conversation.view import view_of

        return about(view_of(session), question)

    try:
        return await bridge.read(look)
    except Exception:  # the question stands with its own reason; what lies behind it is an extra
        return ()


async def _history(bridge: Bridge) -> Grid | None:
    def look(session: Session) -> Grid:
        from agent.conversation.about import history

        return history(session.position)

    try:
        return await bridge.read(look)
    except Exception:  # no run is open yet
        return None
