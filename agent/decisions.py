"""Decisions: answered questions and decided gates, as the ledger holds them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.answers import Source


class Decision(BaseModel):
    """An answered question: who, what, why, and what was recommended."""

    model_config = ConfigDict(frozen=True)

    id: str
    value: Any
    source: Source
    by: str | None = None
    reason: str | None = None
    recommended: Any = None
    why: str = ""
    """The advisor's reason."""
    rule: str | None = None
    """Id of the rule that recommended it."""


class Carried(BaseModel):
    """Where an approval was given that a fork took over."""

    model_config = ConfigDict(frozen=True)

    run: str
    evidence: str
    """Hash of what the gate showed there: the same but for the run's own name in the documents."""
    entry: str
    """Hash of the entry in that run's ledger."""


class GateDecision(BaseModel):
    """A decided gate: who, what, why, on which evidence."""

    model_config = ConfigDict(frozen=True)

    gate: str
    decision: Literal["approve", "revise", "reject"]
    by: str
    reason: str
    evidence: str
    """Hash of what the gate showed."""
    bound: bool
    """Whether the decision named the evidence; a recorded answer without it is "not bound to evidence"."""
    recommendation: str
    verdict: str | None = None
    override: tuple[str, ...] = ()
    conditions: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    source: Literal["file", "command", "person", "unchanged", "fork"] = "file"
    """"unchanged": the gate showed what was approved before; "fork": it showed what was approved in another run."""
    carried: Carried | None = Field(default=None, exclude_if=lambda value: value is None)
    """With source "fork": that other run."""
