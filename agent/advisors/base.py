"""What every advisor is: it recommends one of the offered answers, with its reason. It decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from agent.steps import Ask, Option


class Recommendation(BaseModel):
    """An advised answer and why; ``value`` is meaningless where ``made`` is false."""

    model_config = ConfigDict(frozen=True)

    made: bool
    value: Any = None
    why: str = ""
    rule: str | None = None
    """Id of the rule that spoke."""


class Advisor(Protocol):
    """Recommends an answer to a question from the evidence that the question shows."""

    name: str

    def recommend(self, ask: Ask, options: tuple[Option, ...], evidence: Mapping[str, Any]) -> Recommendation:
        """Recommend one of ``options`` (or a value of the question's type where it has none)."""
