"""A small registry whose steps run in milliseconds: the machinery is the product's own, only the work is light."""

from __future__ import annotations

import csv
import time

from agent.registry import Phase, Registry
from agent.steps import Ask, Job, Kind, Option, Step
from tools.errors import InputError
from tools.records import Check, Outcome
from tools.wording import say


def read(job: Job) -> Outcome:
    """Count the rows of the source."""
    folder = job.path("source")
    rows = list(csv.DictReader(folder.read_text().splitlines()))
    if not rows:
        raise InputError("The file has no rows.", hint="Give another.", file=folder.name)
    job.save_json("table.json", rows)
    return Outcome(summary=say("{rows|int} rows", rows=len(rows)), facts={"rows": len(rows)})


def total(job: Job) -> Outcome:
    """Add a column up, times a factor."""
    column, factor = job.answer("toy.column"), job.answer("toy.factor", 1)
    rows = job.json("table.json")
    value = sum(float(row[column]) for row in rows) * factor
    for number in range(3):
        job.progress(number, 3, "adding")
    job.save_json("total.json", {"value": value, "seed": job.seed})
    low = Check(id="toy.low", status="pass" if value < 100 else "fail", blocking=True, value=value, criterion="< 100")
    return Outcome(summary=say("the total is {value}", value=value), facts={"value": value}, checks=(low,))


def label(job: Job) -> Outcome:
    """Write a text that depends on another answer only."""
    job.save_text("label.txt", str(job.answer("toy.label")))
    return Outcome(summary=say("labelled {label}", label=str(job.answer("toy.label"))))


def measure(job: Job) -> Outcome:
    """Measure the time."""
    job.save_json("clock.json", {"now": time.time_ns()})
    return Outcome(summary=say("measured"))


def close(job: Job) -> Outcome:
    """Use the observation, the total and an observation of its own."""
    mark = job.observe("mark", time.time_ns)
    job.save_json("end.json", {"clock": job.json("clock.json"), "total": job.json("total.json"), "mark": mark})
    return Outcome(summary=say("closed"))


def slow(job: Job) -> Outcome:
    """Take long enough to be stopped."""
    seconds = float(job.answer("toy.seconds", 0))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job.progress(0, 1, "waiting")
        time.sleep(0.01)
    job.save_text("slow.txt", "done")
    return Outcome(summary=say("waited"))


def toy() -> Registry:
    """Two phases, four questions, one observe step."""
    read_step = Step(
        "intake.source",
        "",
        "source",
        read,
        needs=("source",),
        makes=("table.json",),
        after=(
            Ask(
                "toy.column",
                "Which column is added up?",
                "column",
                choices=lambda known: tuple(Option(name) for name in sorted(known.json("table.json")[0])),
                nullable=False,
            ),
        ),
    )
    total_step = Step(
        "preparation.total",
        "1.1",
        "total",
        total,
        needs=("table.json",),
        decisions=("toy.column", "toy.factor"),
        makes=("total.json",),
        before=(Ask("toy.factor", "Times what?", "number", minimum=0, maximum=50),),
    )
    label_step = Step(
        "preparation.label",
        "1.2",
        "label",
        label,
        decisions=("toy.label",),
        makes=("label.txt",),
        before=(Ask("toy.label", "Called what?", "choice", options=(Option("a"), Option("b"))),),
    )
    slow_step = Step(
        "preparation.slow",
        "1.3",
        "slow",
        slow,
        decisions=("toy.seconds",),
        makes=("slow.txt",),
        before=(Ask("toy.seconds", "How long?", "number"),),
    )
    clock_step = Step("experimentation.clock", "2.1", "clock", measure, Kind.OBSERVE, makes=("clock.json",))
    end_step = Step("experimentation.end", "2.2", "end", close, needs=("clock.json", "total.json"), makes=("end.json",))
    return Registry(
        (
            Phase("intake", "Intake", (read_step,), gated=False),
            Phase("preparation", "1 Preparation", (total_step, label_step, slow_step)),
            Phase("experimentation", "2 Experimentation", (clock_step, end_step)),
        )
    )
