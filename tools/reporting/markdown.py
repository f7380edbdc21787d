"""Documents as Markdown: the same tree, every text escaped so that nothing in data becomes markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tools.reporting import sections as tree
from tools.reporting.sections import Block, Document, Line, Piece, plain

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$@:])")


def document_text(document: Document) -> str:
    """A whole document; ends with one line feed."""
    parts = [f"# {escaped(document.title)}", text(document.lead)]
    parts += [block(one) for one in document.opening]
    for section in document.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [block(one) for one in section.blocks]
        if section.more is not None:
            parts.append(_piece(section.more))
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(value: str) -> str:
    """Text in which no character has a meaning to Markdown or HTML, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split()))


def text(line: Line) -> str:
    """A line of text; a leading sign that would begin a list, heading or quote is escaped."""
    whole = "".join(_piece(one) for one in line)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", whole))


def _piece(one: Piece) -> str:
    if isinstance(one, tree.Strong):
        return f"**{text(one.parts)}**"
    if isinstance(one, tree.Link):
        return f"[{text(one.parts)}]({one.href})"
    if isinstance(one, tree.Code):
        return _code(one.text)
    if isinstance(one, tree.Words):
        lead, body, tail = re.match(r"^(\s*)(.*?)(\s*)$", one.text, re.DOTALL).groups()  # type: ignore[union-attr]
        return (" " if lead else "") + escaped(body) + (" " if tail and body else "")
    return escaped(plain((one,)))


def _code(value: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall(r"`+", value)), default=0) + 1)
    return f"{fence} {value} {fence}" if "`" in value else f"{fence}{value}{fence}"


def block(one: Block) -> str:
    """A block of a section."""
    return BLOCKS[type(one)](one)


def _table(one: tree.Table) -> str:
    kept = [place for place, column in enumerate(one.columns) if column.kind != "plot"]
    rows = ["| " + " | ".join(escaped(one.columns[place].title) for place in kept) + " |"]
    rows.append("|" + "|".join("---:" if one.columns[place].kind == "number" else "---" for place in kept) + "|")
    for row in one.rows:
        cells = [cell for cell in (row[place] for place in kept) if not isinstance(cell, tree.Drawing)]
        rows.append("| " + " | ".join(text(cell) for cell in cells) + " |")
    return (f"{text(one.caption)}\n\n" if one.caption else "") + "\n".join(rows)


def _listing(one: tree.Listing) -> str:
    longest = max((len(run) for run in re.findall(r"`+", one.text)), default=0)
    fence = "`" * max(3, longest + 1)
    title = f"### {escaped(one.title)}\n\n" if one.title else ""
    return f"{title}{fence}text\n{one.text.rstrip()}\n{fence}"


BLOCKS: Mapping[type, Callable[[Any], str]] = {
    tree.Paragraph: lambda one: text(one.line),
    tree.Bullets: lambda one: "\n".join(f"- {text(each)}" for each in one.lines),
    tree.Note: lambda one: f"> {text(one.line)}",
    tree.Missing: lambda one: f"> **{escaped(one.what)}** {text(one.reason)}",
    tree.Definitions: lambda one: "\n".join(f"- **{text(name)}**: {text(body)}" for name, body in one.items),
    tree.Table: _table,
    tree.Plot: lambda one: f"*{text(one.caption)}* (plot: see the HTML page)",
    tree.Multiples: lambda one: "\n\n".join(block(each) for each in one.plots),
    tree.KeyFigures: lambda one: "\n".join(
        f"- **{escaped(each.value.shown)}** {text(each.label)}" + (f" ({text(each.detail)})" if each.detail else "")
        for each in one.figures
    ),
    tree.Listing: _listing,
    tree.Fold: lambda one: "\n\n".join([f"**{text(one.title)}**", *(block(each) for each in one.blocks)]),
    tree.Raster: lambda one: f"({escaped(one.text)}: see the HTML page)",
}
"""Block to renderer."""
