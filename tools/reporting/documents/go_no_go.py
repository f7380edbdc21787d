"""Deliverable 14: the verdict, computed from the criteria of step 1.1, with every failed or open check."""

from __future__ import annotations

from tools.reporting.blocks import absent, check_table, checks_of, section, sentence_case
from tools.reporting.material import Material, Node, line
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Definitions,
    Document,
    Line,
    Missing,
    Paragraph,
    Status,
    Strong,
    Table,
    Words,
    words,
)

STEP = "validation.review"
RESULTS = ("fail", "insufficient", "warn", "pass")


def build(m: Material) -> Document:
    """The go or no-go recommendation."""
    verdict = m.node("verdict.json")
    lead = m.summary(STEP) or words("Whether it may go into use.")
    if not verdict:
        return Document("14-go-no-go", "Go or no-go", lead, (section("Verdict", absent(m, "The verdict", STEP)),))
    sections = [
        section("Verdict", _verdict(m, verdict)),
        section("What would settle it", _settle(verdict)),
        section("Every check", _checks(verdict, m)),
        section("By which criteria", _criteria(m, verdict)),
        section("How the verdict follows", _rules()),
    ]
    return Document("14-go-no-go", "Go or no-go", lead, tuple(sections))


def _verdict(m: Material, verdict: Node) -> list[Block]:
    blocks: list[Block] = [
        Definitions(
            (
                (words("verdict"), (Status(verdict["verdict"].text, verdict["verdict"].id),)),
                (
                    words("advice for the gate"),
                    (Strong((verdict["recommendation"].as_("words"),)), Words(": "), *m.said(verdict["why"])),
                ),
            )
        )
    ]
    reasons = [sentence_case(m.said(each)) for each in verdict["reasons"]]
    if reasons:
        blocks.append(Bullets(tuple(reasons)))
    return blocks


def _settle(verdict: Node) -> list[Block]:
    if not verdict["rows_to_settle"]:
        return [Paragraph(words("Nothing is left that more rows would settle."))]
    rows: list[tuple[Cell, ...]] = [
        ((each["check"].as_("text"),), (each["subject"].as_("text"),), (each["rows"].as_("int"),))
        for each in verdict["rows_to_settle"]
    ]
    return [Table((Column("check"), Column("rows of"), Column("further rows", "number")), tuple(rows))]


def _checks(verdict: Node, m: Material) -> list[Block]:
    checks = list(verdict["checks"])
    if not checks:
        own = checks_of(m, m.outcomes)
        return [check_table(m, own)] if own else [Missing("The checks", words("were not recorded."))]
    checks.sort(key=lambda each: RESULTS.index(each["status"].text) if each["status"].text in RESULTS else len(RESULTS))
    rows: list[tuple[Cell, ...]] = []
    for each in checks:
        title: Line = (each["title"].as_("text"),) if each["title"] else (each["id"].as_("text"),)
        measured: Line = m.said(each["measured"]) if each["measured"] else (each["value"].as_(),)
        blocking = words("blocks") if each["blocking"].value else words("advises")
        rows.append(
            (
                title,
                measured,
                (each["criterion"].as_("text"),),
                blocking,
                (Status(each["status"].text, each["status"].id),),
            )
        )
    columns = (
        Column("check"),
        Column("measured"),
        Column("required"),
        Column("weight"),
        Column("result", "status"),
    )
    return [Table(columns, tuple(rows))]


def _criteria(m: Material, verdict: Node) -> list[Block]:
    return [
        Paragraph(
            line(
                "The criteria were fixed before a model existed; their fingerprint is {hash|hash}. Whoever "
                "changes them afterwards changes it.",
                hash=verdict["criteria_sha256"],
            )
        )
    ]


def _rules() -> list[Block]:
    return [
        Definitions(
            (
                (
                    words("go"),
                    words(
                        "the one-sided limit reaches what is required, the gain over the baseline is above "
                        "nought, no group fails, the calibration is sound, no leakage blocks, latency and size "
                        "are within their limits"
                    ),
                ),
                (
                    words("no-go"),
                    words("even the better limit misses what is required, or a hard check fails"),
                ),
                (
                    words("inconclusive"),
                    words("everything else: the data do not settle it, and the rows that would are named"),
                ),
            )
        )
    ]
