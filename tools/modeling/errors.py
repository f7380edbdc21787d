"""What the model gets wrong, on out-of-fold predictions: confusion, residuals, calibration, fit, doubtful labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from tools.evaluation.calibration import Calibration
from tools.modeling.calibration import Option
from tools.modeling.families.base import Floats, Problem
from tools.modeling.mitigation import MitigationEffect
from tools.modeling.slices import Slice
from tools.modeling.thresholds import GroupCurve, Threshold
from tools.records import Record

EDGE = 1e-6
MOST_SUSPECTS = 50
OVERFIT = 0.5
"""Share of the out-of-fold loss that is missing on the training rows from which a model fits these too closely."""
SURPRISE = 0.1
"""A label to which the model gives less than this is a surprise."""
UNDERFIT = 0.1
"""Share of the constant's loss that a model saves, below which it is called underfitted."""


class Confusion(Record):
    """Counts of true against predicted classes."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """Rows: true class; columns: predicted class."""
    threshold: float | None


class Residuals(Record):
    """The pattern of a regression's errors (truth less prediction)."""

    mean: float
    quantiles: dict[str, float]
    """By name: lowest (5 %), lower (25 %), middle, upper (75 %), highest (95 %)."""
    spread_grows: float
    """Rank correlation of absolute error and prediction; above zero, errors grow with the prediction."""
    bins: tuple[tuple[float, float, float], ...]
    """By tenth of the predictions: mean prediction, mean residual, root mean squared residual."""


class Suspect(Record):
    """A row whose label is doubtful."""

    position: int
    """Row of ``train_matrix.parquet``."""
    given: str
    likelier: str
    probability: float
    """Of the given label."""


class GroupParity(Record):
    """How selection rates differ between the groups of a protected column, at the recommended threshold."""

    column: str
    groups: int
    """Groups large enough to judge."""
    lowest: str
    lowest_rate: float
    highest: str
    highest_rate: float
    ratio: float
    """Lowest over highest rate."""
    p: float
    """Two-sided p value that the two rates are equal, times the number of pairs that it was picked from."""


class ErrorReport(Record):
    """Step 2.6's result (``errors.json``)."""

    version: int = 1
    model: str
    metric: str
    loss_unit: str
    """What a row's loss is: log loss, or absolute error."""
    rows: int
    mean_loss: float
    slices: tuple[Slice, ...]
    slices_tested: int
    confusion: Confusion | None
    residuals: Residuals | None
    calibration: Calibration
    calibrations: tuple[Option, ...]
    """Kinds of calibration with their cross-fitted effect; empty for numbers."""
    recommended_calibration: str
    threshold: Threshold | None
    training_loss: float
    oof_loss: float
    constant_loss: float
    simple_loss: float
    diagnosis: Literal["overfit", "underfit", "close", "balanced"]
    suspects: tuple[Suspect, ...]
    """Most doubtful first; at most fifty."""
    suspect_count: int
    surprises: int
    """Labels to which the model gives under a tenth."""
    surprises_expected: float
    """How many there would be if its probabilities were true."""
    parity: tuple[GroupParity, ...]
    """Protected columns with at least two groups that are large enough to judge."""
    parity_gap: dict[str, float]
    """Protected column to largest difference of selection rates between those groups."""
    mitigation: MitigationEffect | None
    """What reweighing would change, where a column's selection rates differ beyond tolerance and chance."""


def row_losses(problem: Problem, y: NDArray[Any], raw: Floats) -> Floats:
    """Loss of each row [n]: log loss of the true class, or absolute error."""
    if not problem.classes:
        return np.asarray(np.abs(np.asarray(y, dtype=np.float64) - raw), dtype=np.float64)
    return np.asarray(-np.log(np.clip(raw[np.arange(len(y)), y], EDGE, 1.0)), dtype=np.float64)


def confusion(y: NDArray[Any], predicted: NDArray[Any], classes: tuple[str, ...], threshold: float | None) -> Confusion:
    """Counts of true against predicted class codes."""
    k = len(classes)
    counts = np.bincount(y * k + predicted, minlength=k * k).reshape(k, k)
    return Confusion(
        classes=classes, counts=tuple(tuple(int(one) for one in row) for row in counts), threshold=threshold
    )


def residuals(y: NDArray[Any], predicted: Floats) -> Residuals:
    """The pattern of the errors."""
    error = np.asarray(y, dtype=np.float64) - predicted
    places = {"lowest": 0.05, "lower": 0.25, "middle": 0.5, "upper": 0.75, "highest": 0.95}
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, 11)[1:-1]))
    code = np.searchsorted(edges, predicted, side="left")
    bins = tuple(
        (
            float(predicted[code == one].mean()),
            float(error[code == one].mean()),
            float(np.sqrt((error[code == one] ** 2).mean())),
        )
        for one in np.unique(code)
    )
    grows = 0.0
    if float(np.std(predicted)) > 0 and float(np.std(np.abs(error))) > 0:
        grows = float(spearmanr(np.abs(error), predicted).statistic)
    return Residuals(
        mean=float(error.mean()),
        quantiles={name: float(np.quantile(error, place)) for name, place in places.items()},
        spread_grows=grows if math.isfinite(grows) else 0.0,
        bins=bins,
    )


def parity(curves: Sequence[GroupCurve], threshold: float, minimum: int) -> tuple[GroupParity, ...]:
    """Selection rates of the groups that are large enough, by protected column.

    Args:
        curves: threshold curves by group.
        threshold: the nearest point of each curve is taken.
        minimum: rows from which a group is judged.
    """
    found = []
    for column in dict.fromkeys(one.column for one in curves):
        held = [
            (min(one.points, key=lambda point: abs(point.threshold - threshold)).selection_rate, one)
            for one in curves
            if one.column == column and one.rows >= minimum
        ]
        if len(held) < 2:
            continue
        (low, lowest), (high, highest) = min(held, key=lambda pair: pair[0]), max(held, key=lambda pair: pair[0])
        pairs = len(held) * (len(held) - 1) // 2
        found.append(
            GroupParity(
                column=column,
                groups=len(held),
                lowest=lowest.level,
                lowest_rate=low,
                highest=highest.level,
                highest_rate=high,
                ratio=low / high if high > 0 else 1.0,
                p=min(1.0, pairs * _two_shares(low, lowest.rows, high, highest.rows)),
            )
        )
    return tuple(found)


def unfair(found: Sequence[GroupParity], tolerance: float, level: float = 0.05) -> GroupParity | None:
    """The column with the lowest ratio of selection rates, where that is under the tolerance by more than chance."""
    if not found:
        return None
    worst = min(found, key=lambda one: (one.ratio, one.column))
    return worst if worst.ratio < tolerance and worst.p * len(found) < level else None


def _two_shares(a: float, n: int, b: float, m: int) -> float:
    """P value (two-sided) of the pooled z test that two shares are equal."""
    pooled = (a * n + b * m) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return 1.0 if error == 0 else math.erfc(abs(a - b) / error / math.sqrt(2))


Diagnosis = Literal["overfit", "underfit", "close", "balanced"]


def diagnose(training_loss: float, oof_loss: float, constant_loss: float, simple_loss: float) -> Diagnosis:
    """Compare the loss on the rows of the fit, on rows left out, of the constant and of the simple baseline.

    underfit: even on its own training rows it saves under a tenth of the constant's loss. overfit: its loss on the rows
    of the fit is under half of that on rows left out, and there it is no better than the simple baseline. close: the
    same gap, but it is better than the simple baseline, as flexible models should be.
    """
    if constant_loss > 0 and (constant_loss - training_loss) / constant_loss < UNDERFIT:
        return "underfit"
    if oof_loss > 0 and (oof_loss - training_loss) / oof_loss > OVERFIT:
        return "overfit" if oof_loss >= simple_loss else "close"
    return "balanced"


def surprises(y: NDArray[Any], probabilities: Floats) -> tuple[int, float]:
    """Labels to which the model gives under a tenth: how many there are, and how many a true model would expect."""
    given = probabilities[np.arange(len(y)), y]
    expected = float(np.where(probabilities < SURPRISE, probabilities, 0.0).sum())
    return int((given < SURPRISE).sum()), expected


def label_suspects(y: NDArray[Any], probabilities: Floats) -> NDArray[np.int64]:
    """Rows whose label confident learning doubts, most doubtful first.

    Northcutt et al., Journal of Artificial Intelligence Research 70 (2021): a row is doubtful where the probability
    of another class reaches that class's own average (over its rows), and is the highest of those that do; rows are
    ordered by the margin of the likelier class over the given one.
    """
    k = probabilities.shape[1]
    own = np.array([probabilities[y == code, code].mean() if (y == code).any() else np.inf for code in range(k)])
    confident = np.where(probabilities >= own, probabilities, -1.0)
    likelier = confident.argmax(axis=1)
    given = probabilities[np.arange(len(y)), y]
    doubtful = (confident.max(axis=1) >= 0) & (likelier != y)
    margin = probabilities[np.arange(len(y)), likelier] - given
    rows = np.flatnonzero(doubtful)
    return rows[np.argsort(-margin[rows], kind="stable")].astype(np.int64)


def suspects(
    rows: NDArray[np.int64],
    positions: NDArray[np.int64],
    y: NDArray[Any],
    probabilities: Floats,
    classes: tuple[str, ...],
) -> tuple[Suspect, ...]:
    """The first of the doubtful rows, described."""
    return tuple(
        Suspect(
            position=int(positions[row]),
            given=classes[int(y[row])],
            likelier=classes[int(np.argmax(np.where(np.arange(len(classes)) == y[row], -1.0, probabilities[row])))],
            probability=float(probabilities[row, y[row]]),
        )
        for row in rows[:MOST_SUSPECTS]
    )
