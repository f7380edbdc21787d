"""A table of any length: only the visible lines are drawn; sorted by column, filtered by text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app.evidence import Cell, Grid, grid_text, shown_cell
from tui.app.plain import fit, line

_WIDEST = 40
_SAMPLE = 300
"""From how many rows, spread over the table, a column takes its width."""
_COPIED = 10_000
_ARROWS = {None: "", False: " ▲", True: " ▼"}


class GridView(ScrollView, can_focus=True):
    """A table with a cursor; ``s`` sorts by the column under it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--header", "grid--cursor", "grid--cell"}
    DEFAULT_CSS = """
    GridView { width: 1fr; height: 1fr; background: transparent; scrollbar-size: 1 1; }
    GridView .grid--header { color: $text-primary; text-style: bold; background: $surface; }
    GridView .grid--cursor { background: $primary 25%; }
    GridView .grid--cell { background: $primary 45%; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "sort by column"),
        Binding("up,k", "move(-1, 0)", "up", show=False),
        Binding("down,j", "move(1, 0)", "down", show=False),
        Binding("left,h", "move(0, -1)", "column to the left", show=False),
        Binding("right,l", "move(0, 1)", "column to the right", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "edge(-1)", "first row", show=False),
        Binding("end,G", "edge(1)", "last row", show=False),
    ]

    row = reactive(0)
    column = reactive(0)

    class Moved(Message):
        """The cursor, the order or the filter changed."""

    def __init__(self, grid: Grid, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.grid = grid
        self.order: list[int] = list(range(len(grid.rows)))
        """Which rows are shown, in order, by their place in the source."""
        self.sorted_by: int | None = None
        self.descending = False
        self.needle = ""
        self._lowered: list[str] | None = None
        self._numeric = [_is_numeric(grid.rows, number) for number in range(len(grid.columns))]
        self._widths = [self._width(number) for number in range(len(grid.columns))]

    def _width(self, number: int) -> int:
        rows = self.grid.rows
        spread = [*rows[:: max(len(rows) // _SAMPLE, 1)], *rows[-1:]]
        cells = [cell_len(line(shown_cell(row[number]))) for row in spread]
        return min(max([cell_len(line(self.grid.columns[number])) + 2, *cells]), _WIDEST)

    def on_mount(self) -> None:
        """Make room for all lines."""
        self._resize()

    def _resize(self) -> None:
        self.virtual_size = Size(sum(self._widths) + 2 * len(self._widths), len(self.order) + 1)
        self.row = min(self.row, max(len(self.order) - 1, 0))
        self.refresh()
        self.post_message(self.Moved())

    # what is shown

    def filter(self, needle: str) -> int:
        """Keep the rows that hold a text in any cell, and return how many they are."""
        self.needle = needle
        self._arrange()
        return len(self.order)

    def action_sort(self) -> None:
        """Sort by the column under the cursor: upward, downward, then as in the source."""
        if not self.grid.columns:
            return
        if self.sorted_by != self.column:
            self.sorted_by, self.descending = self.column, False
        elif not self.descending:
            self.descending = True
        else:
            self.sorted_by = None
        self._arrange()

    def _arrange(self) -> None:
        order: Sequence[int] = range(len(self.grid.rows))
        if self.needle:
            if self._lowered is None:
                self._lowered = ["\t".join(map(shown_cell, row)).casefold() for row in self.grid.rows]
            wanted, held = self.needle.casefold(), self._lowered
            order = [number for number in order if wanted in held[number]]
        self.order = list(order) if self.sorted_by is None else self._sorted(order, self.sorted_by)
        self._resize()

    def _sorted(self, order: Sequence[int], column: int) -> list[int]:
        """Rows without a value stand last in either direction."""
        rows = self.grid.rows
        there = [number for number in order if not _absent(rows[number][column])]
        absent = [number for number in order if _absent(rows[number][column])]
        if self._numeric[column]:
            there.sort(key=lambda number: float(rows[number][column] or 0), reverse=self.descending)
        else:
            there.sort(key=lambda number: shown_cell(rows[number][column]).casefold(), reverse=self.descending)
        return there + absent

    def told(self) -> str:
        """Where the cursor is and what is shown, in words."""
        total, shown = len(self.grid.rows), len(self.order)
        words = [f"row {self.row + 1:,} of {shown:,}" if shown else "no rows"]
        if self.needle:
            words.append(f'with "{line(self.needle, 40)}", of {total:,} in all')
        if self.sorted_by is not None:
            name = line(self.grid.columns[self.sorted_by], 40)
            words.append(f"sorted by {name}, {'downward' if self.descending else 'upward'}")
        return " · ".join(words)

    def copied(self) -> tuple[str, int]:
        """The rows that are shown as tab-separated lines, and how many; no more than a clipboard can take."""
        rows = [self.grid.rows[number] for number in self.order[:_COPIED]]
        return grid_text(self.grid.columns, rows), len(rows)

    # the cursor

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self._go(self.row + rows, self.column + columns)

    def action_page(self, pages: int) -> None:
        """Move by the height of the window."""
        self._go(self.row + pages * max(self.size.height - 2, 1), self.column)

    def action_edge(self, side: int) -> None:
        """Go to the first or the last row."""
        self._go(0 if side < 0 else len(self.order) - 1, self.column)

    def _go(self, row: int, column: int) -> None:
        self.row = min(max(row, 0), max(len(self.order) - 1, 0))
        self.column = min(max(column, 0), max(len(self.grid.columns) - 1, 0))
        left = sum(self._widths[: self.column]) + 2 * self.column
        width = self._widths[self.column] + 2 if self._widths else 1
        height = max(self.size.height - 1, 1)
        top = int(self.scroll_offset.y)
        # the header covers one line, so that the window of rows is one shorter than the widget
        target = self.row if self.row < top else self.row - height + 1 if self.row >= top + height else top
        self.scroll_to_region(Region(left, int(top), width, 1), animate=False, force=True)
        self.scroll_to(y=target, animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        """A click on a heading sorts, a click on a cell goes there."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        x, column = offset.x + int(self.scroll_offset.x), 0
        while column < len(self._widths) - 1 and x >= self._widths[column] + 2:
            x -= self._widths[column] + 2
            column += 1
        if offset.y == 0:
            self.column = column
            self.action_sort()
        else:
            self._go(int(self.scroll_offset.y) + offset.y - 1, column)

    # drawing

    def render_line(self, y: int) -> Strip:
        """One line of the window: the heading, then rows."""
        scroll_x, scroll_y = self.scroll_offset
        if y == 0:
            strip = self._heading()
        else:
            number = int(scroll_y) + y - 1
            if number >= len(self.order):
                return Strip.blank(self.size.width, self.rich_style)
            strip = self._row(number)
        here = y > 0 and int(scroll_y) + y - 1 == self.row
        style = self.get_component_rich_style("grid--header" if y == 0 else "grid--cursor") if y == 0 or here else None
        return strip.crop_extend(int(scroll_x), int(scroll_x) + self.size.width, style or self.rich_style)

    def _heading(self) -> Strip:
        style = self.get_component_rich_style("grid--header")
        segments = []
        for number, name in enumerate(self.grid.columns):
            arrow = _ARROWS[self.descending if number == self.sorted_by else None]
            width = self._widths[number]
            named = fit(line(name), min(cell_len(line(name)), width - len(arrow))) + arrow
            text = fit(named, width, right=self._numeric[number])
            segments += [Segment(text, style), Segment("  ", style)]
        return Strip(segments)

    def _row(self, number: int) -> Strip:
        here = number == self.row
        plain = self.get_component_rich_style("grid--cursor") if here else self.rich_style
        marked = self.get_component_rich_style("grid--cell") if here and self.has_focus else plain
        segments = []
        row = self.grid.rows[self.order[number]]
        for column, cell in enumerate(row[: len(self._widths)]):
            text = fit(line(shown_cell(cell)), self._widths[column], right=self._numeric[column])
            segments += [Segment(text, marked if column == self.column else plain), Segment("  ", plain)]
        return Strip(segments)


def _absent(cell: Cell) -> bool:
    return cell is None or cell == "" or cell != cell  # only what is not a number differs from itself


def _is_numeric(rows: Sequence[tuple[Cell, ...]], column: int) -> bool:
    """Whether all that a column holds are numbers."""
    seen = False
    for row in rows:
        cell = row[column]
        if cell is None:
            continue
        if isinstance(cell, str | bool):
            return False
        seen = True
    return seen
