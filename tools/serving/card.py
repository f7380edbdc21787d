"""The model card that the endpoint serves: what the model is for, how it was tested, and what stands open."""

from __future__ import annotations

from collections.abc import Sequence

from tools.records import Check, MetricValue, Record, Task


class CardMetric(Record):
    """One metric of the holdout test."""

    metric: str
    value: float | None
    lower: float | None
    upper: float | None
    rows: int
    method: str


class CardCheck(Record):
    """One check of the review."""

    id: str
    status: str
    criterion: str
    measured: str


class ModelCard(Record):
    """``model-card.json`` in the bundle; the dossier's model card is the full one."""

    version: int = 1
    task: Task
    target: str
    classes: tuple[str, ...]
    positive: str | None
    threshold: float | None
    intended_use: str
    unit: str
    owner: str
    on_call: str
    possible_harm: str
    when_it_fails: str
    training_rows: int
    metrics: tuple[CardMetric, ...]
    verdict: str
    open_checks: tuple[CardCheck, ...]
    """Checks that fail, warn, or lack evidence."""
    findings: tuple[str, ...]
    """What each test said, in a sentence."""


def card_metrics(metrics: Sequence[MetricValue]) -> tuple[CardMetric, ...]:
    """The scorer's metrics on the test rows."""
    return tuple(
        CardMetric(
            metric=one.metric,
            value=one.value,
            lower=one.lower,
            upper=one.upper,
            rows=one.n,
            method=one.method,
        )
        for one in metrics
        if one.model == "scorer" and one.partition == "test"
    )


def open_checks(checks: Sequence[Check]) -> tuple[CardCheck, ...]:
    """Checks that did not pass, in order."""
    return tuple(
        CardCheck(
            id=one.id,
            status=one.status,
            criterion=one.criterion,
            measured=str(one.measured) if one.measured else "",
        )
        for one in checks
        if one.status != "pass"
    )
