"""Deliverable 09: every metric of the scorer before the test: out of fold, on validation rows, on training rows."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    check_table,
    checks_of,
    finding_of,
    metric_table,
    metrics_of,
    section,
)
from tools.reporting.material import Material, line
from tools.reporting.sections import Block, Cell, Column, Document, Paragraph, Table, words

STEPS = (
    "experimentation.cross_validation",
    "experimentation.ensembles",
    "experimentation.error_analysis",
    "experimentation.optimisation",
)
STEP = "experimentation.optimisation"
PARTITIONS = {"train": "On training rows.", "oof": "Out of fold.", "validation": "On validation rows."}


def build(m: Material) -> Document:
    """The validation metrics."""
    checks = checks_of(m, STEPS)
    sections = [
        section("The scorer", finding_of(m, STEP), _scorer(m)),
        section(
            "Checks before the test",
            [check_table(m, checks)] if checks else [Paragraph(words("No check is due in this phase."))],
        ),
        section("Calibration", _calibration(m)),
        section(
            "How these numbers came about",
            Paragraph(
                words(
                    "Out-of-fold: each training row was scored by a model that had not seen it, in folds cut as "
                    "the split itself. Model, threshold and calibration were chosen on these predictions, so they "
                    "flatter it a little. Validation rows were scored once, by the model before its last refit, and "
                    "had no part in that choice. The test rows are still sealed."
                )
            ),
        ),
    ]
    lead = words("What the model promises, before it meets the test rows.")
    return Document("09-validation-metrics", "Validation metrics", lead, tuple(sections))


def _scorer(m: Material) -> list[Block]:
    found = metrics_of(m, m.outcomes, tuple(PARTITIONS), ("scorer",))
    if not found:
        return [absent(m, "The scorer's metrics", STEP)]
    blocks: list[Block] = []
    for partition, title in PARTITIONS.items():
        own = [(step, metric) for step, metric in found if metric.partition == partition]
        if own:
            blocks.append(metric_table(m, own, words(title)))
    return blocks


def _calibration(m: Material) -> list[Block]:
    from tools.reporting.documents.test_results import calibration_plot

    report = m.node("errors.json")
    if not report or not report["calibration"]:
        return [absent(m, "The calibration", "experimentation.error_analysis")]
    calibration = report["calibration"]
    blocks: list[Block] = [calibration_plot(calibration)] if len(calibration["bins"]) > 1 else []
    rows: list[tuple[Cell, ...]] = [
        (
            (each["kind"].as_("words"),),
            (each["log_loss"].as_("num"),),
            (each["brier"].as_("num"),),
            (each["slope"].as_("ratio"),),
        )
        for each in report["calibrations"]
    ]
    if rows:
        caption = line(
            "Kinds of calibration, each on folds of its own; recommended: {kind|words}.",
            kind=report["recommended_calibration"],
        )
        columns = (
            Column("kind"),
            Column("log loss", "number"),
            Column("Brier", "number"),
            Column("slope", "number"),
        )
        blocks.append(Table(columns, tuple(rows), caption))
    return blocks
