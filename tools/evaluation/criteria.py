"""The criteria that are fixed in step 1.1, before a model exists, and how a measured interval is held against one."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from tools.errors import InputError
from tools.evaluation.metrics import Costs, gain, metric, reaches
from tools.records import Record, Status, Task

PolicyKind = Literal["none", "accept_all", "reject_all", "always", "column"]


class Requirement(Record):
    """One metric and the bound that it must reach."""

    metric: str
    bound: float | None = None
    """In the metric's unit, direction by metric; None: no bound was stated, and only the gain counts."""

    @property
    def text(self) -> str:
        """The requirement in words and signs, such as "ROC AUC ≥ 0.7"."""
        found = metric(self.metric)
        if self.bound is None:
            return f"{found.label} better than the baseline's"
        return f"{found.label} {'≥' if found.greater_is_better else '≤'} {self.bound:g}"


class FairnessCriteria(Record):
    """What groups may differ by, and when a group is large enough to be judged."""

    ratio: float = 0.8
    """A group's rate over the reference group's must lie between this and one over this."""
    minimum_rows: int = 100
    minimum_positives: int = 30
    minimum_negatives: int = 30
    favourable: Literal["positive", "negative"] = "positive"
    """Which decision is the good one for the person concerned."""
    protected: tuple[str, ...] = ()
    """Columns as in the source."""


class CalibrationCriteria(Record):
    """Between what the calibration slope and the ratio of observed to expected must lie."""

    slope_lower: float = 0.8
    slope_upper: float = 1.25
    """Fails where the whole interval lies outside, passes where the estimate lies inside, warns between."""


class Limits(Record):
    """Technical limits as stated; None: no limit was stated."""

    latency_p95_ms: float | None = None
    throughput_rps: float | None = None
    memory_mb: float | None = None


class RobustnessCriteria(Record):
    """What small disturbances may do to the decisions."""

    noise_flips: float = 0.1
    """Largest tolerated share of decisions that change under noise of a tenth of each column's spread (for a
    regression: of values that move by more than a quarter of the predictions' spread)."""


class Policy(Record):
    """What is done today without the model.

    Forms of `requirements.current_policy`: ``none`` (or unknown): nothing to compare with; ``accept_all``: nobody is
    flagged, every row gets the negative class; ``reject_all``: everybody is flagged, every row gets the positive
    class; ``always:CLASS`` (or a number in a regression): the same prediction for every row; ``column:NAME`` (or just
    the name): today's decision or forecast stands in a column.
    """

    kind: PolicyKind = "none"
    value: str | None = None
    """The class or number of ``always``, the name of ``column``."""


class Criteria(Record):
    """Everything that phase 3 judges by; fixed and hashed at gate 1."""

    version: int = 1
    task: Task
    primary: Requirement
    guardrails: tuple[Requirement, ...] = ()
    alpha: float = 0.05
    """One-sided: a bound is reached where the one-sided 1 − alpha limit reaches it."""
    minimum_class_rows: int = 30
    """Fewer positives or negatives than this in the test rows: inconclusive."""
    fairness: FairnessCriteria = Field(default_factory=FairnessCriteria)
    calibration: CalibrationCriteria = Field(default_factory=CalibrationCriteria)
    robustness: RobustnessCriteria = Field(default_factory=RobustnessCriteria)
    limits: Limits = Field(default_factory=Limits)
    false_positive_cost: float = 1.0
    false_negative_cost: float = 1.0
    costs_stated: bool = False
    value_per_unit_error: float | None = None
    """Regression: what one unit of absolute error costs."""
    unit: str = "row"
    """What one decision is about, such as "loan"."""
    kpi: str = ""
    policy: Policy = Field(default_factory=Policy)

    @property
    def costs(self) -> Costs:
        """Costs of errors as the metrics take them."""
        return Costs(self.false_positive_cost, self.false_negative_cost)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the primary metric and the guard-rails."""
        return (self.primary.metric, *(rail.metric for rail in self.guardrails))


def fingerprint(criteria: Criteria) -> str:
    """SHA-256 of the criteria as canonical JSON: what gate 1 fixes and phase 3 quotes."""
    text = json.dumps(criteria.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def parse_policy(answer: Any) -> Policy:
    """Read `requirements.current_policy` into its typed form (see `Policy`).

    Raises:
        InputError: the answer is none of the forms.
    """
    if isinstance(answer, Mapping) and len(answer) == 1:
        [(key, value)] = answer.items()
        answer = f"{key}:{value}"
    if answer is None or str(answer).strip().lower() in {"", "none", "unknown"}:
        return Policy()
    text = str(answer).strip()
    if text in {"accept_all", "reject_all"}:
        return Policy(kind=text)
    kind, colon, value = text.partition(":")
    if colon and kind == "always" and value.strip():
        return Policy(kind="always", value=value.strip())
    if colon and kind == "column" and value.strip():
        return Policy(kind="column", value=value.strip())
    return Policy(kind="column", value=text)


def requirements(guardrails: Mapping[str, Any] | None, task: Task) -> tuple[Requirement, ...]:
    """Guard-rails from their answer, a mapping of metric to bound, in order of name.

    Raises:
        InputError: a metric is unknown or does not fit the task, or a bound is no number.
    """
    rails = []
    for name, bound in sorted((guardrails or {}).items()):
        metric(name, task)
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
            raise InputError(
                f'The guard-rail "{name}" needs a number as its bound, not {bound!r}.',
                hint="Write it as {metric: bound}, such as {roc_auc: 0.7}.",
                code=8,
            )
        rails.append(Requirement(metric=name, bound=float(bound)))
    return tuple(rails)


def judge(name: str, lower: float | None, upper: float | None, bound: float, *, conclusive: bool = True) -> Status:
    """Hold a metric's one-sided limits against a bound.

    Args:
        name: the metric, which gives the direction.
        lower: one-sided lower limit at 1 − alpha.
        upper: one-sided upper limit at 1 − alpha.
        bound: what is required.
        conclusive: False where there are too few rows to trust the limits.

    Returns:
        pass where the worse limit reaches the bound, fail where not even the better one does, else insufficient.
    """
    if not conclusive or lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
        return "insufficient"
    worse, better = (lower, upper) if metric(name).greater_is_better else (upper, lower)
    if reaches(name, worse, bound):
        return "pass"
    return "insufficient" if reaches(name, better, bound) else "fail"


def judge_gain(lower: float | None, upper: float | None, *, conclusive: bool = True) -> Status:
    """Hold the limits of a gain (positive is better) against zero; a gain of exactly zero is no gain."""
    if not conclusive or lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
        return "insufficient"
    if lower > 0:
        return "pass"
    return "fail" if upper <= 0 else "insufficient"


def rows_to_settle(value: float, limit: float, bound: float, n: int) -> int | None:
    """Rows at which the limit would reach the bound if the value stayed as it is.

    The half width shrinks with the square root of n (asymptotic); None where the value lies at the bound or beyond
    what any number of rows could confirm.
    """
    width, distance = abs(value - limit), abs(value - bound)
    if not (math.isfinite(width) and math.isfinite(distance)) or distance == 0 or width == 0:
        return None
    needed = math.ceil(n * (width / distance) ** 2)
    return needed if needed > n else None


__all__ = [
    "CalibrationCriteria",
    "Criteria",
    "FairnessCriteria",
    "Limits",
    "Policy",
    "Requirement",
    "RobustnessCriteria",
    "fingerprint",
    "gain",
    "judge",
    "judge_gain",
    "parse_policy",
    "requirements",
    "rows_to_settle",
]
