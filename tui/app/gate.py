"""The gate: what was done and checked, what is advised; and the decision, which waits until the evidence was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import DataTable, Footer, OptionList, Static
from textual.widgets.option_list import Option

from agent.conversation.gate_view import THRESHOLD, GateView
from agent.wording import count_words, short_hash
from tui.app.checks import STATUS, Checks, CheckScreen
from tui.app.decision import DecisionForm, How
from tui.app.evidence import MarkdownText
from tui.app.hanging import Hanging
from tui.app.keyhelp import KeyHelp, keys_of
from tui.app.plain import content, line
from tui.app.revising import Ask
from tui.app.viewer import EvidenceScreen
from tui.app.what_if import Track, WhatIf

if TYPE_CHECKING:
    from agent.answers import GateAnswer
    from agent.conversation.registers import Item, Register
    from agent.gates import GateRequest

FIRST = 3
"""How many lines of a register stand in the evidence; the whole is a key away."""


@dataclass(frozen=True)
class Opened:
    """What a person chose to do at a gate."""

    answer: GateAnswer | None = None
    """None: look later."""


class Evidence(VerticalScroll):
    """The gate's evidence; tells how many of its lines were on screen."""

    class Seen(Message):
        """More lines were on screen."""

    can_focus = True

    def __init__(self) -> None:
        super().__init__(id="evidence")
        self._lines: set[int] = set()
        self._extent = Size(0, 0)
        """For which layout the lines count: in another one they stand elsewhere."""

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self._extent.height

    @property
    def unseen(self) -> list[int]:
        """The lines that were not on screen."""
        return [row for row in range(self.lines) if row not in self._lines]

    def look(self) -> None:
        """Take note of what is in view."""
        if self.virtual_size != self._extent:
            self._extent, self._lines = self.virtual_size, set()
        top = self.scroll_offset.y
        rows = set(range(top, min(top + self.size.height, self.lines))) - self._lines
        if rows:
            self._lines |= rows
            self.post_message(self.Seen())

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Scrolled by whatever means."""
        super().watch_scroll_y(old, new)
        self.call_after_refresh(self.look)

    def watch_virtual_size(self) -> None:
        """Laid out anew."""
        self.call_after_refresh(self.look)

    def action_scroll_end(self) -> None:
        """Leap to the end: lines that only fly past were not on screen."""
        self.scroll_end(animate=False)

    def page(self, way: int) -> None:
        """Scroll by a page; from the end on to what was leapt over."""
        unseen = self.unseen
        if way < 0:
            self.scroll_page_up(animate=False)
        elif unseen and self.scroll_offset.y >= self.max_scroll_y:
            self.scroll_to(y=unseen[0], animate=False)
        else:
            self.scroll_page_down(animate=False)

    def follow(self, widget: Widget, row: int) -> None:
        """Bring a row of a widget into view, since only the evidence as a whole scrolls."""
        if widget.has_focus:
            self.scroll_to_region(Region(0, widget.virtual_region.y + row, 1, 1), animate=False)


class Openable(OptionList):
    """A list in the evidence whose lines open something."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "open", show=False)]


class GateScreen(ModalScreen[Opened]):
    """One gate; the keys that decide are dead until the evidence was on screen."""

    DEFAULT_CSS = """
    GateScreen { align: center middle; }
    GateScreen > Vertical {
        width: 100%; max-width: 140; height: 100%; border: round $accent; background: $surface;
        border-title-color: $text; border-title-style: bold; border-subtitle-color: $text;
    }
    GateScreen #evidence { height: 1fr; padding: 0 1; }
    GateScreen #evidence > Static { margin: 0 0 1 0; height: auto; }
    GateScreen #evidence > .head { margin: 0; }
    GateScreen Checks { height: auto; max-height: 100vh; margin: 0 0 1 0; overflow: hidden; }
    GateScreen Openable {
        height: auto; max-height: 100vh; border: none; padding: 0; margin: 0 0 1 0; background: transparent;
    }
    GateScreen Openable:focus { border: none; }
    GateScreen #decide { height: auto; padding: 0 1; border-top: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('approve')", "approve"),
        Binding("c", "decide('conditions')", "conditions"),
        Binding("r", "decide('revise')", "revise"),
        Binding("x", "decide('reject')", "reject"),
        Binding("w", "what_if", "what if"),
        Binding("t", "take", "take the mark", show=False),
        Binding("escape", "later", "later"),
        Binding("question_mark,f1", "keys", "keys", key_display="?"),
        Binding("pagedown", "page(1)", "next page", show=False, priority=True),
        Binding("pageup", "page(-1)", "page back", show=False, priority=True),
        Binding("end", "to_end", "to the end", show=False),
    ]

    def __init__(
        self,
        request: GateRequest,
        view: GateView,
        name: str,
        ask: Ask,
        read: Callable[[str], object] = lambda deliverable: None,
    ) -> None:
        """Make the screen.

        Args:
            request: what the gate shows.
            view: what is read of the run beside it.
            name: who decides, as far as it is known.
            ask: looks at the session.
            read: opens a deliverable.
        """
        super().__init__()
        self._read = read
        self._ask = ask
        self.request = request
        self.view = view
        self._person = name
        self.armed = False

    def compose(self) -> ComposeResult:
        """Title, evidence, what can be decided."""
        gate = self.request
        with Vertical() as frame:
            frame.border_title = content(f"Gate · {gate.title}")
            frame.border_subtitle = content(f"evidence {short_hash(gate.evidence)}")
            with Evidence():
                yield Hanging(_opening(gate))
                yield Checks(gate.checks)
                if self.view.curve is not None:
                    yield WhatIf(self.view.curve)
                yield Hanging(_done(gate))
                if gate.findings:
                    yield Hanging(_listed("What was found", [f"· {line(text)}" for text in gate.findings]))
                for register in self.view.registers[:2]:
                    yield Hanging(_short(register))
                if self.view.registers:
                    yield Static(Content.styled("Registers (enter opens one)", "bold"), classes="head", markup=False)
                    whole = [f"{each.title} ({len(each.items)})" for each in self.view.registers]
                    yield Openable(*(Option(Content(text)) for text in whole), id="registers", markup=False)
                if gate.deliverables:
                    yield Static(Content.styled("Deliverables (enter opens one)", "bold"), classes="head", markup=False)
                    names = (Option(Content(line(name))) for name in gate.deliverables)
                    yield Openable(*names, id="deliverables", markup=False)
                yield Static(Content(f"Evidence {short_hash(gate.evidence)}"), markup=False)
            yield Static(id="decide", markup=False)
            yield Footer()

    def on_mount(self) -> None:
        """Put the keyboard into the evidence."""
        evidence = self.query_one(Evidence)
        evidence.focus()
        self._tell()
        self.call_after_refresh(evidence.look)

    def on_resize(self) -> None:
        """More room may show the end."""
        self.call_after_refresh(self.query_one(Evidence).look)

    def on_evidence_seen(self) -> None:
        """Once all of it was on screen, a decision is taken."""
        evidence = self.query_one(Evidence)
        self.armed = self.armed or (evidence.lines > 0 and not evidence.unseen)
        self._tell()

    def _tell(self) -> None:
        keys = "a approve · c with conditions · r revise · x reject · esc look later"
        evidence = self.query_one(Evidence)
        seen = evidence.lines - len(evidence.unseen)
        count = f": {seen} of {evidence.lines} lines seen" if evidence.lines else ""
        first = f"Read the evidence first{count}. pgdn reads on, esc looks later."
        shown = Content(keys).stylize("bold") if self.armed else Content(first).stylize("$foreground-muted")
        self.query_one("#decide", Static).update(shown)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the threshold are there only where it may be moved."""
        return self.view.curve is not None or action not in {"what_if", "take"}

    # evidence

    @on(DataTable.RowHighlighted, "#checks")
    def _at_check(self, event: DataTable.RowHighlighted) -> None:
        self.query_one(Evidence).follow(event.data_table, event.cursor_row + 1)

    @on(OptionList.OptionHighlighted)
    def _at_option(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one(Evidence).follow(event.option_list, event.option_index)

    @on(DataTable.RowSelected, "#checks")
    def _open_check(self, event: DataTable.RowSelected) -> None:
        event.stop()
        check = self.query_one(Checks).checks[event.cursor_row]
        origin = (self.view.origins or {}).get(check.id)
        self._over(CheckScreen(check, origin, self.request.evidence, self._read))

    @on(OptionList.OptionSelected, "#deliverables")
    def _open_deliverable(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._read(self.request.deliverables[event.option_index])

    @on(OptionList.OptionSelected, "#registers")
    def _open_register(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        register = self.view.registers[event.option_index]
        self._over(EvidenceScreen(MarkdownText(register.title, register.text)))

    def _over(self, screen: Screen[None]) -> None:
        """Open a screen over this one; a key that is held down opens one, not many."""
        if self.app.screen is self:
            self.app.push_screen(screen)

    def action_page(self, way: int) -> None:
        """Scroll by a page, wherever the keyboard is."""
        self.query_one(Evidence).page(way)

    def action_to_end(self) -> None:
        """Leap to the end."""
        self.query_one(Evidence).action_scroll_end()

    def action_what_if(self) -> None:
        """Put the keys on the threshold's track."""
        self.query_one(Track).focus()
        self.query_one(WhatIf).scroll_visible(animate=False)

    def action_keys(self) -> None:
        """Show every key that works here."""
        self._over(KeyHelp(keys_of(self)))

    # the decision

    def action_later(self) -> None:
        """Leave the gate open."""
        self.dismiss(Opened())

    def action_take(self) -> None:
        """Send the run back with the marked threshold, once the evidence was on screen."""
        marked = self.query_one(WhatIf)
        if self.armed and not marked.moved:
            self.notify("That is today's threshold: move the mark first (w, then the arrows).", markup=False)
            return
        self._form("revise", {THRESHOLD: marked.point.threshold})

    def action_decide(self, how: str) -> None:
        """Ask for name and reason, once the evidence was on screen."""
        self._form(cast(How, how))

    def _form(self, how: How, preset: Mapping[str, Any] | None = None) -> None:
        if not self.armed:
            self.app.bell()
            return
        if self.app.screen is not self:
            return

        def done(answer: GateAnswer | None) -> None:
            if answer is not None:
                self.dismiss(Opened(answer))

        form = DecisionForm(self.request, how, self.view.changeable, self._person, self._ask, preset)
        self.app.push_screen(form, done)


def _opening(gate: GateRequest) -> Content:
    lines: list[Content] = [Content.assemble("Recommended: ", (gate.recommendation, "bold"), f"; {line(gate.why)}.")]
    if gate.verdict:
        lines.append(Content.assemble("Verdict: ", (gate.verdict, "bold")))
    lines.append(Content(f"Changed since it was last shown: {line(', '.join(gate.changed)) or 'nothing'}"))
    lines.append(Content(f"{count_words(check.model_dump() for check in gate.checks)}; enter on one shows it in full"))
    return Content("\n").join(lines)


def _done(gate: GateRequest) -> Content:
    return _listed("What was done", [f"{step.guidance:<4} {step.title}: {line(step.summary)}" for step in gate.steps])


def _listed(title: str, lines: list[str]) -> Content:
    return Content("\n").join([Content.styled(title, "bold"), *(Content(text) for text in lines)])


def _short(register: Register) -> Content:
    """The first lines of a register, and how many there are."""
    shown = [_item(item) for item in register.items[:FIRST]]
    left = len(register.items) - len(shown)
    rest = [f"and {left} more, below"] if left else [] if shown else ["none"]
    return _listed(register.title, [*shown, *rest])


def _item(item: Item) -> str:
    state = f" [{STATUS[item.status]}]" if item.status else ""
    return f"· {line(item.name)}{state}: {line(item.said)}"
