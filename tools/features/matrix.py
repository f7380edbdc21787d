"""The matrix that models are trained on: float32 features with names, labels and category levels; and the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.features.plan import FeaturePlan


@dataclass(frozen=True)
class Matrix:
    """Features of some rows, C-contiguous float32 [n, f].

    Numbers may be NaN (missing). Categories are integer codes ≥ 0 (NaN: missing, or a level that training did not
    hold); code ``c`` of feature ``j`` reads ``levels[j][c]``. Flags are 0 or 1.
    """

    x: NDArray[np.float32]
    names: tuple[str, ...]
    """Safe names f000, f001, … in column order."""
    labels: tuple[str, ...]
    """What a person reads."""
    categorical: tuple[int, ...]
    """Indices of the category features."""
    levels: dict[int, tuple[str, ...]]
    """Level texts of each category feature by its index."""
    sources: tuple[tuple[str, ...], ...]
    """Columns of the table that each feature is made from."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.x.shape[0])

    def take(self, rows: NDArray[np.intp]) -> Matrix:
        """The same features for some of the rows."""
        return Matrix(self.x[rows], self.names, self.labels, self.categorical, self.levels, self.sources)

    def columns(self, places: Sequence[int]) -> Matrix:
        """Some of the features, by ascending place, for the same rows."""
        return Matrix(
            x=np.ascontiguousarray(self.x[:, list(places)]),
            names=tuple(self.names[place] for place in places),
            labels=tuple(self.labels[place] for place in places),
            categorical=tuple(new for new, place in enumerate(places) if place in self.levels),
            levels={new: self.levels[place] for new, place in enumerate(places) if place in self.levels},
            sources=tuple(self.sources[place] for place in places),
        )


@dataclass(frozen=True)
class Target:
    """What is predicted, and what the resampling scheme needs to know of each row."""

    y: NDArray[np.float64] | NDArray[np.int64]
    """Codes 0 to k-1 (int64) for classes, float64 values for regression."""
    group: NDArray[np.int64] | None = None
    """Code of the row's group where rows of one group must stay together."""
    order: NDArray[np.float64] | None = None
    """What the rows are ordered by where the split follows time (days since 1970-01-01, or the column's number)."""


def as_matrix(plan: FeaturePlan, x: NDArray[np.float32]) -> Matrix:
    """Join a plan and its values.

    Raises:
        ValueError: the number of columns differs from the plan's features.
    """
    if x.shape[1] != len(plan.features):
        raise ValueError(f"The matrix has {x.shape[1]} columns where the plan has {len(plan.features)} features.")
    categorical = tuple(j for j, feature in enumerate(plan.features) if feature.kind == "category")
    return Matrix(
        x=np.ascontiguousarray(x, dtype=np.float32),
        names=plan.names,
        labels=tuple(feature.label for feature in plan.features),
        categorical=categorical,
        levels={j: plan.features[j].levels for j in categorical},
        sources=tuple(feature.columns for feature in plan.features),
    )


def load_matrix(matrix: Path, plan: Path | FeaturePlan) -> Matrix:
    """Read ``train_matrix.parquet`` or ``validation_matrix.parquet`` with its ``features.json``."""
    if isinstance(plan, Path):
        plan = FeaturePlan.model_validate_json(plan.read_bytes())
    frame = pd.read_parquet(matrix)
    return as_matrix(plan, frame[list(plan.names)].to_numpy(dtype=np.float32))


def load_target(target: Path) -> Target:
    """Read ``train_target.parquet`` or ``validation_target.parquet``."""
    frame = pd.read_parquet(target)
    y = frame["y"].to_numpy()
    return Target(
        y=y.astype(np.int64) if y.dtype.kind in "iu" else y.astype(np.float64),
        group=frame["group"].to_numpy(dtype=np.int64) if "group" in frame else None,
        order=frame["order"].to_numpy(dtype=np.float64) if "order" in frame else None,
    )


def matrix_frame(matrix: Matrix) -> pd.DataFrame:
    """The matrix as a frame for Parquet: float32 columns under safe names."""
    return pd.DataFrame({name: matrix.x[:, j] for j, name in enumerate(matrix.names)}, copy=False)
