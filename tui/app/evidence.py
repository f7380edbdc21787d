"""The kinds of evidence that the viewer shows, as plain typed data, and each as text for the clipboard."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Cell = str | int | float | bool | None
"""What one cell of a table may hold."""


@dataclass(frozen=True)
class MarkdownText:
    """A report."""

    title: str
    text: str


@dataclass(frozen=True)
class Grid:
    """A table; rows are as long as the columns."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


@dataclass(frozen=True)
class JsonTree:
    """A record of nested mappings, lists and values."""

    title: str
    data: Any


@dataclass(frozen=True)
class NotebookCell:
    """One cell: what was written, and what it printed."""

    kind: str
    """markdown, code or raw."""
    source: str
    outputs: tuple[str, ...] = ()
    """Text outputs as they stand; an image as its name or media type in brackets."""


@dataclass(frozen=True)
class NotebookCells:
    """An executed notebook."""

    title: str
    cells: tuple[NotebookCell, ...]


@dataclass(frozen=True)
class Diff:
    """A unified diff."""

    title: str
    text: str

    @classmethod
    def between(cls, title: str, before: str, after: str, names: tuple[str, str] = ("before", "after")) -> Diff:
        """The diff of two texts; empty where they are the same."""
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
        return cls(title, "\n".join(lines))


@dataclass(frozen=True)
class BarData:
    """One length per label; from zero, so a negative value points left."""

    labels: tuple[str, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...] = ()
    """What stands beside each bar in place of its bare number, such as its interval."""


@dataclass(frozen=True)
class Series:
    """One line of a curve plot; a point that is not finite breaks the line."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class CurveData:
    """Lines over a common axis."""

    series: tuple[Series, ...]
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True)
class HistogramData:
    """Counts between edges; one edge more than counts."""

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    x_label: str = ""


@dataclass(frozen=True)
class Plot:
    """A plot drawn from plain numbers, with a sentence on how to read it."""

    title: str
    data: BarData | CurveData | HistogramData
    note: str = ""


Evidence = MarkdownText | Grid | JsonTree | NotebookCells | Diff | Plot


def evidence_of(piece: Mapping[str, Any]) -> Evidence:
    """What ``agent.pieces.piece`` gave, as evidence.

    Raises:
        KeyError: it is of no kind that can be shown.
    """
    return _MADE[piece["kind"]](piece)


_MADE: Mapping[str, Callable[[Mapping[str, Any]], Evidence]] = {
    "markdown": lambda piece: MarkdownText(piece["title"], piece["text"]),
    "table": lambda piece: Grid(piece["title"], tuple(piece["columns"]), [tuple(row) for row in piece["rows"]]),
    "json": lambda piece: JsonTree(piece["title"], piece["data"]),
    "diff": lambda piece: Diff(piece["title"], piece["text"]),
    "notebook": lambda piece: NotebookCells(
        piece["title"],
        tuple(NotebookCell(cell["kind"], cell["source"], tuple(cell["outputs"])) for cell in piece["cells"]),
    ),
}


def as_text(evidence: Evidence) -> str:
    """Evidence as text for the clipboard; a table as tab-separated lines."""
    return _TEXTS[type(evidence)](evidence)


def shown_cell(value: Cell) -> str:
    """One cell as text; nothing where there is no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def grid_text(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table as tab-separated lines; a tab or line break within a cell becomes a space."""
    lines = [columns, *([shown_cell(cell) for cell in row] for row in rows)]
    return "\n".join("\t".join(" ".join(cell.split()) for cell in each) for each in lines)


def notebook_text(notebook: NotebookCells) -> str:
    """Sources and outputs in order."""
    return "\n\n".join("\n".join([cell.source, *cell.outputs]) for cell in notebook.cells)


def _plot_text(plot: Plot) -> str:
    data = plot.data
    if isinstance(data, BarData):
        return grid_text(("label", "value"), list(zip(data.labels, data.values, strict=True)))
    if isinstance(data, HistogramData):
        return grid_text(("from", "to", "count"), list(zip(data.edges, data.edges[1:], data.counts, strict=False)))
    rows = [(each.name, x, y) for each in data.series for x, y in zip(each.x, each.y, strict=True)]
    return grid_text(("series", data.x_label or "x", data.y_label or "y"), rows)


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    MarkdownText: lambda each: each.text,
    Grid: lambda each: grid_text(each.columns, each.rows),
    JsonTree: lambda each: json.dumps(each.data, indent=2, ensure_ascii=False, default=str),
    NotebookCells: notebook_text,
    Diff: lambda each: each.text,
    Plot: _plot_text,
}
"""Kind of evidence to its text; another kind is one line here and one in ``panes.PANES``."""
