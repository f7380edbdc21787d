"""The three numbers that carry the verdict: how good, what for, and what still stands open."""

from __future__ import annotations

from typing import cast

from tools.records import MetricValue
from tools.reporting.blocks import metric_name, metrics_of
from tools.reporting.material import Material, Node, line
from tools.reporting.sections import Block, KeyFigure, KeyFigures, Line, Words, joined, words

CARRIED = 3


def figures(m: Material) -> list[Block]:
    """The three numbers that carry the verdict, the furthest evidence first."""
    found: list[KeyFigure] = []
    for make in (_primary, _gain, _passed, _latency, _base_rate, _rows):
        figure = make(m)
        if figure is not None and len(found) < CARRIED:
            found.append(figure)
    return [KeyFigures(tuple(found))] if found else []


def _furthest(m: Material) -> tuple[str, MetricValue] | None:
    """The primary metric where it was measured latest: test, validation, out of fold, baseline."""
    name = m.node("criteria.json")["primary"]["metric"].text
    order = (("test", "scorer"), ("validation", "scorer"), ("oof", "scorer"))
    for partition, model in order:
        for step, metric in metrics_of(m, m.outcomes, (partition,), (model,), (name,)):
            return step, metric
    own = metrics_of(m, ("experimentation.cross_validation", "preparation.baseline"), metrics=(name,))
    kept = [(step, metric) for step, metric in own if metric.model != "trivial" and metric.value is not None]
    if not kept:
        return None
    from tools.evaluation.metrics import METRICS

    sign = 1 if name not in METRICS or METRICS[name].greater_is_better else -1
    first = kept[0][0]
    return max(
        ((step, metric) for step, metric in kept if step == first),
        key=lambda pair: sign * cast(float, pair[1].value),
    )


def _primary(m: Material) -> KeyFigure | None:
    found = _furthest(m)
    if found is None:
        return None
    step, metric = found
    base = f"{step}/{metric.id}"
    where = {
        "test": "on test rows",
        "validation": "on validation rows",
        "oof": "out of fold",
        "train": "on training rows",
    }
    whose = Words("") if metric.model == "scorer" else m.number(f"{base}.model", "words")
    label = line(f"{{metric}} {where[metric.partition]}", metric=metric_name(metric.metric))
    if metric.model != "scorer":
        label = (*label, Words(", "), whose)
    detail: Line = ()
    if metric.lower is not None and metric.upper is not None:
        detail = line("{low|num} to {high|num}", low=m.fact(f"{base}.lower"), high=m.fact(f"{base}.upper"))
    bound = m.node("criteria.json")["primary"]
    if bound["bound"].value is not None:
        from tools.evaluation.metrics import METRICS

        sign = "at least" if name_of(bound) not in METRICS or METRICS[name_of(bound)].greater_is_better else "at most"
        opening = "; " if detail else ""
        detail = (*detail, *line(f"{opening}required {sign} {{bound|num}}", bound=bound["bound"]))
    return KeyFigure(m.number(f"{base}.value", "num"), label, detail)


def name_of(bound: Node) -> str:
    """The metric of a requirement."""
    return bound["metric"].text


def _gain(m: Material) -> KeyFigure | None:
    """What the model's decisions cost beside today's policy or the baseline; before that, its gain in the metric."""
    report = m.node("business.json")
    for each in report["policies"]:
        if each["name"].text == report["against"].text and each["saving"]["value"].number is not None:
            numbers = m.node("criteria.json")["task"].text == "regression"
            what = "error" if numbers else "errors"
            if report["stated"].value:
                what = "cost of errors" if numbers else "expected cost"
            label = line(
                f"{what} per {{unit}}; {{policy}} {{theirs|num}}",
                unit=report["unit"], policy=each["label"], theirs=each["cost"]["value"],
            )  # fmt: skip
            return KeyFigure(report["policies"][0]["cost"]["value"].as_("num"), label, _difference(each["saving"]))
    gain = m.fact("validation.holdout/gain")
    if gain.number is not None:
        limits = line(
            "{low|num} to {high|num}",
            low=m.fact("validation.holdout/gain_lower"),
            high=m.fact("validation.holdout/gain_upper"),
        )
        return KeyFigure(gain.as_("num"), words("gain over the baseline"), limits)
    return None


def _difference(saving: Node) -> Line:
    """A saving with its interval, and whether it may be chance."""
    lower, upper = saving["lower"].number, saving["upper"].number
    if lower is None or upper is None:
        return ()
    words_of = "saves" if lower > 0 else "costs more: saves" if upper < 0 else "may be chance: saves"
    return line(
        f"{words_of} {{value|num}} ({{low|num}} to {{high|num}})",
        value=saving["value"], low=saving["lower"], high=saving["upper"],
    )  # fmt: skip


def _passed(m: Material) -> KeyFigure | None:
    """How many checks pass, and what the others do."""
    step = "validation.review"
    passed, whole = m.fact(f"{step}/checks_pass"), m.fact(f"{step}/checks")
    if passed.number is None or whole.number is None:
        return None
    others = []
    for state, words_of in (
        ("fail", "{n|int} failed"),
        ("insufficient", "{n|int} open for lack of evidence"),
        ("warn", "{n|int} to watch"),
    ):
        count = m.fact(f"{step}/checks_{state}")
        if count.number:
            others.append(line(words_of, n=count))
    return KeyFigure(passed.as_("int"), line("of {n|int} checks pass", n=whole), joined(others))


def _latency(m: Material) -> KeyFigure | None:
    measured = m.node("slo.json")["measured"]["p95_ms"]
    if measured.number is None:
        return None
    return KeyFigure(measured.as_("ms"), words("within which nineteen of twenty answers came"))


def _base_rate(m: Material) -> KeyFigure | None:
    rate, focus = m.fact("preparation.exploration/base_rate"), m.fact("preparation.exploration/focus")
    if rate.number is None:
        return None
    if focus:
        return KeyFigure(rate.as_("pct"), line("of training rows are {focus}", focus=focus))
    return KeyFigure(
        rate.as_("num"),
        line("mean {target} in the training rows", target=m.fact("preparation.exploration/target")),
    )


def _rows(m: Material) -> KeyFigure | None:
    parts = m.node("split.json")["parts"]
    if not parts:
        rows = m.node("record.json")["run"]["rows"]
        return KeyFigure(rows.as_("int"), words("rows in the source")) if rows.number is not None else None
    if not parts["test"]:
        return KeyFigure(parts["train"]["rows"].as_("int"), words("training rows"))
    detail = line(
        "{train|int} to learn from, {validation|int} to validate",
        train=parts["train"]["rows"],
        validation=parts["validation"]["rows"],
    )
    return KeyFigure(parts["test"]["rows"].as_("int"), words("test rows, sealed until phase validation"), detail)
