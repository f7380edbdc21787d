"""What a model family is: what it declares, how it is fitted, and the plain form every fitted model has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.records import Task

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Value = int | float | str
Params = dict[str, Value]
"""Parameters of one model, by name; ``imbalance`` (none, weights, smote) is read by the fold, not by the family."""


@dataclass(frozen=True)
class Problem:
    """What is predicted."""

    task: Task
    classes: int = 0
    """Number of classes; 0 for numbers."""


@dataclass(frozen=True)
class Layout:
    """What the columns of a matrix are."""

    width: int
    categorical: tuple[int, ...] = ()
    """Positions of the columns that hold codes."""


@dataclass(frozen=True)
class Size:
    """How large a fit is, for the choice of ranges."""

    rows: int
    columns: int
    classes: int = 0
    minority: float = 0.5
    """Share of the rarest class."""


@dataclass(frozen=True)
class Number:
    """A range of a whole or real parameter."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Choice:
    """A parameter with named values."""

    values: tuple[Value, ...]


Space = Mapping[str, Number | Choice]

LOSS = Choice(("squared", "absolute"))
"""What a boosted regression minimises; the absolute error suits heavy tails and metrics of absolute errors."""


class Fitted(ABC):
    """A fitted model."""

    problem: Problem

    @abstractmethod
    def predict(self, x: Rows) -> Floats:
        """Class probabilities [n, k], or numbers [n]."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The model in the plain form of ``tools.serving.service.arrays``."""

    def contributions(self, x: Rows, focus: int = -1) -> Floats | None:
        """What each column adds to each row's margin [n, f] of a class (the last by default); None where unknown."""
        return None


class Family(ABC):
    """A kind of model: a new one is one file with one subclass, and a line in the registry."""

    name: str
    label: str
    """As a person reads it."""
    strength: str
    """What speaks for it, as half a sentence."""
    weakness: str
    """What speaks against it, as half a sentence."""
    tasks: frozenset[Task]
    simplicity: int
    """Rank from simple (0) to complex: at equal evidence the lower one is recommended."""
    cost: float
    """Seconds of one fit relative to LightGBM on the same rows."""
    takes_missing: bool = True
    takes_categories: str = "as codes"
    """What it does with categories, in words."""
    takes_weights: bool = True
    most_rows: int | None = None
    """Above this many rows it is not tried."""
    most_classes: int | None = None
    only_imbalanced: bool = False
    """Whether it is made for rare classes only."""

    @abstractmethod
    def portfolio(self, size: Size) -> tuple[Params, ...]:
        """Settings that are tried first, best value first."""

    @abstractmethod
    def space(self, size: Size) -> Space:
        """What the search may vary."""

    @abstractmethod
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
    ) -> Fitted:
        """Fit a model.

        Args:
            problem: what is predicted.
            layout: what the columns are.
            x: matrix [n, f] of float32; NaN is missing, codes are whole numbers.
            y: class codes [n] of whole numbers (each class occurs), or numbers [n].
            params: values for the names of `space`; absent ones take the first of the portfolio.
            weights: row weights [n], or None.
            seed: of everything random.
            threads: at most so many.
        """


@dataclass(frozen=True)
class Spread:
    """How numbers are brought to a common scale before a fit, and back after it."""

    centre: float
    spread: float
    floor: float
    """Predictions are at least this: 0 where no negative number was ever seen, else minus infinity."""

    @staticmethod
    def of(y: NDArray[Any]) -> Spread:
        """From the targets of the training rows."""
        spread = float(y.std())
        return Spread(float(y.mean()), spread if spread > 0 else 1.0, 0.0 if float(y.min()) >= 0 else float("-inf"))

    def into(self, y: NDArray[Any]) -> Floats:
        """Targets to the common scale."""
        return np.asarray((y - self.centre) / self.spread, dtype=np.float64)

    def back(self, z: NDArray[Any]) -> Floats:
        """Predictions on the common scale to targets."""
        return np.maximum(np.asarray(z, dtype=np.float64) * self.spread + self.centre, self.floor)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The three figures as the plain form holds them."""
        return {
            "centre": np.array(self.centre),
            "spread": np.array(self.spread),
            "floor": np.array(self.floor),
        }


@dataclass
class Trees:
    """Trees being collected into the plain form: nodes of all trees in one table."""

    width: int
    """Values in each leaf: 1, or the number of outputs."""
    feature: list[NDArray[Any]] = field(default_factory=list)
    threshold: list[NDArray[Any]] = field(default_factory=list)
    left: list[NDArray[Any]] = field(default_factory=list)
    right: list[NDArray[Any]] = field(default_factory=list)
    missing_left: list[NDArray[Any]] = field(default_factory=list)
    value: list[NDArray[Any]] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    nodes: int = 0

    def add(
        self,
        feature: NDArray[Any],
        threshold: NDArray[Any],
        left: NDArray[Any],
        right: NDArray[Any],
        missing_left: NDArray[Any],
        value: NDArray[Any],
        target: int = -1,
    ) -> None:
        """Add a tree whose nodes are numbered from 0; a leaf has ``left`` -1.

        Args:
            feature: column of each node [m].
            threshold: float32 [m]: a value that is at most this goes left.
            left: child [m].
            right: child [m].
            missing_left: where a missing value goes [m].
            value: what a leaf adds [m, width].
            target: the output it adds to; -1 for all.
        """
        leaf = left < 0
        self.roots.append(self.nodes)
        self.target.append(target)
        self.feature.append(np.where(leaf, 0, feature).astype(np.int32))
        self.threshold.append(np.where(leaf, np.float32(0), threshold.astype(np.float32)).astype(np.float32))
        self.left.append(np.where(leaf, -1, left + self.nodes).astype(np.int32))
        self.right.append(np.where(leaf, -1, right + self.nodes).astype(np.int32))
        self.missing_left.append(np.where(leaf, False, missing_left).astype(bool))
        self.value.append(np.where(leaf[:, None], value.reshape(len(left), self.width), 0.0).astype(np.float64))
        self.nodes += len(left)

    def arrays(self, link: str, offset: NDArray[Any], spread: Spread | None) -> dict[str, NDArray[Any]]:
        """The plain form of ``tools.serving.service.arrays``."""
        held = {
            "kind": np.array("trees"),
            "link": np.array(link),
            "roots": np.array(self.roots, dtype=np.int32),
            "target": np.array(self.target, dtype=np.int32),
            "offset": np.asarray(offset, dtype=np.float64),
            **{
                name: np.concatenate(getattr(self, name))
                for name in ("feature", "threshold", "left", "right", "missing_left", "value")
            },
        }
        return held | (spread.arrays() if spread else {})


def rounded_down(threshold: NDArray[Any]) -> NDArray[np.float32]:
    """The largest float32 that is at most each double: ``x <= threshold`` stays the same for every float32 x."""
    doubles = np.asarray(threshold, dtype=np.float64)
    with np.errstate(over="ignore"):
        singles = doubles.astype(np.float32)
    above = singles.astype(np.float64) > doubles
    return np.where(above, np.nextafter(singles, np.float32(-np.inf)), singles).astype(np.float32)


def just_below(threshold: NDArray[Any]) -> NDArray[np.float32]:
    """The largest float32 below each float32: turns ``x < threshold`` into ``x <= threshold``."""
    return np.nextafter(np.asarray(threshold, dtype=np.float32), np.float32(-np.inf)).astype(np.float32)


def merged(params: Mapping[str, Value], defaults: Mapping[str, Value]) -> Params:
    """Parameters with the gaps filled."""
    return {**defaults, **params}
