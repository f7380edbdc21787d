"""The link between screens and session: who asks may go before the answer is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.errors import AgentError
from tui.app.bridge import Bridge


class Busy(Bridge):
    """A bridge whose session gets round to nothing until it is told to."""

    def __init__(self, session: Any) -> None:
        super().__init__(lambda _: None)
        self.waiting: list[Callable[[], None]] = []
        self._loop = cast(Any, SimpleNamespace(call_soon_threadsafe=self.waiting.append))
        self._session = session

    @property
    def running(self) -> bool:
        return True

    async def asked(self, look: Callable[[Any], Any]) -> asyncio.Future[Any]:
        """A look that waits for the session."""
        before = len(self.waiting)
        asked = asyncio.ensure_future(self.read(look))
        while len(self.waiting) == before:
            await asyncio.sleep(0)
        return asked

    def work(self) -> None:
        """Get round to all that waits."""
        while self.waiting:
            self.waiting.pop(0)()


def test_a_look_that_nobody_waits_for_any_more_is_not_taken_and_harms_nothing() -> None:
    looked: list[Any] = []

    async def scene() -> None:
        bridge = Busy("the session")
        gone = await bridge.asked(looked.append)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        stays = await bridge.asked(str.upper)
        bridge.work()
        assert await stays == "THE SESSION"

    asyncio.run(scene())
    assert looked == []


def test_what_a_look_stumbles_over_reaches_who_asked() -> None:
    async def scene() -> None:
        bridge = Busy("the session")
        asked = await bridge.asked(lambda known: {"a": known}["nothing here"])
        bridge.work()
        with pytest.raises(KeyError, match="nothing here"):
            await asked

    asyncio.run(scene())


def test_before_a_run_is_open_a_look_says_so() -> None:
    bridge = Bridge(lambda _: None)
    with pytest.raises(AgentError, match="No run is open"):
        asyncio.run(bridge.read(lambda session: Path(session)))
