"""Answers that a run was given before the question came up: in the terminal they are repeated, not asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.answers import RECOMMENDED, Answers, read_answers
from agent.errors import AnswersDoNotFit
from agent.questions import Question

if TYPE_CHECKING:
    from agent.session import Session


class Repeater:
    """Answers what the run was given an answer to: handed in with a file, or taken over by a fork."""

    def __init__(self, session: Session, again: str | None = None) -> None:
        """Read what the run was given.

        Args:
            session: the open run.
            again: id of a question that a person wants to answer anew.

        Raises:
            UsageError: what it was given can't be read.
            AnswersDoNotFit: it is not of the format.
        """
        self._session = session
        self._again = again
        self._given = read_answers(session.run.given) if session.run.given.exists() else Answers()

    def repeat(self) -> bool:
        """Answer the open question; False where a person has to, since nothing was given, or nothing that fits."""
        question = self._session.pending
        if not isinstance(question, Question) or question.id == self._again:
            return False
        given = self._given.to(question.id)
        if given is None or (given.value == RECOMMENDED and not question.has_recommendation):
            return False
        try:
            self._session.answer(question.id, given.value, source=given.source, by=given.by, reason=given.reason)
        except AnswersDoNotFit:
            return False
        return True
