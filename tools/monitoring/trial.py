"""Tries the drift alarm before it is needed: undisturbed batches must stay silent, a shifted column must be named."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tools.monitoring.dashboard import DashboardData
from tools.monitoring.drift import DriftReference, DriftReport, ReferenceColumn, assess, numbers
from tools.records import Record

SILENT_BATCHES = 20
TRIED_BATCHES = 5
BATCH = 250
MOST_COLUMNS = 15


class ColumnTrial(Record):
    """What the alarm made of one shifted column."""

    column: str
    shift: str
    """What was done to it, in words."""
    batches: int
    named: int
    """Batches in which the alarm named this column."""


class MonitoringReport(Record):
    """How the model is watched, and how well that works on its own data (``monitoring.json``)."""

    version: int = 1
    reference: DriftReference
    batch_rows: int
    silent_batches: int
    false_alarms: int
    """Of the silent batches those in which any column alarmed."""
    trials: tuple[ColumnTrial, ...]
    test_rows: DriftReport
    """The opened test rows against the reference: has the world moved already?"""
    dashboard: DashboardData


def silent(reference: DriftReference, own: pd.DataFrame, seed: int, batches: int = SILENT_BATCHES) -> int:
    """Undisturbed batches, drawn from the model's own rows, in which any column alarms.

    Args:
        reference: the reference.
        own: the rows that it was made from.
        seed: of the draws.
        batches: how many are drawn.
    """
    stream = np.random.default_rng(seed)
    alarmed = 0
    for _ in range(batches):
        drawn = own.iloc[stream.integers(0, len(own), BATCH)].reset_index(drop=True)
        alarmed += bool(assess(reference, drawn, windows=False).alarms)
    return alarmed


def shifted(reference: DriftReference, own: pd.DataFrame, seed: int) -> tuple[ColumnTrial, ...]:
    """What the alarm makes of each column when it is shifted.

    A number is raised by its own standard deviation; a text column gets its second most frequent level in every row
    that held the most frequent.

    Args:
        reference: the reference.
        own: the rows that it was made from.
        seed: of the draws.
    """
    stream = np.random.default_rng(seed)
    found = []
    for column in reference.columns[:MOST_COLUMNS]:
        if column.kind == "text" and len(column.levels) < 2:
            continue
        if column.kind == "number" and len(column.edges) < 2:
            continue
        named = 0
        for _ in range(TRIED_BATCHES):
            drawn = own.iloc[stream.integers(0, len(own), BATCH)].reset_index(drop=True)
            report = assess(reference, _shift(drawn, own, column), windows=False)
            named += column.name in report.alarmed
        found.append(
            ColumnTrial(
                column=column.name,
                shift="by one standard deviation" if column.kind == "number" else "most frequent level swapped",
                batches=TRIED_BATCHES,
                named=named,
            )
        )
    return tuple(found)


def _shift(drawn: pd.DataFrame, own: pd.DataFrame, column: ReferenceColumn) -> pd.DataFrame:
    if column.kind == "text":
        first, second = column.levels[:2]
        return drawn.assign(**{column.name: drawn[column.name].replace(first, second)})
    spread = float(np.nanstd(numbers(own[column.name])))
    return drawn.assign(**{column.name: numbers(drawn[column.name]) + spread})
