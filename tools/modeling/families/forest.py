"""Random forest: many deep trees on resampled rows, averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.modeling.families.base import (
    Choice,
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
    Trees,
    Value,
    merged,
    rounded_down,
)


@dataclass(frozen=True)
class Forest(Fitted):
    """A fitted scikit-learn forest (or imbalanced-learn's, which is one)."""

    problem: Problem
    model: Any
    spread: Spread | None

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]."""
        if self.spread is not None:
            return self.spread.back(self.model.predict(x))
        return np.asarray(self.model.predict_proba(x), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All trees, their leaves divided by the number of trees."""
        count = len(self.model.estimators_)
        width = 1 if self.spread is not None else self.problem.classes
        trees = Trees(width)
        for estimator in self.model.estimators_:
            tree = estimator.tree_
            value = tree.value[:, 0, :].astype(np.float64)
            if self.spread is None:
                value = value / value.sum(axis=1, keepdims=True)
            trees.add(
                tree.feature,
                rounded_down(tree.threshold),
                tree.children_left,
                tree.children_right,
                tree.missing_go_to_left.astype(bool),
                value / count,
                -1,
            )
        return trees.arrays("identity", np.zeros(width), self.spread)


class ForestFamily(Family):
    """Random forest."""

    name = "forest"
    label = "random forest"
    strength = "hard to get wrong: it needs little tuning and seldom overfits"
    weakness = "large on disk, and seldom the most accurate"
    tasks = frozenset({"binary", "multiclass", "regression"})
    simplicity = 1
    cost = 4.0
    most_rows = 60_000

    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """Leaves of a few rows, so that probabilities are smooth."""
        return (
            {
                "n_estimators": 150,
                "min_samples_leaf": self._smallest_leaf(size.rows, 3),
                "max_features": "sqrt",
            },
        )

    def space(self, size: Size) -> Space:
        """Number of trees, size of leaves, columns looked at for each split."""
        smallest = self._smallest_leaf(size.rows, 1)
        return {
            "n_estimators": Number(50, 300, whole=True),
            "min_samples_leaf": Number(smallest, max(20, 4 * smallest), log=True, whole=True),
            "max_features": Choice(("sqrt", "third", "half")),
        }

    @staticmethod
    def _smallest_leaf(rows: int, least: int) -> int:
        """Leaves grow with the rows, so that the exported trees stay small."""
        return max(least, rows // 2000)

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
    ) -> Forest:
        """Fit scikit-learn's forest; see `Family.fit`."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        chosen = merged(params, self.portfolio(Size(len(x), layout.width))[0])
        settings = {
            "n_estimators": int(chosen["n_estimators"]),
            "min_samples_leaf": int(chosen["min_samples_leaf"]),
            "max_features": COLUMNS[str(chosen["max_features"])],
            "random_state": seed % 2**32,
            "n_jobs": threads,
        }
        if problem.task == "regression":
            spread = Spread.of(y)
            return Forest(
                problem,
                RandomForestRegressor(**settings).fit(x, spread.into(y), sample_weight=weights),
                spread,
            )
        return Forest(problem, RandomForestClassifier(**settings).fit(x, y, sample_weight=weights), None)


COLUMNS: dict[str, str | float] = {"sqrt": "sqrt", "third": 0.33, "half": 0.5}
"""Name of a share of columns to what scikit-learn takes."""

FAMILY = ForestFamily()
