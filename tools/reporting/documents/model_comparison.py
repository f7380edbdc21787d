"""Deliverable 07: models on the same out-of-fold rows, their paired differences, the ensemble, the choice."""

from __future__ import annotations

from tools.reporting.blocks import (
    absent,
    decided,
    finding_of,
    interval_line,
    interval_table,
    metric_label,
    metric_name,
    section,
    sentence_case,
)
from tools.reporting.material import Material, Node, line
from tools.reporting.sections import (
    Block,
    Cell,
    Column,
    Document,
    Line,
    Missing,
    Paragraph,
    Strong,
    Table,
    Words,
    words,
)

STEP = "experimentation.cross_validation"


def build(m: Material) -> Document:
    """The model comparison."""
    report = m.node("comparison.json")
    lead = m.summary(STEP) or words("Which model is better, and by how much.")
    if not report:
        return Document(
            "07-model-comparison",
            "Model comparison",
            lead,
            (section("Models", absent(m, "The comparison", STEP)),),
        )
    several = len(report["models"]) and len(report["models"][0]["metrics"]) > 1
    others = [section("By other metrics", _others(report))] if several else []
    sections = [
        section("The choice", finding_of(m, STEP)[1:] or Paragraph(sentence_case(m.said(report["reason"])))),
        section("Models", ranking(m, report), _scheme(report)),
        section("Is the difference real?", _pairs(report)),
        *others,
        section("Seen against unseen rows", _fit(report)),
        section(
            "Several models together",
            finding_of(m, "experimentation.ensembles"),
            _ensemble(m),
            decided(m, ("ensemble.accept",)),
        ),
    ]
    return Document("07-model-comparison", "Model comparison", lead, tuple(sections))


def ranking(m: Material, report: Node) -> Block:
    """Models by the selection metric, on one scale, the recommended one stressed."""
    name = report["metric"].text
    rows: list[tuple[Line, Node]] = []
    for each in report["models"]:
        label: Line = (each["label"].as_("text"),)
        if each["name"].text == report["recommended"].text:
            label = (Strong(label), Words(" recommended"))
        rows.append((label, each["metrics"][name]))
    return interval_table(
        rows,
        ("model", metric_label(name)),
        caption=line("{metric} on {n|int} out-of-fold predictions.", metric=metric_name(name), n=report["rows"]),
    )


def _scheme(report: Node) -> Paragraph:
    flattered = (report["optimism"].number or 0.0) > 0
    return Paragraph(
        line(
            "Folds: {folds|int}, {scheme|words}, as the split itself."
            + (" The search flattered the chosen model by {optimism|num}." if flattered else ""),
            folds=report["folds"],
            scheme=report["scheme"],
            optimism=report["optimism"],
        )
    )


def _pairs(report: Node) -> list[Block]:
    if not report["pairs"]:
        return [Missing("Paired differences", words("need two models; there is one."))]
    labels = {each["name"].text: each["label"] for each in report["models"]}
    rows: list[tuple[Line, Node]] = []
    tests: list[Line] = []
    for each in report["pairs"]:
        worse = labels.get(each["worse"].text, each["worse"])
        rows.append(
            (
                line(
                    "{better} over {worse}",
                    better=labels.get(each["better"].text, each["better"]),
                    worse=worse,
                ),
                each["gain"],
            )
        )
        tests.append((each["t_p"].as_("num"),) if each["t_p"].number is not None else ())
    verdicts: list[Line] = [
        words("beyond noise") if each["beyond_noise"].value else words("within noise") for each in report["pairs"]
    ]
    caption = words(
        "Gain of the best model over each other one, on the same rows; the dashed line is no difference. The interval "
        "decides; p is that of the corrected t test over the folds, which has only as many differences as there are "
        "folds."
    )
    further = ((Column("p over folds", "number"), tests), (Column("so"), verdicts))
    return [interval_table(rows, ("pair", "gain"), caption=caption, mark=0.0, more=further)]


def _others(report: Node) -> list[Block]:
    names = [each.key.text for each in (report["models"][0]["metrics"] if len(report["models"]) else ())]
    columns = [Column("model"), *(Column(metric_label(name), "number") for name in names)]
    rows: list[tuple[Cell, ...]] = [
        ((each["label"].as_("text"),), *((each["metrics"][name]["value"].as_("num"),) for name in names))
        for each in report["models"]
    ]
    return [Table(tuple(columns), tuple(rows))]


def _fit(report: Node) -> list[Block]:
    rows: list[tuple[Cell, ...]] = [
        (
            (each["label"].as_("text"),),
            (each["training_loss"].as_("num"),),
            (each["oof_loss"].as_("num"),),
            (each["trials"].as_("int"),),
        )
        for each in report["models"]
    ]
    caption = words(
        "Loss on rows that the model was fitted to, and on rows that it was not; a wide gap means it learned the "
        "rows by heart."
    )
    return [
        Table(
            (
                Column("model"),
                Column("seen", "number"),
                Column("unseen", "number"),
                Column("settings tried", "number"),
            ),
            tuple(rows),
            caption,
        )
    ]


def _ensemble(m: Material) -> list[Block]:
    report = m.node("ensemble.json")
    if not report:
        return [absent(m, "The ensemble", "experimentation.ensembles")]
    blocks: list[Block] = []
    members = report["members"]
    if len(members) > 1:
        rows: list[tuple[Cell, ...]] = [
            ((each["label"].as_("text"),), (each["weight"].as_("pct"),)) for each in members
        ]
        blocks.append(Table((Column("member"), Column("weight", "number")), tuple(rows)))
        if report["gain"]:
            blocks.append(
                Paragraph(
                    line(
                        "Gain over the single model: {gain|num} ({limits}).",
                        gain=report["gain"]["value"],
                        limits=Strong(interval_line(report["gain"])),
                    )
                )
            )
    return blocks
