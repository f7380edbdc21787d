"""Deliverable 10: where the model errs: weak slices, confusion, residuals, doubtful labels, fit."""

from __future__ import annotations

from tools.evaluation.metrics import METRICS
from tools.reporting.blocks import absent, finding_of, metric_name, section
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Curve, Dot, curves, dots, heat
from tools.reporting.sections import (
    Block,
    Cell,
    Column,
    Definitions,
    Document,
    Fold,
    Line,
    Missing,
    Note,
    Paragraph,
    Plot,
    Table,
    words,
)

STEP = "experimentation.error_analysis"


def build(m: Material) -> Document:
    """The error analysis."""
    report = m.node("errors.json")
    lead = m.summary(STEP) or words("Where the model errs.")
    if not report:
        return Document(
            "10-error-analysis",
            "Error analysis",
            lead,
            (section("Errors", absent(m, "The error analysis", STEP)),),
        )
    sections = [
        section("What stands out", finding_of(m, STEP)[1:], _fit(report)),
        section("Where it is weakest", _slices(m, report)),
        section("What it mistakes for what", _confusion(report))
        if report["confusion"]
        else section("Residuals", _residuals(report)),
        section("Doubtful labels", _suspects(report)),
        section("Groups", _gaps(report)),
    ]
    return Document("10-error-analysis", "Error analysis", lead, tuple(sections))


def _loss(report: Node, which: str) -> Line:
    """A loss of the fit: the metric itself, or what it lacks to one where more is better."""
    found = METRICS.get(report["metric"].text)
    words_of = "short of a perfect {metric}" if found is not None and found.greater_is_better else "{metric}"
    return line(f"{{loss|num}} {words_of}", loss=report[which], metric=metric_name(report["metric"].text))


def _fit(report: Node) -> list[Block]:
    texts = {
        "overfit": "It does much better on rows it was fitted to than on others: it has learned some of them by heart.",
        "underfit": "It does little better than always saying the same: much is left to learn, or there is nothing.",
        "close": "It fits the rows it was fitted to closely, as flexible models do; only the others count.",
        "balanced": "What it does on rows it was fitted to carries over to others.",
    }
    items = (
        (words("on rows seen"), _loss(report, "training_loss")),
        (words("on rows not seen"), _loss(report, "oof_loss")),
        (words("always the same answer"), _loss(report, "constant_loss")),
    )
    return [
        Paragraph(words(texts.get(report["diagnosis"].text, "The fit was not judged."))),
        Definitions(items),
    ]


def _slices(m: Material, report: Node) -> list[Block]:
    slices = list(report["slices"])
    if not slices:
        return [Missing("Weak slices", words("were not found: no group of rows is clearly worse than the rest."))]
    rows: list[tuple[Cell, ...]] = [
        (
            m.said(each["rule"]),
            (each["rows"].as_("int"),),
            (each["share"].as_("pct"),),
            (each["loss"].as_("num"),),
            (each["rest"].as_("num"),),
            words("beyond chance" if each["significant"].value else "may be chance"),
        )
        for each in slices
    ]
    caption = line(
        "Mean {unit|words} within and outside, of {n|int} groups that were looked at, corrected for their number.",
        unit=report["loss_unit"],
        n=report["slices_tested"],
    )
    columns = (
        Column("rows where"),
        Column("rows", "number"),
        Column("share", "number"),
        Column("loss", "number"),
        Column("the rest", "number"),
        Column("so"),
    )
    return [Table(columns, tuple(rows), caption)]


def _confusion(report: Node) -> list[Block]:
    confusion = report["confusion"]
    names = list(confusion["classes"])[:8]
    cells = [[confusion["counts"][row][column] for column in range(len(names))] for row in range(len(names))]
    caption: Line = words("Rows: the true class; columns: what the model says. Counts of out-of-fold rows")
    if confusion["threshold"].number is not None:
        caption = (*caption, *line(" at a threshold of {threshold|ratio}", threshold=confusion["threshold"]))
    return [Plot(heat(names, names, cells, "confusion of classes", "int"), (*caption, *words(".")))]


def _residuals(report: Node) -> list[Block]:
    residuals = report["residuals"]
    if not residuals:
        return [Missing("Residuals", words("are shown for numbers only."))]
    bins = list(residuals["bins"])
    x = [each[0].number or 0.0 for each in bins]
    spread = [each[2].number or 0.0 for each in bins]
    lines = [
        Curve(x, [each[1].number or 0.0 for each in bins], label="mean error", points=True),
        Curve(x, spread, label="typical size", accent=True, points=True),
    ]
    blocks: list[Block] = [
        Plot(
            curves(lines, "errors by prediction", residuals["bins"], x_words="prediction", y_words="error"),
            words(
                "Mean error and its typical size by tenth of the predictions; a mean off nought is a bias, a "
                "rising size means large predictions are less certain."
            ),
        )
    ]
    rows = [((each.key.as_("words"),), (each.as_("num"),)) for each in residuals["quantiles"]]
    blocks.append(
        Definitions(
            (
                *rows,
                (words("rank correlation of size and prediction"), (residuals["spread_grows"].as_("ratio"),)),
            )
        )
    )
    return blocks


def _suspects(report: Node) -> list[Block]:
    count = report["suspect_count"]
    if not count.number:
        return [Paragraph(words("No label is so unlikely that it should be looked at first."))]
    blocks: list[Block] = [
        Paragraph(
            line(
                "{n|int} rows carry a label that the model finds unlikely, though it never saw them. Look at "
                "these before collecting more.",
                n=count,
            )
        ),
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["position"].as_("int"),),
            (each["given"].as_("text"),),
            (each["likelier"].as_("text"),),
            (each["probability"].as_("pct"),),
        )
        for each in report["suspects"]
    ]
    columns = (
        Column("training row", "number"),
        Column("label given"),
        Column("likelier"),
        Column("chance of the label", "number"),
    )
    blocks.append(Fold(words("The most doubtful rows"), (Table(columns, tuple(rows)),)))
    return blocks


def _gaps(report: Node) -> list[Block]:
    gaps = list(report["parity_gap"])
    if not gaps:
        return [Paragraph(words("No protected attribute has two groups large enough to compare here."))]
    rows = [Dot(each.key, each, accent=True) for each in gaps]
    return [
        Plot(
            dots(rows, "gap between groups", "pct"),
            words(
                "Largest difference between the groups of each protected attribute in how often they are called "
                "positive."
            ),
        ),
        Note(words("Looked at here to choose; judged on the test rows, with intervals, in the bias assessment.")),
    ]
