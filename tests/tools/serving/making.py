"""Makes real scorers for tests: a table, its plans, and a model of plain arrays or ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tools.data.cleaning import Roles, clean_parts, fit_cleaning
from tools.data.reading import Reading
from tools.features.fitting import fit_features
from tools.features.matrix import Matrix, as_matrix
from tools.serving.assembling import Decision, Member, assemble_scorer
from tools.serving.service.scorer import Scorer
from tools.wording import say


def linear(x: np.ndarray, outputs: int = 1, link: str = "logistic", seed: int = 0) -> dict[str, Any]:
    """A linear model with random weights over standardised features."""
    width = x.shape[1]
    mean = np.nanmean(x, axis=0).astype(np.float64)
    scale = np.nanstd(x, axis=0).astype(np.float64)
    return {
        "kind": np.array("linear"),
        "link": np.array(link),
        "column": np.arange(width),
        "code": np.full(width, np.nan),
        "shift": mean,
        "scale": np.where(scale > 0, scale, 1.0),
        "fill": mean,
        "weight": np.random.default_rng(seed).normal(size=(outputs, width)),
        "offset": np.zeros(outputs),
    }


@dataclass(frozen=True)
class Made:
    """A scorer with what it was made from."""

    scorer: Scorer
    folder: Path
    matrix: Matrix


def make_scorer(
    folder: Path,
    frame: pd.DataFrame,
    reading: Reading,
    target: str,
    classes: tuple[str, ...] = ("no", "yes"),
    members: list[Member] | None = None,
    decision: Decision | None = None,
    missing: Any = "flag",
) -> Made:
    """Clean, encode and assemble; the model is linear with random weights unless members are given."""
    task: Any = {0: "regression", 2: "binary"}.get(len(classes), "multiclass")
    plan = fit_cleaning(frame, Roles(target=target), missing=missing, outliers="keep", duplicates="keep")
    train, _, _ = clean_parts(plan, frame, frame.head(0))
    features, x = fit_features(train, excluded={target: say("the target")})
    link = {"binary": "logistic", "multiclass": "softmax", "regression": "identity"}[task]
    outputs = len(classes) if task == "multiclass" else 1
    scorer = assemble_scorer(
        folder,
        task=task,
        target=target,
        classes=classes,
        positive=classes[-1] if task == "binary" else None,
        reading=reading.model_dump(mode="json"),
        cleaning=plan,
        features=features,
        members=members or [Member(linear(x, outputs, link))],
        decision=decision,
        probe=x,
    )
    return Made(scorer, folder, as_matrix(features, x))
