"""The models side by side, from the comparison and the baselines; all of it out of fold, on training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.conversation.parts import Bars, Grid, Part, Reply, Text, interval, marked, said
from agent.conversation.view import SessionView, metric_label, not_yet, record
from agent.position import Position
from tools.wording import inert, plural, render, show


def reply_compare(view: SessionView) -> Reply:
    """Baselines and model families with their intervals, the recommended one, and what the others lack."""
    position = view.position
    baseline, comparison = record(position, "baseline.json"), record(position, "comparison.json")
    if baseline is None and comparison is None:
        return said(not_yet(position, "baseline.json", "model to compare"))
    parts: list[Part] = []
    if comparison is None:
        parts.append(Text(not_yet(position, "comparison.json", "comparison of model families")))
        parts.append(Text("These are the baselines."))
    else:
        parts += _verdict(comparison)
    parts += _table(position, baseline, comparison)
    if comparison is not None:
        parts += _pairs(position, comparison)
    return Reply(tuple(parts))


def _verdict(comparison: Mapping[str, Any]) -> list[Part]:
    labels = {one["name"]: str(one["label"]) for one in comparison["models"]}
    reason = render(comparison["reason"]["template"], comparison["reason"]["facts"])
    return [
        Text(
            f"Recommended: **{marked(labels[comparison['recommended']])}**. {_capital(marked(reason))}."
            f" Measured out of fold on {show(comparison['rows'])} training rows, in {show(comparison['folds'])} folds."
        )
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(position: Position, baseline: Mapping[str, Any] | None, comparison: Mapping[str, Any] | None) -> list[Part]:
    models: list[tuple[str, Mapping[str, Any]]] = []
    if comparison is not None:
        models += [(_role(one, comparison), one) for one in comparison["models"]]
    if baseline is not None:
        models += [("baseline", one) for one in baseline["models"]]
    first = str((comparison or baseline or {})["metric"])
    names = list(dict.fromkeys([first, *(name for _, one in models for name in one["metrics"])]))
    rows = tuple(
        (inert(str(one["label"]), 60), role, *(interval(one["metrics"].get(name)) for name in names))
        for role, one in models
    )
    bars = [
        (inert(str(one["label"]), 60), float(held["value"]), interval(held))
        for _, one in models
        if (held := one["metrics"].get(first)) and held["value"] is not None
    ]
    titles = [metric_label(position, name) for name in names]
    levels = dict.fromkeys(show(float(held["level"]), "pct") for _, one in models for held in one["metrics"].values())
    intervals = f", with {' and '.join(levels)} intervals" if levels else ""
    parts: list[Part] = [Grid(("model", "", *titles), rows, f"out of fold{intervals}")]
    return [*parts, Bars(f"{titles[0]}, out of fold", tuple(bars))] if bars else parts


def _role(one: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    tried = f"{show(one['trials'])} {plural(one['trials'], 'setting')} tried"
    return f"recommended, {tried}" if one["name"] == comparison["recommended"] else tried


def _pairs(position: Position, comparison: Mapping[str, Any]) -> list[Part]:
    pairs: Sequence[Mapping[str, Any]] = comparison["pairs"]
    if not pairs:
        return []
    labels = {one["name"]: inert(str(one["label"]), 60) for one in comparison["models"]}
    rows = tuple(
        (
            labels[one["better"]],
            labels[one["worse"]],
            interval(one["gain"]),
            "beyond noise" if one["beyond_noise"] else "within noise",
        )
        for one in pairs
    )
    metric = metric_label(position, str(comparison["metric"]))
    return [Grid(("model", "against", f"better by ({metric})", ""), rows, "paired, on the same rows")]
