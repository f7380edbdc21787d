"""The transcript: what the assistant found, what was asked and answered, what a gate decided."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, Static


class Entry(Static):
    """One thing that was said; its plain words can be searched and exported."""

    DEFAULT_CSS = """
    Entry { padding: 0 1; margin: 0 0 1 0; width: 1fr; height: auto; }
    Entry.answer { margin: 0 0 1 4; color: $text-muted; }
    Entry.drawn { text-wrap: nowrap; text-overflow: ellipsis; }
    Entry.said { color: $accent; }
    Entry.phase { margin: 1 0 1 0; text-style: bold; border-bottom: solid $panel; }
    Entry.problem { border-left: thick $error; }
    Entry.gate { border-left: thick $accent; }
    Entry.hit, Said.hit { background: $warning 20%; }
    """

    def __init__(self, content: Content, kind: str) -> None:
        super().__init__(content, markup=False, classes=kind)
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
        parts: list[Content] = [Content.assemble((label, "bold"), ("  " + spent, "$text-disabled")), Content(summary)]
        parts += [Content(f"· {note}").stylize("$text-muted") for note in notes]
        return self.say(Content("\n").join(parts))

    def markdown(self, text: str) -> None:
        """Add a reply written in Markdown; its links are not followed."""
        self.mount(Said(text))

    def text(self) -> str:
        """All that was said, as plain text."""
        return "\n\n".join(child.words for child in self.children if isinstance(child, Entry | Said)) + "\n"
