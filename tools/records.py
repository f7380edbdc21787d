"""The records that every tool reports in: findings, checks, metric values."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.wording import Fact, Sentence

FindingKind = Literal["leakage", "identifier", "personal", "duplicate", "quality", "shift", "target", "representation"]
Level = Literal["block", "warn", "info"]
Status = Literal["pass", "warn", "fail", "insufficient"]
Partition = Literal["train", "oof", "validation", "test"]
Task = Literal["binary", "multiclass", "regression"]


class Record(BaseModel):
    """Base of all records that cross a module: frozen, closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(Record):
    """Something noticed in data or model, with its evidence and what to do about it."""

    id: str
    """Stable within a run: ``<kind>.<column or subject>``."""
    step: str
    kind: FindingKind
    columns: tuple[str, ...] = ()
    """Names as in the source."""
    level: Level
    text: Sentence
    action: str = ""
    """What is proposed, as an imperative without figures."""


class Check(Record):
    """A criterion with a measured value."""

    id: str
    status: Status
    blocking: bool
    value: Fact
    """The measured value; None where nothing could be measured."""
    criterion: str
    """What is required, in words and with the bound, such as "≥ 0.70"."""
    title: str = ""
    """What was checked, in a few words."""
    measured: Sentence | None = None
    """The value as a person reads it, with interval and unit."""


class MetricValue(Record):
    """One metric of one model on one part of the data, with its interval."""

    id: str
    step: str
    partition: Partition
    model: str
    """scorer, baseline, trivial, or a family's name."""
    metric: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    level: float = 0.95
    method: str = ""
    """How the interval was made, such as "wilson" or "delong-logit"."""
    n: int
    """Rows that the value rests on."""


class Outcome(Record):
    """What a step has to say: one finding a person reads, and everything it rests on."""

    summary: Sentence
    """The finding of the step in one line, never "done"."""
    notes: tuple[Sentence, ...] = ()
    """Further lines, one idea each."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """Figures for documents, by name; the evidence id is ``<step>/<name>``."""
    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    metrics: tuple[MetricValue, ...] = ()
