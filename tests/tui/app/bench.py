"""One screen in an app of its own, waits that end, and what every screen is held against."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from tui.app.look import LOOK

HOSTILE = (
    "[@click=app.quit]x[/]",
    "[@click=screen.dismiss]y[/]",
    "[bold red]loud[/]",
    "\x1b]0;pwned\x07title",
    "\x1b[31mred\x1b[0m",
    "a\u202eb\u200bc",
    "[link=file:///etc/passwd]z[/link]",
    "[/]",
    "[",
)
SIZES = [(80, 24), (120, 36), (160, 48)]
THEMES = ["textual-dark", "textual-light"]


class One(App[None]):
    """An app that shows one screen and keeps its result."""

    CSS = LOOK

    def __init__(self, make: Callable[[], Screen[Any]], theme: str = "textual-dark") -> None:
        super().__init__()
        self._make = make
        self._wanted = theme
        self.results: list[Any] = []
        self.copied: list[str] = []

    def on_mount(self) -> None:
        self.theme = self._wanted
        self.push_screen(self._make(), self.results.append)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)


async def until(pilot: Pilot[Any], holds: Callable[[], bool], tries: int = 400) -> None:
    """Let the app work until something holds."""
    for _ in range(tries):
        await pilot.pause()
        if holds():
            return
        await asyncio.to_thread(lambda: None)
        await pilot.pause(0.005)
    raise AssertionError("it never came to hold")


def played(
    make: Callable[[], Screen[Any]],
    script: Callable[[One, Pilot[Any]], Awaitable[None]],
    size: tuple[int, int] = (120, 36),
) -> One:
    """Play a script on a screen."""
    app = One(make)

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(app, pilot)

    coroutine: Coroutine[Any, Any, None] = play()
    asyncio.run(coroutine)
    return app


def picture(app: App[Any]) -> str:
    """What stands on the screen, as text."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def assert_inert(app: App[Any]) -> None:
    """No cell of the screen can be clicked into an action, and no control character reaches the terminal."""
    width, height = app.size
    for y in range(height):
        for x in range(width):
            meta = app.screen.get_style_at(x, y).meta
            assert "@click" not in meta, (x, y, meta)
            assert not app.screen.get_style_at(x, y).link
    held = {char for char in picture(app) if unicodedata.category(char) in {"Cc", "Cf"}} - {"\n"}
    assert held == set()
