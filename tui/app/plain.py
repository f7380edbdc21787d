"""Text from data made harmless for the terminal: no control, bidi or invisible characters, and never markup."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size
from textual.content import Content

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_TAB = "    "


def line(text: str, limit: int = 400) -> str:
    """Text on one line; longer than ``limit`` characters it ends in an ellipsis."""
    if text.isascii() and text.isprintable():
        shown = text
    else:
        shown = "".join(" " if char in "\t\r\n" else char for char in text[: limit * 4])
        shown = "".join(char for char in shown if char == " " or unicodedata.category(char) not in _INVISIBLE)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def block(text: str) -> str:
    """Text whose line breaks are kept; a tab becomes four spaces."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line(each.replace("\t", _TAB), limit=20_000) for each in lines)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Text cut with an ellipsis or padded to exactly ``width`` cells of the terminal."""
    cells = cell_len(text)
    if cells > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    return " " * (width - cells) + text if right else text + " " * (width - cells)


def content(text: str) -> Content:
    """One line of data as something that a widget shows as it stands."""
    return Content(line(text))
