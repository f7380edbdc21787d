"""Evaluators: what metrics are made of, each prepared for many weightings of the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SMALLEST = 1e-15
"""Probabilities are kept this far from zero and one in the log loss."""


class Evaluator(Protocol):
    """A metric of fixed rows as a function of their weights."""

    def __call__(self, weights: Floats) -> Floats:
        """Weights [b, n] to values [b]; NaN where the metric is undefined for a weighting."""

    def grouped(self, codes: NDArray[np.intp], size: int) -> Evaluator:
        """The evaluator over `size` groups of rows: the weights become [b, size], each group's rows sharing one."""


@dataclass(frozen=True)
class Predictions:
    """What a model says of n rows; a field that the model does not give is None."""

    labels: NDArray[Any] | None = None
    """Class codes [n], decided at the model's threshold."""
    probabilities: NDArray[Any] | None = None
    """Class probabilities [n, k] in declared order; binary: the last column is the positive class."""
    values: NDArray[Any] | None = None
    """Predicted numbers [n] of a regression."""

    @property
    def n(self) -> int:
        """Number of rows."""
        for part in (self.labels, self.probabilities, self.values):
            if part is not None:
                return len(part)
        return 0

    def take(self, rows: NDArray[Any]) -> Predictions:
        """The predictions of some rows (positions or a mask)."""
        return Predictions(
            None if self.labels is None else self.labels[rows],
            None if self.probabilities is None else self.probabilities[rows],
            None if self.values is None else self.values[rows],
        )

    @staticmethod
    def of_probabilities(probabilities: NDArray[Any], threshold: float | None = None) -> Predictions:
        """Probabilities with the labels they lead to: at a threshold (binary), else the likeliest class."""
        if threshold is not None and probabilities.shape[1] == 2:
            labels = (probabilities[:, 1] >= threshold).astype(np.int64)
        else:
            labels = probabilities.argmax(axis=1).astype(np.int64)
        return Predictions(labels=labels, probabilities=probabilities)


@dataclass(frozen=True)
class Costs:
    """What errors cost, in the unit that the person stated; correct decisions cost nothing."""

    false_positive: float = 1.0
    false_negative: float = 1.0


# --- metrics that are functions of weighted sums ---


@dataclass(frozen=True)
class _Sums:
    """Terms [t, n] whose weighted sums [b, t] `combine` turns into values [b].

    einsum rather than a matrix product: its result does not depend on how many threads BLAS has.
    """

    terms: Floats
    combine: Callable[[Floats], Floats]

    def __call__(self, weights: Floats) -> Floats:
        sums = np.stack([np.einsum("bn,n->b", weights, term) for term in self.terms], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.combine(sums)

    def grouped(self, codes: NDArray[np.intp], size: int) -> Evaluator:
        totals = [np.bincount(codes, weights=term, minlength=size) for term in self.terms]
        return _Sums(np.array(totals), self.combine)


def sums_of(terms: Floats, combine: Callable[[Floats], Floats]) -> Evaluator:
    """An evaluator from terms [n, t]."""
    return _Sums(np.ascontiguousarray(terms.T), combine)


def mean_of(of: Callable[[Floats, Predictions, Costs], Floats], root: bool = False) -> Any:
    """A metric that is a mean over rows, or the root of one."""

    def make(y: Floats, predictions: Predictions, costs: Costs) -> Evaluator:
        terms = np.stack([of(y, predictions, costs), np.ones(len(y))], axis=1)

        def combine(sums: Floats) -> Floats:
            means = sums[:, 0] / sums[:, 1]
            return np.asarray(np.sqrt(means) if root else means, dtype=np.float64)

        return sums_of(terms, combine)

    return make


def _array(values: NDArray[Any] | None) -> Floats:
    assert values is not None  # `evaluator` has checked what the metric needs
    return np.asarray(values, dtype=np.float64)


def right(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """Whether each row is decided right [n]."""
    return np.asarray(_array(p.labels) == y, dtype=np.float64)


def cost(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """What each decision costs [n]."""
    labels = _array(p.labels)
    false_positive, false_negative = (labels == 1) & (y == 0), (labels == 0) & (y == 1)
    total = costs.false_positive * false_positive + costs.false_negative * false_negative
    return np.asarray(total, dtype=np.float64)


def log_loss(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """Minus the log of the probability given to the truth [n]."""
    probabilities = _array(p.probabilities)
    of_truth = probabilities[np.arange(len(y)), y.astype(np.int64)]
    return np.asarray(-np.log(np.clip(of_truth, _SMALLEST, 1.0)), dtype=np.float64)


def brier(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """Squared error of the positive class's probability; with more than two classes, summed over all."""
    probabilities = _array(p.probabilities)
    if probabilities.shape[1] == 2:
        return np.asarray((probabilities[:, 1] - y) ** 2, dtype=np.float64)
    truth = np.eye(probabilities.shape[1])[y.astype(np.int64)]
    return np.asarray(((probabilities - truth) ** 2).sum(axis=1), dtype=np.float64)


def absolute(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """Absolute error [n]."""
    return np.abs(_array(p.values) - y)


def squared(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """Squared error [n]."""
    return np.asarray((_array(p.values) - y) ** 2, dtype=np.float64)


def percentage(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """As in scikit-learn: the error over the absolute truth, which is kept off zero by the float epsilon."""
    return np.asarray(np.abs(_array(p.values) - y) / np.maximum(np.abs(y), np.finfo(np.float64).eps), dtype=np.float64)


def squared_log(y: Floats, p: Predictions, costs: Costs) -> Floats:
    """Negative predictions count as zero; undefined (NaN) where the truth is negative."""
    truth = np.where(y < 0, np.nan, y)
    return np.asarray((np.log1p(np.maximum(_array(p.values), 0.0)) - np.log1p(truth)) ** 2, dtype=np.float64)


def r2(y: Floats, predictions: Predictions, costs: Costs) -> Evaluator:
    """One minus the squared error over the spread around the mean."""
    centred = y - y.mean()  # the same value, without cancellation
    terms = np.stack([squared(y, predictions, costs), centred, centred**2, np.ones(len(y))], axis=1)
    return sums_of(
        terms,
        lambda s: (
            1.0 - s[:, 0] / np.where(s[:, 2] - s[:, 1] ** 2 / s[:, 3] > 0, s[:, 2] - s[:, 1] ** 2 / s[:, 3], np.nan)
        ),
    )


def _classes(y: Floats, predictions: Predictions) -> int:
    highest = int(max(y.max(initial=0), _array(predictions.labels).max(initial=0))) + 1
    return max(highest, 2 if predictions.probabilities is None else predictions.probabilities.shape[1])


def confusion(of: Callable[[Floats, Floats, Floats], Floats], always_macro: bool = False) -> Any:
    """A metric of true positives, predicted and actual counts: of class 1 (binary), else macro-averaged.

    The macro average is over the classes that occur in the truth or the predictions, as in scikit-learn; a ratio
    with nothing below the line counts as zero.
    """

    def make(y: Floats, predictions: Predictions, costs: Costs) -> Evaluator:
        labels, k = _array(predictions.labels), _classes(y, predictions)
        classes = range(k) if always_macro or k > 2 else (1,)
        terms = np.concatenate(
            [
                np.stack([(labels == c) & (y == c) for c in classes], axis=1),
                np.stack([labels == c for c in classes], axis=1),
                np.stack([y == c for c in classes], axis=1),
            ],
            axis=1,
        ).astype(np.float64)
        size = len(classes)

        def combine(sums: Floats) -> Floats:
            hit, predicted, actual = sums[:, :size], sums[:, size : 2 * size], sums[:, 2 * size :]
            values = np.nan_to_num(of(hit, predicted, actual), nan=0.0, posinf=0.0)
            if size == 1:
                return np.asarray(values[:, 0], dtype=np.float64)
            present = (predicted + actual) > 0
            return np.asarray((values * present).sum(axis=1) / present.sum(axis=1), dtype=np.float64)

        return sums_of(terms, combine)

    return make


# --- metrics of ranks ---


def ranked(of: Callable[[Floats, Floats, NDArray[np.intp]], Floats]) -> Any:
    """A metric of one score per row, averaged one against the rest over the classes that occur.

    `of` takes weights of positives and negatives [b, n] in ascending order of score, and where runs of equal
    scores begin.
    """

    def make(y: Floats, predictions: Predictions, costs: Costs) -> Evaluator:
        probabilities = _array(predictions.probabilities)
        k = probabilities.shape[1]
        classes = [1] if k == 2 else [c for c in range(k) if (y == c).any()]
        prepared = []
        for c in classes:
            ascending = np.argsort(probabilities[:, c], kind="stable")
            scores = probabilities[ascending, c]
            starts = np.flatnonzero(np.concatenate([[True], scores[1:] != scores[:-1]]))
            prepared.append((ascending, starts, np.asarray(y[ascending] == c, dtype=np.float64)))
        return _Ranks(prepared, of)

    return make


@dataclass(frozen=True)
class _Ranks:
    """Per class: rows in ascending order of score, where runs of equal scores begin, and which are of the class."""

    classes: list[tuple[NDArray[np.intp], NDArray[np.intp], Floats]]
    of: Callable[[Floats, Floats, NDArray[np.intp]], Floats]
    codes: NDArray[np.intp] | None = None

    def __call__(self, weights: Floats) -> Floats:
        if not self.classes:
            return np.full(len(weights), np.nan)
        rows = weights if self.codes is None else weights[:, self.codes]
        values = []
        for ascending, starts, member in self.classes:
            weighted = rows[:, ascending]
            values.append(self.of(weighted * member, weighted * (1.0 - member), starts))
        return np.asarray(np.mean(values, axis=0), dtype=np.float64)

    def grouped(self, codes: NDArray[np.intp], size: int) -> Evaluator:
        return _Ranks(self.classes, self.of, codes)


def auc(positive: Floats, negative: Floats, starts: NDArray[np.intp]) -> Floats:
    """Mann-Whitney: the share of pairs in right order, ties counting half."""
    p, n = np.add.reduceat(positive, starts, axis=1), np.add.reduceat(negative, starts, axis=1)
    below = np.cumsum(n, axis=1) - n
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((p * (below + 0.5 * n)).sum(axis=1) / (p.sum(axis=1) * n.sum(axis=1)), dtype=np.float64)


def average_precision(positive: Floats, negative: Floats, starts: NDArray[np.intp]) -> Floats:
    """Sum over thresholds of precision times the step in recall (no interpolation), as in scikit-learn."""
    p = np.add.reduceat(positive, starts, axis=1)[:, ::-1]
    n = np.add.reduceat(negative, starts, axis=1)[:, ::-1]
    hits = np.cumsum(p, axis=1)
    shown = hits + np.cumsum(n, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(shown > 0, hits / np.where(shown > 0, shown, 1.0), 0.0)
        return np.asarray((p * precision).sum(axis=1) / p.sum(axis=1), dtype=np.float64)
