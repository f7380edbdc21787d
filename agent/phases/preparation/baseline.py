"""Step 1.7, baseline: what any model must beat, in seconds, and what more rows would be worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.inputs import TRAINING, training_of
from agent.steps import Job, Step
from tools.records import Finding, MetricValue, Outcome
from tools.wording import Fact, Sentence, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria
    from tools.modeling.baselines import Baseline, BaselineReport
    from tools.modeling.training import Training

STEP_ID = "preparation.baseline"
DEPLOYABLE = ("trivial", "one_rule", "simple")


def run(job: Job) -> Outcome:
    """Fit the baselines out of fold, draw the learning curve, and keep the simple one as a scorer."""
    import numpy as np

    from tools.data.targets import classes_of
    from tools.evaluation.criteria import Criteria
    from tools.modeling.baselines import BaselineReport, constant, last_value, one_rule
    from tools.modeling.comparing import selection_metric
    from tools.modeling.crossval import fitter, oof_frame, out_of_fold
    from tools.modeling.families.base import Fitted
    from tools.modeling.learning import learning_curve
    from tools.modeling.thresholds import recommended
    from tools.modeling.training import OOF_ROWS, SEARCH_ROWS, substream

    criteria = job.load("criteria.json", Criteria)
    target = job.frame("train_clean.parquet")[str(job.answer("data.target"))]
    classes = classes_of(target, criteria.task, job.answer("data.positive_class"))
    everything = training_of(job, len(classes))
    training = everything.sample(OOF_ROWS, substream(job.seed, "rows"))
    problem, layout = training.problem, training.layout
    metric = selection_metric(criteria)
    folds = training.folds()
    steps = 3 * len(folds) + 1

    def fit_constant(x: Any, y: Any, fold: int) -> Fitted:
        return constant(problem, y)

    def fit_rule(x: Any, y: Any, fold: int) -> Fitted:
        return one_rule(problem, layout, x, y)

    fits = {
        "trivial": fit_constant,
        "one_rule": fit_rule,
        "simple": fitter(training, "linear", SIMPLE, substream(job.seed, "simple"), job.threads),
    }
    raw: dict[str, Any] = {}
    fold_of = np.full(len(training.y), -1, dtype=np.int64)
    for place, (name, fit_fold) in enumerate(fits.items()):

        def after(fold: int, place: int = place, name: str = name) -> None:
            job.progress(place * len(folds) + fold + 1, steps, name.replace("_", " "))

        done = out_of_fold(training, folds, fit_fold, metric, after)
        raw[name], fold_of = done.predictions, done.fold
    if training.target.order is not None:
        raw["last_value"] = last_value(problem, training.y, training.target.order, fold_of)
    models = tuple(_baseline(name, training, values, criteria, metric, job.seed) for name, values in raw.items())
    everywhere = one_rule(problem, layout, training.x, training.y)
    rule = everywhere.words(training.matrix) if hasattr(everywhere, "words") else None
    learning = learning_curve(
        everything.sample(SEARCH_ROWS, substream(job.seed, "curve rows")),
        metric,
        substream(job.seed, "curve"),
        job.threads,
    )
    said = constant(problem, everything.y).said
    report = BaselineReport(
        task=criteria.task,
        metric=metric,
        rows=int((fold_of >= 0).sum()),
        training_rows=len(everything.y),
        sampled=len(training.y) < len(everything.y),
        features=everything.x.shape[1],
        classes=classes,
        shares=tuple(float(one) for one in said) if classes else (),
        missing=float(np.isnan(everything.x).mean()) if everything.x.size else 0.0,
        models=models,
        best=_best(models, metric),
        trivial=tuple(float(one) for one in said),
        rule=rule,
        learning=learning,
    )
    job.save_json("baseline.json", report)
    job.save_frame("baseline_oof.parquet", oof_frame(training, raw, fold_of))
    thresholds: dict[str, float | None] = dict.fromkeys(DEPLOYABLE)
    if criteria.task == "binary":
        seen = fold_of >= 0
        thresholds |= {
            name: recommended(training.y[seen], raw[name][seen, 1], criteria).threshold for name in DEPLOYABLE
        }
    _keep(job, training, report, thresholds)
    return describe(report, criteria)


def _baseline(name: str, training: Training, raw: Any, criteria: Criteria, metric: str, seed: int) -> Baseline:
    from tools.modeling.baselines import Baseline
    from tools.modeling.measuring import measure, metric_names
    from tools.modeling.training import substream

    names = metric_names(criteria, metric)
    found = measure(names, training.problem, training.target, raw, criteria, substream(seed, "interval"))
    label = LABELS[name] if name != "simple" or criteria.task != "regression" else "ridge regression"
    return Baseline(name=name, label=label, what=say(WHAT[name]), metrics=found, deployable=name in DEPLOYABLE)


def _best(models: tuple[Baseline, ...], metric: str) -> str:
    from tools.evaluation.metrics import METRICS

    sign = -1.0 if METRICS[metric].greater_is_better else 1.0

    def place(model: Baseline) -> float:
        held = model.metrics.get(metric)
        return float("inf") if held is None or held.value is None else sign * held.value

    return min((model for model in models if model.deployable), key=place).name


def _keep(job: Job, rows: Training, report: BaselineReport, thresholds: dict[str, float | None]) -> None:
    """The baselines, fitted on the training rows, in scorer form: the test rows are scored by them as well."""
    from tools.data.cleaning import CleaningPlan
    from tools.features.plan import FeaturePlan
    from tools.modeling.baselines import constant, one_rule
    from tools.modeling.fitting import fit
    from tools.modeling.models import Model
    from tools.modeling.shipping import ship
    from tools.modeling.training import substream

    problem, x, y = rows.problem, rows.x, rows.y
    seed = substream(job.seed, "kept")
    fitted = {
        "trivial": constant(problem, y),
        "one_rule": one_rule(problem, rows.layout, x, y),
        "simple": fit("linear", problem, rows.layout, x, y, SIMPLE, seed, job.threads),
    }
    for name, model in fitted.items():
        ship(
            job.out / "baseline" / name,
            Model((model,), (1.0,)),
            x,
            task=problem.task,
            target=str(job.answer("data.target")),
            classes=report.classes,
            reading=job.json("reading.json"),
            cleaning=job.load("cleaning.json", CleaningPlan),
            features=job.load("features.json", FeaturePlan),
            threshold=thresholds[name],
        )


def describe(report: BaselineReport, criteria: Criteria) -> Outcome:
    """The baselines in words."""
    from tools.evaluation.metrics import METRICS
    from tools.modeling.measuring import as_records

    shown = criteria.primary.metric
    label = METRICS[shown].label
    models = {model.name: model for model in report.models}
    facts: dict[str, Fact] = {
        "metric": shown,
        "metric_label": label,
        "best": report.best,
        "rows": report.rows,
        "training_rows": report.training_rows,
        "features": report.features,
    }
    metrics: list[MetricValue] = []
    for name, model in models.items():
        held = model.metrics.get(shown)
        facts |= {f"{name}": None if held is None else held.value}
        metrics += as_records(model.metrics, STEP_ID, "oof", MODEL_NAMES[name])
    notes: list[Sentence] = []
    if report.rule is not None:
        notes.append(Sentence(template="the one rule asks whether " + report.rule.template, facts=report.rule.facts))
    if "last_value" in models and facts["last_value"] is not None:
        notes.append(
            say(
                "the value of the row before would give {metric} {value|num}, if it were known in time",
                metric=label,
                value=facts["last_value"],
            )
        )
    if report.sampled:
        notes.append(
            say("measured on {rows|int} of {all|int} training rows", rows=report.rows, all=report.training_rows)
        )
    notes += _worth(report, facts)
    return Outcome(
        summary=_summary(models, report, facts, label),
        notes=tuple(notes),
        facts=facts,
        metrics=tuple(metrics),
        findings=_findings(models, report, facts),
    )


def _summary(models: dict[str, Baseline], report: BaselineReport, facts: dict[str, Fact], label: str) -> Sentence:
    best = models[report.best]
    held = best.metrics.get(str(facts["metric"]))
    others = [name for name in ("trivial", "one_rule", "simple") if name != report.best]
    template = "{best_label}: {metric} {value|num} ({lower|num} to {upper|num})"
    given: dict[str, Fact] = {
        "best_label": best.label,
        "metric": label,
        "value": None if held is None else held.value,
        "lower": None if held is None else held.lower,
        "upper": None if held is None else held.upper,
    }
    for name in others:
        template += f"; {models[name].label}: {{{name}|num}}"
        given[name] = facts[name]
    return say(template, **given)


def _worth(report: BaselineReport, facts: dict[str, Fact]) -> list[Sentence]:
    from tools.evaluation.metrics import METRICS

    curve = report.learning
    if curve is None or curve.worth is None or curve.worth_error is None:
        return [say("there are too few rows for a learning curve")]
    label = METRICS[curve.metric].label
    facts |= {"worth": curve.worth, "worth_error": curve.worth_error, "more": curve.more}
    given: dict[str, Fact] = {
        "more": curve.more, "worth": curve.worth, "error": curve.worth_error, "metric": label, "family": curve.family,
    }  # fmt: skip
    if curve.worth - curve.worth_error > 0:
        return [
            say("{more|int} more rows would be worth about {worth|num} {metric} (± {error|num}), by {family}", **given)
        ]
    return [
        say(
            "{more|int} more rows would hardly help: {worth|num} {metric} (± {error|num}), by {family};"
            " better columns may",
            **given,
        )
    ]


def _findings(models: dict[str, Baseline], report: BaselineReport, facts: dict[str, Fact]) -> tuple[Finding, ...]:
    """A simple model that is no better than the constant is worth knowing before any more work."""
    if report.best != "trivial":
        return ()
    return (
        Finding(
            id="quality.signal",
            step=STEP_ID,
            kind="quality",
            level="warn",
            text=say(
                "no simple model beats saying the same for every row ({trivial|num} against {simple|num}):"
                " these columns may hold little about the target",
                trivial=facts["trivial"],
                simple=facts["simple"],
            ),
            action="Look for columns that are closer to the outcome before tuning models.",
        ),
    )


SIMPLE: dict[str, int | float | str] = {"penalty": 1.0}
"""Parameters of the simple baseline."""
LABELS = {
    "trivial": "always the same",
    "one_rule": "one rule",
    "simple": "logistic regression",
    "last_value": "last value",
}
WHAT = {
    "trivial": "the class shares, or the median, of the training rows for every row",
    "one_rule": "one question about one column",
    "simple": "a linear model on all features, lightly penalised",
    "last_value": "what the row before in time had",
}
MODEL_NAMES = {"trivial": "trivial", "one_rule": "one_rule", "simple": "baseline", "last_value": "last_value"}
"""Name in the report to the model's name in metrics.json."""

STEP = Step(
    id=STEP_ID,
    guidance="1.7",
    title="baseline",
    run=run,
    needs=(*TRAINING, "train_clean.parquet", "reading.json", "cleaning.json"),
    decisions=("data.target", "data.positive_class"),
    makes=("baseline.json", "baseline_oof.parquet", "baseline/"),
    libraries=("pandas", "numpy", "scipy", "scikit-learn", "lightgbm", "onnx", "onnxruntime"),
)
