"""What a person looks at first, on training rows only: distributions by class, target by level, what moves together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from tools.data.association import chance_of, chance_of_means, cramers_v, explained, mean_interval
from tools.data.targets import class_text
from tools.evaluation.intervals import wilson
from tools.records import Record, Task

Floats = NDArray[np.float64]

BINS = 24
MOST_COLUMNS = 400
"""Columns that are looked at; a wider table is looked at in its first columns, and says so."""
MOST_VIEWS = 12
"""Columns that get a plot, strongest first."""
MOST_LEVELS = 12
FEW_VALUES = 31
"""Distinct whole numbers up to which a column is shown level by level (hours, days, counts)."""
SMALL_LEVEL = 10
"""Levels with fewer rows are shown together, so that no single person is."""
MOST_CLASSES = 4
"""Classes drawn apart; past that the rarer ones are left to the table."""


class Histogram(Record):
    """Shares of each class's rows over shared bins; values beyond the outer edges count in the outer bins."""

    edges: tuple[float, ...]
    classes: tuple[str, ...]
    """Class texts; one empty text for a regression."""
    shares: tuple[tuple[float, ...], ...]


class Level(Record):
    """One level (or bin, or period) of a column and the target in it."""

    label: str
    rows: int
    share: float
    rate: float | None = None
    """Share of the class looked for, or the target's mean in a regression."""
    lower: float | None = None
    upper: float | None = None
    start: float | None = None
    """For bins and whole numbers: where on the axis it lies."""


class ColumnView(Record):
    """One column as it is drawn."""

    column: str
    kind: Literal["number", "steps", "levels", "time"]
    rows: int
    """Rows with a value."""
    missing_share: float
    distinct: int
    association: float | None = None
    """Bias-corrected Cramér's V of target and column (number columns in tenths); in a regression the adjusted share of
    the target's variance that the column's levels or tenths account for. Zero to one."""
    p: float = 1.0
    """How likely such an association is by chance alone (chi-square; F in a regression), for this column by itself."""
    minimum: float | None = None
    median: float | None = None
    maximum: float | None = None
    histogram: Histogram | None = None
    levels: tuple[Level, ...] = ()
    skewness: float | None = None


class Pair(Record):
    """Two columns that move together."""

    left: str
    right: str
    spearman: float


class Withheld(Record):
    """A column that is not shown, and why."""

    column: str
    reason: str


class Exploration(Record):
    """``exploration.json``; version 1: the first."""

    version: int = 1
    task: Task
    target: str
    classes: tuple[str, ...] = ()
    focus: str = ""
    """The class whose rate is shown; empty for a regression."""
    level: float = 0.95
    rows: int
    columns: int
    """Columns looked at."""
    skipped: int = 0
    """Columns beyond the most that are looked at."""
    overall: Level
    target_histogram: Histogram | None = None
    class_counts: dict[str, int] = Field(default_factory=dict)
    views: tuple[ColumnView, ...] = ()
    """Strongest association first."""
    associations: tuple[tuple[str, float], ...] = ()
    """All columns, strongest first."""
    telling: tuple[str, ...] = ()
    """Columns whose association is beyond chance, at ``level`` over all columns together (Holm), strongest first."""
    correlated: tuple[str, ...] = ()
    """Number columns of the matrix."""
    correlations: tuple[tuple[float | None, ...], ...] = ()
    """Spearman's rank correlation, in the order of ``correlated``."""
    pairs: tuple[Pair, ...] = ()
    """Pairs past 0.7 in size, strongest first."""
    withheld: tuple[Withheld, ...] = ()


@dataclass(frozen=True)
class Target:
    """The target of the training rows: codes or numbers, and what is shown of it."""

    task: Task
    name: str
    y: Floats
    classes: tuple[str, ...]
    focus: str

    @property
    def shown(self) -> Floats:
        """What is averaged in a level: one for the class looked for, or the number."""
        return self.y if self.task == "regression" else (self.y == self.classes.index(self.focus)).astype(float)


def explore(frame: pd.DataFrame, target: Target, withheld: Mapping[str, str], level: float = 0.95) -> Exploration:
    """Describe training rows.

    Args:
        frame: training rows [n, columns] without the target.
        target: of the same n rows.
        withheld: columns not to be shown, with the reason.
        level: of the intervals.

    Returns:
        Views of the strongest columns, associations of all, rank correlations of the numbers.
    """
    names = [str(name) for name in frame.columns if name not in withheld]
    looked = names[:MOST_COLUMNS]
    views = [view for view in (_view(frame[name], name, target, level) for name in looked) if view is not None]
    views.sort(key=lambda view: (-(view.association or 0.0), view.column))
    correlated = [view.column for view in views if view.kind in ("number", "steps") and view.distinct > 2][:MOST_VIEWS]
    matrix = _spearman(frame, correlated)
    return Exploration(
        task=target.task,
        target=target.name,
        classes=target.classes,
        focus=target.focus,
        level=level,
        rows=len(frame),
        columns=len(looked),
        skipped=len(names) - len(looked),
        overall=_level("all rows", target, np.ones(len(frame), dtype=bool), level),
        target_histogram=_histogram(target.y, target, whole=True) if target.task == "regression" else None,
        class_counts={name: int((target.y == code).sum()) for code, name in enumerate(target.classes)},
        views=tuple(views[:MOST_VIEWS]),
        associations=tuple((view.column, view.association or 0.0) for view in views),
        telling=_beyond_chance(views, 1 - level),
        correlated=tuple(correlated),
        correlations=matrix,
        pairs=_pairs(correlated, matrix),
        withheld=tuple(Withheld(column=name, reason=withheld[name]) for name in frame.columns if name in withheld),
    )


def _beyond_chance(views: Sequence[ColumnView], alpha: float) -> tuple[str, ...]:
    """Holm's step-down over all columns."""
    found: set[str] = set()
    for place, view in enumerate(sorted(views, key=lambda each: (each.p, each.column))):
        if view.p * (len(views) - place) > alpha:
            break
        found.add(view.column)
    return tuple(view.column for view in views if view.column in found)


def _view(series: pd.Series, name: str, target: Target, level: float) -> ColumnView | None:
    there = series.notna().to_numpy()
    rows = int(there.sum())
    distinct = int(series.nunique())
    if rows == 0 or distinct < 2:
        return None
    facts: dict[str, Any] = {
        "column": name,
        "rows": rows,
        "missing_share": 1 - rows / len(series),
        "distinct": distinct,
    }
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _time_view(series, facts, target, level)
    if pd.api.types.is_bool_dtype(series.dtype) or not pd.api.types.is_numeric_dtype(series.dtype):
        texts = pd.Series(
            [class_text(value) if ok else None for value, ok in zip(series, there, strict=True)], dtype="str"
        )
        codes, uniques = pd.factorize(texts, sort=True)
        if distinct > max(50, rows // 4):
            # levels of a few rows each would seem to tell the target whatever they hold, so they count as one
            rare = np.append(np.bincount(codes[codes >= 0]) < SMALL_LEVEL, False)
            return ColumnView(
                kind="levels", **_association(np.where(rare[codes], len(uniques), codes), target), **facts
            )
        return ColumnView(
            kind="levels",
            **_association(codes, target),
            levels=_levels(codes, [str(each) for each in uniques], target, level),
            **facts,
        )
    return _number_view(series.to_numpy(dtype=float), facts, target, level)


def _number_view(values: Floats, facts: dict[str, Any], target: Target, level: float) -> ColumnView:
    finite = values[np.isfinite(values)]
    spread = float(finite.std())
    facts |= {
        "minimum": float(finite.min()),
        "median": float(np.median(finite)),
        "maximum": float(finite.max()),
        "skewness": float((((finite - finite.mean()) / spread) ** 3).mean()) if spread > 0 else None,
    }
    if facts["distinct"] <= FEW_VALUES and bool((finite == np.round(finite)).all()):
        codes, uniques = pd.factorize(pd.Series(values), sort=True)
        levels = tuple(
            _level(class_text(float(value)), target, codes == code, level, start=float(value))
            for code, value in enumerate(uniques)
        )
        return ColumnView(kind="steps", **_association(codes, target), levels=levels, **facts)
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, 11)))
    codes = np.where(
        np.isfinite(values), np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2), -1
    )
    tenths = tuple(
        _level("", target, codes == code, level, start=float(np.median(values[codes == code])))
        for code in range(len(edges) - 1)
        if bool((codes == code).any())
    )
    return ColumnView(
        kind="number",
        **_association(codes.astype(np.intp), target),
        histogram=_histogram(values, target),
        levels=tenths,
        **facts,
    )


def _time_view(series: pd.Series, facts: dict[str, Any], target: Target, level: float) -> ColumnView:
    there = series.notna().to_numpy()
    order = series.astype("datetime64[us]").astype("int64").to_numpy().astype(float)
    edges = np.unique(np.quantile(order[there], np.linspace(0, 1, 13)))
    codes = np.where(there, np.clip(np.searchsorted(edges, order, side="right") - 1, 0, max(len(edges) - 2, 0)), -1)
    periods = tuple(
        _level(str(series[codes == code].min().date()), target, codes == code, level, start=float(code))
        for code in range(max(len(edges) - 1, 1))
        if bool((codes == code).any())
    )
    return ColumnView(kind="time", **_association(codes.astype(np.intp), target), levels=periods, **facts)


def _association(codes: NDArray[np.intp], target: Target) -> dict[str, float]:
    """Size and p value of a column's association with the target, as fields of its view."""
    if target.task == "regression":
        return {"association": explained(codes, target.y), "p": chance_of_means(codes, target.y)}
    kept = codes >= 0
    table = np.zeros((int(codes.max(initial=0)) + 1, len(target.classes)), dtype=np.int64)
    np.add.at(table, (codes[kept], target.y[kept].astype(np.intp)), 1)
    return {"association": cramers_v(table), "p": chance_of(table)}


def _levels(codes: NDArray[np.intp], labels: Sequence[str], target: Target, level: float) -> tuple[Level, ...]:
    """Levels by frequency; rare ones and those past the most are shown as one."""
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    order = sorted(range(len(labels)), key=lambda code: (-int(counts[code]), labels[code]))
    shown = [code for code in order if counts[code] >= SMALL_LEVEL][:MOST_LEVELS]
    found = [_level(labels[code], target, codes == code, level) for code in shown]
    rest = np.isin(codes, [code for code in order if code not in set(shown)])
    if int(rest.sum()) >= SMALL_LEVEL:
        found.append(_level("other levels", target, rest, level))
    missing = codes < 0
    if int(missing.sum()) >= SMALL_LEVEL:
        found.append(_level("missing", target, missing, level))
    return tuple(found)


def _level(label: str, target: Target, rows: NDArray[np.bool_], level: float, start: float | None = None) -> Level:
    shown = target.shown[rows]
    n = len(shown)
    bounds: tuple[float, float] | None = None
    if n:
        bounds = mean_interval(shown, level) if target.task == "regression" else wilson(float(shown.sum()), n, level)
    return Level(
        label=label,
        rows=n,
        share=n / len(rows) if len(rows) else 0.0,
        rate=float(shown.mean()) if n else None,
        lower=None if bounds is None else bounds[0],
        upper=None if bounds is None else bounds[1],
        start=start,
    )


def _histogram(values: Floats, target: Target, whole: bool = False) -> Histogram:
    """Bins between the outer hundredths, so that a few far values don't flatten the rest."""
    finite = values[np.isfinite(values)]
    low, high = (float(each) for each in np.quantile(finite, [0.005, 0.995]))
    if not high > low:
        low, high = float(finite.min()), float(finite.max())
    if not high > low:
        high = low + 1.0
    edges = np.linspace(low, high, BINS + 1)
    if whole or target.task == "regression":
        groups = [("", np.ones(len(values), dtype=bool))]
    else:
        counts = {code: int((target.y == code).sum()) for code in range(len(target.classes))}
        common = sorted(sorted(counts, key=lambda code: -counts[code])[:MOST_CLASSES])
        groups = [(target.classes[code], target.y == code) for code in common]
    shares = []
    for _, rows in groups:
        kept = np.clip(values[rows & np.isfinite(values)], low, high)
        counted = np.histogram(kept, edges)[0].astype(float)
        shares.append(tuple(float(each) for each in counted / max(counted.sum(), 1.0)))
    return Histogram(
        edges=tuple(float(edge) for edge in edges),
        classes=tuple(name for name, _ in groups),
        shares=tuple(shares),
    )


def _spearman(frame: pd.DataFrame, names: Sequence[str]) -> tuple[tuple[float | None, ...], ...]:
    if len(names) < 2:
        return ()
    ranks = frame[list(names)].astype(float).rank()
    matrix = ranks.corr(min_periods=SMALL_LEVEL).to_numpy()
    return tuple(tuple(None if math.isnan(value) else round(float(value), 12) for value in row) for row in matrix)


def _pairs(names: Sequence[str], matrix: Sequence[Sequence[float | None]]) -> tuple[Pair, ...]:
    found = [
        Pair(left=names[i], right=names[j], spearman=value)
        for i in range(len(names))
        for j in range(i)
        if (value := matrix[i][j] if matrix else None) is not None and abs(value) >= 0.7
    ]
    return tuple(sorted(found, key=lambda pair: (-abs(pair.spearman), pair.left, pair.right)))
