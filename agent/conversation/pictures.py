"""The picture of a finished step: its main finding as bars, a curve or a table, drawn from its stored artifacts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent.conversation.parts import Bars, Curve, Grid, Part, interval
from agent.conversation.view import metric_label, record
from agent.conversation.what_if import curve
from agent.position import Position
from agent.wording import foremost
from tools.wording import Sentence, inert, plural, show
from workspace.errors import WorkspaceError

Parts = tuple[Part, ...]
MOST = 8
"""How many bars or rows a picture has at most."""
_STATUS = {"fail": "fails", "warn": "warns", "insufficient": "too little evidence"}


def picture(position: Position, step: str) -> Parts:
    """What is worth seeing of a finished step, the foremost part first; nothing where nothing is.

    Only numbers that stand in the step's own artifacts and in the criteria are drawn.
    """
    draw = PICTURES.get(step)
    if draw is None or step not in position.steps:
        return ()
    try:
        return draw(position)
    except WorkspaceError:  # what the step wrote is no longer in the store
        return ()


def _name(text: Any) -> str:
    return inert(str(text), 40)


def _bars(title: str, rows: Iterable[tuple[str, Any, str]], most: int = MOST) -> Parts:
    """Bars of those rows that have a value; fewer than one are no picture."""
    found = [(_name(label), float(value), text) for label, value, text in rows if value is not None]
    return (Bars(title, tuple(found[:most])),) if found else ()


def _measured(label: Any, held: Mapping[str, Any] | None, style: str = "num") -> tuple[str, Any, str]:
    return str(label), held and held["value"], interval(held, style)


# ── preparation ─────────────────────────────────────────────────────────────


def _discovery(position: Position) -> Parts:
    found = [one for one in position.json("profile.json")["columns"] if one["missing_share"]]
    found.sort(key=lambda one: -float(one["missing_share"]))
    rows = ((one["name"], one["missing_share"], show(float(one["missing_share"]), "pct")) for one in found)
    return _bars("missing values, share of rows", rows)


def _split(position: Position) -> Parts:
    parts = position.json("split.json")["parts"]
    classes = {str(name): int(rows) for name, rows in parts["train"]["classes"].items()}
    if classes:
        whole = sum(classes.values()) or 1
        rows = ((name, count, f"{show(count)}  {show(count / whole, 'pct')}") for name, count in classes.items())
        return _bars("training rows by class", rows)
    if parts["train"]["starts"] is None:
        return ()
    spans = tuple(
        (name, show(int(parts[name]["rows"])), _name(parts[name]["starts"]), _name(parts[name]["ends"]))
        for name in ("train", "validation", "test")
        if name in parts
    )
    return (Grid(("rows", "", "from", "to"), spans),)


def _leakage(position: Position) -> Parts:
    held = position.json("leakage.json")
    suspects = {one["column"]: one["score"] for one in held["suspects"] if one.get("score")}
    if not suspects:
        return ()
    others = [(name, score) for name, score in held["strengths"].items() if name not in suspects and score]
    others.sort(key=lambda one: -float(one[1]["value"] or 0.0))
    metric = metric_label(position, str(next(iter(suspects.values()))["metric"]))
    rows = [
        *(_measured(f"{_name(name)} (suspected)", score) for name, score in suspects.items()),
        *(_measured(name, score) for name, score in others[:3]),
    ]
    return _bars(f"{metric} of one column alone, training rows", rows)


def _exploration(position: Position) -> Parts:
    held = position.json("exploration.json")
    telling = set(held["telling"])
    rows = ((name, value, show(float(value), "num")) for name, value in held["associations"] if name in telling)
    return _bars(f"association with {_name(held['target'])}, 0 to 1, training rows", rows)


def _cleaning(position: Position) -> Parts:
    changes = [one for one in position.json("changes.json")["changes"] if one["rule"] != "drop" and one["rows"]]
    changes.sort(key=lambda one: -int(one["rows"]))
    rows = (
        (f"{one['column']}: {one['rule']}" if one["column"] else one["rule"], one["rows"], show(int(one["rows"])))
        for one in changes
    )
    return _bars("training rows changed", rows)


def _baseline(position: Position) -> Parts:
    held = position.json("baseline.json")
    metric = str(held["metric"])
    rows = (_measured(one["label"], one["metrics"].get(metric)) for one in held["models"])
    return (*_bars(f"{metric_label(position, metric)}, training rows, out of fold", rows), *_learning(position, held))


def _learning(position: Position, held: Mapping[str, Any]) -> Parts:
    learning = held.get("learning")
    points = [one for one in (learning or {}).get("points", ()) if one["value"] is not None]
    if learning is None or len(points) < 3:
        return ()
    title = f"{metric_label(position, str(learning['metric']))} of {_name(learning['family'])} by training rows"
    return (Curve(title, tuple(float(one["rows"]) for one in points), tuple(float(one["value"]) for one in points)),)


# ── experimentation ─────────────────────────────────────────────────────────


def _tuning(position: Position) -> Parts:
    held = position.json("trials.json")
    facts = position.facts("experimentation.tuning")
    found = [(int(one["number"]), float(one["loss"])) for one in held["trials"] if one["loss"] is not None]
    if len(found) < 2 or facts.get("best") is None:
        return ()
    # a metric of which more is better is searched as what is missing to one; the stored best tells which it was
    lowest, best = min(loss for _, loss in found), float(facts["best"])
    turned = abs(1 - lowest - best) < abs(lowest - best)
    so_far: list[float] = []
    for _, loss in found:
        so_far.append(min(loss, so_far[-1]) if so_far else loss)
    line = Curve(
        f"best {metric_label(position, str(held['metric']))} so far, by trial",
        tuple(float(number + 1) for number, _ in found),
        tuple(1 - loss if turned else loss for loss in so_far),
    )
    families = position.json("tuned.json")["families"]
    rows = tuple(
        (
            _name(one["label"]),
            show(int(one["trials"])),
            show(float(1 - one["loss"] if turned else one["loss"]), "num"),
            _settings(one["params"]),
        )
        for one in families[:MOST]
    )
    return line, Grid(("family", "trials", "best", "settings"), rows)


def _settings(params: Mapping[str, Any]) -> str:
    return inert(", ".join(f"{key} {show(value)}" for key, value in params.items()), 80)


def _cross_validation(position: Position) -> Parts:
    held = position.json("comparison.json")
    metric = str(held["metric"])
    rows = (_measured(one["label"], one["metrics"].get(metric)) for one in held["models"])
    return _bars(f"{metric_label(position, metric)}, training rows, out of fold", rows)


def _ensembles(position: Position) -> Parts:
    held = position.json("ensemble.json")
    if not held["recommended"] or len(held["members"]) < 2:
        return ()
    rows = ((one["label"], one["weight"], show(float(one["weight"]), "pct")) for one in held["members"])
    return _bars("weight in the mixture", rows)


def _interpretation(position: Position) -> Parts:
    held = position.json("interpretation.json")
    rows = (_measured(one["column"], one) for one in held["importances"] if (one["value"] or 0.0) > 0)
    return _bars("what shuffling a column costs, in loss on validation rows", rows)


def _error_analysis(position: Position) -> Parts:
    held = position.json("errors.json")
    return (*_threshold(position), *_slices(held), *_calibration(held.get("calibration"), "training rows, out of fold"))


def _threshold(position: Position) -> Parts:
    held = curve(position)
    if held is None:
        return ()
    marks = [("recommended", held.recommended)]
    if held.decided is not None and held.decided != held.recommended:
        marks.append(("decided", held.decided))
    x = tuple(point.threshold for point in held.points)
    return (Curve("expected cost per row by threshold", x, tuple(point.cost for point in held.points), tuple(marks)),)


def _slices(held: Mapping[str, Any]) -> Parts:
    found = [one for one in held["slices"] if one["significant"]]
    rows = [
        (
            str(Sentence.model_validate(one["rule"])),
            one["loss"],
            f"{show(float(one['loss']), 'num')}, {show(int(one['rows']))} {plural(int(one['rows']), 'row')}",
        )
        for one in found
    ]
    if rows:
        rows.append(("all rows", held["mean_loss"], show(float(held["mean_loss"]), "num")))
    return _bars(f"{held['loss_unit']} where the model errs most", rows)


def _calibration(held: Mapping[str, Any] | None, where: str) -> Parts:
    bins = [one for one in (held or {}).get("bins", ()) if one["observed"] is not None]
    if len(bins) < 3:
        return ()
    x = tuple(float(one["predicted"]) for one in bins)
    return (Curve(f"observed by predicted, {where}", x, tuple(float(one["observed"]) for one in bins)),)


# ── validation ──────────────────────────────────────────────────────────────

_PARTITIONS = {"oof": "training, out of fold", "train": "training", "validation": "validation"}


def _holdout(position: Position) -> Parts:
    held = position.json("holdout.json")
    primary = position.json("criteria.json")["primary"]
    rows = [_measured("test", held["primary"])]
    if primary.get("bound") is not None:
        rows.append(("required", primary["bound"], show(float(primary["bound"]), "num")))
    rows += [_measured(_PARTITIONS.get(one["partition"], one["partition"]), one) for one in held["comparisons"]]
    label = metric_label(position, str(primary["metric"]))
    gains = tuple(
        (
            _name(one["label"]),
            show(one["baseline_value"], "num"),
            interval(one["gain"]),
            "required to gain" if one["judged"] else "",
        )
        for one in held["gains"]
    )
    beside = (Grid(("against", label, "gain", ""), gains, "gain of the model, test rows"),) if gains else ()
    title = f"{label} by rows" + (", beside what is required" if primary.get("bound") is not None else "")
    return (*_bars(title, rows), *beside, *_calibration(held["calibration"], "test rows"))


def _fairness(position: Position) -> Parts:
    parts: list[Part] = []
    for attribute in position.json("fairness.json")["attributes"]:
        if attribute["crossed"]:
            continue
        rows = []
        for group in attribute["groups"]:
            rate = next((one for one in group["rates"] if one["name"] == "selection_rate"), None)
            if rate is None or rate["value"] is None:
                continue
            small = ", too few to judge" if group["status"] == "insufficient" else ""
            counted = f"{show(int(group['rows']))} {plural(int(group['rows']), 'row')}{small}"
            rows.append((group["name"], rate["value"], f"{show(float(rate['value']), 'pct')}, {counted}"))
        if len(rows) > 1:
            parts += _bars(f"selection rate by {_name(attribute['name'])}, test rows", rows)
    return tuple(parts)


def _robustness(position: Position) -> Parts:
    held = position.json("robustness.json")
    undisturbed = held["undisturbed"]
    if undisturbed is None:
        return ()
    measured = [one for one in held["trials"] if one["metric"] is not None]
    noise = [one for one in measured if one["kind"] == "noise"]
    others = [one for one in measured if one["kind"] != "noise"]
    others.sort(key=lambda one: -abs(float(one["metric"]) - float(undisturbed)))
    rows = [("undisturbed", undisturbed, show(float(undisturbed), "num"))]
    rows += [(f"noise, {one['size']:g} of the spread", one["metric"], show(one["metric"], "num")) for one in noise]
    rows += [
        (f"{one['column']}: {one['kind']}" if one["column"] else one["kind"], one["metric"], show(one["metric"], "num"))
        for one in others[: MOST - len(rows)]
    ]
    return _bars(f"{metric_label(position, str(held['metric']))} of disturbed test rows", rows)


def _stress(position: Position) -> Parts:
    limit = (position.json("criteria.json").get("limits") or {}).get("latency_p95_ms")
    rows = [
        (f"{show(one['rps'])} a second", one["p95_ms"], show(one["p95_ms"], "ms"))
        for one in position.json("stress.json")["loads"]
        if one["p95_ms"] is not None
    ]
    if rows and limit is not None:
        rows.append(("required", limit, show(float(limit), "ms")))
    return _bars("latency, p95, by requests", rows)


def _business(position: Position) -> Parts:
    held = position.json("business.json")
    rows = (_measured(one["label"], one["cost"]) for one in held["policies"])
    return _bars(f"cost per {_name(held['unit'] or 'row')}, test rows", rows)


def _review(position: Position) -> Parts:
    found = foremost(one for one in position.json("verdict.json")["checks"] if one["status"] != "pass")
    rows = tuple(
        (_name(one["title"]), inert(str(Sentence.model_validate(one["measured"])), 80), _STATUS[one["status"]])
        for one in found
    )
    return (Grid(("check", "measured", ""), rows),) if rows else ()


# ── deployment ──────────────────────────────────────────────────────────────


def _performance(position: Position) -> Parts:
    styles = {"ms": "ms", "share": "pct"}
    rows = tuple(
        (
            _name(one["title"]),
            show(one["measured"], styles.get(one["unit"], "num")),
            show(one["target"], styles.get(one["unit"], "num")),
        )
        for one in position.json("slo.json")["objectives"]
        if one["measured"] is not None
    )
    return (Grid(("objective", "measured", "target"), rows),) if rows else ()


def _monitoring(position: Position) -> Parts:
    held = record(position, "monitoring.json")
    columns = [one for one in held["test_rows"]["columns"] if one["distance"] is not None]
    columns.sort(key=lambda one: -float(one["distance"]))
    rows = (
        (
            one["column"],
            one["distance"],
            f"{show(float(one['distance']), 'num')}, alarm from {show(one['threshold'], 'num')}",
        )
        for one in columns
    )
    return _bars("distance of the test rows from the model's own data", rows)


PICTURES: Mapping[str, Callable[[Position], Parts]] = {
    "preparation.discovery": _discovery,
    "preparation.split": _split,
    "preparation.leakage": _leakage,
    "preparation.exploration": _exploration,
    "preparation.cleaning": _cleaning,
    "preparation.baseline": _baseline,
    "experimentation.tuning": _tuning,
    "experimentation.cross_validation": _cross_validation,
    "experimentation.ensembles": _ensembles,
    "experimentation.interpretation": _interpretation,
    "experimentation.error_analysis": _error_analysis,
    "validation.holdout": _holdout,
    "validation.fairness": _fairness,
    "validation.robustness": _robustness,
    "validation.stress": _stress,
    "validation.business": _business,
    "validation.review": _review,
    "deployment.monitoring": _monitoring,
    "deployment.performance": _performance,
}
"""Step to what draws it; the picture of another step is one function and one line."""
