"""Watches the requests as they come: the last window of rows against the reference, per monitored column."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from .drift import Batch, Drift, Reference, judge
from .metrics import Metrics

OTHER = "(other)"
"""What the prediction log holds for a level that the reference does not list: free text never gets there."""


class Watch:
    """Keeps, for the last window of rows, the cell of each monitored value; no values."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._rows: deque[tuple[tuple[int, bool], ...]] = deque(maxlen=reference.window)
        self.seen = 0

    def add(self, values: Mapping[str, Sequence[Any] | npt.NDArray[Any]], rows: int) -> None:
        """Take note of scored rows.

        Args:
            values: per column the values as scored: numbers (NaN or None where missing), text or None.
            rows: how many there are.
        """
        columns = []
        for column in self.reference.columns:
            cells = values.get(column.name)
            if cells is None:
                columns.append([(-1, False)] * rows)
                continue
            found = column.cells(cells).tolist()
            lower, upper = column.lower, column.upper
            if lower is None or upper is None:
                columns.append([(cell, False) for cell in found])
            else:
                columns.append(
                    [
                        (cell, cell >= 0 and not lower <= float(value) <= upper)
                        for cell, value in zip(found, cells, strict=True)
                    ]
                )
        for index in range(rows):
            self._rows.append(tuple(one[index] for one in columns))
        self.seen += rows

    def logged(self, values: Mapping[str, Sequence[Any] | npt.NDArray[Any]], row: int) -> dict[str, Any]:
        """What the prediction log may hold of one row: monitored columns only, personal numbers as their cell."""
        entry: dict[str, Any] = {}
        for column in self.reference.columns:
            cells = values.get(column.name)
            value = None if cells is None else cells[row]
            if value is None or value != value:
                entry[column.name] = None
            elif column.personal:
                entry[column.name] = int(column.cells([value])[0])
            elif column.kind == "text":
                entry[column.name] = str(value) if str(value) in column.levels else OTHER
            else:
                entry[column.name] = float(value)
        return entry

    def judge(self) -> list[Drift]:
        """Measure the window; nothing alarms before the window is full."""
        if not self._rows or len(self._rows) < self.reference.window:
            return []
        batches = {}
        for place, column in enumerate(self.reference.columns):
            counts = [0] * len(column.counts)
            missing = outside = 0
            for row in self._rows:
                cell, out = row[place]
                outside += out
                if cell < 0:
                    missing += 1
                else:
                    counts[cell] += 1
            batches[column.name] = Batch(tuple(counts), missing, outside)
        return judge(self.reference, batches, len(self._rows))

    def tell(self, metrics: Metrics) -> None:
        """Bring the gauges up to date; called when Prometheus scrapes."""
        metrics.watched.set(len(self._rows))
        for one in self.judge():
            metrics.distance.labels(one.column).set(one.distance)
            metrics.psi.labels(one.column).set(one.psi)
            for what in ("distribution", "missing", "unseen", "range"):
                metrics.alarm.labels(one.column, what).set(1 if what in one.alarms else 0)
