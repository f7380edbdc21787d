"""LightGBM: gradient boosting that grows trees leaf by leaf."""

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
from tools.modeling.families.histgb import LINKS

OBJECTIVES = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
"""Task to LightGBM's name of the loss."""
ABSOLUTE = "regression_l1"


@dataclass(frozen=True)
class Boosted(Fitted):
    """A fitted LightGBM model."""

    problem: Problem
    booster: Any
    spread: Spread | None

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]."""
        raw = np.asarray(self.booster.predict(x, num_threads=1), dtype=np.float64)
        if self.spread is not None:
            return self.spread.back(raw)
        return np.stack([1.0 - raw, raw], axis=1) if self.problem.task == "binary" else raw

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All trees, from LightGBM's own dump."""
        outputs = self.problem.classes if self.problem.task == "multiclass" else 1
        trees = Trees(1)
        for index, held in enumerate(self.booster.dump_model()["tree_info"]):
            nodes = _flat(held["tree_structure"])
            trees.add(
                np.array([node[0] for node in nodes], dtype=np.int64),
                rounded_down(np.array([node[1] for node in nodes])),
                np.array([node[2] for node in nodes], dtype=np.int64),
                np.array([node[3] for node in nodes], dtype=np.int64),
                np.array([node[4] for node in nodes], dtype=bool),
                np.array([node[5] for node in nodes], dtype=np.float64),
                index % outputs,
            )
        return trees.arrays(LINKS[self.problem.task], np.zeros(outputs), self.spread)

    def contributions(self, x: Rows, focus: int = -1) -> Floats | None:
        """TreeSHAP values of the margin as LightGBM computes them [n, f]."""
        parts = np.asarray(self.booster.predict(x, pred_contrib=True, num_threads=1), dtype=np.float64)
        by_output = parts.reshape(len(x), -1, x.shape[1] + 1)
        return by_output[:, -1 if by_output.shape[1] == 1 else focus, :-1]


Node = tuple[int, float, int, int, bool, float]
"""Column, threshold, left and right child (-1 at a leaf), where missing goes, leaf value."""


def _flat(root: Mapping[str, Any]) -> list[Node]:
    """LightGBM's nested nodes as a table, parents first."""
    nodes: list[Node] = []
    waiting: list[tuple[Mapping[str, Any], int, bool]] = [(root, -1, False)]
    while waiting:
        held, parent, is_right = waiting.pop()
        here = len(nodes)
        if parent >= 0:
            above = nodes[parent]
            nodes[parent] = (*above[:2], above[2], here, *above[4:]) if is_right else (*above[:2], here, *above[3:])
        if "split_feature" not in held:
            nodes.append((0, 0.0, -1, -1, False, float(held["leaf_value"])))
            continue
        threshold = float(held["threshold"])
        # where no value was missing in training, LightGBM reads a missing one as zero
        missing_left = bool(held["default_left"]) if held["missing_type"] == "NaN" else 0.0 <= threshold
        nodes.append((int(held["split_feature"]), threshold, -1, -1, missing_left, 0.0))
        waiting.append((held["right_child"], here, True))
        waiting.append((held["left_child"], here, False))
    return nodes


class LGBMFamily(Family):
    """LightGBM."""

    name = "lgbm"
    label = "LightGBM"
    strength = "accurate on tables and the fastest of the boosters"
    weakness = "it overfits very small tables unless its leaves are kept large"
    tasks = frozenset({"binary", "multiclass", "regression"})
    simplicity = 4
    cost = 1.0
    most_classes = 30

    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """A moderate one and a shallow one; for numbers also one that minimises the absolute error."""
        base: Params = {"subsample": 0.8, "colsample": 0.8, "l2": 1.0}
        moderate, shallow = (
            base | {"n_estimators": 150, "max_depth": 6, "learning_rate": 0.06, "min_samples_leaf": 20},
            base | {"n_estimators": 200, "max_depth": 3, "learning_rate": 0.05, "min_samples_leaf": 10},
        )
        if size.classes:
            return (moderate, shallow)
        return (moderate | {"loss": "squared"}, moderate | {"loss": "absolute"}, shallow | {"loss": "squared"})

    def space(self, size: Size) -> Space:
        """The guidance's ranges, row and column shares, size of leaves, penalty."""
        return ({} if size.classes else {"loss": LOSS}) | {
            "n_estimators": Number(50, 300, whole=True),
            "max_depth": Number(3, 10, whole=True),
            "learning_rate": Number(0.01, 0.3, log=True),
            "subsample": Number(0.6, 1.0),
            "colsample": Number(0.4, 1.0),
            "min_samples_leaf": Number(5, 60, log=True, whole=True),
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
        """Fit with a fixed number of rounds, deterministically; see `Family.fit`."""
        import lightgbm

        chosen = merged(params, self.portfolio(Size(len(x), layout.width, problem.classes))[0])
        spread = Spread.of(y) if problem.task == "regression" else None
        depth = int(chosen["max_depth"])
        settings: dict[str, Any] = {
            "objective": ABSOLUTE if chosen.get("loss") == "absolute" else OBJECTIVES[problem.task],
            "learning_rate": float(chosen["learning_rate"]),
            "max_depth": depth,
            "num_leaves": min(2**depth, 63),
            "min_data_in_leaf": int(chosen["min_samples_leaf"]),
            "bagging_fraction": float(chosen["subsample"]),
            "bagging_freq": 1,
            "feature_fraction": float(chosen["colsample"]),
            "lambda_l2": float(chosen["l2"]),
            "seed": seed % 2**31,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": threads,
            "verbosity": -1,
        }
        if problem.task == "multiclass":
            settings["num_class"] = problem.classes
        data = lightgbm.Dataset(
            x, label=y if spread is None else spread.into(y), weight=weights, params={"verbosity": -1}
        )
        booster = lightgbm.train(settings, data, num_boost_round=int(chosen["n_estimators"]))
        return Boosted(problem, booster, spread)


FAMILY = LGBMFamily()
