"""Alerts from what monitoring found: drift, data quality, performance, fairness, freshness; each with what to do."""

from __future__ import annotations

from typing import Literal

from tools.monitoring.drift import DriftReport
from tools.monitoring.performance import PerformanceReport
from tools.records import Record
from tools.wording import Sentence, say


class Alert(Record):
    """One thing that somebody should look at."""

    id: str
    """``<kind>.<subject>``."""
    kind: Literal["drift", "quality", "performance", "fairness", "freshness"]
    severity: Literal["page", "ticket"]
    subject: str
    """Column, metric or group."""
    text: Sentence
    action: str


ACTIONS = {
    "distribution": "compare with the source of this column; retrain if the change is real and here to stay",
    "missing": "look for a failed feed or a renamed field before anything else",
    "unseen": "look for a renamed or a new level; the model treats it as missing",
    "range": "look for a change of unit; values outside what the model has seen are guesses",
    "absent": "restore the column, or deploy a model that does without it",
}


def alerts(
    drift: DriftReport | None = None,
    performance: PerformanceReport | None = None,
    *,
    days_since_training: float | None = None,
    freshness_days: float | None = None,
) -> tuple[Alert, ...]:
    """All alerts, the urgent first.

    Args:
        drift: the assessment of new rows.
        performance: what labels show.
        days_since_training: age of the model.
        freshness_days: age from which it counts as stale.
    """
    found: list[Alert] = []
    for alarm in drift.alarms if drift else ():
        found.append(
            Alert(
                id=f"{'drift' if alarm.what == 'distribution' else 'quality'}.{alarm.column}",
                kind="drift" if alarm.what == "distribution" else "quality",
                severity="page" if alarm.what == "absent" else "ticket",
                subject=alarm.column,
                text=alarm.text,
                action=ACTIONS[alarm.what],
            )
        )
    for one in performance.metrics if performance else ():
        if one.worse:
            found.append(
                Alert(
                    id=f"performance.{one.metric}",
                    kind="performance",
                    severity="page",
                    subject=one.metric,
                    text=one.text,
                    action="look at drift first; then retrain, or take the model out of service",
                )
            )
    for group in performance.groups if performance else ():
        if group.status == "differs":
            found.append(
                Alert(
                    id=f"fairness.{group.column}.{group.group}",
                    kind="fairness",
                    severity="page",
                    subject=group.column,
                    text=say(
                        '"{group}" of "{column}" is selected in {rate|pct} of {rows|int} rows '
                        "({lower|pct} to {upper|pct}), outside the tolerance",
                        group=group.group,
                        column=group.column,
                        rate=group.rate,
                        rows=group.rows,
                        lower=group.lower,
                        upper=group.upper,
                    ),
                    action="tell the model's owner; decide at a gate whether it may go on",
                )
            )
    if days_since_training is not None and freshness_days is not None and days_since_training > freshness_days:
        found.append(
            Alert(
                id="freshness.model",
                kind="freshness",
                severity="ticket",
                subject="model",
                text=say(
                    "the model is {days|int} days old, {limit|int} were planned",
                    days=int(days_since_training),
                    limit=int(freshness_days),
                ),
                action="retrain on recent rows",
            )
        )
    return tuple(sorted(found, key=lambda alert: alert.severity != "page"))
