"""The assessment of new rows against the model's own data: every alarm names its column and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tools.monitoring.reference import (
    DriftReference,
    ReferenceColumn,
    build_reference,
    cells_of,
    numbers,
)
from tools.records import Record
from tools.serving.service import drift as core
from tools.wording import Sentence, say

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ColumnDrift",
    "DriftAlarm",
    "DriftReference",
    "DriftReport",
    "ReferenceColumn",
    "assess",
    "build_reference",
    "log_frame",
    "numbers",
]


class ColumnDrift(Record):
    """What was measured for one column of the new rows."""

    column: str
    kind: str
    rows: int
    psi: float
    kl: float
    distance: float
    threshold: float
    test: str
    p: float
    adjusted: float
    missing: float
    missing_reference: float
    unseen: float
    outside: float
    alarms: tuple[str, ...] = ()


class DriftAlarm(Record):
    """One alarm: which column, what about it, and since which row."""

    column: str
    what: Literal["distribution", "missing", "range", "unseen", "absent"]
    first_row: int
    """1-based, in the order given."""
    last_row: int
    text: Sentence


class DriftReport(Record):
    """The assessment of new rows against the reference."""

    version: int = 1
    rows: int
    judged: bool
    """False where there are too few rows to judge; then there are no alarms."""
    windows: int
    """Stretches of rows that were looked at one by one, beside the whole."""
    columns: tuple[ColumnDrift, ...]
    alarms: tuple[DriftAlarm, ...]
    absent: tuple[str, ...] = ()
    """Monitored columns that the new rows do not have."""

    @property
    def alarmed(self) -> tuple[str, ...]:
        """Names of the columns that alarm, each once."""
        return tuple(dict.fromkeys(alarm.column for alarm in self.alarms))


def assess(
    reference: DriftReference, frame: pd.DataFrame, *, windows: bool = True, most_windows: int = 20
) -> DriftReport:
    """Compare new rows with the reference, as a whole and, in the order given, window by window.

    Args:
        reference: what ``build_reference`` made.
        frame: new rows as read, before cleaning; further columns are ignored.
        windows: whether to look at consecutive windows too, which finds a change that set in midway.
        most_windows: windows grow so that there are never more.

    Returns:
        Measures of the whole, and every alarm of the whole or of a window, the widest first.
    """
    known = reference.core()
    watched = [column for column in known.columns if column.name in frame.columns]
    cells = {column.name: cells_of(column, frame) + 1 for column in watched}
    outside = {column.name: _outside(column, frame) for column in watched}
    rows = len(frame)

    def batch(start: int, stop: int) -> dict[str, core.Batch]:
        found = {}
        for column in watched:
            counts = np.bincount(cells[column.name][start:stop], minlength=len(column.counts) + 1)
            found[column.name] = core.Batch(
                counts=tuple(int(count) for count in counts[1:]),
                missing=int(counts[0]),
                outside=int(outside[column.name][start:stop].sum()),
            )
        return found

    whole = core.judge(known, batch(0, rows), rows)
    alarms = [_alarm(one, what, 1, rows) for one in whole for what in one.alarms]
    spans = _spans(rows, reference.window, most_windows) if windows else []
    # Bonferroni over the windows, on top of Holm inside each.
    stricter = replace(known, alpha=known.alpha / max(1, len(spans)))
    seen = {(alarm.column, alarm.what) for alarm in alarms}
    for start, stop in spans:
        for one in core.judge(stricter, batch(start, stop), stop - start):
            for what in one.alarms:
                if (one.column, what) not in seen:
                    seen.add((one.column, what))
                    alarms.append(_alarm(one, what, start + 1, stop))
    absent = tuple(column.name for column in known.columns if column.name not in frame.columns)
    alarms.extend(
        DriftAlarm(
            column=name,
            what="absent",
            first_row=1,
            last_row=rows,
            text=say('"{column}" is absent from the new rows', column=name),
        )
        for name in absent
    )
    return DriftReport(
        rows=rows,
        judged=rows >= reference.smallest,
        windows=len(spans),
        columns=tuple(_column(one) for one in whole),
        alarms=tuple(alarms),
        absent=absent,
    )


def _outside(column: core.Column, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    if column.kind != "number" or column.lower is None or column.upper is None:
        return np.zeros(len(frame), dtype=bool)
    values = numbers(frame[column.name])
    with np.errstate(invalid="ignore"):
        return (values < column.lower) | (values > column.upper)


def _spans(rows: int, window: int, most: int) -> list[tuple[int, int]]:
    """Consecutive windows; the last takes the remainder. None where there would be only one."""
    size = max(window, -(-rows // most))
    count = rows // size
    if count < 2:
        return []
    return [(index * size, rows if index == count - 1 else (index + 1) * size) for index in range(count)]


def _column(one: core.Drift) -> ColumnDrift:
    return ColumnDrift(
        column=one.column,
        kind=one.kind,
        rows=one.rows,
        psi=one.psi,
        kl=one.kl,
        distance=one.distance,
        threshold=one.threshold,
        test=one.test,
        p=one.p,
        adjusted=one.adjusted,
        missing=one.missing,
        missing_reference=one.missing_reference,
        unseen=one.unseen,
        outside=one.outside,
        alarms=one.alarms,
    )


def _alarm(one: core.Drift, what: core.Test, first: int, last: int) -> DriftAlarm:
    where = "rows {first|int} to {last|int}: "
    sentences = {
        "distribution": where + '"{column}" has shifted, distance {now|ratio} where {limit|ratio} is the most that '
        "undisturbed rows show (PSI {psi|ratio})",
        "missing": where + '"{column}" is missing in {now|pct} of rows, {before|pct} in the model\'s own data',
        "unseen": where + '"{column}" has a level that the model has not seen in {now|pct} of rows',
        "range": where + '"{column}" lies outside the range that the model has seen in {now|pct} of rows',
    }
    now = {"distribution": one.distance, "missing": one.missing, "unseen": one.unseen, "range": one.outside}[what]
    return DriftAlarm(
        column=one.column,
        what=what,
        first_row=first,
        last_row=last,
        text=say(
            sentences[what],
            column=one.column,
            first=first,
            last=last,
            now=now,
            limit=one.threshold,
            before=one.missing_reference,
            psi=one.psi,
        ),
    )


def log_frame(lines: Sequence[Mapping[str, object]], reference: DriftReference) -> pd.DataFrame:
    """Prediction-log entries as a frame that ``assess`` takes.

    The log keeps personal numbers only as the number of their cell; here a cell becomes a value inside it, which is
    all that counting per cell needs.

    Args:
        lines: parsed log entries in order, each with ``features``.
        reference: the reference that the service logged by.

    Returns:
        One row per entry, one column per monitored column.
    """
    import pandas as pd

    data: dict[str, object] = {}
    for column in reference.columns:
        values = [_features(line).get(column.name) for line in lines]
        if column.kind == "text":
            data[column.name] = pd.Series([None if v is None else str(v) for v in values], dtype="str")
        else:
            data[column.name] = np.array(
                [_inside(column, value) if column.personal else _float(value) for value in values],
                dtype=np.float64,
            )
    return pd.DataFrame(data, columns=[column.name for column in reference.columns])


def _features(line: Mapping[str, object]) -> Mapping[str, object]:
    features = line.get("features")
    return features if isinstance(features, Mapping) else {}


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _inside(column: ReferenceColumn, cell: object) -> float:
    if not isinstance(cell, int) or not column.edges:
        return float("nan")
    return column.edges[0] - 1.0 if cell == 0 else column.edges[min(cell, len(column.edges)) - 1]
