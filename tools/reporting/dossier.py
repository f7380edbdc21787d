"""The dossier: one page a reviewer reads top to bottom, the deliverables it opens into, and their index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

from tools.reporting import html, markdown
from tools.reporting.blocks import sentence_case
from tools.reporting.contents import DELIVERABLES, Deliverable, deliverable, phases_until
from tools.reporting.documents.registry import BUILDERS
from tools.reporting.documents.summary import heading, summary
from tools.reporting.material import Material, line
from tools.reporting.sections import Document, Line, Link, Listed, Missing, Value, Words, words

INDEX = "index.html"


def documents(m: Material, phase: str) -> dict[str, Document]:
    """A phase's deliverables by stem.

    Args:
        m: what is known up to and with the phase.
        phase: whose deliverables are made.
    """
    made = {each.stem: BUILDERS[each.stem](m) for each in DELIVERABLES if each.phase == phase}
    return {stem: replace(document, lead=sentence_case(document.lead)) for stem, document in made.items()}


def render(m: Material, phase: str, made: Mapping[str, Document] | None = None) -> dict[str, bytes]:
    """All files of a phase's documents by name, and the dossier's first page as things stand after it.

    Args:
        m: what is known up to and with the phase.
        phase: whose deliverables are rendered.
        made: these deliverables where they were made already.

    Returns:
        File name to content: each deliverable as HTML and as Markdown, and the notebook itself.
    """
    files: dict[str, bytes] = {}
    for stem, document in (made if made is not None else documents(m, phase)).items():
        files.update(_files(m, document, deliverable(stem), phase))
    files[INDEX] = index_page(m, phase).encode()
    return files


def census(made: Mapping[str, Document]) -> tuple[int, list[tuple[str, str]]]:
    """How many pieces of evidence documents show, and the parts (document, part) that are missing in them."""
    figures = 0
    missing: list[tuple[str, str]] = []
    for document in made.values():
        for one in _walk((document.sections, document.opening, document.lead)):
            if isinstance(one, Value):
                figures += 1
            elif isinstance(one, Missing):
                missing.append((document.title, one.what))
    return figures, missing


def _walk(node: object) -> Iterator[object]:
    """Everything in a tree of tuples and dataclasses."""
    if isinstance(node, tuple):
        for one in node:
            yield from _walk(one)
    elif is_dataclass(node):
        yield node
        if not isinstance(node, Value):
            for part in fields(node):
                yield from _walk(getattr(node, part.name))


def index_page(m: Material, phase: str, head: str = "") -> str:
    """The dossier's first page.

    Args:
        m: what is known.
        phase: the last phase whose documents are there.
        head: hash of the ledger's last entry, once the run has ended.
    """
    document = summary(m, phase, head)
    return html.page(document, head=_head(m), heading=heading(m), kicker=words("Dossier"), foot=(_foot(),))


def write(m: Material, phase: str, folder: Path) -> list[str]:
    """Write a phase's documents into a folder; returns their names in order."""
    files = render(m, phase)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sorted(files)


def _files(m: Material, document: Document, each: Deliverable, phase: str) -> dict[str, bytes]:
    files = {
        each.page: _page(m, document, each, phase).encode(),
        f"{each.stem}.md": markdown.document_text(document).encode(),
    }
    if each.main != each.page and "notebook.ipynb" in m.files:
        files[each.main] = m.files["notebook.ipynb"].read_bytes()
    return files


def _page(m: Material, document: Document, each: Deliverable, phase: str) -> str:
    there = [other for other in DELIVERABLES if other.phase in phases_until(phase)]
    place = there.index(each)
    before = _turn("← ", there[place - 1]) if place else ()
    after = _turn("", there[place + 1], " →") if place + 1 < len(there) else ()
    kicker: Line = (Link(INDEX, (Words("Dossier"),)), Words(" · "), Listed(each.stem[:2]))
    return html.page(document, head=_head(m), kicker=kicker, foot=(_foot(),), before=before, after=after)


def _turn(arrow: str, other: Deliverable, end: str = "") -> Line:
    return (Link(other.page, (Words(arrow), Listed(other.stem[:2]), Words(f" {other.title}{end}"))),)


def _head(m: Material) -> Line:
    run = m.node("record.json")["run"]
    left = line("{source}", source=run["source"])
    right = line("run {id} · seed {seed}", id=run["id"], seed=run["seed"])
    return (Link(INDEX, left), Link(INDEX, right))


def _foot() -> Line:
    return words(
        "Made by Phasegate from the run's evidence. Every figure carries the id of the evidence behind it in its "
        "markup."
    )
