"""The link between screens and session, with real sessions of the toy in its thread; who asks may go early."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.answers import GateAnswer
from agent.errors import AgentError
from agent.gates import GateRequest
from tests.agent.conftest import papers, toy_worker
from tests.agent.driving import APPROVE, TABLE, answers, entries, newest, walk
from tests.agent.papers import papered
from tui.app.bridge import Bridge, Ended, Leaving, Opening, Told

__all__ = ["papers", "toy_worker"]


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


class Listens:
    """A bridge with a real session; what it tells comes in order."""

    def __init__(self) -> None:
        self._told: queue.Queue[Told | Ended] = queue.Queue()
        self.bridge = Bridge(self._told.put)

    def until_it_waits(self) -> list[Told]:
        """What it tells until it waits for a person; it must not end before."""
        heard: list[Told] = []
        while not heard or heard[-1].pending is None:
            told = self._told.get(timeout=60)
            assert isinstance(told, Told), told.problem
            heard.append(told)
        return heard

    def __enter__(self) -> Listens:
        return self

    def __exit__(self, *_: object) -> None:
        self.bridge.close()


@pytest.fixture
def original(papers: Path) -> Iterator[Path]:
    """A workspace with a finished run."""
    walk(papers, answers({"toy.weight": 2}, dict.fromkeys(GATES, APPROVE)), table=TABLE, steps=papered())
    yield papers


GATES = ("preparation", "experimentation", "validation")


@pytest.mark.integration
def test_a_fork_is_made_and_opened_at_its_gate_with_nothing_asked_again(original: Path) -> None:
    before = newest(original).id
    with Listens() as listens:
        listens.bridge.open(Opening(original, run=before, fork=Leaving("experimentation", {"toy.weight": 1})))
        heard = listens.until_it_waits()
        waits = heard[-1].pending
        assert isinstance(waits, GateRequest)
        assert waits.gate == "experimentation"
    run = newest(original)
    assert run.id != before
    assert heard[-1].event.run == run.id
    answered = {entry.data["id"]: entry.data for entry in entries(original) if entry.type == "question_answered"}
    changed = answered["toy.weight"]
    assert (changed["value"], changed["source"]) == (1, "person")


@pytest.mark.integration
def test_what_a_run_was_given_with_a_file_is_not_asked_in_the_terminal(papers: Path) -> None:
    walk(papers, answers({"toy.weight": 2}), table=TABLE, steps=papered())
    with Listens() as listens:
        listens.bridge.open(Opening(papers))
        gates: list[str] = []
        asked: list[str] = []
        for _ in range(2):
            heard = listens.until_it_waits()
            asked += [told.event.data["id"] for told in heard if told.event.type == "question_asked"]
            waits = heard[-1].pending
            assert isinstance(waits, GateRequest), waits
            gates.append(waits.gate)
            approval = GateAnswer(decision="approve", by="Ada", reason="I read it.", evidence=waits.evidence)
            asyncio.run(listens.bridge.decide(waits.gate, approval))
    assert gates == ["preparation", "experimentation"]
    assert asked == ["toy.weight"]
