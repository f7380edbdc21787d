"""Step 1.1, success metrics: KPI and costs become metrics, and every criterion of phase 3 is fixed and hashed."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Literal

from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Outcome, Task
from tools.wording import Fact, Sentence, inert, plural, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria, Requirement

METRIC_OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "binary": (
        ("roc_auc", "ROC AUC: how well cases are ranked"),
        ("average_precision", "average precision: ranking, with the eye on a rare class"),
        ("expected_cost", "expected cost per row, from the stated costs of errors"),
        ("f1", "F1: balance of precision and recall"),
        ("f1_macro", "macro F1: both classes count alike"),
        ("precision", "precision: how many alarms are right"),
        ("recall", "recall: how many cases are found"),
        ("accuracy", "accuracy: share of right decisions"),
        ("log_loss", "log loss: quality of the probabilities"),
        ("brier", "Brier score: quality of the probabilities"),
    ),
    "multiclass": (
        ("f1_macro", "macro F1: each class counts alike"),
        ("accuracy", "accuracy: share of right decisions"),
        ("log_loss", "log loss: quality of the probabilities"),
        ("roc_auc", "ROC AUC, one class against the rest"),
        ("average_precision", "average precision, one class against the rest"),
        ("f1", "F1, averaged over classes"),
        ("precision", "precision, averaged over classes"),
        ("recall", "recall, averaged over classes"),
        ("brier", "Brier score: quality of the probabilities"),
    ),
    "regression": (
        ("mae", "mean absolute error"),
        ("rmse", "root mean squared error: large errors count more"),
        ("r2", "R²: share of the spread that is explained"),
        ("mape", "mean absolute percentage error"),
        ("rmsle", "root mean squared log error: ratios rather than differences"),
    ),
}
"""Metrics that can be asked for, by task; a test holds them against the registry of metrics."""


def run(job: Job) -> Outcome:
    """Write down what success means, before a model exists."""
    from tools.errors import InputError
    from tools.evaluation.criteria import (
        Criteria,
        FairnessCriteria,
        Limits,
        Requirement,
        fingerprint,
        parse_policy,
        requirements,
    )
    from tools.evaluation.metrics import metric

    task = _task(job)
    name = str(job.answer("metrics.primary") or DEFAULTS[task])
    metric(name, task)
    bound = _number(job, "requirements.success_threshold")
    false_positive = _number(job, "requirements.false_positive_cost")
    false_negative = _number(job, "requirements.false_negative_cost")
    policy = parse_policy(job.answer("requirements.current_policy"))
    tolerance = _number(job, "requirements.fairness_tolerance")
    if tolerance is not None and not 0 < tolerance <= 1:
        raise InputError(
            "requirements.fairness_tolerance has to be a ratio above zero and at most one.",
            hint="Four fifths (0.8) is usual; null leaves it so.",
            code=8,
        )
    criteria = Criteria(
        task=task,
        primary=Requirement(metric=name, bound=bound),
        guardrails=requirements(job.answer("metrics.guardrails"), task),
        fairness=FairnessCriteria(
            ratio=0.8 if tolerance is None else tolerance,
            favourable=favourable(
                job.answer("metrics.favourable"),
                policy.kind,
                job.answer("data.positive_class"),
                str(job.answer("data.target")),
            ),
            protected=tuple(map(str, job.answer("requirements.protected") or ())),
        ),
        limits=Limits(
            latency_p95_ms=_number(job, "requirements.latency_p95_ms"),
            throughput_rps=_number(job, "requirements.throughput_rps"),
            memory_mb=_number(job, "requirements.memory_mb"),
        ),
        false_positive_cost=1.0 if false_positive is None else false_positive,
        false_negative_cost=1.0 if false_negative is None else false_negative,
        costs_stated=task == "binary" and not (false_positive is None and false_negative is None),
        value_per_unit_error=_number(job, "requirements.value_per_unit_error"),
        unit=str(job.answer("requirements.unit") or "row"),
        kpi=str(job.answer("requirements.kpi") or ""),
        policy=policy,
    )
    job.save_json("criteria.json", criteria)
    return report(criteria, fingerprint(criteria), str(job.answer("data.positive_class") or ""))


ADVERSE = frozenset(
    "abnormal adverse anomaly arrears attrition bad bankrupt bankruptcy cancelled cancer churned complaint default "
    "defaulted delinquency delinquent denied disease fail failed failure fraud late malignant mortality overdue "
    "recidivism refused reject rejected relapse risk sick spam stroke suspicious".split()
)
"""Words in the names of classes and targets that nobody would wish to be given."""
AFFIRMED = frozenset("1 1.0 t true y yes".split())
"""Classes that say no more than that the target's name holds."""


def favourable(stated: Any, policy: str, positive: Any, target: str) -> Literal["positive", "negative"]:
    """Which decision is the good one for the person concerned.

    As stated (`metrics.favourable`); else the negative class where today's policy accepts or rejects all, or where the
    positive class has an adverse name or affirms a target that has one; else the positive class.
    """
    from tools.data.privacy_names import words

    if stated in ("positive", "negative"):
        return "positive" if stated == "positive" else "negative"
    name = str(positive).strip().casefold()
    adverse = name in ADVERSE or (name in AFFIRMED and bool(ADVERSE & set(words(target))))
    return "negative" if adverse or policy in ("accept_all", "reject_all") else "positive"


def report(criteria: Criteria, sha256: str, positive: str) -> Outcome:
    """What success means, in words; facts carry every bound."""
    summary = _success(criteria, positive)
    notes = [_bound_note(criteria)]
    if criteria.kpi:
        said = "stated KPI: {kpi}; it is judged through {metric}"
        notes.append(say(said, kpi=criteria.kpi, metric=_label(criteria.primary)))
    if _limits(criteria):
        notes.append(_limits_note(criteria))
    if criteria.fairness.protected:
        if criteria.task == "binary":
            being = "being" if criteria.fairness.favourable == "positive" else "not being"
            notes.append(
                say(
                    f'{being} classed as "{{positive}}" is taken to be good for the person; metrics.favourable can say'
                    " otherwise",
                    positive=positive,
                )
            )
        notes.append(
            say(
                "groups of {columns} may differ by a ratio of {ratio|ratio}; judged from {rows|int} rows,"
                " {positives|int} positives and {negatives|int} negatives on",
                columns=", ".join(map(inert, criteria.fairness.protected)),
                ratio=criteria.fairness.ratio,
                rows=criteria.fairness.minimum_rows,
                positives=criteria.fairness.minimum_positives,
                negatives=criteria.fairness.minimum_negatives,
            )
        )
    return Outcome(summary=summary, notes=tuple(notes), facts=_facts(criteria, sha256))


def _success(criteria: Criteria, positive: str) -> Sentence:
    facts: dict[str, Fact] = {"metric": _label(criteria.primary)}
    if criteria.primary.metric == "expected_cost":
        template = "expected cost per {unit} ("
        missed = 'a "{positive}" that is missed costs' if positive else "a miss costs"
        template += missed + " {miss|num}, a false alarm {alarm|num})"
        facts = {
            "unit": criteria.unit,
            "miss": criteria.false_negative_cost,
            "alarm": criteria.false_positive_cost,
            "positive": positive,
        }
    else:
        template = "{metric}"
    if criteria.primary.bound is None:
        template += " better than the baseline's"
    else:
        template += f" of {_direction(criteria.primary)} {{bound|num}}"
        facts["bound"] = criteria.primary.bound
    for letter, rail in zip(ascii_lowercase, criteria.guardrails, strict=False):
        template += f", guard-rail {{rail_{letter}}} of {_direction(rail)} {{rail_{letter}_bound|num}}"
        facts[f"rail_{letter}"], facts[f"rail_{letter}_bound"] = _label(rail), rail.bound
    return say(template, **facts)


def _bound_note(criteria: Criteria) -> Sentence:
    if criteria.primary.bound is None:
        return say(
            "no bound was stated, so the test asks for a gain over the baseline, at a one-sided level of {alpha|pct}",
            alpha=criteria.alpha,
        )
    return say(
        "the bound counts as reached when the one-sided {level|pct} limit reaches it, not the estimate alone",
        level=1 - criteria.alpha,
    )


def _limits(criteria: Criteria) -> list[tuple[str, str, float]]:
    limits = criteria.limits
    listed = (
        ("latency", "p95 latency up to {latency|ms}", limits.latency_p95_ms),
        ("throughput", "{throughput|num} requests a second", limits.throughput_rps),
        ("memory", "{memory|num} MB of memory", limits.memory_mb),
    )
    return [(name, template, value) for name, template, value in listed if value is not None]


def _limits_note(criteria: Criteria) -> Sentence:
    limits = _limits(criteria)
    facts: dict[str, Fact] = {name: value for name, _, value in limits}
    return say(f"{plural(len(limits), 'limit')}: " + ", ".join(template for _, template, _ in limits), **facts)


def _facts(criteria: Criteria, sha256: str) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "criteria_sha256": sha256,
        "metric": criteria.primary.metric,
        "metric_label": _label(criteria.primary),
        "requirement": criteria.primary.text,
        "bound": criteria.primary.bound,
        "alpha": criteria.alpha,
        "fairness_ratio": criteria.fairness.ratio,
        "fairness_minimum_rows": criteria.fairness.minimum_rows,
        "fairness_minimum_positives": criteria.fairness.minimum_positives,
        "fairness_minimum_negatives": criteria.fairness.minimum_negatives,
        "favourable": criteria.fairness.favourable,
        "calibration_lower": criteria.calibration.slope_lower,
        "calibration_upper": criteria.calibration.slope_upper,
        "robustness_flips": criteria.robustness.noise_flips,
        "latency_p95_ms": criteria.limits.latency_p95_ms,
        "throughput_rps": criteria.limits.throughput_rps,
        "memory_mb": criteria.limits.memory_mb,
        "false_positive_cost": criteria.false_positive_cost,
        "false_negative_cost": criteria.false_negative_cost,
        "costs_stated": criteria.costs_stated,
        "value_per_unit_error": criteria.value_per_unit_error,
        "unit": criteria.unit,
        "kpi": criteria.kpi,
        "current_policy": criteria.policy.kind,
        "guardrails": len(criteria.guardrails),
    }
    for rail in criteria.guardrails:
        facts[f"guardrail_{rail.metric}"] = rail.bound
    return facts


def _label(requirement: Requirement) -> str:
    from tools.evaluation.metrics import metric

    return metric(requirement.metric).label


def _direction(requirement: Requirement) -> str:
    from tools.evaluation.metrics import metric

    return "at least" if metric(requirement.metric).greater_is_better else "at most"


def _number(job: Job, question: str) -> float | None:
    value = job.answer(question)
    return None if value is None else float(value)


# --- questions ---

DEFAULTS: dict[Task, str] = {"binary": "roc_auc", "multiclass": "f1_macro", "regression": "rmse"}
"""Where the primary metric was declared unknown."""


def _task(known: Known | Job) -> Task:
    tasks: dict[str, Task] = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
    return tasks.get(str(known.answer("data.problem_type")), "binary")


def _choices(known: Known) -> tuple[Option, ...]:
    return tuple(Option(value=name, label=label) for name, label in METRIC_OPTIONS[_task(known)])


def _evidence(known: Known) -> dict[str, Any]:
    """What is known of task, costs and class mix before any step has read the target for more than counts."""
    intake = known.facts("intake.feasibility")
    false_positive = known.answer("requirements.false_positive_cost")
    false_negative = known.answer("requirements.false_negative_cost")
    stated = not (false_positive is None and false_negative is None)
    return {
        "task": _task(known),
        "unit": known.answer("requirements.unit", "row"),
        "costs_stated": stated,
        "false_positive_cost": 1.0 if false_positive is None else float(false_positive),
        "false_negative_cost": 1.0 if false_negative is None else float(false_negative),
        "success_threshold": known.answer("requirements.success_threshold"),
        "value_per_unit_error": known.answer("requirements.value_per_unit_error"),
        "base_rate": intake.get("base_rate"),
        "smallest_class": intake.get("smallest_class"),
        "primary": known.answer("metrics.primary"),
    }


STEP = Step(
    id="preparation.success_metrics",
    guidance="1.1",
    title="success metrics",
    run=run,
    decisions=(
        "metrics.primary",
        "metrics.guardrails",
        "metrics.favourable",
        "requirements.success_threshold",
        "requirements.false_positive_cost",
        "requirements.false_negative_cost",
        "requirements.value_per_unit_error",
        "requirements.current_policy",
        "requirements.protected",
        "requirements.fairness_tolerance",
        "requirements.latency_p95_ms",
        "requirements.throughput_rps",
        "requirements.memory_mb",
        "requirements.unit",
        "requirements.kpi",
        "data.target",
        "data.problem_type",
        "data.positive_class",
    ),
    makes=("criteria.json",),
    libraries=("numpy", "scipy"),
    before=(
        Ask(
            id="metrics.primary",
            prompt="Which metric decides whether the model is good enough?",
            type="choice",
            choices=_choices,
            evidence=_evidence,
        ),
        Ask(
            id="metrics.guardrails",
            prompt="Which further metrics must hold, and at which bound? A mapping such as {roc_auc: 0.7}.",
            type="mapping",
            evidence=_evidence,
        ),
        Ask(
            id="metrics.favourable",
            prompt="Which decision is the good one for the person concerned: the positive or the negative class?",
            type="choice",
            options=(Option("positive"), Option("negative")),
            setting=True,
        ),
    ),
)
