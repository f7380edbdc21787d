"""Step 2.4, ensemble methods: a weighted mixture of models, kept only where it is better by more than noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.inputs import TRAINING, baseline_of, training_of
from agent.steps import Ask, Job, Known, Step
from tools.records import MetricValue, Outcome
from tools.wording import Fact, Sentence, listed, render, say

if TYPE_CHECKING:
    from tools.evaluation.intervals import Interval
    from tools.modeling.ensembling import Ensemble

STEP_ID = "experimentation.ensembles"
MOST_LATENCY = 3
"""Members that one scorer may hold: each adds its own latency and size."""


def run(job: Job) -> Outcome:
    """Mix the models greedily and hold the mixture against the recommended single model."""
    from tools.evaluation.criteria import Criteria
    from tools.modeling.comparing import Comparison
    from tools.modeling.crossval import read_oof
    from tools.modeling.ensembling import WORTH, Ensemble, cross_fitted_mixture, greedy_weights, members
    from tools.modeling.measuring import gain, measure, metric_names
    from tools.modeling.training import substream
    from tools.modeling.tuning import Tuned

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    everything = training_of(job, len(baseline.classes))
    tuned, comparison = job.load("tuned.json", Tuned), job.load("comparison.json", Comparison)
    frame = job.frame("oof.parquet")
    rows = everything.take(frame["position"].to_numpy())
    problem, metric = rows.problem, comparison.metric
    raw = {one.name: read_oof(frame, one.name, problem) for one in comparison.models}
    picked = greedy_weights(metric, problem, rows.y, raw)
    strongest = sorted(picked, key=lambda name: (-picked[name], name))[:MOST_LATENCY]
    pool = {name: raw[name] for name in raw if name in strongest}
    weights = greedy_weights(metric, problem, rows.y, pool)
    single = comparison.recommended
    measured, found, over_best = {}, None, None
    if len(weights) > 1:
        mixed = cross_fitted_mixture(metric, problem, rows.y, pool, frame["fold"].to_numpy())
        seed = substream(job.seed, "pair")
        found = gain(metric, problem, rows.target, mixed, raw[single], criteria, seed)
        over_best = gain(metric, problem, rows.target, mixed, raw[comparison.best], criteria, seed)
        names = metric_names(criteria, metric)
        measured = measure(names, problem, rows.target, mixed, criteria, substream(job.seed, "interval"))
    # more than one model must beat every single one, not just the simple one that is recommended
    beyond = all(one is not None and one.lower is not None and one.lower > 0 for one in (found, over_best))
    loss = next(one.oof_loss for one in comparison.models if one.name == single)
    worth = beyond and found is not None and (found.value or 0.0) >= WORTH * loss
    labels = {one.name: one.label for one in comparison.models}
    report = Ensemble(
        metric=metric,
        single=single,
        members=members(tuned, weights),
        single_members=members(tuned, {single: 1.0}),
        gain=found,
        gain_over_best=over_best,
        beyond_noise=beyond,
        recommended=worth,
        reason=_reason(labels, single, comparison.best, found, over_best, beyond, worth),
    )
    job.save_json("ensemble.json", report)
    return describe(report, measured)


def _reason(
    labels: dict[str, str],
    single: str,
    best: str,
    found: Interval | None,
    over_best: Interval | None,
    beyond: bool,
    worth: bool,
) -> Sentence:
    if found is None or over_best is None:
        return say("no mixture has a lower loss than {best} alone", best=labels[best])
    shown, other = (over_best, best) if (found.lower or 0.0) > 0 and not beyond else (found, single)
    facts: dict[str, Fact] = {
        "other": labels[other], "gain": shown.value, "lower": shown.lower, "upper": shown.upper,
    }  # fmt: skip
    if worth:
        return say("the mixture is better than {other} by {gain|num} ({lower|num} to {upper|num})", **facts)
    if beyond:
        return say(
            "the mixture is better than {other} by more than noise"
            " ({gain|num}, {lower|num} to {upper|num}), but by too little"
            " to pay for more models",
            **facts,
        )
    if (shown.value or 0.0) <= 0:
        return say("with weights from other folds the mixture is no better than {other}", **facts)
    return say("the mixture's lead of {gain|num} over {other} ({lower|num} to {upper|num}) may be noise", **facts)


def describe(report: Ensemble, measured: dict[str, Interval]) -> Outcome:
    """The mixture in words."""
    from tools.evaluation.metrics import METRICS
    from tools.modeling.measuring import as_records

    label = METRICS[report.metric].label
    facts: dict[str, Fact] = {
        "metric": report.metric,
        "metric_label": label,
        "members": len(report.members),
        "names": listed(one.label for one in report.members),
        "single": report.single_members[0].label,
        "gain": None if report.gain is None else report.gain.value,
        "lower": None if report.gain is None else report.gain.lower,
        "upper": None if report.gain is None else report.gain.upper,
        "recommended": report.recommended,
    }
    metrics: tuple[MetricValue, ...] = as_records(measured, STEP_ID, "oof", "ensemble")
    if report.gain is None:
        summary = say("no mixture of models beats {single} alone", single=facts["single"])
        return Outcome(summary=summary, facts=facts, metrics=metrics)
    given: dict[str, Fact] = {
        "members": len(report.members), "metric": label, "gain": facts["gain"], "single": facts["single"],
        "lower": facts["lower"], "upper": facts["upper"],
    }  # fmt: skip
    if report.recommended:
        template = (
            "a mixture of {members|int} models gains {gain|num} {metric} over {single} ({lower|num} to {upper|num})"
        )
    elif (report.gain.value or 0.0) <= 0:
        template = "no mixture of models beats {single}"
    else:
        template = (
            "a mixture of {members|int} models is not worth it: {gain|num} {metric} over {single}"
            " ({lower|num} to {upper|num})"
        )
    note = _shares(report) if report.recommended else report.reason
    return Outcome(summary=say(template, **given), notes=(note,), facts=facts, metrics=metrics)


def _shares(report: Ensemble) -> Sentence:
    """What each member weighs, heaviest first, in one line."""
    facts: dict[str, Fact] = {}
    parts = []
    for place, one in zip("abcdefgh", sorted(report.members, key=lambda one: -one.weight), strict=False):
        facts[f"label_{place}"], facts[f"weight_{place}"] = one.label, one.weight
        parts.append(f"{{label_{place}}} {{weight_{place}|pct}}")
    return say("in the mixture, " + ", ".join(parts), **facts)


def evidence(known: Known) -> dict[str, Any]:
    """What the mixture gains, and over what."""
    held = known.json("ensemble.json")
    gained = held["gain"] or {}
    return {
        "members": len(held["members"]),
        "single": held["single_members"][0]["label"],
        "gain": gained.get("value"),
        "lower": gained.get("lower"),
        "upper": gained.get("upper"),
        "recommended": held["recommended"],
        "reason": render(held["reason"]["template"], held["reason"]["facts"]),
        "latency_p95_ms": known.answer("requirements.latency_p95_ms"),
    }


def _is_mixture(known: Known) -> bool:
    return len(known.json("ensemble.json")["members"]) > 1


STEP = Step(
    id=STEP_ID,
    guidance="2.4",
    title="ensembles",
    run=run,
    needs=(*TRAINING, "baseline.json", "tuned.json", "comparison.json", "oof.parquet"),
    makes=("ensemble.json",),
    libraries=("numpy", "pandas", "scipy"),
    after=(
        Ask(
            id="ensemble.accept",
            prompt="Should the mixture of models take the place of the single one?",
            type="boolean",
            evidence=evidence,
            when=_is_mixture,
        ),
    ),
)
