"""The gate: what was done and checked, what is advised; and the decision, which waits until the evidence was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, OptionList, Static
from textual.widgets.option_list import Option

from agent.wording import count_words, short_hash
from tui.app.decision import Changeable, DecisionForm

if TYPE_CHECKING:
    from agent.answers import GateAnswer
    from agent.gates import GateRequest

STATUS = {"pass": "pass", "warn": "warn", "fail": "FAIL", "insufficient": "too little evidence"}
_ORDER = {"fail": 0, "insufficient": 1, "warn": 2, "pass": 3}


@dataclass(frozen=True)
class Opened:
    """What a person chose to do at a gate."""

    answer: GateAnswer | None = None
    """None: look later."""


class Evidence(VerticalScroll):
    """The gate's evidence; tells when its end was on screen."""

    class Seen(Message):
        """The last line was on screen."""

    can_focus = True
    seen = False

    def look(self) -> None:
        """Tell once when the end is in view."""
        if not self.seen and self.max_scroll_y <= self.scroll_offset.y and self.size.height:
            self.seen = True
            self.post_message(self.Seen())

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Scrolled by whatever means."""
        super().watch_scroll_y(old, new)
        self.call_after_refresh(self.look)


class GateScreen(ModalScreen[Opened]):
    """One gate; the keys that decide are dead until the evidence was on screen."""

    DEFAULT_CSS = """
    GateScreen { align: center middle; }
    GateScreen > Vertical { width: 100%; max-width: 130; height: 100%; border: round $accent; background: $surface; }
    GateScreen #title { text-style: bold; padding: 0 1; height: auto; }
    GateScreen #evidence { height: 1fr; padding: 0 1; }
    GateScreen #evidence > Static { margin: 0 0 1 0; height: auto; }
    GateScreen DataTable { height: auto; max-height: 16; margin: 0 0 1 0; }
    GateScreen OptionList {
        height: auto; max-height: 8; border: none; padding: 0; margin: 0 0 1 0; background: transparent;
    }
    GateScreen OptionList:focus { border: none; }
    GateScreen #decide { height: auto; padding: 0 1; border-top: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('approve')", "approve"),
        Binding("c", "decide('conditions')", "with conditions"),
        Binding("r", "decide('revise')", "revise"),
        Binding("x", "decide('reject')", "reject"),
        Binding("escape", "later", "later"),
        Binding("end", "to_end", "to the end", show=False),
        Binding("pagedown", "page(1)", "next page"),
        Binding("pageup", "page(-1)", "page back", show=False),
    ]

    def __init__(
        self,
        request: GateRequest,
        changeable: tuple[Changeable, ...] = (),
        name: str = "",
        read: Callable[[str], object] = lambda deliverable: None,
    ) -> None:
        """Make the screen.

        Args:
            request: what the gate shows.
            changeable: the answers that a revision may change.
            name: who decides, as far as it is known.
            read: opens a deliverable.
        """
        super().__init__()
        self._read = read
        self.request = request
        self._changeable = changeable
        self._person = name
        self.armed = False

    def compose(self) -> ComposeResult:
        """Title, evidence, what can be decided."""
        gate = self.request
        with Vertical():
            yield Static(Content(f"Gate · {gate.title}   recommended: {gate.recommendation}"), id="title", markup=False)
            with Evidence(id="evidence"):
                yield Static(Content(f"{_capital(gate.why)}."), markup=False)
                if gate.verdict:
                    yield Static(Content(f"Verdict: {gate.verdict}").stylize("bold"), markup=False)
                if gate.changed:
                    yield Static(Content(f"Changed since it was last shown: {', '.join(gate.changed)}"), markup=False)
                else:
                    yield Static(Content("Changed since it was last shown: nothing"), markup=False)
                yield Static(Content(count_words(check.model_dump() for check in gate.checks)), markup=False)
                yield DataTable(id="checks", cursor_type="row", zebra_stripes=True)
                yield Static(_done(gate), markup=False)
                if gate.findings:
                    yield Static(
                        Content("\n".join(["What was found", *(f"· {text}" for text in gate.findings)])), markup=False
                    )
                if gate.deliverables:
                    yield Static(Content("Deliverables (enter opens one)"), markup=False)
                    yield OptionList(
                        *(Option(Content(name)) for name in gate.deliverables), id="deliverables", markup=False
                    )
                yield Static(Content(f"Evidence {short_hash(gate.evidence)}"), markup=False)
            yield Static(id="decide", markup=False)
            yield Footer()

    def on_mount(self) -> None:
        """Fill the table of checks and put the keyboard into the evidence."""
        table: DataTable[Text] = self.query_one("#checks", DataTable)
        table.add_columns("check", "verdict", "measured", "required")
        for check in sorted(self.request.checks, key=lambda each: (not each.blocking, _ORDER[each.status])):
            status = STATUS[check.status] + (", blocks" if check.blocking and check.status == "fail" else "")
            cells = (check.title, status, check.measured or "not measured", check.criterion)
            table.add_row(*(Text(_short(cell)) for cell in cells))
        evidence = self.query_one(Evidence)
        evidence.focus()
        self._tell()
        self.call_after_refresh(evidence.look)

    def on_evidence_seen(self) -> None:
        """From here on a decision is taken."""
        self.armed = True
        self._tell()

    def _tell(self) -> None:
        keys = "a approve · c approve with conditions · r revise · x reject · esc look later"
        ready = keys if self.armed else "Read the evidence first (page down to its end); then decide. esc: look later"
        self.query_one("#decide", Static).update(Content(ready).stylize("bold" if self.armed else "$text-muted"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a deliverable."""
        event.stop()
        self._read(self.request.deliverables[event.option_index])

    def action_page(self, way: int) -> None:
        """Scroll by a page, wherever the keyboard is."""
        evidence = self.query_one(Evidence)
        evidence.scroll_page_down(animate=False) if way > 0 else evidence.scroll_page_up(animate=False)

    def action_to_end(self) -> None:
        """Scroll to the end."""
        self.query_one(Evidence).scroll_end(animate=False)

    def action_later(self) -> None:
        """Leave the gate open."""
        self.dismiss(Opened())

    def action_decide(self, how: Literal["approve", "conditions", "revise", "reject"]) -> None:
        """Ask for name and reason, once the evidence was on screen."""
        if not self.armed:
            self.app.bell()
            return

        def done(answer: GateAnswer | None) -> None:
            if answer is not None:
                self.dismiss(Opened(answer))

        self.app.push_screen(DecisionForm(self.request, how, self._changeable, self._person), done)


def _done(gate: GateRequest) -> Content:
    lines: list[Any] = ["What was done"]
    for step in gate.steps:
        lines.append(f"{step.guidance:<4} {step.title}: {step.summary}")
    return Content("\n").join(Content(line) for line in lines)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
