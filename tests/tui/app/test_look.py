"""What every screen has in common: lines that stay readable when chosen, boxes that say their state, keys in order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.app.bench import THEMES, picture, until
from tests.tui.app.scripted import STARTED, Stage, asked, question
from tui.app.app import PhasegateApp
from tui.app.keyhelp import keys_of
from tui.app.question import Ticks

READABLE = 3.0
"""Contrast that bold text needs (WCAG 2.2, criterion 1.4.3)."""


def at_a_question(kind: str, look: Any, theme: str = "textual-dark", **more: Any) -> None:
    async def run() -> None:
        stage = Stage([[STARTED, asked(question(kind=kind, **more))]])
        async with stage.run_test(size=(120, 36)) as pilot:
            stage.theme = theme
            await until(pilot, lambda: bool(stage.run_screen.query("#answer")))
            await until(pilot, lambda: "no, drop it" in picture(stage))
            await look(stage, pilot)

    asyncio.run(run())


def row(stage: Stage, words: str) -> Iterator[tuple[str, float]]:
    """The pieces of the line that holds some words, each with its contrast."""
    for strip in stage.screen._compositor.render_strips():
        if words in strip.text:
            for piece in strip:
                style = piece.style
                if piece.text.strip(" │") and style is not None and style.color and style.bgcolor:
                    ink, ground = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                    yield piece.text, contrast(ink, ground)


def contrast(one: Color, other: Color) -> float:
    """Of two colours, as WCAG 2.2 defines it from relative luminance."""
    dark, light = sorted(luminance(each) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(of: Color) -> float:
    parts = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in of.normalized]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


@pytest.mark.parametrize("theme", THEMES)
def test_the_words_of_a_chosen_answer_are_readable(theme: str) -> None:
    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        found = dict(row(stage, "no, drop it"))
        assert any("recommended" in text for text in found) and any("known only" in text for text in found)
        assert {text: ratio for text, ratio in found.items() if ratio < READABLE} == {}

    at_a_question("choice", look, theme)


def test_a_box_says_in_a_letter_whether_it_is_ticked() -> None:
    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        assert "[x] no, drop it" in picture(stage) and "[ ] yes, keep it" in picture(stage)
        await pilot.press("space")
        await until(pilot, lambda: "[ ] no, drop it" in picture(stage))

    at_a_question("several", look, recommended=["drop"])


def test_what_is_too_long_for_its_field_shows_its_end_and_no_scrollbar_over_it() -> None:
    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.run_screen.begin_command("")
        await pilot.press(*"a question that goes on and on, and on and on, and on and on to its end")
        await until(pilot, lambda: "on and on to its end" in picture(stage))

    at_a_question("choice", look)


def test_a_click_on_a_box_ticks_it() -> None:
    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        ticks = stage.run_screen.query_one(Ticks)
        await pilot.click(ticks, offset=(1, 1))
        await until(pilot, lambda: "[x] yes, keep it" in picture(stage))

    at_a_question("several", look, recommended=["drop"])


def test_the_keys_of_the_product_are_told_before_those_of_every_list() -> None:
    async def look(stage: Stage, pilot: Pilot[Any]) -> None:
        told = [words for _, words in keys_of(stage.screen)]
        assert told.index("why") < told.index("answers") < told.index("page up")
        assert [words for words in told if words[:1].isupper()] == []

    at_a_question("choice", look)


def test_quitting_from_the_palette_asks_as_the_key_does() -> None:
    app = PhasegateApp(Path("nowhere"))
    offered = {command.title: command.callback for command in app.get_system_commands(Screen())}
    assert set(offered) == {"Theme", "Screenshot", "Quit"}
    assert offered["Quit"] == app.action_leave
