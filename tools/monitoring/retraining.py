"""Retraining: when it is due, how it is scheduled, and whether a challenger may take the champion's place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import yaml
from numpy.typing import NDArray

from tools.evaluation.criteria import Criteria, judge
from tools.evaluation.intervals import Interval, estimate, paired_estimate
from tools.evaluation.metrics import Predictions, metric
from tools.records import Record
from tools.wording import Sentence, say

Cadence = Literal["weekly", "monthly", "quarterly", "never"]
TriggerKind = Literal["schedule", "drift", "performance", "volume"]

CADENCES: dict[str, tuple[str, str, int]] = {
    "weekly": ("0 3 * * 1", "Mon *-*-* 03:00:00", 7),
    "monthly": ("0 3 1 * *", "*-*-01 03:00:00", 30),
    "quarterly": ("0 3 1 1,4,7,10 *", "*-01,04,07,10-01 03:00:00", 91),
}
"""Cadence to cron line, systemd calendar, and days."""
GROWTH = 0.25
"""New labelled rows, as a share of the training rows, from which another fit is worth its cost."""


class Trigger(Record):
    """One reason to retrain."""

    kind: TriggerKind
    threshold: float | None
    """Days for schedule, alarms for drift, rows for volume, the metric's bound for performance."""
    text: Sentence


class Schedule(Record):
    """The same schedule for three systems, as text to install."""

    cron: str
    systemd_timer: str
    systemd_service: str
    kubernetes: str


class RetrainingPlan(Record):
    """When and how the model is retrained (``retraining.json``)."""

    version: int = 1
    cadence: str
    triggers: tuple[Trigger, ...]
    schedule: Schedule | None
    """None where the cadence is never."""
    command: str
    promotion: Sentence
    training_rows: int


def plan(
    *,
    kinds: tuple[str, ...],
    cadence: str,
    training_rows: int,
    criteria: Criteria,
    champion: float | None,
    limit: float | None,
    name: str,
    image: str,
) -> RetrainingPlan:
    """Write the retraining plan.

    Args:
        kinds: triggers that were decided on.
        cadence: weekly, monthly, quarterly or never.
        training_rows: rows that the model was trained on.
        criteria: fixed at gate 1.
        champion: the model's primary metric in the holdout.
        limit: the holdout interval's worse limit; live performance beyond it is not the noise of the test.
        name: name of the scheduled job.
        image: container image that holds Phasegate, for Kubernetes.
    """
    primary = metric(criteria.primary.metric)
    triggers: list[Trigger] = []
    if "schedule" in kinds and cadence in CADENCES:
        days = CADENCES[cadence][2]
        triggers.append(
            Trigger(kind="schedule", threshold=days, text=say("every {days|int} days, come what may", days=days))
        )
    if "drift" in kinds:
        triggers.append(
            Trigger(
                kind="drift",
                threshold=1,
                text=say("when a column that the model uses raises the drift alarm twice in a row"),
            )
        )
    if "performance" in kinds and limit is not None:
        bound = criteria.primary.bound
        worst = limit if bound is None else (max if primary.greater_is_better else min)(limit, bound)
        triggers.append(
            Trigger(
                kind="performance",
                threshold=worst,
                text=say(
                    "when labels show {metric} {side} {bound|num}, from {champion|num} in the holdout",
                    metric=primary.label,
                    side="below" if primary.greater_is_better else "above",
                    bound=worst,
                    champion=champion,
                ),
            )
        )
    if "volume" in kinds:
        rows = max(1, round(GROWTH * training_rows))
        triggers.append(
            Trigger(
                kind="volume",
                threshold=rows,
                text=say(
                    "when {rows|int} new labelled rows have come, {share|pct} of the {trained|int} it was trained on",
                    rows=rows,
                    share=GROWTH,
                    trained=training_rows,
                ),
            )
        )
    return RetrainingPlan(
        cadence=cadence,
        triggers=tuple(triggers),
        schedule=schedule(name, cadence, image) if cadence in CADENCES and "schedule" in kinds else None,
        command=COMMAND,
        promotion=say(
            "a challenger is scored on the same new sealed rows as the champion; a worse one is refused, a better one "
            "waits for a person at the gate"
        ),
        training_rows=training_rows,
    )


COMMAND = "phasegate retrain --data NEW_ROWS"


def schedule(name: str, cadence: str, image: str) -> Schedule:
    """Texts for cron, systemd and Kubernetes.

    Args:
        name: name of the job, a DNS label.
        cadence: a key of ``CADENCES``.
        image: container image that holds Phasegate.
    """
    cron, calendar, _ = CADENCES[cadence]
    job: dict[str, Any] = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": f"{name}-retraining"},
        "spec": {
            "schedule": cron,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 0,
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "automountServiceAccountToken": False,
                            "containers": [
                                {
                                    "name": "retraining",
                                    "image": image,
                                    "command": ["phasegate", "retrain"],
                                    "args": ["--data", "/data/new_rows.csv", "--workspace", "/workspace"],
                                    "volumeMounts": [
                                        {"name": "workspace", "mountPath": "/workspace"},
                                        {"name": "data", "mountPath": "/data", "readOnly": True},
                                    ],
                                }
                            ],
                            "volumes": [
                                {"name": "workspace", "persistentVolumeClaim": {"claimName": f"{name}-workspace"}},
                                {"name": "data", "persistentVolumeClaim": {"claimName": f"{name}-data"}},
                            ],
                        }
                    },
                }
            },
        },
    }
    line = "phasegate retrain --data new_rows.csv --workspace phasegate"
    return Schedule(
        cron=f"{cron}  cd /path/to/project && {line}\n",
        systemd_timer=(
            f"[Unit]\nDescription=Retraining of {name}\n\n[Timer]\nOnCalendar={calendar}\nPersistent=true\n\n"
            "[Install]\nWantedBy=timers.target\n"
        ),
        systemd_service=(
            f"[Unit]\nDescription=Retraining of {name}\n\n[Service]\nType=oneshot\n"
            f"WorkingDirectory=/path/to/project\nExecStart=/path/to/project/.venv/bin/{line}\n"
        ),
        kubernetes=yaml.safe_dump(job, sort_keys=False, width=1000),
    )


class Signals(Record):
    """What is known since the model was trained."""

    days: float
    """Since training."""
    alarmed: tuple[str, ...] = ()
    """Columns that alarmed in the last batch and in the one before."""
    metric: float | None = None
    """Primary metric on labelled rows since, where there are enough."""
    new_rows: int = 0


class Due(Record):
    """Whether retraining is due."""

    due: bool
    reasons: tuple[Sentence, ...]


def due(plan: RetrainingPlan, signals: Signals, primary: str) -> Due:
    """Which triggers fire.

    Args:
        plan: the plan.
        signals: what is known since training.
        primary: name of the primary metric, which gives the direction.
    """
    better = metric(primary).greater_is_better
    fires: dict[TriggerKind, bool] = {}
    for trigger in plan.triggers:
        limit = trigger.threshold if trigger.threshold is not None else 0.0
        worse = signals.metric is not None and (signals.metric < limit if better else signals.metric > limit)
        fires[trigger.kind] = {
            "schedule": signals.days >= limit,
            "drift": len(signals.alarmed) >= limit,
            "performance": worse,
            "volume": signals.new_rows >= limit,
        }[trigger.kind]
    reasons = tuple(trigger.text for trigger in plan.triggers if fires[trigger.kind])
    return Due(due=bool(reasons), reasons=reasons)


class Comparison(Record):
    """A challenger against the champion on the same sealed rows."""

    version: int = 1
    metric: str
    rows: int
    champion: Interval
    challenger: Interval
    gain: Interval
    """Positive: the challenger is better. Limits are one-sided at the criteria's alpha."""
    decision: Literal["propose", "refuse"]
    """``propose`` puts it before a gate; nothing is promoted without one."""
    reason: Sentence


def compare(
    champion: Predictions,
    challenger: Predictions,
    y: NDArray[Any],
    criteria: Criteria,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    seed: int = 0,
) -> Comparison:
    """Hold a challenger against the champion on the same sealed rows.

    Refused where it is surely worse (the gain's one-sided upper limit is below zero), where it is not better at all,
    and where it surely misses the bound that the champion had to reach.

    Args:
        champion: predictions of the model in service.
        challenger: predictions of the new one, for the same rows.
        y: class codes or numbers [n], sealed until now.
        criteria: the champion's, fixed at its gate 1.
        groups: entity of each row where rows of one entity are alike.
        order: time of each row where neighbours are alike.
        seed: of the resampling.
    """
    name, costs = criteria.primary.metric, criteria.costs
    more: Mapping[str, Any] = {"groups": groups, "order": order, "seed": seed, "costs": costs}
    of_champion = estimate(name, y, champion, **more).one_sided(criteria.alpha)
    of_challenger = estimate(name, y, challenger, **more).one_sided(criteria.alpha)
    gain = paired_estimate(name, y, challenger, champion, **more).one_sided(criteria.alpha)
    decision: Literal["propose", "refuse"] = "refuse"
    facts = {
        "metric": metric(name).label,
        "challenger": of_challenger.value,
        "champion": of_champion.value,
        "lower": gain.lower,
        "upper": gain.upper,
    }
    measured = "{metric} {challenger|num} against {champion|num} (gain {lower|num} to {upper|num})"
    bound = criteria.primary.bound
    misses = bound is not None and (
        judge(name, of_challenger.lower, of_challenger.upper, bound, conclusive=of_challenger.conclusive) == "fail"
    )
    if gain.value is None:
        reason = say("the two can't be compared on these rows: {metric} is not defined", metric=metric(name).label)
    elif gain.upper is not None and gain.upper < 0:
        reason = say("the challenger is worse: " + measured, **facts)
    elif gain.value <= 0:
        reason = say("the challenger is not better: " + measured, **facts)
    elif misses:
        reason = say("the challenger misses the required {bound|num}: " + measured, bound=bound, **facts)
    elif gain.lower is not None and gain.lower > 0 and gain.conclusive:
        decision, reason = "propose", say("the challenger is better: " + measured, **facts)
    else:
        decision, reason = "propose", say("the challenger is no worse and may be better: " + measured, **facts)
    return Comparison(
        metric=name,
        rows=len(y),
        champion=of_champion,
        challenger=of_challenger,
        gain=gain,
        decision=decision,
        reason=reason,
    )
