"""Groups compared: rates with intervals and minimum sizes, Holm over all groups and rates; the checks that follow.

The rule: a group's favourable decisions (and hits among those who deserve them) per row, over the reference group's,
must lie between the tolerated ratio and its inverse. A group fails only where its ratio lies outside by more than
chance, Holm-corrected over every group and rate of the step; it passes where its whole interval lies inside; between,
it warns. The reference is the largest group, which no outcome has chosen. Holm: Scandinavian Journal of Statistics 6
(1979) 65-70.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.evaluation.criteria import FairnessCriteria
from tools.evaluation.group_rates import Mean, Rate, RateRows, favourable_of, mean_of, rate_of, rate_rows
from tools.evaluation.groups import group_frame, groups_of
from tools.evaluation.metrics import Predictions
from tools.evaluation.representation import Measurement, Representation, measurement, representation
from tools.records import Check, Record, Status, Task
from tools.wording import inert, say

MOST_PAIRS = 6
"""Pairs of protected columns whose intersections are looked at."""


class Group(Record):
    """One group of one protected attribute."""

    name: str
    rows: int
    positives: int | None
    """Rows that deserve the favourable decision; None where there are no two classes."""
    negatives: int | None
    reference: bool
    status: Status
    rates: tuple[Rate, ...]
    rows_missing: int = 0
    """Further test rows of this group until it can be judged, at its present class mix."""


class Attribute(Record):
    """One protected column, or two crossed."""

    name: str
    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    status: Status
    crossed: bool


class FairnessReport(Record):
    """Step 3.3's result (``fairness.json``)."""

    version: int = 1
    favourable: str
    """What counts as the favourable decision, in words; empty without two classes."""
    ratio: float
    attributes: tuple[Attribute, ...]
    representation: tuple[Representation, ...]
    measurement: tuple[Measurement, ...]
    tests: int
    """Ratios that were held against the tolerance, over which Holm corrects."""


def assess(
    protected: pd.DataFrame,
    y: NDArray[Any],
    predictions: Predictions,
    task: Task,
    criteria: FairnessCriteria,
    *,
    alpha: float = 0.05,
    units: NDArray[np.intp] | None = None,
) -> tuple[Attribute, ...]:
    """Compare groups.

    Args:
        protected: one column per protected attribute [n], as values or as groups already (`group_frame`).
        y: class codes or numbers [n].
        predictions: of the same rows.
        task: with two classes selection rate and true positive rate are held against the tolerance, with more the
            accuracy, with numbers the mean absolute error.
        criteria: tolerance and minimum sizes.
        alpha: one-sided level.
        units: rows that belong together [n], where they are not independent.
    """
    named = {str(column): groups_of(protected[column], criteria.minimum_rows) for column in protected.columns}
    sets: list[tuple[tuple[str, ...], NDArray[np.object_]]] = [((name,), codes) for name, codes in named.items()]
    for a, b in itertools.islice(itertools.combinations(named, 2), MOST_PAIRS):
        crossed = np.array([f"{x}, {z}" for x, z in zip(named[a], named[b], strict=True)], dtype=object)
        sets.append(((a, b), crossed))
    values = rate_rows(y, predictions, task, criteria)
    drafts = [_attribute(columns, codes, values, y, task, criteria, alpha, units) for columns, codes in sets]
    return _corrected(drafts, criteria, alpha)


def checks(attributes: Sequence[Attribute], criteria: FairnessCriteria) -> tuple[Check, ...]:
    """A blocking check per protected column, a plain one per group; crossed columns where two groups can be judged.

    A crossing that fails blocks only where neither of its columns failed by itself: one cause needs one decision.
    """
    made: list[Check] = []
    failed = {attribute.name for attribute in attributes if attribute.status == "fail" and not attribute.crossed}
    bounds = f"ratio to the largest group within {criteria.ratio:g} to {1 / criteria.ratio:.3g}, after Holm"
    for attribute in attributes:
        judged = [group for group in attribute.groups if group.status != "insufficient"]
        if attribute.crossed and len(judged) < 2:
            continue
        worst = farthest(judged)
        made.append(
            Check(
                id=f"fairness.{attribute.name}",
                status=attribute.status,
                blocking=not (attribute.crossed and failed & set(attribute.columns)),
                value=worst[1].ratio if worst else None,
                criterion=bounds,
                title=f"Fairness by {inert(attribute.name)}",
                measured=_measured(attribute, worst),
            )
        )
        if not attribute.crossed:
            made.extend(_group_check(attribute, group, bounds, criteria) for group in attribute.groups)
    return tuple(made)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p values, in the order given."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, running = [0.0] * len(p), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = running
    return adjusted


def _attribute(
    columns: tuple[str, ...],
    codes: NDArray[np.object_],
    values: list[RateRows],
    y: NDArray[Any],
    task: Task,
    criteria: FairnessCriteria,
    alpha: float,
    units: NDArray[np.intp] | None,
) -> Attribute:
    levels, counts = np.unique(codes.astype(str), return_counts=True)
    truth = favourable_of(y, criteria) if task == "binary" else None
    largest = str(levels[np.argmax(counts)]) if len(levels) else ""
    means: dict[str, list[Mean | None]] = {
        str(level): [mean_of(rate, codes == level, units) for rate in values] for level in levels
    }
    groups = []
    for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
        inside = codes == level
        positives = None if truth is None else int(truth[inside].sum())
        negatives = None if positives is None else count - positives
        short = _short(count, positives, negatives, criteria)
        reference = level == largest
        rates = tuple(
            rate_of(rate, mine, None if reference else base, criteria.ratio, alpha)
            for rate, mine, base in zip(values, means[level], means[largest], strict=True)
        )
        groups.append(
            Group(
                name=level,
                rows=count,
                positives=positives,
                negatives=negatives,
                reference=reference,
                status="insufficient" if short else "pass",
                rates=rates,
                rows_missing=short,
            )
        )
    return Attribute(
        name="+".join(columns), columns=columns, groups=tuple(groups), status="pass", crossed=len(columns) > 1
    )


def _short(rows: int, positives: int | None, negatives: int | None, criteria: FairnessCriteria) -> int:
    """Further rows until a group can be judged, at its present class mix (a class that is absent counts as one)."""
    needed = float(criteria.minimum_rows)
    if positives is not None and negatives is not None:
        for count, minimum in ((positives, criteria.minimum_positives), (negatives, criteria.minimum_negatives)):
            needed = max(needed, minimum * rows / max(count, 1))
    return max(0, math.ceil(needed - rows))


def _corrected(drafts: list[Attribute], criteria: FairnessCriteria, alpha: float) -> tuple[Attribute, ...]:
    """Holm over every ratio that can be judged, and the statuses that follow."""
    where = [
        (a, g, r)
        for a, attribute in enumerate(drafts)
        for g, group in enumerate(attribute.groups)
        for r, rate in enumerate(group.rates)
        if rate.p is not None and _judged(attribute, group)
    ]
    adjusted = holm([float(drafts[a].groups[g].rates[r].p or 0.0) for a, g, r in where])
    by_place = dict(zip(where, adjusted, strict=True))
    made = []
    for a, attribute in enumerate(drafts):
        groups = []
        for g, group in enumerate(attribute.groups):
            rates = tuple(
                rate.model_copy(update={"p_holm": by_place.get((a, g, r))}) for r, rate in enumerate(group.rates)
            )
            status = group.status
            if status != "insufficient" and not group.reference:
                status = _status(rates, criteria, alpha) if _judged(attribute, group) else "insufficient"
            groups.append(group.model_copy(update={"rates": rates, "status": status}))
        made.append(attribute.model_copy(update={"groups": tuple(groups), "status": _overall(attribute, groups)}))
    return tuple(made)


def _judged(attribute: Attribute, group: Group) -> bool:
    reference = next(other for other in attribute.groups if other.reference)
    return group.status != "insufficient" and reference.status != "insufficient"


def _status(rates: Sequence[Rate], criteria: FairnessCriteria, alpha: float) -> Status:
    tested = [rate for rate in rates if rate.tested]
    if any(rate.p_holm is not None and rate.p_holm < alpha for rate in tested):
        return "fail"
    if any(rate.ratio is None for rate in tested):
        return "insufficient"
    inside = all(
        rate.lower is not None and rate.upper is not None
        and rate.lower >= criteria.ratio and rate.upper <= 1 / criteria.ratio
        for rate in tested
    )  # fmt: skip
    return "pass" if inside else "warn"


def _overall(attribute: Attribute, groups: Sequence[Group]) -> Status:
    """Crossed columns are judged by the groups that can be; a single column is open while one of its groups is."""
    states = [group.status for group in groups]
    ranks: tuple[Status, ...] = ("fail", "insufficient", "warn")
    if len(attribute.columns) > 1:
        ranks = ("fail", "warn")
        if sum(state != "insufficient" for state in states) < 2:
            return "insufficient"
    elif len(groups) < 2:
        return "insufficient"
    return next((state for state in ranks if state in states), "pass")


def farthest(groups: Sequence[Group]) -> tuple[Group, Rate] | None:
    """The judged group and tested rate whose ratio lies farthest from one."""
    pairs = [
        (group, rate) for group in groups for rate in group.rates if rate.tested and rate.ratio is not None
    ]  # fmt: skip
    return max(pairs, key=lambda pair: abs(math.log(pair[1].ratio or 1.0)), default=None)


def _measured(attribute: Attribute, worst: tuple[Group, Rate] | None) -> Any:
    open_groups = sum(group.status == "insufficient" for group in attribute.groups)
    if worst is None:
        return say(
            "{open|int} of {groups|int} groups too small to judge", open=open_groups, groups=len(attribute.groups)
        )
    group, rate = worst
    tail = ", {open|int} too small to judge" if open_groups else ""
    return say(
        '"{group}": {rate} {ratio|ratio} times the largest group\'s ({lower|ratio} to {upper|ratio})' + tail,
        group=inert(group.name), rate=rate.name.replace("_", " "), ratio=rate.ratio, lower=rate.lower, upper=rate.upper,
        **({"open": open_groups} if open_groups else {}),
    )  # fmt: skip


def _group_check(attribute: Attribute, group: Group, bounds: str, criteria: FairnessCriteria) -> Check:
    worst = farthest([group])
    if group.status == "insufficient":
        needs = f"at least {criteria.minimum_rows} rows"
        if group.positives is not None:
            needs += f", {criteria.minimum_positives} positives, {criteria.minimum_negatives} negatives"
        measured = (
            say("{rows|int} rows", rows=group.rows)
            if group.positives is None
            else say(
                "{rows|int} rows, {positives|int} positives, {negatives|int} negatives",
                rows=group.rows,
                positives=group.positives,
                negatives=group.negatives,
            )
        )
        criterion, value = needs, group.rows
    elif group.reference or worst is None:
        criterion, value, measured = "the group that others are compared with", None, say("{n|int} rows", n=group.rows)
    else:
        rate = worst[1]
        criterion, value = bounds, rate.ratio  # type: ignore[assignment]
        measured = say(
            "{rate} {ratio|ratio} ({lower|ratio} to {upper|ratio})",
            rate=rate.name.replace("_", " "), ratio=rate.ratio, lower=rate.lower, upper=rate.upper,
        )  # fmt: skip
    return Check(
        id=f"fairness.{attribute.name}.{group.name}",
        status=group.status,
        blocking=False,
        value=value,
        criterion=criterion,
        title=f"{inert(attribute.name)}: {inert(group.name)}",
        measured=measured,
    )


__all__ = [
    "Attribute",
    "FairnessReport",
    "Group",
    "Measurement",
    "Rate",
    "Representation",
    "assess",
    "checks",
    "farthest",
    "group_frame",
    "groups_of",
    "holm",
    "measurement",
    "representation",
]
