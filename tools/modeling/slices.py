"""Where the model is weak: rows given by simple rules, tested against the rest and corrected for many tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from tools.features.matrix import Matrix
from tools.modeling.families.base import Floats
from tools.records import Record
from tools.wording import Sentence, say

FEWEST_ROWS = 30
FEWEST_SHARE = 0.02
"""A slice holds at least so many rows, and at least this share."""
MOST_LEVELS = 15
BINS = 4
SHOWN = 10
TREE_DEPTH = 2


class Slice(Record):
    """A group of rows and how the model does on it."""

    rule: Sentence
    columns: tuple[str, ...]
    """Columns of the table that the rule speaks of."""
    rows: int
    share: float
    loss: float
    """Mean loss per row within."""
    rest: float
    """Mean loss per row outside."""
    p: float
    """One-sided p value that the slice is no worse than the rest (Welch's t test), Holm-corrected over all slices."""
    significant: bool


@dataclass(frozen=True)
class _Candidate:
    rule: Sentence
    columns: tuple[str, ...]
    inside: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    """Rows that may be counted: a rule found on one half is judged on the other."""


def weakest_slices(
    matrix: Matrix, losses: Floats, *, level: float = 0.05, leave_out: Sequence[str] = ()
) -> tuple[tuple[Slice, ...], int]:
    """The weakest slices, weakest evidence last.

    Args:
        matrix: n rows.
        losses: loss of each row [n].
        level: of the family of tests.
        leave_out: columns of the table that no rule may speak of.

    Returns:
        At most ten slices that are worse than the rest, and how many were tested.
    """
    n = len(losses)
    least = max(FEWEST_ROWS, math.ceil(FEWEST_SHARE * n))
    everything = np.ones(n, dtype=bool)
    candidates = [
        _Candidate(rule, matrix.sources[j], inside, everything)
        for j in range(matrix.x.shape[1])
        if not set(matrix.sources[j]) & set(leave_out)
        for rule, inside in _rules_of(matrix, j)
    ]
    candidates += _tree_rules(matrix, losses, least, leave_out)
    tested = []
    for one in candidates:
        inside, outside = one.inside & one.judged, ~one.inside & one.judged
        if inside.sum() < (least if one.judged.all() else least // 2) or outside.sum() < least // 2:
            continue
        tested.append((_worse(losses[inside], losses[outside]), one, inside, outside))
    # the same rows under two names are one test
    unique: dict[bytes, tuple[float, _Candidate, NDArray[np.bool_], NDArray[np.bool_]]] = {}
    for entry in tested:
        unique.setdefault(np.packbits(entry[2]).tobytes(), entry)
    ordered = sorted(unique.values(), key=lambda entry: (entry[0], str(entry[1].rule)))
    corrected = holm([entry[0] for entry in ordered])
    found: list[Slice] = []
    for p, (_, one, inside, outside) in zip(corrected, ordered, strict=True):
        within, rest = float(losses[inside].mean()), float(losses[outside].mean())
        if within <= rest or len(found) == SHOWN:
            continue
        found.append(
            Slice(
                rule=one.rule,
                columns=one.columns,
                rows=int(one.inside.sum()),
                share=float(one.inside.mean()),
                loss=within,
                rest=rest,
                p=p,
                significant=p < level,
            )
        )
    return tuple(found), len(ordered)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Scandinavian Journal of Statistics 6 (1979) 65-70) of ascending p values."""
    corrected, highest = [], 0.0
    for rank, p in enumerate(p_values):
        highest = max(highest, min(1.0, p * (len(p_values) - rank)))
        corrected.append(highest)
    return corrected


def _worse(inside: Floats, outside: Floats) -> float:
    """One-sided p value of Welch's t test that the mean inside is larger."""
    a, b = float(inside.var(ddof=1)) / len(inside), float(outside.var(ddof=1)) / len(outside)
    difference = float(inside.mean() - outside.mean())
    if a + b == 0:
        return 0.0 if difference > 0 else 1.0
    freedom = (a + b) ** 2 / (a * a / (len(inside) - 1) + b * b / (len(outside) - 1))
    return float(student.sf(difference / math.sqrt(a + b), freedom))


def _rules_of(matrix: Matrix, j: int) -> list[tuple[Sentence, NDArray[np.bool_]]]:
    """Quarters of a number, levels of a category, and missing: fixed without regard to the loss."""
    values = matrix.x[:, j].astype(np.float64)
    missing = np.isnan(values)
    label = matrix.labels[j]
    found: list[tuple[Sentence, NDArray[np.bool_]]] = []
    if missing.any():
        found.append((say('"{column}" is missing', column=label), missing))
    if missing.all():
        return found
    if j in matrix.levels:
        codes, counts = np.unique(values[~missing], return_counts=True)
        for code in codes[np.argsort(-counts, kind="stable")][:MOST_LEVELS]:
            rule = say('"{column}" is {level}', column=label, level=matrix.levels[j][int(code)])
            found.append((rule, values == code))
        return found
    cuts = np.unique(np.quantile(values[~missing], np.linspace(0, 1, BINS + 1)[1:-1]))
    edges = [-math.inf, *(float(cut) for cut in cuts), math.inf]
    for low, high in pairwise(edges):
        if math.isinf(low):
            rule = say('"{column}" is at most {high|num}', column=label, high=high)
        elif math.isinf(high):
            rule = say('"{column}" is above {low|num}', column=label, low=low)
        else:
            rule = say('"{column}" is above {low|num} and at most {high|num}', column=label, low=low, high=high)
        found.append((rule, (values > low) & (values <= high)))
    return found


def _tree_rules(matrix: Matrix, losses: Floats, least: int, leave_out: Sequence[str]) -> list[_Candidate]:
    """Leaves of a tree of depth two, fitted to the loss on every other row and judged on the rest."""
    from sklearn.tree import DecisionTreeRegressor

    columns = [
        j
        for j in range(matrix.x.shape[1])
        if j not in matrix.levels and not set(matrix.sources[j]) & set(leave_out) and not np.isnan(matrix.x[:, j]).all()
    ]
    if len(losses) < 4 * least or not columns:
        return []
    design = np.where(
        np.isnan(matrix.x), np.nanmedian(np.where(np.isnan(matrix.x).all(axis=0), 0, matrix.x), axis=0), matrix.x
    )
    design = design[:, columns]
    first = np.arange(len(losses)) % 2 == 0
    tree = DecisionTreeRegressor(max_depth=TREE_DEPTH, min_samples_leaf=max(least // 2, 1), random_state=0)
    tree.fit(design[first], losses[first])
    leaf = tree.apply(design)
    held = tree.tree_
    found: list[_Candidate] = []

    def walk(node: int, path: tuple[tuple[int, bool, float], ...]) -> None:
        if held.children_left[node] >= 0:
            j, cut = columns[int(held.feature[node])], float(held.threshold[node])
            walk(int(held.children_left[node]), (*path, (j, True, cut)))
            walk(int(held.children_right[node]), (*path, (j, False, cut)))
        elif len({j for j, _, _ in path}) == TREE_DEPTH:  # rules about one column are there already
            (one, one_below, one_cut), (two, two_below, two_cut) = path
            rule = say(
                '"{first}" is '
                + _side(one_below)
                + ' {first_cut|num} and "{second}" is '
                + _side(two_below)
                + " {second_cut|num}",
                first=matrix.labels[one],
                first_cut=one_cut,
                second=matrix.labels[two],
                second_cut=two_cut,
            )
            sources = tuple(dict.fromkeys((*matrix.sources[one], *matrix.sources[two])))
            found.append(_Candidate(rule, sources, leaf == node, ~first))

    walk(0, ())
    return found


def _side(below: bool) -> str:
    return "at most" if below else "above"
