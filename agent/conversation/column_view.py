"""What may be told of one column: before the split its shape, after it the training rows' exploration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.conversation.parts import Bars, Grid, Part, Reply, Text, interval, marked, said
from agent.conversation.view import SessionView, columns, not_yet, opened, record
from agent.position import Position
from tools.wording import inert, show

SPLIT = "preparation.split"


def reply_profile(view: SessionView, column: str) -> Reply:
    """One column from the evidence that may be seen at this point of the run."""
    position = view.position
    if column not in columns(position):
        return said(f"There is no column {_called(column)} in the source.")
    target = position.answer("data.target")
    parts: list[Part] = []
    held = record(position, "exploration.json")
    if SPLIT in position.steps:
        parts += _explored(position, held, column)
    if SPLIT not in position.steps or opened(position):
        parts += _whole(position, column, column == target)
    if not parts:
        # between the split and the exploration nothing is told that the sealed rows had a part in
        parts = [Text(not_yet(position, "exploration.json", f"picture of {_called(column)} on training rows"))]
    return Reply(tuple(parts))


def _called(name: str) -> str:
    return f'"{marked(name, 80)}"'


# ── before the split, and once the vault is open: all rows, nothing of the target ──────────


def _whole(position: Position, column: str, is_target: bool) -> list[Part]:
    if not position.has("profile.json"):
        if SPLIT in position.steps:
            return []
        return [Text(not_yet(position, "profile.json", f"profile of {_called(column)}"))]
    if is_target:
        if SPLIT in position.steps:
            return []
        return [Text(f"{_called(column)} is the target; it is shown on training rows, once step exploration has run.")]
    found = next((one for one in position.json("profile.json")["columns"] if one["name"] == column), None)
    if found is None:
        return []
    lines = [
        f"{_called(column)}: {marked(str(found['role']))}, read as {marked(str(found['type']))};"
        f" {show(found['distinct'])} distinct values in {show(found['rows'])} rows of the file,"
        f" {_missing(found['missing_share'])}."
    ]
    if found["personal"]:
        lines.append(f"It carries personal data ({marked(str(found['personal']))}), so its values are not shown.")
        return [Text(line) for line in lines]
    if found["protected"]:
        lines.append(f"Its name speaks of a protected attribute ({marked(str(found['protected']))}).")
    if found["first"] is not None:
        lines.append(f"It runs from {marked(str(found['first']))} to {marked(str(found['last']))}.")
    parts: list[Part] = [Text(line) for line in lines]
    numbers = found["numbers"]
    if numbers and found["type"] in {"number", "integer"}:
        names = ("minimum", "lower_quartile", "median", "upper_quartile", "maximum", "mean", "deviation")
        rows = tuple((name.replace("_", " "), show(_number(numbers[name]))) for name in names)
        parts.append(Grid(("", "all rows of the file"), rows))
    if found["top"]:
        bars = tuple((inert(str(one["value"]), 40), float(one["rows"]), show(one["rows"])) for one in found["top"])
        parts.append(Bars("most frequent values, rows", bars))
    return parts


def _missing(share: float) -> str:
    return "none missing" if share == 0 else f"{show(share, 'pct')} missing"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


# ── training rows ───────────────────────────────────────────────────────────


def _explored(position: Position, held: Mapping[str, Any] | None, column: str) -> list[Part]:
    if held is None:
        return []
    for one in held["withheld"]:
        if one["column"] == column:
            return [Text(f"{_called(column)} is not shown: {marked(str(one['reason']))}.")]
    if column == held["target"]:
        return _target(held, column)
    found = next((one for one in held["views"] if one["column"] == column), None)
    strength = {str(name): float(value) for name, value in held["associations"]}.get(column)
    lines = []
    if found is not None:
        lines.append(
            f"{_called(column)} on the {show(held['rows'])} training rows: {show(found['distinct'])} distinct values,"
            f" {_missing(found['missing_share'])}."
        )
        if found["minimum"] is not None and found["kind"] != "time":
            lines.append(
                f"From {show(_number(found['minimum']))} to {show(_number(found['maximum']))},"
                f" median {show(_number(found['median']))}."
            )
    if strength is not None:
        beyond = "beyond chance" if column in held["telling"] else "not beyond chance"
        lines.append(
            f"Association of {_called(column)} with {_called(held['target'])}, 0 to 1:"
            f" {show(strength, 'num')}, {beyond}."
        )
    pairs = [one for one in held["pairs"] if column in {one["left"], one["right"]}]
    for one in pairs:
        other = one["right"] if one["left"] == column else one["left"]
        lines.append(f"It moves together with {_called(other)} (Spearman {show(one['spearman'], 'num')}).")
    if found is None:
        lines.append(
            "Its distribution is not drawn: only the columns of strongest association are."
            if strength is not None
            else f"{_called(column)} was not looked at in the exploration."
        )
        return [Text(line) for line in lines]
    return [*(Text(line) for line in lines), *_levels(held, found), *_histogram(held, found["histogram"], column)]


def _target(held: Mapping[str, Any], column: str) -> list[Part]:
    parts: list[Part] = [Text(f"{_called(column)} is the target; on the {show(held['rows'])} training rows:")]
    counts = held["class_counts"]
    if counts:
        bars = tuple((inert(str(name), 40), float(rows), show(rows)) for name, rows in counts.items())
        parts.append(Bars("rows by class", bars))
    return [*parts, *_histogram(held, held["target_histogram"], column)]


def _levels(held: Mapping[str, Any], found: Mapping[str, Any]) -> list[Part]:
    levels = found["levels"]
    if not levels:
        return []
    focus = held["focus"]
    what = f'share of "{inert(str(focus), 40)}"' if focus else f'mean of "{inert(str(held["target"]), 40)}"'
    style = "pct" if focus else "num"
    named = [
        inert(str(one["label"]), 40) if one["label"] or one["start"] is None else f"from {show(float(one['start']))}"
        for one in levels
    ]
    rows = tuple(
        (name, show(one["rows"]), interval({**one, "value": one["rate"]}, style))
        for name, one in zip(named, levels, strict=True)
    )
    bars = tuple(
        (name, float(one["rate"]), show(float(one["rate"]), style))
        for name, one in zip(named, levels, strict=True)
        if one["rate"] is not None
    )
    column = inert(str(found["column"]), 40)
    return [Bars(f"{what} by {column}", bars), Grid((column, "training rows", what), rows)]


def _histogram(held: Mapping[str, Any], histogram: Mapping[str, Any] | None, column: str) -> list[Part]:
    if histogram is None:
        return []
    starts = [f"from {show(float(edge))}" for edge in histogram["edges"][:-1]]
    return [
        Bars(
            f"{inert(column, 40)}, share of training rows" + (f' of "{inert(str(name), 40)}"' if name else ""),
            tuple(
                (start, float(share), show(float(share), "pct")) for start, share in zip(starts, shares, strict=True)
            ),
        )
        for name, shares in zip(histogram["classes"], histogram["shares"], strict=True)
    ]
