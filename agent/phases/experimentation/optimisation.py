"""Step 2.7, optimisation: calibration, threshold and mitigation are frozen, the scorer is made, checked and timed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.deciding import ASKS
from agent.phases.experimentation.inputs import (
    TRAINING,
    VALIDATION,
    baseline_of,
    members_of,
    naming,
    training_of,
    validation_of,
)
from agent.phases.experimentation.scorer_report import STEP_ID, describe
from agent.steps import Job, Step
from tools.records import Outcome

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.intervals import Interval
    from tools.modeling.ensembling import ModelMember
    from tools.modeling.models import Model
    from tools.modeling.shipping import Shipped
    from tools.modeling.training import Training
    from tools.serving.service.scorer import Scorer

CHECKED_ROWS = 2000
"""Raw rows on which the scorer's features are held against the matrix."""


def run(job: Job) -> Outcome:
    """Score the validation rows, refit on all rows, write the scorer, and check it."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import numpy as np

    from tools.errors import InputError
    from tools.evaluation.criteria import Criteria
    from tools.modeling.calibration import calibrated, cross_fitted, fit_calibration
    from tools.modeling.comparing import selection_metric
    from tools.modeling.crossval import read_oof
    from tools.modeling.errors import ErrorReport
    from tools.modeling.measuring import as_records, measure, metric_names
    from tools.modeling.models import fit_model
    from tools.modeling.optimising import Latency, OptimisationReport, ScorerMember, measure_latency
    from tools.modeling.training import substream

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    classes = baseline.classes
    training, validation = training_of(job, len(classes)), validation_of(job, len(classes))
    members = members_of(job)
    kind = str(job.answer("decision.calibration", "none")) if classes else "none"
    threshold = float(job.answer("decision.threshold", 0.5)) if criteria.task == "binary" else None
    mitigation = str(job.answer("decision.mitigation", "none")) if criteria.task == "binary" else "none"
    refer = _band(job.answer("decision.refer_band")) if criteria.task == "binary" else None

    # out-of-fold predictions of the model as it will be: calibrator, and what the decisions do
    frame = job.frame("oof.parquet")
    rows = training.take(frame["position"].to_numpy())
    fold = frame["fold"].to_numpy()
    raw = _out_of_fold(rows, frame, members)
    effect, weights = None, (None, None)
    if mitigation == "reweigh":
        effect = job.load("errors.json", ErrorReport).mitigation
        if effect is None or not job.has("mitigated_oof.parquet"):
            raise InputError(
                "decision.mitigation: no protected column needs reweighing here.",
                hint="Choose none.",
                code=8,
            )
        raw = read_oof(job.frame("mitigated_oof.parquet"), "mitigated", rows.problem)
        weights = _weights(job, effect.column, training, validation, criteria.fairness.minimum_rows)
    calibration = fit_calibration(kind, rows.y, raw) if classes else {"kind": "none"}
    sure = cross_fitted(kind, rows.y, raw, fold) if classes else raw
    names = metric_names(criteria, selection_metric(criteria), final=True)
    seed = substream(job.seed, "interval")
    oof = measure(names, rows.problem, rows.target, sure, criteria, seed, threshold)
    job.progress(1, 5, "out of fold")

    decision: dict[str, Any] = {"threshold": threshold, "calibration": calibration, "refer": refer}
    fit_seed = substream(job.seed, "fit")
    before = fit_model(training, members, fit_seed, job.threads, weights[0])
    held: dict[str, Interval] = {}
    if len(validation.y):
        with TemporaryDirectory() as scratch:
            scorer, _ = _ship(job, Path(scratch) / "scorer", before, validation.x, criteria, decision)
            held = _validate(job, scorer, criteria, validation, names, seed, threshold)
    job.progress(2, 5, "validation rows")

    everything = _joined(training, validation)
    model = before
    if len(validation.y):
        model = fit_model(everything, members, fit_seed, job.threads, weights[1])
    job.progress(3, 5, "refit on training and validation rows")
    scorer, shipped = _ship(job, job.out / "scorer", model, everything.x, criteria, decision)
    checked, columns = _same_features(job, scorer, training)
    if classes:
        expected = calibrated(calibration, model.predict(training.x[:1]))
        if not np.allclose(scorer.predict(training.x[:1]), expected, atol=1e-4):
            raise ValueError("the scorer's calibration differs from the fitted one")
    job.progress(4, 5, "scorer")
    timed = job.observe("latency", lambda: measure_latency(scorer, columns, checked))
    latency = Latency(p50_ms=timed["p50_ms"], p95_ms=timed["p95_ms"], rows=int(timed["rows"]))
    report = OptimisationReport(
        model=naming(members),
        members=tuple(
            ScorerMember(
                family=one.family,
                label=one.label,
                weight=one.weight,
                params=one.params,
                format=entry.format,
                parity=entry.parity,
            )
            for one, entry in zip(members, shipped.members, strict=True)
        ),
        threshold=threshold,
        calibration=kind,
        mitigation=mitigation,
        mitigation_effect=effect,
        refer_band=refer,
        referred=None if refer is None else float(((sure[:, 1] >= refer[0]) & (sure[:, 1] <= refer[1])).mean()),
        training_rows=len(training.y),
        validation_rows=len(validation.y),
        features_checked=checked,
        parity=shipped.parity,
        bytes=shipped.bytes,
        latency=latency,
        validation=held,
        oof=oof,
    )
    job.save_json("optimisation.json", report)
    metrics = (*as_records(oof, STEP_ID, "oof", "scorer"), *as_records(held, STEP_ID, "validation", "scorer"))
    return describe(report, criteria, metrics)


def _band(answer: Any) -> tuple[float, float] | None:
    """The refer band as two probabilities in order.

    Raises:
        InputError: the answer is not two numbers between 0 and 1.
    """
    from tools.errors import InputError

    if answer in (None, []):
        return None
    try:
        low, high = (float(one) for one in answer)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not 0 <= low <= high <= 1:
        raise InputError(
            "decision.refer_band has to be two probabilities, the lower one first.",
            hint="Write it as [low, high], such as [0.4, 0.6], or null for none.",
            code=8,
        )
    return low, high


def _out_of_fold(rows: Training, frame: Any, members: tuple[ModelMember, ...]) -> Any:
    """Predictions of the chosen model for rows left out: [m, k] or [m]."""
    from tools.modeling.crossval import read_oof
    from tools.modeling.ensembling import mixture

    shares = {one.family: one.weight for one in members}
    return mixture({name: read_oof(frame, name, rows.problem) for name in shares}, shares)


def _weights(job: Job, column: str, training: Training, validation: Training, minimum_rows: int) -> tuple[Any, Any]:
    """Weights of a mitigation: of the training rows, and of training and validation rows together."""
    import numpy as np
    import pandas as pd

    from agent.phases.experimentation.error_analysis import protected_levels
    from tools.data.cleaning import Changes
    from tools.modeling.mitigation import reweighing

    train, later = job.frame("train.parquet"), job.frame("validation.parquet")
    kept = np.asarray(job.load("changes.json", Changes).kept, dtype=np.int64)
    rows = pd.concat([train.iloc[kept], later.iloc[validation.rows]], ignore_index=True)
    levels = protected_levels(rows, (column,), minimum_rows)[column]
    everyone = reweighing(levels, np.concatenate([training.y, validation.y]))
    return reweighing(levels[: len(kept)], training.y), everyone


def _ship(
    job: Job, folder: Any, model: Model, x: Any, criteria: Criteria, decision: dict[str, Any]
) -> tuple[Scorer, Shipped]:
    from tools.data.cleaning import CleaningPlan
    from tools.features.plan import FeaturePlan
    from tools.modeling.shipping import ship

    return ship(
        folder,
        model,
        x,
        task=criteria.task,
        target=str(job.answer("data.target")),
        classes=baseline_of(job).classes,
        reading=job.json("reading.json"),
        cleaning=job.load("cleaning.json", CleaningPlan),
        features=job.load("features.json", FeaturePlan),
        **decision,
    )


def _validate(
    job: Job,
    scorer: Scorer,
    criteria: Criteria,
    validation: Training,
    names: tuple[str, ...],
    seed: int,
    threshold: float | None,
) -> dict[str, Interval]:
    """Score the raw validation rows through the scorer, keep the scores, and measure."""
    import numpy as np

    from tools.evaluation.scoring import score_labelled, scores_frame
    from tools.modeling.measuring import measure

    frame = job.frame("validation.parquet")
    scored, scores = score_labelled(scorer, frame, str(job.answer("data.target")))
    split = job.frame("split.parquet")
    numbers = split.loc[split["partition"] == "validation", "row"].to_numpy(dtype=np.int64)
    y = np.full(len(frame), np.nan) if not scorer.classes else np.full(len(frame), -1, dtype=np.int64)
    y[scored.kept] = scored.y
    job.save_frame("validation_scores.parquet", scores_frame(numbers, y, scores, scorer.classes))
    place = {int(row): at for at, row in enumerate(validation.rows)}
    kept = np.array([place[int(row)] for row in scored.kept if int(row) in place], dtype=np.int64)
    said = scored.predictions.values if not scorer.classes else scored.predictions.probabilities
    assert said is not None
    known = np.array([int(row) in place for row in scored.kept], dtype=bool)
    return measure(names, validation.problem, validation.take(kept).target, said[known], criteria, seed, threshold)


def _joined(training: Training, validation: Training) -> Training:
    """Training and validation rows together."""
    from dataclasses import replace

    import numpy as np

    from tools.features.matrix import Target

    matrix = replace(training.matrix, x=np.concatenate([training.x, validation.x]))
    return replace(
        training,
        matrix=matrix,
        target=Target(np.concatenate([training.y, validation.y])),
        rows=np.arange(len(matrix.x), dtype=np.int64),
    )


def _same_features(job: Job, scorer: Scorer, training: Training) -> tuple[int, dict[str, Any]]:
    """Hold the scorer's features of raw rows against the matrix that was trained on.

    Returns:
        How many rows were compared, and their raw columns.

    Raises:
        ValueError: they differ, so that the scorer would not serve the model that was tested.
    """
    import numpy as np

    from tools.data.cleaning import Changes
    from tools.evaluation.scoring import columns_of

    kept = np.asarray(job.load("changes.json", Changes).kept, dtype=np.int64)[:CHECKED_ROWS]
    frame = job.frame("train.parquet").iloc[kept]
    columns = {name: values for name, values in columns_of(frame).items() if name in scorer.needed}
    x, _ = scorer.matrix(columns, len(frame))
    if not np.array_equal(x, training.x[: len(frame)], equal_nan=True):
        raise ValueError("the scorer makes other features from the raw rows than training saw")
    return len(frame), columns


STEP = Step(
    id=STEP_ID,
    guidance="2.7",
    title="optimisation",
    run=run,
    needs=(
        *TRAINING,
        *VALIDATION,
        "train.parquet",
        "validation.parquet",
        "split.parquet",
        "reading.json",
        "cleaning.json",
        "changes.json",
        "baseline.json",
        "ensemble.json",
        "oof.parquet",
        "errors.json",
        "mitigated_oof.parquet?",
    ),
    decisions=(
        "data.target",
        "ensemble.accept",
        "decision.calibration",
        "decision.threshold",
        "decision.mitigation",
        "decision.refer_band",
    ),
    makes=("scorer/", "optimisation.json", "validation_scores.parquet?"),
    libraries=(
        "numpy",
        "pandas",
        "scipy",
        "scikit-learn",
        "xgboost-cpu",
        "lightgbm",
        "imbalanced-learn",
        "onnx",
        "onnxruntime",
    ),
    before=ASKS,
)
