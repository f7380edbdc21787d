"""The search in the transcript: a line to type in, the entries that hold the text, one after the other in view."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.app.plain import line
from tui.app.transcript import Transcript


class TranscriptFind(Input):
    """What to look for; enter goes to the hit before, the newest first."""

    DEFAULT_CSS = """
    TranscriptFind { display: none; height: 1; border: none; padding: 0 1; background: $primary 15%; }
    TranscriptFind.-there { display: block; }
    TranscriptFind:focus { border: none; background: $primary 25%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,up", "step(-1)", "earlier", key_display="enter"),
        Binding("down", "step(1)", "later"),
        Binding("escape", "leave", "close search"),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="text to find in the conversation", id="find", compact=True)
        self._at: Widget | None = None

    def begin(self) -> None:
        """Show the line and put the keys into it."""
        self.add_class("-there")
        self.focus()

    def watch_value(self, value: str) -> None:
        """Another text begins at the newest entry again."""
        self._mark(None)

    def action_step(self, by: int) -> None:
        """Go to the next entry that holds the text, around the end."""
        wanted = self.value.strip().casefold()
        transcript = self.screen.query_one(Transcript)
        hits = [each for each in transcript.children if wanted and wanted in str(getattr(each, "words", "")).casefold()]
        if not hits:
            self.notify(f'"{line(self.value, 40)}" does not stand here.', markup=False)
            return
        place = hits.index(self._at) if self._at in hits else 0 if by < 0 else -1
        hit = hits[(place + by) % len(hits)]
        self._mark(hit)
        transcript.scroll_to_widget(hit, animate=False, top=True)
        self.border_subtitle = f"{hits.index(hit) + 1} of {len(hits)}"

    def action_leave(self) -> None:
        """Close the search where it stands."""
        self._mark(None)
        self.remove_class("-there")
        self.screen.query("#answer, #transcript").first().focus()

    def _mark(self, entry: Widget | None) -> None:
        if self._at is not None:
            self._at.remove_class("hit")
        self._at = entry
        if entry is not None:
            entry.add_class("hit")
