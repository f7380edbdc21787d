"""What a reply is made of: texts, tables, bars, curves, and what it asks a face to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tools.wording import inert, show

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~!&$@:]|\.(?=[^\W\d])|(?<=[^\W\d])\.(?=\w)")
"""Signs of Markdown and HTML, and the dot of a bare address, which many readers would make a link of."""


@dataclass(frozen=True)
class Text:
    """Markdown; every text from data in it is escaped."""

    markdown: str


@dataclass(frozen=True)
class Grid:
    """A table of plain, inert texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Bars:
    """A bar a row; labels and texts are plain and inert."""

    title: str
    rows: tuple[tuple[str, float, str], ...]
    """(label, value, value as text)."""


@dataclass(frozen=True)
class Curve:
    """A line; ``marks`` are places on the x axis with their label."""

    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    marks: tuple[tuple[str, float], ...] = ()


Part: TypeAlias = Text | Grid | Bars | Curve


@dataclass(frozen=True)
class Undo:
    """Take the answer to a question back."""

    question: str


@dataclass(frozen=True)
class Fork:
    """Begin a run that leaves this one at a gate."""

    gate: str


@dataclass(frozen=True)
class Set:
    """Give a question another value: an answer where it is open, else part of a revision or a fork."""

    question: str
    value: Any
    needs_reason: bool = False


@dataclass(frozen=True)
class OpenGate:
    """Show the screen of the open gate. Deciding happens there."""

    gate: str


@dataclass(frozen=True)
class ExportTranscript:
    """Write the transcript; without a file the face chooses the name."""

    file: str | None


Action: TypeAlias = Undo | Fork | Set | OpenGate | ExportTranscript


@dataclass(frozen=True)
class Reply:
    """An answer to an intent; ``action`` is a wish that the face may carry out, nothing has been done."""

    parts: tuple[Part, ...]
    action: Action | None = None

    @property
    def text(self) -> str:
        """The texts, as one Markdown document."""
        return "\n\n".join(part.markdown for part in self.parts if isinstance(part, Text))


def said(*lines: str, action: Action | None = None) -> Reply:
    """A reply of texts only, a paragraph each."""
    return Reply(tuple(Text(line) for line in lines if line), action)


def marked(text: str, limit: int = 2000) -> str:
    """A text as Markdown in which nothing is markup or becomes a link, on one line."""
    plain = _SPECIAL.sub(lambda match: "\\" + match[0], " ".join(inert(text, limit).split()))
    return re.sub(r"^(\d+)([.)] )", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", plain))


def interval(held: Mapping[str, Any] | None, style: str = "num") -> str:
    """A value with its limits, such as ``0.797 (0.757 to 0.831)``."""
    if not held or held.get("value") is None:
        return "unknown"
    value = show(held["value"], style)
    if held.get("lower") is None or held.get("upper") is None:
        return value
    return f"{value} ({show(held['lower'], style)} to {show(held['upper'], style)})"
