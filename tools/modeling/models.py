"""The final model: its members fitted on the same rows and averaged by weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.modeling.ensembling import ModelMember
from tools.modeling.families.base import Fitted, Floats, Rows
from tools.modeling.fitting import fit
from tools.modeling.training import Training, substream


@dataclass(frozen=True)
class Model:
    """Fitted members with their weights."""

    members: tuple[Fitted, ...]
    weights: tuple[float, ...]

    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]: the weighted mean of the members."""
        parts = [weight * member.predict(x) for member, weight in zip(self.members, self.weights, strict=True)]
        return np.asarray(np.sum(parts, axis=0), dtype=np.float64)

    def contributions(self, x: Rows, focus: int = -1) -> Floats | None:
        """Exact contributions of the heaviest member that has them [n, f]; None where none has."""
        for member in self.members:
            found = member.contributions(x, focus)
            if found is not None:
                return found
        return None


def fit_model(
    training: Training, members: Sequence[ModelMember], seed: int, threads: int = 1, weights: Floats | None = None
) -> Model:
    """Fit every member on all given rows.

    Args:
        training: the rows.
        members: settings and weights.
        seed: of everything random; each family has its own stream.
        threads: at most so many.
        weights: row weights [n] of a mitigation, or None.
    """
    fitted = tuple(
        fit(
            member.family,
            training.problem,
            training.layout,
            training.x,
            training.y,
            member.params,
            substream(seed, member.family),
            threads,
            weights,
        )
        for member in members
    )
    return Model(fitted, tuple(member.weight for member in members))
