"""Texts that would act if they were taken for markup or terminal sequences, and an app in which nothing escapes."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.events import Click, MouseDown, MouseUp
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.widgets import Footer

import tui.app
from tests.tui.app.bench import picture
from tui.app.app import PhasegateApp

SEQUENCES = (
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]52;c;cHduZWQ=\x07", "\x1b]8;;https://example.org\x1b\\", "\x9b31m",
    "\x9d0;title\x9c", "\x00", "\x1bc", "\x08\x7f", "\u202eesrever\u2066", "\x1b[999;999H", "\x1bP+q\x1b\\",
)  # fmt: skip
LINKS = (
    "[link=https://example.org]x[/link]",
    "[link='file:///etc/passwd']x[/]",
    "[@click=app.open_url('file:///')]x[/]",
)


def every_action() -> list[str]:
    """Each action that Textual or a screen of ours knows, as an action link writes it."""
    for module in pkgutil.iter_modules(tui.app.__path__):
        importlib.import_module(f"tui.app.{module.name}")
    found: set[str] = set()
    kinds: list[type[Any]] = [App, *_below(App), *_below(DOMNode)]
    for kind in kinds:
        place = "app" if issubclass(kind, App) else "screen" if issubclass(kind, Screen) else "focused"
        for name, held in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("action_"):
                needs = [each for each in list(inspect.signature(held).parameters.values())[1:]
                         if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]  # fmt: skip
                found.add(
                    f"{place}.{name.removeprefix('action_')}" + (f"({', '.join(['1'] * len(needs))})" if needs else "")
                )
        bindings: Iterable[Any] = kind.__dict__.get("BINDINGS", ())
        for binding in bindings:
            action: str = binding.action if isinstance(binding, Binding) else binding[1]
            for each in action.split(","):
                found.add(each.strip() if "." in each.partition("(")[0] else f"{place}.{each.strip()}")
    return sorted(found)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


ACTIONS = every_action()
OWN = {"select_cursor"}
"""What Textual's own widgets do by an action at a click: a tree selects the clicked branch."""
_NEXT = cycle([f"[@click={action}]x[/]" for action in ACTIONS])
_LINK = cycle(LINKS)
_SEQUENCE = cycle(SEQUENCES)


def hostile(name: str = "") -> str:
    """A text with the next of all action links, a link and a terminal sequence in it."""
    return f"{next(_NEXT)}{next(_SEQUENCE)}{name}{next(_LINK)}"


class Trap(PhasegateApp):
    """Shows one screen, writes as to a real terminal, and notes whatever a click sets going."""

    def __init__(self, make: Callable[[], Screen[Any]]) -> None:
        super().__init__(Path("nowhere"))
        self._make = make
        self.clicking = False
        self.caught: list[str] = []
        self.results: list[Any] = []
        """What the screen would have been left with."""
        self.written: list[str] = []
        self.watched: Screen[Any]

    @property
    def is_headless(self) -> bool:
        """Whether nothing is to be written: it is, and caught."""
        return False

    def _begin(self) -> None:  # type: ignore[override]
        assert self._driver is not None
        self._driver.write = self.written.append  # type: ignore[assignment, method-assign]
        self.watched = self._make()
        self.watched.dismiss = self.results.append  # type: ignore[assignment, method-assign]
        self.push_screen(self.watched)

    async def run_action(self, action: Any, *arguments: Any, **named: Any) -> bool:
        if self.clicking and action not in OWN:
            self.caught.append(f"action {action}")
            return True
        return await super().run_action(action, *arguments, **named)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.caught.append(f"url {url}")

    def exit(self, *arguments: Any, **named: Any) -> None:
        self.caught.append("exit")

    def bell(self) -> None:
        self.caught.append("bell")

    @property
    def bytes(self) -> str:
        """All that went to the terminal."""
        return "".join(self.written)


def cells(app: App[Any], every: int) -> Iterator[tuple[int, int]]:
    """Cells with text that the program did not write itself: all but those of the key line and of scroll bars."""
    for y, row in enumerate(picture(app).split("\n")):
        for x, char in enumerate(row):
            if char != " " and (x + y) % every == 0 and x < app.size.width and y < app.size.height:
                yield x, y


async def click_through(
    app: Trap,
    pilot: Pilot[Any],
    every: int,
    unchanged: Callable[[], object],
    meant: tuple[type[Screen[Any]], ...] = (),
) -> int:
    """Click cells and hold the state, after each row, against what it was; how many were clicked.

    Screens that a click is meant to open are closed again.
    """
    before, screen, count = repr(unchanged()), app.screen, 0
    for y in range(app.size.height):
        clicked = 0
        for x, _ in [place for place in cells(app, every) if place[1] == y]:
            widget, _ = screen.get_widget_at(x, y)
            if not any(isinstance(each, Footer | ScrollBar) for each in widget.ancestors_with_self):
                style = screen.get_style_at(x, y)
                assert "@click" not in style.meta, (x, y, style.meta)
                assert not style.link, (x, y, style.link)
                await _click(app, x, y)
                clicked += 1
        app.clicking = bool(clicked)
        await pilot.pause()
        app.clicking = False
        assert app.caught == [], (y, app.caught)
        while isinstance(app.screen, meant) and app.screen is not screen:
            app.pop_screen()
            await pilot.pause()
        assert app.screen is screen, (y, app.screen)
        assert repr(unchanged()) == before, (y, unchanged())
        count += clicked
    return count


async def _click(app: Trap, x: int, y: int) -> None:
    """What a driver sends for a click; the pilot's own would wait for an idle machine after each event."""
    app.clicking = True
    app.mouse_position = Offset(x, y)
    for kind in (MouseDown, MouseUp, Click):
        app.screen._forward_event(kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))
        await asyncio.sleep(0)


def played(make: Callable[[], Screen[Any]], scene: Callable[[Trap, Pilot[Any]], Any]) -> Trap:
    """Play a scene at 80x24."""
    app = Trap(make)

    async def play() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await scene(app, pilot)
            app._exit_renderables.clear()

    asyncio.run(play())
    return app
