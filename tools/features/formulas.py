"""Fits a feature expression to training rows: what it needs of them becomes part of a tree of plain data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.features.expressions import Call, Column, Node, Proposal, Value
from tools.serving.service.expressions import evaluate, keys_of
from tools.wording import Sentence, say

MOST_GROUPS = 20_000
"""Groups of which a count or a mean is kept."""
MOST_HISTORY = 100_000
"""Training rows whose values a lag may look back at: they are shipped with the model."""

Tree = list[Any]


class Unfit(Exception):
    """An expression that these training rows do not allow."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True)
class Rows:
    """The training rows that an expression is fitted to."""

    columns: Sequence[NDArray[Any]]
    """Typed arrays in the order of the proposal's columns."""
    count: int
    least: int
    """Rows that a group needs to be kept: fewer say little, and could name a person."""

    def values(self, tree: Tree) -> NDArray[Any]:
        """What a fitted part gives for these rows."""
        return evaluate(tree, self.columns, self.count)


def fitted(proposal: Proposal, columns: Mapping[str, NDArray[Any]], rows: int, least: int) -> Tree:
    """The tree that ``service.expressions`` computes.

    Args:
        proposal: an expression.
        columns: typed arrays [rows] of the training rows, by name.
        rows: number of training rows.
        least: rows that a group needs to be kept.

    Raises:
        Unfit: what it needs of the training rows is not there or would be too large.
    """
    places = {name: place for place, name in enumerate(proposal.columns)}
    return _fit(proposal.root, places, Rows([columns[name] for name in proposal.columns], rows, least))


def _fit(node: Node, places: Mapping[str, int], rows: Rows) -> Tree:
    if isinstance(node, Column):
        return ["column", places[node.name]]
    if isinstance(node, Value):
        return ["constant", node.value]
    if node.name == "contains":
        return ["contains", _fit(node.arguments[0], places, rows), _literal(node)]
    arguments = [_fit(one, places, rows) for one in node.arguments]
    if node.name == "lag":
        by, order = (None if one is None else _fit(one, places, rows) for one in (node.by, node.order))
        assert order is not None  # the grammar asks for it
        return _history(arguments[0], int(_literal(node)), by, order, rows)
    maker = FITTED.get(node.name)
    return [node.name, *arguments] if maker is None else maker(node, arguments, rows)


def _literal(node: Call) -> Any:
    last = node.arguments[-1]
    assert isinstance(last, Value)  # the grammar asks for it
    return last.value


def _count_by(node: Call, arguments: list[Tree], rows: Rows) -> Tree:
    counts = Counter(key for key in keys_of(rows.values(arguments[0])) if key is not None)
    table = {key: float(count) for key, count in sorted(counts.items()) if count >= rows.least}
    return ["lookup", arguments[0], _few(table), 0.0]


def _mean_by(node: Call, arguments: list[Tree], rows: Rows) -> Tree:
    values = rows.values(arguments[0]).tolist()
    groups: dict[str, list[float]] = {}
    for key, value in zip(keys_of(rows.values(arguments[1])), values, strict=True):
        if key is not None and math.isfinite(value):
            groups.setdefault(key, []).append(value)
    present = [value for value in values if math.isfinite(value)]
    if not present:
        raise Unfit(say("no training row has a value"))
    table = {key: _mean(held) for key, held in sorted(groups.items()) if len(held) >= rows.least}
    return ["lookup", arguments[1], _few(table), _mean(present)]


def _bins(node: Call, arguments: list[Tree], rows: Rows) -> Tree:
    values = rows.values(arguments[0])
    present = values[np.isfinite(values)]
    if not len(present):
        raise Unfit(say("no training row has a value"))
    count = int(_literal(node))
    edges = np.quantile(present, [step / count for step in range(1, count)], method="lower")
    return ["bin", arguments[0], sorted(set(edges.tolist()))]


def _history(value: Tree, steps: int, by: Tree | None, order: Tree, rows: Rows) -> Tree:
    if rows.count > MOST_HISTORY:
        raise Unfit(
            say(
                "it would ship the values of {rows|int} training rows, and {most|int} are the most",
                rows=rows.count,
                most=MOST_HISTORY,
            )
        )
    keys = [""] * rows.count if by is None else keys_of(rows.values(by))
    found: dict[str, list[tuple[float, float]]] = {}
    for key, place, held in zip(keys, rows.values(order).tolist(), rows.values(value).tolist(), strict=True):
        if key is not None and math.isfinite(place):
            found.setdefault(key, []).append((place, held))
    history = {
        key: _columns(sorted(pairs, key=lambda pair: pair[0]))
        for key, pairs in sorted(found.items())
        if len(pairs) >= rows.least
    }
    return ["before", by, order, steps, history]


def _columns(pairs: list[tuple[float, float]]) -> list[list[Any]]:
    # a missing value is null: JSON has no NaN and no infinity
    return [[place for place, _ in pairs], [held if math.isfinite(held) else None for _, held in pairs]]


def _few(table: dict[str, float]) -> dict[str, float]:
    if len(table) > MOST_GROUPS:
        raise Unfit(say("it has {groups|int} groups, and {most|int} are the most", groups=len(table), most=MOST_GROUPS))
    return table


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


FITTED: Mapping[str, Callable[[Call, list[Tree], Rows], Tree]] = {
    "count_by": _count_by,
    "mean_by": _mean_by,
    "bins": _bins,
}
"""Functions that take something from the training rows."""
