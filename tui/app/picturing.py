"""The pictures under the steps' findings: read where the session lives, one after the other, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.bridge import Bridge
from tui.app.transcript import Entry, Transcript

if TYPE_CHECKING:
    from agent.conversation.parts import Part
    from agent.session import Session


async def parts_of(bridge: Bridge, step: str) -> tuple[Part, ...]:
    """The picture of a finished step, read off the screen's loop; nothing where it can't be read."""

    def look(session: Session) -> tuple[Part, ...]:
        from agent.conversation.pictures import picture

        return picture(session.position, step)

    try:
        return await bridge.read(look)
    except Exception:  # a picture is an extra: without it the finding still stands
        return ()


class Pictures:
    """Draws the foremost part of each step's picture under its card; a run of many steps opens at once all the same."""

    def __init__(self, bridge: Bridge, transcript: Transcript) -> None:
        self._bridge = bridge
        self._transcript = transcript
        self._cards: dict[str, Entry] = {}
        """Step to its latest card: an earlier one is of a result that is no more."""
        self._open: list[str] = []
        self._at_work = False

    def want(self, step: str, card: Entry, *, cached: bool = False) -> None:
        """Have the picture of a step put under its card; one that is as before is not drawn again."""
        if cached and step in self._cards:
            return
        self._cards[step] = card
        self._open = [each for each in self._open if each != step] + [step]
        if not self._at_work:
            self._at_work = True
            self._transcript.run_worker(self._draw(), group="pictures")

    async def _draw(self) -> None:
        try:
            while self._open:
                step = self._open.pop()
                parts = await parts_of(self._bridge, step)
                if parts:
                    self._transcript.picture(self._cards[step], parts[0])
        finally:
            self._at_work = False
