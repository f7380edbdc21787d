"""Long lines go on under their own beginning."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from tests.tui.app.bench import picture
from tui.app.hanging import Hanging

TEXT = """\
A sentence that stands at the edge goes on there.
· a finding that is longer than the line is wide
2.4  ensembles: the single model stays, since none won
     documents: four of them with all their figures
· 漢字漢字漢字漢字 漢字漢字漢字 end"""


class Shows(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown = Hanging(Content(text))

    def compose(self) -> ComposeResult:
        yield self.shown


def lines(text: str, width: int) -> list[str]:
    async def play() -> list[str]:
        app = Shows(text)
        async with app.run_test(size=(width, 100)) as pilot:
            await pilot.pause()
            return [row.rstrip() for row in picture(app).split("\n")[: app.shown.size.height]]

    return asyncio.run(play())


def test_what_wraps_goes_on_under_the_text_and_not_under_its_dot_or_number() -> None:
    assert lines(TEXT, 30) == [
        "A sentence that stands at the",
        "edge goes on there.",
        "· a finding that is longer",
        "  than the line is wide",
        "2.4  ensembles: the single",
        "     model stays, since none",
        "     won",
        "     documents: four of them",
        "     with all their figures",
        "· 漢字漢字漢字漢字",
        "  漢字漢字漢字 end",
    ]


@pytest.mark.parametrize("width", [8, 14, 200])
def test_no_word_is_lost_at_any_width(width: int) -> None:
    assert "".join("".join(lines(TEXT, width)).split()) == "".join(TEXT.split())
