"""Deliverable 19: what the endpoint promises, from what was measured on it."""

from __future__ import annotations

from tools.reporting.blocks import absent, check_table, checks_of, finding_of, section
from tools.reporting.material import Material, Node, line
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Definitions,
    Document,
    Line,
    Paragraph,
    Table,
    words,
)

STEP = "deployment.performance"


def build(m: Material) -> Document:
    """The service levels."""
    report = m.node("slo.json")
    lead = m.summary(STEP) or words("What the endpoint promises.")
    checks = checks_of(m, (STEP,))
    sections = [
        section(
            "Levels",
            _objectives(report) if report else [absent(m, "The service levels", STEP)],
            [check_table(m, checks)] if checks else None,
        ),
        section(
            "What was measured",
            finding_of(m, STEP)[1:],
            _measured(report["measured"]) if report else None,
            _stress(m),
        ),
        section(
            "When a level is missed",
            _response(report) if report else None,
        ),
    ]
    return Document("19-slas", "Service levels", lead, tuple(each for each in sections if each.blocks))


def _objectives(report: Node) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for each in report["objectives"]:
        style = "ms" if each["unit"].text == "ms" else "pct"
        measured: Line = (
            (each["measured"].as_(style),) if each["measured"].number is not None else words("only time will show")
        )
        rows.append(
            (
                (each["title"].as_("text"),),
                (each["target"].as_(style),),
                measured,
                (each["origin"].as_("text"),),
            )
        )
    return [
        Table((Column("level"), Column("promised"), Column("measured"), Column("comes from")), tuple(rows)),
        Paragraph(
            line(
                "Over {days|int} days that leaves {minutes|int} minutes in which it may be away.",
                days=report["window_days"],
                minutes=report["error_budget_minutes"],
            )
        ),
    ]


def _load(each: Node) -> tuple[Cell, ...]:
    return (
        line("{factor|int} times", factor=each["factor"]),
        (each["rps"].as_("num"),),
        (each["requests"].as_("int"),),
        (each["failures"].as_("int"),),
        (each["p50_ms"].as_("ms"),),
        (each["p95_ms"].as_("ms"),),
        (each["max_ms"].as_("ms"),),
    )


COLUMNS = (
    Column("stated load"),
    Column("a second", "number"),
    Column("requests", "number"),
    Column("failed", "number"),
    Column("median", "number"),
    Column("slowest of twenty", "number"),
    Column("slowest", "number"),
)


def _measured(measured: Node) -> list[Block]:
    return [
        Table(
            COLUMNS,
            (_load(measured),),
            words("On the running endpoint, on this machine; another machine is faster or slower."),
        )
    ]


def _stress(m: Material) -> list[Block]:
    report = m.node("stress.json")
    if not report:
        return []
    rows = tuple(_load(each) for each in report["loads"])
    lines: list[Line] = [line("It was ready {seconds|sec} after it was started.", seconds=report["cold_start_seconds"])]
    if report["memory_loaded_bytes"].number is not None:
        lines.append(
            line(
                "Under the heaviest load it held {memory|bytes} of memory.",
                memory=report["memory_loaded_bytes"],
            )
        )
    return [Table(COLUMNS, rows, words("In the stress test before deployment.")), Bullets(tuple(lines))]


def _response(report: Node) -> list[Block]:
    return [Definitions(tuple(((each.key.as_("words"),), (each.as_("long"),)) for each in report["response"]))]
