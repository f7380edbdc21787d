"""The parts of a picture or a reply as lines of text: bars, curves and small tables in the room there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.app.evidence import BarData, CurveData, Series
from tui.app.plain import block, fit, line
from tui.app.plots import draw_bars, draw_curve

if TYPE_CHECKING:
    from agent.conversation.parts import Part

CURVE = 11
"""Lines of a curve where nobody limits them."""
_CELL = 34
_KEY = 10
"""Cells of the sign before a curve's name, and between the two."""
_LEAST = 6
"""Cells under which a column of a table is not narrowed further."""


def draw(part: Part, width: int, most: int | None = None) -> Content:
    """One part in ``width`` cells and at most ``most`` lines; what is left out is counted or ends in an ellipsis."""
    from agent.conversation.parts import Bars, Curve, Grid

    if isinstance(part, Grid):
        return _grid(part, width, most)
    if isinstance(part, Bars):
        head = Content(fit(line(part.title), width).rstrip()).stylize("bold")
        labels, values, texts = zip(*part.rows, strict=True) if part.rows else ((), (), ())
        room = len(values) if most is None else most - 1
        return Content("\n").join([head, draw_bars(BarData(labels, values, texts), width, room)])
    if isinstance(part, Curve):
        marks = " · ".join(f"{line(label)} at {x:g}" for label, x in part.marks)
        beside = cell_len(line(part.title)) + cell_len(marks) + _KEY <= width
        title = f"{part.title} · {marks}" if marks and beside else part.title
        under = [] if beside or not marks else [Content.styled(fit(marks, width).rstrip(), "$foreground-muted")]
        plot = draw_curve(CurveData((Series(title, part.x, part.y),)), width, (most or CURVE) - len(under))
        return Content("\n").join([plot, *under])
    return Content(block(part.markdown))


def _grid(grid: object, width: int, most: int | None) -> Content:
    from agent.conversation.parts import Grid

    assert isinstance(grid, Grid)
    head = [Content(fit(line(grid.title), width).rstrip()).stylize("bold")] if grid.title else []
    rows = list(grid.rows)
    room = len(rows) if most is None else max(most - len(head) - 1, 1)
    shown = rows if len(rows) <= room else rows[: max(room - 1, 1)]
    first, *others = aligned([grid.columns, *shown], width)
    lines = [*head, Content.styled(first, "$foreground-muted"), *(Content(each) for each in others)]
    if len(shown) < len(rows):
        lines.append(Content.styled(f"and {len(rows) - len(shown)} more", "$foreground-muted"))
    return Content("\n").join(each for each in lines if each.plain.strip())


def aligned(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Rows in columns; the widest columns give way until a row fits."""
    widths = [min(_CELL, max(cell_len(line(row[n])) for row in rows)) for n in range(len(rows[0]))]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return [
        "  ".join(fit(line(cell), each) for cell, each in zip(row, widths, strict=True)).rstrip()[:width]
        for row in rows
    ]


class Drawing(Widget):
    """One part, drawn anew at each width."""

    DEFAULT_CSS = """
    Drawing { width: 1fr; height: auto; padding: 0 1; margin: 0 0 1 0; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, part: Part, most: int | None = None, *, classes: str | None = None) -> None:
        """Make the widget; ``most`` is how many lines it may have."""
        super().__init__(classes=classes)
        self.part = part
        self._most = most

    @property
    def words(self) -> str:
        """The picture as plain text, for search and export."""
        return draw(self.part, max(self.size.width, 60), self._most).plain

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as are drawn at this width."""
        return draw(self.part, width, self._most).plain.count("\n") + 1

    def render(self) -> Content:
        """The part at the present width."""
        return draw(self.part, self.size.width, self._most)
