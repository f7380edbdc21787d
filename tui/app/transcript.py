"""The transcript: what the assistant found, what was asked and answered, what a gate decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Markdown

from tui.app.drawing import Drawing
from tui.app.hanging import Hanging

if TYPE_CHECKING:
    from agent.conversation.parts import Part

PLOT = 6
"""Lines of the picture under a step's finding."""


class Entry(Hanging):
    """One thing that was said; its plain words can be searched and exported."""

    DEFAULT_CSS = """
    Entry { padding: 0 1; margin: 0 0 1 0; width: 1fr; height: auto; }
    Entry.answer { margin: 0 0 1 4; color: $text-muted; }
    Entry.pictured { margin: 0; }
    Entry.said { color: $text-accent; }
    Entry.phase { margin: 1 0 1 0; text-style: bold; border-bottom: solid $panel; }
    Entry.problem { border-left: thick $error; }
    Entry.gate { border-left: thick $accent; }
    Entry.hit, Said.hit { background: $warning 20%; }
    """

    def __init__(self, content: Content, kind: str) -> None:
        super().__init__(content, classes=kind)
        self.kind = kind
        self.words = content.plain


class Said(Markdown):
    """A reply to what was typed."""

    DEFAULT_CSS = """
    Said { padding: 0 1; margin: 0 0 1 0; background: transparent; }
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, open_links=False)
        self.words = text


class Transcript(VerticalScroll):
    """Entries in order, the last in view."""

    DEFAULT_CSS = """
    Transcript { height: 1fr; scrollbar-size-vertical: 1; }
    Transcript Drawing { max-width: 90; }
    Transcript Drawing.card { padding: 0 1 0 3; }
    """

    can_focus = True

    def on_mount(self) -> None:
        """Follow the end, until somebody scrolls back."""
        self.anchor()

    def say(self, content: Content, kind: str = "step") -> Entry:
        """Add an entry."""
        entry = Entry(content, kind)
        self.mount(entry)
        return entry

    def step(self, label: str, summary: str, notes: tuple[str, ...], seconds: float, cached: bool) -> Entry:
        """A step's finding, with what else it noted."""
        spent = "as before" if cached else f"{seconds:.1f} s"
        parts: list[Content] = [
            Content.assemble((label, "bold"), ("  " + spent, "$foreground-muted")),
            Content(summary),
        ]
        parts += [Content(f"· {note}").stylize("$foreground-muted") for note in notes]
        return self.say(Content("\n").join(parts))

    def picture(self, card: Entry, part: Part) -> None:
        """Put the picture of a step under its finding."""
        if card.is_attached and not card.has_class("pictured"):
            card.add_class("pictured")
            self.mount(Drawing(part, PLOT, classes="card"), after=card)

    def draw(self, part: Part) -> None:
        """Add a table or a plot of a reply."""
        self.mount(Drawing(part))

    def markdown(self, text: str) -> None:
        """Add a reply written in Markdown; its links are not followed."""
        self.mount(Said(text))

    def text(self) -> str:
        """All that was said, as plain text."""
        return "\n\n".join(child.words for child in self.children if isinstance(child, Entry | Said | Drawing)) + "\n"
