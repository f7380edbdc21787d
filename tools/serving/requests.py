"""Rows of the table as requests hold them, and the replies that offline scoring expects for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.evaluation.scoring import columns_of
from tools.serving.bundle import Prior
from tools.serving.service.deployed import replies
from tools.serving.service.explain import json_cell
from tools.serving.service.limits import Limits
from tools.serving.service.scorer import Scorer


@dataclass(frozen=True)
class Asked:
    """Rows to ask a service for, with the answers that it must give to the bit."""

    rows: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    left_out: int
    """Rows that no request can hold or the scorer can't score."""


def request_rows(frame: pd.DataFrame, scorer: Scorer) -> list[dict[str, Any]]:
    """Rows of a typed frame as JSON scalars, needed columns only."""
    columns: dict[str, list[Any]] = {}
    for name in scorer.needed:
        series, kind = frame[name], scorer.readers[name].type
        values = series.astype(object).where(series.notna(), None).tolist()
        if kind == "date":
            columns[name] = [None if value is None else value.isoformat() for value in values]
        else:
            columns[name] = [json_cell(kind, value) for value in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def ask_for(frame: pd.DataFrame, scorer: Scorer) -> Asked:
    """Requests for the rows of a typed frame, and what offline scoring of the same frame says.

    Args:
        frame: rows as in ``table.parquet``.
        scorer: the loaded scorer.
    """
    rows = request_rows(frame, scorer)
    needed = columns_of(frame[list(scorer.needed)])
    scores = scorer.score(needed, len(frame))
    answers = replies(scores, scorer)
    longest = Limits().characters
    fine = [
        scores.errors[index] is None
        and not any(isinstance(value, str) and len(value) > longest for value in row.values())
        for index, row in enumerate(rows)
    ]
    kept = [index for index, good in enumerate(fine) if good]
    return Asked([rows[index] for index in kept], [answers[index] for index in kept], left_out=len(rows) - len(kept))


def prior_of(y: NDArray[Any], classes: int) -> Prior:
    """The trivial reply of training targets: class shares, or the mean.

    Args:
        y: class codes or numbers [n].
        classes: number of classes, 0 for a regression.
    """
    if not classes:
        return Prior(mean=float(np.mean(y)))
    counts = np.bincount(y.astype(np.int64), minlength=classes)
    return Prior(shares=tuple(float(count / counts.sum()) for count in counts))


def kinds_of(scorer_manifest: Mapping[str, Any]) -> dict[str, str]:
    """Type of each column that the scorer needs, in its order."""
    return {entry["name"]: entry["type"] for entry in scorer_manifest["inputs"]}
