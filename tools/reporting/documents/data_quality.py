"""Deliverable 02: how the source was read, what it holds, what is wrong with it, how it was split and cleaned."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    check_table,
    checks_of,
    decided,
    finding_of,
    finding_table,
    findings_of,
    section,
)
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Bar, bars
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Definitions,
    Document,
    Fold,
    Line,
    Missing,
    Paragraph,
    Plot,
    Table,
    Words,
    joined,
    words,
)

STEPS = (
    "intake.source",
    "intake.feasibility",
    "preparation.discovery",
    "preparation.split",
    "preparation.leakage",
)
FOLDED = 40
"""Rows past which a table is folded."""


def build(m: Material) -> Document:
    """The data quality report."""
    lead = m.summary("preparation.discovery") or words("How good the data are, and what was done about it.")
    findings = findings_of(m, STEPS)
    checks = checks_of(m, STEPS)
    sections = [
        section("How it was read", finding_of(m, "intake.source"), _reading(m)),
        section(
            "What was found",
            [finding_table(m, findings)] if findings else finding_of(m, "preparation.discovery"),
            [check_table(m, checks)] if checks else None,
        ),
        section("Columns", _of_training_rows(m), _columns(m)),
        section("Missing values", _missing(m)),
        section("Leakage", finding_of(m, "preparation.leakage"), decided(m, ("data.leakage.",))),
        section("Personal data", _personal(m)),
        section("The split", finding_of(m, "preparation.split"), _split(m)),
        section(
            "Cleaning",
            finding_of(m, "preparation.cleaning"),
            _changes(m),
            decided(m, ("data.absent", "cleaning.missing", "cleaning.outliers", "cleaning.duplicates")),
        ),
    ]
    return Document("02-data-quality-report", "Data quality report", lead, tuple(sections))


def _reading(m: Material) -> list[Block]:
    reading = m.node("reading.json")
    if not reading:
        return [absent(m, "How the source was read", "intake.source")]
    run = m.node("record.json")["run"]
    items: list[tuple[Line, Line]] = [
        (words("source"), line("{name}", name=run["source"])),
        (words("content"), line("{hash|hash} (first signs of its hash)", hash=run["sha256"])),
        (
            words("size"),
            line(
                "{rows|int} rows, {columns|int} columns",
                rows=reading["rows"],
                columns=reading["columns"].count,
            ),
        ),
        (words("format"), (reading["format"].as_("words"),)),
    ]
    items += [(words(key), (reading[key].as_(),)) for key in ("encoding", "separator") if reading[key]]
    blocks: list[Block] = [Definitions(tuple(items))]
    assumed = [
        line('{what|words} "{value}": ', what=each["what"], value=each["value"]) + m.said(each["evidence"])
        for each in reading["assumed"]
    ]
    if assumed:
        blocks += [
            Paragraph(words("The reader decided by itself, and can be told otherwise:")),
            Bullets(tuple(assumed[:FOLDED])),
        ]
    warnings = [m.said(each) for each in reading["warnings"]]
    if warnings:
        blocks += [Paragraph(words("Worth a look:")), Bullets(tuple(warnings))]
    return blocks


def _of_training_rows(m: Material) -> list[Block]:
    rows = m.node("train_profile.json")["rows"]
    if not rows:
        return []
    told = "Here and in the findings, figures are those of the {n|int} training rows: no other row may guide a choice."
    return [Paragraph(line(told, n=rows))]


def _columns(m: Material) -> list[Block]:
    profile = m.node("train_profile.json")["columns"]
    if not profile:
        return [absent(m, "The profile of the columns", "preparation.split")]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["name"].as_("text"),),
            (each["type"].as_("words"),),
            (each["missing_share"].as_("pct"),),
            (each["distinct"].as_("int"),),
            _holds(each),
        )
        for each in profile
    ]
    table = Table(
        (
            Column("column"),
            Column("type"),
            Column("missing", "number"),
            Column("distinct", "number"),
            Column("holds"),
        ),
        tuple(rows),
    )
    if len(rows) <= FOLDED:
        return [table]
    return [Fold(line("All {n|int} columns", n=profile.count), (table,))]


def _holds(each: Node) -> Line:
    """What a column holds, in a few figures."""
    if each["personal"]:
        return line("personal data: {what|words}", what=each["personal"])
    numbers = each["numbers"]
    if numbers and each["type"].text != "date":
        return line(
            "{low|num} to {high|num}, median {middle|num}",
            low=numbers["minimum"],
            high=numbers["maximum"],
            middle=numbers["median"],
        )
    if each["first"]:
        return line("{first} to {last}", first=each["first"], last=each["last"])
    if each["top"]:
        shown = list(each["top"])[:4]
        return joined([(level["value"].as_("text"), Words(" "), level["rows"].as_("int")) for level in shown], ", ")
    return ()


def _missing(m: Material) -> list[Block]:
    profile = m.node("train_profile.json")["columns"]
    if not profile:
        return [absent(m, "What is missing", "preparation.split")]
    holes = [each for each in profile if (each["missing_share"].number or 0) > 0]
    if not holes:
        return [Paragraph(words("No value is missing in any column of the training rows."))]
    holes.sort(key=lambda each: (-(each["missing_share"].number or 0), each["name"].text))
    shown = [Bar(each["name"], each["missing_share"], place == 0) for place, each in enumerate(holes[:20])]
    return [
        Plot(
            bars(shown, "share of missing values by column", "pct"),
            words("Share of the training rows in which a value is missing, largest first."),
        )
    ]


def _personal(m: Material) -> list[Block]:
    found = findings_of(m, STEPS, ("personal",))
    if "preparation.discovery" not in m.outcomes:
        return [absent(m, "Personal data", "preparation.discovery")]
    if not found:
        return [
            Paragraph(
                words(
                    "No column looked like it carries personal data: names, addresses, numbers of persons, cards "
                    "or phones."
                )
            )
        ]
    return [finding_table(m, found), *decided(m, ("data.personal.",))]


def _split(m: Material) -> list[Block]:
    split = m.node("split.json")
    if not split:
        return [absent(m, "The split", "preparation.split")]
    rows: list[tuple[Cell, ...]] = []
    for part in split["parts"]:
        classes = line("{classes}", classes=part["classes"]) if part["classes"] else ()
        span = line("{start} to {end}", start=part["starts"], end=part["ends"]) if part["starts"] else ()
        rows.append(((part.key.as_(),), (part["rows"].as_("int"),), (part["share"].as_("pct"),), classes or span))
    blocks: list[Block] = [
        Table(
            (Column("part"), Column("rows", "number"), Column("share", "number"), Column("holds")),
            tuple(rows),
        )
    ]
    shared = [each for each in split["overlaps"] if (each["rows"].number or 0) > 0]
    if shared:
        blocks.append(
            Bullets(
                tuple(
                    line(
                        "{rows|int} {what} of {right} also occur in {left}",
                        rows=each["rows"],
                        what=each["what"],
                        right=each["right"],
                        left=each["left"],
                    )
                    for each in shared
                )
            )
        )
    else:
        blocks.append(Paragraph(words("No row and no entity lies in two parts.")))
    blocks += decided(m, ("split.kind", "split.test_size", "split.validation_size", "split.column", "split.gap"))
    return blocks


def _changes(m: Material) -> list[Block]:
    changes = m.node("changes.json")
    if not changes:
        return [absent(m, "The ledger of changes", "preparation.cleaning")]
    if not changes["changes"]:
        return [Missing("The ledger of changes", words("is empty: nothing had to be changed."))]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["rule"].as_("words"),),
            (each["column"].as_("text"),) if each["column"] else words("whole rows"),
            (each["rows"].as_("int"),),
            m.said(each["why"]),
        )
        for each in changes["changes"]
    ]
    table = Table((Column("rule"), Column("column"), Column("training rows", "number"), Column("why")), tuple(rows))
    return [table] if len(rows) <= FOLDED else [Fold(line("All {n|int} changes", n=changes["changes"].count), (table,))]
