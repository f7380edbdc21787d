"""What decisions cost: the scorer against today's policy, the baseline and doing nothing; sensitivity, break-even."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.targets import class_texts, encode
from tools.errors import InputError
from tools.evaluation.criteria import Criteria, Policy
from tools.evaluation.intervals import Interval, mean_estimate
from tools.evaluation.metrics import Costs, Floats, Predictions
from tools.records import Record, Task
from tools.wording import inert


class PolicyCost(Record):
    """Cost per unit of deciding one way, on the test rows."""

    name: str
    """model, today, nothing, or a baseline's name."""
    label: str
    cost: Interval
    saving: Interval | None
    """How much less the model costs per unit, paired (positive: the model saves); None for the model itself."""
    false_positives: int | None = None
    false_negatives: int | None = None
    break_even: float | None = None
    """Two classes: the ratio of false-negative to false-positive cost at which the model and this policy cost the
    same; None where no positive ratio does."""


class Sensitivity(Record):
    """The saving against one policy where one stated cost is half or twice as large."""

    cost: str
    """false_positive, false_negative or unit."""
    factor: float
    against: str
    saving: float
    lower: float | None
    upper: float | None


class BusinessReport(Record):
    """Step 3.6's result (``business.json``)."""

    version: int = 1
    unit: str
    stated: bool
    """Whether the costs were stated; without, each error counts one."""
    false_positive_cost: float | None
    false_negative_cost: float | None
    value_per_unit_error: float | None
    policies: tuple[PolicyCost, ...]
    sensitivity: tuple[Sensitivity, ...]
    against: str | None
    """The policy that the model is judged against: today's where known, else the baseline."""
    rows: int

    def policy(self, name: str) -> PolicyCost | None:
        """One policy by name."""
        return next((entry for entry in self.policies if entry.name == name), None)


@dataclass(frozen=True)
class Alternative:
    """Another way of deciding the same rows."""

    name: str
    label: str
    predictions: Predictions


def todays_policy(policy: Policy, frame: pd.DataFrame, task: Task, classes: tuple[str, ...]) -> Alternative | None:
    """Today's decisions on these rows; None where there is no policy to compare with.

    Raises:
        InputError: the policy's column or class does not exist, or its values are no decisions.
    """
    n = len(frame)
    if policy.kind == "none":
        return None
    if policy.kind in ("accept_all", "reject_all"):
        if task != "binary":
            raise InputError(
                f"The current policy {policy.kind} fits a task with two classes only.",
                hint="Use always:CLASS, column:NAME or none for requirements.current_policy.",
                code=8,
            )
        code = 0 if policy.kind == "accept_all" else 1
        words = {"accept_all": "accept all, as today", "reject_all": "reject all, as today"}
        return Alternative("today", words[policy.kind], Predictions(labels=np.full(n, code, dtype=np.int64)))
    value = policy.value or ""
    if policy.kind == "always":
        label = f'always "{inert(value)}", as today'
        if task == "regression":
            return Alternative("today", label, Predictions(values=np.full(n, _number(value))))
        if value not in classes:
            raise InputError(
                f'The current policy names the class "{inert(value)}", which the target does not hold.',
                hint=f"Classes: {', '.join(map(inert, classes))}.",
                code=8,
            )
        return Alternative("today", label, Predictions(labels=np.full(n, classes.index(value), dtype=np.int64)))
    if value not in frame.columns:
        raise InputError(
            f'The current policy names the column "{inert(value)}", which the data do not hold.',
            hint="Use accept_all, reject_all, always:CLASS, column:NAME or none for requirements.current_policy.",
            code=8,
            column=value,
        )
    label = f'column "{inert(value)}", as today'
    if task == "regression":
        forecast = pd.to_numeric(frame[value], errors="coerce").to_numpy(dtype=np.float64)
        if not np.isfinite(forecast).all():
            raise InputError(
                f'The column "{inert(value)}" of today\'s forecast has missing values.', code=2, column=value
            )
        return Alternative("today", label, Predictions(values=forecast))
    codes = encode(frame[value], classes)
    if (codes < 0).any():
        found = sorted(set(class_texts(frame[value]).dropna()) - set(classes))
        others = ", ".join(map(inert, found[:3])) or "missing values"
        raise InputError(
            f'The column "{inert(value)}" of today\'s decisions holds values that are no class of the target.',
            hint=f"It must hold {', '.join(map(inert, classes))} in each row; found also {others}.",
            column=value,
        )
    return Alternative("today", label, Predictions(labels=codes))


def nothing(task: Task, n: int) -> Alternative | None:
    """Doing nothing: nobody is flagged; meaningless but for two classes."""
    if task != "binary":
        return None
    return Alternative("nothing", "do nothing", Predictions(labels=np.zeros(n, dtype=np.int64)))


def evaluate(
    y: NDArray[Any],
    model: Predictions,
    alternatives: tuple[Alternative, ...],
    criteria: Criteria,
    *,
    groups: NDArray[Any] | None = None,
    order: NDArray[Any] | None = None,
    seed: int = 0,
) -> BusinessReport:
    """Cost per unit of the model and of each alternative, with paired savings at the 95 % level."""

    def mean(values: Floats) -> Interval:
        return mean_estimate(values, groups=groups, order=order, seed=seed).at(0.95)

    costs, value = criteria.costs, _unit_value(criteria)
    mine = row_costs(y, model, criteria.task, costs, value)
    policies = [_entry("model", "the model", y, model, criteria.task, mean(mine), None, None)]
    for other in alternatives:
        theirs = row_costs(y, other.predictions, criteria.task, costs, value)
        even = break_even(y, model, other.predictions) if criteria.task == "binary" else None
        policies.append(
            _entry(
                other.name, other.label, y, other.predictions, criteria.task, mean(theirs), mean(theirs - mine), even
            )
        )
    judged = next((other for other in alternatives if other.name == "today"), None) or next(
        (other for other in alternatives if other.name != "nothing"), alternatives[0] if alternatives else None
    )
    binary = criteria.task == "binary"
    return BusinessReport(
        unit=criteria.unit,
        stated=criteria.costs_stated if binary else criteria.value_per_unit_error is not None,
        false_positive_cost=costs.false_positive if binary else None,
        false_negative_cost=costs.false_negative if binary else None,
        value_per_unit_error=criteria.value_per_unit_error,
        policies=tuple(policies),
        sensitivity=_sensitivity(y, model, judged, criteria, mean) if judged else (),
        against=judged.name if judged else None,
        rows=len(y),
    )


def row_costs(y: NDArray[Any], predictions: Predictions, task: Task, costs: Costs, value: float = 1.0) -> Floats:
    """Cost of each row [n]: stated costs of the two errors; one per error; or value times absolute error."""
    if task == "regression":
        assert predictions.values is not None
        return np.asarray(value * np.abs(predictions.values - y), dtype=np.float64)
    assert predictions.labels is not None
    if task == "multiclass":
        return np.asarray(predictions.labels != y, dtype=np.float64)
    false_positive = (predictions.labels == 1) & (y == 0)
    false_negative = (predictions.labels == 0) & (y == 1)
    return np.asarray(costs.false_positive * false_positive + costs.false_negative * false_negative, dtype=np.float64)


def break_even(y: NDArray[Any], model: Predictions, other: Predictions) -> float | None:
    """The ratio of false-negative to false-positive cost at which both cost the same.

    fp_model + r · fn_model = fp_other + r · fn_other gives r = (fp_other − fp_model) / (fn_model − fn_other).
    """
    (fp, fn), (fp_other, fn_other) = _errors(y, model), _errors(y, other)
    if fn == fn_other:
        return None
    ratio = (fp_other - fp) / (fn - fn_other)
    return float(ratio) if ratio > 0 and math.isfinite(ratio) else None


def _errors(y: NDArray[Any], predictions: Predictions) -> tuple[int, int]:
    assert predictions.labels is not None
    return int(((predictions.labels == 1) & (y == 0)).sum()), int(((predictions.labels == 0) & (y == 1)).sum())


def _entry(
    name: str, label: str, y: NDArray[Any], predictions: Predictions, task: Task, cost: Interval,
    saving: Interval | None, even: float | None,
) -> PolicyCost:  # fmt: skip
    errors = _errors(y, predictions) if task == "binary" else (None, None)
    return PolicyCost(
        name=name, label=label, cost=cost, saving=saving, false_positives=errors[0], false_negatives=errors[1],
        break_even=even,
    )  # fmt: skip


def _sensitivity(
    y: NDArray[Any], model: Predictions, other: Alternative, criteria: Criteria, mean: Any
) -> tuple[Sensitivity, ...]:
    made = []
    variations: Mapping[str, Any] = (
        {"unit": None} if criteria.task != "binary" else {"false_positive": 0, "false_negative": 1}
    )
    if criteria.task == "multiclass":
        return ()
    for cost in variations:
        for factor in (0.5, 2.0):
            costs, value = criteria.costs, _unit_value(criteria)
            if cost == "unit":
                value *= factor
            elif cost == "false_positive":
                costs = Costs(costs.false_positive * factor, costs.false_negative)
            else:
                costs = Costs(costs.false_positive, costs.false_negative * factor)
            theirs = row_costs(y, other.predictions, criteria.task, costs, value)
            saved = mean(theirs - row_costs(y, model, criteria.task, costs, value))
            made.append(
                Sensitivity(
                    cost=cost,
                    factor=factor,
                    against=other.name,
                    saving=saved.value,
                    lower=saved.lower,
                    upper=saved.upper,
                )
            )
    return tuple(made)


def _unit_value(criteria: Criteria) -> float:
    return 1.0 if criteria.value_per_unit_error is None else criteria.value_per_unit_error


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f'The current policy "always:{inert(text)}" needs a number for a regression.',
            hint="Write always:NUMBER for requirements.current_policy.",
            code=8,
        )
    return value
