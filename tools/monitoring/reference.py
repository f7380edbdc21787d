"""Reference statistics of the model's own data, with alarm thresholds that are calibrated on it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from tools.records import Record
from tools.serving.service import drift as core

if TYPE_CHECKING:
    import pandas as pd

SIZES = (100, 250, 500, 1000, 2500)
"""Batch sizes for which thresholds are calibrated."""
REPEATS = 200
DEVIATIONS = 6.0
"""A threshold lies this many standard deviations above the mean distance of undisturbed batches."""
FLOOR = 0.05
"""Distances below this are of no practical matter, however large the batch."""
ORDER_MARGIN = 1.25
"""Above the largest distance that any stretch of the reference, in source order, has from the rest of it; stretches of
later rows begin elsewhere and reach somewhat further."""
KEPT = 80
"""Rows in a hundred of the source that the reference usually holds."""
MOST_ROWS = 5000
"""Rows that calibration draws from; more would only lower the thresholds by a hair."""
MOST_LEVELS = 30
FEWEST_IN_LEVEL = 10
"""A level with fewer rows is not named in the reference: it might point at a person."""
EDGES = 39
PERSONAL_EDGES = 9


class ReferenceColumn(Record):
    """One monitored column; the fields are those of ``service.drift.Column``."""

    name: str
    kind: Literal["number", "text"]
    personal: bool
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    counts: tuple[int, ...]
    missing: int
    lower: float | None = None
    upper: float | None = None
    thresholds: tuple[tuple[int, float], ...] = ()
    missing_rise: float = core.QUALITY_DIFFERENCE
    unseen_rise: float = core.QUALITY_DIFFERENCE


class DriftReference(Record):
    """What the model's own data looked like: counts and rounded ranges, no rows; ``monitoring/reference.json``."""

    version: int = 1
    rows: int
    alpha: float = 0.001
    smallest: int = 100
    window: int = 250
    columns: tuple[ReferenceColumn, ...]
    unmonitored: dict[str, str] = Field(default_factory=dict)
    """Column to the reason why it is not watched."""

    def core(self) -> core.Reference:
        """The same as the service reads it."""
        return core.Reference.from_dict(self.model_dump(mode="json"))


def build_reference(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    *,
    personal: Collection[str] = (),
    seed: int = 0,
    alpha: float = 0.001,
    smallest: int = 100,
    window: int = 250,
    repeats: int = REPEATS,
) -> DriftReference:
    """Summarise the model's own rows and calibrate alarm thresholds on them.

    For each batch size the rows are halved at random, a batch is drawn with replacement from one half and compared
    with the other; a threshold lies ``DEVIATIONS`` standard deviations above the mean distance of such undisturbed
    batches. Where the source itself is ordered (by season, by kind), stretches in source order differ from the rest,
    and the threshold is raised above what the reference itself ever showed.

    Args:
        frame: rows as read, before cleaning, in source order.
        kinds: type of each column to watch: number, integer, boolean, date or text (``reading.json``).
        personal: columns that hold personal data. Numbers are kept as deciles only, text not at all.
        seed: seed of the resampling.
        alpha: chance of any false alarm in one batch, before thresholds.
        smallest: batches below this are not judged.
        window: rows of a window when rows are watched in order.
        repeats: undisturbed batches per size.

    Returns:
        The reference; columns in the order of ``kinds``.
    """
    columns: list[ReferenceColumn] = []
    unmonitored: dict[str, str] = {}
    for name, kind in kinds.items():
        if name not in frame.columns:
            continue
        if kind == "date":
            unmonitored[name] = "dates always move on"
        elif kind == "text" and name in personal:
            unmonitored[name] = "personal text is not kept"
        elif kind == "text":
            columns.append(_text_column(name, frame[name]))
        else:
            columns.append(_number_column(name, frame[name], name in personal))
    reference = DriftReference(
        rows=len(frame),
        alpha=alpha,
        smallest=smallest,
        window=window,
        columns=tuple(columns),
        unmonitored=unmonitored,
    )
    calibrated = _calibrate(reference.core(), frame, seed, repeats)
    return reference.model_copy(
        update={"columns": tuple(column.model_copy(update=calibrated[column.name].model_dump()) for column in columns)}
    )


class _Calibrated(Record):
    """What calibration adds to a column."""

    thresholds: tuple[tuple[int, float], ...]
    missing_rise: float
    unseen_rise: float


def _number_column(name: str, series: pd.Series, personal: bool) -> ReferenceColumn:
    values = numbers(series)
    known = values[~np.isnan(values)]
    edges: list[float] = []
    if len(known):
        steps = PERSONAL_EDGES if personal else EDGES
        places = np.arange(1, steps + 1) / (steps + 1)
        found = [float(edge) for edge in np.quantile(known, places, method="inverted_cdf")]
        # A rounded decile is nobody's exact value.
        edges = sorted({float(f"{edge:.2g}") for edge in found} if personal else set(found))
    cells = np.searchsorted(np.array(edges), known, side="right")
    return ReferenceColumn(
        name=name,
        kind="number",
        personal=personal,
        edges=tuple(edges),
        counts=tuple(int(count) for count in np.bincount(cells, minlength=len(edges) + 1)),
        missing=len(values) - len(known),
        lower=None if personal or not len(known) else _outward(float(known.min()), down=True),
        upper=None if personal or not len(known) else _outward(float(known.max()), down=False),
    )


def _outward(value: float, *, down: bool) -> float:
    """A bound rounded away from the data to two significant digits, so that it quotes nobody's exact value."""
    if value == 0.0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = math.floor(value / unit) if down else math.ceil(value / unit)
    return float(f"{steps * unit:.12g}")


def _text_column(name: str, series: pd.Series) -> ReferenceColumn:
    known = series.dropna().astype(str)
    tally = sorted(known.value_counts().items(), key=lambda pair: (-pair[1], str(pair[0])))
    kept = [(str(level), int(count)) for level, count in tally if count >= FEWEST_IN_LEVEL][:MOST_LEVELS]
    rest = len(known) - sum(count for _, count in kept)
    return ReferenceColumn(
        name=name,
        kind="text",
        personal=False,
        levels=tuple(level for level, _ in kept),
        counts=(*(count for _, count in kept), rest),
        missing=len(series) - len(known),
    )


def numbers(series: pd.Series) -> npt.NDArray[np.float64]:
    """A numeric or boolean column as float64, missing as NaN; infinite counts as missing."""
    values: npt.NDArray[Any] = series.astype("float64").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    values[np.isinf(values)] = np.nan
    return values


def cells_of(column: core.Column, frame: pd.DataFrame) -> core.Cells:
    """Cell of each row's value [n], -1 where it is missing."""
    series = frame[column.name]
    if column.kind == "number":
        return column.cells(numbers(series))
    place = {level: index for index, level in enumerate(column.levels)}
    last = len(column.levels)
    mapped = series.astype(object).map(lambda value: place.get(str(value), last), na_action="ignore")
    return mapped.fillna(-1).to_numpy(dtype=np.int64)


def _distance(column: core.Column, reference: core.Cells, batch: core.Cells) -> float:
    """The distance that ``service.drift`` uses for this kind of column, from cell counts."""
    if reference.sum() == 0 or batch.sum() == 0:
        return 0.0
    first, second = reference / reference.sum(), batch / batch.sum()
    if column.kind == "number":
        return float(np.abs(np.cumsum(first - second)).max())
    return float(np.abs(first - second).sum() / 2)


def _calibrate(reference: core.Reference, frame: pd.DataFrame, seed: int, repeats: int) -> dict[str, _Calibrated]:
    rows = len(frame)
    stream = np.random.default_rng(seed)
    cells = {column.name: cells_of(column, frame) + 1 for column in reference.columns}  # 0 is missing
    drawn = min(rows, MOST_ROWS)
    chosen = np.sort(stream.choice(rows, drawn, replace=False))
    # All columns side by side, each with its own range of codes, so that one count serves them all.
    starts = np.cumsum([0, *(len(column.counts) + 1 for column in reference.columns)])
    pairs = zip(reference.columns, starts, strict=False)
    codes = np.array([cells[column.name][chosen] + start for column, start in pairs])

    def counted(picked: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        counts = np.bincount(codes[:, picked].ravel(), minlength=int(starts[-1]))
        return [counts[start + 1 : stop] for start, stop in pairwise(starts)]

    measured: dict[tuple[str, int], list[float]] = {}
    for _ in range(repeats if drawn >= 20 and reference.columns else 0):
        order = stream.permutation(drawn)
        own, second = counted(order[: drawn // 2]), order[drawn // 2 :]
        for size in SIZES:
            batch = counted(second[stream.integers(0, len(second), size)])
            for column, first, other in zip(reference.columns, own, batch, strict=True):
                measured.setdefault((column.name, size), []).append(_distance(column, first, other))
    calibrated: dict[str, _Calibrated] = {}
    for column in reference.columns:
        found = cells[column.name]
        limits: list[tuple[int, float]] = []
        for size in SIZES:
            values = np.array(measured.get((column.name, size), [1.0]))
            by_chance = float(values.mean() + DEVIATIONS * values.std())
            by_order = ORDER_MARGIN * max((one.distance for one in _stretches(column, found, size)), default=0.0)
            limits.append((size, round(max(FLOOR, by_chance, by_order), 6)))
        stretches = _stretches(column, found, reference.window)
        calibrated[column.name] = _Calibrated(
            thresholds=tuple(limits),
            missing_rise=_allowed(column.missing, rows, reference.window, [one.missing for one in stretches]),
            unseen_rise=_allowed(column.unseen, rows, reference.window, [one.unseen for one in stretches]),
        )
    return calibrated


@dataclass(frozen=True)
class _Stretch:
    """How far one stretch of the reference differs from the rest of it."""

    distance: float
    missing: float
    unseen: float


def _stretches(column: core.Column, cells: core.Cells, size: int) -> list[_Stretch]:
    """Each stretch, in source order, against the rest; none where it would be the most of it.

    The reference lacks the rows that were sealed for the test, so a stretch of ``size`` source rows is shorter here.
    """
    size = size * KEPT // 100
    rows, width = len(cells), len(column.counts) + 1
    if rows < 2 * size:
        return []
    whole = np.bincount(cells, minlength=width)
    found = []
    for start in range(0, rows - size + 1, max(1, size // 2)):
        batch = np.bincount(cells[start : start + size], minlength=width)
        rest = whole - batch
        found.append(
            _Stretch(
                distance=_distance(column, rest[1:], batch[1:]),
                missing=float(batch[0] / size - whole[0] / rows),
                unseen=float(batch[-1] / size - whole[-1] / rows) if column.kind == "text" else 0.0,
            )
        )
    return found


def _allowed(part: int, rows: int, window: int, rises: Sequence[float]) -> float:
    """How far a share may rise: by chance in a window drawn from one half of the reference, or by source order."""
    share = (part + 1) / (rows + 2)
    deviation = math.sqrt(share * (1 - share) * (4 / max(rows, 1) + 1 / window))
    most = max(core.QUALITY_DIFFERENCE, DEVIATIONS * deviation, ORDER_MARGIN * max(rises, default=0.0))
    return round(most, 6)
