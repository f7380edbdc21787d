"""Documents as self-contained HTML: every text escaped, every figure wrapped with the id of its evidence."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.reporting import sections as tree
from tools.reporting.sections import Block, Cell, Document, Line, Piece, Section, plain
from tools.reporting.templates.page import PAGE
from tools.reporting.templates.style import CSS

_NUMBER = re.compile(r"^(?P<head>[^\d]*)(?P<whole>[\d,]*)(?P<part>\.\d+)?(?P<tail>.*)$", re.DOTALL)
FIGURE_SPACE, POINT_SPACE = "\u2007", "\u2008"


def page(
    document: Document,
    *,
    head: Line,
    heading: Line = (),
    foot: Sequence[Line] = (),
    kicker: Line = (),
    before: Line = (),
    after: Line = (),
) -> str:
    """A whole page: frame, contents, sections, where to go next."""
    anchors = _anchors(document.sections)
    contents = "".join(
        f'<li><a href="#{anchor}">{_escape(section.title)}</a></li>'
        for section, anchor in zip(document.sections, anchors, strict=True)
    )
    parts = [
        f'<p class="kicker">{line(kicker)}</p>' if kicker else "",
        f"<h1>{line(heading) or _escape(document.title)}</h1>",
    ]
    if document.lead:
        parts.append(f'<p class="lead">{line(document.lead)}</p>')
    parts += [block(one) for one in document.opening]
    parts += [section_html(one, anchor) for one, anchor in zip(document.sections, anchors, strict=True)]
    turn = f'<div class="turn"><span>{line(before)}</span><span>{line(after)}</span></div>' if before or after else ""
    return PAGE.format(
        title=_escape(document.title),
        css=CSS,
        head="".join(f"<span>{line((piece,))}</span>" for piece in head),
        contents=f"<ol>{contents}</ol>",
        body="\n".join(part for part in parts if part),
        foot=turn + "".join(f"<p>{line(one)}</p>" for one in foot),
    )


def section_html(section: Section, anchor: str) -> str:
    """A section with its heading and, where there is one, the way to the whole of it."""
    parts = [f'<section id="{anchor}"><h2>{_escape(section.title)}</h2>']
    parts += [block(one) for one in section.blocks]
    if section.more is not None:
        parts.append(f'<p class="more">{piece(section.more)}</p>')
    return "\n".join([*parts, "</section>"])


def line(pieces: Line) -> str:
    """A line of text."""
    return "".join(piece(one) for one in pieces)


def piece(one: Piece) -> str:
    """A piece of a line: words, figure, link, status."""
    if isinstance(one, tree.Words):
        return _escape(one.text)
    if isinstance(one, tree.Value):
        return value(one)
    if isinstance(one, tree.Strong):
        return f"<strong>{line(one.parts)}</strong>"
    if isinstance(one, tree.Link):
        return f'<a href="{_escape(one.href)}">{line(one.parts)}</a>'
    if isinstance(one, tree.Code):
        return f"<code>{_escape(one.text)}</code>"
    if isinstance(one, tree.Listed):
        return f'<span class="listed">{_escape(one.text)}</span>'
    return _status(one)


def value(one: tree.Value, shown: str | None = None) -> str:
    """A figure or text from the evidence, traceable by its id."""
    raw = raw_text(one.raw)
    text = _escape(one.shown if shown is None else shown)
    if isinstance(one.raw, str):
        return f'<span data-evidence="{_escape(one.evidence)}">{text}</span>'
    return f'<data data-evidence="{_escape(one.evidence)}" value="{_escape(raw)}">{text}</data>'


def raw_text(raw: Any) -> str:
    """The unrounded value as it stands in JSON."""
    if isinstance(raw, float) and not math.isfinite(raw):
        return "null"
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, default=str)


def _status(one: tree.Status) -> str:
    known = (
        one.value if one.value in ("pass", "warn", "fail", "insufficient", "go", "no-go", "inconclusive") else "other"
    )
    text = "insufficient evidence" if one.value == "insufficient" else one.value
    evidence = f' data-evidence="{_escape(one.evidence)}"' if one.evidence else ""
    return f'<span class="status-mark {known}"{evidence}>{_escape(text)}</span>'


def block(one: Block) -> str:
    """A block of a section."""
    return BLOCKS[type(one)](one)


def _paragraph(one: tree.Paragraph) -> str:
    return f'<p class="lead">{line(one.line)}</p>' if one.lead else f"<p>{line(one.line)}</p>"


def _bullets(one: tree.Bullets) -> str:
    return f'<ul class="lines">{"".join(f"<li>{line(each)}</li>" for each in one.lines)}</ul>'


def _note(one: tree.Note) -> str:
    return f'<div class="note {one.tone}"><p>{line(one.line)}</p></div>'


def _missing(one: tree.Missing) -> str:
    return f'<div class="missing"><p><strong>{_escape(one.what)}</strong> {line(one.reason)}</p></div>'


def _definitions(one: tree.Definitions) -> str:
    return f"<dl>{''.join(f'<dt>{line(name)}</dt><dd>{line(text)}</dd>' for name, text in one.items)}</dl>"


def _table(one: tree.Table) -> str:
    caption = f"<caption>{line(one.caption)}</caption>" if one.caption else ""
    head = "".join(f'<th class="{each.kind}" scope="col">{_escape(each.title)}</th>' for each in one.columns)
    pads = [
        _padding([row[place] for row in one.rows]) if each.kind == "number" else None
        for place, each in enumerate(one.columns)
    ]
    body = "".join(
        "<tr>"
        + "".join(_cell(cell, column, pad, place) for cell, column, pad in zip(row, one.columns, pads, strict=True))
        + "</tr>"
        for place, row in enumerate(one.rows)
    )
    prose = ' class="prose"' if sum(each.kind in ("text", "status") for each in one.columns) > 2 else ""
    return (
        f'<div class="scroll"><table{prose}>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cell(cell: Cell, column: tree.Column, pads: list[str] | None, place: int) -> str:
    if isinstance(cell, tree.Drawing):
        return f'<td class="plot">{cell.svg}</td>'
    pad = pads[place] if pads else ""
    if not cell:
        return f'<td class="{column.kind} empty"></td>'
    return f'<td class="{column.kind}" data-head="{_escape(column.title)}">{line(cell)}{pad}</td>'


def _padding(cells: Sequence[Cell]) -> list[str]:
    """Blank figures behind each number of a column, so that right-aligned numbers align on the decimal."""
    tails = []
    for cell in cells:
        match = _NUMBER.match("" if isinstance(cell, tree.Drawing) else plain(cell))
        there = match is not None and bool(match["whole"])
        tails.append((match["part"] or "", match["tail"]) if match is not None and there else None)
    if len({tail for part in tails if part is not None for tail in (part[1],)}) > 1:
        return [""] * len(cells)
    longest = max((len(tail[0]) for tail in tails if tail is not None), default=0)
    pads = []
    for tail in tails:
        lacking = 0 if tail is None else longest - len(tail[0])
        point = POINT_SPACE if tail is not None and lacking and not tail[0] else ""
        pads.append(point + FIGURE_SPACE * (lacking - len(point)))
    return pads


def _plot(one: tree.Plot) -> str:
    return f"<figure>{one.svg}<figcaption>{line(one.caption)}</figcaption></figure>"


def _multiples(one: tree.Multiples) -> str:
    caption = f"<p>{line(one.caption)}</p>" if one.caption else ""
    return f'{caption}<div class="multiples">{"".join(_plot(each) for each in one.plots)}</div>'


def _key_figures(one: tree.KeyFigures) -> str:
    cards = "".join(
        f'<div><span class="value">{value(each.value)}</span><span class="label">{line(each.label)}</span>'
        f'<span class="detail">{line(each.detail)}</span></div>'
        for each in one.figures
    )
    return f'<div class="key">{cards}</div>'


def _listing(one: tree.Listing) -> str:
    title = f"<h3>{_escape(one.title)}</h3>" if one.title else ""
    evidence = f' data-evidence="{_escape(one.evidence)}"' if one.evidence else ""
    return f"{title}<pre><code{evidence}>{_escape(one.text)}</code></pre>"


def _fold(one: tree.Fold) -> str:
    return f"<details><summary>{line(one.title)}</summary>{''.join(block(each) for each in one.blocks)}</details>"


def _raster(one: tree.Raster) -> str:
    return f'<figure><img class="raster" alt="{_escape(one.text)}" src="data:image/png;base64,{one.base64}"></figure>'


BLOCKS: Mapping[type, Callable[[Any], str]] = {
    tree.Paragraph: _paragraph,
    tree.Bullets: _bullets,
    tree.Note: _note,
    tree.Missing: _missing,
    tree.Definitions: _definitions,
    tree.Table: _table,
    tree.Plot: _plot,
    tree.Multiples: _multiples,
    tree.KeyFigures: _key_figures,
    tree.Listing: _listing,
    tree.Fold: _fold,
    tree.Raster: _raster,
}
"""Block to renderer; a new block is one line here and one in ``markdown``."""


def _anchors(sections: Sequence[Section]) -> list[str]:
    """A fragment per section, unique on its page."""
    found: list[str] = []
    for section in sections:
        anchor = section.anchor or re.sub(r"[^a-z]+", "-", section.title.lower()).strip("-") or "section"
        while anchor in found:
            anchor += "-more"
        found.append(anchor)
    return found


def _escape(text: str) -> str:
    return html.escape(text, quote=True)
