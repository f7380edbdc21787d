"""Deliverable 12: groups and their intersections, selection bias, measurement bias; "too few" is never "pass"."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    check_table,
    checks_of,
    decided,
    finding_table,
    findings_of,
    section,
)
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Dot, Mark, dots
from tools.reporting.sections import (
    Block,
    Cell,
    Column,
    Document,
    Fold,
    Line,
    Missing,
    Multiples,
    Note,
    Paragraph,
    Plot,
    Status,
    Table,
    words,
)
from tools.wording import plural

STEP = "validation.fairness"
RATES = {
    "selection_rate": "selected",
    "true_positive_rate": "true pos.",
    "false_positive_rate": "false pos.",
    "precision": "precision",
    "observed_to_expected": "obs. / exp.",
    "accuracy": "accuracy",
    "mae": "mean abs. error",
    "bias": "mean error",
}
"""Rates as the heads of narrow columns."""
LONG = {
    "selection_rate": "selection rate",
    "true_positive_rate": "true positive rate",
    "false_positive_rate": "false positive rate",
    "observed_to_expected": "observed over expected",
}
"""Rates as titles of plots, where the head is short."""
FEW = 10
"""Rows of a group below which its rates are not shown: they speak of single persons, and of chance."""


def build(m: Material) -> Document:
    """The bias assessment."""
    report = m.node("fairness.json")
    lead = m.summary(STEP) or words("Whether groups are treated alike.")
    if not report:
        return Document(
            "12-bias-assessment",
            "Bias assessment",
            lead,
            (section("Groups", absent(m, "The bias assessment", STEP)),),
        )
    checks = checks_of(m, (STEP,))
    findings = findings_of(m, (STEP,))
    plain = [each for each in report["attributes"] if not each["crossed"].value]
    crossed = [each for each in report["attributes"] if each["crossed"].value]
    sections = [
        section(
            "The finding",
            _criterion(report),
            [check_table(m, checks)] if checks else None,
            [finding_table(m, findings)] if findings else None,
        ),
        section("Groups", [block for each in plain for block in _attribute(each, report)] or [_none()]),
        section(
            "Groups crossed",
            [block for each in crossed for block in _table(each)]
            or [Paragraph(words("There are not two protected attributes to cross."))],
        ),
        section("Who is in the data", _representation(report)),
        section("Is it measured alike?", _measurement(report)),
        section(
            "What was decided",
            decided(
                m,
                (
                    "requirements.protected",
                    "requirements.fairness_tolerance",
                    "features.use_protected",
                    "decision.mitigation",
                ),
            )
            or [_none()],
        ),
    ]
    return Document("12-bias-assessment", "Bias assessment", lead, tuple(sections))


def _none() -> Missing:
    return Missing(
        "Protected attributes",
        words("were not named, so no group could be judged. Name them in requirements.protected."),
    )


def _criterion(report: Node) -> list[Block]:
    if not report["favourable"]:
        return []
    text = (
        "The favourable decision is {favourable}. A group's rate over the reference group's must lie between "
        "{ratio|ratio} and one over it. "
    )
    tail = "{n|int} ratios were tested, and the p values are corrected for that number (Holm)."
    if not report["tests"].number:
        tail = "No ratio could be tested: no second group of any attribute is large enough."
    return [Paragraph(line(text + tail, favourable=report["favourable"], ratio=report["ratio"], n=report["tests"]))]


def _attribute(each: Node, report: Node) -> list[Block]:
    """An attribute: the tested ratios as dots, then everything as a table."""
    blocks: list[Block] = [Paragraph(line("{name}", name=each["name"]), lead=True)]
    plots = []
    for name, title in RATES.items():
        rows = []
        for group in each["groups"]:
            rate = next((rate for rate in group["rates"] if rate["name"].text == name and rate["tested"].value), None)
            if rate is not None and rate["ratio"].number is not None and not group["reference"].value:
                judged = group["status"].text != "insufficient"
                rows.append(Dot(group["name"], rate["ratio"], rate["lower"], rate["upper"], judged))
        if rows:
            plots.append(
                Plot(
                    dots(
                        rows,
                        "ratio to the reference group",
                        "ratio",
                        Mark(report["ratio"], "required", "ratio"),
                    ),
                    words(LONG.get(name, title)),
                )
            )
    if plots:
        blocks.append(
            Multiples(
                tuple(plots),
                words(
                    "Each group's rate over the reference group's, with one-sided limits; grey: too few rows to judge."
                ),
            )
        )
    return blocks + _table(each)


def _table(each: Node) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    names = [
        name for name in RATES if any(rate["name"].text == name for group in each["groups"] for rate in group["rates"])
    ]
    for group in each["groups"]:
        rates = {rate["name"].text: rate for rate in group["rates"]}
        label: Line = (
            line("{name} (reference)", name=group["name"]) if group["reference"].value else (group["name"].as_("text"),)
        )
        cells: list[Cell] = [label, (group["rows"].as_("int"),)]
        for name in names:
            rate = rates.get(name)
            shown = rate is not None and rate["value"].number is not None and (group["rows"].number or 0) >= FEW
            cells.append((rate["value"].as_("ratio"),) if rate is not None and shown else ())
        state: Line = (Status(group["status"].text, group["status"].id),)
        if group["rows_missing"].number and group["status"].text == "insufficient":
            word = plural(int(group["rows_missing"].number), "row")
            state = (*state, *line(f", {{n|int}} more {word}", n=group["rows_missing"]))
        rows.append((*cells, state))
    columns = (
        Column("group"),
        Column("rows", "number"),
        *(Column(RATES[name], "number") for name in names),
        Column("result"),  # wraps: the rows that are wanting stand beside the mark
    )
    return [Table(columns, tuple(rows), line("{name}", name=each["name"]) if each["crossed"].value else ())]


def _representation(report: Node) -> list[Block]:
    entries = list(report["representation"])
    if not entries:
        return [Missing("Shares of groups", words("are shown once protected attributes are named."))]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["column"].as_("text"),),
            (each["group"].as_("text"),),
            (each["train"].as_("pct"),),
            (each["test"].as_("pct"),),
            (each["population"].as_("pct"),) if each["population"].number is not None else (),
        )
        for each in entries
    ]
    columns = (
        Column("attribute"),
        Column("group"),
        Column("training", "number"),
        Column("test", "number"),
        Column("population", "number"),
    )
    unknown = all(each["population"].number is None for each in entries)
    shown = len(columns) - unknown
    blocks: list[Block] = [Table(columns[:shown], tuple(row[:shown] for row in rows))]
    if unknown:
        blocks.append(
            Note(
                words(
                    "No population was stated, so it is not known whether the sample stands for the people it "
                    "will be used on."
                ),
                "warn",
            )
        )
    return blocks


def _measurement(report: Node) -> list[Block]:
    entries = list(report["measurement"])
    if not entries:
        return [Missing("Quality by group", words("is shown once protected attributes are named."))]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["column"].as_("text"),),
            (each["group"].as_("text"),),
            (each["rows"].as_("int"),),
            (each["missing_cells"].as_("pct"),),
            (each["label_mean"].as_("ratio"),) if each["label_mean"].number is not None else (),
        )
        for each in entries
    ]
    columns = (
        Column("attribute"),
        Column("group"),
        Column("rows", "number"),
        Column("cells missing", "number"),
        Column("mean label", "number"),
    )
    table = Table(
        columns,
        tuple(rows),
        words("Quality of the data by group, over training and test rows: unequal quality is a bias of its own."),
    )
    return [table] if len(rows) <= 24 else [Fold(words("All groups"), (table,))]
