"""The dossier's first page: the verdict, the numbers that carry it, what could go wrong, then everything in order."""

from __future__ import annotations

from collections.abc import Sequence

from tools.reporting import registers
from tools.reporting.blocks import (
    check_table,
    checks_of,
    decision_line,
    finding_of,
    finding_table,
    findings_of,
    metric_table,
    metrics_of,
    more,
    section,
    sentence_case,
    settled,
    step_lines,
)
from tools.reporting.contents import ACTIVITIES, DELIVERABLES, PHASES, phases_until
from tools.reporting.documents import best_model, exploration, test_results
from tools.reporting.documents.key_figures import figures
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Dot, dots
from tools.reporting.sections import (
    Block,
    Cell,
    Code,
    Column,
    Definitions,
    Document,
    Fold,
    Line,
    Link,
    Listed,
    Listing,
    Missing,
    Multiples,
    Note,
    Paragraph,
    Piece,
    Plot,
    Section,
    Strong,
    Table,
    Words,
    words,
)

FINDINGS = 6
PARTS = 2
"""Dots in a check's id from which it speaks of a single group."""
"""Most findings that the first page shows."""


def summary(m: Material, phase: str, head: str = "") -> Document:
    """The first page as things stand after a phase."""
    reached = phases_until(phase)
    key = figures(m)
    sections = [
        section("What could go wrong, and who is hurt", _dangers(m)),
        section("The problem", _problem(m), more=more("01-problem-statement")),
        section("The data", _data(m), more=more("02-data-quality-report")),
        _stage("The model", "experimentation", reached, _model(m), "08-best-model"),
        _stage("The tests", "validation", reached, _tests(m), "11-test-results"),
        _stage("Fairness", "validation", reached, finding_of(m, "validation.fairness"), "12-bias-assessment"),
        _stage("Operation", "deployment", reached, _operation(m), "15-endpoint"),
        _to_come(m, reached),
        section("Who decided what", _gates(m), _decisions(m)),
        section("Assumptions and hypotheses", registers.assumptions(m)),
        section("Risks", registers.risks(m)),
        section("Hand-offs", registers.hand_offs(m)),
        section("All deliverables", _contents(m, reached)),
        section("How to verify this", _verify(m, head), anchor="verify"),
    ]
    title = "A model, from question to answer"
    return Document(
        "index", title, _verdict(m, reached), tuple(each for each in sections if each is not None), tuple(key)
    )


def heading(m: Material) -> Line:
    """What the page is about, from the run's own words."""
    target = m.answer("data.target")
    unit = m.node("criteria.json")["unit"]
    if target and unit:
        return line("Predicting {target} for each {unit}", target=target.as_("words"), unit=unit)
    if target:
        return line("Predicting {target}", target=target.as_("words"))
    return line("A model on {source}", source=m.node("record.json")["run"]["source"])


def _verdict(m: Material, reached: Sequence[str]) -> Line:
    """The verdict in a sentence; before it, what is known and what comes."""
    sentence = m.summary("validation.review")
    if sentence is not None:
        return (*words("Verdict: "), *sentence, *words("."))
    last = next((step for step in reversed(ACTIVITIES) if step.id in m.outcomes), None)
    comes = PHASES[len(reached)] if len(reached) < len(PHASES) else None
    opening = words("No verdict yet. ")
    found = sentence_case(m.summary(last.id) or ()) if last is not None else ()
    tail: Line = line(" Phase {phase} comes next.", phase=Words(comes)) if comes else ()
    return (*opening, *found, *tail)


def _dangers(m: Material) -> list[Block]:
    blocks: list[Block] = []
    harm, fallback = m.answer("requirements.harm"), m.answer("requirements.fallback_action")
    items: list[tuple[Line, Line]] = []
    if harm:
        items.append((words("who is hurt"), (harm.as_("long"),)))
    if fallback:
        items.append((words("when it fails"), (fallback.as_("long"),)))
    owner, call = m.answer("requirements.owner"), m.answer("requirements.on_call")
    if owner:
        items.append((words("who answers for it"), (owner.as_("long"),)))
    if call:
        items.append((words("who is called"), (call.as_("long"),)))
    if items:
        blocks.append(Definitions(tuple(items)))
    if not harm:
        blocks.append(
            Missing(
                "Who may be harmed",
                words("was not stated. Somebody who answers for this model should say so before it is used."),
            )
        )
    bad = [
        (step, check)
        for step, check in checks_of(m, m.outcomes)
        # single groups stand in the bias assessment; here the attribute speaks for them unless one fails
        if check.status == "fail" or (check.status != "pass" and check.id.count(".") < PARTS)
    ]
    if bad:
        blocks.append(check_table(m, bad))
    grave = [
        (step, finding)
        for step, finding in findings_of(m, m.outcomes)
        if finding.level != "info" and not settled(m, finding)
    ]
    if grave:
        blocks.append(finding_table(m, grave[:FINDINGS]))
    if not bad and not grave:
        blocks.append(Paragraph(words("No check failed and no finding asks for attention so far.")))
    return blocks


def _problem(m: Material) -> list[Block]:
    problem = m.answer("requirements.problem")
    blocks: list[Block] = [Paragraph((problem.as_("long"),))] if problem else []
    blocks += finding_of(m, "preparation.success_metrics")[:1]
    return blocks + finding_of(m, "intake.feasibility")[:1]


def _data(m: Material) -> list[Block]:
    blocks = step_lines(
        m,
        (
            "intake.source",
            "preparation.discovery",
            "preparation.split",
            "preparation.leakage",
            "preparation.exploration",
            "preparation.cleaning",
            "preparation.features",
            "preparation.baseline",
        ),
    )
    view = m.node("exploration.json")
    if view:
        blocks.append(exploration.shapes(view, most=4))
    blocks.append(
        Paragraph(
            (
                Words("The rest in "),
                *_list(("03-eda-notebook", "04-feature-pipeline", "05-baseline")),
                Words("."),
            )
        )
    )
    return blocks


def _list(stems: Sequence[str]) -> Line:
    parts: list[Piece] = []
    for place, stem in enumerate(stems):
        about = next(each for each in DELIVERABLES if each.stem == stem)
        parts.append(Words("" if not place else " and " if place == len(stems) - 1 else ", "))
        parts.append(Link(about.page, (Listed(about.stem[:2]), Words(f" {about.title}"))))
    return tuple(part for part in parts if not (isinstance(part, Words) and not part.text))


def _model(m: Material) -> list[Block]:
    blocks = step_lines(m, [each.id for each in ACTIVITIES if each.phase == "experimentation"])
    comparison = m.node("comparison.json")
    if comparison:
        from tools.reporting.documents.model_comparison import ranking

        blocks.append(ranking(m, comparison))
    view, curve = m.node("interpretation.json"), m.node("threshold_curve.json")
    plots = []
    if view["importances"]:
        plots.append(
            Plot(best_model.importance_plot(view, most=8), words("What drives it: rise of the loss when shuffled"))
        )
    if len(curve["points"]) > 1:
        threshold = m.node("optimisation.json")["threshold"]
        plots.append(Plot(best_model.cost_plot(curve, threshold), words("What the threshold costs")))
    if plots:
        blocks.append(Multiples(tuple(plots)))
    links = _list(("06-experiment-dashboard", "07-model-comparison", "09-validation-metrics", "10-error-analysis"))
    return [*blocks, Paragraph((Words("How it came about: "), *links, Words(".")))]


def _tests(m: Material) -> list[Block]:
    blocks = step_lines(
        m,
        (
            "validation.holdout",
            "validation.robustness",
            "validation.stress",
            "validation.business",
            "validation.ab_design",
        ),
    )
    report = m.node("holdout.json")
    if report:
        blocks.append(Multiples(tuple(_test_plots(report))))
    tests = metrics_of(m, ("validation.holdout",), ("test",), ("scorer",))
    return [*blocks, metric_table(m, tests)] if tests else blocks


def _test_plots(report: Node) -> list[Plot]:
    """The primary metric here and before, and whether the probabilities are right."""
    rows = [Dot("test rows", report["primary"]["value"], report["primary"]["lower"], report["primary"]["upper"], True)]
    for each in report["comparisons"]:
        name = test_results.PARTS.get(each["partition"].text, "elsewhere")
        rows.append(Dot(name, each["value"], each["lower"], each["upper"]))
    plots = [Plot(dots(rows, "the primary metric by part"), words("The primary metric, here and before"))]
    calibration = report["calibration"]
    if len(calibration["bins"]) > 1:
        title = words("Predicted against observed; on the dashed line they agree")
        plots.append(Plot(test_results.calibration_drawing(calibration, height=236), title))
    return plots


def _operation(m: Material) -> list[Block]:
    blocks = step_lines(m, [each.id for each in ACTIVITIES if each.phase == "deployment"])
    links = _list(("16-monitoring-dashboard", "17-retraining-schedule", "18-runbook", "19-slas"))
    return [*blocks, Paragraph((Words("For those who run it: "), *links, Words(".")))]


def _stage(title: str, phase: str, reached: Sequence[str], blocks: list[Block], stem: str) -> Section | None:
    """A section of a phase that has run; what has not is said once, in one place."""
    return section(title, blocks, more=more(stem)) if phase in reached else None


COMING = {
    "experimentation": ("The model", "candidates, search, comparison, the scorer, and where it errs"),
    "validation": (
        "The tests, fairness and the verdict",
        "the sealed rows opened once, groups, disturbances, load, value",
    ),
    "deployment": ("Operation", "the bundle, the endpoint, monitoring, service levels, retraining, runbook"),
}
"""What each phase will add to the page."""


def _to_come(m: Material, reached: Sequence[str]) -> Section | None:
    blocks = [
        Missing(
            title,
            words(
                f"come with phase {phase}, which has not run yet: {what}."
                if " and " in title
                else f"comes with phase {phase}, which has not run yet: {what}."
            ),
        )
        for phase, (title, what) in COMING.items()
        if phase not in reached
    ]
    return section("Still to come", blocks) if blocks else None


def _gates(m: Material) -> list[Block]:
    gates = m.node("record.json")["gates"]
    if not gates:
        return [Missing("The gates", words("have not been decided yet."))]
    rows: list[tuple[Cell, ...]] = []
    for gate in gates:
        why: list[Piece] = [gate["reason"].as_("long")] if gate["reason"] else [Words("no reason given")]
        stop = "" if gate["reason"].text.endswith(".") else "."
        if gate["conditions"]:
            why += line(f"{stop} On condition: {{text|long}}", text=gate["conditions"])
            stop = "" if gate["conditions"].text.endswith(".") else "."
        if gate["overrides"]:
            why += line(f"{stop} Overrides: {{checks}}", checks=gate["overrides"])
        rows.append(
            (
                (gate["gate"].as_(),),
                (Strong((gate["decision"].as_("words"),)),),
                (gate["by"].as_("text"),),
                tuple(why),
            )
        )
    return [Table((Column("gate"), Column("decision"), Column("by"), Column("why")), tuple(rows))]


def _decisions(m: Material) -> list[Block]:
    items = [((node["id"].as_("question"),), decision_line(node)) for node in m.node("record.json")["decisions"]]
    if not items:
        return []
    count = m.node("record.json")["decisions"].count
    return [Fold(line("All {n|int} answered questions, with who and why", n=count), (Definitions(tuple(items)),))]


def _contents(m: Material, reached: Sequence[str]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for each in DELIVERABLES:
        title: Line = (Listed(each.stem[:2]), Words(f" {each.title}"))
        state = words("here") if each.phase in reached else words(f"comes with phase {each.phase}")
        rows.append(((Link(each.page, title),) if each.phase in reached else title, words(each.phase), state))
    return [Table((Column("deliverable"), Column("phase"), Column("state")), tuple(rows))]


def _verify(m: Material, head: str) -> list[Block]:
    run = m.record.run.id
    blocks: list[Block] = [
        Paragraph(
            words(
                "Everything here rests on artifacts that are stored under the hash of their content, and on a "
                "ledger in which "
                "every entry holds the hash of the one before. The first command walks both and names the first "
                "byte that was "
                "changed; the second makes every artifact again, in an empty store, and names what differs."
            )
        ),
        Listing(f"phasegate verify --run {run}" + (f" --head {head}" if head else "") + f"\nphasegate replay {run}"),
    ]
    if head:
        blocks.append(Paragraph((Words("Head of the ledger: "), Code(head), Words("."))))
    else:
        blocks.append(
            Note(
                (
                    Words("The head of the ledger is printed at each gate; pass it as "),
                    Code("--head"),
                    Words(
                        ", so that a rewritten chain is found too. A chain whose head lies only beside it proves "
                        "nothing."
                    ),
                )
            )
        )
    return blocks
