"""Step 3.2, A/B design: how many units, how long, what may not get worse, and the analysis as tested code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Known, Step
from tools.records import Outcome
from tools.wording import Fact, say

if TYPE_CHECKING:
    from tools.evaluation.abtest import ABDesign

ID = "validation.ab_design"
POWER = 0.8
ALPHA = 0.05
DEFAULT_EFFECT = 0.1
"""Relative change that is looked for where none was stated."""


def run(job: Job) -> Outcome:
    """Design the test from the outcomes that the holdout measured."""
    import numpy as np

    from tools.data.splitting import SplitReport
    from tools.evaluation import abtest
    from tools.evaluation.business import row_costs
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.opened import read_opened
    from tools.serving.service.scorer import Scorer

    criteria = job.load("criteria.json", Criteria)
    scheme = job.load("split.json", SplitReport).scheme
    scorer = Scorer.load(job.path("scorer/"))
    opened = read_opened(job.frame("opened.parquet"), job.frame("test_scores.parquet"), scorer.classes, scheme)
    value = 1.0 if criteria.value_per_unit_error is None else criteria.value_per_unit_error
    outcomes = row_costs(opened.y, opened.predictions, criteria.task, criteria.costs, value)
    if opened.groups is not None:  # a whole entity is assigned, so its mean is one outcome
        sums, counts = np.bincount(opened.groups, weights=outcomes), np.bincount(opened.groups)
        outcomes = sums[counts > 0] / counts[counts > 0]
    share = bool(np.isin(outcomes, (0.0, 1.0)).all())
    base, spread = float(outcomes.mean()), float(outcomes.std(ddof=1))
    relative = float(job.answer("ab.smallest_effect") or DEFAULT_EFFECT)
    traffic = job.answer("ab.traffic")
    # a share of exactly zero holds nothing to improve: half an error stands in, as in the interval of a zero count
    base = base or 0.5 / (len(outcomes) + 1)
    spread = spread or base
    effect = relative * base
    size = abtest.share_size(base, -effect, ALPHA, POWER) if share else abtest.mean_size(spread, effect, ALPHA, POWER)
    simulation = abtest.simulate_aa(outcomes, "share" if share else "mean", size, alpha=ALPHA, seed=job.seed)
    design = abtest.ABDesign(
        kind="share" if share else "mean",
        outcome=_outcome_words(criteria.task, criteria.costs_stated, share, criteria.value_per_unit_error is not None),
        unit=scheme.column if opened.groups is not None and scheme.column else criteria.unit,
        base=base,
        spread=spread,
        smallest_effect=effect,
        relative_effect=relative,
        alpha=ALPHA,
        power=POWER,
        per_arm=size,
        total=2 * size,
        traffic=None if traffic is None else float(traffic),
        days=abtest.days(2 * size, None if traffic is None else float(traffic)),
        guardrails=GUARDRAILS if criteria.task != "binary" else (*GUARDRAILS, "flagged"),
        simulation=simulation,
        seed=job.seed,
    )
    job.save_json("ab_design.json", design)
    job.save_text("ab_analysis.py", abtest.analysis_code(design))
    return outcome(design)


GUARDRAILS = ("latency_ms", "error")
"""Columns of the log that may not get worse: how long a prediction took, whether it failed."""


RAILS = {"latency_ms": "response time", "error": "failures", "flagged": "the share called positive"}
"""The guard-rails as a person reads them."""


def _joined(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _outcome_words(task: str, costs: bool, share: bool, valued: bool) -> str:
    if task == "regression":
        return "cost of errors" if valued else "absolute error"
    return "cost of decisions" if costs and not share else "rate of wrong decisions"


def outcome(design: ABDesign) -> Outcome:
    """The design in words."""
    facts: dict[str, Fact] = {
        "per_arm": design.per_arm,
        "total": design.total,
        "days": design.days,
        "traffic": design.traffic,
        "base": design.base,
        "spread": design.spread,
        "smallest_effect": design.smallest_effect,
        "relative_effect": design.relative_effect,
        "alpha": design.alpha,
        "power": design.power,
        "aa_rate": design.simulation.rate,
        "aa_lower": design.simulation.lower,
        "aa_upper": design.simulation.upper,
        "aa_simulations": design.simulation.simulations,
        "unit": design.unit,
        "outcome": design.outcome,
    }
    template = "{per_arm|int} units per arm are enough to find a change of {relative_effect|pct} in the {outcome}"
    if design.days is not None:
        template += "; {days|int} days at {traffic|num} a day"
    return Outcome(
        summary=say(template, **{name: facts[name] for name in _used(template, facts)}),
        notes=(
            say(
                "the holdout measured {base|num} per {unit}; the smallest change looked for is {effect|num}, found in"
                " {power|pct} of cases at a false-alarm rate of {alpha|pct}",
                base=design.base, unit=design.unit, effect=design.smallest_effect, power=design.power,
                alpha=design.alpha,
            ),
            say(
                "with both arms alike, {simulations|int} simulated tests rang in {rate|pct} of cases ({lower|pct} to"
                " {upper|pct})",
                simulations=design.simulation.simulations, rate=design.simulation.rate,
                lower=design.simulation.lower, upper=design.simulation.upper,
            ),
            say("each {unit} stays in one arm; {rails} may not get worse", unit=design.unit,
                rails=_joined([RAILS[name] for name in design.guardrails])),
            *(
                ()
                if design.days is not None
                else (say("traffic was not stated, so the duration in days is open"),)
            ),
        ),
        facts=facts,
    )  # fmt: skip


def _used(template: str, facts: dict[str, Fact]) -> list[str]:
    return [name for name in facts if f"{{{name}}}" in template or f"{{{name}|" in template]


def _evidence(known: Known) -> dict[str, Any]:
    facts = known.facts("validation.holdout")
    return {
        "rows": facts.get("rows"),
        "unit": known.answer("requirements.unit", "row"),
        "growth": known.answer("requirements.growth"),
        "metric": facts.get("metric"),
        "gain": facts.get("gain"),
        "baseline_value": facts.get("baseline_value"),
    }


STEP = Step(
    id=ID,
    guidance="3.2",
    title="A/B design",
    run=run,
    needs=("opened.parquet", "test_scores.parquet", "split.json", "criteria.json", "scorer/"),
    decisions=("ab.smallest_effect", "ab.traffic"),
    makes=("ab_design.json", "ab_analysis.py"),
    libraries=("numpy", "scipy", "pandas"),
    before=(
        Ask(
            id="ab.smallest_effect",
            prompt="Which relative change of the outcome is the smallest worth finding in an A/B test (as a share)?",
            type="number",
            evidence=_evidence,
            minimum=0.001,
            maximum=1.0,
        ),
        Ask(
            id="ab.traffic",
            prompt="How many units a day could take part in an A/B test?",
            type="number",
            evidence=_evidence,
            minimum=0.01,
        ),
    ),
)
