"""One pane for each kind of evidence; all can be searched and say where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Markdown, Static, Tree
from textual.widgets.tree import TreeNode

from tui.app.evidence import (
    BarData,
    CurveData,
    Diff,
    Evidence,
    Grid,
    HistogramData,
    JsonTree,
    MarkdownText,
    NotebookCells,
    Plot,
)
from tui.app.grid import GridView
from tui.app.plain import block, line
from tui.app.plots import Bars, Curve, Histogram

_CHILDREN = 500
"""How many entries of one JSON list or mapping are shown before the rest is counted."""
_HITS = 10_000


class Searchable(Protocol):
    """What the viewer asks of a pane that can be searched."""

    def search(self, needle: str) -> int:
        """Find a text and return how often it is there."""

    def show_hit(self, number: int) -> None:
        """Bring one of the hits into view."""


class Report(VerticalScroll, can_focus=True):
    """A Markdown report; links are words and lead nowhere."""

    DEFAULT_CSS = """
    Report { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }
    Report Markdown { max-width: 110; padding: 0; }
    Report .-found { background: $warning 20%; }
    Report .-current { background: $primary 30%; text-style: underline; }
    """

    def __init__(self, report: MarkdownText) -> None:
        super().__init__()
        self._report = report
        self._hits: list[Static] = []

    def compose(self) -> ComposeResult:
        """The text as Markdown."""
        from markdown_it import MarkdownIt

        # raw HTML stays text, and an address stays words: nothing in a report can be clicked
        made = lambda: MarkdownIt("gfm-like", {"html": False, "linkify": False})  # noqa: E731
        yield Markdown(block(self._report.text), open_links=False, parser_factory=made)

    def search(self, needle: str) -> int:
        """Mark the paragraphs and cells that hold a text."""
        for each in self._hits:
            each.remove_class("-found", "-current")
        wanted = needle.casefold()
        self._hits = [each for each in self.query(Static) if wanted and wanted in _words_of(each).casefold()]
        for each in self._hits:
            each.add_class("-found")
        return len(self._hits)

    def show_hit(self, number: int) -> None:
        """Scroll to one paragraph."""
        for each in self._hits:
            each.set_class(each is self._hits[number], "-current")
        self.scroll_to_widget(self._hits[number], animate=False, center=True)


def _words_of(widget: Static) -> str:
    held = widget.content
    return held.plain if isinstance(held, Content) else str(held)


class Lines(ScrollView, can_focus=True):
    """Lines of plain text, each with a kind that colours it; only the visible ones are drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--added", "lines--removed", "lines--head", "lines--dim", "lines--hit", "lines--current"
    }  # fmt: skip
    DEFAULT_CSS = """
    Lines { width: 1fr; height: 1fr; background: transparent; scrollbar-size: 1 1; }
    Lines .lines--added { color: $text-success; background: $success 12%; }
    Lines .lines--removed { color: $text-error; background: $error 12%; }
    Lines .lines--head { color: $text-primary; text-style: bold; }
    Lines .lines--dim { color: $text-muted; }
    Lines .lines--hit { background: $warning 30%; }
    Lines .lines--current { background: $primary 50%; text-style: bold underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "up", show=False),
        Binding("j", "scroll_down", "down", show=False),
    ]

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        """Make the pane from (kind, text) pairs; kinds are the component classes, or nothing."""
        super().__init__()
        self._lines = [(kind, line(text, 20_000)) for kind, text in lines]
        self._hits: list[tuple[int, int, int]] = []
        """(line, first cell, last cell) of each hit."""
        self._current = -1

    def on_mount(self) -> None:
        """Make room for all lines."""
        widest = max((cell_len(text) for _, text in self._lines), default=0)
        self.virtual_size = Size(widest, len(self._lines))

    def search(self, needle: str) -> int:
        """Mark every place where a text stands."""
        self._current = -1
        self._hits = list(self._found(needle.casefold())) if needle else []
        self.refresh()
        return len(self._hits)

    def _found(self, wanted: str) -> Iterator[tuple[int, int, int]]:
        count = 0
        for number, (_, text) in enumerate(self._lines):
            low = text.casefold()
            at = low.find(wanted)
            while at >= 0 and count < _HITS:
                start = cell_len(text[:at])
                yield number, start, start + cell_len(text[at : at + len(wanted)])
                count += 1
                at = low.find(wanted, at + len(wanted))

    def show_hit(self, number: int) -> None:
        """Scroll to one place."""
        self._current = number
        row, start, _ = self._hits[number]
        height, width = self.size.height, self.size.width
        x = self.scroll_offset.x if start - self.scroll_offset.x in range(width - 10) else max(start - width // 2, 0)
        self.scroll_to(x=x, y=max(row - height // 2, 0), animate=False, force=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        scroll_x, scroll_y = self.scroll_offset
        number = int(scroll_y) + y
        if number >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        kind, text = self._lines[number]
        style = self.get_component_rich_style(f"lines--{kind}") if kind else self.rich_style
        strip = Strip([Segment(text, style)])
        for index, (row, start, end) in enumerate(self._hits):
            if row == number:
                name = "lines--current" if index == self._current else "lines--hit"
                cut = list(strip.divide([start, end, max(strip.cell_length, end)]))
                cut[1] = Strip([Segment(cut[1].text, self.get_component_rich_style(name))])
                strip = Strip.join(cut)
        return strip.crop_extend(int(scroll_x), int(scroll_x) + self.size.width, style)


_DIFF_KINDS = (("+++", "head"), ("---", "head"), ("@@", "head"), ("+", "added"), ("-", "removed"))


def diff_lines(diff: Diff) -> list[tuple[str, str]]:
    """The lines of a diff with their kinds; the signs stay, so that colour only repeats them."""
    if not diff.text.strip():
        return [("dim", "No difference.")]
    lines = block(diff.text).split("\n")
    return [(next((kind for sign, kind in _DIFF_KINDS if each.startswith(sign)), ""), each) for each in lines]


def notebook_lines(notebook: NotebookCells) -> list[tuple[str, str]]:
    """The lines of a notebook: a heading per code cell, its source behind a bar, its outputs after it."""
    lines: list[tuple[str, str]] = []
    number = 0
    for cell in notebook.cells:
        if cell.kind == "code":
            number += 1
            lines.append(("head", f"[{number}]"))
            lines += [("", f"  │ {each}") for each in block(cell.source).split("\n")]
        else:
            lines += [("head" if each.startswith("#") else "", each) for each in block(cell.source).split("\n")]
        for output in cell.outputs:
            lines += [("dim", f"    {each}") for each in block(output).rstrip("\n").split("\n")]
        lines.append(("", ""))
    return lines or [("dim", "The notebook is empty.")]


class JsonView(Tree[Any]):
    """A record as a tree; branches are filled when they are opened."""

    DEFAULT_CSS = """
    JsonView { width: 1fr; height: 1fr; background: transparent; scrollbar-size: 1 1; }
    JsonView:focus { background-tint: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_node", "fold", show=True)]

    def __init__(self, tree: JsonTree) -> None:
        super().__init__(Text(line(tree.title) or "record"), tree.data)
        self._hits: list[tuple[int, ...]] = []

    def on_mount(self) -> None:
        """Open the first level."""
        if not _branches(self.root.data):
            self.root.add_leaf(_label("", self.root.data))
        self._fill(self.root)
        self.root.expand()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Any]) -> None:
        """Fill a branch when it is opened for the first time."""
        self._fill(event.node)

    def _fill(self, node: TreeNode[Any]) -> None:
        if node.children:
            return
        entries = _entries(node.data)
        for key, value in entries[:_CHILDREN]:
            if _branches(value):
                node.add(_label(key, value), value)
            else:
                node.add_leaf(_label(key, value), value)
        if len(entries) > _CHILDREN:
            node.add_leaf(Text(f"and {len(entries) - _CHILDREN:,} more", style="dim"))

    def search(self, needle: str) -> int:
        """Find keys and values that hold a text."""
        wanted = needle.casefold()
        self._hits = list(_paths(self.root.data, wanted, (), 0)) if wanted else []
        return len(self._hits)

    def show_hit(self, number: int) -> None:
        """Open the branches that lead to one place, and go there."""
        node = self.root
        for index in self._hits[number]:
            self._fill(node)
            node.expand()
            if index >= len(node.children):
                break
            node = node.children[index]
        self.call_after_refresh(self.move_cursor, node)


def _branches(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > 0


def _entries(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    return [(str(number), item) for number, item in enumerate(value)] if isinstance(value, list | tuple) else []


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{len(value)}}}"
    if isinstance(value, list | tuple):
        return f"[{len(value)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f'"{line(value)}"' if isinstance(value, str) else line(str(value))


_TITLES = ("id", "name", "title", "stem")


def _label(key: str, value: Any) -> Text:
    """A key with its value; a mapping is told by the entry that names it, where it has one."""
    shown = _shown(value)
    if isinstance(value, Mapping):
        named = next((value[title] for title in _TITLES if isinstance(value.get(title), str)), "")
        shown = f"{shown} {line(named, 60)}".rstrip()
    if not key:
        return Text(shown)
    return Text.assemble((line(key), "bold"), "  ", (shown, "dim") if _branches(value) else shown)


def _paths(value: Any, wanted: str, path: tuple[int, ...], depth: int) -> Iterator[tuple[int, ...]]:
    if depth > 100:
        return
    for index, (key, item) in enumerate(_entries(value)):
        if wanted in key.casefold() or (not _branches(item) and wanted in _shown(item).casefold()):
            yield (*path, index)
        yield from _paths(item, wanted, (*path, index), depth + 1)


class PlotPane(VerticalScroll, can_focus=True):
    """A plot with the sentence that says how to read it."""

    DEFAULT_CSS = """
    PlotPane { width: 1fr; height: 1fr; }
    PlotPane .note { width: 1fr; height: auto; color: $text-muted; margin: 0 0 1 0; }
    """

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self._plot = plot

    def compose(self) -> ComposeResult:
        """The sentence, then the plot."""
        if self._plot.note:
            yield Static(Content(line(self._plot.note)), classes="note")
        yield drawn(self._plot.data)


def drawn(data: BarData | CurveData | HistogramData) -> Bars | Curve | Histogram:
    """The widget that draws these data."""
    if isinstance(data, BarData):
        return Bars(data)
    return Curve(data) if isinstance(data, CurveData) else Histogram(data)


PANES: Mapping[type, Callable[[Any], Widget]] = {
    MarkdownText: Report,
    Grid: GridView,
    JsonTree: JsonView,
    NotebookCells: lambda notebook: Lines(notebook_lines(notebook)),
    Diff: lambda diff: Lines(diff_lines(diff)),
    Plot: PlotPane,
}
"""Kind of evidence to the pane that shows it."""


def pane_for(evidence: Evidence) -> Widget:
    """The pane that shows this evidence."""
    return PANES[type(evidence)](evidence)
