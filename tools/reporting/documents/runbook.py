"""Deliverable 18: what to do when something is wrong, with commands that were run, and who is called."""

from __future__ import annotations

from tools.reporting.blocks import absent, decided, section
from tools.reporting.material import Material, line
from tools.reporting.sections import (
    Block,
    Cell,
    Code,
    Column,
    Document,
    Listing,
    Missing,
    Paragraph,
    Table,
    words,
)

STEP = "deployment.infrastructure"
DAILY = (
    ("phasegate status", "where the run stands"),
    ("phasegate serve", "start the endpoint, or find it running"),
    ("phasegate stop", "stop it; requests in work finish first"),
    ("phasegate show endpoint", "its address"),
    ("phasegate monitor --data NEW.csv", "new rows against the model's own"),
    ("phasegate verify", "whether anything was changed"),
)
INCIDENTS = (
    (
        "The endpoint does not answer",
        "Ask /livez, then /readyz. If the process is gone, start it; it is ready once the golden rows come out "
        "to the bit.",
        "phasegate serve",
    ),
    (
        "Answers say that they are a fallback",
        "The model failed repeatedly and the fallback took over. Look into the log of the service, then restart.",
        "phasegate stop\nphasegate serve",
    ),
    (
        "Answers are slow or turned away",
        "More is asked than was stated. Add copies, or send rows in batches; the service holds no state.",
        "kubectl scale deployment NAME --replicas=N",
    ),
    (
        "A drift alarm",
        "Look which column it names and at its first row. A broken source is mended there; a changed world is a "
        "reason to retrain.",
        "phasegate monitor --data NEW.csv",
    ),
    (
        "The metric has fallen",
        "Labels say that the model is worse than it was in the test. Retrain on newer rows; the gate decides.",
        "phasegate retrain --data NEW.csv",
    ),
    (
        "A group complains",
        "Compare its rates with the bias assessment, on newer rows. Until it is settled, decide its cases by hand.",
        "phasegate show bias-assessment",
    ),
    (
        "A file was changed",
        "The verification names the first byte. Stop the endpoint, go back to the bundle whose signature holds.",
        "phasegate verify\nphasegate stop",
    ),
    (
        "Back to the model before",
        "Serve the run whose bundle is known to be good; nothing has to be built.",
        "phasegate stop\nphasegate serve --run RUN",
    ),
)


def build(m: Material) -> Document:
    """The operations runbook."""
    lead = words("What to do when something is wrong, and who is called.")
    sections = [
        section(
            "Who",
            decided(m, ("requirements.on_call", "requirements.owner", "requirements.fallback_action"))
            or [Missing("Who is called", words("was not stated. Name somebody before the endpoint is used."))],
        ),
        section(
            "Every day",
            Table(
                (Column("command"), Column("does")),
                tuple(((Code(command),), words(text)) for command, text in DAILY),
            ),
        ),
        section(
            "When something is wrong",
            [
                block
                for title, text, command in INCIDENTS
                for block in (Paragraph(words(title), lead=True), Paragraph(words(text)), Listing(command))
            ],
        ),
        section("What was run", _ran(m)),
    ]
    return Document("18-runbook", "Runbook", lead, tuple(sections))


def _ran(m: Material) -> list[Block]:
    """What of this book the run itself carried out, with the results."""
    rows: list[tuple[Cell, ...]] = []
    smoke = m.node("infrastructure.json")
    if smoke["started"].value:
        text = line(
            "ready after {seconds|sec}; {rows|int} rows asked for, {different|int} answered otherwise than offline",
            seconds=smoke["cold_start_seconds"],
            rows=smoke["rows"],
            different=smoke["different"],
        )
        rows.append((words("start, wait for ready, compare, stop"), text))
    stress = m.node("stress.json")
    for load in stress["loads"]:
        text = line(
            "{failures|int} of {requests|int} requests failed, slowest {slow|ms}",
            failures=load["failures"],
            requests=load["requests"],
            slow=load["max_ms"],
        )
        rows.append((line("{factor|int} times the stated load", factor=load["factor"]), text))
    if stress["malformed"]:
        rows.append(
            (words("malformed requests"), line("{n|int} sent, each refused or answered", n=stress["malformed"].count))
        )
    trial = m.node("monitoring.json")
    if trial:
        text = line("{n|int} of {all|int} rang", n=trial["false_alarms"], all=trial["silent_batches"])
        rows.append((words("drift alarm on undisturbed batches"), text))
    if not rows:
        return [absent(m, "The record of what was run", STEP)]
    return [Table((Column("drill"), Column("result")), tuple(rows))]
