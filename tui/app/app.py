"""The application: which screen comes first, and how it is left.

The first picture needs nothing but Textual; what takes longer to import comes after it and in a thread.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import Static

from tui.app.harmless import Harmless
from tui.app.look import LOOK
from tui.app.plain import line

if TYPE_CHECKING:
    from tui.app.choosing import HomeChoice
    from tui.app.run import RunScreen


class PhasegateApp(App[None]):
    """Phasegate in the whole terminal."""

    TITLE = "Phasegate"
    CSS = (
        LOOK
        + """
    #opening { height: 1; margin: 1 2 0 2; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "quit", priority=True),
    ]

    def __init__(self, workspace: Path, data: str | None = None, run: str | None = None, *, home: bool = False) -> None:
        """Make the application.

        Args:
            workspace: the project's folder.
            data: a table to begin a run on.
            run: the run to go on with; the latest without it.
            home: begin at home, where all this is chosen.
        """
        super().__init__()
        self._harmless = Harmless()
        self._home = home
        self._workspace = workspace
        self._data = data
        self._run_name = run
        self._run_screen: RunScreen | None = None

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Whatever a widget draws goes through these; the last takes out what would steer the terminal."""
        return [*super().get_line_filters(), self._harmless]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers everywhere: leaving asks about a run at work, as the key does."""
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Screenshot", "Save a picture of this screen", self._picture)
        yield SystemCommand("Quit", "Leave; a run at work can be resumed", self.action_leave)

    def _picture(self) -> None:
        self.set_timer(0.1, self.deliver_screenshot)  # without the palette

    def compose(self) -> ComposeResult:
        """The first picture: what is being opened."""
        opened = "" if self._home else f"  opening {line(self._data or self._run_name or str(self._workspace))} …"
        yield Static(Content.assemble(("Phasegate", "bold"), (opened, "dim")), id="opening", markup=False)

    def on_mount(self) -> None:
        """Show the first screen, once the first picture stands."""
        self.call_after_refresh(self._begin)

    @work(group="beginning")
    async def _begin(self) -> None:
        if self._home:
            from tui.app.home import HomeScreen

            self.push_screen(HomeScreen(), self._chosen)
        else:
            await self._open(workspace=self._workspace, data=self._data, run=self._run_name)

    def _chosen(self, choice: HomeChoice | None) -> None:
        if choice is None:
            self.exit()
            return
        self._leave_home(choice)

    @work(group="beginning")
    async def _leave_home(self, choice: HomeChoice) -> None:
        looks = choice.kind == "open"
        await self._open(workspace=choice.workspace, data=choice.data, only_look=looks, settings=choice.settings)

    async def _open(self, **opening: Any) -> None:
        await asyncio.to_thread(importlib.import_module, "tui.app.run")
        from tui.app.bridge import Opening
        from tui.app.run import RunScreen

        self._run_screen = RunScreen(Opening(**opening))
        self.push_screen(self._run_screen)

    @work(exclusive=True, group="leaving")
    async def action_leave(self) -> None:
        """Quit; a run at work is asked about first and can be resumed."""
        if self._run_screen is None or await self._run_screen.leave():
            self.exit()
