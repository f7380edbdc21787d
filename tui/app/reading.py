"""What can be read of a run: deliverables, records, notebook, differences, the dossier; each opens in the viewer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from textual.screen import Screen

from agent.errors import describe
from tui.app.evidence import Evidence, evidence_of
from tui.app.viewer import EvidenceScreen

T = TypeVar("T")


class Reader:
    """Reads the run that a screen shows, off the screen's loop."""

    def __init__(
        self,
        screen: Screen[Any],
        where: Callable[[], tuple[Path, str | None]],
        pin: Callable[[Evidence], Coroutine[Any, Any, None]],
    ) -> None:
        """Read for a screen.

        Args:
            screen: over which the viewer opens.
            where: tells the workspace's folder and the run.
            pin: keeps evidence in view on that screen.
        """
        self._screen = screen
        self._where = where
        self._pin = pin

    def open(self, name: str) -> None:
        """Show a deliverable by its stem, or a record: metrics, findings, manifest."""
        self._later(self._piece("piece", name))

    def differences(self, what: str) -> None:
        """Show what differs from another run, or in a document from what it said before."""
        self._later(self._piece("difference", what))

    def dossier(self) -> None:
        """Open the dossier in a browser."""
        from agent.showing import open_dossier

        self._later(self.look(open_dossier, *self._where(), browser=True))

    async def look(self, look: Callable[..., T], *arguments: Any, **named: Any) -> T | None:
        """What a slow look gives, or nothing and a notice of what stands against it."""
        try:
            return await asyncio.to_thread(look, *arguments, **named)
        except Exception as error:
            self._screen.notify(str(describe(error)), severity="warning", markup=False)
            return None

    def _later(self, work: Any) -> None:
        self._screen.run_worker(work, group="reading", exclusive=True)

    async def _piece(self, kind: str, name: str) -> None:
        from agent import pieces

        found = await self.look(getattr(pieces, kind), *self._where(), name)
        if found is not None:
            page = found["page"]
            opening = (lambda: self._page(Path(page))) if page else None
            evidence = evidence_of(found)
            beside = self._screen.app.screen is self._screen
            pin = (lambda: self._screen.run_worker(self._pin(evidence))) if beside else None
            self._screen.app.push_screen(EvidenceScreen(evidence, open_page=opening, pin=pin))

    def _page(self, page: Path) -> None:
        self._screen.app.open_url(page.resolve().as_uri())
