"""Why a row is scored as it is: how far the prediction moves when one column takes its typical value instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from .scorer import Scorer

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the scorer's dates carry no zone


def reasons(scorer: Scorer, columns: Mapping[str, Sequence[Any]], rows: int) -> list[list[tuple[str, float]]]:
    """Effect of each column on each row's prediction, the largest first.

    For row x and column c the effect is f(x) - f(x with c at its typical value), f being the probability of the
    positive class (binary), of the predicted class (more classes), or the value. Columns that act only together share
    their effect, so effects need not add up to the prediction.

    Args:
        scorer: the loaded scorer.
        columns: needed columns as JSON scalars, already found readable.
        rows: number of rows.

    Returns:
        Per row, (column, effect) with effects other than zero.
    """
    typical = {entry["name"]: typical_cell(entry) for entry in scorer.manifest["inputs"]}
    names = [name for name in scorer.needed if name in typical]
    # One call for all variants: block 0 holds the rows as they are, block j+1 those with column j at its typical value.
    wide = {name: [cell for _ in range(len(names) + 1) for cell in columns[name]] for name in scorer.needed}
    for block, name in enumerate(names, start=1):
        wide[name][block * rows : (block + 1) * rows] = [typical[name]] * rows
    scores = scorer.score(wide, rows * (len(names) + 1), strict=True)
    found: list[list[tuple[str, float]]] = []
    for row in range(rows):
        if scores.probabilities is not None and scores.codes is not None:
            code = 1 if scorer.task == "binary" else int(scores.codes[row])
            values = scores.probabilities[:, code]
        else:
            assert scores.values is not None
            values = scores.values
        effects = [(name, float(values[row] - values[block * rows + row])) for block, name in enumerate(names, start=1)]
        moved = [(name, effect) for name, effect in effects if effect != 0.0 and effect == effect]
        found.append(sorted(moved, key=lambda pair: (-abs(pair[1]), pair[0])))
    return found


def typical_cell(entry: Mapping[str, Any], key: str = "typical") -> Any:
    """A value of ``inputs`` as the JSON scalar that a request would hold; None where there is none."""
    return json_cell(entry["type"], entry[key])


def json_cell(kind: str, value: Any) -> Any:
    """A typed value (dates in days, booleans as 0 and 1) as the JSON scalar that a request holds.

    Args:
        kind: number, integer, boolean, date or text.
        value: None where missing.
    """
    if value is None or value != value:
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "date" and isinstance(value, int | float):
        moment = _EPOCH + dt.timedelta(days=float(value))
        return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    if kind == "integer" and float(value).is_integer():
        return int(value)
    return value
