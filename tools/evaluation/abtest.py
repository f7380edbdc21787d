"""The A/B test that would confirm the model in use: sample size, duration, A/A simulation, and the analysis as code.

Sample sizes: two proportions, Fleiss, Statistical Methods for Rates and Proportions (2003), equation 4.14 without the
continuity correction; two means, the normal approximation. Both are per arm, two-sided.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from tools.evaluation.intervals import wilson
from tools.records import Record

Kind = Literal["share", "mean"]
SIMULATIONS = 2000
LARGEST_ARM = 20_000
"""Units per arm of the A/A simulation at most: the false-alarm rate hardly depends on more."""
_CELLS = 4_000_000


class ABDesign(Record):
    """The design (``ab_design.json``); `ab_analysis.py` runs it on a log."""

    version: int = 1
    kind: Kind
    outcome: str
    """What is measured per unit, in words."""
    unit: str
    """The randomisation unit: what is assigned to an arm, whole and for good."""
    base: float
    """Outcome per unit that the holdout test measured, with which both arms start."""
    spread: float
    """Standard deviation of the outcome per unit."""
    smallest_effect: float
    """Absolute, in the outcome's unit."""
    relative_effect: float
    alpha: float
    power: float
    per_arm: int
    total: int
    traffic: float | None
    """Units per day."""
    days: int | None
    """Whole weeks, at least one; None where the traffic is not known."""
    guardrails: tuple[str, ...]
    simulation: AASimulation
    seed: int


class AASimulation(Record):
    """How often the test rings although both arms are the same."""

    simulations: int
    per_arm: int
    alarms: int
    rate: float
    lower: float
    upper: float
    """95 % Wilson limits."""
    nominal: float

    @property
    def sound(self) -> bool:
        """Whether the nominal rate lies within the limits."""
        return self.lower <= self.nominal <= self.upper


ABDesign.model_rebuild()


def share_size(base: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Units per arm to tell a share from one that differs by `effect`.

    Raises:
        ValueError: the effect is zero or leads out of zero to one.
    """
    other = base + effect
    if effect == 0 or not 0 <= other <= 1 or not 0 <= base <= 1:
        raise ValueError(f"a share of {base} can't change by {effect}")
    z_alpha, z_power = float(ndtri(1 - alpha / 2)), float(ndtri(power))
    mean = (base + other) / 2
    under = z_alpha * math.sqrt(2 * mean * (1 - mean))
    over = z_power * math.sqrt(base * (1 - base) + other * (1 - other))
    return max(2, math.ceil(((under + over) / effect) ** 2))


def mean_size(spread: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Units per arm to tell a mean from one that differs by `effect`; `spread` is the standard deviation per unit.

    Raises:
        ValueError: the effect is zero.
    """
    if effect == 0:
        raise ValueError("an effect of zero can't be found")
    z = float(ndtri(1 - alpha / 2) + ndtri(power))
    return max(2, math.ceil(2 * (z * spread / effect) ** 2))


def days(total: int, traffic: float | None) -> int | None:
    """Days until both arms are full, in whole weeks, so that each weekday counts alike."""
    if traffic is None or traffic <= 0:
        return None
    return max(1, math.ceil(total / traffic / 7)) * 7


def two_sided_p(a: NDArray[np.float64], b: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    """P values [s] of the difference between arms [s, n]: pooled two-proportion z, or Welch with normal limits."""
    difference = b.mean(axis=1) - a.mean(axis=1)
    if kind == "share":
        pooled = (a.mean(axis=1) + b.mean(axis=1)) / 2
        error = np.sqrt(pooled * (1 - pooled) * (1 / a.shape[1] + 1 / b.shape[1]))
    else:
        error = np.sqrt(a.var(axis=1, ddof=1) / a.shape[1] + b.var(axis=1, ddof=1) / b.shape[1])
    z = np.divide(np.abs(difference), error, out=np.zeros_like(difference), where=error > 0)
    return np.asarray(2 * ndtr(-z), dtype=np.float64)


def simulate_aa(
    outcomes: NDArray[Any],
    kind: Kind,
    per_arm: int,
    *,
    alpha: float = 0.05,
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> AASimulation:
    """Draw both arms from the same measured outcomes and count false alarms.

    Args:
        outcomes: one number per row of the holdout test (zeros and ones for a share).
        kind: of the test.
        per_arm: units per arm; capped at 20,000.
        alpha: two-sided level of the test.
        simulations: how many.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    n = max(2, min(per_arm, LARGEST_ARM))
    values = np.asarray(outcomes, dtype=np.float64)
    alarms, done = 0, 0
    chunk = max(1, _CELLS // (2 * n))
    while done < simulations:
        size = min(chunk, simulations - done)
        if kind == "share":  # the count is all that the test looks at
            hits = random.binomial(n, float(values.mean()), size=(2, size))
            pooled = hits.sum(axis=0) / (2 * n)
            error = np.sqrt(pooled * (1 - pooled) * 2 / n)
            gap = np.abs(hits[1] - hits[0]) / n
            z = np.divide(gap, error, out=np.zeros(size), where=error > 0)
            p = 2 * ndtr(-z)
        else:
            arms = values[random.integers(0, len(values), size=(2, size, n))]
            p = two_sided_p(arms[0], arms[1], kind)
        alarms += int((p < alpha).sum())
        done += size
    lower, upper = wilson(alarms, simulations)
    return AASimulation(
        simulations=simulations, per_arm=n, alarms=alarms, rate=alarms / simulations, lower=lower, upper=upper,
        nominal=alpha,
    )  # fmt: skip


def analysis_code(design: ABDesign) -> str:
    """The analysis as one plain Python file that needs nothing but Python; it holds the design's figures."""
    settings = {
        "KIND": design.kind,
        "OUTCOME": design.outcome,
        "UNIT": design.unit,
        "ALPHA": design.alpha,
        "SMALLEST_EFFECT": design.smallest_effect,
        "PER_ARM": design.per_arm,
        "GUARDRAILS": design.guardrails,
    }
    lines = [f"{name} = {value!r}" for name, value in settings.items()]
    return ANALYSIS.replace("# SETTINGS", "\n".join(lines))


ANALYSIS = '''"""Analyses the log of the A/B test: python ab_analysis.py LOG.csv

The log is CSV with a header: unit (the randomisation unit's id), arm (champion or challenger), outcome (a number, lower
is better), and one column per guard-rail. Rows of one unit are averaged first. Needs nothing but Python 3.11.
"""

import csv
import json
import math
import sys

# SETTINGS
ARMS = ("champion", "challenger")


def normal_cdf(z):
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_quantile(p):
    low, high = -10.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        if normal_cdf(middle) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def read(path):
    """Unit means by arm and column, and units that were seen in both arms."""
    sums, arm_of, mixed = {}, {}, set()
    with open(path, newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            arm, unit = row["arm"], row["unit"]
            if arm not in ARMS:
                raise SystemExit(f"line {number}: the arm is {arm!r}, not one of {', '.join(ARMS)}")
            if arm_of.setdefault(unit, arm) != arm:
                mixed.add(unit)
            for name in ("outcome", *GUARDRAILS):
                if row.get(name) not in (None, ""):
                    total = sums.setdefault((unit, name), [0.0, 0])
                    total[0] += float(row[name])
                    total[1] += 1
    values = {}
    for (unit, name), (total, count) in sums.items():
        if unit not in mixed:
            values.setdefault(name, {arm: [] for arm in ARMS})[arm_of[unit]].append(total / count)
    return values, mixed


def compare(a, b, kind):
    """Challenger minus champion: difference, limits, p value."""
    n, m = len(a), len(b)
    mean_a, mean_b = sum(a) / n, sum(b) / m
    var_a = sum((x - mean_a) ** 2 for x in a) / (n - 1)
    var_b = sum((x - mean_b) ** 2 for x in b) / (m - 1)
    error = math.sqrt(var_a / n + var_b / m)
    under_null = error
    if kind == "share":
        pooled = (sum(a) + sum(b)) / (n + m)
        under_null = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    difference = mean_b - mean_a
    p = 1.0 if under_null == 0 else 2 * normal_cdf(-abs(difference) / under_null)
    half = normal_quantile(1 - ALPHA / 2) * error
    return {
        "champion": mean_a, "challenger": mean_b, "units": [n, m], "difference": difference,
        "lower": difference - half, "upper": difference + half, "p": p,
    }


def sample_ratio(n, m):
    """P value of the split between arms being one half (chi-square, one degree of freedom)."""
    return 2 * normal_cdf(-abs(n - m) / math.sqrt(n + m))


def analyse(path):
    values, mixed = read(path)
    arms = values.get("outcome", {arm: [] for arm in ARMS})
    n, m = (len(arms[arm]) for arm in ARMS)
    if min(n, m) < 2:
        raise SystemExit("each arm needs at least two units with an outcome")
    result = {"outcome": compare(arms["champion"], arms["challenger"], KIND), "units_in_both_arms": len(mixed)}
    result["sample_ratio_p"] = sample_ratio(n, m)
    result["guardrails"] = {
        name: compare(values[name]["champion"], values[name]["challenger"], "mean")
        for name in GUARDRAILS
        if name in values and min(len(part) for part in values[name].values()) >= 2
    }
    found = result["outcome"]
    if result["sample_ratio_p"] < 0.001:
        result["conclusion"] = "the arms are not split as planned: find out why before reading on"
    elif min(n, m) < PER_ARM:
        result["conclusion"] = "not enough units yet: do not stop early"
    elif found["upper"] < 0:
        result["conclusion"] = "the challenger is better"
    elif found["lower"] > 0:
        result["conclusion"] = "the challenger is worse"
    else:
        result["conclusion"] = "no difference shown"
    return result


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    json.dump(analyse(sys.argv[1]), sys.stdout, indent=2)
    print()
'''
"""The analysis, with ``# SETTINGS`` where the design's figures go."""
