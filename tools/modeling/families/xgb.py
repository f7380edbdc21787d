"""XGBoost: regularised gradient boosting on histograms."""

from __future__ import annotations

import json
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
    just_below,
    merged,
)
from tools.modeling.families.histgb import LINKS

OBJECTIVES = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
"""Task to XGBoost's name of the loss."""
ABSOLUTE = "reg:absoluteerror"


@dataclass(frozen=True)
class Boosted(Fitted):
    """A fitted XGBoost model."""

    problem: Problem
    booster: Any
    spread: Spread | None
    offset: float
    """Margin before the first tree."""

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]."""
        raw = np.asarray(self.booster.predict(self._matrix(x)), dtype=np.float64)
        if self.spread is not None:
            return self.spread.back(raw)
        return np.stack([1.0 - raw, raw], axis=1) if self.problem.task == "binary" else raw

    def _matrix(self, x: Rows) -> Any:
        import xgboost

        return xgboost.DMatrix(x, nthread=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All trees, from XGBoost's own JSON."""
        model = json.loads(bytes(self.booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
        outputs = self.problem.classes if self.problem.task == "multiclass" else 1
        trees = Trees(1)
        for tree, target in zip(model["trees"], model["tree_info"], strict=True):
            condition = np.asarray(tree["split_conditions"], dtype=np.float32)
            trees.add(
                np.asarray(tree["split_indices"], dtype=np.int64),
                just_below(condition),  # XGBoost goes left where a value is less than the threshold
                np.asarray(tree["left_children"], dtype=np.int64),
                np.asarray(tree["right_children"], dtype=np.int64),
                np.asarray(tree["default_left"], dtype=bool),
                condition.astype(np.float64),
                int(target),
            )
        return trees.arrays(LINKS[self.problem.task], np.full(outputs, self.offset), self.spread)

    def contributions(self, x: Rows, focus: int = -1) -> Floats | None:
        """TreeSHAP values of the margin as XGBoost computes them [n, f]."""
        parts = np.asarray(self.booster.predict(self._matrix(x), pred_contribs=True), dtype=np.float64)
        chosen = parts[:, focus, :] if parts.ndim == 3 else parts
        return chosen[:, :-1]


class XGBFamily(Family):
    """XGBoost."""

    name = "xgb"
    label = "XGBoost"
    strength = "accurate on tables, well regularised, takes missing values as they are"
    weakness = "a sum of many trees that no person can read"
    tasks = frozenset({"binary", "multiclass", "regression"})
    simplicity = 4
    cost = 1.2
    most_classes = 30

    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """A moderate one and a shallow one; for numbers also one that minimises the absolute error."""
        base: Params = {"subsample": 0.8, "colsample": 0.8, "min_child_weight": 3.0, "l2": 1.0}
        moderate, shallow = (
            base | {"n_estimators": 150, "max_depth": 5, "learning_rate": 0.07},
            base | {"n_estimators": 200, "max_depth": 3, "learning_rate": 0.05},
        )
        if size.classes:
            return (moderate, shallow)
        return (moderate | {"loss": "squared"}, moderate | {"loss": "absolute"}, shallow | {"loss": "squared"})

    def space(self, size: Size) -> Space:
        """The guidance's ranges, row and column shares, penalties."""
        return ({} if size.classes else {"loss": LOSS}) | {
            "n_estimators": Number(50, 300, whole=True),
            "max_depth": Number(3, 10, whole=True),
            "learning_rate": Number(0.01, 0.3, log=True),
            "subsample": Number(0.6, 1.0),
            "colsample": Number(0.4, 1.0),
            "min_child_weight": Number(1.0, 20.0, log=True),
            "l2": Number(0.1, 10.0, log=True),
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
        """Fit with a fixed number of rounds; see `Family.fit`."""
        import xgboost

        chosen = merged(params, self.portfolio(Size(len(x), layout.width, problem.classes))[0])
        spread = Spread.of(y) if problem.task == "regression" else None
        start = 0.0
        if problem.task == "binary":
            start = float(np.clip(np.average(y, weights=weights), 1e-6, 1 - 1e-6))
        settings: dict[str, Any] = {
            "objective": ABSOLUTE if chosen.get("loss") == "absolute" else OBJECTIVES[problem.task],
            "base_score": start,
            "eta": float(chosen["learning_rate"]),
            "max_depth": int(chosen["max_depth"]),
            "subsample": float(chosen["subsample"]),
            "colsample_bytree": float(chosen["colsample"]),
            "min_child_weight": float(chosen["min_child_weight"]),
            "lambda": float(chosen["l2"]),
            "tree_method": "hist",
            "seed": seed % 2**31,
            "nthread": threads,
            "verbosity": 0,
        }
        if problem.task == "multiclass":
            settings["num_class"] = problem.classes
        data = xgboost.DMatrix(x, label=y if spread is None else spread.into(y), weight=weights, nthread=threads)
        booster = xgboost.train(settings, data, num_boost_round=int(chosen["n_estimators"]))
        booster.set_param({"nthread": 1})
        offset = float(np.log(start / (1.0 - start))) if problem.task == "binary" else 0.0
        return Boosted(problem, booster, spread, offset)


FAMILY = XGBFamily()
