"""Step 4.5, A/B rollout: how a challenger would come in, stage by stage, and when it would be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Known, Step
from tools.records import Outcome
from tools.wording import Fact, plural, say

if TYPE_CHECKING:
    from tools.monitoring.rollout import RolloutPlan


def run(job: Job) -> Outcome:
    """Write the plan that the bundle's router takes, and try the router on resampled losses."""
    from tools.data.splitting import SplitReport
    from tools.evaluation.abtest import ABDesign
    from tools.evaluation.business import row_costs
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.opened import read_opened
    from tools.monitoring.rollout import plan, shares_of
    from tools.serving.service.scorer import Scorer

    criteria = job.load("criteria.json", Criteria)
    design = job.load("ab_design.json", ABDesign)
    scorer = Scorer.load(job.path("scorer/"))
    scheme = job.load("split.json", SplitReport).scheme
    opened = read_opened(job.frame("opened.parquet"), job.frame("test_scores.parquet"), scorer.classes, scheme)
    value = 1.0 if criteria.value_per_unit_error is None else criteria.value_per_unit_error
    made = plan(
        row_costs(opened.y, opened.predictions, criteria.task, criteria.costs, value),
        shares=shares_of(job.answer("rollout.steps")),
        salt=f"rollout {scorer.sha256[:12]}",
        loss=design.outcome,
        smallest_effect=design.smallest_effect,
        units_per_day=design.traffic,
        seed=job.seed,
    )
    job.save_json("rollout.json", made)
    return outcome(made, design.unit)


def outcome(made: RolloutPlan, unit: str) -> Outcome:
    """The plan, in words; it says that nothing was rolled out."""
    canaries = [stage for stage in made.stages if not stage.shadow]
    days = [stage.days for stage in made.stages]
    total = sum(day for day in days if day is not None) if all(day is not None for day in days) else None
    facts: dict[str, Fact] = {
        "stages": len(made.stages),
        "shadow": any(stage.shadow for stage in made.stages),
        "canaries": len(canaries),
        "first_share": canaries[0].share if canaries else None,
        "last_share": canaries[-1].share if canaries else None,
        "least_units": made.stages[-1].least_units,
        "days": total,
        "mean_loss": made.mean_loss,
        "smallest_effect": made.smallest_effect,
        "same_rolled_back": made.trial.same_rolled_back,
        "worse_rolled_back": made.trial.worse_rolled_back,
        "units_to_rollback": made.trial.units_to_rollback,
    }
    template = "planned: {stages|int} {word}, the last over {units|int} {unit} or more"
    template += ", {days|num} days in all at the stated traffic" if total is not None else ""
    notes = [
        made.rollback,
        say(
            "trial of the router on {units|int} resampled {unit}: one just as good was rolled back in {same|pct} of "
            "{trials|int} trials, one worse by three times the smallest effect in {worse|pct}",
            units=made.trial.units,
            unit=_many(unit),
            same=made.trial.same_rolled_back,
            trials=made.trial.trials,
            worse=made.trial.worse_rolled_back,
        ),
        say("no challenger has been rolled out; promotion is a person's decision at a gate"),
    ]
    if total is None:
        notes.insert(1, say("how long that takes is open: no daily traffic was stated"))
    return Outcome(
        summary=say(
            template,
            stages=len(made.stages),
            word=plural(len(made.stages), "stage"),
            units=made.stages[-1].least_units,
            unit=_many(unit),
            days=total,
        ),
        notes=tuple(notes),
        facts=facts,
    )


def _many(unit: str) -> str:
    """The plural of a unit of decision."""
    return unit if unit.endswith("s") else f"{unit}s"


def _evidence(known: Known) -> dict[str, Any]:
    design = known.facts("validation.ab_design")
    return {
        "traffic": known.answer("ab.traffic"),
        "false_negative_cost": known.answer("requirements.false_negative_cost"),
        "harm": bool(known.answer("requirements.harm")),
        "days": design.get("days"),
        "protected": bool(known.answer("requirements.protected")),
    }


STEP = Step(
    id="deployment.ab_rollout",
    guidance="4.5",
    title="A/B rollout",
    run=run,
    needs=("opened.parquet", "test_scores.parquet", "split.json", "criteria.json", "ab_design.json", "scorer/"),
    decisions=("rollout.steps",),
    makes=("rollout.json",),
    libraries=("numpy", "pandas"),
    before=(
        Ask(
            id="rollout.steps",
            prompt="Which share of cases should a challenger answer, stage by stage? 0 is the shadow stage.",
            type="list",
            evidence=_evidence,
        ),
    ),
)
