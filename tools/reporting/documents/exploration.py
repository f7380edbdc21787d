"""Deliverable 03: what a person would look at first, drawn from the training rows, and the executed notebook."""

from __future__ import annotations

from tools.reporting.blocks import absent, finding_of, section
from tools.reporting.material import Material, Node, line
from tools.reporting.plots import Bar, Curve, Dot, Mark, Outline, bars, curves, dots, heat, histogram
from tools.reporting.sections import (
    Block,
    Definitions,
    Document,
    Fold,
    Link,
    Listing,
    Multiples,
    Paragraph,
    Plot,
    Raster,
    Words,
    words,
)

STEP = "preparation.exploration"
LUMPED = ("other levels", "missing")


def build(m: Material) -> Document:
    """The exploration as a page."""
    view = m.node("exploration.json")
    lead = m.summary(STEP) or words("What a person would look at first.")
    if not view:
        return Document(
            "03-eda-notebook",
            "Exploration",
            lead,
            (section("Exploration", absent(m, "The exploration", STEP)),),
        )
    sections = [
        section("What stands out", finding_of(m, STEP)[1:] or None, _scope(view)),
        section("Which columns tell something", _ranking(view)),
        section("Their shapes", _shapes(view)),
        section("Numbers that move together", _together(view)),
        section("The notebook", _notebook(m)),
    ]
    return Document("03-eda-notebook", "Exploration", lead, tuple(sections))


def shapes(view: Node, most: int = 6) -> Multiples:
    """The strongest columns as small plots on this page and in the dossier."""
    return Multiples(tuple(Plot(_draw(each, view), (each["column"].as_("text"),)) for each in _drawable(view)[:most]))


def _scope(view: Node) -> Paragraph:
    if view["focus"]:
        return Paragraph(
            line(
                "All of this rests on {rows|int} training rows, of which {rate|pct} are {focus}. Validation and "
                "test rows are not in it.",
                rows=view["rows"],
                rate=view["overall"]["rate"],
                focus=view["focus"],
            )
        )
    return Paragraph(
        line(
            "All of this rests on {rows|int} training rows, with a mean {target} of {rate|num}. Validation and "
            "test rows are not in it.",
            rows=view["rows"],
            target=view["target"],
            rate=view["overall"]["rate"],
        )
    )


def _ranking(view: Node) -> list[Block]:
    ranked = list(view["associations"])[:15]
    if not ranked:
        return [Paragraph(words("No column varies beside the target."))]
    rows = [Bar(each[0], each[1], place < 3) for place, each in enumerate(ranked)]
    what = (
        words("Adjusted share of the target's variance that each column accounts for alone.")
        if view["task"].text == "regression"
        else words("Association of each column alone with the target: bias-corrected Cramér's V, from nought to one.")
    )
    return [Plot(bars(rows, "association of columns with the target", "ratio"), what)]


def _drawable(view: Node) -> list[Node]:
    return [each for each in view["views"] if each["histogram"] or len(each["levels"]) > 1]


def _shapes(view: Node) -> list[Block]:
    shown = _drawable(view)
    if not shown:
        return [Paragraph(words("No column has a shape worth drawing."))]
    caption = (
        line(
            "Numbers by class; for levels and periods the share of {focus} with its interval, the dotted line is "
            "the share over all rows.",
            focus=view["focus"],
        )
        if view["focus"]
        else line(
            "The mean of {target} by level, tenth or period, with its interval; the dotted line is the mean over "
            "all rows.",
            target=view["target"],
        )
    )
    plots = tuple(Plot(_draw(each, view), (each["column"].as_("text"),)) for each in shown)
    return [Multiples(plots, caption)]


def _draw(each: Node, view: Node) -> str:
    kind = each["kind"].text
    if kind == "number" and view["task"].text != "regression":
        return _by_class(each, view)
    if kind in ("number", "time") or (kind == "steps" and len(each["levels"]) > 8):
        return _along(each, view)
    style = "pct" if view["focus"] else "num"
    levels = list(each["levels"])
    if kind == "levels":
        # nominal levels by rate, so that the eye finds both ends; what is lumped together stays last
        levels.sort(key=lambda level: (level["label"].text in LUMPED, -(level["rate"].number or 0.0)))
    rows = [Dot(level["label"], level["rate"], level["lower"], level["upper"], True) for level in levels]
    return dots(rows, "target by level", style, Mark(view["overall"]["rate"], "all", style), label_width=104)


def _by_class(each: Node, view: Node) -> str:
    shape = each["histogram"]
    outlines = [
        Outline(name, [float(share) for share in shares.value], name.text == view["focus"].text)
        for name, shares in zip(shape["classes"], shape["shares"], strict=True)
    ]
    return histogram(shape["edges"].value, outlines, "distribution by class", shape)


def _along(each: Node, view: Node) -> str:
    """The target along a number's tenths, whole values or periods."""
    style = "pct" if view["focus"] else "num"
    levels = [
        level for level in each["levels"] if level["rate"].number is not None and level["start"].number is not None
    ]
    whole = all(level["lower"].number is not None and level["upper"].number is not None for level in levels)
    curve = Curve(
        x=[level["start"].number or 0.0 for level in levels],
        y=[level["rate"].number or 0.0 for level in levels],
        lower=[level["lower"].number or 0.0 for level in levels] if whole else (),
        upper=[level["upper"].number or 0.0 for level in levels] if whole else (),
        accent=True,
        points=True,
    )
    time = each["kind"].text == "time"
    return curves(
        [curve],
        "target along the column",
        each,
        x_words="period" if time else "",
        y_words="",
        y_style=style,
        height=170,
        x_labels=[(float(place), level["label"]) for place, level in enumerate(levels) if place in (0, len(levels) - 1)]
        if time
        else (),
    )


def _together(view: Node) -> list[Block]:
    names = list(view["correlated"])[:8]
    if len(names) < 2:
        return [Paragraph(words("There are not two number columns to compare."))]
    cells = [[view["correlations"][row][column] for column in range(len(names))] for row in range(len(names))]
    blocks: list[Block] = [
        Plot(
            heat(names, names, cells, "rank correlations", "ratio"),
            words("Spearman's rank correlation; the darker, the closer."),
        ),
    ]
    pairs = [
        (line("{left} and {right}", left=each["left"], right=each["right"]), (each["spearman"].as_("ratio"),))
        for each in view["pairs"]
    ]
    if pairs:
        blocks.append(Definitions(tuple(pairs[:10])))
    return blocks


def _notebook(m: Material) -> list[Block]:
    path = m.files.get("notebook.ipynb")
    if path is None:
        return [absent(m, "The notebook", STEP)]
    from tools.reporting.notebook import read

    blocks: list[Block] = [
        Paragraph(
            (
                Words("The same as a notebook that ran on these rows: "),
                Link("03-eda-notebook.ipynb", (Words("open it"),)),
                Words(", or read its cells here."),
            )
        )
    ]
    inside: list[Block] = []
    for place, cell in enumerate(read(path.read_text(encoding="utf-8"))):
        if cell.kind == "markdown":
            continue
        inside.append(Listing(cell.source))
        inside += [Listing(text, evidence=f"notebook.ipynb#/cells/{place}/outputs") for text in cell.texts]
        inside += [Raster(png, "plot made by the cell above") for png in cell.pngs]
    return [*blocks, Fold(words("The notebook's cells, results and plots"), tuple(inside))]
