"""Deliverable 15: what is deployed, where it answers, how to ask it, how data flow, what could attack it."""

from __future__ import annotations

import json

from tools.reporting.blocks import absent, check_table, checks_of, decided, finding_of, section, step_lines
from tools.reporting.material import Material, Node, line
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
    Paragraph,
    Table,
    Words,
    words,
)

STEPS = ("deployment.packaging", "deployment.api", "deployment.infrastructure", "deployment.ab_rollout")
ROUTES = (
    ("POST /predict", "predictions for one row or many"),
    ("POST /explain", "what moved one prediction, column by column"),
    ("GET /livez", "whether the process lives; needs no token"),
    ("GET /readyz", "whether the golden rows came out to the bit; needs no token"),
    ("GET /metrics", "counts and times for Prometheus"),
    ("GET /version", "model, data and decisions by hash"),
    ("GET /schema", "the columns, their types and ranges"),
    ("GET /model-card", "the card that belongs to this model"),
)
THREATS = (
    (
        "odd or hostile input",
        "each field is checked against the schema; a bad request is refused with the field's name and without an echo",
    ),
    ("too much at once", "limits on body, rows and text length; a bounded queue turns the rest away"),
    ("strangers", "a token compared in constant time; bound to this machine unless told otherwise"),
    (
        "a changed model file",
        "the bundle is signed, and every file is checked by hash before it is read; nothing in it runs code on load",
    ),
    ("personal data in logs", "the prediction log holds no personal column in clear"),
    ("a failing model", "after repeated failures the fallback answers, and each such answer says so"),
)


def build(m: Material) -> Document:
    """The endpoint."""
    lead = (
        m.summary("deployment.infrastructure")
        or m.summary("deployment.packaging")
        or words("What is deployed, and how to ask it.")
    )
    checks = checks_of(m, STEPS)
    sections = [
        section(
            "State",
            step_lines(m, STEPS) or [absent(m, "The endpoint", STEPS[0])],
            [check_table(m, checks)] if checks else None,
            decided(m, ("deployment.start", "deployment.target")),
        ),
        section("How to ask it", _ask(m)),
        section("Routes", _routes(), _tried(m)),
        section("What is in the bundle", _bundle(m)),
        section("How data flow", _flow()),
        section(
            "What could go wrong here",
            Definitions(tuple((words(name), words(text)) for name, text in THREATS)),
        ),
        section("Bringing a challenger in", _rollout(m)),
    ]
    return Document("15-endpoint", "Endpoint", lead, tuple(sections))


def _ask(m: Material) -> list[Block]:
    api = m.node("api.json")
    example: list[Block] = []
    if api["example_request"]:
        example = [
            Listing(_json(api["example_request"]), api["example_request"].id, "A request"),
            Listing(_json(api["example_reply"]), api["example_reply"].id, "Its reply"),
        ]
    return [
        Paragraph(
            (
                Words("Where it runs, and with which token, stands in the workspace ("),
                Code("endpoint.json"),
                Words(", "),
                Code("endpoint.token"),
                Words(")."),
            )
        ),
        Listing(
            "phasegate show endpoint\n"
            'curl -H "Authorization: Bearer $(cat phasegate/endpoint.token)" -H "Content-Type: application/json" \\\n'
            "     -d @row.json URL/predict",
        ),
        *example,
        Paragraph(
            (
                Words("Without it, from the bundle alone: "),
                Code("python -m service --predict IN.csv --out OUT.csv"),
                Words("."),
            )
        ),
    ]


def _json(node: Node) -> str:
    return json.dumps(node.value, indent=1, ensure_ascii=False)


def _tried(m: Material) -> list[Block]:
    """What the service answered when it was tried: golden rows, refusals."""
    api = m.node("api.json")
    if not api:
        return [absent(m, "What the service answered", "deployment.api")]
    blocks: list[Block] = [
        Paragraph(
            line(
                "{equal|int} of {all|int} golden rows came back to the bit; {closed|int} of {guarded|int} guarded "
                "routes answered nothing without the token. A request may hold {rows|int} rows and {bytes|bytes}.",
                equal=api["golden_equal"],
                all=api["golden_rows"],
                closed=api["without_token"],
                guarded=api["guarded"],
                rows=api["rows_limit"],
                bytes=api["body_limit_bytes"],
            )
        )
    ]
    rows: list[tuple[Cell, ...]] = [
        ((each["name"].as_("text"),), (each["status"].as_("text"),), (each["title"].as_("text"),))
        for each in api["refusals"]
    ]
    if rows:
        table = Table((Column("bad request"), Column("status", "number"), Column("says")), tuple(rows))
        blocks.append(Fold(line("All {n|int} bad requests that were tried", n=api["refusals"].count), (table,)))
    return blocks


def _routes() -> Block:
    return Table((Column("route"), Column("gives")), tuple(((Code(route),), words(text)) for route, text in ROUTES))


def _bundle(m: Material) -> list[Block]:
    blocks = finding_of(m, "deployment.packaging")[1:]
    manifest = m.node("bundle/manifest.json") or m.node("bundle.json")
    files = manifest["files"]
    if files:
        rows: list[tuple[Cell, ...]] = [_file(each) for each in files]
        blocks.append(
            Fold(
                line("All {n|int} files", n=files.count),
                (Table((Column("file"), Column("hash")), tuple(rows)),),
            )
        )
    return blocks or [
        Paragraph(
            words(
                "Scorer, service code, schema, golden rows, pinned requirements, container and cluster files, "
                "list of parts, signature."
            )
        )
    ]


def _file(each: Node) -> tuple[Cell, ...]:
    name: Line = (each["path"].as_("text"),) if each["path"] else (each.key.as_("text"),)
    digest = each["sha256"] if each["sha256"] else each
    return (name, (digest.as_("hash"),))


def _flow() -> list[Block]:
    return [
        Definitions(
            (
                (words("in"), words("a row as JSON or a file, with the columns of the schema")),
                (
                    words("read"),
                    words(
                        "each cell by the rules with which the source was read: marks for missing, decimal signs, dates"
                    ),
                ),
                (words("cleaned"), words("by the cleaning plan; no row is dropped")),
                (words("encoded"), words("by the feature plan, with levels and ranges of the training rows")),
                (words("scored"), words("by the model's members, weighted, then calibrated")),
                (words("decided"), words("at the approved threshold")),
                (
                    words("out"),
                    words("prediction and probabilities; a line in the prediction log; counts for monitoring"),
                ),
            )
        )
    ]


def _rollout(m: Material) -> list[Block]:
    plan = m.node("rollout.json")
    if not plan:
        return [absent(m, "The rollout", "deployment.ab_rollout")]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["name"].as_("text"),),
            (each["share"].as_("pct"),),
            words("answers are compared, not used" if each["shadow"].value else "answers are used"),
            (each["least_units"].as_("int"),),
            (each["days"].as_("num"),) if each["days"].number is not None else (),
        )
        for each in plan["stages"]
    ]
    columns = (
        Column("stage"),
        Column("share", "number"),
        Column("challenger's"),
        Column("cases at least", "number"),
        Column("days", "number"),
    )
    trial = plan["trial"]
    text = line(
        "Tried {n|int} times on resampled losses: a challenger just as good was rolled back in {same|pct}, one "
        "clearly worse in {worse|pct}.",
        n=trial["trials"],
        same=trial["same_rolled_back"],
        worse=trial["worse_rolled_back"],
    )
    return [Table(columns, tuple(rows)), Paragraph(text), Paragraph(m.said(plan["rollback"]))]
