"""The application: which screen comes first, and how it is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from tui.app.run import RunScreen


class PhasegateApp(App[None]):
    """Phasegate in the whole terminal."""

    TITLE = "Phasegate"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "quit", priority=True),
        Binding("question_mark", "show_help_panel", "keys", key_display="?"),
    ]

    def __init__(self, workspace: Path, data: str | None = None, run: str | None = None) -> None:
        super().__init__()
        self._workspace = workspace
        self._data = data
        self._run_name = run
        self._run_screen: RunScreen | None = None

    def on_mount(self) -> None:
        """Show the run, once the first picture stands."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        from tui.app.bridge import Opening
        from tui.app.run import RunScreen

        self._run_screen = RunScreen(Opening(self._workspace, self._data, self._run_name))
        self.push_screen(self._run_screen)

    @work(exclusive=True, group="leaving")
    async def action_leave(self) -> None:
        """Quit; a run at work is asked about first and can be resumed."""
        if self._run_screen is None or await self._run_screen.leave():
            self.exit()
