"""Intake: reads the source, looks at it once, and asks what the project is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agent.phases.intake.requirements import REQUIREMENTS, peek_of, target_of, unlearnable
from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, inert, listed, plural, say

if TYPE_CHECKING:
    from tools.data.peeking import Peek
    from tools.data.reading import Assumption, Reading

MOST_NOTES = 8
MARGIN = 1.0
"""By how much a column's marks as a target must exceed the next one's to be named alone."""


def run(job: Job) -> Outcome:
    """Read the table and look at it once."""
    from tools.data.peeking import peek
    from tools.data.settings import SourceSettings
    from tools.data.sources import append_test, read_table

    settings = SourceSettings.of(job.answers("source."))
    path = job.path("source")
    frame, reading = read_table(path, settings, path.name)
    if job.has("source_test"):
        test = job.path("source_test")
        frame, reading = append_test(frame, reading, test, settings, test.name)
    look = peek(frame, reading)
    job.save_frame("table.parquet", frame)
    job.save_json("reading.json", reading)
    job.save_json("peek.json", look)
    return report(reading, look)


def report(reading: Reading, look: Peek) -> Outcome:
    """What was read, and which column looks like the target."""
    width = len(reading.columns)
    template = "{rows|int} {row_word}, {columns|int} {column_word}"
    facts: dict[str, Fact] = {
        "rows": reading.rows,
        "row_word": plural(reading.rows, "row"),
        "columns": width,
        "column_word": plural(width, "column"),
    }
    ahead = is_ahead(look)
    if look.targets and not ahead:
        template += '. "{first}" or "{second}" may be the target'
        facts |= {"first": look.targets[0].column, "second": look.targets[1].column}
    elif look.targets:
        best = look.column(look.targets[0].column)
        template += '. "{target}" looks like the target'
        facts["target"] = best.name
        if best.task == "binary" and best.positive is not None:
            other = next(name for name in best.classes if name != best.positive)
            template += ": {positive} ({share|pct}) against {other}"
            facts |= {
                "positive": best.positive,
                "other": other,
                "share": best.classes[best.positive] / sum(best.classes.values()),
            }
        elif best.task == "multiclass":
            template += ": {classes|int} classes"
            facts["classes"] = best.distinct
        elif best.task == "regression":
            template += ": a number"
    else:
        template += "; no column looks like a target by itself"
    notes: list[Sentence] = list(reading.warnings)
    notes += [assumed(item) for item in reading.assumed if not is_usual(item)]
    if reading.test_rows:
        notes.append(say("the last {rows|int} rows come from the test file", rows=reading.test_rows))
    if look.personal:
        notes.append(say("{names} may hold personal data", names=listed(look.personal)))
    if look.protected:
        notes.append(
            say(
                "{names} may be {what}",
                names=listed(look.protected),
                what=plural(len(look.protected), "a protected attribute", "protected attributes"),
            )
        )
    if len(notes) > MOST_NOTES:
        rest = len(notes) - MOST_NOTES
        notes = [
            *notes[:MOST_NOTES],
            say("{rest|int} more {word} in the data quality report", rest=rest, word=plural(rest, "remark")),
        ]
    return Outcome(
        summary=say(template, **facts),
        notes=tuple(notes),
        facts={
            "rows": reading.rows,
            "columns": width,
            "test_rows": reading.test_rows,
            "format": reading.format,
            "encoding": reading.encoding,
            "assumptions": len(reading.assumed),
            "warnings": len(reading.warnings),
        },
    )


def is_ahead(look: Peek) -> bool:
    """Whether one column looks more like a target than any other by a clear margin."""
    scores = [each.score for each in look.targets]
    return bool(scores) and (len(scores) == 1 or scores[0] - scores[1] >= MARGIN)


def is_usual(item: Assumption) -> bool:
    """Whether an assumption is what everybody would expect, or is told as a warning already."""
    return item.what in ("skip", "totals") or (item.what, item.value) in (
        ("separator", ","),
        ("header", "yes"),
        ("date", "iso"),
    )


def assumed(item: Assumption) -> Sentence:
    """An assumption of the reader with what speaks for it."""
    return Sentence(
        template="assumed {about}: {choice} (" + item.evidence.template + ")",
        facts={"about": item.what, "choice": _shown(item.value), **item.evidence.facts},
    )


def _shown(value: str) -> str:
    return {" ": "blank", "\t": "tab"}.get(value, inert(value))


# --- questions ---


def _columns(known: Known) -> tuple[Option, ...]:
    return tuple(Option(column["name"]) for column in peek_of(known)["columns"])


def _target_evidence(known: Known) -> dict[str, Any]:
    targets = peek_of(known)["targets"]
    return {
        "column": targets[0]["column"] if targets else None,
        "reason": targets[0]["reason"] if targets else None,
    }


def _task_evidence(known: Known) -> dict[str, Any]:
    column = target_of(known) or {}
    return {
        "target": column.get("name"),
        "task": column.get("task"),
        "type": column.get("type"),
        "distinct": column.get("distinct"),
        "query": _query(known, column.get("name")),
    }


def _query(known: Known, target: str | None) -> str | None:
    """The column of queries, where the target grades their results."""
    peek = peek_of(known)
    return peek["queries"][0]["column"] if target is not None and target == peek["graded"] else None


def _classes(known: Known) -> tuple[Option, ...]:
    column = target_of(known) or {}
    return tuple(Option(name, reason=f"{rows:,} rows") for name, rows in sorted((column.get("classes") or {}).items()))


def _positive_evidence(known: Known) -> dict[str, Any]:
    column = target_of(known) or {}
    classes = column.get("classes") or {}
    positive = column.get("positive")
    total = sum(classes.values())
    return {
        "positive": positive,
        "by": column.get("positive_by"),
        "share": classes[positive] / total if positive in classes and total else None,
    }


SETTINGS: tuple[Ask, ...] = (
    Ask("source.separator", "Which character separates the fields?", "text", setting=True),
    Ask("source.encoding", "Which encoding has the text?", "text", setting=True),
    Ask("source.decimal", "Which decimal mark?", "choice", options=(Option("."), Option(",")), setting=True),
    Ask(
        "source.header",
        "Does the first line hold names?",
        "choice",
        options=(Option(True), Option(False), Option("yes"), Option("no")),
        setting=True,
    ),
    Ask("source.names", "What are the columns called?", "list", setting=True),
    # a list for all columns, or a mapping by column: no one type, so anything is taken here and checked on reading
    Ask("source.missing", "Which texts stand for a missing value?", "choice", setting=True),
    Ask("source.sheet", "Which sheet of the workbook (or list of the JSON document)?", "choice", setting=True),
    Ask(
        "source.ragged",
        "What about lines with another number of fields?",
        "choice",
        options=(Option("error"), Option("skip")),
        setting=True,
    ),
    Ask("source.quote", "Which character protects a field that holds a separator?", "text", setting=True),
    Ask("source.skip", "How many lines with content stand above the table?", "integer", minimum=0, setting=True),
    Ask(
        "source.totals",
        "What about rows of totals at the end?",
        "choice",
        options=(Option("drop", "leave them out"), Option("keep", "take them as rows")),
        setting=True,
    ),
    Ask(
        "source.types",
        'Which columns are of another type than they look? (number, integer, boolean, date, text; "date %d/%m/%Y")',
        "mapping",
        setting=True,
    ),
    Ask("source.table", "Which table of the database, or file of the archive?", "text", setting=True),
    Ask("source.query", "Which query gives the rows?", "text", setting=True),
)

STEP = Step(
    id="intake.source",
    guidance="",
    title="source",
    run=run,
    needs=("source", "source_test?"),
    decisions=("source.*",),
    makes=("table.parquet", "reading.json", "peek.json"),
    libraries=("pandas", "pyarrow", "numpy", "charset-normalizer", "openpyxl"),
    before=SETTINGS,
    after=(
        Ask("data.target", "Which column should be predicted?", "column", choices=_columns, evidence=_target_evidence),
        Ask(
            "data.problem_type",
            "What kind of prediction is it?",
            "choice",
            options=(
                Option("binary", "one of two classes"),
                Option("multiclass", "one of several classes"),
                Option("regression", "a number"),
                Option("ranking", "an order within groups (not offered yet)"),
                Option("clustering", "groups without a target (not offered yet)"),
            ),
            evidence=_task_evidence,
            moot=unlearnable,
            nullable=False,
        ),
        Ask(
            "data.positive_class",
            "Which class is the event that is looked for?",
            "choice",
            choices=_classes,
            evidence=_positive_evidence,
            when=lambda known: known.answer("data.problem_type") == "binary",
            nullable=False,
        ),
        *(replace(ask, moot=unlearnable) for ask in REQUIREMENTS),
    ),
)
