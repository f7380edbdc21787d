"""The key help (``?``): every key that works where the person is, in words."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.app.plain import fit


def keys_of(screen: Screen[Any]) -> list[tuple[str, str]]:
    """(key, what it does) of every key that works on a screen with its present focus.

    What is this product's own comes first, nearest first; what every list and text field can do comes after it.
    """
    told: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        words = binding.description or binding.tooltip
        if not words or not active.enabled:
            continue
        shown = screen.app.get_key_display(binding)
        if shown not in told.setdefault(words, []):
            told[words].append(shown)
    # Textual's own descriptions begin with a capital letter, ours do not
    own = sorted(told, key=lambda words: words[:1].isupper())
    return [(" ".join(told[words]), words.lower() if words[:1].isupper() else words) for words in own]


class KeyHelp(ModalScreen[None]):
    """A list of keys over the screen that asked for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "dismiss", "close", key_display="esc")
    ]
    CSS = """
    KeyHelp { align: center middle; background: $background 60%; }
    KeyHelp > VerticalScroll {
        width: 60; max-width: 90%; height: auto; max-height: 80%;
        background: $surface; border: round $primary; border-title-color: $text; padding: 1 2;
    }
    KeyHelp Static { width: 1fr; height: auto; }
    """

    def __init__(self, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """One line per key."""
        width = min(22, max((len(key) for key, _ in self._keys), default=0))
        lines = [Content.assemble((fit(key, max(width, len(key))), "bold"), "   ", words) for key, words in self._keys]
        with VerticalScroll() as pane:
            pane.border_title = "Keys"
            pane.border_subtitle = "esc closes"
            yield Static(Content("\n").join(lines))
