"""From a frame through the scorer to predictions and back: the one way in which phase 3 scores rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.targets import target_values
from tools.evaluation.metrics import Predictions
from tools.records import Task
from tools.serving.service.scorer import Scorer, Scores

PROBABILITY = "p_"
"""Prefix of a class's probability column, as CONTRACT names it."""


@dataclass(frozen=True)
class Scored:
    """Rows with their truth and what the scorer said of them, without those that could not be scored."""

    y: NDArray[Any]
    """Class codes (int64) or numbers (float64) [n]."""
    predictions: Predictions
    kept: NDArray[np.intp]
    """Positions of these rows in the frame they came from."""
    left_out: int
    """Rows that could not be scored."""


def columns_of(frame: pd.DataFrame) -> Mapping[str, NDArray[Any]]:
    """Columns as the scorer reads them: typed arrays, texts with None where missing."""
    columns: dict[str, NDArray[Any]] = {}
    for name in frame.columns:
        series = frame[name]
        if series.dtype.kind in "biufM":
            columns[name] = series.to_numpy()
        else:
            columns[name] = series.astype(object).where(series.notna(), None).to_numpy()
    return columns


def score_rows(scorer: Scorer, frame: pd.DataFrame) -> Scores:
    """Score a frame of raw, typed rows (as in ``table.parquet``); the target may be there and is not read."""
    needed = [name for name in scorer.needed if name in frame.columns]
    return scorer.score(columns_of(frame[needed]), len(frame))


def as_predictions(scores: Scores) -> Predictions:
    """Scores as the metrics take them."""
    return Predictions(labels=scores.codes, probabilities=scores.probabilities, values=scores.values)


def score_labelled(scorer: Scorer, frame: pd.DataFrame, target: str) -> tuple[Scored, Scores]:
    """Score rows that have a label, and set aside those that could not be scored."""
    scores = score_rows(scorer, frame)
    y = target_values(frame[target], task_of(scorer), scorer.classes)
    return labelled(y, scores), scores


def labelled(y: NDArray[Any], scores: Scores) -> Scored:
    """Scores joined with the truth, without rows that could not be scored or have no label."""
    fine = np.array([error is None for error in scores.errors], dtype=bool)
    fine &= np.isfinite(y) if y.dtype.kind == "f" else y >= 0
    kept = np.flatnonzero(fine)
    return Scored(y[kept], as_predictions(scores).take(kept), kept, len(y) - len(kept))


def task_of(scorer: Scorer) -> Task:
    """The scorer's task as the records know it."""
    tasks: dict[str, Task] = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
    return tasks[scorer.task]


def scores_frame(rows: NDArray[Any], y: NDArray[Any], scores: Scores, classes: Sequence[str]) -> pd.DataFrame:
    """``test_scores.parquet``: row, y (code or number), prediction, code, p_<class> …, error."""
    frame: dict[str, Any] = {"row": np.asarray(rows, dtype=np.int64), "y": y}
    if scores.values is not None:
        frame["prediction"] = scores.values
    else:
        assert scores.codes is not None and scores.probabilities is not None
        frame["prediction"] = pd.Series(scores.prediction, dtype="str")
        frame["code"] = scores.codes
        for k, name in enumerate(classes):
            frame[f"{PROBABILITY}{name}"] = scores.probabilities[:, k]
    frame["error"] = pd.Series(scores.errors, dtype="str")
    return pd.DataFrame(frame)


def read_scores(frame: pd.DataFrame, classes: Sequence[str]) -> Scored:
    """A frame made by `scores_frame` back as truth and predictions, without rows that could not be scored."""
    fine = frame["error"].isna().to_numpy(dtype=bool)
    y = frame["y"].to_numpy()
    kept = np.flatnonzero(fine & (np.isfinite(y) if y.dtype.kind == "f" else y >= 0))
    part = frame.iloc[kept]
    if not classes:
        predictions = Predictions(values=part["prediction"].to_numpy(dtype=np.float64))
    else:
        probabilities = part[[f"{PROBABILITY}{name}" for name in classes]].to_numpy(dtype=np.float64)
        predictions = Predictions(labels=part["code"].to_numpy(dtype=np.int64), probabilities=probabilities)
    return Scored(y[kept], predictions, kept, len(frame) - len(kept))
