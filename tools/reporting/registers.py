"""The registers of the dossier: assumptions and hypotheses, the guidance's twelve risks, its nine hand-offs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.reporting import risk_values
from tools.reporting.blocks import TAKEN, checks_of, decision_line, named, page_link, sentence_case
from tools.reporting.material import Material, line
from tools.reporting.sections import Block, Cell, Column, Fold, Line, Piece, Status, Table, Words, joined, words


@dataclass(frozen=True)
class Risk:
    """One of the guidance's risks: what was looked at, and what is done about it."""

    name: str
    group: str
    check: str
    """What is checked, in words."""
    steps: tuple[str, ...]
    """Whose findings are its value in this run, the most telling first."""
    checks: tuple[str, ...]
    """Ids (or beginnings of ids) of the checks that watch it."""
    mitigation: str
    inapplicable: Callable[[Material], Line | None] = lambda m: None
    """Why it does not apply to this run, where it does not."""
    value: Callable[[Material], Line | None] = lambda m: None
    """Its value in this run, where no step's finding says just that."""


RISKS = (
    Risk(
        "Data leakage",
        "data",
        "copies of the target, telling single columns, rows or entities on both sides",
        ("preparation.leakage",),
        ("data.leakage", "data.duplicates"),
        "the test rows are sealed before anything is fitted; plans are fitted on training rows only",
    ),
    Risk(
        "Distribution shift",
        "data",
        "parts of the data against each other, and live rows against the training rows",
        ("deployment.monitoring", "validation.robustness", "preparation.split"),
        ("drift",),
        "monitoring raises an alarm that names the column; retraining is triggered by it",
    ),
    Risk(
        "Missing data",
        "data",
        "share of missing values by column, and whether their absence tells the target",
        ("preparation.cleaning", "preparation.discovery"),
        (),
        "missing values are a stated strategy of the cleaning plan and, where telling, a feature",
        risk_values.nothing_missing,
        risk_values.gaps,
    ),
    Risk(
        "Outliers",
        "data",
        "values far from the rest, by column",
        ("preparation.cleaning", "preparation.discovery"),
        (),
        "the cleaning plan states what happens to them; tree models are not moved by them",
        risk_values.no_numbers,
        risk_values.changed_values,
    ),
    Risk(
        "Overfitting",
        "model",
        "score on rows seen against rows not seen",
        ("experimentation.error_analysis", "validation.holdout"),
        ("holdout.metric",),
        "every choice rests on out-of-fold predictions; the simplest model not worse than the best is taken",
        value=risk_values.fit,
    ),
    Risk(
        "Underfitting",
        "model",
        "gain over the baseline, and what more rows would be worth",
        ("experimentation.cross_validation", "preparation.baseline"),
        ("holdout.gain",),
        "families of growing complexity are searched; added complexity must buy a gain",
        value=risk_values.gain,
    ),
    Risk(
        "Concept drift",
        "model",
        "performance once labels arrive, and the age of the model",
        ("deployment.retraining", "deployment.monitoring"),
        (),
        "retraining by schedule and by trigger; a challenger must win on the same new rows and pass a gate",
    ),
    Risk(
        "Adversarial input",
        "model",
        "noise, unit slips, unseen levels, worst case within plausible bounds",
        ("validation.robustness",),
        ("robustness",),
        "the service checks every field against the schema before it scores",
    ),
    Risk(
        "Latency",
        "production",
        "answer times at stated load, on the service itself",
        ("validation.stress", "deployment.performance"),
        ("latency",),
        "the scorer is exported to a fast format and measured row by row",
    ),
    Risk(
        "Scalability",
        "production",
        "ten times the stated load",
        ("validation.stress",),
        ("stress", "size"),
        "the service holds no state, so copies can be added; batches are scored in one call",
    ),
    Risk(
        "Failures",
        "production",
        "start, readiness, fallback, roll-back",
        ("deployment.infrastructure", "deployment.api"),
        (),
        "a fallback model, a circuit breaker, time limits, and a runbook whose commands were run",
    ),
    Risk(
        "Compliance",
        "production",
        "personal data, fairness, explanations, an audit trail",
        ("validation.fairness", "preparation.discovery"),
        ("fairness", "privacy"),
        "every decision has a name and a reason in a chained ledger; each prediction can be explained",
    ),
)


def risks(m: Material) -> Table:
    """The twelve risks: check, value in this run, mitigation or why not applicable."""
    rows: list[tuple[Cell, ...]] = []
    for risk in RISKS:
        status = _worst(m, risk)
        rows.append(
            (
                words(risk.name),
                words(risk.check),
                _value(m, risk),
                risk.inapplicable(m) or words(risk.mitigation),
                (status,) if status is not None else (),
            )
        )
    return Table(
        (
            Column("risk"),
            Column("check"),
            Column("in this run"),
            Column("mitigation"),
            Column("state", "status"),
        ),
        tuple(rows),
    )


def _value(m: Material, risk: Risk) -> Line:
    own = risk.value(m)
    if own is not None:
        return sentence_case(own)
    for step in risk.steps:
        summary = m.summary(step)
        if summary is not None:
            return sentence_case(summary)
    return line("comes with {step}", step=named(risk.steps[-1]))


def _worst(m: Material, risk: Risk) -> Status | None:
    """The gravest state of the checks that watch a risk."""
    order = ("fail", "insufficient", "warn", "pass")
    found = [
        (order.index(check.status), f"{step}/{check.id}.status", check.status)
        for step, check in checks_of(m, m.outcomes)
        if any(check.id == watched or check.id.startswith(f"{watched}.") for watched in risk.checks)
    ]
    if not found:
        return None
    _, evidence, status = min(found)
    return Status(status, evidence)


@dataclass(frozen=True)
class HandOff:
    """One of the guidance's frameworks around this one: what came in, what goes out."""

    framework: str
    when: str
    came_in: tuple[str, ...]
    """Questions whose answers came in."""
    out: tuple[tuple[str, str], ...]
    """What this run hands out: words and the stem that holds it ('' where it lies in the bundle)."""
    step: str
    """The step that makes it; until then it is open."""


HAND_OFFS = (
    HandOff(
        "Architecture",
        "before",
        ("requirements.infrastructure", "deployment.target"),
        (("system design and data flow", "15-endpoint"),),
        "deployment.packaging",
    ),
    HandOff(
        "Data pipeline",
        "before",
        ("requirements.growth",),
        (("contract of the columns", "04-feature-pipeline"), ("data quality", "02-data-quality-report")),
        "preparation.features",
    ),
    HandOff(
        "Security",
        "before",
        ("requirements.protected", "requirements.retention_days"),
        (
            ("what could go wrong at the endpoint, and what meets it", "15-endpoint"),
            ("signature and list of parts in the bundle", ""),
        ),
        "deployment.packaging",
    ),
    HandOff(
        "Testing",
        "during",
        (),
        (("checks with their bounds", "11-test-results"), ("golden rows that the service replays", "")),
        "deployment.packaging",
    ),
    HandOff(
        "Documentation", "during", (), (("model card", "13-model-card"), ("this dossier", "")), "validation.review"
    ),
    HandOff(
        "Code quality",
        "during",
        (),
        (("service code under the linter and types of this project, pinned requirements", "08-best-model"),),
        "deployment.packaging",
    ),
    HandOff(
        "Deployment",
        "after",
        ("deployment.start", "deployment.target"),
        (("bundle, container and manifests", "15-endpoint"),),
        "deployment.infrastructure",
    ),
    HandOff(
        "Monitoring",
        "after",
        ("monitoring.thresholds",),
        (("alarms and dashboard", "16-monitoring-dashboard"), ("service levels", "19-slas")),
        "deployment.monitoring",
    ),
    HandOff(
        "Incident response",
        "after",
        ("requirements.on_call", "requirements.fallback_action"),
        (("runbook", "18-runbook"),),
        "deployment.infrastructure",
    ),
)


def hand_offs(m: Material) -> Table:
    """The nine hand-offs: what came in, what goes out, state."""
    rows: list[tuple[Cell, ...]] = []
    for each in HAND_OFFS:
        answers = [(question, m.answer(question)) for question in each.came_in]
        came: list[Line] = [line("{answer|long}", answer=answer) for _, answer in answers if answer]
        out: list[Line] = [
            (page_link(stem, text),) if stem and _there(m, stem) else words(text) for text, stem in each.out
        ]
        state: Piece = Words("handed out") if each.step in m.outcomes else Words("comes with ")
        tail: Line = () if each.step in m.outcomes else (named(each.step),)
        rows.append(
            (
                words(each.framework),
                joined(came, "; ") if came else words("nothing stated"),
                joined(out, "; "),
                (state, *tail),
            )
        )
    return Table((Column("framework"), Column("came in"), Column("this run hands out"), Column("state")), tuple(rows))


def _there(m: Material, stem: str) -> bool:
    from tools.reporting.contents import deliverable

    phase = deliverable(stem).phase
    return any(step.partition(".")[0] == phase for step in m.outcomes)


@dataclass(frozen=True)
class Hypothesis:
    """A statement that a step puts to the test."""

    statement: str
    tested: str
    step: str


HYPOTHESES = (
    Hypothesis(
        "The data can confirm what is required.", "width of the interval at the test's size", "intake.feasibility"
    ),
    Hypothesis("No column knows the answer beforehand.", "kinds of leakage, on training rows", "preparation.leakage"),
    Hypothesis("A model beats a simple rule.", "baselines with intervals", "preparation.baseline"),
    Hypothesis(
        "Derived features tell more than the raw columns.",
        "what the feature plan kept and left out",
        "preparation.features",
    ),
    Hypothesis(
        "One family is better than the others.",
        "paired differences on out-of-fold predictions",
        "experimentation.cross_validation",
    ),
    Hypothesis(
        "Several models together are better than one.",
        "gain of the ensemble over its best member",
        "experimentation.ensembles",
    ),
    Hypothesis("What is learned holds on rows never seen.", "the sealed test rows, opened once", "validation.holdout"),
    Hypothesis("Groups are treated alike.", "rates by group, with intervals", "validation.fairness"),
    Hypothesis(
        "Small disturbances change little.", "perturbed rows, missing columns, unseen levels", "validation.robustness"
    ),
    Hypothesis("The model is worth its cost.", "expected value against today's policy", "validation.business"),
)


def assumptions(m: Material) -> list[Block]:
    """Hypotheses with their results, and assumptions: what was taken because nobody said otherwise."""
    rows: list[tuple[Cell, ...]] = []
    for each in HYPOTHESES:
        summary = m.summary(each.step)
        result = sentence_case(summary) if summary is not None else words("not tested yet")
        rows.append((words(each.statement), words(each.tested), result, (named(each.step),)))
    table = Table((Column("hypothesis"), Column("how tested"), Column("result"), Column("step")), tuple(rows))
    taken: list[tuple[Cell, ...]] = [
        ((node["id"].as_("question"),), decision_line(node))
        for node in m.node("record.json")["decisions"]
        if not node["value"] or node["source"].text in TAKEN
    ]
    blocks: list[Block] = [table]
    if taken:
        made = Table((Column("assumption"), Column("taken as, and why")), tuple(taken))
        blocks.append(Fold(words("Assumptions: what was taken because nobody said otherwise"), (made,)))
    return blocks
