"""Looking back: the list of answers, a fork, the search in the conversation, the palette, differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList, Static

from agent.conversation.gate_view import Change
from agent.decisions import Decision
from agent.errors import UsageError
from tests.tui.app.bench import picture
from tests.tui.app.scripted import STARTED, Line, Stage, asked, finished, question, told, until
from tests.tui.app.test_run_screen import play, words
from tui.app.answers import AnswersScreen
from tui.app.bridge import Ended, Leaving
from tui.app.conversing import SayInput
from tui.app.finding import TranscriptFind
from tui.app.forking import ForkForm
from tui.app.revising import Revision
from tui.app.viewer import EvidenceScreen

STOPPED: list[Line] = [Ended()]
OPEN: list[Line] = [STARTED, asked(question("split.kind"))]


def decision(name: str, value: Any, **more: Any) -> Decision:
    return Decision(id=name, value=value, **{"source": "person", **more})


async def listed(stage: Stage, pilot: Pilot[Any]) -> AnswersScreen:
    await until(pilot, lambda: bool(stage.run_screen.query("#answer")))
    stage.bridge.decisions = {
        "split.test_size": decision("split.test_size", 0.25, recommended=0.2, why="A fifth is usual."),
        "cleaning.missing.age": decision("cleaning.missing.age", "median", source="recommended", why="It is skewed."),
    }
    await pilot.press("l")
    await until(pilot, lambda: isinstance(stage.screen, AnswersScreen) and bool(stage.screen.query("#answers")))
    assert isinstance(stage.screen, AnswersScreen)
    return stage.screen


def test_the_answers_stand_in_one_list_with_what_was_advised_otherwise_and_why() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        screen = await listed(stage, pilot)
        table = screen.query_one(DataTable)
        assert [str(cell) for cell in table.get_row_at(0)[1:]] == ["split.test_size", "0.25", "you", "0.2"]
        assert "A fifth is usual." in str(screen.query_one("#told", Static).visual)
        await pilot.press("down")
        await until(pilot, lambda: "It is skewed." in str(screen.query_one("#told", Static).visual))

    play([OPEN], scene)


def test_one_of_the_answers_is_asked_again_by_enter() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await listed(stage, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(stage.bridge.openings) == 2)

    stage = play([OPEN, STOPPED, OPEN], scene)
    assert stage.bridge.openings[-1].again == "cleaning.missing.age"


def test_an_answer_behind_a_decided_gate_is_not_asked_again_and_a_fork_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told_of: list[str] = []

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.bridge.gates = {"preparation"}
        await listed(stage, pilot)
        monkeypatch.setattr(AnswersScreen, "notify", lambda self, message, **_: told_of.append(message))
        await pilot.press("enter")
        await until(pilot, lambda: bool(told_of))
        assert isinstance(stage.screen, AnswersScreen)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(stage.screen, AnswersScreen))

    stage = play([OPEN], scene)
    assert "/fork preparation" in told_of[0]
    assert len(stage.bridge.openings) == 1


async def typed(stage: Stage, pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: bool(stage.run_screen.query("#answer")))
    stage.run_screen.query_one(SayInput).focus()
    await pilot.press(*text, "enter")


def test_a_fork_asks_what_should_be_different_and_opens_the_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(_: Any, name: str, value: Any) -> Change:
        return Change(name, value, str(value), "0.25", False)

    monkeypatch.setattr("tui.app.revising.change", change)

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.bridge.gates = {"preparation"}
        stage.bridge.decisions = {"split.test_size": decision("split.test_size", 0.25)}
        await typed(stage, pilot, "/fork preparation")
        await until(pilot, lambda: isinstance(stage.screen, ForkForm) and stage.focused is not None)
        await pilot.press(*"split.test_size=0.3", "enter")
        await until(pilot, lambda: bool(stage.screen.query_one(Revision).gathered))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(stage.bridge.openings) == 2)

    stage = play([OPEN, STOPPED, OPEN], scene)
    assert stage.bridge.openings[-1].fork == Leaving("preparation", {"split.test_size": 0.3})
    assert stage.bridge.openings[-1].run == "0001-heron"


def test_a_fork_that_was_thought_better_of_changes_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.bridge.gates = {"preparation"}
        await typed(stage, pilot, "/fork preparation")
        await until(pilot, lambda: isinstance(stage.screen, ForkForm))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(stage.screen, ForkForm))

    stage = play([OPEN], scene)
    assert len(stage.bridge.openings) == 1


def test_a_text_of_the_conversation_is_found_from_the_newest_entry_back() -> None:
    script: list[Line] = [
        STARTED,
        finished("preparation.split", "the first RIVER"),
        finished("preparation.cleaning", "a mountain"),
        finished("preparation.features", "the second river"),
        asked(question()),
    ]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "second river" in words(stage))
        await pilot.press("ctrl+f")
        find = stage.run_screen.query_one(TranscriptFind)
        await until(pilot, lambda: find.has_focus)
        await pilot.press(*"river", "enter")
        hit = stage.run_screen.query_one(".hit")
        assert "second river" in hit.words  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert "first RIVER" in stage.run_screen.query_one(".hit").words  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert not stage.run_screen.query(".hit")
        assert not find.has_focus

    play([script], scene)


def test_the_palette_holds_the_commands_and_puts_one_into_the_input_line() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(stage.run_screen.query("#answer")))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(stage.screen, CommandPalette))
        await pilot.press(*"/profile")
        await until(pilot, lambda: any(found.option_count for found in stage.screen.query(OptionList)))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(stage.screen, CommandPalette) or bool(stage.screen.focused))
        if isinstance(stage.screen, CommandPalette):
            await pilot.press("enter")
        await until(pilot, lambda: stage.run_screen.query_one(SayInput).value == "/profile ")

    play([OPEN], scene)


def test_differences_open_in_the_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[tuple[Path, str | None, str]] = []

    def difference(root: Path, run: str | None, what: str) -> dict[str, Any]:
        asked_for.append((root, run, what))
        return {"kind": "diff", "title": "two runs", "text": "-one\n+other", "page": None}

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await typed(stage, pilot, "/diff 0001-heron")
        await until(pilot, lambda: isinstance(stage.screen, EvidenceScreen))

    monkeypatch.setattr("agent.pieces.difference", difference)
    play([OPEN], scene)
    assert asked_for == [(Path("phasegate"), "0001-heron", "0001-heron")]


def test_what_is_read_is_kept_beside_the_conversation_until_the_pane_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def piece(root: Path, run: str | None, what: str) -> dict[str, Any]:
        return {"kind": "markdown", "title": "Model card", "page": None, "text": "# Intended use"}

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await typed(stage, pilot, "/show model card")
        await until(pilot, lambda: isinstance(stage.screen, EvidenceScreen))
        await pilot.press("p")
        await until(pilot, lambda: "Intended use" in picture(stage))
        assert stage.screen is stage.run_screen
        assert "Model card" in picture(stage)
        stage.run_screen.query_one("#answer").focus()
        await pilot.press("p", "p")
        await until(pilot, lambda: "known only after the" in picture(stage))
        assert "Intended use" not in picture(stage)

    monkeypatch.setattr("agent.pieces.piece", piece)
    play([OPEN], scene, size=(140, 36))


def test_what_cannot_be_shown_is_said_and_the_conversation_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def piece(root: Path, run: str | None, what: str) -> dict[str, Any]:
        raise UsageError("It is not made yet.")

    heard: list[str] = []

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        monkeypatch.setattr(stage.run_screen, "notify", lambda message, **_: heard.append(message))
        await typed(stage, pilot, "/show model card")
        await until(pilot, lambda: bool(heard))

    monkeypatch.setattr("agent.pieces.piece", piece)
    play([OPEN], scene)
    assert heard == ["It is not made yet."]


def test_the_line_at_the_top_names_what_the_search_may_use() -> None:
    answered = told("question_answered", id="search.trials", value=60, source="person", reason=None, prompt="", by=None)

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        spent = stage.run_screen.query_one("#spent", Static)
        await until(pilot, lambda: "60 trials" in str(spent.visual))
        assert "expert advisor, no spend" in str(spent.visual)
        assert "loans · 0001-heron · seed 0" in str(stage.run_screen.query_one("#title", Static).visual)

    play([[STARTED, answered]], scene)
