"""Deliverable 01: what is asked, what counts as success, what errors cost, whether the data can answer."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    decided,
    finding_of,
    metric_name,
    section,
)
from tools.reporting.material import Material, Node, line
from tools.reporting.sections import (
    Block,
    Cell,
    Column,
    Definitions,
    Document,
    Line,
    Missing,
    Note,
    Paragraph,
    Section,
    Table,
    Words,
    joined,
    words,
)

QUESTION = (
    "requirements.problem",
    "requirements.kpi",
    "requirements.unit",
    "requirements.current_policy",
    "data.target",
    "data.positive_class",
    "data.problem_type",
    "requirements.label_meaning",
    "requirements.label_delay_days",
    "requirements.growth",
)
CONSEQUENCE = (
    "requirements.harm",
    "requirements.fallback_action",
    "requirements.owner",
    "requirements.on_call",
    "requirements.explainability",
    "requirements.retention_days",
    "requirements.infrastructure",
)
STEP = "preparation.success_metrics"


def build(m: Material) -> Document:
    """The problem statement."""
    criteria = m.node("criteria.json")
    problem = m.answer("requirements.problem")
    target = m.answer("data.target")
    lead: Line = words("What this model is for, and what it must reach, fixed before any model exists.")
    if problem:
        lead = line("{problem|long}", problem=problem)
    elif target:
        lead = line("Predict {target} for each {unit}, well enough to act on.", target=target, unit=criteria["unit"])
    sections = [
        section(
            "The question",
            decided(m, QUESTION) or [Missing("The question", words("was not stated beyond the target."))],
        ),
        section("What counts as success", finding_of(m, STEP), _criteria(m, criteria)),
        section("What errors cost", _costs(criteria)),
        section("What else must hold", _limits(criteria)),
        section("Can this data answer it?", finding_of(m, "intake.feasibility")),
        section(
            "When the model is wrong",
            decided(m, CONSEQUENCE) or [Missing("Harm and fallback", words("were not stated."))],
        ),
        _open(m),
    ]
    return Document("01-problem-statement", "Problem statement", lead, tuple(sections))


def requirement(node: Node) -> Line:
    """A requirement in a line: metric, direction, bound."""
    from tools.evaluation.metrics import METRICS

    name = node["metric"].text
    better = name not in METRICS or METRICS[name].greater_is_better
    if node["bound"].value is None:
        return line("{metric} better than the baseline", metric=metric_name(name))
    sign = "at least" if better else "at most"
    return line(f"{{metric}} of {sign} {{bound|num}}", metric=metric_name(name), bound=node["bound"])


def _criteria(m: Material, criteria: Node) -> list[Block]:
    if not criteria:
        return [absent(m, "The table of criteria", STEP)]
    rows: list[tuple[Cell, ...]] = [(words("primary metric"), requirement(criteria["primary"]))]
    rows += [(words("guard-rail"), requirement(rail)) for rail in criteria["guardrails"]]
    rows += [
        (words("how it is judged"), line("one-sided limit at level {alpha|pct}", alpha=criteria["alpha"])),
        (
            words("fewest rows of a class"),
            line("{rows|int} in the test, else the verdict stays open", rows=criteria["minimum_class_rows"]),
        ),
    ]
    fair = criteria["fairness"]
    if fair["protected"]:
        rows.append(
            (
                words("fairness"),
                line(
                    "selection rates within {ratio|ratio} of each other, for {columns}; a group needs {n|int} "
                    "rows, {p|int} "
                    "of them positive and {q|int} negative, to be judged",
                    ratio=fair["ratio"],
                    columns=fair["protected"],
                    n=fair["minimum_rows"],
                    p=fair["minimum_positives"],
                    q=fair["minimum_negatives"],
                ),
            )
        )
    else:
        rows.append((words("fairness"), words("no protected attribute was named, so no group is judged")))
    if criteria["task"].text != "regression":
        calibration = criteria["calibration"]
        rows.append(
            (
                words("calibration"),
                line(
                    "slope between {low|ratio} and {high|ratio}",
                    low=calibration["slope_lower"],
                    high=calibration["slope_upper"],
                ),
            )
        )
    rows.append(
        (
            words("robustness"),
            line(
                "at most {share|pct} of decisions change under small noise",
                share=criteria["robustness"]["noise_flips"],
            ),
        )
    )
    return [Table((Column("criterion"), Column("required")), tuple(rows))]


def _costs(criteria: Node) -> list[Block]:
    if not criteria:
        return []
    if criteria["task"].text == "regression":
        if criteria["value_per_unit_error"]:
            return [
                Paragraph(
                    line(
                        "Each unit of error costs {cost|num} per {unit}.",
                        cost=criteria["value_per_unit_error"],
                        unit=criteria["unit"],
                    )
                )
            ]
        return [Missing("The cost of an error", words("was not stated; errors are judged by the metric alone."))]
    blocks: list[Block] = [
        Paragraph(
            line(
                "Calling a negative {unit} positive costs {fp|num}; missing a positive one costs {fn|num}.",
                unit=criteria["unit"],
                fp=criteria["false_positive_cost"],
                fn=criteria["false_negative_cost"],
            )
        )
    ]
    if not criteria["costs_stated"].value:
        blocks.append(Note(words("Nobody stated these costs: both errors count the same until somebody does."), "warn"))
    policy = criteria["policy"]
    kinds = {
        "none": words("No policy of today was stated, so the business value is held against the baseline only."),
        "accept_all": words("Today every case gets the negative decision: nobody is flagged."),
        "reject_all": words("Today every case gets the positive decision: everybody is flagged."),
        "always": line("Today every case is decided alike: {value}.", value=policy["value"]),
        "column": line("Today's decision stands in column {value}.", value=policy["value"]),
    }
    if policy["kind"].text in kinds:
        blocks.append(Paragraph(kinds[policy["kind"].text]))
    return blocks


def _limits(criteria: Node) -> list[Block]:
    limits = criteria["limits"]
    shown = (
        ("latency_p95_ms", "slowest of twenty answers", "{value|num} ms"),
        ("throughput_rps", "requests a second", "{value|num}"),
        ("memory_mb", "memory", "{value|num} MB"),
    )
    items = [(words(name), line(template, value=limits[key])) for key, name, template in shown if limits[key]]
    if not items:
        return [
            Missing(
                "Technical limits",
                words("were not stated; latency and size are measured and shown, not judged."),
            )
        ]
    return [Definitions(tuple(items))]


def _open(m: Material) -> Section:
    """What was left open counts as an assumption that somebody should confirm."""
    taken = [
        node
        for node in m.node("record.json")["decisions"]
        if node["id"].text.startswith("requirements.") and not node["value"]
    ]
    names = joined([(node["id"].as_("question"),) for node in taken])
    blocks: list[Block] = (
        [Paragraph((*names, Words(".")))]
        if taken
        else [Paragraph(words("Every requirement that was asked for was answered."))]
    )
    return section("Left open", blocks)
