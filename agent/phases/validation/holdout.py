"""Step 3.1, holdout: the vault is opened, the rows are scored through the scorer and held against the criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Job, Step
from tools.records import Check, Finding, MetricValue, Outcome
from tools.wording import Fact, Sentence, inert, listed, plural, say

if TYPE_CHECKING:
    import pandas as pd

    from tools.data.splitting import SplitScheme
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.holdout import HoldoutReport
    from tools.evaluation.opened import Opened

ID = "validation.holdout"


def run(job: Job) -> Outcome:
    """Score the opened rows, measure, compare, check."""
    import numpy as np

    from tools.data.profiling import Profile
    from tools.data.splitting import SplitReport
    from tools.evaluation import holdout as test
    from tools.evaluation.baselines import baseline_labels, baseline_predictions, judged_baseline
    from tools.evaluation.calibration import calibrate, calibration_check
    from tools.evaluation.criteria import Criteria, fingerprint
    from tools.evaluation.intervals import metric_value
    from tools.evaluation.opened import opened_rows
    from tools.evaluation.scoring import score_labelled, scores_frame
    from tools.serving.service.scorer import Scorer

    criteria = job.load("criteria.json", Criteria)
    scheme = job.load("split.json", SplitReport).scheme
    scorer = Scorer.load(job.path("scorer/"))
    target = scorer.target
    rows, train = job.frame("test.parquet"), job.frame("train.parquet")
    _refuse_empty(len(rows))
    split = job.frame("split.parquet")
    numbers = split.loc[split["partition"] == "test", "row"].to_numpy(dtype=np.int64)

    scored, scores = score_labelled(scorer, rows, target)
    _refuse_unscored(len(scored.y), [error for error in scores.errors if error])
    job.save_frame("opened.parquet", rows)
    y = np.full(len(rows), np.nan) if criteria.task == "regression" else np.full(len(rows), -1, dtype=np.int64)
    y[scored.kept] = scored.y
    job.save_frame("test_scores.parquet", scores_frame(numbers, y, scores, scorer.classes))
    opened = opened_rows(rows, scored, scheme)
    job.progress(1, 4, "scored")

    tests = test.HoldoutRows(opened.y, opened.groups, opened.order, job.seed)
    found = test.measure(tests, opened.predictions, criteria)
    primary = criteria.primary.metric
    baselines = baseline_predictions(job.path("baseline/"), opened.frame)
    measured = job.json("baseline.json")
    judged = judged_baseline(measured, baselines, primary)
    gained = test.gains(tests, opened.predictions, baselines, judged, criteria, baseline_labels(measured))
    of_judged = next((gain for gain in gained if gain.judged), None)
    job.progress(2, 4, "measured")

    calibration = None
    if criteria.task == "regression" or opened.predictions.probabilities is not None:
        calibration = calibrate(opened.y, opened.predictions, criteria.task, groups=opened.groups, order=opened.order)
    # the columns that the split looked at for repeats; those the model uses alone would call alike what is not
    telling = job.load("train_profile.json", Profile).features()
    columns = scheme.tie or tuple(name for name in telling if name in train.columns)
    overlap, both = test.overlap(train, opened.frame, columns, target)
    if overlap.rows:
        overlap = overlap.model_copy(update={"without": _without(primary, opened, both, criteria)})
    shift = test.shift(train, opened.frame, scorer.needed, job.seed, _entities(train, opened, scheme))
    job.progress(3, 4, "compared")

    values = [
        metric_value(each.at(0.95), step=ID, partition="test", model="scorer", metric_name=name)
        for name, each in found.items()
    ]
    values += [
        MetricValue(
            id=f"{ID}.test.{gain.baseline}.{primary}", step=ID, partition="test", model=gain.baseline,
            metric=primary, value=gain.baseline_value, n=len(opened.y),
        )
        for gain in gained
    ]  # fmt: skip
    report = test.HoldoutReport(
        rows=len(rows),
        left_out=opened.left_out,
        classes=_class_counts(opened, scorer.classes),
        primary=found[primary].at(0.95),
        primary_limits=found[primary].one_sided(criteria.alpha),
        metrics=tuple(values),
        comparisons=tuple(
            test.compare(found[primary], value)
            for partition in ("oof", "validation")
            if (value := _earlier(job, partition, primary)) is not None
        ),
        gains=gained,
        calibration=calibration,
        overlap=overlap,
        shift=shift,
        criteria_sha256=fingerprint(criteria),
        rows_to_settle=test.settle(found[primary], criteria),
    )
    job.save_json("holdout.json", report)
    checks = [
        test.metric_check(criteria.primary, found[primary], criteria, check_id="holdout.metric", gained=of_judged),
        test.gain_check(of_judged, criteria),
        *(
            test.metric_check(rail, found[rail.metric], criteria, check_id=f"holdout.guardrail.{rail.metric}")
            for rail in criteria.guardrails
            if rail.metric in found
        ),
        *([calibration_check(calibration, criteria.calibration)] if calibration is not None else []),
        test.rows_check(opened.y, criteria),
    ]
    return outcome(report, criteria, checks, by_time=scheme.kind == "time")


def outcome(report: HoldoutReport, criteria: Criteria, checks: list[Check], *, by_time: bool) -> Outcome:
    """What the test shows, in words."""
    from tools.evaluation.metrics import metric

    primary = metric(criteria.primary.metric)
    judged = next((gain for gain in report.gains if gain.judged), None)
    facts: dict[str, Fact] = {
        "metric": primary.name,
        "label": primary.label,
        "value": report.primary.value,
        "lower": report.primary.lower,
        "upper": report.primary.upper,
        "one_sided_lower": report.primary_limits.lower,
        "one_sided_upper": report.primary_limits.upper,
        "bound": criteria.primary.bound,
        "rows": report.rows,
        "left_out": report.left_out,
        "method": report.primary.method,
        "gain": judged.gain.value if judged else None,
        "gain_lower": judged.gain.lower if judged else None,
        "gain_upper": judged.gain.upper if judged else None,
        "baseline": judged.label if judged else None,
        "baseline_value": judged.baseline_value if judged else None,
        "shift_auc": report.shift.auc,
        "shift_lower": report.shift.lower,
        "overlap_rows": report.overlap.rows,
        "rows_to_settle": report.rows_to_settle,
        "criteria_sha256": report.criteria_sha256,
    }
    for value in report.metrics:
        if value.model == "scorer":
            facts[f"{value.metric}_value"] = value.value
            facts[f"{value.metric}_lower"], facts[f"{value.metric}_upper"] = value.lower, value.upper
    for name, count in report.classes.items():
        facts[f"rows_{name}"] = count
    return Outcome(
        summary=_summary(report, criteria, checks, facts),
        notes=tuple(_notes(report, criteria, by_time)),
        facts=facts,
        findings=tuple(_findings(report, by_time)),
        checks=tuple(checks),
        metrics=report.metrics,
    )


def _summary(report: HoldoutReport, criteria: Criteria, checks: list[Check], facts: dict[str, Fact]) -> Sentence:
    status = next(check.status for check in checks if check.id == "holdout.metric")
    used: dict[str, Fact] = {name: facts[name] for name in ("label", "value", "lower", "upper", "rows")}
    template = "{label} {value|num} ({lower|num} to {upper|num}) on {rows|int} sealed rows"
    if criteria.primary.bound is not None:
        used["bound"] = criteria.primary.bound
        ends = {
            "pass": ", which meets {bound|num}",
            "fail": ", which misses {bound|num}",
            "insufficient": ", which leaves {bound|num} open",
            "warn": ", close to {bound|num}",
        }
        template += ends[status]
    elif facts["baseline"] is not None:
        used["baseline"], used["baseline_value"] = facts["baseline"], facts["baseline_value"]
        template += "; {baseline} {baseline_value|num}"
    return say(template, **used)


def _notes(report: HoldoutReport, criteria: Criteria, by_time: bool) -> list[Sentence]:
    notes: list[Sentence] = []
    for gain in report.gains:
        if gain.judged and gain.gain.value is not None:
            notes.append(
                say(
                    "the gain over {baseline} ({theirs|num}) is {gain|num} (one-sided limits {lower|num} to"
                    " {upper|num}), paired on the same rows",
                    baseline=gain.label, theirs=gain.baseline_value, gain=gain.gain.value,
                    lower=gain.gain.lower, upper=gain.gain.upper,
                )
            )  # fmt: skip
    names = {"oof": "out-of-fold", "validation": "validation"}
    for other in report.comparisons:
        if other.difference is None:
            continue
        words = "within what chance explains"
        if other.beyond_noise:
            words = "better than chance explains" if other.difference > 0 else "worse than chance explains"
        notes.append(
            say(
                "training promised {value|num} ({part}, {rows|int} rows); the test is {words}",
                value=other.value, part=names[other.partition], rows=other.n, words=words,
            )
        )  # fmt: skip
    if not report.primary.conclusive:
        notes.append(say("the interval settles nothing: {reason}", reason=report.primary.reason))
    if report.rows_to_settle is not None:
        notes.append(
            say("about {rows|int} test rows would settle the bound if the value stays", rows=report.rows_to_settle)
        )
    if report.left_out:
        noun = plural(report.left_out, "row was", "rows were")
        notes.append(say(f"{{left|int}} {noun} left out: no label, or not scorable", left=report.left_out))
    if report.overlap.rows:
        notes.append(
            say(
                "{rows|int} test rows equal a training row; without them the value is {without|num}",
                rows=report.overlap.rows, without=report.overlap.without,
            )
        )  # fmt: skip
    notes.append(_shift_note(report, by_time))
    return notes


def _shift_note(report: HoldoutReport, by_time: bool) -> Sentence:
    shift = report.shift
    if shift.auc is None or shift.lower is None:
        return say("too few rows to compare the test rows' make-up with the training rows'")
    if not shift.columns:
        return say(
            "test and training rows look alike (a small model tells them apart with AUC {auc|ratio})", auc=shift.auc
        )
    why = "; later rows do differ" if by_time else ""
    return say(
        f"test rows can be told from training rows (AUC {{auc|ratio}}), most by {{columns}}{why}",
        auc=shift.auc, columns=listed(shift.columns),
    )  # fmt: skip


def _findings(report: HoldoutReport, by_time: bool) -> list[Finding]:
    found: list[Finding] = []
    shift = report.shift
    if shift.columns and shift.lower is not None and shift.lower > SHIFTED:
        found.append(
            Finding(
                id="shift.holdout",
                step=ID,
                kind="shift",
                columns=shift.columns,
                level="info" if by_time else "warn",
                text=_shift_note(report, by_time),
                action="look at these columns before trusting the test for the rows to come",
            )
        )
    worse = [other for other in report.comparisons if other.beyond_noise and (other.difference or 0.0) < 0]
    if worse:
        found.append(
            Finding(
                id="shift.promise",
                step=ID,
                kind="shift",
                level="warn",
                text=say(
                    "the test value {value|num} is worse than training promised ({promised|num}) by more than chance",
                    value=report.primary.value, promised=worse[0].value,
                ),
                action="take the test value as the truth; look for drift in time or for selection in training",
            )
        )  # fmt: skip
    if report.overlap.rows:
        found.append(
            Finding(
                id="duplicate.holdout",
                step=ID,
                kind="duplicate",
                level="warn" if report.overlap.rows > 0.01 * report.rows else "info",
                text=say(
                    "{rows|int} test rows equal a training row in all columns; {agreeing|int} of them share its label",
                    rows=report.overlap.rows, agreeing=report.overlap.agreeing,
                ),
                action="see whether the rows are the same cases",
            )
        )  # fmt: skip
    return found


SHIFTED = 0.55
"""AUC of telling test from training rows, at its lower limit, from which it is a finding."""


def _class_counts(opened: Opened, classes: tuple[str, ...]) -> dict[str, int]:
    return {name: int((opened.y == code).sum()) for code, name in enumerate(classes)}


def _earlier(job: Job, partition: str, metric_name: str) -> MetricValue | None:
    """What an earlier step measured of the scorer, before any refit."""
    for step in ("experimentation.optimisation", "experimentation.cross_validation"):
        for value in job.outcome(step).metrics:
            if value.partition == partition and value.metric == metric_name and value.model == "scorer":
                return value
    return None


def _entities(train: pd.DataFrame, opened: Opened, scheme: SplitScheme) -> tuple[Any, Any] | None:
    """Entity of each training and each test row, where the split keeps entities together."""
    from tools.data.splitting import group_codes

    if scheme.kind != "grouped" or scheme.column is None or opened.groups is None:
        return None
    return group_codes(train[scheme.column], scheme.prefix), opened.groups


def _without(name: str, opened: Opened, both: Any, criteria: Criteria) -> float | None:
    import math

    from tools.evaluation.metrics import score

    value = score(name, opened.y[~both], opened.predictions.take(~both), criteria.costs)
    return value if math.isfinite(value) else None


def _refuse_empty(rows: int) -> None:
    from tools.errors import InputError

    if rows == 0:
        raise InputError(
            "There are no test rows, so nothing can be validated.",
            hint="The run ends at gate experimentation; set split.test_size above zero for a validated model.",
        )


def _refuse_unscored(scored: int, errors: list[str]) -> None:
    from tools.errors import InputError

    if scored == 0:
        why = f" The first reason: {inert(errors[0])}." if errors else ""
        raise InputError(f"None of the test rows could be scored.{why}", hint="Look at the columns of the test rows.")


STEP = Step(
    id=ID,
    guidance="3.1",
    title="holdout",
    run=run,
    needs=(
        "test.parquet",
        "train.parquet",
        "split.parquet",
        "split.json",
        "train_profile.json",
        "criteria.json",
        "scorer/",
        "baseline.json",
        "baseline/",
        "experimentation.cross_validation.outcome",
        "experimentation.optimisation.outcome",
    ),
    makes=("opened.parquet", "test_scores.parquet", "holdout.json"),
    libraries=("numpy", "scipy", "pandas", "scikit-learn", "onnxruntime"),
)
