"""Balanced random forest: each tree sees as many rows of the frequent class as of the rare one (Chen et al., 2004)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from tools.modeling.families.base import Floats, Layout, Params, Problem, Rows, Size, Value, merged
from tools.modeling.families.forest import COLUMNS, Forest, ForestFamily


class BalancedForestFamily(ForestFamily):
    """Random forest on resampled, balanced rows; for rare positives."""

    name = "balanced"
    label = "balanced random forest"
    strength = "made for rare positives: each tree sees both classes equally often"
    weakness = "its probabilities are shifted towards the rare class and need calibration"
    tasks = frozenset({"binary"})
    simplicity = 2
    cost = 4.0
    takes_weights = False
    only_imbalanced = True

    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """A hundred trees, as in the guidance."""
        return ({"n_estimators": 100, "min_samples_leaf": 2, "max_features": "sqrt"},)

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
        """Fit imbalanced-learn's forest; weights are not taken, the resampling takes their place."""
        from imblearn.ensemble import BalancedRandomForestClassifier

        chosen = merged(params, self.portfolio(Size(len(x), layout.width))[0])
        model = BalancedRandomForestClassifier(
            n_estimators=int(chosen["n_estimators"]),
            min_samples_leaf=int(chosen["min_samples_leaf"]),
            max_features=COLUMNS[str(chosen["max_features"])],
            sampling_strategy="all",
            replacement=True,
            bootstrap=False,
            random_state=seed % 2**32,
            n_jobs=threads,
        )
        return Forest(problem, model.fit(x, y), None)


FAMILY = BalancedForestFamily()
