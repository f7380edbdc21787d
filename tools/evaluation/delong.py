"""DeLong's variance of the area under the ROC curve, for one set of scores and for two on the same rows.

Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845; the mid-rank computation in O(n log n) is that
of Sun and Xu, IEEE Signal Processing Letters 21 (2014) 1389-1393.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.evaluation.metrics import Floats


def midranks(values: NDArray[Any]) -> Floats:
    """Ranks from 1 [n]; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def components(y: NDArray[Any], scores: NDArray[Any]) -> tuple[float, Floats, Floats]:
    """The AUC and its structural components.

    Args:
        y: 0 or 1 [n], with both present.
        scores: higher for the positive class [n].

    Returns:
        AUC, components of the positives [m] and of the negatives [k]; the mean of each is the AUC.
    """
    positive, negative = scores[y == 1], scores[y == 0]
    m, k = len(positive), len(negative)
    joint = midranks(np.concatenate([positive, negative]))
    of_positives = (joint[:m] - midranks(positive)) / k
    of_negatives = 1.0 - (joint[m:] - midranks(negative)) / m
    return float(of_positives.mean()), of_positives, of_negatives


def variance(of_positives: Floats, of_negatives: Floats) -> float:
    """DeLong's variance from the structural components (or from differences of components of two scores)."""
    parts = [
        float(part.var(ddof=1)) / len(part) if len(part) > 1 else float("nan") for part in (of_positives, of_negatives)
    ]
    return parts[0] + parts[1]


def auc_with_error(y: NDArray[Any], scores: NDArray[Any]) -> tuple[float, float]:
    """AUC and its standard error."""
    value, of_positives, of_negatives = components(y, scores)
    return value, float(np.sqrt(variance(of_positives, of_negatives)))


def difference_with_error(y: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float]:
    """AUC of `a` minus AUC of `b` on the same rows, and the standard error of that difference."""
    value_a, positives_a, negatives_a = components(y, a)
    value_b, positives_b, negatives_b = components(y, b)
    return value_a - value_b, float(np.sqrt(variance(positives_a - positives_b, negatives_a - negatives_b)))
