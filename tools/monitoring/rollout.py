"""The rollout of a challenger as a plan: stages, sample sizes, guards, and a trial of the router."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.errors import InputError
from tools.records import Record
from tools.serving.service.router import Guard, Plan, Router, stages_from
from tools.wording import Sentence, say

DEFAULT_SHARES = (0.0, 0.05, 0.25, 0.5)
ALPHA = 0.05
RELATIVE_EFFECT = 0.1
"""Smallest change of the mean loss that matters where none was stated."""
TRIALS = 60
MOST_UNITS = 4000
"""Units of one trial of the router."""


class PlannedStage(Record):
    """One stage; the fields that the router reads come first."""

    name: str
    share: float
    shadow: bool
    least_units: int
    days: float | None
    """How long it takes at the stated traffic; None where none was stated."""


class GuardRule(Record):
    """When the challenger is rolled back at once."""

    error_rate: float
    latency_ratio: float
    least_replies: int


class Trial(Record):
    """How the router decided on losses resampled from the champion's own; a trial of the router, not of a model."""

    trials: int
    units: int
    same_rolled_back: float
    """Share of trials in which a challenger with the very same losses was rolled back; at most alpha is promised."""
    worse_rolled_back: float
    """Share in which a challenger worse by three times the smallest effect was."""
    units_to_rollback: float | None
    """Median number of units of the challenger until then."""


class RolloutPlan(Record):
    """The rollout (``rollout.json``); ``service.router.Plan.from_dict`` reads it."""

    version: int = 1
    salt: str
    stages: tuple[PlannedStage, ...]
    alpha: float
    margin: float
    spread: float
    guard: GuardRule
    loss: str
    """What is counted per unit, in words."""
    mean_loss: float
    smallest_effect: float
    trial: Trial
    rollback: Sentence
    status: str = "planned: no challenger has been rolled out"


def shares_of(answer: object) -> tuple[float, ...]:
    """The shares of a rollout from ``rollout.steps``: ascending, from 0 (shadow) to 1.

    Raises:
        InputError: the answer is no such list.
    """
    if answer is None:
        return DEFAULT_SHARES
    values = list(answer) if isinstance(answer, list | tuple) else [answer]
    shares = [float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if not values or len(shares) < len(values):
        raise InputError("rollout.steps must be a list of shares.", hint="Such as [0, 0.05, 0.25, 0.5].", code=8)
    if any(not 0 <= one <= 1 for one in shares) or shares != sorted(set(shares)):
        raise InputError(
            "rollout.steps must rise from share to share and lie between zero and one.",
            hint="Such as [0, 0.05, 0.25, 0.5]; 0 is the shadow stage.",
            code=8,
        )
    return tuple(shares)


def units_needed(deviation: float, effect: float) -> int:
    """Units of each arm for a two-sided 5 % test with 80 % power: 2 (1.96 + 0.84)² (σ/δ)², rounded up.

    The sequential test needs somewhat more; the number is the least at which a stage may end.
    """
    if effect <= 0 or deviation <= 0:
        return 100
    return max(100, math.ceil(2 * (1.959964 + 0.841621) ** 2 * (deviation / effect) ** 2))


def plan(
    losses: NDArray[np.float64],
    *,
    shares: Sequence[float],
    salt: str,
    loss: str,
    smallest_effect: float | None = None,
    units_per_day: float | None = None,
    seed: int = 0,
) -> RolloutPlan:
    """Write the rollout plan.

    Args:
        losses: loss of the champion per row, on rows that it was not trained on.
        shares: shares of the challenger, stage by stage.
        salt: name of the rollout, for the assignment.
        loss: what a loss is, in words.
        smallest_effect: smallest change of the mean loss that matters; ``RELATIVE_EFFECT`` of the mean where None.
        units_per_day: stated traffic.
        seed: of the trial.
    """
    mean, deviation = float(losses.mean()), float(losses.std())
    effect = smallest_effect if smallest_effect is not None else RELATIVE_EFFECT * abs(mean)
    effect = effect if effect > 0 else RELATIVE_EFFECT * (deviation or 1.0)
    least = units_needed(deviation, effect)
    guard = Guard()
    # Early stages are there to catch what breaks; only the last has to tell better from worse.
    early = max(guard.least_replies, math.ceil(least / 10))
    stages = tuple(
        replace(stage, least_units=least if place == len(shares) - 1 else early)
        for place, stage in enumerate(stages_from(tuple(shares), least))
    )
    planned = []
    for stage in stages:
        part = 1.0 if stage.shadow else stage.share
        days = stage.least_units / (units_per_day * part) if units_per_day and part else None
        planned.append(
            PlannedStage(
                name=stage.name, share=stage.share, shadow=stage.shadow, least_units=stage.least_units, days=days
            )
        )
    router = Plan(salt=salt, stages=stages, alpha=ALPHA, spread=effect, guard=guard)
    return RolloutPlan(
        salt=salt,
        stages=tuple(planned),
        alpha=ALPHA,
        margin=0.0,
        spread=effect,
        guard=GuardRule(
            error_rate=guard.error_rate, latency_ratio=guard.latency_ratio, least_replies=guard.least_replies
        ),
        loss=loss,
        mean_loss=mean,
        smallest_effect=effect,
        trial=_try(router, losses, effect, seed),
        rollback=say(
            "rolled back at once when over {errors|pct} of the challenger's replies fail, when its p95 exceeds "
            "{ratio|num} times the champion's, or when the always-valid interval says that it is worse",
            errors=guard.error_rate,
            ratio=guard.latency_ratio,
        ),
    )


def _try(plan: Plan, losses: NDArray[np.float64], effect: float, seed: int) -> Trial:
    stream = np.random.default_rng(seed)
    units = min(MOST_UNITS, 2 * plan.stages[-1].least_units)
    rolled = {0.0: 0, 3 * effect: 0}
    needed: list[int] = []
    for shift in rolled:
        for _ in range(TRIALS):
            at = _rolled_back_at(plan, stream.choice(losses, (2, units)), shift)
            rolled[shift] += at is not None
            if shift and at is not None:
                needed.append(at)
    return Trial(
        trials=TRIALS,
        units=units,
        same_rolled_back=rolled[0.0] / TRIALS,
        worse_rolled_back=rolled[3 * effect] / TRIALS,
        units_to_rollback=float(np.median(needed)) if needed else None,
    )


def _rolled_back_at(plan: Plan, drawn: NDArray[np.float64], shift: float) -> int | None:
    """Units of each arm until the router rolls back; looked at ten times, as the test allows any number."""
    router = Router(plan)
    router.place = len(plan.stages) - 1
    looks = set(np.linspace(drawn.shape[1] // 10, drawn.shape[1], 10).astype(int).tolist())
    champion, challenger = drawn[0].tolist(), (drawn[1] + shift).tolist()
    for number, (one, other) in enumerate(zip(champion, challenger, strict=True), start=1):
        router.arms["champion"].outcome(one)
        router.arms["challenger"].outcome(other)
        if number in looks and router.advise() == "rollback":
            return number
    return None
