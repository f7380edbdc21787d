"""Deliverable 16: what is watched in operation, where the alarms lie, and what the model's own data look like."""

from __future__ import annotations

from tools.reporting.blocks import absent, check_table, checks_of, decided, finding_of, section
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Bar, bars
from tools.reporting.sections import (
    Block,
    Cell,
    Code,
    Column,
    Definitions,
    Document,
    Fold,
    Line,
    Listing,
    Multiples,
    Paragraph,
    Plot,
    Table,
    Words,
    words,
)

STEP = "deployment.monitoring"
WATCHED = (
    (
        "drift",
        "whether a column's distribution left that of the training rows: population stability index, "
        "Kullback-Leibler divergence, "
        "Kolmogorov-Smirnov or chi-square, corrected for the number of columns",
    ),
    ("data quality", "missing values, unseen levels, values outside the known range, by column"),
    ("performance", "the primary metric and the guard-rails, once labels have arrived"),
    ("fairness", "selection rates by group, with intervals"),
    ("freshness", "days since the model was trained"),
    ("system", "answers, failures, times, memory"),
)


def build(m: Material) -> Document:
    """The monitoring dashboard."""
    lead = m.summary(STEP) or words("What is watched once the model runs.")
    report = m.node("monitoring.json")
    checks = checks_of(m, (STEP,))
    panels = report["dashboard"]["panels"] or report["panels"]
    sections = [
        section(
            "State",
            finding_of(m, STEP),
            [check_table(m, checks)] if checks else None,
            decided(m, ("monitoring.thresholds",)),
        ),
        section("What is watched", Definitions(tuple((words(name), words(text)) for name, text in WATCHED))),
        section("Panels", _panels(m, panels) if panels else [absent(m, "The panels", STEP)]),
        section("Does it ring, and only then?", _trial(m, report)),
        section("Where the alarms lie", _thresholds(m, m.node("monitoring/reference.json") or report["reference"])),
        section("How to look", _look()),
    ]
    return Document("16-monitoring-dashboard", "Monitoring", lead, tuple(sections))


def _panels(m: Material, panels: Node) -> list[Block]:
    plots: list[Plot] = []
    tables: list[Block] = []
    for panel in panels:
        caption: Line = (panel["title"].as_("text"),)
        if panel["kind"].text == "bars":
            series = panel["series"][0]
            rows = [
                Bar(label, value)
                for label, value in zip(panel["labels"], series["values"], strict=False)
                if value.number is not None
            ]
            if rows:
                plots.append(Plot(bars(rows, "panel", "num"), caption))
        else:
            body: list[tuple[Cell, ...]] = []
            for place, label in enumerate(panel["labels"]):
                cells = [one["values"][place] for one in panel["series"]]
                body.append(
                    (
                        (label.as_("text"),),
                        *((cell.as_("num"),) if cell.number is not None else () for cell in cells),
                    )
                )
            heads = tuple(Column(_title(one["name"].text), "number") for one in panel["series"])
            title = m.said(panel["caption"]) if panel["caption"] else caption
            tables.append(Table((Column("column"), *heads), tuple(body), title))
    blocks: list[Block] = list(tables)
    if plots:
        blocks.append(
            Multiples(tuple(plots), words("The model's own data, column by column: what new rows are held against."))
        )
    return blocks


def _title(name: str) -> str:
    return "".join(char for char in name if not char.isdigit())


def _trial(m: Material, report: Node) -> list[Block]:
    """How well the alarm works on the model's own data."""
    if not report:
        return [absent(m, "The trial of the alarm", STEP)]
    blocks: list[Block] = [
        Paragraph(
            line(
                "{false|int} of {all|int} undisturbed batches of {rows|int} rows rang.",
                false=report["false_alarms"],
                all=report["silent_batches"],
                rows=report["batch_rows"],
            )
        )
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["column"].as_("text"),),
            (each["shift"].as_("text"),),
            line("{named|int} of {batches|int}", named=each["named"], batches=each["batches"]),
        )
        for each in report["trials"]
    ]
    if rows:
        blocks.append(
            Table(
                (Column("column"), Column("what was done to it"), Column("batches in which it was named")), tuple(rows)
            )
        )
    return blocks


def _thresholds(m: Material, reference: Node) -> list[Block]:
    columns = reference["columns"]
    if not columns:
        return [
            Paragraph(
                words(
                    "The limits are calibrated on the model's own data, so that unshifted rows rarely ring; they "
                    "stand in the bundle beside the reference."
                )
            )
        ]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["name"].as_("text"),),
            (each["kind"].as_("words"),),
            (each["missing_rise"].as_("pct"),),
            (each["unseen_rise"].as_("pct"),) if each["kind"].text == "text" else (),
            (each["thresholds"][0][1].as_("num"),) if each["thresholds"] else (),
        )
        for each in columns
    ]
    table = Table(
        (
            Column("column"),
            Column("kind"),
            Column("rise of missing", "number"),
            Column("rise of unseen", "number"),
            Column("distance", "number"),
        ),
        tuple(rows),
        line(
            "Calibrated on {rows|int} of the model's own rows; at least {least|int} new rows are needed.",
            rows=reference["rows"],
            least=reference["smallest"],
        ),
    )
    blocks: list[Block] = [table] if len(rows) <= 30 else [Fold(line("All {n|int} columns", n=columns.count), (table,))]
    if reference["unmonitored"]:
        blocks.append(
            Definitions(tuple((((each.key.as_("text")),), (each.as_("text"),)) for each in reference["unmonitored"]))
        )
    return blocks


def _look() -> list[Block]:
    return [
        Paragraph(
            words(
                "New rows, or the endpoint's own log, against the reference; with the flag an alarm ends the "
                "command with a code of its own:"
            )
        ),
        Listing("phasegate monitor --data NEW.csv\nphasegate monitor --data NEW.csv --fail-on-alarm"),
        Paragraph(
            (
                Words("The bundle holds a Grafana dashboard and the rules of Prometheus; "),
                Code("docker compose up"),
                Words(" in it starts both."),
            )
        ),
    ]
