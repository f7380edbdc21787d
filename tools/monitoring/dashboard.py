"""What the static monitoring page shows: panels as data, which the dossier draws."""

from __future__ import annotations

from typing import Literal

from tools.monitoring.drift import DriftReference, DriftReport, ReferenceColumn
from tools.records import Record
from tools.wording import Sentence, say

MOST_CELLS = 10


class Series(Record):
    """One line or set of bars."""

    name: str
    values: tuple[float | None, ...]


class Panel(Record):
    """One panel of the page."""

    id: str
    title: str
    kind: Literal["bars", "table"]
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    caption: Sentence | None = None


class DashboardData(Record):
    """All panels (part of ``monitoring.json``)."""

    panels: tuple[Panel, ...]


def build(reference: DriftReference, now: DriftReport | None = None, most: int = 12) -> DashboardData:
    """Panels: an overview of distances per column, then small multiples of the reference per column.

    Args:
        reference: the model's own data, as counts.
        now: the latest assessment, where there is one.
        most: columns that get a panel of their own; those that moved most come first.
    """
    measured = {one.column: one for one in now.columns} if now else {}
    columns = sorted(
        (column for column in reference.columns if sum(column.counts)),
        key=lambda column: -(measured[column.name].distance if column.name in measured else 0.0),
    )
    overview = Panel(
        id="distance",
        title="Distance from the model's own data, per column",
        kind="bars",
        labels=tuple(column.name for column in columns),
        series=(
            Series(
                name="distance",
                values=tuple(measured[column.name].distance if column.name in measured else None for column in columns),
            ),
            Series(
                name="alarm from",
                values=tuple(
                    measured[column.name].threshold if column.name in measured else _threshold(column)
                    for column in columns
                ),
            ),
        ),
        caption=say(
            "{columns|int} columns are watched over {rows|int} reference rows",
            columns=len(reference.columns),
            rows=reference.rows,
        ),
    )
    return DashboardData(panels=(overview, *(_column(column) for column in columns[:most])))


def _threshold(column: ReferenceColumn) -> float | None:
    return column.thresholds[0][1] if column.thresholds else None


def _column(column: ReferenceColumn) -> Panel:
    total = sum(column.counts)
    if column.kind == "text":
        labels = [*column.levels, "other"][: MOST_CELLS - 1]
        shares = [count / total for count in column.counts[: len(labels)]]
        if len(labels) < len(column.counts):
            labels.append("rest")
            shares.append(1 - sum(shares))
    else:
        labels, shares = _grouped(column, total)
    return Panel(
        id=f"column.{column.name}",
        title=column.name,
        kind="bars",
        labels=tuple(labels),
        series=(Series(name="reference", values=tuple(shares)),),
    )


def _grouped(column: ReferenceColumn, total: int) -> tuple[list[str], list[float]]:
    """Cells of a number merged to at most ``MOST_CELLS``, each labelled by the value that it ends at."""
    step = -(-len(column.counts) // MOST_CELLS)
    labels, shares = [], []
    for start in range(0, len(column.counts), step):
        stop = min(start + step, len(column.counts))
        labels.append(f"< {column.edges[stop - 1]:.4g}" if stop - 1 < len(column.edges) else "above")
        shares.append(sum(column.counts[start:stop]) / total)
    return labels, shares
