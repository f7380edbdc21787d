"""Interprets the cleaning plan and the feature plan: typed columns in, a float32 matrix out. Numpy only.

Both plans are plain data (``cleaning.json``, ``features.json``). Every operation works on each row by itself, so a
row's features never depend on the rows that it comes with.

Cleaning plan: ``{"columns": [{"name", "type", "use": keep|drop, "rules": [{"rule", "params"}]}]}``; rules:

- ``respell`` {levels: {folded: spelling}}: one spelling per level; folded is lower case
- ``placeholder`` {values}: numbers that stand for "unknown" become missing
- ``clip`` {lower, upper}: numbers are brought within bounds, of which one may be null
- ``fill`` {value}: what takes a missing value's place
- ``hash`` {}: a text's SHA-256, 16 characters of it
- ``generalise`` {step} | {keep: n} | {domain: true} | {year: true}: coarser values

Feature plan: ``{"encoders": [{"op", "columns", "first", "outputs", "params"}], "features": [...]}``; an encoder writes
columns ``first`` to ``first + outputs`` of the matrix; operations:

- ``number`` {}: as it is
- ``category`` {levels: {text: code}, other: code|null}: code; unseen levels the code of rare ones, else NaN
- ``frequency`` {levels: {text: share}}: share of the training rows with this level, 0 for an unseen one
- ``calendar`` {parts, origin}: parts of a date, see :data:`.dates.PARTS`
- ``words`` {words, idf}: TF-IDF of the listed words, L2-normalised, then the number of words of the text
- ``missing`` {}: 1 where missing
- ``formula`` {text, tree}: a declared formula, see :mod:`.expressions`; NaN where undefined
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coerce import as_text
from .dates import PARTS, year_start
from .expressions import bounded, evaluate

Columns = Mapping[str, NDArray[Any]]
Rule = Callable[[NDArray[Any]], NDArray[Any]]
Encode = Callable[[list[NDArray[Any]], NDArray[np.float32]], None]

_WORD = re.compile(r"[^\W\d_]{2,}")


def words_of(text: str) -> list[str]:
    """The words of a text: runs of two letters or more, in lower case."""
    return _WORD.findall(text.lower())


# ── cleaning ────────────────────────────────────────────────────────────────


def _texts(values: NDArray[Any], change: Callable[[str], str | None]) -> NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = [None if value is None else change(value) for value in values]
    return out


def _respell(params: Mapping[str, Any]) -> Rule:
    spelling: dict[str, str] = params["levels"]
    return lambda values: _texts(values, lambda text: spelling.get(text.casefold(), text))


def _placeholder(params: Mapping[str, Any]) -> Rule:
    marks = [float(value) for value in params["values"]]

    def apply(values: NDArray[Any]) -> NDArray[Any]:
        out = values.copy()
        for mark in marks:
            out[values == mark] = np.nan
        return out

    return apply


def _clip(params: Mapping[str, Any]) -> Rule:
    lower = -math.inf if params["lower"] is None else float(params["lower"])
    upper = math.inf if params["upper"] is None else float(params["upper"])
    return lambda values: np.minimum(np.maximum(values, lower), upper)


def _fill(params: Mapping[str, Any]) -> Rule:
    value = params["value"]
    if isinstance(value, str):

        def texts(values: NDArray[Any]) -> NDArray[Any]:
            out = np.empty(len(values), dtype=object)
            out[:] = [value if cell is None else cell for cell in values]
            return out

        return texts
    return lambda values: np.where(np.isnan(values), float(value), values)


def _hash(params: Mapping[str, Any]) -> Rule:
    def one(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def apply(values: NDArray[Any]) -> NDArray[Any]:
        if values.dtype != object:
            out = np.empty(len(values), dtype=object)
            out[:] = [None if cell != cell else one(as_text(cell)) for cell in values.tolist()]
            return out
        return _texts(values, one)

    return apply


def _generalise(params: Mapping[str, Any]) -> Rule:
    if "step" in params:
        step = float(params["step"])
        return lambda values: np.floor(values / step) * step
    if params.get("year"):
        return lambda values: year_start(values)
    if params.get("domain"):
        return lambda values: _texts(values, lambda text: text.rpartition("@")[2].lower() if "@" in text else None)
    keep = int(params["keep"])
    return lambda values: _texts(values, lambda text: text[:keep])


RULES: dict[str, Callable[[Mapping[str, Any]], Rule]] = {
    "respell": _respell,
    "placeholder": _placeholder,
    "clip": _clip,
    "fill": _fill,
    "hash": _hash,
    "generalise": _generalise,
}
"""Name of a cleaning rule to its maker; a new rule is one function and one line."""


class Cleaner:
    """A cleaning plan, ready to be applied.

    Raises:
        ValueError: the plan names a rule that this version does not know.
    """

    def __init__(self, plan: Mapping[str, Any], only: frozenset[str] | None = None) -> None:
        self.rules: list[tuple[str, list[Rule]]] = []
        for column in plan["columns"]:
            if column["use"] == "drop" or (only is not None and column["name"] not in only):
                continue
            try:
                rules = [RULES[rule["rule"]](rule["params"]) for rule in column["rules"]]
            except KeyError as unknown:
                raise ValueError(f"The cleaning plan names {unknown}, which this version does not know.") from None
            self.rules.append((column["name"], rules))

    def apply(
        self, columns: Columns, touched: Callable[[str, int, int], None] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Clean typed columns; columns that the plan drops or does not name are left out.

        Args:
            columns: typed arrays by name, all of one length.
            touched: told (column, number of the rule, rows that it changed) where given.
        """
        out: dict[str, NDArray[Any]] = {}
        for name, rules in self.rules:
            values = columns[name]
            for number, rule in enumerate(rules):
                before, values = values, rule(values)
                if touched is not None:
                    touched(name, number, _changed(before, values))
            out[name] = values
        return out


def _changed(before: NDArray[Any], after: NDArray[Any]) -> int:
    if before.dtype == object or after.dtype == object:
        return sum(
            1
            for old, new in zip(before.tolist(), after.tolist(), strict=True)
            if old is not new and old != new and not (old != old and new is None)
        )
    return int(np.sum((before != after) & ~(np.isnan(before) & np.isnan(after))))


# ── features ────────────────────────────────────────────────────────────────


def _number(params: Mapping[str, Any]) -> Encode:
    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        out[:, 0] = values[0]

    return encode


def _coded(values: NDArray[Any], table: Mapping[Any, float], unseen: float) -> list[float]:
    get = table.get
    return [get(value, unseen) for value in values.tolist()]


def _category(params: Mapping[str, Any]) -> Encode:
    table: dict[Any, float] = {level: float(code) for level, code in params["levels"].items()}
    table[None] = math.nan
    unseen = math.nan if params.get("other") is None else float(params["other"])

    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        out[:, 0] = _coded(values[0], table, unseen)

    return encode


def _frequency(params: Mapping[str, Any]) -> Encode:
    table: dict[Any, float] = dict(params["levels"])
    table[None] = math.nan

    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        out[:, 0] = _coded(values[0], table, 0.0)

    return encode


def _calendar(params: Mapping[str, Any]) -> Encode:
    parts = [PARTS[name] for name in params["parts"]]
    origin = float(params["origin"])

    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        for position, part in enumerate(parts):
            out[:, position] = part(values[0], origin)

    return encode


def _words(params: Mapping[str, Any]) -> Encode:
    place = {word: position for position, word in enumerate(params["words"])}
    idf: list[float] = [float(weight) for weight in params["idf"]]
    length = len(idf)

    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        out[:] = 0.0
        for row, text in enumerate(values[0].tolist()):
            if text is None:
                continue
            found = words_of(text)
            counts: dict[int, int] = {}
            for word in found:
                position = place.get(word)
                if position is not None:
                    counts[position] = counts.get(position, 0) + 1
            weights = {position: count * idf[position] for position, count in sorted(counts.items())}
            norm = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
            for position, weight in weights.items():
                out[row, position] = weight / norm
            out[row, length] = len(found)

    return encode


def _missing(params: Mapping[str, Any]) -> Encode:
    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        cells = values[0]
        out[:, 0] = [cell is None for cell in cells.tolist()] if cells.dtype == object else np.isnan(cells)

    return encode


def _formula(params: Mapping[str, Any]) -> Encode:
    tree = params["tree"]

    def encode(values: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
        out[:, 0] = bounded(evaluate(tree, values, len(out)))

    return encode


ENCODERS: dict[str, Callable[[Mapping[str, Any]], Encode]] = {
    "number": _number,
    "category": _category,
    "frequency": _frequency,
    "calendar": _calendar,
    "words": _words,
    "missing": _missing,
    "formula": _formula,
}
"""Name of an operation to its maker; a new operation is one function and one line."""


class Encoder:
    """A feature plan, ready to be applied.

    Raises:
        ValueError: the plan names an operation that this version does not know.
    """

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.width = len(plan["features"])
        self.columns: tuple[str, ...] = tuple(
            dict.fromkeys(name for encoder in plan["encoders"] for name in encoder["columns"])
        )
        """Cleaned columns that are needed."""
        self.steps: list[tuple[tuple[str, ...], slice, Encode]] = []
        for encoder in plan["encoders"]:
            try:
                encode = ENCODERS[encoder["op"]](encoder["params"])
            except KeyError as unknown:
                raise ValueError(f"The feature plan names {unknown}, which this version does not know.") from None
            first = int(encoder["first"])
            place = slice(first, first + int(encoder["outputs"]))
            self.steps.append((tuple(encoder["columns"]), place, encode))

    def matrix(self, columns: Columns, rows: int) -> NDArray[np.float32]:
        """Features of cleaned columns, [rows, features]."""
        out = np.empty((rows, self.width), dtype=np.float32)
        for names, place, encode in self.steps:
            encode([columns[name] for name in names], out[:, place])
        return out
