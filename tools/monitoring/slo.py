"""Service levels: what was measured on the running endpoint, the objectives derived from it, and the agreement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tools.evaluation.load import Load
from tools.records import Check, Record, Status
from tools.wording import Sentence, say

MARGIN = 2.0
"""An objective without a stated limit lies this factor above what was measured: other machines are slower."""
AWAY = 0.005
"""Share of time that the endpoint may be unavailable."""
ERROR_RATE = 0.01
WINDOW_DAYS = 30


class Objective(Record):
    """One service-level objective."""

    id: str
    title: str
    target: float
    unit: str
    """ms, share."""
    measured: float | None
    """On this machine; None where it can only be measured over time."""
    origin: str
    """stated, derived from the measurement, or proposed."""
    margin: float | None = None
    """Target over measured value."""
    text: Sentence


class SloReport(Record):
    """Service levels (``slo.json``)."""

    version: int = 1
    measured: Load
    objectives: tuple[Objective, ...]
    window_days: int = WINDOW_DAYS
    error_budget_minutes: float
    """Minutes of unavailability that the window allows."""
    response: dict[str, str]
    """Who answers what, from the requirements; unknown parts say so."""


def rounded_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, … at or above a value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1.0, 2.0, 5.0) if step * power >= value), 10.0 * power)


def derive(
    measured: Load, *, latency_p95_ms: float | None, owner: str = "", on_call: str = "", margin: float = MARGIN
) -> SloReport:
    """Derive service levels from a measurement.

    Args:
        measured: load that was offered to the running endpoint.
        latency_p95_ms: stated limit, which then is the objective; None to derive one.
        owner: who answers for the model, as stated.
        on_call: who answers an alert, as stated.
        margin: factor on the measured p95, then rounded up, where no limit was stated.
    """
    stated = latency_p95_ms is not None
    latency = latency_p95_ms if latency_p95_ms is not None else rounded_up(measured.p95_ms * margin)
    objectives = (
        Objective(
            id="latency",
            title="latency of a prediction, p95",
            target=latency,
            unit="ms",
            measured=measured.p95_ms,
            origin="stated" if stated else "derived from the measurement",
            margin=latency / measured.p95_ms if measured.p95_ms else None,
            text=say(
                "predictions are answered within {target|ms} in {level|pct} of cases; measured {measured|ms} at "
                "{rps|num} requests a second",
                target=latency,
                level=0.95,
                measured=measured.p95_ms,
                rps=measured.rps,
            ),
        ),
        Objective(
            id="errors",
            title="share of requests that fail",
            target=ERROR_RATE,
            unit="share",
            measured=measured.failure_rate,
            origin="proposed",
            text=say(
                "at most {target|pct} of requests fail; measured {measured|pct} of {requests|int}",
                target=ERROR_RATE,
                measured=measured.failure_rate,
                requests=measured.requests,
            ),
        ),
        Objective(
            id="availability",
            title="share of time away",
            target=AWAY,
            unit="share",
            measured=None,
            origin="proposed",
            text=say(
                "the endpoint may be away {target|pct} of the time over {days|int} days; only operation can show it",
                target=AWAY,
                days=WINDOW_DAYS,
            ),
        ),
    )
    return SloReport(
        measured=measured,
        objectives=objectives,
        error_budget_minutes=AWAY * WINDOW_DAYS * 24 * 60,
        response={
            "owner": owner or "to be named by the provider",
            "on_call": on_call or "to be named by the provider",
        },
    )


def checks(report: SloReport) -> tuple[Check, ...]:
    """Whether the measured values keep the objectives: ``slo.latency`` and ``slo.errors``."""
    found = []
    for one in report.objectives:
        if one.measured is None:
            continue
        status: Status = "pass" if one.measured <= one.target else "fail"
        shown = f"{one.target:g} ms" if one.unit == "ms" else f"{one.target * 100:g} %"
        found.append(
            Check(
                id=f"slo.{one.id}",
                status=status,
                blocking=False,
                value=one.measured,
                criterion=f"≤ {shown}",
                title=one.title,
                measured=one.text,
            )
        )
    return tuple(found)


class Outcomes(Record):
    """Predictions joined with what became of them."""

    joined: int
    unknown: int
    """Outcomes whose prediction id is not in the log."""
    waiting: int
    """Predictions without an outcome yet."""
    predictions: tuple[str | float | None, ...]
    outcomes: tuple[str | float, ...]


def join(log: Sequence[Mapping[str, object]], outcomes: Mapping[str, str | float]) -> Outcomes:
    """Join the prediction log with outcomes by prediction id, in the log's order.

    Args:
        log: parsed entries with ``id`` and ``prediction``.
        outcomes: outcome by prediction id.
    """
    known = {str(entry["id"]): entry["prediction"] for entry in log}
    pairs = [(prediction, outcomes[place]) for place, prediction in known.items() if place in outcomes]
    return Outcomes(
        joined=len(pairs),
        unknown=sum(place not in known for place in outcomes),
        waiting=len(known) - len(pairs),
        predictions=tuple(one if isinstance(one, str | float | int) else None for one, _ in pairs),
        outcomes=tuple(outcome for _, outcome in pairs),
    )
