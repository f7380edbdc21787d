"""Deliverable 13: the model card, nine sections after Mitchell et al., "Model Cards for Model Reporting" (2019)."""

from __future__ import annotations

from tools.evaluation.verdict import told_by
from tools.reporting.blocks import (
    absent,
    check_table,
    checks_of,
    decided,
    decision_items,
    finding_of,
    finding_table,
    findings_of,
    metric_table,
    metrics_of,
    section,
    step_lines,
)
from tools.reporting.documents.best_model import members
from tools.reporting.documents.problem_statement import requirement
from tools.reporting.material import Material, Node, line
from tools.reporting.sections import (
    Block,
    Bullets,
    Definitions,
    Document,
    Line,
    Missing,
    Note,
    Paragraph,
    Piece,
    Strong,
    Words,
    words,
)


def build(m: Material) -> Document:
    """The model card."""
    lead = (
        m.summary("validation.review")
        or m.summary("experimentation.optimisation")
        or words("What this model is, and what it is not.")
    )
    sections = [
        section("Model details", _details(m)),
        section("Intended use", _use(m)),
        section("Factors", _factors(m)),
        section("Metrics", _metrics(m)),
        section("Evaluation data", _evaluation(m)),
        section("Training data", _training(m)),
        section("Quantitative analyses", _analyses(m)),
        section("Ethical considerations", _ethics(m)),
        section("Caveats and recommendations", _caveats(m)),
    ]
    return Document("13-model-card", "Model card", lead, tuple(sections))


def _details(m: Material) -> list[Block]:
    run = m.node("record.json")["run"]
    items: list[tuple[Line, Line]] = [
        (words("run"), line("{id}, seed {seed}", id=run["id"], seed=run["seed"])),
        (words("data"), line("{source}, hash {hash|hash}", source=run["source"], hash=run["sha256"])),
        (words("task"), line("{task|words}", task=m.node("criteria.json")["task"])),
    ]
    for question, name in (("requirements.owner", "owner"), ("requirements.on_call", "on call")):
        answer = m.answer(question)
        items.append((words(name), (answer.as_("long"),) if answer else words("to be named")))
    return [Definitions(tuple(items)), *step_lines(m, ("experimentation.optimisation",)), *members(m)]


def _use(m: Material) -> list[Block]:
    items = decision_items(
        m,
        (
            "requirements.problem",
            "requirements.kpi",
            "requirements.unit",
            "requirements.current_policy",
            "requirements.explainability",
        ),
    )
    blocks: list[Block] = (
        [Definitions(tuple(items))] if items else [Missing("The intended use", words("was not stated."))]
    )
    unit = m.node("criteria.json")["unit"]
    blocks.append(
        Note(
            line(
                "It is meant for one {unit} at a time, with the columns that it was trained on, from the "
                "population that the data came from. "
                "Any other use is outside what was tested.",
                unit=unit,
            )
        )
    )
    return blocks


def _factors(m: Material) -> list[Block]:
    protected = m.node("criteria.json")["fairness"]["protected"]
    blocks: list[Block] = []
    if protected:
        blocks.append(Paragraph(line("Results are told apart by {columns}.", columns=protected)))
    else:
        blocks.append(Missing("Groups", words("were not named; results are not told apart by any.")))
    report = m.node("errors.json")
    slices = [m.said(each["rule"]) for each in report["slices"] if each["significant"].value][:5]
    if slices:
        blocks += [Paragraph(words("It is clearly weaker where:")), Bullets(tuple(slices))]
    return blocks + decided(m, ("features.use_protected",))


def _metrics(m: Material) -> list[Block]:
    criteria = m.node("criteria.json")
    if not criteria:
        return [absent(m, "The criteria", "preparation.success_metrics")]
    rails = [requirement(each) for each in criteria["guardrails"]]
    lines: list[Line] = [(Words("Judged by "), Strong(requirement(criteria["primary"])), Words("."))]
    lines += [(Words("Guard-rail: "), *rail, Words(".")) for rail in rails]
    lines.append(
        line(
            "Each comes with an interval; a requirement counts as met where the one-sided limit at {alpha|pct} "
            "reaches it.",
            alpha=criteria["alpha"],
        )
    )
    blocks: list[Block] = [Bullets(tuple(lines))]
    return blocks + decided(m, ("decision.threshold", "decision.calibration", "decision.refer_band"))


def _evaluation(m: Material) -> list[Block]:
    blocks: list[Block] = []
    test = m.node("split.json")["parts"]["test"]
    if test:
        blocks.append(
            Paragraph(
                line(
                    "{rows|int} rows ({share|pct} of those with a label), set apart before anything was fitted.",
                    rows=test["rows"],
                    share=test["share"],
                )
            )
        )
    opened = _openings(m)
    return blocks + finding_of(m, "preparation.split") + opened


def _openings(m: Material) -> list[Block]:
    """How often these test rows were opened before, where a check says so."""
    found = [(step, check) for step, check in checks_of(m, m.outcomes) if check.id == "holdout.openings"]
    return [check_table(m, found)] if found else []


def _training(m: Material) -> list[Block]:
    blocks: list[Block] = []
    parts = m.node("split.json")["parts"]
    if parts:
        blocks.append(
            Paragraph(
                line(
                    "{rows|int} rows to learn from, {more|int} to validate on.",
                    rows=parts["train"]["rows"],
                    more=parts["validation"]["rows"],
                )
            )
        )
    steps = (
        "intake.source",
        "preparation.discovery",
        "preparation.leakage",
        "preparation.cleaning",
        "preparation.features",
    )
    return blocks + step_lines(m, steps)


def _analyses(m: Material) -> list[Block]:
    tests = metrics_of(m, ("validation.holdout",), ("test",), ("scorer",))
    blocks: list[Block] = (
        [metric_table(m, tests, words("On the test rows."))]
        if tests
        else [absent(m, "The test results", "validation.holdout")]
    )
    return blocks + step_lines(
        m, ("validation.fairness", "validation.robustness", "validation.stress", "validation.business")
    )


def _ethics(m: Material) -> list[Block]:
    items = decision_items(
        m,
        (
            "requirements.harm",
            "requirements.protected",
            "requirements.fallback_action",
            "requirements.retention_days",
            "data.personal.",
        ),
    )
    blocks: list[Block] = [Definitions(tuple(items))] if items else []
    if not m.answer("requirements.harm"):
        blocks.append(Missing("Who may be harmed", words("was not stated.")))
    personal = findings_of(m, m.outcomes, ("personal", "representation"))
    if personal:
        blocks.append(finding_table(m, personal))
    return blocks


def _caveats(m: Material) -> list[Block]:
    blocks: list[Block] = []
    bad = [(step, check) for step, check in checks_of(m, m.outcomes) if check.status != "pass"]
    told = {check.id for _, check in bad}
    bad = [(step, check) for step, check in bad if not told_by(check.id, told - {check.id})]
    if bad:
        blocks += [Paragraph(words("Checks that did not pass:")), check_table(m, bad)]
    for gate in m.node("record.json")["gates"]:
        lines = _conditions(gate)
        if lines:
            blocks.append(Note(lines, "warn"))
    for each in m.node("verdict.json")["rows_to_settle"]:
        blocks.append(
            Paragraph(
                line(
                    "{rows|int} more rows of {subject} would settle {check}.",
                    rows=each["rows"],
                    subject=each["subject"],
                    check=each["check"],
                )
            )
        )
    if not blocks:
        blocks.append(Paragraph(words("Every check passed, and no approval was given on conditions.")))
    return blocks


def _conditions(gate: Node) -> Line:
    """What an approval was tied to, and what it overrode, with the written reason."""
    parts: list[Piece] = []
    if gate["conditions"]:
        parts += line(
            "Approved at gate {gate} by {by} on condition: {text|long}. ",
            gate=gate["gate"],
            by=gate["by"],
            text=gate["conditions"],
        )
    if gate["overrides"]:
        parts += line(
            "At gate {gate} {by} overrode {checks}, for this reason: {reason|long}.",
            gate=gate["gate"],
            by=gate["by"],
            checks=gate["overrides"],
            reason=gate["reason"],
        )
    return tuple(parts)
