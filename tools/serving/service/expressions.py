"""Computes a fitted feature expression: a tree of plain data over typed columns. Numpy only, and nothing is evaluated.

A node is a list whose first entry names it:

- ``["column", i]``: the encoder's column number i
- ``["constant", value]``: a number or a text
- ``["lookup", node, {key: value}, other]``: what was fitted for the key; ``other`` for a key that is not there
- ``["bin", node, [edge, …]]``: how many edges lie at or below the value
- ``["before", key node | null, order node, n, {key: [[order, …], [value, …]]}]``: the n-th last value that the training
  rows hold of this key strictly before this row's place in the order; null is a missing one
- ``["contains", node, text]``: whether a text holds another, whatever the case
- any key of :data:`FUNCTIONS`, followed by its arguments

Dates are days since 1970-01-01, yes-or-no values 1 and 0, missing ones NaN; a missing text is None. What is computed
from a missing value is missing, save by ``if_missing``, and by ``all`` and ``any`` where the other values decide. Each
row is computed by itself, to the same bits for every number of rows.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coerce import LARGEST, as_text
from .dates import PARTS

Values = NDArray[Any]
Node = Sequence[Any]


def evaluate(node: Node, columns: Sequence[Values], rows: int) -> Values:
    """Values of a node [rows]: float64, or object for texts.

    Raises:
        ValueError: the tree names a function that this version does not know.
    """
    with np.errstate(all="ignore"):
        return _value(node, columns, rows)


def keys_of(values: Values) -> list[str | None]:
    """The text by which a value is looked up; None where it is missing."""
    if values.dtype == object:
        return list(values.tolist())
    return [None if value != value else as_text(value) for value in values.tolist()]


def bounded(values: Values) -> Values:
    """NaN where a result is not a float32."""
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def _value(node: Node, columns: Sequence[Values], rows: int) -> Values:
    name = node[0]
    if name in SPECIAL:
        return SPECIAL[name](node, columns, rows)
    if name not in FUNCTIONS:
        raise ValueError(f"The feature plan names the function {name!r}, which this version does not know.")
    found = FUNCTIONS[name](*(_value(argument, columns, rows) for argument in node[1:]))
    return np.asarray(found, dtype=np.float64)


# ── nodes with fitted or literal parts ──────────────────────────────────────


def _column(node: Node, columns: Sequence[Values], rows: int) -> Values:
    return columns[node[1]]


def _constant(node: Node, columns: Sequence[Values], rows: int) -> Values:
    return np.full(rows, node[1], dtype=object if isinstance(node[1], str) else np.float64)


def _lookup(node: Node, columns: Sequence[Values], rows: int) -> Values:
    table, other = node[2], node[3]
    keys = keys_of(_value(node[1], columns, rows))
    return np.array([math.nan if key is None else table.get(key, other) for key in keys], dtype=np.float64)


def _bin(node: Node, columns: Sequence[Values], rows: int) -> Values:
    values = _value(node[1], columns, rows)
    places = np.searchsorted(np.asarray(node[2], dtype=np.float64), values, side="right")
    return np.where(np.isnan(values), np.nan, places.astype(np.float64))


def _before(node: Node, columns: Sequence[Values], rows: int) -> Values:
    by, order, steps, history = node[1:]
    keys = [""] * rows if by is None else keys_of(_value(by, columns, rows))
    out = np.full(rows, np.nan)
    for row, (key, place) in enumerate(zip(keys, _value(order, columns, rows).tolist(), strict=True)):
        held = history.get(key)
        if held is None or place != place:
            continue
        index = bisect_left(held[0], place) - steps
        if index >= 0:
            value = held[1][index]
            out[row] = math.nan if value is None else value
    return out


def _contains(node: Node, columns: Sequence[Values], rows: int) -> Values:
    wanted = node[2].casefold()
    return _per_text(lambda text: float(wanted in text.casefold()))(_value(node[1], columns, rows))


SPECIAL: Mapping[str, Callable[[Node, Sequence[Values], int], Values]] = {
    "column": _column,
    "constant": _constant,
    "lookup": _lookup,
    "bin": _bin,
    "before": _before,
    "contains": _contains,
}
"""Nodes whose entries are not all nodes."""


# ── functions of values ─────────────────────────────────────────────────────


def _per_number(compute: Callable[[float], float]) -> Callable[[Values], Values]:
    # value by value: vectorised logarithms may differ in the last bit between batch sizes
    return lambda values: np.array([compute(value) for value in values.tolist()], dtype=np.float64)


def _per_text(compute: Callable[[str], float]) -> Callable[[Values], Values]:
    return lambda values: np.array(
        [math.nan if text is None else compute(text) for text in values.tolist()], dtype=np.float64
    )


def _part(name: str) -> Callable[[Values], Values]:
    return lambda days: PARTS[name](days, 0.0)


def _missing(values: Values) -> Values:
    if values.dtype == object:
        return np.array([value is None for value in values.tolist()], dtype=np.float64)
    return np.isnan(values).astype(np.float64)


def _compared(compare: Callable[[Any, Any], Any]) -> Callable[[Values, Values], Values]:
    def apply(left: Values, right: Values) -> Values:
        gaps = (_missing(left) + _missing(right)) > 0
        if left.dtype == object:
            pairs = zip(left.tolist(), right.tolist(), strict=True)
            found = np.array([bool(compare(a, b)) for a, b in pairs], dtype=np.float64)
        else:
            found = np.asarray(compare(left, right), dtype=np.float64)
        return np.where(gaps, np.nan, found)

    return apply


def _total(*values: Values) -> Values:
    total = values[0]
    for more in values[1:]:
        total = total + more
    return total


def _all(*values: Values) -> Values:
    """No where one is no; missing where none is no but one is missing."""
    return np.where(np.any([one == 0 for one in values], axis=0), 0.0, np.where(_gap(values), np.nan, 1.0))


def _any(*values: Values) -> Values:
    """Yes where one is yes; missing where none is yes but one is missing."""
    yes = np.any([(one != 0) & ~np.isnan(one) for one in values], axis=0)
    return np.where(yes, 1.0, np.where(_gap(values), np.nan, 0.0))


def _gap(values: Sequence[Values]) -> Values:
    return np.asarray(np.any([np.isnan(one) for one in values], axis=0))


FUNCTIONS: Mapping[str, Callable[..., Values]] = {
    "ratio": lambda a, b: np.where(b == 0, np.nan, a / b),
    "difference": lambda a, b: a - b,
    "product": lambda a, b: a * b,
    "sum": _total,
    "absolute": np.abs,
    "log1p": _per_number(lambda value: math.log1p(value) if value > -1 else math.nan),
    "sqrt": lambda a: np.where(a < 0, np.nan, np.sqrt(a)),
    "days_between": lambda first, second: second - first,
    "year": _part("year"),
    "month": _part("month"),
    "weekday": _part("weekday"),
    "hour": _part("hour"),
    "characters": _per_text(lambda text: float(len(text))),
    "words": _per_text(lambda text: float(len(text.split()))),
    "if_missing": _missing,
    "all": _all,
    "any": _any,
    "not": lambda a: np.where(np.isnan(a), np.nan, (a == 0).astype(np.float64)),
    "<": _compared(operator.lt),
    "<=": _compared(operator.le),
    ">": _compared(operator.gt),
    ">=": _compared(operator.ge),
    "==": _compared(operator.eq),
    "!=": _compared(operator.ne),
}
"""Name of a function to what it computes; a new one is a line here and one in the language's signatures."""
