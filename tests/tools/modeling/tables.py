"""Small tables with a known truth, for the tests of the modelling tools."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.data.splitting import SplitScheme
from tools.evaluation.criteria import Criteria, Requirement
from tools.features.matrix import Matrix, Target
from tools.modeling.families.base import Problem
from tools.modeling.training import Training
from tools.records import Task

PRIMARY: dict[Task, str] = {"binary": "roc_auc", "multiclass": "f1_macro", "regression": "rmse"}


def matrix(x: NDArray[Any], categorical: tuple[int, ...] = ()) -> Matrix:
    """A matrix whose columns are called a, b, c …; levels are called level 0, level 1 …"""
    width = x.shape[1]
    labels = tuple(chr(ord("a") + j) for j in range(width))
    return Matrix(
        x=np.ascontiguousarray(x, dtype=np.float32),
        names=tuple(f"f{j:03d}" for j in range(width)),
        labels=labels,
        categorical=categorical,
        levels={j: tuple(f"level {code}" for code in range(40)) for j in categorical},
        sources=tuple((label,) for label in labels),
    )


def rows(n: int = 400, seed: int = 0, missing: float = 0.05) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Six columns (the last one a category of five levels) and a signal in the first, second and last."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, 6)).astype(np.float32)
    x[:, 3] = np.round(x[:, 3], 1)
    x[:, 5] = generator.integers(0, 5, n)
    signal = x[:, 0] + x[:, 1] * x[:, 3] + 0.5 * x[:, 5] + generator.normal(0, 0.3, n)
    if missing:
        x[generator.random((n, 6)) < missing] = np.nan
    return x, signal.astype(np.float64)


def target(task: Task, signal: NDArray[np.float64]) -> NDArray[Any]:
    if task == "regression":
        return signal * 1000 + 50_000
    if task == "binary":
        return (signal > 1.0).astype(np.int64)
    return np.digitize(signal, [0.0, 1.0, 2.0]).astype(np.int64)


CLASSES: dict[Task, int] = {"binary": 2, "multiclass": 4, "regression": 0}


def training(task: Task = "binary", n: int = 400, seed: int = 0, folds: int = 3) -> Training:
    x, signal = rows(n, seed)
    kind = "random" if task == "regression" else "stratified"
    return Training(
        matrix(x, (5,)),
        Target(target(task, signal)),
        Problem(task, CLASSES[task]),
        SplitScheme(kind=kind, folds=folds),
        np.arange(n, dtype=np.int64),
    )


def criteria(task: Task = "binary", **more: Any) -> Criteria:
    return Criteria(task=task, primary=Requirement(metric=PRIMARY[task]), **more)
