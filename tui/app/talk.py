"""The conversation: a typed line is understood, replied to in the transcript, and its wish carried out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from agent.conversation.parts import Action, ExportTranscript, Fork, OpenGate, Set, Text, Undo
from agent.errors import describe
from tui.app.conversing import replied, understood
from tui.app.question import QuestionPanel
from tui.app.transcript import Transcript

if TYPE_CHECKING:
    from agent.conversation.meanings import AnswerTo
    from tui.app.run import RunScreen


class Talk:
    """Carries typed lines between a run's screen and the agent; it never decides a gate."""

    def __init__(self, screen: RunScreen) -> None:
        self._screen = screen

    async def say(self, text: str) -> None:
        """Take one line."""
        from agent.conversation.meanings import AnswerTo, Differ, Show

        screen = self._screen
        transcript = screen.query_one(Transcript)
        transcript.say(Content(text), "said")
        try:
            meant = await understood(text, screen.bridge)
            if isinstance(meant, AnswerTo):
                await self._answer(meant)
                return
            if isinstance(meant, Show) and meant.deliverable not in ("", "questions"):
                screen.reader.open(meant.deliverable)
                return
            if isinstance(meant, Differ):
                screen.reader.differences(meant.what)
                return
            reply = await replied(meant, screen.bridge)
        except Exception as error:
            transcript.say(Content(str(describe(error))), "problem")
            return
        for part in reply.parts:
            if isinstance(part, Text):
                transcript.markdown(part.markdown)
            else:
                transcript.draw(part)
        if reply.action is not None:
            await self._act(reply.action)

    async def _answer(self, meant: AnswerTo) -> None:
        panel = self._screen.query_one(QuestionPanel)
        question = panel.question
        if question is None or question.id != meant.question:
            return
        if meant.needs_reason and not meant.reason:
            panel.refuse(f"{meant.value} counts only with a reason: choose it in the list.")
            return
        await self._screen.give(question, meant.value, meant.reason)

    async def _act(self, action: Action) -> None:
        """Carry out what a reply wishes; a decision is never among it."""
        screen = self._screen
        if isinstance(action, Undo):
            screen.reopen(again=action.question)
        elif isinstance(action, OpenGate):
            screen.action_gate()
        elif isinstance(action, Fork):
            screen.fork(action.gate)
        elif isinstance(action, ExportTranscript):
            path = Path(action.file or f"{screen.run_id}-transcript.txt")
            written = await screen.reader.look(path.write_text, screen.query_one(Transcript).text(), encoding="utf-8")
            if written is not None:
                screen.notify(str(path), title="transcript", markup=False)
        elif isinstance(action, Set):
            question = screen.query_one(QuestionPanel).question
            if question is not None and question.id == action.question:
                await screen.give(question, action.value, None)
            else:
                screen.action_gate()
