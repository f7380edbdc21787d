"""Deliverable 06: everything that was tried, as a page of our own, and how to open it in MLflow."""

from __future__ import annotations

from tools.reporting.blocks import absent, decided, finding_of, metric_label, metric_name, section
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Curve, curves
from tools.reporting.sections import (
    Block,
    Bullets,
    Cell,
    Column,
    Definitions,
    Document,
    Fold,
    Listing,
    Missing,
    Multiples,
    Paragraph,
    Plot,
    Table,
    words,
)


def build(m: Material) -> Document:
    """The experiment dashboard."""
    trials = m.node("trials.json")
    lead = m.summary("experimentation.tuning") or words("Everything that was tried.")
    sections = [
        section(
            "Candidates",
            finding_of(m, "experimentation.algorithms")[:1],
            _candidates(m),
            decided(m, ("search.families", "search.trials", "search.max_seconds")),
        ),
        section("The search", finding_of(m, "experimentation.tuning")[1:], _search(m, trials)),
        section("The best setting of each family", _tuned(m)),
        section("All trials", _all(m, trials)),
        section(
            "In MLflow",
            Paragraph(
                words("The same trials are written to an MLflow store in the workspace. Where MLflow is installed:")
            ),
            Listing("mlflow ui --backend-store-uri sqlite:///phasegate/mlflow.db"),
        ),
    ]
    return Document("06-experiment-dashboard", "Experiments", lead, tuple(sections))


def _candidates(m: Material) -> list[Block]:
    report = m.node("candidates.json")
    if not report:
        return [absent(m, "The candidates", "experimentation.algorithms")]
    items = []
    for each in report["candidates"]:
        reasons = [m.said(reason) for reason in [*each["reasons_for"], *each["reasons_against"]]]
        state = words("searched" if each["chosen"].value else "not searched")
        text = state
        for reason in reasons:
            text = (*text, *words("; "), *reason)
        items.append(((each["label"].as_("text"),), text))
    return [Definitions(tuple(items))]


def _search(m: Material, trials: Node) -> list[Block]:
    if not trials:
        return [absent(m, "The search", "experimentation.tuning")]
    name = trials["metric"].text
    blocks: list[Block] = [
        Paragraph(
            line(
                "{n|int} settings were tried on {rows|int} rows in {folds|int} folds, judged by {metric}.",
                n=trials["trials"].count,
                rows=trials["rows"],
                folds=trials["folds"],
                metric=metric_name(name),
            )
        )
    ]
    if trials["stopped_by_clock"].value:
        blocks.append(Bullets((words("The time that was allowed ended the search, not the number of settings."),)))
    plots = []
    for family in _families(trials):
        done = [
            each for each in trials["trials"] if each["family"].text == family.text and each["loss"].number is not None
        ]
        if len(done) < 2:
            continue
        losses = [each["loss"].number or 0.0 for each in done]
        best = [min(losses[: place + 1]) for place in range(len(losses))]
        numbers = [each["number"].number or 0.0 for each in done]
        lines = [Curve(numbers, losses, points=True, dashed=True), Curve(numbers, best, accent=True)]
        plots.append(
            Plot(
                curves(
                    lines,
                    "loss by trial, and the best so far",
                    trials["trials"],
                    x_words="trial",
                    y_words="loss",
                    height=190,
                    y_range=_range(trials),
                ),
                (family.as_("words"),),
            )
        )
    if plots:
        caption = line(
            "Each setting's loss ({metric}, turned so that lower is better) in order of trial; the line is the "
            "best so far.",
            metric=metric_name(name),
        )
        blocks.append(Multiples(tuple(plots), caption))
    return blocks


def _families(trials: Node) -> list[Node]:
    found: dict[str, Node] = {}
    for each in trials["trials"]:
        found.setdefault(each["family"].text, each["family"])
    return [found[name] for name in sorted(found)]


def _range(trials: Node) -> tuple[float, float]:
    """One scale for all families; the worst tenth of settings may leave it."""
    losses = sorted(each["loss"].number or 0.0 for each in trials["trials"] if each["loss"].number is not None)
    high = losses[min(len(losses) - 1, int(len(losses) * 0.95))]
    room = (high - losses[0]) * 0.1 or 0.01
    return losses[0] - room, high + room


def _tuned(m: Material) -> list[Block]:
    tuned = m.node("tuned.json")
    if not tuned:
        return [absent(m, "The best settings", "experimentation.tuning")]
    label = metric_label(tuned["metric"].text)
    rows: list[tuple[Cell, ...]] = [
        (
            (each["label"].as_("text"),),
            (each["loss"].as_("num"),),
            (each["default_loss"].as_("num"),),
            (each["trials"].as_("int"),),
            (each["params"].as_(),),
        )
        for each in tuned["families"]
    ]
    caption = words(
        "Loss out of fold during the search, lower is better; beside it the loss of the family's standard setting."
    )
    columns = (
        Column("family"),
        Column("loss", "number"),
        Column("standard", "number"),
        Column("trials", "number"),
        Column("setting"),
    )
    return [Table(columns, tuple(rows), caption)] if label else []


def _all(m: Material, trials: Node) -> list[Block]:
    if not trials:
        return [absent(m, "The trials", "experimentation.tuning")]
    rows: list[tuple[Cell, ...]] = [
        (
            (each["number"].as_("int"),),
            (each["family"].as_("words"),),
            (each["state"].as_("text"),),
            (each["loss"].as_("num"),) if each["loss"].number is not None else (),
            (each["params"].as_(),),
        )
        for each in trials["trials"]
    ]
    if not rows:
        return [Missing("The trials", words("are none: no setting was tried."))]
    columns = (
        Column("trial", "number"),
        Column("family"),
        Column("state"),
        Column("loss", "number"),
        Column("setting"),
    )
    return [Fold(line("All {n|int} trials", n=trials["trials"].count), (Table(columns, tuple(rows)),))]
