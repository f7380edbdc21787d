"""What the optimisation step says of the scorer, in words, and its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.records import Check, MetricValue, Outcome
from tools.wording import Fact, Sentence, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria
    from tools.modeling.optimising import Latency, OptimisationReport

STEP_ID = "experimentation.optimisation"


def describe(report: OptimisationReport, criteria: Criteria, metrics: tuple[MetricValue, ...]) -> Outcome:
    """The scorer in words."""
    from tools.evaluation.metrics import METRICS

    name = criteria.primary.metric
    held, promised = report.validation.get(name), report.oof.get(name)
    facts: dict[str, Fact] = {
        "model": report.model,
        "members": len(report.members),
        "metric": name,
        "metric_label": METRICS[name].label,
        "validation": None if held is None else held.value,
        "validation_lower": None if held is None else held.lower,
        "validation_upper": None if held is None else held.upper,
        "oof": None if promised is None else promised.value,
        "oof_lower": None if promised is None else promised.lower,
        "oof_upper": None if promised is None else promised.upper,
        "threshold": report.threshold,
        "calibration": report.calibration,
        "mitigation": report.mitigation,
        "formats": ", ".join(dict.fromkeys(one.format for one in report.members)),
        "max_difference": report.parity.max_difference,
        "rows_checked": report.parity.rows,
        "rows_refit": report.training_rows + report.validation_rows,
        "bytes": report.bytes,
        "p50_ms": report.latency.p50_ms,
        "p95_ms": report.latency.p95_ms,
    }
    shown, where = (held, "on the validation rows") if held is not None else (promised, "out of fold")
    summary = say(
        "{model}: {metric} {value|num} ({lower|num} to {upper|num}) " + where + "; {p50|ms} a row, {size|bytes}",
        model=report.model,
        metric=facts["metric_label"],
        value=None if shown is None else shown.value,
        lower=None if shown is None else shown.lower,
        upper=None if shown is None else shown.upper,
        p50=report.latency.p50_ms,
        size=report.bytes,
    )
    return Outcome(
        summary=summary,
        notes=tuple(_notes(report, facts)),
        facts=facts,
        checks=(_latency_check(report.latency, criteria), _size_check(report.bytes, criteria)),
        metrics=metrics,
    )


def _notes(report: OptimisationReport, facts: dict[str, Fact]) -> list[Sentence]:
    from tools.evaluation.metrics import METRICS

    notes: list[Sentence] = []
    if report.validation_rows:
        notes.append(
            say(
                "scored before the refit; the scorer then learned from all {rows|int} training and validation rows",
                rows=facts["rows_refit"],
            )
        )
    kinds = {one.format for one in report.members}
    stored = "ONNX" if kinds == {"onnx"} else "plain arrays" if kinds == {"arrays"} else "ONNX and plain arrays"
    notes.append(
        say(
            "stored as {stored|text}, which executes nothing on load; it agrees with the fitted model on each of"
            " {rows|int} rows (largest difference {difference|num})",
            stored=stored,
            rows=report.parity.rows,
            difference=report.parity.max_difference,
        )
    )
    if report.threshold is not None:
        words = {
            "none": "as the model gives it",
            "sigmoid": "calibrated by a sigmoid",
            "isotonic": "calibrated by a rising curve",
        }
        notes.append(
            say(
                "positive from a probability of {threshold|ratio} on, {kind|text}; both are frozen at this gate",
                kind=words[report.calibration],
                threshold=report.threshold,
            )
        )
    effect = report.mitigation_effect
    if effect is not None:
        notes.append(
            say(
                'reweighing moves the ratio of selection rates over "{column}" from {before|ratio} to {after|ratio},'
                " and {metric} from {score_before|num} to {score_after|num}",
                column=effect.column,
                before=effect.ratio_before,
                after=effect.ratio_after,
                metric=METRICS[effect.metric].label,
                score_before=effect.metric_before,
                score_after=effect.metric_after,
            )
        )
    if report.refer_band is not None:
        notes.append(
            say(
                "probabilities from {low|ratio} to {high|ratio} go to a person: {share|pct} of rows",
                low=report.refer_band[0],
                high=report.refer_band[1],
                share=report.referred,
            )
        )
    return notes


def _latency_check(latency: Latency, criteria: Criteria) -> Check:
    limit = criteria.limits.latency_p95_ms
    return Check(
        id="latency",
        status="pass" if limit is None or latency.p95_ms <= limit else "fail",
        blocking=limit is not None,
        value=latency.p95_ms,
        criterion="no limit was stated" if limit is None else f"≤ {limit:g} ms",
        title="Time for one row, in process",
        measured=say(
            "{p95|ms} at the {rank|int}th percentile, {p50|ms} in the middle",
            p95=latency.p95_ms,
            p50=latency.p50_ms,
            rank=95,
        ),
    )


def _size_check(size: int, criteria: Criteria) -> Check:
    limit = criteria.limits.memory_mb
    return Check(
        id="size",
        status="pass" if limit is None or size <= limit * 1e6 else "fail",
        blocking=limit is not None,
        value=size,
        criterion="no limit was stated" if limit is None else f"≤ {limit:g} MB",
        title="Size of the scorer",
        measured=say("{size|bytes}", size=size),
    )
