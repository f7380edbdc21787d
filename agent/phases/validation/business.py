"""Step 3.6, business: what the frozen decisions cost, against today's policy, the baseline and doing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, inert, say

if TYPE_CHECKING:
    from tools.evaluation.business import BusinessReport, PolicyCost
    from tools.evaluation.criteria import Criteria

ID = "validation.business"


def run(job: Job) -> Outcome:
    """Cost per unit of each way of deciding the opened rows."""
    from tools.data.splitting import SplitReport
    from tools.evaluation.baselines import baseline_labels, baseline_predictions, judged_baseline
    from tools.evaluation.business import Alternative, evaluate, nothing, todays_policy
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.opened import read_opened
    from tools.serving.service.scorer import Scorer

    criteria = job.load("criteria.json", Criteria)
    scorer = Scorer.load(job.path("scorer/"))
    opened = read_opened(
        job.frame("opened.parquet"), job.frame("test_scores.parquet"), scorer.classes,
        job.load("split.json", SplitReport).scheme,
    )  # fmt: skip
    baselines = baseline_predictions(job.path("baseline/"), opened.frame)
    measured = job.json("baseline.json")
    chosen = judged_baseline(measured, baselines, criteria.primary.metric)
    label = baseline_labels(measured).get(chosen, chosen.replace("_", " "))
    alternatives = [
        todays_policy(criteria.policy, opened.frame, criteria.task, scorer.classes),
        Alternative(chosen, f"the baseline ({inert(label)})", baselines[chosen]) if chosen else None,
        # where nobody is flagged today, doing nothing is today's policy
        None if criteria.policy.kind == "accept_all" else nothing(criteria.task, len(opened.y)),
    ]
    report = evaluate(
        opened.y, opened.predictions, tuple(other for other in alternatives if other is not None), criteria,
        groups=opened.groups, order=opened.order, seed=job.seed,
    )  # fmt: skip
    job.save_json("business.json", report)
    return outcome(report, criteria)


def outcome(report: BusinessReport, criteria: Criteria) -> Outcome:
    """What the decisions cost, in words."""
    model = report.policies[0]
    against = report.policy(report.against) if report.against else None
    facts: dict[str, Fact] = {"unit": report.unit, "stated": report.stated, "against": report.against}
    for entry in report.policies:
        facts[f"{entry.name}_cost"] = entry.cost.value
        facts[f"{entry.name}_cost_lower"], facts[f"{entry.name}_cost_upper"] = entry.cost.lower, entry.cost.upper
        if entry.saving is not None:
            facts[f"{entry.name}_saving"] = entry.saving.value
            facts[f"{entry.name}_saving_lower"] = entry.saving.lower
            facts[f"{entry.name}_saving_upper"] = entry.saving.upper
        facts[f"{entry.name}_break_even"] = entry.break_even
    return Outcome(
        summary=_summary(report, criteria, model, against),
        notes=tuple(_notes(report, criteria, against)),
        facts=facts,
    )


def _what(report: BusinessReport, criteria: Criteria) -> str:
    if criteria.task == "regression":
        return "cost of errors per {unit}" if report.stated else "absolute error per {unit}"
    return "expected cost per {unit}" if report.stated else "errors per {unit}"


def _summary(report: BusinessReport, criteria: Criteria, model: PolicyCost, against: PolicyCost | None) -> Sentence:
    template = _what(report, criteria) + " {cost|num} ({lower|num} to {upper|num})"
    facts: dict[str, Fact] = {
        "unit": report.unit,
        "cost": model.cost.value,
        "lower": model.cost.lower,
        "upper": model.cost.upper,
    }
    if against is not None and against.saving is not None:
        template += "; {label} {theirs|num}, "
        template += _saved(against)
        facts |= {"label": against.label, "theirs": against.cost.value, "saving": _size(against)}
    return say(template, **facts)


def _saved(entry: PolicyCost) -> str:
    """Whether a saving is one, by its interval."""
    saving = entry.saving
    assert saving is not None
    if saving.lower is not None and saving.lower > 0:
        return "so the model saves {saving|num}"
    if saving.upper is not None and saving.upper < 0:
        return "so the model costs {saving|num} more"
    return "a difference of {saving|num} that may be chance"


def _size(entry: PolicyCost) -> float | None:
    assert entry.saving is not None
    return None if entry.saving.value is None else abs(entry.saving.value)


def _notes(report: BusinessReport, criteria: Criteria, against: PolicyCost | None) -> list[Sentence]:
    notes: list[Sentence] = []
    if not report.stated:
        notes.append(
            say("no cost was stated, so each unit of error counts one")
            if criteria.task == "regression"
            else say("no costs were stated, so each error counts one")
        )
    for entry in report.policies[1:]:
        if entry.saving is None or (against is not None and entry.name == against.name):
            continue
        notes.append(
            say(
                "{label}: {theirs|num} per {unit}, " + _saved(entry),
                label=entry.label, theirs=entry.cost.value, unit=report.unit, saving=_size(entry),
            )
        )  # fmt: skip
    if against is not None and against.break_even is not None:
        notes.append(
            say(
                "the model and {label} cost the same where a miss costs {ratio|num} times a false alarm (stated:"
                " {stated|num})",
                label=against.label, ratio=against.break_even,
                stated=criteria.false_negative_cost / criteria.false_positive_cost
                if criteria.false_positive_cost else None,
            )
        )  # fmt: skip
    notes += _sensitivity_notes(report, against)
    if criteria.policy.kind == "none":
        notes.append(say("today's policy was not stated, so the saving is against {label}", label=_label(against)))
    if criteria.kpi:
        notes.append(say("stated KPI: {kpi}", kpi=inert(criteria.kpi)))
    return notes


def _sensitivity_notes(report: BusinessReport, against: PolicyCost | None) -> list[Sentence]:
    """Where half or twice a cost changes what the interval says of the saving; else one line that nothing does."""
    if against is None or against.saving is None or not report.sensitivity:
        return []
    base = _sign(against.saving.lower, against.saving.upper)
    words = {"false_positive": "a false alarm", "false_negative": "a miss", "unit": "a unit of error"}
    says = {0: "the saving could be none", 1: "the model would save", -1: "the model would cost more"}
    notes = []
    for varied in report.sensitivity:
        sign = _sign(varied.lower, varied.upper)
        if sign != base:
            change = "half as much" if varied.factor < 1 else "twice as much"
            notes.append(
                say(
                    f"if {words[varied.cost]} cost {change}, {says[sign]} ({{saving|num}}, {{lower|num}} to"
                    " {upper|num})",
                    saving=varied.saving, lower=varied.lower, upper=varied.upper,
                )
            )  # fmt: skip
    return notes or [say("half or twice any one cost would not change that")]


def _sign(lower: float | None, upper: float | None) -> int:
    if lower is not None and lower > 0:
        return 1
    return -1 if upper is not None and upper < 0 else 0


def _label(entry: PolicyCost | None) -> str:
    return "nothing" if entry is None else entry.label


STEP = Step(
    id=ID,
    guidance="3.6",
    title="business",
    run=run,
    needs=(
        "opened.parquet",
        "test_scores.parquet",
        "split.json",
        "criteria.json",
        "scorer/",
        "baseline.json",
        "baseline/",
    ),
    makes=("business.json",),
    libraries=("numpy", "scipy", "pandas", "onnxruntime"),
)
