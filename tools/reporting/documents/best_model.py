"""Deliverable 08: the chosen model: what it is made of, what drives it, how it decides, how it is stored."""

from __future__ import annotations

from tools.reporting.blocks import absent, decided, finding_of, section
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Curve, Dot, Mark, curves, dots
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Definitions,
    Document,
    Line,
    Missing,
    Multiples,
    Paragraph,
    Plot,
    Table,
    joined,
    words,
)

STEP = "experimentation.optimisation"


def build(m: Material) -> Document:
    """The best model."""
    view = m.node("interpretation.json")
    lead = m.summary(STEP) or words("The model that was chosen.")
    sections = [
        section("What it is made of", finding_of(m, STEP)[1:], members(m)),
        section(
            "How it decides",
            _decides(m),
            decided(
                m,
                ("decision.threshold", "decision.calibration", "decision.mitigation", "decision.refer_band"),
            ),
        ),
        section(
            "What drives it",
            finding_of(m, "experimentation.interpretation"),
            importances(view) if view else [absent(m, "What drives it", "experimentation.interpretation")],
        ),
        section("How the prediction moves", _dependence(view) if view else None),
        section("The model in a few rules", _surrogate(m, view) if view else None),
        section("How it is stored", _stored(m)),
    ]
    return Document("08-best-model", "The model", lead, tuple(each for each in sections if each.blocks))


def members(m: Material) -> list[Block]:
    """The models that the scorer is made of, with their settings."""
    report = m.node("ensemble.json")
    if not report:
        return [absent(m, "The members", "experimentation.ensembles")]
    accepted = m.answer("ensemble.accept").value
    taken = report["recommended"].value if accepted is None else accepted
    chosen = report["members"] if taken and len(report["members"]) > 1 else report["single_members"]
    rows: list[tuple[Cell, ...]] = [
        ((each["label"].as_("text"),), (each["weight"].as_("pct"),), (each["params"].as_(),)) for each in chosen
    ]
    return [Table((Column("model"), Column("weight", "number"), Column("setting")), tuple(rows))]


def importance_plot(view: Node, most: int = 12) -> str:
    """Columns by what they are worth to the model, as a drawing."""
    rows = [
        Dot(each["column"], each["value"], each["lower"], each["upper"], place < 3)
        for place, each in enumerate(list(view["importances"])[:most])
    ]
    return dots(rows, "importance of columns", "num")


def importances(view: Node) -> list[Block]:
    """What drives the model, with how to read it."""
    if not view["importances"]:
        return [Missing("What drives it", words("could not be told: shuffling any column changes nothing."))]
    caption = line(
        "By how much the loss rises when a column's values are shuffled, on {n|int} rows; the wider the line, "
        "the less certain.",
        n=view["rows"],
    )
    return [Plot(importance_plot(view), caption)]


def _dependence(view: Node) -> list[Block]:
    plots = []
    for each in view["dependences"]:
        points = list(each["points"])
        if len(points) < 2:
            continue
        if each["kind"].text == "number":
            curve = Curve(
                x=[point["at"].number or 0.0 for point in points],
                y=[point["mean"].number or 0.0 for point in points],
                lower=[point["low"].number or 0.0 for point in points],
                upper=[point["high"].number or 0.0 for point in points],
                accent=True,
            )
            svg = curves([curve], "prediction along the column", each["points"], x_words="", y_words="", height=170)
        else:
            svg = dots(
                [Dot(point["at"], point["mean"], point["low"], point["high"], True) for point in points],
                "prediction by level",
                "num",
            )
        plots.append(Plot(svg, (each["label"].as_("text"),)))
    if not plots:
        return []
    caption = line(
        "The mean {output|words} as one column is changed and all others stay as they are; the band holds the "
        "middle half of the rows.",
        output=view["output"],
    )
    return [Multiples(tuple(plots), caption)]


def _surrogate(m: Material, view: Node) -> list[Block]:
    tree = view["surrogate"]
    if not tree["leaves"]:
        return []
    rows: list[tuple[Cell, ...]] = []
    for leaf in tree["leaves"]:
        conditions: list[Line] = [m.said(each) for each in leaf["conditions"]]
        rows.append(
            (
                joined(conditions, " and ") or words("all rows"),
                (leaf["prediction"].as_("num"),),
                (leaf["share"].as_("pct"),),
            )
        )
    caption = line(
        "A small tree that imitates the model and explains {share|pct} of how its predictions vary: a sketch, "
        "not the model.",
        share=tree["fidelity"],
    )
    return [Table((Column("where"), Column("prediction", "number"), Column("rows", "number")), tuple(rows), caption)]


def threshold_plot(curve: Node, chosen: Node | None = None) -> list[Block]:
    """Expected cost over the threshold, the recommended one marked."""
    points = list(curve["points"])
    if len(points) < 2:
        return []
    x = [point["threshold"].number or 0.0 for point in points]
    marks = [Mark(chosen, "chosen")] if chosen is not None and chosen.number is not None else []
    what = (
        line(
            "Expected cost per row over the threshold, at {fp|num} for a false alarm and {fn|num} for a miss, on "
            "{n|int} out-of-fold rows.",
            fp=curve["false_positive_cost"],
            fn=curve["false_negative_cost"],
            n=curve["rows"],
        )
        if curve["costs_stated"].value
        else line(
            "Expected cost per row over the threshold; no costs were stated, so each error counts one. {n|int} "
            "out-of-fold rows.",
            n=curve["rows"],
        )
    )
    called = Curve(x, [point["selection_rate"].number or 0.0 for point in points], accent=True)
    share = curves(
        [called],
        "selection rate by threshold",
        curve["points"],
        x_words="threshold",
        y_words="share called positive",
        y_style="pct",
        x_range=(0, 1),
        marks=marks,
    )
    drawn = (Plot(cost_plot(curve, chosen), words("What it costs")), Plot(share, words("How many it calls positive")))
    return [Multiples(drawn, what)]


def cost_plot(curve: Node, chosen: Node | None = None) -> str:
    """Expected cost per row over the threshold."""
    points = list(curve["points"])
    x = [point["threshold"].number or 0.0 for point in points]
    cost = Curve(x, [point["cost"].number or 0.0 for point in points], accent=True)
    marks = [Mark(chosen, "chosen")] if chosen is not None and chosen.number is not None else []
    return curves(
        [cost],
        "cost by threshold",
        curve["points"],
        x_words="threshold",
        y_words="cost per row",
        x_range=(0, 1),
        marks=marks,
    )


def _decides(m: Material) -> list[Block]:
    report = m.node("optimisation.json")
    threshold = report["threshold"]
    curve = m.node("threshold_curve.json")
    blocks: list[Block] = []
    if threshold.number is not None:
        blocks.append(
            Paragraph(
                line(
                    "A case is called positive from a probability of {threshold|ratio} on. The threshold was "
                    "chosen on out-of-fold predictions and does not move afterwards.",
                    threshold=threshold,
                )
            )
        )
    if curve:
        blocks += threshold_plot(curve, threshold)
    if not blocks:
        blocks.append(Paragraph(words("The likeliest class, or the number itself: there is no threshold to choose.")))
    return blocks


def _stored(m: Material) -> list[Block]:
    scorer = m.node("scorer/scorer.json")
    if not scorer:
        return [absent(m, "The scorer", STEP)]
    items: list[tuple[Line, Line]] = []
    for each in scorer["members"]:
        items.append(
            (
                (each["file"].as_("text"),),
                line("{format|words}, weight {weight|num}", format=each["format"], weight=each["weight"]),
            )
        )
    notes = (
        words(
            "Raw rows go in, predictions come out: cleaning, features, model, calibration and threshold in one folder."
        ),
        words("Nothing in it runs code when it is loaded."),
        words("Every score from here on goes through it: holdout, stress, predict and endpoint."),
    )
    return [Definitions(tuple(items)), Bullets(notes)]
