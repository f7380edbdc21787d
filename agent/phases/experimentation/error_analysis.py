"""Step 2.6, error analysis: where the chosen model is weak on rows left out, and what each threshold would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.error_report import STEP_ID, describe
from agent.phases.experimentation.inputs import TRAINING, baseline_of, members_of, naming, training_of
from agent.steps import Job, Step
from tools.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from tools.evaluation.criteria import Criteria
    from tools.modeling.baselines import BaselineReport
    from tools.modeling.comparing import Comparison
    from tools.modeling.ensembling import ModelMember
    from tools.modeling.mitigation import MitigationEffect
    from tools.modeling.thresholds import ThresholdCurve
    from tools.modeling.training import Training


def run(job: Job) -> Outcome:
    """Look at the out-of-fold errors from all sides."""
    import numpy as np

    from tools.data.cleaning import Changes
    from tools.evaluation.calibration import calibrate
    from tools.evaluation.criteria import Criteria
    from tools.modeling import calibration, errors
    from tools.modeling.baselines import constant
    from tools.modeling.comparing import Comparison
    from tools.modeling.crossval import loss_of, predictions_of, read_oof
    from tools.modeling.ensembling import mixture
    from tools.modeling.slices import weakest_slices

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    members = members_of(job)
    frame = job.frame("oof.parquet")
    training = training_of(job, len(baseline.classes))
    rows = training.take(frame["position"].to_numpy())
    problem, y, classes = rows.problem, rows.y, baseline.classes
    raw = mixture(
        {one.family: read_oof(frame, one.family, problem) for one in members},
        {one.family: one.weight for one in members},
    )
    comparison = job.load("comparison.json", Comparison)
    metric = comparison.metric
    job.progress(1, 4, "slices")
    losses = errors.row_losses(problem, y, raw)
    slices, tested = weakest_slices(rows.matrix, losses)
    job.progress(2, 4, "calibration and threshold")
    options: tuple[calibration.Option, ...] = ()
    kind, threshold, confusion, residuals = "none", None, None, None
    suspects: tuple[errors.Suspect, ...] = ()
    doubtful, surprised = np.zeros(0, dtype=np.int64), (0, 0.0)
    curve = None
    measured = calibrate(
        y, predictions_of(problem, raw), criteria.task, groups=rows.target.group, order=rows.target.order
    )
    if classes:
        fold = frame["fold"].to_numpy()
        options = calibration.options(problem, y, raw, fold)
        kind = calibration.recommended_kind(options, measured, len(y))
        sure = calibration.cross_fitted(kind, y, raw, fold)
        doubtful = errors.label_suspects(y, sure)
        suspects = errors.suspects(doubtful, rows.rows, y, sure, classes)
        surprised = errors.surprises(y, sure)
        if problem.task == "binary":
            kept = np.asarray(job.load("changes.json", Changes).kept, dtype=np.int64)
            everyone = job.frame("train.parquet")
            fair = criteria.fairness
            protected = protected_levels(everyone.iloc[kept[rows.rows]], fair.protected, fair.minimum_rows)
            curve = _curve(naming(members), kind, y, raw, fold, protected, criteria)
            threshold = curve.recommended[kind]
            decided = (sure[:, 1] >= threshold.threshold).astype(np.int64)
        else:
            decided = raw.argmax(axis=1)
        confusion = errors.confusion(y, decided, classes, None if threshold is None else threshold.threshold)
    else:
        residuals = errors.residuals(y, raw)
    train_loss, oof_loss = _training_loss(comparison, members), loss_of(metric, problem, y, raw)
    constant_loss = loss_of(metric, problem, y, constant(problem, y).predict(rows.x))
    simple_loss = _simple_loss(baseline, metric)
    parity: tuple[errors.GroupParity, ...] = ()
    mitigation = None
    if curve is not None and threshold is not None:
        parity = errors.parity(curve.groups, threshold.threshold, criteria.fairness.minimum_rows)
        worst = errors.unfair(parity, criteria.fairness.ratio)
        if worst is not None:
            job.progress(3, 4, "mitigation")
            mitigation = _mitigated(job, training, rows, frame, members, raw, worst.column, threshold.threshold, metric)
    report = errors.ErrorReport(
        model=naming(members),
        metric=metric,
        loss_unit="log loss" if classes else "absolute error",
        rows=len(y),
        mean_loss=float(losses.mean()),
        slices=slices,
        slices_tested=tested,
        confusion=confusion,
        residuals=residuals,
        calibration=measured,
        calibrations=options,
        recommended_calibration=kind,
        threshold=threshold,
        training_loss=train_loss,
        oof_loss=oof_loss,
        constant_loss=constant_loss,
        simple_loss=simple_loss,
        diagnosis=errors.diagnose(train_loss, oof_loss, constant_loss, simple_loss),
        suspects=suspects,
        suspect_count=len(doubtful),
        surprises=surprised[0],
        surprises_expected=surprised[1],
        parity=parity,
        parity_gap={one.column: one.highest_rate - one.lowest_rate for one in parity},
        mitigation=mitigation,
    )
    job.save_json("errors.json", report)
    if curve is not None:
        job.save_json("threshold_curve.json", curve)
    return describe(report)


def _mitigated(
    job: Job,
    training: Training,
    rows: Training,
    frame: pd.DataFrame,
    members: Sequence[ModelMember],
    raw: Any,
    column: str,
    threshold: float,
    metric: str,
) -> MitigationEffect:
    """Fit the folds again with reweighed rows, keep the predictions, and say what changes."""
    import numpy as np

    from tools.data.cleaning import Changes
    from tools.evaluation.criteria import Criteria
    from tools.modeling.crossval import oof_frame
    from tools.modeling.mitigation import effect, mitigated_out_of_fold, reweighing
    from tools.modeling.training import substream

    criteria = job.load("criteria.json", Criteria)
    everyone = job.frame("train.parquet")
    kept = np.asarray(job.load("changes.json", Changes).kept, dtype=np.int64)
    levels = protected_levels(everyone.iloc[kept], (column,), criteria.fairness.minimum_rows)[column]
    fold = frame["fold"].to_numpy()
    seed = substream(job.seed, "mitigation")
    weights = reweighing(levels, training.y)
    again = mitigated_out_of_fold(training, rows, fold, members, weights, seed, job.threads)
    job.save_frame("mitigated_oof.parquet", oof_frame(rows, {"mitigated": again}, fold))
    return effect(column, levels[rows.rows], rows.y, raw, again, threshold, metric, training, criteria)


def _simple_loss(baseline: BaselineReport, metric: str) -> float:
    """Loss of the simple baseline out of fold; infinite where it has none."""
    from tools.evaluation.metrics import METRICS

    simple = next(one for one in baseline.models if one.name == "simple")
    held = simple.metrics.get(metric)
    if held is None or held.value is None:
        return float("inf")
    return 1.0 - held.value if METRICS[metric].greater_is_better else held.value


def _training_loss(comparison: Comparison, members: Sequence[ModelMember]) -> float:
    """Loss on the rows of the fit, averaged over the members by weight."""
    by_name = {one.name: one.training_loss for one in comparison.models}
    return float(sum(one.weight * by_name[one.family] for one in members))


def protected_levels(frame: pd.DataFrame, columns: Sequence[str], minimum_rows: int) -> dict[str, Any]:
    """Group texts [n] of the protected columns that are there, named as the fairness step names them."""
    from tools.evaluation.groups import groups_of

    return {name: groups_of(frame[name], minimum_rows) for name in columns if name in frame.columns}


def _curve(
    model: str, kind: str, y: Any, raw: Any, fold: Any, protected: dict[str, Any], criteria: Criteria
) -> ThresholdCurve:
    from tools.modeling import thresholds
    from tools.modeling.calibration import KINDS, cross_fitted

    held = {name: cross_fitted(name, y, raw, fold)[:, 1] for name in KINDS}
    return thresholds.ThresholdCurve(
        model=model,
        calibration=kind,
        rows=len(y),
        costs_stated=criteria.costs_stated,
        false_positive_cost=criteria.false_positive_cost,
        false_negative_cost=criteria.false_negative_cost,
        points=thresholds.curve(y, held[kind], criteria),
        groups=thresholds.group_curves(y, held[kind], protected, criteria),
        recommended={name: thresholds.recommended(y, positive, criteria) for name, positive in held.items()},
    )


STEP = Step(
    id=STEP_ID,
    guidance="2.6",
    title="error analysis",
    run=run,
    needs=(
        *TRAINING,
        "train.parquet",
        "changes.json",
        "baseline.json",
        "comparison.json",
        "ensemble.json",
        "oof.parquet",
    ),
    decisions=("ensemble.accept",),
    makes=("errors.json", "threshold_curve.json?", "mitigated_oof.parquet?"),
    libraries=("numpy", "pandas", "scipy", "scikit-learn", "xgboost-cpu", "lightgbm", "imbalanced-learn"),
)
