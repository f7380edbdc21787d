"""Linear models: logistic regression for classes, ridge regression for numbers; one-hot, imputed, scaled inside."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.modeling.families.base import (
    Family,
    Fitted,
    Floats,
    Layout,
    Number,
    Params,
    Problem,
    Rows,
    Size,
    Space,
    Spread,
    Value,
    merged,
)

FEWEST = 5
"""A code seen in fewer training rows has no term of its own."""
MOST_LEVELS = 100
"""At most so many codes of one column, the most frequent ones, have terms."""
ITERATIONS = 200
"""Steps of the optimiser; where it ends there, the fit is used as it stands (it is convex, the remainder is small)."""


@dataclass(frozen=True)
class Linear(Fitted):
    """A linear model in its plain form, which is also what predicts."""

    problem: Problem
    held: dict[str, NDArray[Any]]

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]."""
        from tools.serving.service.arrays import evaluate

        scores = evaluate(self.held, x)
        return scores[:, 0] if self.problem.task == "regression" else scores

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The model in plain arrays."""
        return dict(self.held)

    def contributions(self, x: Rows, focus: int = -1) -> Floats | None:
        """Term times weight, against the mean of the rows given, added up by column [n, f]."""
        from tools.serving.service.arrays import terms

        parts = terms(self.held, x) * self.held["weight"][-1 if len(self.held["weight"]) == 1 else focus]
        parts = parts - parts.mean(axis=0)
        added = np.zeros((len(x), x.shape[1]))
        np.add.at(added.T, self.held["column"], parts.T)
        return added


def terms_of(layout: Layout, x: Rows) -> dict[str, NDArray[Any]]:
    """Which terms training rows give: one per number, one per frequent code of each categorical column."""
    import numpy as np

    column: list[int] = []
    code: list[float] = []
    fill: list[float] = []
    shift: list[float] = []
    scale: list[float] = []
    for j in range(layout.width):
        values = x[:, j].astype(np.float64)
        present = values[~np.isnan(values)]
        if j in layout.categorical:
            codes, counts = np.unique(present, return_counts=True)
            order = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
            for level in sorted(codes[order][counts[order] >= FEWEST]):
                column.append(j)
                code.append(float(level))
                fill.append(0.0)
                shift.append(0.0)
                scale.append(1.0)
            continue
        middle = float(np.median(present)) if len(present) else 0.0
        filled = np.where(np.isnan(values), middle, values)
        spread = float(filled.std())
        column.append(j)
        code.append(float("nan"))
        fill.append(middle)
        shift.append(float(filled.mean()))
        scale.append(spread if spread > 1e-12 * max(1.0, abs(middle)) else 1.0)
    return {
        "kind": np.array("linear"),
        "column": np.array(column, dtype=np.int32),
        "code": np.array(code, dtype=np.float64),
        "fill": np.array(fill, dtype=np.float64),
        "shift": np.array(shift, dtype=np.float64),
        "scale": np.array(scale, dtype=np.float64),
    }


class LinearFamily(Family):
    """Logistic or ridge regression."""

    name = "linear"
    label = "linear model"
    strength = "every prediction can be read off its weights, and it needs few rows"
    weakness = "it sees no interactions and no bends unless a feature holds them"
    tasks = frozenset({"binary", "multiclass", "regression"})
    simplicity = 0
    cost = 0.3
    takes_missing = True
    takes_categories = "one-hot, rare levels left out"

    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """One moderate penalty."""
        return ({"penalty": 1.0},)

    def space(self, size: Size) -> Space:
        """The strength of the penalty, over six orders."""
        return {"penalty": Number(1e-3, 1e3, log=True)}

    def fit(
        self,
        problem: Problem,
        layout: Layout,
        x: Rows,
        y: NDArray[Any],
        params: Mapping[str, Value],
        weights: Floats | None,
        seed: int,
        threads: int,
    ) -> Linear:
        """Fit by L-BFGS (classes) or in closed form (numbers); see `Family.fit`."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression, Ridge

        from tools.serving.service.arrays import terms

        chosen = merged(params, self.portfolio(Size(len(x), layout.width))[0])
        penalty = float(chosen["penalty"])
        held = terms_of(layout, x)
        design = terms(held, x)
        if design.shape[1] == 0:
            raise ValueError("a linear model needs at least one column with values")
        if problem.task == "regression":
            spread = Spread.of(y)
            ridge = Ridge(alpha=penalty, solver="cholesky").fit(design, spread.into(y), sample_weight=weights)
            held |= spread.arrays() | {
                "link": np.array("identity"),
                "weight": ridge.coef_.reshape(1, -1).astype(np.float64),
                "offset": np.array([ridge.intercept_], dtype=np.float64),
            }
            return Linear(problem, held)
        model = LogisticRegression(C=1.0 / penalty, max_iter=ITERATIONS, tol=1e-5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(design, y, sample_weight=weights)
        held |= {
            "link": np.array("logistic" if problem.task == "binary" else "softmax"),
            "weight": np.ascontiguousarray(model.coef_, dtype=np.float64),
            "offset": np.asarray(model.intercept_, dtype=np.float64),
        }
        return Linear(problem, held)


FAMILY = LinearFamily()
