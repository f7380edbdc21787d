"""The last thing before the terminal: no character that steers it leaves any widget, whatever its text holds."""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Harmless(LineFilter):
    """Takes control and bidi characters out of drawn lines; a row keeps its width, as a blank stands for each cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, without what steers a terminal."""
        return [
            segment if segment.control or _STEERS.search(segment.text) is None else _tame(segment)
            for segment in segments
        ]


def _tame(segment: Segment) -> Segment:
    from rich.cells import cell_len

    text = _STEERS.sub("", segment.text)
    return Segment(text + " " * (segment.cell_length - cell_len(text)), segment.style)
