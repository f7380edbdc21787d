"""Deliverable 04: from raw columns to the model's features, as data that ships with the scorer."""

from __future__ import annotations

from tools.reporting.blocks import absent, decided, finding_of, section
from tools.reporting.material import Material, line
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Fold,
    Listing,
    Paragraph,
    Table,
    Words,
    words,
)

STEP = "preparation.features"
FOLDED = 40


def build(m: Material) -> Document:
    """The feature pipeline."""
    lead = m.summary(STEP) or words("How raw columns become features.")
    sections = [
        section(
            "In short",
            finding_of(m, STEP)[1:],
            Paragraph(
                words(
                    "Both plans below are data, fitted on training rows only. The code that applies them is the "
                    "code that is "
                    "shipped, so a row is treated alike in training and in service."
                )
            ),
        ),
        section("Features", _features(m)),
        *([section("Proposed and kept", _tried(m))] if m.node("features.json")["tried"] else []),
        section("Left out", _left_out(m)),
        section("Cleaning before it", _cleaning(m)),
        section(
            "Decisions",
            decided(m, ("features.proposed", "features.use_protected", "data.drop"))
            or [Paragraph(words("Nothing was asked here."))],
        ),
    ]
    return Document("04-feature-pipeline", "Feature pipeline", lead, tuple(sections))


def _features(m: Material) -> list[Block]:
    features = m.node("features.json")["features"]
    if not features:
        return [absent(m, "The list of features", STEP)]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["label"].as_("text"),),
            (each["kind"].as_("words"),),
            (each["columns"].as_("text"),),
            (each["op"].as_("words"),),
            (each["levels"].count.as_("int"),) if each["levels"] else (),
        )
        for each in features
    ]
    table = Table(
        (Column("feature"), Column("kind"), Column("made from"), Column("how"), Column("levels", "number")),
        tuple(rows),
    )
    return [table] if len(rows) <= FOLDED else [Fold(line("All {n|int} features", n=features.count), (table,))]


def _tried(m: Material) -> list[Block]:
    lead = words(
        "Each proposed formula was tried on training rows: a linear model and boosted trees with and without it, on "
        "the same held-out rows. It stays where the paired gain of either is clear of nought."
    )
    tried = m.node("features.json")["tried"]
    return [
        Paragraph(lead),
        Bullets(tuple(line("{name}: ", name=each["name"]) + m.said(each["why"]) for each in tried)),
    ]


def _left_out(m: Material) -> list[Block]:
    plan = m.node("features.json")
    if not plan:
        return [absent(m, "What was left out", STEP)]
    if not plan["left_out"]:
        return [Paragraph(words("Every column that was kept by cleaning became a feature."))]
    return [Bullets(tuple(line("{name}: ", name=each["name"]) + m.said(each["why"]) for each in plan["left_out"]))]


def _cleaning(m: Material) -> list[Block]:
    path = m.files.get("cleaning.yaml")
    if path is None:
        return [absent(m, "The cleaning plan", "preparation.cleaning")]
    return [
        Paragraph((Words("The plan as a person reads it; its machine form ships with the scorer."),)),
        Listing(path.read_text(encoding="utf-8"), evidence="cleaning.yaml"),
    ]
