"""Calibrators fitted on out-of-fold predictions, in the scorer's own form, and their honest (cross-fitted) effect.

Sigmoid: Platt (1999) on the logit of the probability. Isotonic: Zadrozny and Elkan (2002). With more than two classes
each class is calibrated against the rest and the results are brought to sum to one.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.calibration import Calibration, calibrate
from tools.evaluation.metrics import Predictions, score
from tools.modeling.families.base import Floats, Problem
from tools.records import Record
from tools.serving.service.scorer import CALIBRATIONS

KINDS = ("none", "sigmoid", "isotonic")
EDGE = 1e-6
ISOTONIC_ROWS = 1000
"""Fewer rows than this let isotonic regression overfit; it is then not recommended."""


class Option(Record):
    """One kind of calibration with its cross-fitted effect."""

    kind: str
    log_loss: float
    brier: float
    slope: float | None
    slope_lower: float | None
    slope_upper: float | None


def fit_calibration(kind: str, y: NDArray[Any], probabilities: Floats) -> dict[str, Any]:
    """Fit a calibrator.

    Args:
        kind: none, sigmoid or isotonic.
        y: class codes [n].
        probabilities: out-of-fold [n, k].

    Returns:
        The calibration as ``scorer.json`` holds it: kind, and per class ``a`` and ``b``, or ``x`` and ``y``.
    """
    columns = [1] if probabilities.shape[1] == 2 else list(range(probabilities.shape[1]))
    if kind == "sigmoid":
        pairs = [_sigmoid(y == code, probabilities[:, code]) for code in columns]
        return {"kind": "sigmoid", "a": [a for a, _ in pairs], "b": [b for _, b in pairs]}
    if kind == "isotonic":
        curves = [_isotonic(y == code, probabilities[:, code]) for code in columns]
        return {"kind": "isotonic", "x": [x for x, _ in curves], "y": [v for _, v in curves]}
    return {"kind": "none"}


def calibrated(calibration: dict[str, Any], probabilities: Floats) -> Floats:
    """Probabilities [n, k] after a calibrator, by the very code that the scorer runs."""
    return CALIBRATIONS[calibration["kind"]](calibration)(np.asarray(probabilities, dtype=np.float64))


def cross_fitted(kind: str, y: NDArray[Any], probabilities: Floats, fold: NDArray[np.int64]) -> Floats:
    """Probabilities [n, k] in which each row is calibrated by a calibrator that has not seen its fold."""
    if kind == "none":
        return probabilities
    out = probabilities.copy()
    for number in np.unique(fold):
        inside = fold == number
        rest = ~inside
        if all((y[rest] == code).any() for code in range(probabilities.shape[1])):
            out[inside] = calibrated(fit_calibration(kind, y[rest], probabilities[rest]), probabilities[inside])
    return out


def options(problem: Problem, y: NDArray[Any], probabilities: Floats, fold: NDArray[np.int64]) -> tuple[Option, ...]:
    """Every kind with its cross-fitted log loss, Brier score and slope."""
    found = []
    for kind in KINDS:
        held = Predictions.of_probabilities(cross_fitted(kind, y, probabilities, fold))
        measured = calibrate(y, held, problem.task)
        found.append(
            Option(
                kind=kind,
                log_loss=score("log_loss", y, held),
                brier=score("brier", y, held),
                slope=measured.slope.value,
                slope_lower=measured.slope.lower,
                slope_upper=measured.slope.upper,
            )
        )
    return tuple(found)


def recommended_kind(found: tuple[Option, ...], measured: Calibration, rows: int) -> str:
    """None where the slope may be one and the sums agree; else the kind with the lowest cross-fitted log loss."""
    slope, ratio = measured.slope, measured.observed_to_expected
    off = not _holds_one(slope.lower, slope.upper)
    off = off or (ratio is not None and not _holds_one(ratio.lower, ratio.upper))
    if not off:
        return "none"
    allowed = [one for one in found if one.kind != "isotonic" or rows >= ISOTONIC_ROWS]
    return min(allowed, key=lambda one: (one.log_loss, KINDS.index(one.kind))).kind


def _holds_one(lower: float | None, upper: float | None) -> bool:
    return lower is None or upper is None or lower <= 1.0 <= upper


def _sigmoid(hit: NDArray[np.bool_], p: Floats) -> tuple[float, float]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if hit.all() or not hit.any():
        return 1.0, 0.0
    kept = np.clip(p, EDGE, 1 - EDGE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=1e6, max_iter=500).fit(np.log(kept / (1 - kept))[:, None], hit)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _isotonic(hit: NDArray[np.bool_], p: Floats) -> tuple[list[float], list[float]]:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(p, hit.astype(np.float64))
    x, y = model.X_thresholds_, model.y_thresholds_
    # never quite certain: a step of exactly 0 or 1 rests on the few rows at an end
    floor = 1.0 / (len(p) + 2)
    return [float(one) for one in x], [float(np.clip(one, floor, 1 - floor)) for one in y]
