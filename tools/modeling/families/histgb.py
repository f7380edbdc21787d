"""Histogram gradient boosting of scikit-learn: trees on binned columns, one correcting the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.modeling.families.base import (
    LOSS,
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
class Boosted(Fitted):
    """A fitted HistGradientBoosting model."""

    problem: Problem
    model: Any
    spread: Spread | None
    empty: NDArray[np.bool_]
    """Columns without any value in the training rows; they are held at zero."""

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]."""
        held = np.where(self.empty, np.float32(0), x)
        if self.spread is not None:
            return self.spread.back(self.model.predict(held))
        return np.asarray(self.model.predict_proba(held), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All trees, by scikit-learn's private names (it is pinned, and the parity of each export checks them)."""
        trees = Trees(1)
        for group in self.model._predictors:
            for target, predictor in enumerate(group):
                nodes = predictor.nodes
                leaf = nodes["is_leaf"].astype(bool)
                trees.add(
                    nodes["feature_idx"],
                    rounded_down(nodes["num_threshold"]),
                    np.where(leaf, -1, nodes["left"].astype(np.int64)),
                    np.where(leaf, -1, nodes["right"].astype(np.int64)),
                    nodes["missing_go_to_left"].astype(bool),
                    nodes["value"],
                    target,
                )
        offset = np.asarray(self.model._baseline_prediction, dtype=np.float64).reshape(-1)
        return trees.arrays(LINKS[self.problem.task], offset, self.spread)


LINKS = {"binary": "logistic", "multiclass": "softmax", "regression": "identity"}
"""Task to the link between margins and predictions of a boosted model."""


class HistGBFamily(Family):
    """scikit-learn's histogram gradient boosting."""

    name = "histgb"
    label = "histogram gradient boosting"
    strength = "accurate on tables, takes missing values as they are, and needs nothing beyond scikit-learn"
    weakness = "slower than its kin on small tables"
    tasks = frozenset({"binary", "multiclass", "regression"})
    simplicity = 3
    cost = 2.0
    most_classes = 20

    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """A moderate one; for numbers also one that minimises the absolute error."""
        base: Params = {
            "n_estimators": 100, "max_depth": 5, "learning_rate": 0.07, "min_samples_leaf": 20, "l2": 1.0,
        }  # fmt: skip
        return (base,) if size.classes else (base | {"loss": "squared"}, base | {"loss": "absolute"})

    def space(self, size: Size) -> Space:
        """The guidance's ranges, size of leaves, and the penalty on leaf values."""
        return ({} if size.classes else {"loss": LOSS}) | {
            "n_estimators": Number(50, 300, whole=True),
            "max_depth": Number(3, 10, whole=True),
            "learning_rate": Number(0.01, 0.3, log=True),
            "min_samples_leaf": Number(5, 60, log=True, whole=True),
            "l2": Number(0.01, 10.0, log=True),
        }

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
    ) -> Boosted:
        """Fit without early stopping: the number of rounds is a parameter; see `Family.fit`."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        chosen = merged(params, self.portfolio(Size(len(x), layout.width, problem.classes))[0])
        settings = {
            "max_iter": int(chosen["n_estimators"]),
            "max_depth": int(chosen["max_depth"]),
            "learning_rate": float(chosen["learning_rate"]),
            "min_samples_leaf": int(chosen["min_samples_leaf"]),
            "l2_regularization": float(chosen["l2"]),
            "early_stopping": False,
            "categorical_features": None,
            "random_state": seed % 2**32,
        }
        empty: NDArray[np.bool_] = np.asarray(np.isnan(x).all(axis=0))  # it crashes on a column without any value
        held = np.where(empty, np.float32(0), x)
        if problem.task == "regression":
            spread = Spread.of(y)
            lost = "absolute_error" if chosen["loss"] == "absolute" else "squared_error"
            number = HistGradientBoostingRegressor(loss=lost, **settings)
            return Boosted(problem, number.fit(held, spread.into(y), sample_weight=weights), spread, empty)
        classes = HistGradientBoostingClassifier(**settings)
        return Boosted(problem, classes.fit(held, y, sample_weight=weights), None, empty)


FAMILY = HistGBFamily()
