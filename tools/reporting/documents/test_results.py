"""Deliverable 11: the sealed rows, opened once; every metric with its interval, against promises and baselines."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    check_table,
    checks_of,
    finding_of,
    interval_line,
    interval_table,
    metric_label,
    metric_name,
    section,
)
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Curve, curves
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Line,
    Missing,
    Paragraph,
    Plot,
    Table,
    Words,
    words,
)

STEP = "validation.holdout"
PARTS = {"oof": "out of fold", "validation": "validation rows"}
STEPS = (
    "validation.holdout",
    "validation.robustness",
    "validation.stress",
    "validation.business",
    "validation.ab_design",
)


def build(m: Material) -> Document:
    """The test results."""
    report = m.node("holdout.json")
    lead = m.summary(STEP) or words("How it does on rows that nothing has seen.")
    checks = [(step, check) for step, check in checks_of(m, STEPS)]
    sections = [
        section("What was required", [check_table(m, checks)] if checks else [absent(m, "The checks", STEP)]),
        section("On the test rows", finding_of(m, STEP)[1:], _metrics(m, report)),
        section("As promised?", _promised(report) if report else [absent(m, "The comparison", STEP)]),
        section("Better than a baseline?", _gains(report) if report else [absent(m, "The gain", STEP)]),
        section("Are the probabilities right?", _calibration(report)),
        section("Are the test rows fair?", _rows(report)),
        section("Disturbed input", finding_of(m, "validation.robustness"), _robustness(m)),
        section("Under load", finding_of(m, "validation.stress")),
        section("Worth it?", finding_of(m, "validation.business"), _business(m)),
        section("The next test, on live cases", finding_of(m, "validation.ab_design"), _design(m)),
    ]
    return Document("11-test-results", "Test results", lead, tuple(sections))


def _metrics(m: Material, report: Node) -> list[Block]:
    if not report:
        return [absent(m, "The metrics", STEP)]
    rows: list[tuple[Cell, ...]] = [
        (
            (metric_name(each["metric"].text),),
            (each["value"].as_("num"),),
            interval_line(each),
            (each["n"].as_("int"),),
            (each["method"].as_("words"),),
        )
        for each in report["metrics"]
        if each["model"].text == "scorer" and each["partition"].text == "test"
    ]
    columns = (
        Column("metric"),
        Column("value", "number"),
        Column("interval"),
        Column("rows", "number"),
        Column("interval by"),
    )
    blocks: list[Block] = [Table(columns, tuple(rows))]
    if report["left_out"].number:
        blocks.append(Paragraph(line("{n|int} rows could not be scored and are left out.", n=report["left_out"])))
    if report["rows_to_settle"].number is not None:
        blocks.append(
            Paragraph(
                line(
                    "About {n|int} test rows would settle the requirement if the value stayed as it is.",
                    n=report["rows_to_settle"],
                )
            )
        )
    return blocks


def _promised(report: Node) -> list[Block]:
    rows: list[tuple[Line, Node]] = [(words("test rows"), report["primary"])]
    rows += [(words(PARTS.get(each["partition"].text, each["partition"].text)), each) for each in report["comparisons"]]
    blocks: list[Block] = [interval_table(rows, ("rows", "value"))]
    for each in report["comparisons"]:
        if each["beyond_noise"].value:
            better = (each["difference"].number or 0) > 0
            text = (
                "The test is better than {where} by {difference|num}, more than chance explains."
                if better
                else "The test is worse than {where} by {difference|num}, more than chance explains."
            )
            blocks.append(
                Paragraph(
                    line(
                        text,
                        where=Words(PARTS.get(each["partition"].text, "")),
                        difference=each["difference"],
                    )
                )
            )
    if report["comparisons"] and not any(each["beyond_noise"].value for each in report["comparisons"]):
        blocks.append(
            Paragraph(
                words("The test agrees with what was seen before: no difference is larger than the intervals explain.")
            )
        )
    return blocks


def _gains(report: Node) -> list[Block]:
    if not report["gains"]:
        return [Missing("A gain", words("could not be computed: no baseline was kept for the test."))]
    names = {each["metric"].text for each in report["gains"]}
    rows = [
        (
            line("over {name}", name=each["label"])
            if len(names) == 1
            else line("over {name} ({metric})", name=each["label"], metric=metric_name(each["metric"].text)),
            each["gain"],
        )
        for each in report["gains"]
    ]
    return [interval_table(rows, ("gain", metric_label(names.pop()) if len(names) == 1 else "value"), mark=0.0)]


def calibration_drawing(calibration: Node, height: float = 300) -> str:
    """What was predicted against what came, with intervals."""
    bins = list(calibration["bins"])
    numbers = calibration["kind"].text == "value"
    drawn = Curve(
        x=[each["predicted"].number or 0.0 for each in bins],
        y=[each["observed"].number or 0.0 for each in bins],
        lower=[each["lower"].number or 0.0 for each in bins],
        upper=[each["upper"].number or 0.0 for each in bins],
        accent=True,
        points=True,
    )
    ends = [*drawn.x, *drawn.y, *drawn.lower, *drawn.upper]
    span = (min(ends), max(ends)) if numbers else (0.0, 1.0)
    style = "num" if numbers else "pct"
    return curves(
        [drawn],
        "observed by predicted",
        calibration["bins"],
        x_words="predicted",
        y_words="observed",
        x_style=style,
        y_style=style,
        x_range=span,
        y_range=span,
        diagonal=True,
        height=height,
    )


def calibration_plot(calibration: Node) -> Block:
    """The calibration with how to read it."""
    text = "Predicted against observed, in groups of rows with similar predictions; on the dashed line both agree."
    return Plot(calibration_drawing(calibration), words(text))


def _calibration(report: Node) -> list[Block]:
    calibration = report["calibration"]
    if not calibration:
        return [Missing("Calibration", words("is not judged here: there are no probabilities, or too few rows."))]
    items = [(words("slope"), calibration["slope"]), (words("intercept"), calibration["intercept"])]
    if calibration["observed_to_expected"]:
        items.append((words("observed over expected"), calibration["observed_to_expected"]))
    rows: list[tuple[Cell, ...]] = [
        (name, (node["value"].as_("ratio"),), interval_line(node, "ratio")) for name, node in items
    ]
    table = Table((Column("calibration"), Column("value", "number"), Column("interval")), tuple(rows))
    return [calibration_plot(calibration), table] if len(calibration["bins"]) > 1 else [table]


def _rows(report: Node) -> list[Block]:
    if not report:
        return []
    overlap, shift = report["overlap"], report["shift"]
    lines: list[Line] = []
    if overlap["rows"].number:
        lines.append(
            line(
                "{n|int} test rows equal a training row in every feature; {same|int} of them carry the same label.",
                n=overlap["rows"],
                same=overlap["agreeing"],
            )
        )
        if overlap["without"].number is not None:
            lines.append(line("Without them the primary metric is {value|num}.", value=overlap["without"]))
    else:
        lines.append(words("No test row equals a training row."))
    if overlap["conflicting"].number:
        lines.append(
            line("{n|int} test rows equal another test row but carry another label.", n=overlap["conflicting"])
        )
    if shift["auc"].number is not None:
        if shift["columns"]:
            lines.append(
                line(
                    "A small model tells test rows from training rows (ROC AUC {auc|ratio}), best by {columns}.",
                    auc=shift["auc"],
                    columns=shift["columns"],
                )
            )
        else:
            lines.append(
                line(
                    "A small model can't tell test rows from training rows (ROC AUC {auc|ratio}, {low|ratio} to "
                    "{high|ratio}).",
                    auc=shift["auc"],
                    low=shift["lower"],
                    high=shift["upper"],
                )
            )
    return [Bullets(tuple(lines))]


OF_A_KIND = 4
"""Disturbances of one kind that are shown, so that none hides the others."""


def _robustness(m: Material) -> list[Block]:
    report = m.node("robustness.json")
    if not report:
        return [absent(m, "The disturbances", "validation.robustness")]
    trials: list[Node] = []
    for each in sorted(report["trials"], key=lambda one: -(one["changed"].number or 0.0)):
        if sum(one["kind"].text == each["kind"].text for one in trials) < OF_A_KIND:
            trials.append(each)
    rows: list[tuple[Cell, ...]] = [
        (
            (each["kind"].as_("words"),),
            (each["column"].as_("text"),) if each["column"] else words("all columns"),
            (each["changed"].as_("pct"),),
            line("{low|pct} to {high|pct}", low=each["lower"], high=each["upper"]),
            (each["metric"].as_("num"),) if each["metric"].number is not None else (),
        )
        for each in trials
    ]
    caption = line(
        "The disturbances that change most, of {n|int}; undisturbed the metric is {value|num}.",
        n=report["trials"].count,
        value=report["undisturbed"],
    )
    columns = (
        Column("disturbance"),
        Column("column"),
        Column("decisions changed", "number"),
        Column("interval"),
        Column(metric_label(report["metric"].text), "number"),
    )
    return [Table(columns, tuple(rows), caption)]


def _business(m: Material) -> list[Block]:
    report = m.node("business.json")
    if not report:
        return [absent(m, "The expected value", "validation.business")]
    rows = [((each["label"].as_("text"),), each["cost"]) for each in report["policies"]]
    caption = line(
        "Expected cost per {unit} of deciding each way, on {n|int} test rows.",
        unit=report["unit"],
        n=report["rows"],
    )
    blocks: list[Block] = [interval_table(rows, ("policy", "cost"), caption=caption)]
    if not report["stated"].value:
        blocks.append(Paragraph(words("Costs were not stated, so each error counts as one.")))
    if report["sensitivity"]:
        names = [
            line("{cost|words} cost times {factor|num}", cost=each["cost"], factor=each["factor"])
            for each in report["sensitivity"]
        ]
        pairs = list(zip(names, report["sensitivity"], strict=True))
        caption = words("Saving where one of the costs is other than stated; left of the dashed line the model loses.")
        blocks.append(interval_table(pairs, ("if", "saving"), caption=caption, mark=0.0, key="saving"))
    return blocks


def _design(m: Material) -> list[Block]:
    design = m.node("ab_design.json")
    if not design:
        return [absent(m, "The design", "validation.ab_design")]
    lines: list[Line] = [
        line(
            "Each {unit} is assigned to one of two arms, whole and for good; measured is {outcome}.",
            unit=design["unit"],
            outcome=design["outcome"],
        ),
        line(
            "To see an effect of {effect|num} with power {power|pct} at level {alpha|pct} takes {n|int} per arm.",
            effect=design["smallest_effect"],
            power=design["power"],
            alpha=design["alpha"],
            n=design["per_arm"],
        ),
    ]
    if design["days"].number is not None:
        lines.append(
            line(
                "At {traffic|num} a day that is {days|int} days.",
                traffic=design["traffic"],
                days=design["days"],
            )
        )
    simulation = design["simulation"]
    if simulation:
        lines.append(
            line(
                "With both arms alike the test rang in {rate|pct} of {n|int} simulations; {nominal|pct} was meant.",
                rate=simulation["rate"],
                n=simulation["simulations"],
                nominal=simulation["nominal"],
            )
        )
    return [Bullets(tuple(lines))]
