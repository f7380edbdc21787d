"""Deliverable 05: what can be had for nothing, and what more rows would be worth."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    finding_of,
    interval_table,
    metric_label,
    metric_name,
    plain_intervals,
    section,
)
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Curve, curves
from tools.reporting.sections import (
    Block,
    Definitions,
    Document,
    Missing,
    Paragraph,
    Plot,
    Words,
    words,
)

STEP = "preparation.baseline"


def build(m: Material) -> Document:
    """The baseline's performance."""
    report = m.node("baseline.json")
    lead = m.summary(STEP) or words("What a simple model reaches.")
    if not report:
        return Document("05-baseline", "Baseline", lead, (section("Baselines", absent(m, "The baselines", STEP)),))
    others = _others(report)
    sections = [
        section("What stands out", finding_of(m, STEP)[1:]),
        section("Baselines", _table(report), _what(m, report)),
        *([section("The same, by other metrics", others)] if others else []),
        section("What more rows are worth", learning(report["learning"])),
    ]
    return Document("05-baseline", "Baseline", lead, tuple(sections))


def _table(report: Node) -> list[Block]:
    name = report["metric"].text
    rows = [((each["label"].as_("text"),), each["metrics"][name]) for each in report["models"] if each["metrics"][name]]
    return [
        Paragraph(
            line(
                "Ranked by {metric}, on {rows|int} out-of-fold predictions of {training|int} training rows with "
                "{features|int} features.",
                metric=metric_name(name),
                rows=report["rows"],
                training=report["training_rows"],
                features=report["features"],
            )
        ),
        interval_table(rows, ("baseline", metric_label(name))),
    ]


def _what(m: Material, report: Node) -> list[Block]:
    items = [((each["label"].as_("text"),), m.said(each["what"])) for each in report["models"]]
    blocks: list[Block] = [Definitions(tuple(items))]
    if report["rule"]:
        blocks.append(Paragraph((Words("The one rule: "), *m.said(report["rule"]), Words("."))))
    return blocks


def _others(report: Node) -> list[Block]:
    best = next((each for each in report["models"] if each["name"].text == report["best"].text), None)
    if best is None or len(best["metrics"]) < 2:
        return []
    return [
        Paragraph(line("All metrics of the best baseline, {label}, out of fold.", label=best["label"])),
        plain_intervals(best["metrics"]),
    ]


def learning(curve: Node) -> list[Block]:
    """The learning curve as a plot and what it says."""
    points = list(curve["points"])
    if len(points) < 2:
        return [Missing("The learning curve", words("could not be drawn: there are too few rows to leave some out."))]
    drawn = Curve(
        x=[point["rows"].number or 0.0 for point in points],
        y=[point["value"].number or 0.0 for point in points],
        lower=[point["lower"].number or 0.0 for point in points],
        upper=[point["upper"].number or 0.0 for point in points],
        accent=True,
        points=True,
    )
    name = curve["metric"].text
    blocks: list[Block] = [
        Plot(
            curves(
                [drawn],
                "metric by number of training rows",
                curve["points"],
                x_words="training rows",
                y_words=metric_label(name),
            ),
            line(
                "{metric} of {family|words} as rows are added; the band spans the repeats.",
                metric=metric_name(name),
                family=curve["family"],
            ),
        )
    ]
    if curve["worth"].number is not None:
        text = "{more|int} more rows would improve it by about {worth|num}"
        tail = (
            line(", give or take {error|num}.", error=curve["worth_error"])
            if curve["worth_error"].number is not None
            else words(".")
        )
        blocks.append(Paragraph((*line(text, more=curve["more"], worth=curve["worth"]), *tail)))
    return blocks
