"""What the optimisation step reports: the scorer, its decisions, its parity, its size and speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tools.evaluation.intervals import Interval
from tools.modeling.exporting import Parity
from tools.modeling.families.base import Value
from tools.modeling.mitigation import MitigationEffect
from tools.records import Record
from tools.serving.service.scorer import Scorer

WARM = 20
TIMED = 300
"""Single rows that are timed."""


class ScorerMember(Record):
    """One model in the scorer."""

    family: str
    label: str
    weight: float
    params: dict[str, Value]
    format: str
    parity: Parity


class Latency(Record):
    """Time for one row in process, as measured once."""

    p50_ms: float
    p95_ms: float
    rows: int


class OptimisationReport(Record):
    """Step 2.7's result (``optimisation.json``)."""

    version: int = 1
    model: str
    members: tuple[ScorerMember, ...]
    threshold: float | None
    calibration: str
    mitigation: str
    mitigation_effect: MitigationEffect | None
    refer_band: tuple[float, float] | None
    referred: float | None
    """Share of out-of-fold rows inside the band."""
    training_rows: int
    validation_rows: int
    """Rows that the model was scored on before the refit; the refit has both."""
    features_checked: int
    """Raw rows whose features the scorer computed equal to the bit."""
    parity: Parity
    bytes: int
    latency: Latency
    validation: dict[str, Interval]
    """Metrics of the model before the refit."""
    oof: dict[str, Interval]


def measure_latency(scorer: Scorer, columns: Mapping[str, Sequence[Any]], rows: int) -> dict[str, float]:
    """Time single rows one by one: medians and 95th percentiles in milliseconds.

    Args:
        scorer: the scorer.
        columns: raw cells by column.
        rows: number of rows in them; they are taken in turn.
    """
    return _timed(scorer, columns, rows, time.perf_counter)


def _timed(
    scorer: Scorer, columns: Mapping[str, Sequence[Any]], rows: int, clock: Callable[[], float]
) -> dict[str, float]:
    singles = [{name: [cells[row]] for name, cells in columns.items()} for row in range(min(rows, TIMED))]
    taken = []
    for number in range(WARM + TIMED):
        single = singles[number % len(singles)]
        started = clock()
        scorer.score(single, 1)
        taken.append((clock() - started) * 1000.0)
    p50, p95 = (float(one) for one in np.quantile(taken[WARM:], [0.5, 0.95]))
    return {"p50_ms": p50, "p95_ms": p95, "rows": float(TIMED)}
