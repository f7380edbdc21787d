"""The training rows as the modelling steps see them: matrix, target, folds, samples, and seeds for each part."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.data.splitting import SplitScheme, folds
from tools.features.matrix import Matrix, Target, load_matrix, load_target
from tools.modeling.families.base import Layout, Problem, Size
from tools.records import Task

SEARCH_ROWS = 20_000
"""Rows that the search and the learning curve look at."""
OOF_ROWS = 60_000
"""Rows that out-of-fold predictions, baselines and interpretation rest on."""
LARGE_FOLDS = 3
"""Folds above `SEARCH_ROWS` rows."""

FRESH = 1_000_003
"""Added to the scheme's seed for folds that no setting was chosen by."""

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True)
class Training:
    """Training rows with everything that resampling needs to know."""

    matrix: Matrix
    target: Target
    problem: Problem
    scheme: SplitScheme
    rows: NDArray[np.int64]
    """Positions of these rows in the training matrix."""

    @property
    def x(self) -> NDArray[np.float32]:
        """Features [n, f]."""
        return self.matrix.x

    @property
    def y(self) -> NDArray[Any]:
        """Class codes or numbers [n]."""
        return self.target.y

    @property
    def layout(self) -> Layout:
        """What the columns are."""
        return layout_of(self.matrix)

    @property
    def size(self) -> Size:
        """How large a fit on these rows is."""
        minority = 0.5
        if self.problem.classes:
            minority = float(np.bincount(self.y, minlength=self.problem.classes).min() / max(len(self.y), 1))
        return Size(len(self.y), self.matrix.x.shape[1], self.problem.classes, minority)

    def folds(self, *, fresh: bool = False) -> Folds:
        """Resampling folds in the split's own scheme; three where there are many rows.

        Args:
            fresh: other folds than the search has chosen settings by (folds by time have no other cut).
        """
        count = min(self.scheme.folds, LARGE_FOLDS) if len(self.y) > SEARCH_ROWS else self.scheme.folds
        seed = self.scheme.seed + FRESH if fresh else self.scheme.seed
        scheme = self.scheme.model_copy(update={"folds": count, "seed": seed})
        return folds(scheme, self.y, self.target.group, self.target.order)

    def take(self, rows: NDArray[np.int64]) -> Training:
        """Some of the rows, by ascending position."""
        target = Target(
            self.target.y[rows],
            None if self.target.group is None else self.target.group[rows],
            None if self.target.order is None else self.target.order[rows],
        )
        return replace(self, matrix=self.matrix.take(rows), target=target, rows=self.rows[rows])

    def sample(self, most: int, seed: int) -> Training:
        """At most so many rows, drawn without regard to anything and kept in order; all where there are fewer."""
        if len(self.y) <= most:
            return self
        drawn = np.random.default_rng(seed).choice(len(self.y), size=most, replace=False)
        if self.problem.classes:
            # every class stays, with the few rows that a fold needs of it
            rare = [np.flatnonzero(self.y == code)[:10] for code in range(self.problem.classes)]
            drawn = np.union1d(drawn, np.concatenate(rare))
        return self.take(np.sort(drawn).astype(np.int64))


def layout_of(matrix: Matrix) -> Layout:
    """What the columns of a matrix are, for a model family."""
    return Layout(matrix.x.shape[1], tuple(matrix.categorical))


def load_training(matrix: Path, plan: Path, target: Path, task: Task, classes: int, scheme: SplitScheme) -> Training:
    """Read a matrix and its target.

    Args:
        matrix: ``train_matrix.parquet`` (or validation's).
        plan: ``features.json``.
        target: ``train_target.parquet`` (or validation's).
        task: kind of the task.
        classes: number of declared classes; 0 for numbers.
        scheme: how training rows are resampled.
    """
    held, wanted = load_matrix(matrix, plan), load_target(target)
    return Training(held, wanted, Problem(task, classes), scheme, np.arange(len(wanted.y), dtype=np.int64))


def substream(seed: int, *parts: object) -> int:
    """A seed of its own for a named part of a step: the first four bytes of a SHA-256."""
    text = "/".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
