"""Step 2.1, algorithm selection: which families suit this table, with reasons for and against, simple ones first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.inputs import TRAINING, baseline_of, training_of
from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    from tools.modeling.candidates import Candidates

STEP_ID = "experimentation.algorithms"
OPTIONS = (
    Option("linear", "linear model", "every prediction can be read off its weights"),
    Option("forest", "random forest", "needs little tuning"),
    Option("balanced", "balanced random forest", "made for rare positives"),
    Option("histgb", "histogram gradient boosting", "accurate on tables"),
    Option("xgb", "XGBoost", "accurate on tables, well regularised"),
    Option("lgbm", "LightGBM", "accurate on tables, fast"),
)
"""The registry of families as the question shows it; a test holds the two together."""
TASKS = {"balanced": ("binary",)}
"""Families that do not know every task."""
TRANSPARENT = "transparent"
"""Answer to `requirements.explainability` that asks for a model that can itself be read."""


def run(job: Job) -> Outcome:
    """Judge every family for this table."""
    from tools.evaluation.criteria import Criteria
    from tools.modeling.candidates import Candidates, judge

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    training = training_of(job, len(baseline.classes))
    wanted = job.answer("search.families")
    found = judge(
        training.problem,
        training.size,
        transparent=job.answer("requirements.explainability") == TRANSPARENT,
        wanted=None if not wanted else [str(one) for one in wanted],
        share_missing=baseline.missing,
    )
    trials, seconds = job.answer("search.trials"), job.answer("search.max_seconds")
    report = Candidates(
        task=criteria.task,
        rows=len(training.y),
        columns=training.x.shape[1],
        classes=len(baseline.classes),
        minority=training.size.minority,
        candidates=found,
        chosen=tuple(one.family for one in found if one.chosen),
        trials=None if trials is None else int(trials),
        max_seconds=None if seconds is None else float(seconds),
    )
    job.save_json("candidates.json", report)
    return describe(report)


def describe(report: Candidates) -> Outcome:
    """The candidates in words."""
    chosen = [one for one in report.candidates if one.chosen]
    left = [one for one in report.candidates if not one.chosen]
    facts: dict[str, Fact] = {
        "families": len(chosen),
        "considered": len(report.candidates),
        "rows": report.rows,
        "features": report.columns,
        "trials": report.trials,
        "max_seconds": report.max_seconds,
        "minority": report.minority if report.classes else None,
        "simplest": chosen[0].label if chosen else None,
    }
    if len(chosen) == 1:
        summary = say("one family is tried: {label}", label=chosen[0].label)
    else:
        summary = say(
            "{families|int} families suit {rows|int} rows and {features|int} features, from {first} to {last}",
            families=len(chosen),
            rows=report.rows,
            features=report.columns,
            first=chosen[0].label,
            last=chosen[-1].label,
        )
    notes: list[Sentence] = []
    for one in left:
        reason = one.reasons_against[-1] if not one.suited else say("it was not asked for")
        notes.append(
            Sentence(template="not tried: {label}, as " + reason.template, facts={**reason.facts, "label": one.label})
        )
    forced = [one.label for one in chosen if not one.suited]
    if forced:
        verb = plural(len(forced), "was", "were")
        notes.append(
            say(
                "{names|text} {verb|text} asked for although little speaks for it here", names=listed(forced), verb=verb
            )
        )
    if report.max_seconds is not None:
        notes.append(say("the search may take until {seconds|sec} after the start", seconds=report.max_seconds))
    if report.trials is not None:
        notes.append(say("{trials|int} settings are tried in all", trials=report.trials))
    return Outcome(summary=summary, notes=tuple(notes), facts=facts)


# ── questions ───────────────────────────────────────────────────────────────


def evidence(known: Known) -> dict[str, Any]:
    """Size and kind of the training rows, and what was asked of the model."""
    report = known.json("baseline.json")
    shares = report["shares"]
    return {
        "task": report["task"],
        "rows": report["training_rows"],
        "features": report["features"],
        "classes": len(report["classes"]),
        "minority": min(shares) if shares else None,
        "transparent": known.answer("requirements.explainability") == TRANSPARENT,
        "max_seconds": known.answer("search.max_seconds"),
        "families": len(known.answer("search.families") or ()),
    }


def _families(known: Known) -> tuple[Option, ...]:
    task = known.json("baseline.json")["task"]
    return tuple(option for option in OPTIONS if task in TASKS.get(option.value, (task,)))


STEP = Step(
    id=STEP_ID,
    guidance="2.1",
    title="algorithms",
    run=run,
    needs=(*TRAINING, "baseline.json"),
    decisions=("search.families", "search.trials", "search.max_seconds", "requirements.explainability"),
    makes=("candidates.json",),
    libraries=("pandas", "numpy"),
    before=(
        Ask(
            id="search.families",
            prompt="Which kinds of models should be tried?",
            type="several",
            choices=_families,
            evidence=evidence,
        ),
        Ask(
            id="search.max_seconds",
            prompt="How many seconds may pass from the start to this phase's gate? Unknown: no limit by the clock.",
            type="number",
            evidence=evidence,
            minimum=1,
        ),
        Ask(
            id="search.trials",
            prompt="How many settings should be tried, over all kinds of models together?",
            type="integer",
            evidence=evidence,
            minimum=1,
            maximum=5000,
        ),
    ),
)
