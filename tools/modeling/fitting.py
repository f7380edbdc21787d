"""One fit as the folds and the refit do it: imbalance handled, absent classes put back, libraries kept silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.modeling.families import FAMILIES
from tools.modeling.families.base import Fitted, Floats, Layout, Problem, Rows, Value
from tools.modeling.imbalance import balanced_rows

NEVER = -1e4
"""Margin of a class that the training rows do not hold: its probability is zero in float32 and float64."""


@dataclass(frozen=True)
class Widened(Fitted):
    """A model fitted on some of the classes; the absent ones get probability zero."""

    problem: Problem
    inner: Fitted | None
    """None where the rows held one class only."""
    present: NDArray[np.int64]

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k] over all classes."""
        wide = np.zeros((len(x), self.problem.classes))
        wide[:, self.present] = 1.0 if self.inner is None else self.inner.predict(x)
        return wide

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The inner model's form with outputs for all classes."""
        if self.inner is None:
            return {
                "kind": np.array("linear"),
                "link": np.array("softmax"),
                "weight": np.zeros((self.problem.classes, 1)),
                "offset": _offset(np.zeros(1), self),
                "column": np.zeros(1, dtype=np.int32),
                "code": np.zeros(1),
                "fill": np.zeros(1),
                "shift": np.zeros(1),
                "scale": np.ones(1),
            }
        held = self.inner.arrays()
        if str(held["kind"]) == "trees" and held["value"].shape[1] > 1:
            value = np.zeros((len(held["value"]), self.problem.classes))
            value[:, self.present] = held["value"]
            return held | {"value": value, "offset": np.zeros(self.problem.classes)}
        outputs = self.present[1:] if str(held["link"]) == "logistic" else self.present
        wide = {"link": np.array("softmax"), "offset": _offset(held["offset"], self)}
        if str(held["kind"]) == "trees":
            return held | wide | {"target": outputs[held["target"]].astype(np.int32)}
        weight = np.zeros((self.problem.classes, held["weight"].shape[1]))
        weight[outputs] = held["weight"]
        return held | wide | {"weight": weight}

    def contributions(self, x: Rows, focus: int = -1) -> Floats | None:
        """Those of the inner model, where the class is one of its own."""
        place = np.flatnonzero(self.present == focus % self.problem.classes)
        return None if self.inner is None or not len(place) else self.inner.contributions(x, int(place[0]))


def _offset(offset: NDArray[Any], model: Widened) -> Floats:
    wide = np.full(model.problem.classes, NEVER)
    wide[model.present] = 0.0
    wide[model.present[len(model.present) - len(offset) :]] = offset
    return wide


def fit(
    family: str,
    problem: Problem,
    layout: Layout,
    x: Rows,
    y: NDArray[Any],
    params: Mapping[str, Value],
    seed: int,
    threads: int = 1,
    weights: Floats | None = None,
) -> Fitted:
    """Fit one model on training rows.

    Args:
        family: a name of `FAMILIES`.
        problem: what is predicted.
        layout: what the columns are.
        x: matrix [n, f].
        y: class codes or numbers [n]; not every class need occur.
        params: the family's, and ``imbalance`` (none, weights, smote).
        seed: of everything random.
        threads: at most so many.
        weights: row weights that hold anyhow (mitigation), multiplied by those against imbalance.
    """
    chosen = FAMILIES[family]
    rest = {name: value for name, value in params.items() if name != "imbalance"}
    if problem.task == "regression":
        return chosen.fit(problem, layout, x, y.astype(np.float64), rest, weights, seed, threads)
    codes = y.astype(np.int64)
    present = np.unique(codes)
    if len(present) == 1:
        return Widened(problem, None, present)
    narrow = np.searchsorted(present, codes)
    x, narrow, weights = balanced_rows(
        str(params.get("imbalance", "none")),
        layout,
        x,
        narrow,
        weights if chosen.takes_weights else None,
        seed,
    )
    if len(present) == problem.classes:
        return chosen.fit(problem, layout, x, narrow, rest, weights, seed, threads)
    inner = Problem("binary" if len(present) == 2 else "multiclass", len(present))
    return Widened(problem, chosen.fit(inner, layout, x, narrow, rest, weights, seed, threads), present)
