"""Step 2.5, interpretation: what the chosen model goes by, on rows that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.phases.experimentation.inputs import (
    TRAINING,
    VALIDATION,
    baseline_of,
    members_of,
    training_of,
    validation_of,
)
from agent.steps import Job, Step
from tools.records import Finding, Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    from tools.modeling.explaining import Interpretation
    from tools.modeling.training import Training

STEP_ID = "experimentation.interpretation"
FEWEST_VALIDATION = 60
"""Below so many validation rows, a fold of the training rows is explained instead."""


def run(job: Job) -> Outcome:
    """Fit the chosen model on training rows and look at what its predictions rest on."""
    from dataclasses import replace

    import numpy as np

    from tools.evaluation.criteria import Criteria
    from tools.modeling import explaining
    from tools.modeling.baselines import constant
    from tools.modeling.comparing import selection_metric
    from tools.modeling.crossval import loss_of
    from tools.modeling.models import fit_model
    from tools.modeling.training import OOF_ROWS, substream

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    members = members_of(job)
    inside, held, partition = _parts(job, len(baseline.classes))
    metric = selection_metric(criteria)
    model = fit_model(
        inside.sample(OOF_ROWS, substream(job.seed, "fit rows")), members, substream(job.seed, "fit"), job.threads
    )
    rows = held.sample(explaining.MOST_ROWS, substream(job.seed, "rows"))
    problem = rows.problem
    job.progress(1, 4, "importances")
    found, base = explaining.importances(
        model.predict, problem, rows.matrix, rows.y, metric, substream(job.seed, "permutation")
    )
    # two classes: the positive one; more: the most frequent one
    focus = -1 if len(baseline.shares) <= 2 else int(np.argmax(baseline.shares))
    parts = model.contributions(rows.x, focus)
    ranked = explaining.ranked(found, None if parts is None else explaining.by_column(rows.matrix, parts))
    job.progress(2, 4, "partial dependence")
    strongest = [one.column for one in ranked if one.value > 0][: explaining.DEPENDENT_COLUMNS]
    curves = explaining.dependences(
        model.predict, problem, rows.matrix, strongest, substream(job.seed, "dependence"), focus
    )
    job.progress(3, 4, "surrogate")
    shown = inside.sample(explaining.MOST_ROWS, substream(job.seed, "surrogate"))
    both = replace(rows.matrix, x=np.concatenate([shown.x, rows.x]))
    said = explaining.one_output(problem, model.predict(both.x), focus)
    constant_loss = loss_of(metric, problem, rows.y, constant(problem, inside.y).predict(rows.x))
    with_parts = next(
        (
            one.label
            for one, fitted in zip(members, model.members, strict=True)
            if fitted.contributions(rows.x[:1]) is not None
        ),
        None,
    )
    report = explaining.Interpretation(
        metric=metric,
        output=f"probability of {baseline.classes[focus]}" if baseline.classes else str(job.answer("data.target")),
        partition=partition,
        rows=len(rows.y),
        loss=base,
        constant_loss=constant_loss if np.isfinite(constant_loss) else 0.0,
        importances=ranked,
        contributions_of=with_parts if parts is not None else None,
        dependences=curves,
        surrogate=explaining.surrogate(both, said, len(shown.y)),
        carried_by=explaining.carrier(ranked, base, constant_loss),
    )
    job.save_json("interpretation.json", report)
    return describe(report)


def _parts(job: Job, classes: int) -> tuple[Training, Training, str]:
    """Rows to fit on, rows to explain, and what the latter are called."""
    training, validation = training_of(job, classes), validation_of(job, classes)
    if len(validation.y) >= FEWEST_VALIDATION:
        return training, validation, "validation"
    inside, outside = training.folds()[-1]
    return training.take(inside), training.take(outside), "oof"


def describe(report: Interpretation) -> Outcome:
    """What the model goes by, in words."""
    from tools.evaluation.metrics import METRICS

    ranked = [one for one in report.importances if one.value > 0]
    needed = [one for one in report.importances if one.lower > 0]
    facts: dict[str, Fact] = {
        "columns": len(report.importances),
        "needed": len(needed),
        "rows": report.rows,
        "first": ranked[0].column if ranked else None,
        "first_share": ranked[0].share if ranked else None,
        "second": ranked[1].column if len(ranked) > 1 else None,
        "second_share": ranked[1].share if len(ranked) > 1 else None,
        "fidelity": report.surrogate.fidelity,
        "metric_label": METRICS[report.metric].label,
        "carried_by": report.carried_by,
    }
    if not ranked:
        summary = say(
            "shuffling any of the {columns|int} columns changes nothing: the model found little to go by", **facts
        )
    elif len(ranked) == 1:
        summary = say('the model goes by "{first}" alone', first=facts["first"])
    else:
        summary = say(
            'the model goes by "{first}" ({first_share|pct} of all importance), then "{second}" ({second_share|pct});'
            f" {{needed|int}} of {{columns|int}} columns {plural(len(needed), 'matters', 'matter')} beyond noise",
            **facts,
        )
    notes: list[Sentence] = [*_movements(report)]
    idle = [one.column for one in report.importances if one.upper <= 0 or (one.lower <= 0 and one.share < 0.002)]
    if idle and len(idle) < len(report.importances):
        notes.append(say("{columns} could be left out without loss that shows here", columns=listed(idle, 4)))
    if report.surrogate.fidelity >= 0.5:
        notes.append(
            say("a tree with three questions imitates {fidelity|pct} of it", fidelity=report.surrogate.fidelity)
        )
    else:
        notes.append(
            say(
                "no small set of rules stands for it: a tree with three questions imitates {fidelity|pct}",
                fidelity=max(report.surrogate.fidelity, 0.0),
            )
        )
    return Outcome(summary=summary, notes=tuple(notes), facts=facts, findings=_findings(report))


def _movements(report: Interpretation) -> list[Sentence]:
    """How the prediction moves with the two strongest columns that have a curve."""
    notes = []
    for curve in report.dependences[:2]:
        low = min(curve.points, key=lambda point: point.mean)
        high = max(curve.points, key=lambda point: point.mean)
        given: dict[str, Fact] = {
            "column": curve.label, "output": report.output, "low": low.mean, "high": high.mean,
            "low_at": low.at, "high_at": high.at,
        }  # fmt: skip
        slots = ("{low_at|num}", "{high_at|num}") if curve.kind == "number" else ("{low_at}", "{high_at}")
        notes.append(
            say(
                f'along "{{column}}" the mean {{output|text}} runs from {{low|num}} (at {slots[0]})'
                f" to {{high|num}} (at {slots[1]})",
                **given,
            )
        )
    return notes


def _findings(report: Interpretation) -> tuple[Finding, ...]:
    """One column that carries an unusually good model may have come after the outcome."""
    if report.carried_by is None:
        return ()
    first = report.importances[0]
    return (
        Finding(
            id=f"leakage.carries.{report.carried_by}",
            step=STEP_ID,
            kind="leakage",
            columns=(report.carried_by,),
            level="warn",
            text=say(
                '"{column}" carries {share|pct} of what the model knows, and the model is unusually good:'
                " is it known at the time of prediction?",
                column=report.carried_by,
                share=first.share,
            ),
            action="Ask whoever records this column when it is written, and drop it if that is after the outcome.",
        ),
    )


STEP = Step(
    id=STEP_ID,
    guidance="2.5",
    title="interpretation",
    run=run,
    needs=(*TRAINING, *VALIDATION, "baseline.json", "ensemble.json"),
    decisions=("data.target", "ensemble.accept"),
    makes=("interpretation.json",),
    libraries=("numpy", "pandas", "scikit-learn", "xgboost-cpu", "lightgbm", "imbalanced-learn"),
)
