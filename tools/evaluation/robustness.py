"""What disturbances do to decisions: noise, missing columns, unseen levels, unit slips, shifted dates, a worst case."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.evaluation.criteria import RobustnessCriteria
from tools.evaluation.intervals import wilson
from tools.evaluation.metrics import Costs, Predictions, metric, score
from tools.evaluation.scoring import as_predictions, score_rows
from tools.records import Check, Record, Status
from tools.serving.service.scorer import Scorer
from tools.wording import inert, say

ROWS = 2000
"""Rows that disturbances are tried on."""
WORST_ROWS = 200
"""Rows of the worst-case search."""
DRAWS = 24
"""Random neighbours per row of the worst-case search; then each column is moved to both ends in turn."""
REACH = 0.25
"""How far the worst case may move a number: this much of the column's spread, within the range seen in training."""
NOISE = (0.1, 0.25, 0.5)
"""Standard deviations of the noise, in units of each column's spread; the first is the criterion's."""
SLIPS = (10, 1000)
CAUGHT = 0.5
"""A unit slip counts as caught where at least this share of the values leaves the range seen in training."""
MOVED = 0.25
"""A regression's value counts as moved beyond this much of the predictions' spread."""
UNSEEN = "\u2318 unseen"

Kind = Literal["noise", "missing", "unseen level", "unit slip", "date shift", "swap", "worst case"]


class Trial(Record):
    """One disturbance and what came of it."""

    kind: Kind
    column: str | None
    """None where all columns were disturbed together."""
    size: float | None
    """Noise in spreads, slip as a factor, shift in days."""
    rows: int
    changed: float
    """Share of decisions that changed (classes), or of values that moved by more than a quarter of their spread."""
    lower: float
    upper: float
    """One-sided Wilson limits of that share."""
    metric: float | None
    """The primary metric on disturbed rows; None where it was not computed."""
    errors: int
    """Rows that could no longer be scored."""
    caught: bool | None = None
    """Unit slips: whether the range check would notice."""


class RobustnessReport(Record):
    """Step 3.4's result (``robustness.json``)."""

    version: int = 1
    metric: str
    undisturbed: float | None
    rows: int
    trials: tuple[Trial, ...]
    criterion: str

    def of(self, kind: Kind) -> tuple[Trial, ...]:
        """Trials of one kind, as listed."""
        return tuple(trial for trial in self.trials if trial.kind == kind)


def disturb(
    scorer: Scorer,
    train: pd.DataFrame,
    test: pd.DataFrame,
    y: NDArray[Any],
    metric_name: str,
    criteria: RobustnessCriteria,
    *,
    costs: Costs | None = None,
    protected: Sequence[str] = (),
    alpha: float = 0.05,
    seed: int = 0,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> RobustnessReport:
    """Try every disturbance.

    Args:
        scorer: what is tested.
        train: training rows, from which spreads and ranges are measured.
        test: opened rows with a label that the scorer can score.
        y: their truth.
        metric_name: the primary metric.
        criteria: the tolerated share.
        costs: for a metric of costs.
        protected: columns whose values are swapped between rows where the model uses them.
        alpha: one-sided level of the limits.
        seed: of noise and search.
        progress: told how far it is.
    """
    random = np.random.default_rng(seed)
    if len(test) > ROWS:
        chosen = np.sort(random.choice(len(test), ROWS, replace=False))
        test, y = test.iloc[chosen], y[chosen]
    test = test[[name for name in scorer.needed if name in test.columns]].reset_index(drop=True)
    study = _Study(scorer, train, test, y, metric_name, costs, alpha)
    plan: list[Callable[[], Trial]] = [lambda size=size: study.noise(size, random) for size in NOISE]  # type: ignore[misc]
    plan += [lambda name=name: study.missing(name) for name in test.columns]  # type: ignore[misc]
    plan += [lambda name=name: study.unseen(name) for name in study.texts]  # type: ignore[misc]
    plan += [lambda n=n, f=f: study.slip(n, f) for n in study.numbers for f in SLIPS]  # type: ignore[misc]
    plan += [lambda n=n, d=d: study.shifted(n, d) for n in study.dates for d in (30, 365)]  # type: ignore[misc]
    plan += [lambda name=name: study.swapped(name, random) for name in protected if name in test.columns]  # type: ignore[misc]
    plan.append(lambda: study.worst(random))
    trials = []
    for done, attempt in enumerate(plan):
        progress(done, len(plan))
        trials.append(attempt())
    return RobustnessReport(
        metric=metric_name,
        undisturbed=study.undisturbed,
        rows=len(test),
        trials=tuple(trials),
        criterion=_criterion(criteria, metric_name),
    )


def robustness_check(report: RobustnessReport, criteria: RobustnessCriteria) -> Check:
    """Whether small noise leaves the decisions as they are: judged by the limits of the changed share."""
    smallest = next((trial for trial in report.trials if trial.kind == "noise"), None)
    status: Status
    if smallest is None or smallest.rows == 0:
        status = "insufficient"
    elif smallest.errors or smallest.lower > criteria.noise_flips:
        status = "fail"
    else:
        status = "pass" if smallest.upper <= criteria.noise_flips else "warn"
    return Check(
        id="robustness",
        status=status,
        blocking=False,
        value=None if smallest is None else smallest.changed,
        criterion=_criterion(criteria, report.metric),
        title="Robustness to noise",
        measured=None
        if smallest is None
        else say(
            f"{{changed|pct}} {'move' if of_numbers(report.metric) else 'change'} ({{lower|pct}} to {{upper|pct}})",
            changed=smallest.changed, lower=smallest.lower, upper=smallest.upper,
        ),
    )  # fmt: skip


def _criterion(criteria: RobustnessCriteria, metric_name: str) -> str:
    share = f"≤ {criteria.noise_flips * 100:g} % of the predictions"
    what = f"moves {share} by over a quarter of their spread" if of_numbers(metric_name) else f"changes {share}"
    return f"noise of a tenth of each column's spread {what}"


def of_numbers(metric_name: str) -> bool:
    """Whether the metric is of predicted numbers, which move, and not of decisions, which change."""
    return metric(metric_name).needs == "values"


class _Study:
    """Undisturbed scores and the ways to disturb; columns by type."""

    def __init__(
        self, scorer: Scorer, train: pd.DataFrame, test: pd.DataFrame, y: NDArray[Any], metric_name: str,
        costs: Costs | None, alpha: float,
    ) -> None:  # fmt: skip
        self.scorer, self.test, self.y, self.metric, self.costs = scorer, test, y, metric_name, costs
        self.level = 1 - 2 * alpha
        self.types = {name: test[name].dtype.kind for name in test.columns}
        self.numbers = [name for name, kind in self.types.items() if kind in "iuf" and _several(train[name])]
        self.dates = [name for name, kind in self.types.items() if kind == "M"]
        self.texts = [name for name, kind in self.types.items() if kind not in "biufM"]
        spreads = {name: float(train[name].astype("float64").std()) for name in self.numbers}
        self.spread = {name: value if math.isfinite(value) else 0.0 for name, value in spreads.items()}
        self.range = {name: (float(train[name].min()), float(train[name].max())) for name in self.numbers}
        self.whole = {name: bool((train[name].dropna() == train[name].dropna().round()).all()) for name in self.numbers}
        self.base = as_predictions(score_rows(scorer, test))
        self.step = MOVED * float(np.nanstd(self.base.values)) if self.base.values is not None else 0.0
        self.undisturbed = self._score(self.base, np.arange(len(test)))

    def noise(self, size: float, random: np.random.Generator) -> Trial:
        """All numbers at once, kept within the range seen in training, whole numbers kept whole."""
        frame = self.test.copy()
        for name in self.numbers:
            drawn = random.normal(0.0, size * self.spread[name], len(frame))
            frame[name] = self._within(name, frame[name].to_numpy(dtype=np.float64) + drawn)
        return self._trial("noise", None, size, frame)

    def missing(self, name: str) -> Trial:
        """One column without any value."""
        frame = self.test.copy()
        empty = None if name in self.texts else pd.NaT if name in self.dates else np.nan
        kind = "str" if name in self.texts else "datetime64[us]" if name in self.dates else "float64"
        frame[name] = pd.Series([empty] * len(frame), dtype=kind)
        return self._trial("missing", name, None, frame)

    def unseen(self, name: str) -> Trial:
        """One text column holding a level that training never held."""
        frame = self.test.copy()
        frame[name] = pd.Series([UNSEEN] * len(frame), dtype="str")
        return self._trial("unseen level", name, None, frame)

    def slip(self, name: str, factor: int) -> Trial:
        """One column in another unit; only says what changes and whether the range would tell."""
        frame = self.test.copy()
        slipped = frame[name].to_numpy(dtype=np.float64) * factor
        frame[name] = slipped
        low, high = self.range[name]
        known = slipped[np.isfinite(slipped)]
        outside = float(((known < low) | (known > high)).mean()) if len(known) else 0.0
        return self._trial("unit slip", name, float(factor), frame, caught=outside >= CAUGHT)

    def shifted(self, name: str, days: int) -> Trial:
        """One date column moved on."""
        frame = self.test.copy()
        frame[name] = (frame[name] + pd.Timedelta(days=days)).astype("datetime64[us]")
        return self._trial("date shift", name, float(days), frame)

    def swapped(self, name: str, random: np.random.Generator) -> Trial:
        """A protected column dealt out anew: what the decision owes to it directly."""
        frame = self.test.copy()
        frame[name] = frame[name].iloc[random.permutation(len(frame))].reset_index(drop=True)
        return self._trial("swap", name, None, frame)

    def worst(self, random: np.random.Generator) -> Trial:
        """Per row, the worst of random neighbours and of each number moved to either end of its reach.

        A lower bound on what an adversary could do: the search is bounded, not exhaustive.
        """
        rows = np.arange(len(self.test))
        if len(rows) > WORST_ROWS:
            rows = np.sort(random.choice(rows, WORST_ROWS, replace=False))
        start = self.test.iloc[rows].reset_index(drop=True)
        base = self.base.take(rows)
        changed = np.zeros(len(rows), dtype=bool)
        moves: list[dict[str, NDArray[np.float64]]] = []
        for _ in range(DRAWS):
            moves.append({name: random.uniform(-REACH, REACH, len(rows)) for name in self.numbers})
        for name in self.numbers:
            moves += [{name: np.full(len(rows), end)} for end in (-REACH, REACH)]
        for move in moves:
            frame = start.copy()
            for name, part in move.items():
                shifted = frame[name].to_numpy(dtype=np.float64) + part * self.spread[name]
                frame[name] = self._within(name, shifted)
            changed |= self._changed(as_predictions(score_rows(self.scorer, frame)), base)
        return self._made("worst case", None, REACH, changed, None, 0, None)

    def _within(self, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        kept = np.clip(values, *self.range[name])
        return np.asarray(np.round(kept) if self.whole[name] else kept, dtype=np.float64)

    def _changed(self, after: Predictions, before: Predictions) -> NDArray[np.bool_]:
        if before.values is not None and after.values is not None:
            moved = np.abs(after.values - before.values)
            return np.asarray(~(moved <= self.step), dtype=bool)
        assert before.labels is not None and after.labels is not None
        return np.asarray(before.labels != after.labels, dtype=bool)

    def _trial(
        self, kind: Kind, column: str | None, size: float | None, frame: pd.DataFrame, caught: bool | None = None
    ) -> Trial:
        scores = score_rows(self.scorer, frame)
        after = as_predictions(scores)
        errors = sum(error is not None for error in scores.errors)
        kept = np.flatnonzero([error is None for error in scores.errors])
        value = self._score(after.take(kept), kept) if kind in ("noise", "missing") and len(kept) else None
        changed = self._changed(after, self.base)
        return self._made(kind, column, size, changed, value, errors, caught)

    def _made(
        self, kind: Kind, column: str | None, size: float | None, changed: NDArray[np.bool_], value: float | None,
        errors: int, caught: bool | None,
    ) -> Trial:  # fmt: skip
        n = len(changed)
        lower, upper = wilson(float(changed.sum()), n, self.level) if n else (0.0, 1.0)
        return Trial(
            kind=kind, column=column, size=size, rows=n, changed=float(changed.mean()) if n else 0.0, lower=lower,
            upper=upper, metric=value, errors=errors, caught=caught,
        )  # fmt: skip

    def _score(self, predictions: Predictions, rows: NDArray[np.intp]) -> float | None:
        value = score(self.metric, self.y[rows], predictions, self.costs)
        return value if math.isfinite(value) else None


def most_harmful(trials: Sequence[Trial]) -> Trial | None:
    """The trial that changes most decisions; the first of equals."""
    return max(trials, key=lambda trial: trial.changed, default=None)


def named(trial: Trial) -> str:
    """The column of a trial in quotes, for a sentence."""
    return f'"{inert(trial.column or "")}"'


def _several(series: pd.Series) -> bool:
    return bool(series.notna().any()) and int(series.nunique()) > 1
