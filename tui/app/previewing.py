"""A look at what is highlighted: first its first rows, then the findings about it, which take some seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from tui.app import picking
from tui.app.plain import block, line

if TYPE_CHECKING:
    from agent.looking import Look

PAUSE = 0.12
"""Seconds without a key before a first look is taken."""
LONGER = 0.5
"""Seconds on the same file before the findings are worked out, in a process of its own."""
MOST_FINDINGS = 6
_MARKS = {"block": "!", "warn": "!", "info": "·"}


@dataclass(frozen=True)
class Preview:
    """What is known of a file so far."""

    title: str
    told: tuple[str, ...] = ()
    """Sentences, one a line; they wrap."""
    rows: str = ""
    """First rows, which do not wrap."""
    going_on: bool = False
    """Whether the findings are still being worked out."""


Previews = Callable[[str], AsyncIterator[Preview]]


async def preview(location: str) -> AsyncIterator[Preview]:
    """What a file, folder or database address holds, told as it becomes known."""
    first = await asyncio.to_thread(picking.first_look, location)
    known = Preview(first.title, first.told, first.rows, first.readable)
    yield known
    if first.readable:
        await asyncio.sleep(LONGER)
        yield await _findings(location, known)


async def _findings(location: str, known: Preview) -> Preview:
    from tui.app import databases

    # the records of a look come with pydantic: what takes long to import must not stand in the loop's way
    looking = await asyncio.to_thread(_looking)
    address, settings = databases.parted(location) if picking.is_address(location) else (location, {})
    try:
        found = await looking(address, settings)
    except Exception as error:  # what can't be read is told; the person may choose it all the same
        from agent.errors import describe

        problem = describe(error)
        return Preview(known.title, (problem.message, *((problem.hint,) if problem.hint else ())), known.rows)
    return Preview(known.title, tuple(findings_told(found)), known.rows)


def _looking() -> Callable[..., Any]:
    from agent.looking import look_off_the_loop

    return look_off_the_loop


def findings_told(found: Look) -> list[str]:
    """Size, likely target, how it was read, and the gravest findings."""
    told = [str(found.headline), *(str(note) for note in found.notes)]
    told += [f"{_MARKS[finding.level]} {finding.text}" for finding in found.findings[:MOST_FINDINGS]]
    left = len(found.findings) - MOST_FINDINGS
    return [*told, f"  and {left} more: phasegate look"] if left > 0 else told


class LookPane(VerticalScroll, can_focus=False):
    """Shows a card, or a preview that grows."""

    DEFAULT_CSS = """
    LookPane .heading { height: 1; width: 1fr; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    LookPane #told { width: 1fr; height: auto; margin: 0 0 1 0; }
    LookPane #told.-nothing { display: none; }
    LookPane #detail { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, previews: Previews, id: str | None = None) -> None:
        super().__init__(id=id)
        self._previews = previews
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Sentences, then lines that do not wrap."""
        yield Static("", id="told", classes="-nothing", markup=False)
        yield Static("", id="detail", markup=False)

    def card(self, shown: Content) -> None:
        """Show something that is known; a look under way is given up."""
        self.cancel()
        self._draw(Content(""), shown)
        self.scroll_home(animate=False)

    def cancel(self) -> None:
        """Give up a look under way."""
        if self._timer is not None:
            self._timer.stop()
        self.workers.cancel_group(self, "look")

    def look_soon(self, text: str, about: str = "") -> None:
        """Look at a location when no further key follows; the look under way is given up.

        Args:
            text: the location, as it was typed.
            about: what is said of it beforehand.
        """
        self.cancel()
        self._timer = self.set_timer(PAUSE, lambda: self._look(text, about))

    @work(exclusive=True, group="look")
    async def _look(self, text: str, about: str) -> None:
        location = picking.located(text)
        known = picking.is_address(location) or (text != "" and await asyncio.to_thread(Path(location).exists))
        self._draw(Content(""), Content.styled("reading …", "dim") if known else Content(""))
        self.scroll_home(animate=False)
        if not known:
            return
        try:
            async for shown in self._previews(location):
                self._show(shown, about)
        except Exception as error:  # a preview that fails must not keep anybody from choosing the file
            self._draw(Content(f"No preview: {line(str(error))}"), Content(""))

    def _show(self, shown: Preview, about: str) -> None:
        parts = [Content.styled(line(text), "bold") for text in (about, shown.title) if text]
        parts += [Content(line(text)) for text in shown.told]
        parts += [Content.styled("looking for findings …", "dim")] if shown.going_on else []
        self._draw(Content("\n").join(parts), Content(block(shown.rows)))

    def _draw(self, told: Content, detail: Content) -> None:
        sentences = self.query_one("#told", Static)
        sentences.update(told)
        sentences.set_class(not told.plain, "-nothing")
        self.query_one("#detail", Static).update(detail)
