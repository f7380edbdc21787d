"""Performance and fairness in operation, once labels have arrived: against the holdout and against the criteria."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.criteria import Criteria
from tools.evaluation.intervals import Interval, estimate, wilson
from tools.evaluation.metrics import Predictions, metric
from tools.records import Record
from tools.wording import Sentence, say


class LiveMetric(Record):
    """One metric on labelled rows since deployment."""

    metric: str
    live: Interval
    holdout: float | None
    holdout_lower: float | None
    holdout_upper: float | None
    worse: bool
    """Whether the live interval lies wholly on the worse side of the holdout's."""
    text: Sentence


class LiveGroup(Record):
    """Selection rate of one group of a protected column since deployment."""

    column: str
    group: str
    rows: int
    rate: float
    lower: float
    upper: float
    status: Literal["as others", "differs", "insufficient"]


class PerformanceReport(Record):
    """What labels show (part of the ``monitor`` verb's report)."""

    version: int = 1
    rows: int
    metrics: tuple[LiveMetric, ...]
    groups: tuple[LiveGroup, ...] = ()

    @property
    def worse(self) -> tuple[str, ...]:
        """Names of the metrics that are surely worse than in the holdout."""
        return tuple(one.metric for one in self.metrics if one.worse)


def assess(
    y: NDArray[Any],
    predictions: Predictions,
    criteria: Criteria,
    holdout: Mapping[str, tuple[float | None, float | None, float | None]],
    *,
    groups: Mapping[str, NDArray[Any]] | None = None,
    seed: int = 0,
) -> PerformanceReport:
    """Measure labelled rows since deployment.

    Args:
        y: class codes or numbers [n].
        predictions: the deployed model's, for the same rows.
        criteria: fixed at gate 1.
        holdout: per metric value, lower and upper of the holdout.
        groups: protected columns, level per row [n].
        seed: of the resampling.
    """
    found = []
    for name in dict.fromkeys(criteria.metrics):
        live = estimate(name, y, predictions, seed=seed, costs=criteria.costs).at()
        value, lower, upper = holdout.get(name, (None, None, None))
        up = metric(name).greater_is_better
        if up:
            worse = live.upper is not None and lower is not None and live.upper < lower
        else:
            worse = live.lower is not None and upper is not None and live.lower > upper
        found.append(
            LiveMetric(
                metric=name,
                live=live,
                holdout=value,
                holdout_lower=lower,
                holdout_upper=upper,
                worse=worse and live.conclusive,
                text=say(
                    "{metric} {live|num} ({lower|num} to {upper|num}) on {rows|int} labelled rows, {holdout|num} in "
                    "the holdout",
                    metric=metric(name).label,
                    live=live.value,
                    lower=live.lower,
                    upper=live.upper,
                    rows=live.n,
                    holdout=value,
                ),
            )
        )
    rates = _groups(predictions, groups or {}, criteria) if criteria.task == "binary" else ()
    return PerformanceReport(rows=len(y), metrics=tuple(found), groups=rates)


def _groups(predictions: Predictions, groups: Mapping[str, NDArray[Any]], criteria: Criteria) -> tuple[LiveGroup, ...]:
    """Selection rates with Wilson intervals; a group differs where its interval lies outside the tolerated ratio."""
    labels = predictions.labels
    if labels is None:
        return ()
    found = []
    tolerance = criteria.fairness
    for column, levels in groups.items():
        names = np.array(["missing" if one is None or one != one else str(one) for one in levels], dtype=object)
        overall = float(np.mean(labels == 1))
        for name in sorted(set(names.tolist())):
            chosen = labels[names == name] == 1
            rows, hits = len(chosen), int(chosen.sum())
            lower, upper = wilson(hits, rows)
            status: Literal["as others", "differs", "insufficient"] = "as others"
            if rows < tolerance.minimum_rows:
                status = "insufficient"
            elif overall and (upper < tolerance.ratio * overall or lower > overall / tolerance.ratio):
                status = "differs"
            found.append(
                LiveGroup(
                    column=column, group=name, rows=rows, rate=hits / rows, lower=lower, upper=upper, status=status
                )
            )
    return tuple(found)
