"""What monitoring alarms at, as decided: chance of a false alarm, window, smallest batch, error rate, latency."""

from __future__ import annotations

import math
from typing import Any

from tools.errors import InputError
from tools.records import Record

LATENCY_MARGIN = 2.0


class Thresholds(Record):
    """The decided thresholds, each within bounds."""

    alpha: float = 0.001
    """Chance of any false drift alarm in one batch."""
    window: int = 250
    """Requests of a window on the live endpoint."""
    smallest: int = 100
    """Rows that a batch needs to be judged."""
    error_rate: float = 0.01
    """Share of failed requests."""
    latency_p95_ms: float | None = None
    """None: the stated limit, else twice what the stress test measured."""


BOUNDS: dict[str, tuple[float, float]] = {
    "alpha": (1e-6, 0.1),
    "window": (50, 100_000),
    "smallest": (30, 100_000),
    "error_rate": (1e-6, 1.0),
    "latency_p95_ms": (0.1, 600_000.0),
}


def thresholds_of(answer: Any) -> Thresholds:
    """Read ``monitoring.thresholds``; what is not named keeps its default.

    Raises:
        InputError: the answer is no mapping, names something unknown, or a value is out of bounds.
    """
    if answer is None:
        return Thresholds()
    if not isinstance(answer, dict):
        raise InputError("monitoring.thresholds must be a mapping.", hint=f"It may hold {', '.join(BOUNDS)}.", code=8)
    given: dict[str, float] = {}
    for name, value in answer.items():
        if name not in BOUNDS:
            raise InputError(
                f'monitoring.thresholds has no part called "{name}".', hint=f"It may hold {', '.join(BOUNDS)}.", code=8
            )
        low, high = BOUNDS[name]
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not low <= value <= high:
            raise InputError(
                f'monitoring.thresholds: "{name}" must be a number from {low:g} to {high:g}.',
                hint="Leave it out to keep the default.",
                code=8,
            )
        given[name] = value
    return Thresholds.model_validate(given)


def latency_of(decided: Thresholds, stated: float | None, measured: float | None) -> float:
    """The latency that the alert rule takes: decided, else stated, else a margin above what was measured."""
    for value in (decided.latency_p95_ms, stated):
        if value is not None:
            return value
    return 100.0 if measured is None else max(10.0, math.ceil(measured * LATENCY_MARGIN))
