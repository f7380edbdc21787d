"""The evidence viewer: one report, table, record, notebook, diff or plot; search, copy, dossier are a key away."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Footer, Input, Static

from tui.app.evidence import Diff, Evidence, Grid, JsonTree, MarkdownText, NotebookCells, Plot, as_text
from tui.app.grid import GridView
from tui.app.keyhelp import KeyHelp, keys_of
from tui.app.panes import JsonView, Lines, PlotPane, Report, pane_for
from tui.app.plain import line


class FindInput(Input):
    """What to look for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "find"),
        Binding("escape", "leave", "give up"),
    ]

    def action_leave(self) -> None:
        """Close the search and forget what was looked for."""
        self.post_message(Viewer.SearchLeft())


class Viewer(Vertical):
    """One piece of evidence with its search line; stands in a screen or in a pane beside others."""

    class SearchLeft(Input.Changed):
        """The person gave up the search."""

        def __init__(self) -> None:
            super().__init__(Input(), "")

    DEFAULT_CSS = """
    Viewer { width: 1fr; height: 1fr; }
    Viewer #pane { width: 1fr; height: 1fr; padding: 0 1; }
    Viewer FindInput { display: none; height: 1; margin: 0 1; background: $primary 15%; }
    Viewer FindInput.-there { display: block; }
    Viewer FindInput:focus { background-tint: transparent; }
    Viewer MarkdownH1 { content-align: left middle; margin: 0 0 1 0; }
    Viewer MarkdownH2 { margin: 1 0 1 0; }
    Viewer #where { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find", key_display="/"),
        Binding("n", "step(1)", "next"),
        Binding("N", "step(-1)", "previous", key_display="N"),
        Binding("c", "copy", "copy"),
        Binding("o", "open_page", "open dossier"),
    ]

    def __init__(
        self, evidence: Evidence, *, open_page: Callable[[], None] | None = None, id: str | None = None
    ) -> None:
        """Make the viewer.

        Args:
            evidence: what to show first.
            open_page: opens the page of the dossier that belongs to it; without it the key is not offered.
            id: of the widget.
        """
        super().__init__(id=id)
        self.evidence = evidence
        self._open_page = open_page
        self._needle = ""
        self._hits = 0
        self._at = -1

    def compose(self) -> ComposeResult:
        """The pane, the search line, and a line that says where one is."""
        with Container(id="pane"):
            yield pane_for(self.evidence)
        yield FindInput(placeholder="text to find", compact=True)
        yield Static("", id="where", markup=False)

    @property
    def pane(self) -> Widget:
        """What shows the evidence."""
        return self.query_one("#pane").children[0]

    async def show(self, evidence: Evidence, open_page: Callable[[], None] | None = None) -> None:
        """Show something else in the same place; a search under way ends."""
        self.evidence, self._open_page = evidence, open_page
        focused = self.has_focus_within
        self._forget()
        holder = self.query_one("#pane")
        await holder.remove_children()
        await holder.mount(pane_for(evidence))
        if focused:
            self.focus_pane()
        self._tell()
        self.refresh_bindings()

    def on_mount(self) -> None:
        """Say where one is."""
        self._tell()

    def focus_pane(self) -> None:
        """Put the keys where the evidence is."""
        self.pane.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something."""
        if action == "open_page":
            return self._open_page is not None
        if action == "step":
            return self._hits > 0 and not isinstance(self.evidence, Grid)
        return not (action == "find" and isinstance(self.pane, PlotPane)) if self.is_mounted else True

    # search

    def action_find(self) -> None:
        """Open the search line; in a table it filters."""
        finder = self.query_one(FindInput)
        finder.placeholder = "rows that hold this text" if isinstance(self.evidence, Grid) else "text to find"
        finder.value = self._needle
        finder.add_class("-there").focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if isinstance(event, Viewer.SearchLeft):
            self._forget()
            self.focus_pane()
            self._tell()
        elif isinstance(self.pane, GridView) and self.query_one(FindInput).has_focus:
            self._needle = event.value
            self.pane.filter(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._needle = event.value
        self._at = -1
        pane = self.pane
        if isinstance(pane, GridView):
            self._hits = pane.filter(event.value)
        elif isinstance(pane, Report | Lines | JsonView):
            self._hits = pane.search(event.value)
        self.query_one(FindInput).remove_class("-there")
        self.focus_pane()
        self.action_step(1)
        self._tell()
        self.refresh_bindings()

    def action_step(self, by: int) -> None:
        """Go to the next or previous hit, around the end."""
        pane = self.pane
        if self._hits and isinstance(pane, Report | Lines | JsonView):
            self._at = (self._at + by) % self._hits
            pane.show_hit(self._at)
            self._tell()

    def _forget(self) -> None:
        pane = self.pane
        if isinstance(pane, GridView):
            pane.filter("")
        elif isinstance(pane, Report | Lines | JsonView):
            pane.search("")
        self._needle, self._hits, self._at = "", 0, -1
        finder = self.query_one(FindInput)
        finder.remove_class("-there")
        finder.value = ""
        self.refresh_bindings()

    @on(GridView.Moved)
    def _tell(self) -> None:
        pane = self.pane
        if isinstance(pane, GridView):
            words = pane.told()
        elif self._needle:
            found = f"{self._at + 1} of {self._hits}" if self._hits else "not found"
            words = f'"{line(self._needle, 40)}": {found}'
        else:
            words = ""
        self.query_one("#where", Static).update(Content(words))

    # keys

    def action_copy(self) -> None:
        """Copy the evidence, of a table the rows that are shown."""
        pane = self.pane
        if isinstance(pane, GridView):
            text, count = pane.copied()
            told = f"{count:,} of {len(pane.grid.rows):,} rows copied."
        else:
            text = as_text(self.evidence)
            told = f"{len(text.splitlines()):,} lines copied."
        self.app.copy_to_clipboard(text)
        self.notify(told, markup=False)

    def action_open_page(self) -> None:
        """Open the dossier's page."""
        if self._open_page is not None:
            self._open_page()


class EvidenceScreen(ModalScreen[None]):
    """The viewer over whatever was there; escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "back", key_display="esc"),
        Binding("p", "pin", "keep beside"),
        Binding("question_mark,f1", "keys", "keys", key_display="?"),
    ]
    CSS = """
    EvidenceScreen { background: $background; }
    EvidenceScreen #heading { height: 2; padding: 1 2 0 2; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    EvidenceScreen Viewer { padding: 1 1 0 1; }
    """

    def __init__(
        self,
        evidence: Evidence,
        *,
        open_page: Callable[[], None] | None = None,
        pin: Callable[[], object] | None = None,
    ) -> None:
        """Make the screen.

        Args:
            evidence: what to show.
            open_page: opens the page of the dossier that belongs to it; without it the key is not offered.
            pin: keeps it beside the conversation; without it the key is not offered.
        """
        super().__init__()
        self._evidence = evidence
        self._open_page = open_page
        self._pin = pin

    def compose(self) -> ComposeResult:
        """Title, evidence, keys."""
        kind = _KINDS[type(self._evidence)]
        yield Static(
            Content.assemble((line(self._evidence.title) or "Evidence", "bold"), (f"  {kind}", "dim")), id="heading"
        )
        yield Viewer(self._evidence, open_page=self._open_page)
        yield Footer()

    def on_mount(self) -> None:
        """Put the keys where the evidence is."""
        self.query_one(Viewer).focus_pane()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something."""
        return action != "pin" or self._pin is not None

    def action_pin(self) -> None:
        """Go back, and keep the evidence in view beside the conversation."""
        if self._pin is not None:
            self.dismiss()
            self._pin()

    def action_keys(self) -> None:
        """Show every key that works here."""
        self.app.push_screen(KeyHelp(keys_of(self)))


_KINDS: dict[type, str] = {
    MarkdownText: "report",
    Grid: "table",
    JsonTree: "record",
    NotebookCells: "notebook",
    Diff: "differences",
    Plot: "plot",
}
