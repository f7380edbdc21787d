"""Blocks that many documents share: what a step found, checks, findings, metrics, decisions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tools.records import Check, Finding, MetricValue
from tools.reporting.contents import activity, deliverable
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import spark
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Definitions,
    Drawing,
    Line,
    Link,
    Listed,
    Missing,
    Paragraph,
    Piece,
    Section,
    Status,
    Strong,
    Table,
    Value,
    Words,
    plain,
    words,
)

LEVELS = {"block": "blocking", "warn": "warning", "info": "note"}
"""What a finding's level is called."""
HANDLED = ("drop", "hash", "generalise", "release")
"""Answers about a column that settle what was found about it."""


def absent(m: Material, what: str, step: str) -> Missing:
    """A part that rests on a step that has not run, or that made nothing for it."""
    about = activity(step)
    if step in m.outcomes:
        return Missing(what, line("is not shown: step {step} had nothing to report for it.", step=named(step)))
    return Missing(
        what,
        line(
            "comes with step {step} ({phase}), which has not run yet.",
            step=named(step),
            phase=Words(about.phase),
        ),
    )


def named(step: str) -> Piece:
    """A step as a reader knows it: its number and title."""
    about = activity(step)
    return Listed(f"{about.number} {about.title}".strip())


def finding_of(m: Material, step: str, lead: bool = False) -> list[Block]:
    """A step's finding and its notes; where it has not run, that it has not."""
    summary = m.summary(step)
    if summary is None:
        return [absent(m, f"The finding of {activity(step).title}", step)]
    blocks: list[Block] = [Paragraph(sentence_case(summary), lead=lead)]
    notes = m.notes(step)
    if notes:
        blocks.append(Bullets(tuple(sentence_case(note) for note in notes)))
    return blocks


def sentence_case(pieces: Line) -> Line:
    """A finding as a sentence of a document: it begins with a capital, unless with a term or a quoted name, and stops.

    Text from data stands in quotes, so a value that begins a sentence is a label of ours and may take the capital.
    """
    parts = list(pieces)
    first = parts[0] if parts else None
    if isinstance(first, Words) and _plain_word(first.text):
        parts[0] = Words(capital(first.text))
    elif isinstance(first, Value) and isinstance(first.raw, str) and _plain_word(first.shown):
        parts[0] = replace(first, shown=capital(first.shown))
    last = parts[-1] if parts else None
    ended = isinstance(last, Words | Value) and plain((last,)).rstrip().endswith((".", "?", ":"))
    return tuple(parts) if ended else (*parts, Words("."))


def capital(text: str) -> str:
    """A text with its first letter large."""
    return text[:1].upper() + text[1:]


def _plain_word(text: str) -> bool:
    """Whether a text begins with a word that may take a capital: not a term such as p95, not a name in quotes."""
    first = re.split(r"[^\w.]", text, maxsplit=1)[0]
    return first.isalpha() and first.islower()


def step_lines(m: Material, steps: Iterable[str]) -> list[Block]:
    """The findings of several steps, each under its title; steps that have not run are left out."""
    items = []
    for step in steps:
        summary = m.summary(step)
        if summary is not None:
            items.append(((named(step),), sentence_case(summary)))
    return [Definitions(tuple(items))] if items else []


def interval_line(node: Node, style: str = "num") -> Line:
    """The limits of an interval (a node with ``lower`` and ``upper``), or why there are none."""
    if node["lower"].number is not None and node["upper"].number is not None:
        return line(f"{{low|{style}}} to {{high|{style}}}", low=node["lower"], high=node["upper"])
    return (node["reason"].as_("text"),) if node["reason"] else ()


def interval_table(
    rows: Sequence[tuple[Line, Node]],
    heads: tuple[str, str],
    style: str = "num",
    caption: Line = (),
    mark: float | None = None,
    more: Sequence[tuple[Column, Sequence[Line]]] = (),
    key: str = "value",
) -> Table:
    """Estimates with intervals on one scale: name, value, plot, limits, and what else each row has.

    Args:
        rows: name of each row, and a node with ``value``, ``lower``, ``upper``.
        heads: titles of the name and value columns.
        style: format of the figures.
        caption: of the table.
        mark: a value worth a line on the plots, such as a bound or nought.
        more: further columns with a cell per row.
        key: where the estimate stands in the node.
    """
    ends = [node[end].number for _, node in rows for end in (key, "lower", "upper")]
    there = [end for end in [*ends, mark] if end is not None]
    room = (max(there) - min(there)) * 0.05 or 0.01 if there else 0.0
    body: list[tuple[Cell, ...]] = []
    for place, (name, node) in enumerate(rows):
        plot = (
            Drawing(spark(node[key], node["lower"], node["upper"], min(there) - room, max(there) + room, mark))
            if node[key].number is not None
            else ()
        )
        body.append(
            (
                name,
                (node[key].as_(style),),
                plot,
                interval_line(node, style),
                *(cells[place] for _, cells in more),
            )
        )
    columns = (
        Column(heads[0]),
        Column(heads[1], "number"),
        Column("", "plot"),
        Column("interval"),
        *(column for column, _ in more),
    )
    return Table(columns, tuple(body), caption)


def plain_intervals(metrics: Node) -> Table:
    """A mapping of metric to interval as a table without plots: the metrics have different scales."""
    rows: list[tuple[Cell, ...]] = [
        (
            (metric_name(each.key.text),),
            (each["value"].as_("num"),),
            interval_line(each),
            (each["n"].as_("int"),),
        )
        for each in metrics
    ]
    return Table(
        (Column("metric"), Column("value", "number"), Column("interval"), Column("rows", "number")),
        tuple(rows),
    )


def checks_of(m: Material, steps: Iterable[str]) -> list[tuple[str, Check]]:
    """All checks of some steps, with the step, in order."""
    return [(step, check) for step in steps if step in m.outcomes for check in m.outcomes[step].checks]


def check_table(m: Material, checks: Sequence[tuple[str, Check]]) -> Table:
    """Checks as a table: what, measured, required, result."""
    rows: list[tuple[Cell, ...]] = []
    for step, check in checks:
        base = f"{step}/{check.id}"
        title: Line = (m.number(f"{base}.title"),) if check.title else (m.number(f"{base}.id"),)
        measured: Line = (
            m.sentence(base, check.measured) if check.measured is not None else (m.number(f"{base}.value"),)
        )
        rows.append((title, measured, (m.number(f"{base}.criterion"),), (Status(check.status, f"{base}.status"),)))
    return Table((Column("check"), Column("measured"), Column("required"), Column("result", "status")), tuple(rows))


def findings_of(m: Material, steps: Iterable[str], kinds: Sequence[str] = ()) -> list[tuple[str, Finding]]:
    """Findings of some steps, gravest first; one that reads like another (told of each column) is listed once."""
    rank = {"block": 0, "warn": 1, "info": 2}
    found = [
        (step, finding)
        for step in steps
        if step in m.outcomes
        for finding in m.outcomes[step].findings
        if not kinds or finding.kind in kinds
    ]
    once = {str(finding.text): (step, finding) for step, finding in reversed(found)}
    kept = [pair for pair in found if once[str(pair[1].text)] == pair]
    return sorted(kept, key=lambda pair: rank[pair[1].level])


def finding_table(m: Material, findings: Sequence[tuple[str, Finding]]) -> Table:
    """Findings as a table: what was found, what is proposed, how grave."""
    rows: list[tuple[Cell, ...]] = []
    for step, finding in findings:
        base = f"{step}/{finding.id}"
        text = sentence_case(m.sentence(base, finding.text))
        action: Line = (m.number(f"{base}.action"),) if finding.action else ()
        level = words(LEVELS[finding.level])
        rows.append((text, action, (Strong(level),) if finding.level == "block" else level))
    return Table((Column("found"), Column("proposed"), Column("level")), tuple(rows))


def settled(m: Material, finding: Finding) -> bool:
    """Whether decisions have dealt with every column that a finding speaks of."""
    dropped = m.answer("data.drop").value
    gone = {str(name) for name in dropped} if isinstance(dropped, list | tuple) else set()
    for node in m.node("record.json")["decisions"]:
        name = node["id"].text
        if name.startswith(("data.leakage.", "data.personal.")) and node["value"].text in HANDLED:
            gone.add(name.split(".", 2)[2])
    return bool(finding.columns) and gone.issuperset(finding.columns)


def metrics_of(
    m: Material,
    steps: Iterable[str],
    partitions: Sequence[str] = (),
    models: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> list[tuple[str, MetricValue]]:
    """Metric values of some steps that match."""
    return [
        (step, metric)
        for step in steps
        if step in m.outcomes
        for metric in m.outcomes[step].metrics
        if (not partitions or metric.partition in partitions)
        and (not models or metric.model in models)
        and (not metrics or metric.metric in metrics)
    ]


def metric_label(name: str) -> str:
    """What a reader calls a metric; its own name where the registry does not know it."""
    from tools.evaluation.metrics import METRICS

    return METRICS[name].label if name in METRICS else name.replace("_", " ")


def metric_name(name: str) -> Piece:
    """A metric's label as a piece; standard names may hold a digit."""
    return Listed(metric_label(name))


def metric_table(m: Material, metrics: Sequence[tuple[str, MetricValue]], caption: Line = ()) -> Table:
    """Metric values with their intervals, named by metric."""
    rows: list[tuple[Cell, ...]] = []
    for step, metric in metrics:
        base = f"{step}/{metric.id}"
        interval: Line = ()
        if metric.lower is not None and metric.upper is not None:
            interval = line("{low|num} to {high|num}", low=m.fact(f"{base}.lower"), high=m.fact(f"{base}.upper"))
        value = (m.number(f"{base}.value", "num"),)
        rows.append(((metric_name(metric.metric),), value, interval, (m.number(f"{base}.n", "int"),)))
    columns = (Column("metric"), Column("value", "number"), Column("interval"), Column("rows", "number"))
    return Table(columns, tuple(rows), caption)


def decision_items(m: Material, questions: Sequence[str]) -> list[tuple[Line, Line]]:
    """Recorded decisions by id or prefix (``data.leakage.``): value, who, why."""
    found = []
    for node in m.node("record.json")["decisions"]:
        name = node["id"].text
        if any(name == question or (question.endswith(".") and name.startswith(question)) for question in questions):
            found.append((_question(node), decision_line(node)))
    return found


def _question(node: Node) -> Line:
    return (node["id"].as_("question"),)


TAKEN = ("recommended", "default", "accepted")
"""Sources of a decision that nobody stated: the advisor's reason is its reason."""


def decision_line(node: Node) -> Line:
    """A decision in a line: the value, by whom or from where, and the reason."""
    value = node["value"]
    parts: list[Piece] = [Strong((value.as_("long"),)) if value else Strong((Words("left open"),))]
    if node["by"]:
        parts += line(" (by {by})", by=node["by"])
    elif node["source"]:
        parts += line(" ({source|origin})", source=node["source"])
    reason = node["reason"] or (node["why"] if node["source"].text in TAKEN else node["reason"])
    if reason:
        parts += [Words(". "), *sentence_case((reason.as_("long"),))]
    return tuple(parts)


def decided(m: Material, questions: Sequence[str]) -> list[Block]:
    """Recorded decisions as a definition list; nothing where none was recorded."""
    items = decision_items(m, questions)
    return [Definitions(tuple(items))] if items else []


def page_link(stem: str, text: str | None = None) -> Link:
    """A link to a deliverable."""
    about = deliverable(stem)
    return Link(about.page, (Words(text if text is not None else about.title),))


def more(stem: str) -> Link:
    """The way from the dossier to a deliverable."""
    about = deliverable(stem)
    return Link(about.page, (Words("Read "), Listed(about.stem[:2]), Words(f" {about.title}")))


def section(title: str, *blocks: Block | Iterable[Block] | None, anchor: str = "", more: Link | None = None) -> Section:
    """A section from blocks and lists of blocks; what is None is left out."""
    flat: list[Block] = []
    for each in blocks:
        if each is None:
            continue
        if isinstance(each, Iterable):
            flat.extend(each)
        else:
            flat.append(each)
    return Section(title, tuple(flat), anchor, more)
