"""Reads a rendered page back: what stands where, and which figures carry no evidence."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tools.reporting.sections import TERMS

EXEMPT_TAGS = {"style", "code", "pre", "script"}
EXEMPT_CLASSES = {"listed", "tick"}
ADDRESS = re.compile(r"""(?:src|href|url|action|data|poster)\s*[=(]\s*["']?\s*(?:[a-z]+:)?//""", re.IGNORECASE)
VOID = {"meta", "link", "br", "img", "line", "rect", "circle", "path", "hr", "input"}


class Page(HTMLParser):
    """A page as a list of evidence and of text that stands outside it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.evidence: list[tuple[str, str | None, str]] = []
        """(id, raw value or None, shown text) of each element that carries evidence."""
        self.bare: list[str] = []
        """Text outside evidence, code and the listed classes."""
        self.tags: set[str] = set()
        self.links: list[str] = []
        self._open: list[tuple[str, bool, int | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag == "a":
            self.links.append(given.get("href") or "")
        place: int | None = None
        if "data-evidence" in given and tag != "svg":
            self.evidence.append((given["data-evidence"] or "", given.get("value"), ""))
            place = len(self.evidence) - 1
        if tag in VOID:
            return
        classes = set((given.get("class") or "").split())
        free = tag in EXEMPT_TAGS or bool(classes & EXEMPT_CLASSES) or place is not None
        self._open.append((tag, free, place))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if not any(free for _, free, _ in self._open):
            self.bare.append(data)
        for _, _, place in self._open:
            if place is not None:
                identity, raw, shown = self.evidence[place]
                self.evidence[place] = (identity, raw, shown + data)

    @property
    def digits(self) -> list[str]:
        """Pieces of bare text that hold a digit."""
        terms = re.compile(rf"\b(?:{'|'.join(TERMS)})\b")
        return [piece.strip() for piece in self.bare if re.search(r"\d", terms.sub("", piece))]
