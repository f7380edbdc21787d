"""The input line: what is typed is understood by the agent's declared patterns, and the reply joins the transcript."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

if TYPE_CHECKING:
    from agent.conversation.meanings import Understood, Vocabulary
    from agent.conversation.parts import Reply
    from agent.session import Session
    from tui.app.bridge import Bridge


class SayInput(Input):
    """One line to type in, with the lines before it behind the arrow keys."""

    DEFAULT_CSS = """
    SayInput { border: none; border-top: solid $panel; height: 2; padding: 0 1; background: transparent; }
    SayInput:focus { border: none; border-top: solid $accent; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "before(-1)", "line before", show=False),
        Binding("down", "before(1)", "line after", show=False),
        Binding("escape", "away", "back", show=False),
    ]

    def __init__(self, suggester: Suggester) -> None:
        super().__init__(
            placeholder="ask, answer, or / for commands", id="say", suggester=suggester, select_on_focus=False
        )
        self._lines: list[str] = []
        self._place = 0

    def take(self) -> str:
        """The typed line; the field is empty after it."""
        said = self.value.strip()
        if said:
            self._lines.append(said)
        self._place = len(self._lines)
        self.value = ""
        return said

    def action_before(self, by: int) -> None:
        """Go through what was typed before."""
        self._place = max(0, min(len(self._lines), self._place + by))
        self.value = self._lines[self._place] if self._place < len(self._lines) else ""
        self.cursor_position = len(self.value)

    def action_away(self) -> None:
        """Leave the line for the question or the transcript."""
        target = self.screen.query("#answer, #transcript").first()
        target.focus()


class Completing(Suggester):
    """Offers what a typed beginning could become, by the commands and names of the run."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._bridge = bridge

    async def get_suggestion(self, value: str) -> str | None:
        """The first completion that goes on from what is typed."""
        from agent.conversation.completing import completions

        try:
            known = await self._bridge.read(_vocabulary)
        except Exception:  # before a run is open there is nothing to complete from
            return None
        return next((each.text for each in completions(value, known) if each.text.startswith(value)), None)


def _vocabulary(session: Session) -> Vocabulary:
    from agent.conversation.view import view_of, vocabulary

    return vocabulary(view_of(session))


async def understood(line: str, bridge: Bridge) -> Understood:
    """What a line means at this point of the run; nothing is done."""
    from agent.conversation.intents import understand

    return await bridge.read(lambda session: understand(line, session.pending, _vocabulary(session)))


async def replied(meant: Understood, bridge: Bridge) -> Reply:
    """What is said to it; slow replies are made in a thread."""
    from agent.conversation.meanings import NotUnderstood
    from agent.conversation.replies import SLOW, reply, reply_not_understood
    from agent.conversation.view import view_of

    if isinstance(meant, NotUnderstood):
        return reply_not_understood(meant)
    intent = meant
    if isinstance(intent, SLOW):
        view = await bridge.read(view_of)
        return await asyncio.to_thread(reply, intent, view)
    return await bridge.read(lambda session: reply(intent, view_of(session)))  # type: ignore[arg-type]
