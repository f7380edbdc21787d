"""What the model goes by: permutation importance, contributions, partial dependence, and a tree that imitates it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tools.features.matrix import Matrix
from tools.modeling.crossval import loss_of
from tools.modeling.families.base import Floats, Problem, Rows
from tools.modeling.training import substream
from tools.records import Record
from tools.wording import Sentence, say

MOST_ROWS = 3000
"""Rows that are permuted; a sample where there are more."""
REPEATS = 8
"""Permutations per column, each on rows drawn anew, so that the interval covers both."""
DEPENDENCE_ROWS = 300
GRID = 15
"""Points of a partial dependence curve."""
DEPENDENT_COLUMNS = 6
"""Features whose curve is drawn."""
SURROGATE_DEPTH = 3
CARRIES = 0.8
"""Share of the model's gain over the constant from which one column is said to carry it."""
SUSPICIOUS_GAIN = 0.6
"""Share of the constant's loss that the model must save before such a column is suspected."""

Predict = Callable[[Rows], Floats]


class Importance(Record):
    """What a column of the table is worth to the model."""

    column: str
    value: float
    """Rise of the loss when its values are shuffled."""
    lower: float
    upper: float
    share: float
    """Of all positive rises."""
    contribution: float | None
    """Mean absolute contribution to the margin; None where the model has no exact ones."""


class DependencePoint(Record):
    """One point of a partial dependence curve."""

    at: str | float
    """A number or a level."""
    mean: float
    low: float
    high: float
    """Quartiles over the rows."""


class Dependence(Record):
    """How the prediction moves with one feature, all others as they are."""

    label: str
    column: str
    kind: str
    """number or level."""
    points: tuple[DependencePoint, ...]


class Leaf(Record):
    """One path of the surrogate tree."""

    conditions: tuple[Sentence, ...]
    prediction: float
    share: float
    """Of the rows."""


class Surrogate(Record):
    """A small tree that imitates the model."""

    depth: int
    fidelity: float
    """R² of its imitation on rows that it was not fitted on."""
    leaves: tuple[Leaf, ...]


class Interpretation(Record):
    """Step 2.5's result (``interpretation.json``)."""

    version: int = 1
    metric: str
    output: str
    """What predictions are shown as: the probability of a class, or the target's unit."""
    partition: str
    rows: int
    """Rows that the importances rest on."""
    loss: float
    constant_loss: float
    importances: tuple[Importance, ...]
    """Largest first."""
    contributions_of: str | None
    """The member whose contributions are shown."""
    dependences: tuple[Dependence, ...]
    surrogate: Surrogate
    carried_by: str | None
    """The column that carries the model almost alone, where one does."""


def one_output(problem: Problem, raw: Floats, focus: int) -> Floats:
    """The single number that explanations are about: a class's probability, or the value [n]."""
    return raw[:, focus] if problem.classes else raw


def importances(
    predict: Predict, problem: Problem, matrix: Matrix, y: NDArray[np.generic], metric: str, seed: int
) -> tuple[list[tuple[str, float, float, float]], float]:
    """Permutation importance by source column (Breiman, 2001): all features made from a column are shuffled together.

    A feature made from several columns belongs to each of them.

    Returns:
        (column, mean rise of the loss, lower, upper), largest first, and the loss without shuffling. The limits are
        twice the standard deviation over repeats, each of which draws its rows anew with replacement.
    """
    generator = np.random.default_rng(seed)
    base_raw = predict(matrix.x)
    base = loss_of(metric, problem, y, base_raw)
    n = len(y)
    draws = [
        (generator.integers(0, n, n), np.random.default_rng(substream(seed, repeat)).permutation(n))
        for repeat in range(REPEATS)
    ]
    found = []
    for column in sorted({source for sources in matrix.sources for source in sources}):
        features = [j for j, sources in enumerate(matrix.sources) if column in sources]
        rises = []
        for drawn, order in draws:
            shuffled = matrix.x.copy()
            shuffled[:, features] = shuffled[order][:, features]
            raw = predict(shuffled)
            rise = loss_of(metric, problem, y[drawn], raw[drawn]) - loss_of(metric, problem, y[drawn], base_raw[drawn])
            if math.isfinite(rise):
                rises.append(rise)
        mean = float(np.mean(rises)) if rises else 0.0
        half = 2.0 * float(np.std(rises, ddof=1)) if len(rises) > 1 else 0.0
        found.append((column, mean, mean - half, mean + half))
    found.sort(key=lambda one: (-one[1], one[0]))
    return found, base


def by_column(matrix: Matrix, per_feature: Floats) -> dict[str, float]:
    """Mean absolute contributions added up by source column; a feature of several columns is shared among them."""
    added: dict[str, float] = {}
    for j, sources in enumerate(matrix.sources):
        mean = float(np.abs(per_feature[:, j]).mean())
        for source in sources:
            added[source] = added.get(source, 0.0) + mean / len(sources)
    return added


def dependences(
    predict: Predict, problem: Problem, matrix: Matrix, columns: Sequence[str], seed: int, focus: int
) -> tuple[Dependence, ...]:
    """Partial dependence (Friedman, 2001) of the strongest feature of each column."""
    rows = np.sort(
        np.random.default_rng(seed).choice(len(matrix.x), min(DEPENDENCE_ROWS, len(matrix.x)), replace=False)
    )
    sample = matrix.x[rows]
    found = []
    for column in columns:
        features = [j for j, sources in enumerate(matrix.sources) if sources == (column,)]
        curves = [curve for j in features if (curve := _curve(predict, problem, matrix, sample, column, j, focus))]
        if curves:
            found.append(max(curves, key=_range))
    return tuple(found)


def _range(curve: Dependence) -> float:
    means = [point.mean for point in curve.points]
    return max(means) - min(means)


def _curve(
    predict: Predict, problem: Problem, matrix: Matrix, sample: Rows, column: str, j: int, focus: int
) -> Dependence | None:
    present = matrix.x[:, j][~np.isnan(matrix.x[:, j])].astype(np.float64)
    if not len(present):
        return None
    levels = matrix.levels.get(j)
    if levels is not None:
        codes, counts = np.unique(present, return_counts=True)
        grid = sorted(codes[np.argsort(-counts, kind="stable")][:GRID])
    else:
        grid = sorted(np.unique(np.quantile(present, np.linspace(0.02, 0.98, GRID))))
    if len(grid) < 2:
        return None
    points = []
    for value in grid:
        moved = sample.copy()
        moved[:, j] = np.float32(value)
        said = one_output(problem, predict(moved), focus)
        low, high = (float(one) for one in np.quantile(said, [0.25, 0.75]))
        at: str | float = levels[int(value)] if levels is not None else float(value)
        points.append(DependencePoint(at=at, mean=float(said.mean()), low=low, high=high))
    kind = "level" if levels is not None else "number"
    return Dependence(label=matrix.labels[j], column=column, kind=kind, points=tuple(points))


def surrogate(matrix: Matrix, said: Floats, fitted_on: int) -> Surrogate:
    """A tree of depth three fitted to the model's predictions.

    Args:
        matrix: rows to imitate the model on.
        said: its predictions [n].
        fitted_on: the tree is fitted on the first so many rows and judged on the rest.
    """
    from sklearn.tree import DecisionTreeRegressor

    design, asks = _questions(matrix)
    least = max(5, fitted_on // 50)
    tree = DecisionTreeRegressor(max_depth=SURROGATE_DEPTH, min_samples_leaf=least, random_state=0)
    tree.fit(design[:fitted_on], said[:fitted_on])
    rest = said[fitted_on:]
    total = float(((rest - rest.mean()) ** 2).sum()) if len(rest) else 0.0
    missed = float(((rest - tree.predict(design[fitted_on:])) ** 2).sum()) if len(rest) else 0.0
    held = tree.tree_
    leaves: list[Leaf] = []

    def walk(node: int, conditions: tuple[Sentence, ...]) -> None:
        if held.children_left[node] < 0:
            share = float(held.n_node_samples[node] / held.n_node_samples[0])
            leaves.append(Leaf(conditions=conditions, prediction=float(held.value[node, 0, 0]), share=share))
            return
        below, above = asks[int(held.feature[node])](float(held.threshold[node]))
        walk(int(held.children_left[node]), (*conditions, below))
        walk(int(held.children_right[node]), (*conditions, above))

    walk(0, ())
    return Surrogate(depth=SURROGATE_DEPTH, fidelity=1.0 - missed / total if total > 0 else 1.0, leaves=tuple(leaves))


Ask = Callable[[float], tuple[Sentence, Sentence]]
"""A threshold to the two answers in words."""


def _questions(matrix: Matrix) -> tuple[Floats, list[Ask]]:
    """What a small tree may ask about: numbers with missing at the median, and each frequent level as a flag."""
    columns, asks = [], []
    for j in range(matrix.x.shape[1]):
        values = matrix.x[:, j].astype(np.float64)
        missing = np.isnan(values)
        if j in matrix.levels:
            codes, counts = np.unique(values[~missing], return_counts=True)
            for code in sorted(codes[np.argsort(-counts, kind="stable")][:GRID]):
                columns.append((values == code).astype(np.float64))
                asks.append(_level_ask(matrix.labels[j], matrix.levels[j][int(code)]))
        else:
            middle = float(np.median(values[~missing])) if not missing.all() else 0.0
            columns.append(np.where(missing, middle, values))
            asks.append(_number_ask(matrix.labels[j]))
    return np.stack(columns, axis=1), asks


def _number_ask(label: str) -> Ask:
    return lambda cut: (
        say('"{column}" is at most {cut|num}', column=label, cut=cut),
        say('"{column}" is above {cut|num}', column=label, cut=cut),
    )


def _level_ask(label: str, level: str) -> Ask:
    return lambda cut: (
        say('"{column}" is not {level}', column=label, level=level),
        say('"{column}" is {level}', column=label, level=level),
    )


def ranked(
    found: Sequence[tuple[str, float, float, float]], contributions: Mapping[str, float] | None
) -> tuple[Importance, ...]:
    """Importances with their shares and contributions."""
    total = sum(max(value, 0.0) for _, value, _, _ in found)
    return tuple(
        Importance(
            column=column,
            value=value,
            lower=lower,
            upper=upper,
            share=max(value, 0.0) / total if total > 0 else 0.0,
            contribution=None if contributions is None else contributions.get(column, 0.0),
        )
        for column, value, lower, upper in found
    )


def carrier(found: Sequence[Importance], loss: float, constant_loss: float) -> str | None:
    """The column that carries the model almost alone, where the model is also suspiciously good; else None."""
    if not found or constant_loss <= 0 or (constant_loss - loss) / constant_loss < SUSPICIOUS_GAIN:
        return None
    return found[0].column if found[0].share >= CARRIES else None
