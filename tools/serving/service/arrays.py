"""Models as plain arrays: evaluates trees and linear terms with numpy alone, and executes nothing on load.

Two kinds of model are known, named by the entry ``kind``:

trees
    ``roots`` [t] (node of each tree's root), ``feature``, ``threshold``, ``left``, ``right``, ``missing_left`` [m]
    (a leaf has ``left`` -1; a row goes left where its value is at most the threshold, or missing and
    ``missing_left``), ``value`` [m, w] (what a leaf adds), ``target`` [t] (which output a tree of width one adds
    to; -1 where its leaves hold all outputs), ``offset`` [k].
linear
    ``column``, ``code``, ``shift``, ``scale`` [p] (term p is 1 where the column holds that code; with a NaN code it is
    the value less the shift over the scale), ``fill`` [p] (what a missing number counts as), ``weight`` [k, p],
    ``offset`` [k].

Both end with ``link`` (identity, logistic, softmax) and, for numbers, ``centre``, ``spread`` and ``floor``. Rows are
evaluated one by one in effect: the result of a row does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]


def read(path: Path | IO[bytes]) -> dict[str, NDArray[Any]]:
    """Read a model's arrays; pickled objects are refused by numpy.

    Raises:
        ValueError: the file holds something other than plain arrays.
    """
    with np.load(path, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def write(path: Path, arrays: Arrays) -> None:
    """Write a model's arrays as an uncompressed zip with fixed times, in name order: same arrays, same bytes."""
    with path.open("wb") as out:
        np.savez(out, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})


def evaluate(arrays: Arrays, x: NDArray[np.float32]) -> Floats:
    """Score rows.

    Args:
        arrays: a model as described above.
        x: matrix [n, f]; NaN is missing.

    Returns:
        Class probabilities [n, k], or numbers [n, 1].
    """
    kind = str(arrays["kind"])
    if kind not in KINDS:
        raise ValueError(f"unknown kind of model: {kind}")
    return linked(KINDS[kind](arrays, np.asarray(x, dtype=np.float32)), arrays)


def margins_of_trees(arrays: Arrays, x: NDArray[np.float32]) -> Floats:
    """Sum of the leaves that each row falls into, plus the offset: [n, k]."""
    roots, feature, threshold = arrays["roots"], arrays["feature"], arrays["threshold"]
    left, right, missing_left = arrays["left"], arrays["right"], arrays["missing_left"]
    value, target, offset = arrays["value"], arrays["target"], arrays["offset"]
    rows = np.arange(len(x))
    total = np.tile(np.asarray(offset, dtype=np.float64), (len(x), 1))
    for root, output in zip(roots, target, strict=True):
        node = np.full(len(x), root, dtype=np.int64)
        while True:
            inner = left[node] >= 0
            if not inner.any():
                break
            at = node[inner]
            held = x[rows[inner], feature[at]]
            goes_left = (held <= threshold[at]) | (np.isnan(held) & missing_left[at])
            node[inner] = np.where(goes_left, left[at], right[at])
        if output < 0:
            total += value[node]
        else:
            total[:, output] += value[node, 0]
    return total


def terms(arrays: Arrays, x: NDArray[np.float32]) -> Floats:
    """The terms of a linear model: [n, p]."""
    held = np.asarray(x, dtype=np.float64)[:, arrays["column"]]
    code = arrays["code"]
    number = np.where(np.isnan(held), arrays["fill"], held)
    scaled = (number - arrays["shift"]) / arrays["scale"]
    return np.where(np.isnan(code), scaled, (held == code).astype(np.float64))


def margins_of_terms(arrays: Arrays, x: NDArray[np.float32]) -> Floats:
    """Weighted sum of the terms plus the offset: [n, k]; summed row by row, so no row depends on its neighbours."""
    held = np.ascontiguousarray(terms(arrays, x))
    outputs = [
        (held * weight).sum(axis=1) + offset for weight, offset in zip(arrays["weight"], arrays["offset"], strict=True)
    ]
    return np.stack(outputs, axis=1)


def linked(margins: Floats, arrays: Arrays) -> Floats:
    """Margins [n, k] to probabilities [n, classes] or numbers [n, 1]."""
    link = str(arrays["link"])
    if link == "identity":
        if "spread" not in arrays:
            return margins
        values = margins * float(arrays["spread"]) + float(arrays["centre"])
        return np.maximum(values, float(arrays["floor"]))
    if link == "logistic":
        margins = np.concatenate([np.zeros_like(margins), margins], axis=1)
    raised = np.exp(np.ascontiguousarray(margins - margins.max(axis=1, keepdims=True)))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


KINDS = {"trees": margins_of_trees, "linear": margins_of_terms}
"""Kind to the function that computes its margins."""
