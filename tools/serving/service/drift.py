"""Compares a batch of rows with the reference: PSI, KL, Kolmogorov-Smirnov, chi-square, and the rule that alarms.

The batch and the reference are counts per cell (between quantile edges for numbers, per level for text), so neither
side has to keep values. A column alarms only where three things hold: its test stays significant after Holm's
correction over all tests of the batch, its distance exceeds the threshold that was calibrated for batches of
this size on the reference itself, and the batch is large enough to be judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .distances import chi_square, holm, kolmogorov_smirnov, total_variation

Cells = npt.NDArray[np.int64]
Test = Literal["distribution", "missing", "range", "unseen"]

SMOOTHING = 0.5
"""Added to each cell before PSI and KL, so that an empty cell has a finite logarithm (Jeffreys)."""
COARSE_SHARE = 0.08
"""Neighbouring cells are merged for PSI and KL until each holds this share of the reference: about ten cells."""
QUALITY_DIFFERENCE = 0.05
"""Missing, unseen or out-of-range shares must rise by at least this much before they alarm, however significant."""


@dataclass(frozen=True)
class Column:
    """One monitored column of the reference."""

    name: str
    kind: Literal["number", "text"]
    personal: bool
    edges: tuple[float, ...]
    """Ascending cell borders of a number; a value equal to an edge lies in the cell above it."""
    levels: tuple[str, ...]
    """Known levels of a text column; anything else falls in one last cell."""
    counts: tuple[int, ...]
    """Reference rows per cell: ``len(edges) + 1`` for numbers, ``len(levels) + 1`` for text."""
    missing: int
    lower: float | None
    upper: float | None
    """Range of the reference; None for text and for personal columns, whose extremes are somebody's values."""
    thresholds: tuple[tuple[int, float], ...]
    """(batch size, smallest distance that may alarm), by ascending size."""
    missing_rise: float = QUALITY_DIFFERENCE
    unseen_rise: float = QUALITY_DIFFERENCE
    """How far the share of missing values, of unseen levels may rise, however significant, before it alarms."""

    @property
    def unseen(self) -> int:
        """Reference rows in the last cell of a text column: levels too rare to be listed."""
        return self.counts[-1] if self.kind == "text" else 0

    def cells(self, values: Sequence[Any] | npt.NDArray[Any]) -> Cells:
        """Cell of each value, -1 where it is missing.

        Args:
            values: numbers, booleans or None for a number; text or None for text.
        """
        if self.kind == "text":
            place = {level: index for index, level in enumerate(self.levels)}
            last = len(self.levels)
            return np.array(
                [-1 if value is None or value != value else place.get(str(value), last) for value in values],
                dtype=np.int64,
            )
        numbers = np.asarray(values, dtype=np.float64)  # None becomes NaN
        found: Cells = np.searchsorted(np.array(self.edges, dtype=np.float64), numbers, side="right")
        found[np.isnan(numbers)] = -1
        return found

    def outside(self, values: Sequence[Any] | npt.NDArray[Any]) -> int:
        """How many values lie outside the reference's range; 0 where the range is not kept."""
        if self.lower is None or self.upper is None:
            return 0
        numbers = np.asarray(values, dtype=np.float64)  # None becomes NaN
        with np.errstate(invalid="ignore"):
            return int(((numbers < self.lower) | (numbers > self.upper)).sum())

    def threshold(self, rows: int) -> float:
        """The smallest distance that may alarm in a batch of ``rows``: that of the next smaller calibrated size."""
        fitting = [value for size, value in self.thresholds if size <= rows]
        if fitting:
            return fitting[-1]
        return self.thresholds[0][1] if self.thresholds else math.inf


@dataclass(frozen=True)
class Reference:
    """What the model's own data looked like, as counts."""

    rows: int
    alpha: float
    """Chance of any false alarm in one batch, before the calibrated thresholds make it smaller."""
    smallest: int
    """Batches with fewer rows are not judged."""
    window: int
    """Rows of a window when requests are watched as they come."""
    columns: tuple[Column, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reference:
        """Read what ``monitoring/reference.json`` holds.

        Raises:
            ValueError: the file is of an unknown version.
        """
        if data.get("version") != 1:
            raise ValueError("monitoring/reference.json is of an unknown version; use the service that came with it")
        return cls(
            rows=data["rows"],
            alpha=data["alpha"],
            smallest=data["smallest"],
            window=data["window"],
            columns=tuple(
                Column(
                    name=one["name"],
                    kind=one["kind"],
                    personal=one["personal"],
                    edges=tuple(one["edges"]),
                    levels=tuple(one["levels"]),
                    counts=tuple(one["counts"]),
                    missing=one["missing"],
                    lower=one["lower"],
                    upper=one["upper"],
                    thresholds=tuple((int(size), float(value)) for size, value in one["thresholds"]),
                    missing_rise=one["missing_rise"],
                    unseen_rise=one["unseen_rise"],
                )
                for one in data["columns"]
            ),
        )


@dataclass(frozen=True)
class Batch:
    """One column of a batch as counts."""

    counts: tuple[int, ...]
    missing: int
    outside: int = 0


@dataclass(frozen=True)
class Drift:
    """What was measured for one column of a batch."""

    column: str
    kind: str
    rows: int
    psi: float
    kl: float
    distance: float
    """Kolmogorov-Smirnov distance of a number, total variation of a text column; both from 0 to 1."""
    threshold: float
    test: str
    """ks or chi-square."""
    p: float
    adjusted: float
    """p after Holm's correction over every test of the batch."""
    missing: float
    missing_reference: float
    unseen: float
    outside: float
    alarms: tuple[Test, ...]


def judge(reference: Reference, batches: Mapping[str, Batch], rows: int) -> list[Drift]:
    """Measure every monitored column of a batch and decide which alarm.

    Args:
        reference: what the model's own data looked like.
        batches: counts per column name; a monitored column that is absent is not judged.
        rows: rows of the batch.

    Returns:
        One entry per judged column, in the reference's order.
    """
    judged = [column for column in reference.columns if column.name in batches]
    tests: list[tuple[str, Test, float]] = []
    for column in judged:
        batch = batches[column.name]
        tests.append((column.name, "distribution", _distribution(column, batch)[1]))
        known = sum(column.counts)
        tests.append((column.name, "missing", _rise(batch.missing, rows, column.missing, known + column.missing)))
        if column.kind == "text":
            tests.append((column.name, "unseen", _rise(batch.counts[-1], sum(batch.counts), column.unseen, known)))
        elif column.lower is not None:
            tests.append((column.name, "range", _rise(batch.outside, sum(batch.counts), 0, known)))
    adjusted = dict(zip([(name, test) for name, test, _ in tests], holm([p for _, _, p in tests]), strict=True))
    found = []
    for column in judged:
        batch = batches[column.name]
        seen, known = sum(batch.counts), sum(column.counts)
        distance, p = _distribution(column, batch)
        psi, kl = divergences(column, batch.counts)
        threshold = column.threshold(seen)
        shares: dict[Test, float] = {
            "missing": _share(batch.missing, rows) - _share(column.missing, known + column.missing),
            "unseen": (_share(batch.counts[-1], seen) - _share(column.unseen, known)) if column.kind == "text" else 0.0,
            "range": _share(batch.outside, seen),
        }
        allowed: dict[Test, float] = {
            "missing": column.missing_rise,
            "unseen": column.unseen_rise,
            "range": QUALITY_DIFFERENCE,
        }
        alarms: list[Test] = []
        if rows >= reference.smallest:
            if (
                seen >= reference.smallest
                and distance > threshold
                and adjusted[column.name, "distribution"] < reference.alpha
            ):
                alarms.append("distribution")
            alarms.extend(
                test
                for test, rise in shares.items()
                if rise > allowed[test] and adjusted.get((column.name, test), 1.0) < reference.alpha
            )
        found.append(
            Drift(
                column=column.name,
                kind=column.kind,
                rows=seen,
                psi=psi,
                kl=kl,
                distance=distance,
                threshold=threshold,
                test="ks" if column.kind == "number" else "chi-square",
                p=p,
                adjusted=adjusted[column.name, "distribution"],
                missing=_share(batch.missing, rows),
                missing_reference=_share(column.missing, known + column.missing),
                unseen=_share(batch.counts[-1], seen) if column.kind == "text" else 0.0,
                outside=_share(batch.outside, seen),
                alarms=tuple(alarms),
            )
        )
    return found


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _distribution(column: Column, batch: Batch) -> tuple[float, float]:
    """Distance and p of the column's test: Kolmogorov-Smirnov for numbers, chi-square for text."""
    if sum(batch.counts) == 0 or sum(column.counts) == 0:
        return 0.0, 1.0
    if column.kind == "number":
        return kolmogorov_smirnov(column.counts, batch.counts)
    return total_variation(column.counts, batch.counts), chi_square(column.counts, batch.counts)


def coarse(column: Column) -> list[int]:
    """Group number of each cell for PSI and KL: neighbours of a number are merged, levels of text by rarity.

    Merging keeps every group above ``COARSE_SHARE`` of the reference, because PSI over thin cells is mostly noise.
    """
    counts = column.counts
    total = sum(counts) or 1
    order = range(len(counts))
    if column.kind == "text":
        order = sorted(order, key=lambda index: (-counts[index], index))  # type: ignore[assignment]
    groups = [0] * len(counts)
    group, held = 0, 0
    for index in order:
        if held / total >= COARSE_SHARE:
            group, held = group + 1, 0
        groups[index] = group
        held += counts[index]
    if group and held / total < COARSE_SHARE:
        groups = [group - 1 if one == group else one for one in groups]
    return groups


def divergences(column: Column, counts: Sequence[int]) -> tuple[float, float]:
    """Population stability index and Kullback-Leibler divergence of the batch from the reference, in nats.

    PSI = Σ (q - p) ln(q / p), the symmetrised divergence of Kullback and Leibler (1951); KL = Σ q ln(q / p), with p
    the reference's and q the batch's share of a group, both smoothed by ``SMOOTHING``.
    """
    groups = coarse(column)
    size = max(groups) + 1
    if size < 2 or sum(counts) == 0:
        return 0.0, 0.0
    p = np.bincount(groups, weights=np.array(column.counts, dtype=np.float64), minlength=size) + SMOOTHING
    q = np.bincount(groups, weights=np.array(counts, dtype=np.float64), minlength=size) + SMOOTHING
    p, q = p / p.sum(), q / q.sum()
    ratio = np.log(q / p)
    return float(((q - p) * ratio).sum()), float((q * ratio).sum())


def _rise(part: int, whole: int, part_reference: int, whole_reference: int) -> float:
    """One-sided p that a share rose: two-proportion z with the pooled variance and half a row of continuity."""
    if whole == 0 or whole_reference == 0:
        return 1.0
    pooled = (part + part_reference + 1.0) / (whole + whole_reference + 2.0)
    deviation = math.sqrt(pooled * (1.0 - pooled) * (1.0 / whole + 1.0 / whole_reference))
    difference = part / whole - part_reference / whole_reference - 0.5 / whole
    return 1.0 if difference <= 0 else 0.5 * math.erfc(difference / deviation / math.sqrt(2.0))
