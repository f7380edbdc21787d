"""Out-of-fold predictions: every training row predicted by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.evaluation.metrics import Costs, Predictions, loss
from tools.modeling.families.base import Fitted, Floats, Problem, Rows, Value
from tools.modeling.fitting import fit
from tools.modeling.training import Folds, Training, substream

FOLD_COLUMN = "fold"


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of one model for the training rows."""

    predictions: Floats
    """Class probabilities [n, k] or numbers [n]; NaN where a row was never held out."""
    fold: NDArray[np.int64]
    """Fold that held each row out [n]; -1 where none did."""
    losses: tuple[float, ...] = ()
    """Loss on the held-out rows, by fold."""
    training_losses: tuple[float, ...] = ()
    """Loss on the rows of the fit itself, by fold."""

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Rows that have a prediction."""
        return self.fold >= 0


def predictions_of(problem: Problem, raw: NDArray[Any], threshold: float | None = None) -> Predictions:
    """Probabilities [n, k] or numbers [n] as the metrics take them."""
    if problem.task == "regression":
        return Predictions(values=raw)
    return Predictions.of_probabilities(raw, threshold)


def loss_of(metric: str, problem: Problem, y: NDArray[Any], raw: NDArray[Any], costs: Costs | None = None) -> float:
    """A metric's lower-is-better form on raw predictions."""
    return loss(metric, y, predictions_of(problem, raw), costs)


Fit = Callable[[Rows, NDArray[Any], int], Fitted]
"""Training rows, their target, and the fold's number to a fitted model."""


def fitter(training: Training, family: str, params: Mapping[str, Value], seed: int, threads: int) -> Fit:
    """The fit of one family at one setting, seeded by fold."""

    def fit_fold(x: Rows, y: NDArray[Any], fold: int) -> Fitted:
        return fit(family, training.problem, training.layout, x, y, params, substream(seed, fold), threads)

    return fit_fold


def out_of_fold(
    training: Training, folds: Folds, fit_fold: Fit, metric: str, after: Callable[[int], None] | None = None
) -> OutOfFold:
    """Fit on each fold's training rows and predict its held-out rows.

    Args:
        training: the rows.
        folds: (training, held-out) positions.
        fit_fold: fits one fold's model.
        metric: what the losses are measured in.
        after: called with the number of each fold that is done.
    """
    n, k = len(training.y), training.problem.classes
    predictions = np.full((n, k) if k else n, np.nan)
    fold_of = np.full(n, -1, dtype=np.int64)
    losses, training_losses = [], []
    for number, (inside, outside) in enumerate(folds):
        model = fit_fold(training.x[inside], training.y[inside], number)
        predictions[outside] = model.predict(training.x[outside])
        fold_of[outside] = number
        losses.append(loss_of(metric, training.problem, training.y[outside], predictions[outside]))
        seen = inside[:: max(1, len(inside) // 5000)]
        training_losses.append(loss_of(metric, training.problem, training.y[seen], model.predict(training.x[seen])))
        if after is not None:
            after(number)
    return OutOfFold(predictions, fold_of, tuple(losses), tuple(training_losses))


def oof_frame(training: Training, models: Mapping[str, Floats], fold: NDArray[np.int64]) -> pd.DataFrame:
    """Out-of-fold predictions of several models as a table.

    Columns: ``position`` (row of ``train_matrix.parquet``), ``fold``, and per model its name (numbers) or
    ``<name>:<class code>`` (probabilities). Only rows with a prediction are held.
    """
    seen = fold >= 0
    columns: dict[str, Any] = {"position": training.rows[seen], FOLD_COLUMN: fold[seen]}
    for name, values in models.items():
        if values.ndim == 1:
            columns[name] = values[seen]
        else:
            columns |= {f"{name}:{code}": values[seen, code] for code in range(values.shape[1])}
    return pd.DataFrame(columns)


def read_oof(frame: pd.DataFrame, model: str, problem: Problem) -> Floats:
    """One model's predictions from such a table: [m, k] or [m] over the rows that it holds."""
    if problem.task == "regression":
        return frame[model].to_numpy(dtype=np.float64)
    return np.stack([frame[f"{model}:{code}"].to_numpy(dtype=np.float64) for code in range(problem.classes)], axis=1)
