"""The forms a leak takes in a column: copies, sums, combinations, missingness, means of the target, words in text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from tools.data.relations import adds_up
from tools.wording import Sentence, listed, say

Found = tuple[str, str, bool, Sentence]
"""Column, kind, whether it is certain, reason."""

PURE = 0.999
"""Share of rows in which a level must have the same class for the column to decide it."""
NOISY = 0.98
MONOTONE = 0.9999
NEARLY_MONOTONE = 0.995
SEPARATED, LEAST_OF_CLASS = 0.9995, 30
"""AUC from which a number parts the classes, and the rows of each class that it must rest on."""
LEAST_MISSING = 10
"""Rows with and without a value from which missingness is compared with the target."""
MOST_PARTS = 24
"""Columns with few levels that are looked at together."""
FEW_LEVELS = 12
TOKENS = 2_000
APART_SHARE = 0.97
"""Share of comparisons in which numbers with a value exceed those without, past which the gap tells of the target."""
LEAST_VALUES, LEAST_ROWS, PURE_ROWS = 5, 100, 10
"""Distinct values and rows that a mean of the target must have, and rows at 0, at 1 and between."""
SAME_SLOPE, SAME_MEAN = 0.1, 0.1
"""How far a mean of the target may be from one unit for each unit, and from the target's mean in deviations."""
HALVES = ("the lower half of the target", "the higher half of the target")


def copy_leaks(sample: pd.DataFrame, y: NDArray[Any], classes: Sequence[str], columns: Sequence[str]) -> list[Found]:
    """Columns from which the target can be read: each level has one class, or the numbers rise with it."""
    found: list[Found] = []
    for name in columns:
        if classes:
            found += _class_copy(sample[name], y, len(classes), name)
            if len(classes) == 2 and pd.api.types.is_numeric_dtype(sample[name].dtype):
                found += _separator(sample[name], y, name)
        else:
            found += _number_copy(sample[name], y.astype(np.float64), name)
    return found


def _class_copy(column: pd.Series, y: NDArray[np.int64], classes: int, name: str) -> list[Found]:
    codes = pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)
    levels = int(codes.max(initial=0)) + 1
    if levels < 2 or levels > max(2 * classes, 0.05 * len(y)):
        return []
    table = np.bincount(codes * classes + y, minlength=levels * classes).reshape(levels, classes)
    purity = float(table.max(axis=1).sum() / len(y))
    base = float(table.sum(axis=0).max() / len(y))
    if len(set(table.argmax(axis=1).tolist())) < np.count_nonzero(table.sum(axis=0)):
        return []
    if purity >= PURE and base < PURE - 0.0005:
        return [
            (
                name,
                "recoded copy",
                True,
                say(
                    'each value of "{column}" stands for one class, in {share|pct} of {rows|int} training rows: '
                    "it is the target "
                    "in other words",
                    column=name,
                    share=purity,
                    rows=len(y),
                ),
            )
        ]
    # a noisy copy must be far better than the commonest class, and than a strong honest feature is likely to be
    if purity >= NOISY and (1 - purity) <= 0.1 * (1 - base):
        return [
            (
                name,
                "noisy copy",
                False,
                say(
                    'the values of "{column}" give the class in {share|pct} of {rows|int} training rows',
                    column=name,
                    share=purity,
                    rows=len(y),
                ),
            )
        ]
    return []


def _separator(column: pd.Series, y: NDArray[np.int64], name: str) -> list[Found]:
    """A number of which one threshold parts the classes."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    there = np.isfinite(values)
    ones, zeros = np.sort(values[there & (y == 1)]), np.sort(values[there & (y == 0)])
    if min(len(ones), len(zeros)) < LEAST_OF_CLASS or there.mean() < 0.9:
        return []
    below = np.searchsorted(zeros, ones, side="left") + np.searchsorted(zeros, ones, side="right")
    area = float(below.sum()) / (2 * len(ones) * len(zeros))
    if max(area, 1 - area) < SEPARATED:
        return []
    reason = say(
        'one threshold on "{column}" parts the classes in {rows|int} training rows (AUC {value|num})',
        column=name,
        rows=int(there.sum()),
        value=round(max(area, 1 - area), 5),
    )
    return [(name, "monotone copy", True, reason)]


def _number_copy(column: pd.Series, y: NDArray[np.float64], name: str) -> list[Found]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return []
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return _coded_copy(column, y, name)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    both = np.isfinite(values) & np.isfinite(y)
    if both.sum() < 20 or np.ptp(values[both]) == 0:
        return []
    ranks = [pd.Series(part[both]).rank().to_numpy() for part in (values, y)]
    monotone = abs(float(np.corrcoef(ranks[0], ranks[1])[0, 1]))
    linear = abs(float(np.corrcoef(values[both], y[both])[0, 1]))
    if max(monotone, linear) >= MONOTONE:
        reason = say(
            '"{column}" rises and falls with the target (rank correlation {value|num}): it is the target on '
            "another scale",
            column=name,
            value=round(monotone, 5),
        )
        return [(name, "monotone copy", True, reason)]
    if max(monotone, linear) >= NEARLY_MONOTONE:
        reason = say(
            '"{column}" follows the target closely (rank correlation {value|num}), as a copy with some noise would',
            column=name,
            value=round(monotone, 5),
        )
        return [(name, "noisy copy", False, reason)]
    return []


def _coded_copy(column: pd.Series, y: NDArray[np.float64], name: str) -> list[Found]:
    """A text column whose levels each stand for one value of a numeric target."""
    codes = pd.factorize(column, use_na_sentinel=False)[0]
    levels = int(codes.max(initial=0)) + 1
    if not 3 <= levels <= 0.5 * len(y):
        return []
    spread = pd.Series(y).groupby(codes).transform("nunique")
    if float((spread == 1).mean()) < PURE:
        return []
    reason = say('each text in "{column}" stands for one value of the target', column=name)
    return [(name, "recoded copy", True, reason)]


def sum_leaks(train: pd.DataFrame, target: str, columns: Sequence[str]) -> list[Found]:
    """Columns that make up a numeric target as a sum or difference of two or three of them."""
    numbers = [name for name in columns if pd.api.types.is_numeric_dtype(train[name].dtype)]
    numbers = [name for name in numbers if train[name].nunique() > 5][:60]
    full = train[[*numbers, target]].dropna()
    if len(full) < 30 or not numbers:
        return []
    probes = full.iloc[np.unique(np.linspace(0, len(full) - 1, 12).astype(int))]
    goal = probes[target].to_numpy(dtype=np.float64)
    values = {name: probes[name].to_numpy(dtype=np.float64) for name in numbers}
    scale = 1e-9 + 1e-6 * float(np.abs(goal).max())
    for size in (2, 3):
        if size == 3 and len(numbers) > 40:
            break
        for parts in combinations(numbers, size):
            for sign in (1.0, -1.0):
                made = values[parts[0]] + sign * values[parts[1]] + (values[parts[2]] if size == 3 else 0.0)
                if not ((np.abs(made - goal) <= scale).all() or (np.abs(made + goal) <= scale).all()):
                    continue
                if any((np.abs(values[part]) <= scale).all() for part in parts):
                    continue
                if sign > 0 and not adds_up(full, target, parts):
                    continue
                if sign < 0 and not _difference(full, target, parts):
                    continue
                reason = say(
                    "{parts} together give the target in every row, as their {how}",
                    parts=listed(parts),
                    how="sum" if sign > 0 else "difference",
                )
                return [(part, "sum or difference", True, reason) for part in parts]
    return []


def _difference(full: pd.DataFrame, target: str, parts: Sequence[str]) -> bool:
    made = full[parts[0]] - full[parts[1]] + (full[parts[2]] if len(parts) == 3 else 0.0)
    return bool(
        (
            np.minimum((made - full[target]).abs(), (made + full[target]).abs()) <= 1e-6 * full[target].abs() + 1e-9
        ).mean()
        >= 0.999
    )


def combination_leaks(
    sample: pd.DataFrame, y: NDArray[Any], classes: Sequence[str], columns: Sequence[str]
) -> list[Found]:
    """Two or three columns with few levels that spell the class only together."""
    if not classes:
        return []
    few = {}
    for name in columns:
        codes = pd.factorize(sample[name], use_na_sentinel=False)[0].astype(np.int64)
        if 2 <= int(codes.max(initial=0)) + 1 <= FEW_LEVELS:
            few[name] = codes
    names = list(few)[:MOST_PARTS]
    kinds = len(classes)
    base = float(np.bincount(y, minlength=kinds).max() / len(y))
    if base >= PURE - 0.0005:
        return []
    alone = {name for name in names if _pure(few[name], y, kinds)}
    names = [name for name in names if name not in alone]
    for size in (2, 3):
        for parts in combinations(names, size):
            codes = few[parts[0]]
            for part in parts[1:]:
                codes = codes * FEW_LEVELS + few[part]
            codes = np.unique(codes, return_inverse=True)[1]
            cells = int(codes.max()) + 1
            # each cell must repeat often: with a few rows each, purity would be chance
            if cells * 10 > len(y) or not _pure(codes, y, kinds):
                continue
            reason = say(
                "{parts} together spell the class in all {rows|int} training rows",
                parts=listed(parts),
                rows=len(y),
            )
            return [(part, "columns together", True, reason) for part in parts]
    return []


def _pure(codes: NDArray[np.int64], y: NDArray[np.int64], kinds: int) -> bool:
    levels = int(codes.max(initial=0)) + 1
    table = np.bincount(codes * kinds + y, minlength=levels * kinds)
    return float(table.reshape(levels, kinds).max(axis=1).sum()) >= PURE * len(y)


def missingness_leaks(
    sample: pd.DataFrame, y: NDArray[Any], classes: Sequence[str], columns: Sequence[str]
) -> list[Found]:
    """Columns that are filled in only for one outcome."""
    found: list[Found] = []
    for name in columns:
        gone = sample[name].isna().to_numpy(dtype=bool)
        if min(int(gone.sum()), int((~gone).sum())) < LEAST_MISSING:
            continue
        if not classes:
            higher = _higher(y[~gone], y[gone])
            if max(higher, 1 - higher) >= APART_SHARE:
                reason = say(
                    'where "{column}" is {word} the target is higher in {share|pct} of comparisons: it may be written '
                    "down after the outcome",
                    column=name,
                    word="present" if higher > 0.5 else "missing",
                    share=max(higher, 1 - higher),
                )
                found.append((name, "missingness", False, reason))
            continue
        for kind, label in enumerate(classes):
            is_kind = y == kind
            for mask, word in ((gone, "missing"), (~gone, "present")):
                agreement = float((mask == is_kind).mean())
                base = max(float(is_kind.mean()), 1 - float(is_kind.mean()))
                if agreement >= NOISY and (1 - agreement) <= 0.1 * (1 - base):
                    reason = say(
                        '"{column}" is {word} just where the class is "{label}" ({share|pct} of training rows '
                        "agree): it is "
                        "written down after the outcome",
                        column=name,
                        word=word,
                        label=label,
                        share=agreement,
                    )
                    found.append((name, "missingness", agreement >= PURE, reason))
    return found


def _higher(some: NDArray[Any], others: NDArray[Any]) -> float:
    """Share of pairs in which a value of the first is the larger, ties by half: Mann and Whitney's U over n times m."""
    ranks = rankdata(np.concatenate([some, others]))[: len(some)]
    return float((ranks.sum() - len(some) * (len(some) + 1) / 2) / (len(some) * len(others)))


def aggregate_leaks(
    sample: pd.DataFrame, y: NDArray[Any], classes: Sequence[str], columns: Sequence[str]
) -> list[Found]:
    """Columns that look like a mean of the target over groups of rows, taken with the row's own target in it.

    Of such a mean each unit is worth one unit of the target, around the target's own mean; of a share of a class,
    moreover, 0 and 1 are certain.
    """
    found: list[Found] = []
    targets = [(label, (y == kind).astype(np.float64)) for kind, label in enumerate(classes)]
    for name in columns:
        if not pd.api.types.is_numeric_dtype(sample[name].dtype) or sample[name].nunique() < LEAST_VALUES:
            continue
        held = sample[name].to_numpy(dtype=np.float64)
        there = np.isfinite(held)
        for label, target in targets or [("", y.astype(np.float64))]:
            values, wanted = held[there], target[there]
            if len(values) < LEAST_ROWS or not (_ends(values, wanted) if label else _same_scale(values, wanted)):
                continue
            reason = (
                say(
                    '"{column}" looks like the share of class "{label}" in a group that the row itself belongs to: '
                    "where it is zero or one the class is certain",
                    column=name,
                    label=label,
                )
                if label
                else say(
                    '"{column}" looks like a mean of the target: each unit of it is worth one unit of the target, '
                    "about the same mean",
                    column=name,
                )
            )
            found.append((name, "target aggregate", False, reason))
            break
    return found


def _ends(values: NDArray[np.float64], wanted: NDArray[np.float64]) -> bool:
    """Whether a share is pure at 0 and at 1, in enough rows of both, and is not just the class itself."""
    if values.min() < 0 or values.max() > 1:
        return False
    none, every = values == 0, values == 1
    between = int((~none & ~every).sum())
    if min(int(none.sum()), int(every.sum()), between) < PURE_ROWS:
        return False
    return not wanted[none].any() and bool(wanted[every].all())


def _same_scale(values: NDArray[np.float64], wanted: NDArray[np.float64]) -> bool:
    """Whether the target rises by one with each unit of the values, about the same mean, and does so clearly."""
    spread, target_spread = float(values.std()), float(wanted.std())
    if spread == 0 or target_spread == 0 or spread > target_spread:
        return False
    if abs(float(values.mean() - wanted.mean())) > SAME_MEAN * target_spread:
        return False
    slope = float(np.cov(values, wanted, bias=True)[0, 1]) / spread**2
    rest = float(np.std(wanted - slope * values))
    error = rest / (spread * math.sqrt(len(values)))
    return error < SAME_SLOPE and abs(slope - 1) < SAME_SLOPE


def telling_texts(sample: pd.DataFrame, y: NDArray[Any], classes: Sequence[str], columns: Sequence[str]) -> list[Found]:
    """Words in free text that occur with one class only, often enough not to be chance."""
    found: list[Found] = []
    if not classes:
        y, classes = (y > np.median(y)).astype(np.int64), HALVES
    counts = np.bincount(y, minlength=len(classes))
    for name in columns:
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(sample[name].fillna("").str.lower().iloc[: 5 * TOKENS]):
            for word in set(re.findall(r"[a-z\u00c0-\u024f]{4,}", text)):
                rows.setdefault(word, []).append(row)
        for word, places in sorted(rows.items()):
            labels = np.bincount(y[places], minlength=len(classes))
            kind = int(labels.argmax())
            seen = min(len(y), 5 * TOKENS)
            if labels[kind] < max(30, 0.3 * counts[kind] * seen / len(y)) or labels[kind] < 0.99 * labels.sum():
                continue
            if counts[kind] > 0.8 * len(y):
                continue
            reason = say(
                'the word "{word}" in "{column}" occurs in {rows|int} rows, nearly all of {which}: the '
                "text may have been "
                "written after the outcome",
                word=word,
                column=name,
                rows=int(labels.sum()),
                which=classes[kind] if classes is HALVES else f'class "{classes[kind]}"',
            )
            found.append((name, "outcome words in text", False, reason))
            break
    return found
