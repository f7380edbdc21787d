"""The tree that a document is: sections of blocks over lines of pieces, separate from how it is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True)
class Words:
    """Text written by us; holds no digit but in the listed terms."""

    text: str


@dataclass(frozen=True)
class Value:
    """A figure or a text from the evidence."""

    evidence: str
    raw: Any
    shown: str


@dataclass(frozen=True)
class Strong:
    """A stressed part of a line."""

    parts: tuple[Piece, ...]


@dataclass(frozen=True)
class Link:
    """A way to another document or place; ``href`` is relative or a fragment, never an outside address."""

    href: str
    parts: tuple[Piece, ...]


@dataclass(frozen=True)
class Code:
    """A command, a name of a file or a step: shown as it is typed."""

    text: str


@dataclass(frozen=True)
class Status:
    """pass, warn, fail, insufficient, or a verdict."""

    value: str
    evidence: str = ""


@dataclass(frozen=True)
class Listed:
    """One of the listed few texts of our own that hold digits: a step's number, a stem."""

    text: str


Piece: TypeAlias = "Words | Value | Strong | Link | Code | Status | Listed"
Line: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True)
class Paragraph:
    """One thought; ``lead`` is set larger."""

    line: Line
    lead: bool = False


@dataclass(frozen=True)
class Bullets:
    """Several short thoughts of one kind."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Note:
    """An aside that must not be overlooked."""

    line: Line
    tone: Literal["note", "warn"] = "note"


@dataclass(frozen=True)
class Missing:
    """A part that is not there, and why."""

    what: str
    reason: Line


@dataclass(frozen=True)
class Definitions:
    """Names and what stands behind them."""

    items: tuple[tuple[Line, Line], ...]


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers are aligned on the decimal."""

    title: str
    kind: Literal["text", "number", "status", "plot"] = "text"


@dataclass(frozen=True)
class Drawing:
    """A finished inline SVG."""

    svg: str


Cell: TypeAlias = "Line | Drawing"


@dataclass(frozen=True)
class Table:
    """Rows one can scan; the first column names the row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: Line = ()


@dataclass(frozen=True)
class Plot:
    """An inline SVG with its caption: say what it shows, then what to see."""

    svg: str
    caption: Line


@dataclass(frozen=True)
class Multiples:
    """Small plots of one kind side by side, on one scale."""

    plots: tuple[Plot, ...]
    caption: Line = ()


@dataclass(frozen=True)
class KeyFigure:
    """One of the few numbers that carry a page."""

    value: Value
    label: Line
    detail: Line = ()


@dataclass(frozen=True)
class KeyFigures:
    """The few numbers that carry a page, set large."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Listing:
    """Text to be typed or read as it is: commands, YAML, code."""

    text: str
    evidence: str = ""
    title: str = ""


@dataclass(frozen=True)
class Fold:
    """Detail that a reader opens; printed open."""

    title: Line
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Raster:
    """A PNG as base64, with a text that says what it shows."""

    base64: str
    text: str


Block: TypeAlias = (
    "Paragraph | Bullets | Note | Missing | Definitions | Table | Plot | Multiples | KeyFigures | Listing | Fold"
    " | Raster"
)


@dataclass(frozen=True)
class Section:
    """A titled part of a document."""

    title: str
    blocks: tuple[Block, ...]
    anchor: str = ""
    """Fragment to link to; made from the title where empty."""
    more: Link | None = None
    """Where the whole of it stands."""


@dataclass(frozen=True)
class Document:
    """One page: a title, a sentence that says it all, sections."""

    stem: str
    title: str
    lead: Line
    sections: tuple[Section, ...]
    opening: tuple[Block, ...] = ()
    """Stands between the lead and the first section."""


def words(text: str) -> Line:
    """A line of our own words."""
    return (Words(text=text),)


def joined(lines: Sequence[Line], between: str = ", ") -> Line:
    """Several lines as one."""
    parts: list[Piece] = []
    for place, one in enumerate(lines):
        if place:
            parts.append(Words(text=between))
        parts.extend(one)
    return tuple(parts)


def plain(line: Line) -> str:
    """A line as plain text."""
    return "".join(_plain(piece) for piece in line)


def _plain(piece: Piece) -> str:
    if isinstance(piece, Value):
        return piece.shown
    if isinstance(piece, Strong | Link):
        return plain(piece.parts)
    if isinstance(piece, Status):
        return piece.value
    return piece.text


TERMS = ("p50", "p95", "p99", "F1", "R²")
"""Standard terms that hold a digit and may stand in the words of a document or of a step's finding."""
