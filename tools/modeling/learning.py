"""The learning curve: how the loss falls with more training rows, and what a thousand more would be worth."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from tools.evaluation.metrics import METRICS
from tools.modeling.crossval import loss_of
from tools.modeling.families import FAMILIES
from tools.modeling.families.base import Value
from tools.modeling.fitting import fit
from tools.modeling.training import Training, substream
from tools.records import Record

SHARES = (0.25, 0.4, 0.65, 1.0)
"""Shares of a fold's training rows."""
REPEATS = 3
"""Folds that the curve is repeated over."""
MORE = 1000
"""Rows whose worth is told."""
FAMILY = "lgbm"
QUICK: dict[str, Value] = {"n_estimators": 80, "max_depth": 5, "learning_rate": 0.1, "min_samples_leaf": 20}
"""The curve's shape matters here, not the last bit of accuracy."""
FEWEST = 20
"""Fewer training rows than this are not fitted."""


class LearningPoint(Record):
    """One size of the training rows."""

    rows: int
    value: float
    """Mean of the metric over the repeats."""
    lower: float
    upper: float
    """Smallest and largest of the repeats."""


class LearningCurve(Record):
    """How the metric moves with the number of rows."""

    family: str
    metric: str
    points: tuple[LearningPoint, ...]
    more: int
    """Rows whose worth is told."""
    worth: float | None
    """By how much so many more rows would improve the metric; positive is better."""
    worth_error: float | None
    """Half width of its 95 % interval."""


def learning_curve(training: Training, metric: str, seed: int, threads: int = 1) -> LearningCurve:
    """Fit LightGBM, quickly set, on growing shares of the training rows.

    The worth of more rows comes from a line through loss against one over the root of the rows (the rate at which
    estimation error falls), fitted over all repeats; its error is the line's, with each repeat's own level taken out.

    Args:
        training: the rows; a sample where there are many.
        metric: what is measured.
        seed: of which rows are drawn.
        threads: at most so many.
    """
    folds = training.folds()[-REPEATS:] if training.scheme.kind == "time" else training.folds()[:REPEATS]
    sizes: list[list[int]] = []
    losses: list[list[float]] = []
    for repeat, (inside, outside) in enumerate(folds):
        order = _growing(training, inside, substream(seed, "rows", repeat))
        rows_here, losses_here = [], []
        for share in SHARES:
            count = round(share * len(inside))
            rows = order[:count]
            if count < FEWEST or (training.problem.classes and len(np.unique(training.y[rows])) < 2):
                continue
            model = fit(
                FAMILY, training.problem, training.layout, training.x[rows], training.y[rows], QUICK,
                substream(seed, "fit", repeat), threads,
            )  # fmt: skip
            rows_here.append(count)
            losses_here.append(
                loss_of(metric, training.problem, training.y[outside], model.predict(training.x[outside]))
            )
        sizes.append(rows_here)
        losses.append(losses_here)
    worth, error = _worth(sizes, losses, len(training.y), MORE)
    better = METRICS[metric].greater_is_better
    points = []
    for step in range(max((len(one) for one in sizes), default=0)):
        here = [one[step] for one in losses if len(one) > step and math.isfinite(one[step])]
        if not here:
            continue
        values = [1.0 - one for one in here] if better else here
        rows_mean = round(float(np.mean([one[step] for one in sizes if len(one) > step])))
        points.append(LearningPoint(rows=rows_mean, value=float(np.mean(values)), lower=min(values), upper=max(values)))
    return LearningCurve(
        family=FAMILIES[FAMILY].label, metric=metric, points=tuple(points), more=MORE, worth=worth, worth_error=error
    )


def _growing(training: Training, inside: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Training rows in the order in which they are added: at random, or the latest first where rows follow time."""
    if training.target.order is not None:
        return inside[np.argsort(-training.target.order[inside], kind="stable")]
    return np.random.default_rng(seed).permutation(inside)


def _worth(
    sizes: list[list[int]], losses: list[list[float]], rows: int, more: int
) -> tuple[float | None, float | None]:
    """Fall of the loss from `rows` to `rows + more`, with the half width of its 95 % interval.

    The slope is that of loss on rows ** -1/2 with one level per repeat (least squares). Its error is the larger of the
    line's own and of that between the repeats, whose rows partly overlap.
    """
    x, y, slopes = [], [], []
    for counts, held in zip(sizes, losses, strict=True):
        if len(counts) < 2 or not all(math.isfinite(one) for one in held):
            continue
        inverse = 1.0 / np.sqrt(np.array(counts, dtype=np.float64))
        x.append(inverse - inverse.mean())
        y.append(np.array(held) - float(np.mean(held)))
        slopes.append(float((x[-1] * y[-1]).sum() / (x[-1] ** 2).sum()))
    if not x:
        return None, None
    across, down = np.concatenate(x), np.concatenate(y)
    freedom = len(across) - len(slopes) - 1
    spread = float((across**2).sum())
    if freedom < 1 or spread == 0:
        return None, None
    slope = float((across * down).sum()) / spread
    error = math.sqrt(float(((down - slope * across) ** 2).sum()) / freedom / spread)
    if len(slopes) > 1:
        error = max(error, float(np.std(slopes, ddof=1)) / math.sqrt(len(slopes)))
    step = 1.0 / math.sqrt(rows) - 1.0 / math.sqrt(rows + more)
    return slope * step, float(student.ppf(0.975, freedom)) * error * step
