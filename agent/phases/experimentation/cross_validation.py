"""Step 2.3, cross-validation: out-of-fold predictions of each family's best setting, and paired tests between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.inputs import TRAINING, baseline_of, training_of
from agent.steps import Job, Step
from tools.records import MetricValue, Outcome
from tools.wording import Fact, Sentence, say

if TYPE_CHECKING:
    from tools.modeling.comparing import Comparison

STEP_ID = "experimentation.cross_validation"


def run(job: Job) -> Outcome:
    """Predict every training row out of fold, measure, and compare."""
    import numpy as np

    from tools.evaluation.criteria import Criteria
    from tools.modeling.comparing import Comparison, ModelScore, Pair, corrected_t, recommend, selection_metric
    from tools.modeling.crossval import fitter, oof_frame, out_of_fold
    from tools.modeling.families import FAMILIES
    from tools.modeling.measuring import gain, measure, metric_names
    from tools.modeling.training import OOF_ROWS, substream
    from tools.modeling.tuning import Tuned

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    everything = training_of(job, len(baseline.classes))
    training = everything.sample(OOF_ROWS, substream(job.seed, "rows"))
    tuned = job.load("tuned.json", Tuned)
    metric = selection_metric(criteria)
    folds = training.folds(fresh=True)
    total = len(tuned.families) * len(folds)
    found, raw = {}, {}
    fold_of = np.full(len(training.y), -1, dtype=np.int64)
    for place, one in enumerate(tuned.families):

        def after(fold: int, place: int = place, label: str = one.label) -> None:
            job.progress(place * len(folds) + fold + 1, total, label)

        fit_fold = fitter(training, one.family, one.params, substream(job.seed, "fit", one.family), job.threads)
        found[one.family] = out_of_fold(training, folds, fit_fold, metric, after)
        raw[one.family], fold_of = found[one.family].predictions, found[one.family].fold
    names = metric_names(criteria, metric)
    scores = []
    for one in tuned.families:
        held = found[one.family]
        scores.append(
            ModelScore(
                name=one.family,
                label=one.label,
                simplicity=FAMILIES[one.family].simplicity,
                metrics=measure(
                    names,
                    training.problem,
                    training.target,
                    held.predictions,
                    criteria,
                    substream(job.seed, "interval"),
                ),
                fold_losses=held.losses,
                training_loss=float(np.mean(held.training_losses)),
                oof_loss=_pooled(metric, training, held.predictions),
                trials=one.trials,
                best_trial_loss=one.loss,
            )
        )
    scores.sort(key=lambda score: (score.oof_loss, score.simplicity, score.name))
    best = scores[0].name
    inside, outside = folds[-1]
    pairs = []
    for other in scores[1:]:
        held_gain = gain(
            metric, training.problem, training.target, raw[best], raw[other.name], criteria, substream(job.seed, "pair")
        )
        differences = [b - a for a, b in zip(found[best].losses, found[other.name].losses, strict=True)]
        pairs.append(
            Pair(
                better=best,
                worse=other.name,
                gain=held_gain,
                t_p=corrected_t(differences, len(inside), len(outside)),
                beyond_noise=held_gain.lower is not None and held_gain.lower > 0,
            )
        )
    chosen, reason = recommend(best, scores, pairs, metric)
    top = next(score for score in scores if score.name == chosen)
    report = Comparison(
        metric=metric,
        rows=int((fold_of >= 0).sum()),
        training_rows=len(everything.y),
        folds=len(folds),
        scheme=training.scheme.kind,
        models=tuple(scores),
        pairs=tuple(pairs),
        best=best,
        recommended=chosen,
        reason=reason,
        optimism=float(np.mean(top.fold_losses)) - top.best_trial_loss,
    )
    job.save_json("comparison.json", report)
    job.save_frame("oof.parquet", oof_frame(training, raw, fold_of))
    return describe(report, _simple(baseline, metric))


def _pooled(metric: str, training: Any, raw: Any) -> float:
    from tools.modeling.crossval import loss_of
    from tools.modeling.measuring import predicted

    keep = predicted(raw)
    return loss_of(metric, training.problem, training.y[keep], raw[keep])


def _simple(baseline: Any, metric: str) -> float | None:
    held = next((one for one in baseline.models if one.name == "simple"), None)
    found = None if held is None else held.metrics.get(metric)
    return None if found is None else found.value


def describe(report: Comparison, baseline: float | None) -> Outcome:
    """The comparison in words."""
    from tools.evaluation.metrics import METRICS
    from tools.modeling.measuring import as_records

    found = METRICS[report.metric]
    by_name = {score.name: score for score in report.models}
    best, chosen = by_name[report.best], by_name[report.recommended]
    held = chosen.metrics.get(report.metric)
    equals = sum(not pair.beyond_noise for pair in report.pairs)
    facts: dict[str, Fact] = {
        "metric": report.metric,
        "metric_label": found.label,
        "models": len(report.models),
        "rows": report.rows,
        "folds": report.folds,
        "scheme": report.scheme,
        "best": best.label,
        "recommended": chosen.label,
        "value": None if held is None else held.value,
        "lower": None if held is None else held.lower,
        "upper": None if held is None else held.upper,
        "baseline": baseline,
        "indistinguishable": equals,
        "optimism": report.optimism,
    }
    metrics: list[MetricValue] = []
    for score in report.models:
        metrics += as_records(score.metrics, STEP_ID, "oof", score.name)
        inside = score.metrics.get(report.metric)
        facts[f"oof_{score.name}"] = None if inside is None else inside.value
    summary = say(
        "{model} is recommended: {metric} {value|num} ({lower|num} to {upper|num}) out of fold",
        model=chosen.label,
        metric=found.label,
        value=facts["value"],
        lower=facts["lower"],
        upper=facts["upper"],
    )
    notes: list[Sentence] = [report.reason]
    if len(report.models) > 1:
        if equals:
            notes.append(
                say(
                    "{equals|int} of the {others|int} other models can't be told from the best by the paired interval",
                    equals=equals,
                    others=len(report.pairs),
                )
            )
        else:
            notes.append(say("every other model is worse by more than noise"))
    if report.optimism > 0:
        notes.append(
            say(
                "on fresh folds {model} loses {optimism|num} against its best trial, which flattered it by so much",
                model=chosen.label,
                optimism=report.optimism,
            )
        )
    if report.scheme == "time":
        notes.append(say("folds follow time: each is predicted from the rows before it, the first rows by none"))
    elif report.scheme == "grouped":
        notes.append(say("rows of one group are never on both sides of a fold"))
    if report.rows < report.training_rows and report.scheme != "time":
        notes.append(
            say("measured on {rows|int} of {all|int} training rows", rows=report.rows, all=report.training_rows)
        )
    return Outcome(summary=summary, notes=tuple(notes), facts=facts, metrics=tuple(metrics))


STEP = Step(
    id=STEP_ID,
    guidance="2.3",
    title="cross-validation",
    run=run,
    needs=(*TRAINING, "baseline.json", "tuned.json"),
    makes=("oof.parquet", "comparison.json"),
    libraries=("numpy", "pandas", "scipy", "scikit-learn", "xgboost-cpu", "lightgbm", "imbalanced-learn"),
)
