"""What the error analysis says, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.records import Finding, Outcome
from tools.wording import Fact, Sentence, plural, say

if TYPE_CHECKING:
    from tools.modeling.errors import ErrorReport

STEP_ID = "experimentation.error_analysis"
CALIBRATORS = {"sigmoid": "a sigmoid", "isotonic": "an isotonic curve"}


def describe(report: ErrorReport) -> Outcome:
    """The errors in words."""
    facts: dict[str, Fact] = {
        "model": report.model,
        "rows": report.rows,
        "mean_loss": report.mean_loss,
        "loss_unit": report.loss_unit,
        "slices": sum(one.significant for one in report.slices),
        "slices_tested": report.slices_tested,
        "slope": report.calibration.slope.value,
        "slope_lower": report.calibration.slope.lower,
        "slope_upper": report.calibration.slope.upper,
        "recommended_calibration": report.recommended_calibration,
        "threshold": None if report.threshold is None else report.threshold.threshold,
        "threshold_cost": None if report.threshold is None else report.threshold.cost,
        "training_loss": report.training_loss,
        "oof_loss": report.oof_loss,
        "diagnosis": report.diagnosis,
        "suspects": report.suspect_count,
        "surprises": report.surprises,
        "surprises_expected": report.surprises_expected,
    }
    weak = [one for one in report.slices if one.significant]
    notes: list[Sentence] = []
    if weak:
        worst = weak[0]
        summary = Sentence(
            template="weakest where " + worst.rule.template + ": {loss_unit|text} {slice_loss|num} against"
            " {slice_rest|num} elsewhere ({slice_rows|int} rows)",
            facts={
                **worst.rule.facts, "loss_unit": report.loss_unit, "slice_loss": worst.loss, "slice_rest": worst.rest,
                "slice_rows": worst.rows,
            },
        )  # fmt: skip
        if len(weak) > 1:
            notes.append(
                say(
                    "{weak|int} of {tested|int} groups of rows are worse than the rest beyond chance (Holm)",
                    weak=len(weak),
                    tested=report.slices_tested,
                )
            )
    else:
        summary = say(
            "no group of rows stands out: {tested|int} were tested, none is worse than the rest beyond chance",
            tested=report.slices_tested,
        )
    notes += [_fit_note(report), *_decision_notes(report)]
    if report.residuals is not None:
        notes += _residual_notes(report)
    return Outcome(summary=summary, notes=tuple(notes), facts=facts, findings=_findings(report))


def _fit_note(report: ErrorReport) -> Sentence:
    from tools.evaluation.metrics import METRICS

    better = METRICS[report.metric].greater_is_better
    given: dict[str, Fact] = {
        "metric": METRICS[report.metric].label,
        "train": 1.0 - report.training_loss if better else report.training_loss,
        "oof": 1.0 - report.oof_loss if better else report.oof_loss,
    }
    templates = {
        "overfit": "it knows its training rows by heart ({metric} {train|num} there, {oof|num} on rows left out) and is"
        " no better than the simple baseline: more rows or a simpler model would help",
        "close": "it fits its training rows much more closely ({metric} {train|num}) than rows left out ({oof|num}), as"
        " flexible models do; only the latter counts",
        "underfit": "it hardly learns even its training rows ({metric} {train|num} there, {oof|num} on rows left out):"
        " the columns hold little, or the model is too simple",
        "balanced": "training and left-out rows agree well enough ({metric} {train|num} and {oof|num})",
    }
    return say(templates[report.diagnosis], **given)


def _decision_notes(report: ErrorReport) -> list[Sentence]:
    from tools.evaluation.metrics import METRICS

    notes: list[Sentence] = []
    slope = report.calibration.slope
    if slope.value is not None and report.confusion is not None:
        given: dict[str, Fact] = {"slope": slope.value, "lower": slope.lower, "upper": slope.upper}
        chosen = next(one for one in report.calibrations if one.kind == report.recommended_calibration)
        if chosen.kind == "none":
            template = "probabilities can be taken at their word (slope {slope|ratio}, {lower|ratio} to {upper|ratio})"
        else:
            template = (
                "probabilities need calibration (slope {slope|ratio}, {lower|ratio} to {upper|ratio}): "
                f"{CALIBRATORS[chosen.kind]} brings it to {{after|ratio}} on rows left out"
            )
            given["after"] = chosen.slope
        notes.append(say(template, **given))
    if report.threshold is not None and report.threshold.basis == "cost":
        notes.append(
            say(
                "a threshold of {threshold|ratio} costs {cost|num} a row, one half would cost {half|num}",
                threshold=report.threshold.threshold,
                cost=report.threshold.cost,
                half=report.threshold.cost_at_half,
            )
        )
    effect = report.mitigation
    if effect is not None:
        notes.append(
            say(
                'selection rates over "{column}" differ (ratio {before|ratio}); reweighing would make it {after|ratio},'
                " with {metric} from {score_before|num} to {score_after|num}",
                column=effect.column,
                before=effect.ratio_before,
                after=effect.ratio_after,
                metric=METRICS[effect.metric].label,
                score_before=effect.metric_before,
                score_after=effect.metric_after,
            )
        )
    if report.confusion is not None and len(report.confusion.classes) > 2:
        notes += _mix_up(report)
    if report.suspect_count:
        noun = plural(report.suspect_count, "label is", "labels are")
        notes.append(say(f"{{count|int}} {noun} worth a second look, most doubtful first", count=report.suspect_count))
    return notes


def _mix_up(report: ErrorReport) -> list[Sentence]:
    """The two classes that are confused most often."""
    assert report.confusion is not None
    counts, names = report.confusion.counts, report.confusion.classes
    pairs = [(counts[i][j] + counts[j][i], i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    most, i, j = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    if not most:
        return []
    share = most / max(1, sum(counts[i]) + sum(counts[j]))
    return [
        say(
            'most often "{one}" and "{other}" are taken for each other: {count|int} times, {share|pct} of their rows',
            one=names[i],
            other=names[j],
            count=most,
            share=share,
        )
    ]


def _residual_notes(report: ErrorReport) -> list[Sentence]:
    held = report.residuals
    assert held is not None
    notes = [
        say(
            "nine in ten errors lie between {low|num} and {high|num}",
            low=held.quantiles["lowest"],
            high=held.quantiles["highest"],
        )
    ]
    if held.spread_grows > 0.3:
        notes.append(say("errors grow with the prediction (rank correlation {value|ratio})", value=held.spread_grows))
    return notes


def _findings(report: ErrorReport) -> tuple[Finding, ...]:
    found: list[Finding] = []
    weak = [one for one in report.slices if one.significant]
    if weak:
        found.append(
            Finding(
                id="representation.slice",
                step=STEP_ID,
                kind="representation",
                columns=weak[0].columns,
                level="info",
                text=Sentence(
                    template="where "
                    + weak[0].rule.template
                    + ", the loss is {slice_loss|num} against {slice_rest|num}",
                    facts={**weak[0].rule.facts, "slice_loss": weak[0].loss, "slice_rest": weak[0].rest},
                ),
                action="Look at these rows; more of them, or a column that tells them apart, would help most.",
            )
        )
    if report.surprises > max(10.0, report.surprises_expected + 3 * report.surprises_expected**0.5):
        found.append(
            Finding(
                id="target.labels",
                step=STEP_ID,
                kind="target",
                level="info",
                text=say(
                    "{count|int} of {rows|int} labels surprise the model, where {expected|num} would be usual:"
                    " some may be wrong",
                    count=report.surprises,
                    rows=report.rows,
                    expected=report.surprises_expected,
                ),
                action="Have a person look at the first of them in the error analysis.",
            )
        )
    return tuple(found)
