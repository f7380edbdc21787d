"""A proposed feature stays where a paired test says that it helps, and useless ones go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tools.data.splitting import SplitScheme
from tools.features.matrix import Matrix, Target
from tools.modeling.families.base import Problem
from tools.modeling.keeping import tried
from tools.modeling.training import Training


def rows_of(task: Any, extra: str, seed: int, rows: int = 600) -> Training:
    """Six numbers of which two act together, and one more that is their product or has nothing to say."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 6))
    more = x[:, 0] * x[:, 1] if extra == "product" else random.normal(size=rows)
    score = x[:, 2] + 0.5 * x[:, 3] + x[:, 0] * x[:, 1]
    y: Any = score + random.normal(size=rows)
    if task == "binary":
        y = (score + random.logistic(size=rows) > 0).astype(np.int64)
    held = np.column_stack([x, more, more]).astype(np.float32)
    names = tuple(f"f{place:03d}" for place in range(8))
    matrix = Matrix(held, names, names, (), {}, tuple((name,) for name in names))
    scheme = SplitScheme(kind="random", folds=5, seed=seed)
    return Training(matrix, Target(y), Problem(task, 2 if task == "binary" else 0), scheme, np.arange(rows))


METRIC = {"binary": "log_loss", "regression": "rmse"}


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_formula_that_no_model_finds_alone_stays_and_its_copy_goes(task: Any, criteria: Any) -> None:
    training = rows_of(task, "product", 3)
    first, second = tried(training, [6, 7], METRIC[task], criteria(task), seed=1)
    assert first.kept and str(first.why).startswith("with it ")
    assert not second.kept, "a copy of what is there adds nothing"
    assert "may be noise" in str(second.why)


def test_a_feature_that_changes_nothing_is_said_to(criteria: Any) -> None:
    training = rows_of("regression", "noise", 3, 300)
    training.matrix.x[:, 6] = 0
    (trial,) = tried(training, [6], "rmse", criteria("regression"), seed=1)
    assert not trial.kept and str(trial.why) == "it was tried, and no prediction changed"


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_noise_seldom_stays(task: Any, criteria: Any) -> None:
    stayed = sum(
        tried(rows_of(task, "noise", seed, 300), [6], METRIC[task], criteria(task), seed=seed)[0].kept
        for seed in range(8)
    )
    assert stayed <= 1


def test_the_same_rows_and_seed_decide_the_same(criteria: Any) -> None:
    training = rows_of("regression", "product", 5, 300)
    once, again = (tried(training, [6], "rmse", criteria("regression"), seed=2) for _ in range(2))
    assert once == again


def test_without_any_other_feature_there_is_nothing_to_compare_with(criteria: Any) -> None:
    training = rows_of("regression", "product", 5, 300)
    only = Training(training.matrix.columns([6]), training.target, training.problem, training.scheme, training.rows)
    (trial,) = tried(only, [0], "rmse", criteria("regression"), seed=2)
    assert trial.kept and "nothing" not in str(trial.why)


@pytest.fixture
def criteria() -> Any:
    """Criteria of a task: only the costs are read, and there are none."""
    return lambda task: SimpleNamespace(task=task, costs=None)
