"""Text whose long lines go on under their own beginning: after a dot, a step's number or an indent."""

from __future__ import annotations

import re

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

_LEAD = re.compile(r" *(?:· |\d\.\d +)?")
_LEAST = 12
"""Cells that a line needs beside its lead; with less it starts at the edge again."""


class Hanging(Static):
    """Lines of text that wrap with a hanging indent."""

    def __init__(self, content: Content, *, classes: str | None = None) -> None:
        """Show lines of text; a line's lead (indent, dot, number) is as wide as what goes on under it is indented."""
        super().__init__(content, markup=False, classes=classes)
        self._lines = content.split("\n", allow_blank=True)
        self._drawn: tuple[int, Content] = (0, content)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines that it takes at a width, in cells."""
        return self._at(width).plain.count("\n") + 1

    def render(self) -> Content:
        """The lines as they stand at the present width."""
        return self._at(self.size.width)

    def _at(self, width: int) -> Content:
        if self._drawn[0] != width and width > 0:
            self._drawn = width, Content("\n").join(piece for each in self._lines for piece in _hung(each, width))
        return self._drawn[1]


def _hung(text: Content, width: int) -> list[Content]:
    lead = _LEAD.match(text.plain)
    indent = lead.end() if lead else 0
    if text.cell_length <= width:
        return [text]
    if width - indent < _LEAST:
        return text[len(text.plain) - len(text.plain.lstrip()) :].wrap(width)
    first, *others = text[indent:].wrap(width - indent)
    return [text[:indent] + first, *(each.pad_left(indent) for each in others)]
