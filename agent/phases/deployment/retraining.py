"""Step 4.7, retraining: what makes a retraining due, how it is scheduled, and how a challenger is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, listed, say

if TYPE_CHECKING:
    from tools.monitoring.retraining import RetrainingPlan

KINDS = ("schedule", "drift", "performance", "volume")


def run(job: Job) -> Outcome:
    """Write the retraining plan from the decisions and the holdout."""
    from tools.data.splitting import SplitReport
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.metrics import metric
    from tools.monitoring.retraining import plan
    from tools.serving.bundle import dns_label

    criteria = job.load("criteria.json", Criteria)
    parts = job.load("split.json", SplitReport).parts
    holdout = job.outcome("validation.holdout").facts
    better = metric(criteria.primary.metric).greater_is_better
    kinds = tuple(str(kind) for kind in job.answer("retraining.triggers", list(KINDS)))
    name = dns_label(f"{job.answer('data.target') or 'model'} model")
    made = plan(
        kinds=kinds,
        cadence=str(job.answer("retraining.cadence") or "never"),
        training_rows=parts["train"].rows,
        criteria=criteria,
        champion=_number(holdout.get("value")),
        limit=_number(holdout.get("lower" if better else "upper")),
        name=name,
        image="phasegate:local",
    )
    job.save_json("retraining.json", made)
    return outcome(made, job.answer("requirements.label_delay_days"))


def _number(value: Fact) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def outcome(made: RetrainingPlan, delay: Any) -> Outcome:
    """The plan, in words."""
    kinds = [trigger.kind for trigger in made.triggers]
    facts: dict[str, Fact] = {
        "triggers": len(made.triggers),
        "cadence": made.cadence,
        "training_rows": made.training_rows,
        "scheduled": made.schedule is not None,
        "label_delay_days": _number(delay),
    }
    facts |= {f"{trigger.kind}_threshold": trigger.threshold for trigger in made.triggers}
    notes: list[Sentence] = [trigger.text for trigger in made.triggers]
    notes.append(made.promotion)
    if facts["label_delay_days"]:
        notes.append(
            say("labels come {days|num} days late, so performance is known that much later", days=_number(delay))
        )
    if not made.triggers:
        summary = say("nothing triggers a retraining; phasegate retrain starts one by hand")
    else:
        performance = next((one for one in made.triggers if one.kind == "performance"), None)
        volume = next((one for one in made.triggers if one.kind == "volume"), None)
        template = "retraining is due by {kinds}"
        if volume is not None:
            template += ", at {rows|int} new rows"
        if performance is not None:
            template += " or a metric beyond {limit|num}"
        summary = say(
            template,
            kinds=_named(kinds),
            rows=volume.threshold if volume else None,
            limit=performance.threshold if performance else None,
        )
    return Outcome(summary=summary, notes=tuple(notes), facts=facts)


def _named(kinds: list[Any]) -> str:
    return listed(kinds).replace('"', "").replace(" and ", " or ") if len(kinds) > 1 else str(kinds[0])


def _choices(known: Known) -> tuple[Option, ...]:
    late = known.answer("requirements.label_delay_days")
    reasons = {
        "schedule": "come what may",
        "drift": "a column that the model uses has moved",
        "performance": "labels show that it is worse" + ("" if late is None else ", once they are there"),
        "volume": "many new labelled rows",
    }
    return tuple(Option(kind, reason=reasons[kind]) for kind in KINDS)


def _evidence(known: Known) -> dict[str, Any]:
    monitoring = known.facts("deployment.monitoring")
    return {
        "label_delay_days": known.answer("requirements.label_delay_days"),
        "growth": known.answer("requirements.growth"),
        "by_time": known.answer("split.kind") == "time",
        "moved": monitoring.get("moved") or 0,
        "rows": monitoring.get("reference_rows"),
    }


STEP = Step(
    id="deployment.retraining",
    guidance="4.7",
    title="retraining",
    run=run,
    needs=("criteria.json", "split.json", "validation.holdout.outcome"),
    decisions=("retraining.triggers", "retraining.cadence", "requirements.label_delay_days", "data.target"),
    makes=("retraining.json",),
    before=(
        Ask(
            id="retraining.triggers",
            prompt="What should make a retraining due?",
            type="several",
            choices=_choices,
            evidence=_evidence,
        ),
        Ask(
            id="retraining.cadence",
            prompt="How often at least should the model be retrained?",
            type="choice",
            options=tuple(Option(one) for one in ("weekly", "monthly", "quarterly", "never")),
            evidence=_evidence,
        ),
    ),
)
