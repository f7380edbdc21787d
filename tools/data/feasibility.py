"""Can this data answer the question: what a test of that size can confirm, and which groups it can judge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from tools.data.strength import auc_error, auc_interval
from tools.data.targets import class_texts
from tools.evaluation.groups import groups_of
from tools.records import Record, Task

GROUP_ROWS, GROUP_POSITIVES, GROUP_NEGATIVES = 100, 30, 30
"""What a group needs in the test to be judged (TRUST, Fairness)."""
LEAST_OUTCOMES = 30
"""Positives and negatives below which a test is inconclusive."""
TEST_SIZES = (0.1, 0.15, 0.2, 0.25, 0.3)
USUAL_TEST_SIZE = 0.2
VALIDATION_OF_REST = 0.2
ASSUMED_AUC, ASSUMED_ACCURACY = 0.8, 0.7
"""Performance at which the width of the interval is stated; nothing is known of the model yet."""
NARROW = {"roc_auc": 0.02, "accuracy": 0.015, "rmse": 0.02}
"""Half-width at which a smaller test is enough."""
ONE_SIDED, TWO_SIDED = NormalDist().inv_cdf(0.95), NormalDist().inv_cdf(0.975)


class Group(Record):
    """One group of a protected attribute."""

    column: str
    level: str
    rows: int
    test_rows: int
    """Expected in the test."""
    test_positives: int | None = None
    test_negatives: int | None = None
    enough: bool
    lacking: Literal["rows", "positives", "negatives"] | None = None
    needed: int | None = None
    """What would be enough of what is lacking."""


class Confirmable(Record):
    """A requirement, and whether a test of this size can confirm it at the assumed performance."""

    requirement: float
    confirmed: bool
    performance_needed: float | None
    """The measured value from which the one-sided 95 % bound lies on the right side; None where none would."""


class Feasibility(Record):
    """What the data can answer (``feasibility.json``)."""

    version: int = 1
    task: Task
    rows: int
    labelled: int
    classes: dict[str, int] = Field(default_factory=dict)
    base_rate: float | None = None
    """Share of the positive class, for a binary task."""
    test_size: float
    validation_size: float
    test_rows: int
    metric: Literal["roc_auc", "accuracy", "rmse"]
    assumed: float | None
    half_width: float
    """Of the two-sided 95 % interval; for rmse relative to the value."""
    smallest_confirmable: float | None = None
    """The highest of the usual requirements that a test can confirm at the assumed performance."""
    first_unconfirmable: float | None = None
    stated: Confirmable | None = None
    """The requirement that was stated, judged."""
    least_class: str | None = None
    least_class_test_rows: int | None = None
    groups: tuple[Group, ...] = ()
    enough: bool = True
    """Whether the test holds enough of each outcome to conclude anything."""


def feasibility(
    frame: pd.DataFrame,
    target: str,
    task: Task,
    *,
    positive: str | None = None,
    protected: Sequence[str] = (),
    requirement: float | None = None,
    test_rows: int | None = None,
) -> Feasibility:
    """Work out what a test on part of these rows can confirm.

    Args:
        frame: all rows.
        target: target column.
        task: kind of task.
        positive: class text of the positive class.
        protected: columns whose groups are to be judged.
        requirement: a required AUC (binary) or accuracy (multiclass), where one is stated.
        test_rows: number of rows of a given test set; None lets a size be proposed.
    """
    labelled = frame[frame[target].notna()]
    rows = len(labelled)
    texts = class_texts(labelled[target]) if task != "regression" else None
    counts = {str(name): int(n) for name, n in sorted(texts.value_counts().items())} if texts is not None else {}
    rate = counts[positive] / rows if task == "binary" and positive in counts else None
    if task == "binary" and rate is None:
        rate = min(counts.values()) / rows
    size = test_rows / rows if test_rows else propose_test_size(rows, task, rate, groups=bool(protected))
    in_test = test_rows or round(size * rows)
    metric, assumed, width = expected_width(in_test, task, rate)
    confirmed, unconfirmed = _ladder(in_test, task, rate)
    least = min(counts, key=lambda name: (counts[name], name)) if counts else None
    enough = in_test >= LEAST_OUTCOMES
    if task == "binary" and rate is not None:
        enough = min(rate, 1 - rate) * in_test >= LEAST_OUTCOMES
    return Feasibility(
        task=task,
        rows=len(frame),
        labelled=rows,
        classes=counts,
        base_rate=rate,
        test_size=round(size, 4),
        validation_size=round((1 - size) * VALIDATION_OF_REST, 4),
        test_rows=in_test,
        metric=metric,
        assumed=assumed,
        half_width=width,
        smallest_confirmable=confirmed,
        first_unconfirmable=unconfirmed,
        stated=_stated(requirement, in_test, task, rate),
        least_class=least,
        least_class_test_rows=round(counts[least] * size) if least is not None else None,
        groups=tuple(
            group for name in protected if name in labelled for group in _groups(labelled[name], name, rate, size)
        ),
        enough=enough,
    )


def propose_test_size(rows: int, task: Task, rate: float | None, *, groups: bool = False) -> float:
    """The share to hold back.

    A fifth; less where a tenth is narrow enough and no groups are to be judged, more where outcomes are too few.
    """
    for size in TEST_SIZES:
        in_test = round(size * rows)
        metric, _, width = expected_width(in_test, task, rate)
        outcomes = min(rate, 1 - rate) * in_test if rate is not None else in_test
        if size < USUAL_TEST_SIZE and (groups or width > NARROW[metric] or outcomes < 10 * LEAST_OUTCOMES):
            continue
        if outcomes >= LEAST_OUTCOMES:
            return size
    return TEST_SIZES[-1]


def expected_width(
    test_rows: int, task: Task, rate: float | None
) -> tuple[Literal["roc_auc", "accuracy", "rmse"], float | None, float]:
    """Half-width of the 95 % interval that a test of this size will give: (metric, assumed value, half-width).

    AUC: Hanley and McNeil 1982 on the logit scale. Accuracy: Wilson 1927. RMSE: relative; for normal errors its
    standard error is 1 / sqrt(2 n) of the value.
    """
    if task == "binary" and rate is not None:
        lower, upper = auc_interval(ASSUMED_AUC, test_rows * rate, test_rows * (1 - rate))
        return "roc_auc", ASSUMED_AUC, (upper - lower) / 2
    if task == "regression":
        return "rmse", None, TWO_SIDED / math.sqrt(2 * max(test_rows - 1, 1))
    lower, upper = wilson(ASSUMED_ACCURACY, test_rows, TWO_SIDED)
    return "accuracy", ASSUMED_ACCURACY, (upper - lower) / 2


def wilson(share: float, rows: int, z: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion (JASA 1927)."""
    if rows == 0:
        return 0.0, 1.0
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    width = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return centre - width, centre + width


def lower_bound(value: float, test_rows: int, task: Task, rate: float | None) -> float:
    """One-sided 95 % lower bound of a measured AUC (binary) or accuracy (multiclass)."""
    if task == "binary" and rate is not None:
        return auc_interval(value, test_rows * rate, test_rows * (1 - rate), ONE_SIDED)[0]
    return wilson(value, test_rows, ONE_SIDED)[0]


def _ladder(test_rows: int, task: Task, rate: float | None) -> tuple[float | None, float | None]:
    """The highest requirement, in steps of 0.05, that holds at the assumed performance, and the next one."""
    if task == "regression":
        return None, None
    assumed = ASSUMED_AUC if task == "binary" else ASSUMED_ACCURACY
    bound = lower_bound(assumed, test_rows, task, rate)
    steps = [round(0.5 + 0.05 * step, 2) for step in range(int((assumed - 0.5) / 0.05 + 1e-9) + 1)]
    below = [step for step in steps if step <= bound]
    above = [step for step in steps if step > bound]
    return (below[-1] if below else None), (above[0] if above else None)


def _stated(requirement: float | None, test_rows: int, task: Task, rate: float | None) -> Confirmable | None:
    if requirement is None or task == "regression" or not 0 < requirement < 1:
        return None
    assumed = ASSUMED_AUC if task == "binary" else ASSUMED_ACCURACY
    needed = None
    for value in np.arange(requirement, 1.0, 0.005):
        if lower_bound(float(value), test_rows, task, rate) >= requirement:
            needed = round(float(value), 3)
            break
    return Confirmable(
        requirement=requirement,
        confirmed=lower_bound(assumed, test_rows, task, rate) >= requirement,
        performance_needed=needed,
    )


def _groups(column: pd.Series, name: str, rate: float | None, size: float) -> list[Group]:
    """Groups and what a test is expected to hold of them.

    Outcomes are expected at the base rate of the whole: how the target differs between groups is not looked at before
    the split.
    """
    made = []
    levels, counts = np.unique(groups_of(column.rename(name), GROUP_ROWS).astype(str), return_counts=True)
    for level, rows in sorted(zip(levels.tolist(), counts.tolist(), strict=True), key=lambda item: (-item[1], item[0])):
        ones = rate * rows if rate is not None else None
        expected = {
            "rows": (round(rows * size), GROUP_ROWS),
            "positives": (round(ones * size) if ones is not None else GROUP_POSITIVES, GROUP_POSITIVES),
            "negatives": (
                round((rows - ones) * size) if ones is not None else GROUP_NEGATIVES,
                GROUP_NEGATIVES,
            ),
        }
        lacking = next((what for what, (have, need) in expected.items() if have < need), None)
        made.append(
            Group(
                column=name,
                level=str(level),
                rows=int(rows),
                test_rows=expected["rows"][0],
                test_positives=expected["positives"][0] if ones is not None else None,
                test_negatives=expected["negatives"][0] if ones is not None else None,
                enough=lacking is None,
                lacking=lacking,
                needed=expected[lacking][1] if lacking else None,
            )
        )
    return made


def required_rows(rate: float, width: float, assumed: float = ASSUMED_AUC) -> int:
    """Rows for an AUC interval of this half-width, by the normal approximation of Hanley and McNeil's error."""
    rows = 20
    while TWO_SIDED * auc_error(assumed, rows * rate, rows * (1 - rate)) > width and rows < 10_000_000:
        rows = math.ceil(rows * 1.1)
    return rows
