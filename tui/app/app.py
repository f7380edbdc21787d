"""The application: which screen comes first, and how it is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from tui.app.bridge import Opening
    from tui.app.choosing import HomeChoice
    from tui.app.run import RunScreen


class PhasegateApp(App[None]):
    """Phasegate in the whole terminal."""

    TITLE = "Phasegate"
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
        self._home = home
        self._workspace = workspace
        self._data = data
        self._run_name = run
        self._run_screen: RunScreen | None = None

    def on_mount(self) -> None:
        """Show the first screen, once the first picture stands."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if self._home:
            from tui.app.home import HomeScreen

            self.push_screen(HomeScreen(), self._chosen)
            return
        from tui.app.bridge import Opening

        self._show(Opening(self._workspace, self._data, self._run_name))

    def _chosen(self, choice: HomeChoice | None) -> None:
        if choice is None:
            self.exit()
            return
        from tui.app.bridge import Opening

        self._show(Opening(choice.workspace, choice.data, only_look=choice.kind == "open", settings=choice.settings))

    def _show(self, opening: Opening) -> None:
        from tui.app.run import RunScreen

        self._run_screen = RunScreen(opening)
        self.push_screen(self._run_screen)

    @work(exclusive=True, group="leaving")
    async def action_leave(self) -> None:
        """Quit; a run at work is asked about first and can be resumed."""
        if self._run_screen is None or await self._run_screen.leave():
            self.exit()
