"""The checks of a gate as a table that fits its room, and one check in full with the documents that show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import DataTable, Label, OptionList, Static
from textual.widgets.option_list import Option

from agent.wording import short_hash
from tui.app.plain import block, fit, line

if TYPE_CHECKING:
    from agent.conversation.gate_view import Origin
    from agent.gates import ShownCheck

STATUS = {"pass": "pass", "warn": "warn", "fail": "FAIL", "insufficient": "insufficient"}
MEANING = {
    "pass": "It meets what is required.",
    "warn": "Worth a look; nothing is stopped by it.",
    "fail": "It does not meet what is required.",
    "insufficient": "There is too little evidence to say whether it meets what is required.",
}
COLOURS = {"pass": "text-success", "warn": "text-warning", "fail": "text-error", "insufficient": "text-warning"}
_ORDER = {"fail": 0, "insufficient": 1, "warn": 2, "pass": 3}
_COLUMNS = ("check", "verdict", "measured", "required")


def sorted_checks(checks: Sequence[ShownCheck]) -> list[ShownCheck]:
    """Blocking ones first, the gravest before the others."""
    return sorted(checks, key=lambda each: (not each.blocking, _ORDER[each.status]))


def status_words(check: ShownCheck) -> str:
    """A check's state; of one that failed also whether it blocks."""
    return STATUS[check.status] + (", blocks" if check.blocking and check.status == "fail" else "")


class Checks(DataTable[Text]):
    """A row a check; a cell without room ends in an ellipsis, and enter opens the whole."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "check in full", show=False)]

    def __init__(self, checks: Sequence[ShownCheck]) -> None:
        super().__init__(id="checks", cursor_type="row", zebra_stripes=True)
        self.checks = sorted_checks(checks)

    def on_mount(self) -> None:
        """The colours of the states follow the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill(self.size.width))

    def on_resize(self, event: Resize) -> None:
        """Share out the room anew."""
        self._fill(event.size.width)

    def _fill(self, width: int) -> None:
        rows = [
            (line(check.title), status_words(check), line(check.measured) or "not measured", line(check.criterion))
            for check in self.checks
        ]
        room = width - 2 * len(_COLUMNS) * self.cell_padding
        widths = shared(rows, room)
        colours = self.app.get_css_variables()
        at = self.cursor_row
        self.clear(columns=True)
        for name, wide in zip(_COLUMNS, widths, strict=True):
            self.add_column(Text(fit(name, wide)), width=wide)
        for check, row in zip(self.checks, rows, strict=True):
            styles = ("", colours[COLOURS[check.status]], "", "")
            self.add_row(*(Text(fit(c, w), style=s) for c, w, s in zip(row, widths, styles, strict=True)))
        self.move_cursor(row=at, animate=False)


def shared(rows: Sequence[tuple[str, ...]], room: int) -> list[int]:
    """Widths of columns within some room: the verdict has what it needs, the others what they need or a fair share."""
    needed = [max(len(cell) for cell in column) for column in zip(_COLUMNS, *rows, strict=True)]
    widths = [0, needed[1], 0, 0]
    left, others = max(room - needed[1], 12), [0, 2, 3]
    for place in sorted(others, key=lambda each: needed[each]):
        widths[place] = min(needed[place], left // len(others))
        left -= widths[place]
        others = [each for each in others if each != place] or others
    return widths


class CheckScreen(ModalScreen[None]):
    """One check in full: what was measured, what is required, where it comes from, which documents show it."""

    DEFAULT_CSS = """
    CheckScreen { align: center middle; }
    CheckScreen > VerticalScroll {
        width: 90%; max-width: 100; height: auto; max-height: 90%; padding: 0 1;
        border: round $accent; background: $surface; border-title-color: $text;
    }
    CheckScreen Horizontal { height: auto; }
    CheckScreen Label { width: 12; color: $text-muted; }
    CheckScreen .value { height: auto; width: 1fr; }
    CheckScreen #shown { margin: 1 0 0 0; color: $text-muted; }
    CheckScreen OptionList, CheckScreen OptionList:focus {
        height: auto; border: none; padding: 0; background: transparent; background-tint: transparent;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "close", key_display="esc")]

    def __init__(self, check: ShownCheck, origin: Origin | None, evidence: str, read: Callable[[str], object]) -> None:
        """Make the screen.

        Args:
            check: the check.
            origin: where it comes from; None where it rests on the whole workspace.
            evidence: hash of what the gate shows.
            read: opens a deliverable.
        """
        super().__init__()
        self._check = check
        self._evidence = evidence
        self._read = read
        self._origin = origin
        self._documents = origin.deliverables if origin else ()

    def compose(self) -> ComposeResult:
        """The check as labelled lines, then the documents."""
        check, origin = self._check, self._origin
        rows = [
            ("check", check.title),
            ("verdict", f"{status_words(check)}. {MEANING[check.status]}"),
            ("measured", check.measured or "not measured"),
            ("required", check.criterion),
            ("blocks", _blocks(check)),
            ("comes from", f"{origin.step}: {origin.finding}" if origin else "the workspace as a whole"),
            ("id", check.id),
            ("evidence", short_hash(self._evidence)),
        ]
        with VerticalScroll() as pane:
            pane.border_title = "A check in full"
            pane.border_subtitle = "enter opens a document · esc closes" if self._documents else "esc closes"
            for name, text in rows:
                yield Horizontal(Label(name, markup=False), Static(Content(block(text)), classes="value", markup=False))
            if self._documents:
                yield Static(Content("Shown in"), id="shown", markup=False)
                yield OptionList(*(Option(Content(line(stem))) for stem in self._documents), markup=False)

    def on_mount(self) -> None:
        """The keys go to the documents, the eye to the check."""
        self.query_one(OptionList if self._documents else VerticalScroll).focus(scroll_visible=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Bring the document under the keys into view, once they have moved."""
        if event.option_index:
            row = event.option_list.virtual_region.y + event.option_index
            self.query_one(VerticalScroll).scroll_to_region(Region(0, row, 1, 1), animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a document that shows it."""
        event.stop()
        self._read(self._documents[event.option_index])


def _blocks(check: ShownCheck) -> str:
    if not check.blocking:
        return "no"
    return "yes: the gate opens only with an override" if check.status == "fail" else "only where it fails"
