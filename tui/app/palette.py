"""The command palette (ctrl+p) of a run: every command of the input line, every document, every key's action."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.app.run import RunScreen

_KEYS = (
    ("Open the gate that waits", "gate"),
    ("Review the answers so far", "answers"),
    ("Find in the conversation", "find"),
    ("Open the dossier in a browser", "dossier"),
    ("Show or hide the pane beside the conversation", "context"),
    ("Stop the step at work", "stop"),
    ("Resume the run", "resume"),
    ("Keys", "keys"),
)


class RunCommands(Provider):
    """What can be done with the run that is shown."""

    def _all(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """(name, what it does, how) of each."""
        from agent.conversation.commands import COMMANDS
        from agent.conversation.view import deliverables
        from tui.app.run import RunScreen

        screen = self.screen
        if not isinstance(screen, RunScreen):
            return
        for words, action in _KEYS:
            yield words, "", partial(screen.run_action, action)
        for stem, title in deliverables():
            yield f"Read: {title}", stem, partial(screen.reader.open, stem)
        for name in ("metrics", "findings", "manifest"):
            yield f"Read: {name}", "a record of the run", partial(screen.reader.open, name)
        for command in COMMANDS.values():
            yield command.usage, command.summary, partial(_begin, screen, command.name)

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for name, help_text, run in self._all():
            yield DiscoveryHit(name, run, help=help_text or None)

    async def search(self, query: str) -> Hits:
        """What fits the typed letters."""
        matcher = self.matcher(query)
        for name, help_text, run in self._all():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, Content(name), run, help=help_text or None)


def _begin(screen: RunScreen, name: str) -> None:
    """Put a command into the input line, to be finished there."""
    screen.begin_command(f"/{name} ")
