"""The application: which screen comes first, and how it is left."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType

from tui.app.bridge import Opening
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
        self._opening = Opening(workspace, data, run)

    def on_mount(self) -> None:
        """Show the run."""
        self.push_screen(RunScreen(self._opening))

    @work(exclusive=True, group="leaving")
    async def action_leave(self) -> None:
        """Quit; a run at work is asked about first and can be resumed."""
        run = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, RunScreen)), None)
        if run is None or await run.leave():
            self.exit()
