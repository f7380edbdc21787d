"""Columns that say the same thing: recoded, nearly proportional, or the sum of others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.records import Record

SAMPLE_ROWS = 20_000
MOST_COLUMNS = 300
"""Columns that are compared pairwise."""
MOST_ADDENDS = 60
"""Numeric columns among which sums are looked for."""
NEARLY = 0.98
"""Absolute correlation from which two columns nearly repeat one another."""
PROBES = 12
"""Rows on which sums are tried before all rows are looked at."""


class Relation(Record):
    """Columns that repeat one another."""

    kind: Literal["recoded", "correlated", "sum"]
    columns: tuple[str, ...]
    """For a sum the total first."""
    strength: float
    """1 for recoded and sum; the absolute correlation otherwise."""


def relations(
    frame: pd.DataFrame, telling: Sequence[str], numbers: Sequence[str], *, seed: int = 0
) -> tuple[Relation, ...]:
    """Find redundant columns.

    Args:
        frame: all rows; a fixed random sample of them is looked at, and hits are checked on all.
        telling: columns to compare as codes.
        numbers: those of them that are numbers.
        seed: of the sample.
    """
    chosen = list(telling)[:MOST_COLUMNS]
    sample = frame[chosen]
    if len(sample) > SAMPLE_ROWS:
        places = np.sort(np.random.default_rng([seed, 1]).choice(len(sample), SAMPLE_ROWS, replace=False))
        sample = sample.iloc[places]
    numeric = [name for name in numbers if name in chosen]
    recoded = _recoded(frame, sample, chosen)
    told = {frozenset(found.columns) for found in recoded}
    sums = _sums(frame, sample, numeric)
    correlated = [found for found in _correlated(sample, numeric) if frozenset(found.columns) not in told]
    return tuple(recoded + sums + correlated)


def _recoded(frame: pd.DataFrame, sample: pd.DataFrame, columns: list[str]) -> list[Relation]:
    """Pairs whose values correspond one to one, with at least three values that each repeat."""
    codes = {name: pd.factorize(sample[name], use_na_sentinel=False)[0].astype(np.int64) for name in columns}
    levels = {name: int(code.max()) + 1 if len(code) else 0 for name, code in codes.items()}
    by_count: dict[int, list[str]] = {}
    for name in columns:
        if 2 <= levels[name] <= 0.5 * len(sample):
            by_count.setdefault(levels[name], []).append(name)
    found = []
    for count, names in sorted(by_count.items()):
        for left, right in combinations(names, 2):
            if len(np.unique(codes[left] * count + codes[right])) != count:
                continue
            whole = [pd.factorize(frame[name], use_na_sentinel=False)[0].astype(np.int64) for name in (left, right)]
            pairs = len(np.unique(whole[0] * (int(whole[1].max()) + 1) + whole[1]))
            if pairs == int(whole[0].max()) + 1 == int(whole[1].max()) + 1:
                found.append(Relation(kind="recoded", columns=(left, right), strength=1.0))
    return found


def _correlated(sample: pd.DataFrame, numbers: list[str]) -> list[Relation]:
    columns = [name for name in numbers if sample[name].notna().sum() > 10]
    if len(columns) < 2:
        return []
    values = sample[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    present = np.isfinite(values)
    means = np.nanmean(np.where(present, values, np.nan), axis=0)
    centred = np.where(present, values - means, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0))
    centred = centred[:, spread > 0] / spread[spread > 0]
    columns = [name for name, width in zip(columns, spread, strict=True) if width > 0]
    rough = np.abs(centred.T @ centred)
    found = []
    for left, right in zip(*np.where(np.triu(rough >= 0.9, k=1)), strict=True):
        pair = sample[[columns[left], columns[right]]].dropna()
        if len(pair) < 10:
            continue
        strength = abs(float(np.corrcoef(pair.to_numpy(dtype=np.float64).T)[0, 1]))
        if np.isfinite(strength) and strength >= NEARLY:
            found.append(
                Relation(kind="correlated", columns=(columns[left], columns[right]), strength=round(strength, 6))
            )
    return sorted(found, key=lambda relation: -relation.strength)


def _sums(frame: pd.DataFrame, sample: pd.DataFrame, numbers: list[str]) -> list[Relation]:
    """Totals that equal the sum of two or three other columns in every row."""
    columns = [name for name in numbers if sample[name].nunique() > 5][:MOST_ADDENDS]
    full = sample[columns].dropna()
    if len(columns) < 3 or len(full) < PROBES:
        return []
    probes = full.iloc[np.linspace(0, len(full) - 1, PROBES).astype(int)].to_numpy(dtype=np.float64)
    found: list[Relation] = []
    for total in range(len(columns)):
        parts = _addends(probes, total)
        if parts is None:
            continue
        names = [columns[part] for part in parts]
        if adds_up(frame, columns[total], names):
            found.append(Relation(kind="sum", columns=(columns[total], *names), strength=1.0))
    return found


def _addends(probes: NDArray[np.float64], total: int) -> tuple[int, ...] | None:
    rest = [place for place in range(probes.shape[1]) if place != total]
    goal = probes[:, total]
    scale = 1e-9 + 1e-6 * np.abs(goal).max()
    pairs = np.array(list(combinations(rest, 2)), dtype=np.int64)
    left = goal[:, None] - probes[:, pairs[:, 0]] - probes[:, pairs[:, 1]]
    hit = np.flatnonzero((np.abs(left) <= scale).all(axis=0))
    for place in hit:
        pair = tuple(int(part) for part in pairs[place])
        if all(np.any(np.abs(probes[:, part]) > scale) for part in pair):
            return pair
    for third in rest:
        close = np.flatnonzero((np.abs(left - probes[:, [third]]) <= scale).all(axis=0))
        for place in close:
            parts = tuple(int(part) for part in (*pairs[place], third))
            if len(set(parts)) == 3 and all(np.any(np.abs(probes[:, part]) > scale) for part in parts):
                return parts
    return None


def adds_up(frame: pd.DataFrame, total: str, parts: Sequence[str], least: float = 0.999) -> bool:
    """Whether a column equals the sum of others in (nearly) all rows where all are present."""
    values = frame[[total, *parts]].dropna()
    if len(values) < 10:
        return False
    gap = (values[total] - values[list(parts)].sum(axis=1)).abs()
    return bool((gap <= 1e-6 * values[total].abs() + 1e-9).mean() >= least)
