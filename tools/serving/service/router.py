"""Champion and challenger side by side: sticky assignment, shadow and canary stages, sequential test, rollback.

Standard library only. A router stands before two running services; it decides which of the two answers a unit, keeps
the tally of outcomes, and says at any moment whether to go on, to advance, or to roll back.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Arm = Literal["champion", "challenger"]
Advice = Literal["continue", "advance", "rollback"]


@dataclass(frozen=True)
class Stage:
    """One stage of a rollout."""

    name: str
    share: float
    """Share of units that the challenger answers; 0 in the shadow stage, where it is asked but not answered by."""
    shadow: bool = False
    least_units: int = 0
    """Units with an outcome on the challenger's side (in shadow: compared replies) before the stage can end."""


@dataclass(frozen=True)
class Guard:
    """When the challenger is taken back without waiting for a test."""

    error_rate: float = 0.01
    """Replies that failed, as a share of the challenger's."""
    latency_ratio: float = 2.0
    """The challenger's p95 over the champion's."""
    least_replies: int = 100


@dataclass(frozen=True)
class Plan:
    """The whole rollout."""

    salt: str
    stages: tuple[Stage, ...]
    alpha: float = 0.05
    margin: float = 0.0
    """By how much the challenger's mean loss may exceed the champion's."""
    spread: float = 0.1
    """Standard deviation of the mixing distribution: about the difference that is to be found soonest."""
    guard: Guard = field(default_factory=Guard)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """Read ``rollout.json``; keys that the router does not use are left aside."""
        return cls(
            salt=data["salt"],
            stages=tuple(Stage(one["name"], one["share"], one["shadow"], one["least_units"]) for one in data["stages"]),
            alpha=data["alpha"],
            margin=data["margin"],
            spread=data["spread"],
            guard=Guard(**data["guard"]),
        )


def assign(unit: str, share: float, salt: str) -> Arm:
    """Which arm a unit belongs to: the same unit always gets the same arm, and keeps it as the share grows.

    Args:
        unit: id of the unit of decision, such as a customer number.
        share: share of units for the challenger, 0 to 1.
        salt: name of the rollout; another rollout assigns anew.
    """
    digest = hashlib.sha256(f"{salt}\x1f{unit}".encode()).digest()
    return "challenger" if int.from_bytes(digest[:8], "big") < share * 2.0**64 else "champion"


@dataclass
class Tally:
    """Running sums of one arm."""

    replies: int = 0
    failures: int = 0
    outcomes: int = 0
    total: float = 0.0
    squares: float = 0.0
    seconds: list[float] = field(default_factory=list)
    """Latencies of the last replies, at most a thousand."""

    def reply(self, seconds: float, failed: bool) -> None:
        """Take note of a reply."""
        self.replies += 1
        self.failures += failed
        self.seconds.append(seconds)
        del self.seconds[:-1000]

    def outcome(self, loss: float) -> None:
        """Take note of what a decision turned out to cost."""
        self.outcomes += 1
        self.total += loss
        self.squares += loss * loss

    @property
    def mean(self) -> float:
        """Mean loss; 0 without outcomes."""
        return self.total / self.outcomes if self.outcomes else 0.0

    @property
    def variance(self) -> float:
        """Sample variance of the loss."""
        if self.outcomes < 2:
            return 0.0
        return max(0.0, (self.squares - self.total**2 / self.outcomes) / (self.outcomes - 1))

    @property
    def p95(self) -> float:
        """95th percentile of the kept latencies; 0 without replies."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, math.ceil(0.95 * len(ordered)) - 1)] if ordered else 0.0


def confidence(champion: Tally, challenger: Tally, alpha: float, spread: float) -> tuple[float, float]:
    """Always-valid interval for mean loss of the challenger minus that of the champion.

    Inverts the mixture sequential probability ratio test with a normal mixing distribution of variance ``spread``²
    (Johari, Koomen, Pekelis and Walsh 2017, "Peeking at A/B tests"): with V the variance of the difference of means,
    the half width is sqrt(V (V + τ²) / τ² · (2 ln(1/α) + ln((V + τ²) / V))). It holds at every moment at once, so
    looking at any time and stopping when it is decided does not raise the chance of a wrong call.

    Returns:
        Lower and upper bound; infinite before either arm has two outcomes.
    """
    if champion.outcomes < 2 or challenger.outcomes < 2:
        return -math.inf, math.inf
    # Half an outcome of the largest possible spread keeps early, constant outcomes from looking certain.
    variance = (champion.variance + 1.0 / champion.outcomes) / champion.outcomes + (
        challenger.variance + 1.0 / challenger.outcomes
    ) / challenger.outcomes
    mixing = spread**2
    width = math.sqrt(
        variance * (variance + mixing) / mixing * (2 * math.log(1 / alpha) + math.log((variance + mixing) / variance))
    )
    difference = challenger.mean - champion.mean
    return difference - width, difference + width


class Router:
    """Where a rollout stands, and what to do next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.place = 0
        self.rolled_back = False
        self.reason = ""
        self.arms: dict[Arm, Tally] = {"champion": Tally(), "challenger": Tally()}

    @property
    def stage(self) -> Stage:
        """The stage in force."""
        return self.plan.stages[self.place]

    def answers(self, unit: str) -> Arm:
        """Which arm answers a unit; after a rollback always the champion."""
        return "champion" if self.rolled_back else assign(unit, self.stage.share, self.plan.salt)

    def asked(self, unit: str) -> tuple[Arm, ...]:
        """Which arms are asked: in shadow both, and the champion answers."""
        if self.stage.shadow and not self.rolled_back:
            return ("champion", "challenger")
        return (self.answers(unit),)

    def advise(self) -> Advice:
        """What the tallies say now: roll back on a guard or when surely worse, advance when surely not worse."""
        if self.rolled_back:
            return "rollback"
        challenger, champion, guard = self.arms["challenger"], self.arms["champion"], self.plan.guard
        if challenger.replies >= guard.least_replies:
            if challenger.failures / challenger.replies > guard.error_rate:
                return self._back("the challenger's replies fail too often")
            if champion.replies >= guard.least_replies and challenger.p95 > guard.latency_ratio * champion.p95:
                return self._back("the challenger answers too slowly")
        if self.stage.shadow:
            return "advance" if challenger.replies >= self.stage.least_units else "continue"
        lower, upper = confidence(champion, challenger, self.plan.alpha, self.plan.spread)
        if lower > self.plan.margin:
            return self._back("the challenger's outcomes are worse")
        if upper <= self.plan.margin and challenger.outcomes >= self.stage.least_units:
            return "advance"
        return "continue"

    def advance(self) -> bool:
        """Go to the next stage; False at the last one, where promotion is a person's decision at a gate."""
        if self.rolled_back or self.place + 1 >= len(self.plan.stages):
            return False
        self.place += 1
        return True

    def _back(self, reason: str) -> Advice:
        self.rolled_back, self.reason = True, reason
        return "rollback"


def stages_from(shares: Sequence[float], least_units: int) -> tuple[Stage, ...]:
    """Stages of a rollout from its shares: 0 is the shadow stage, the others are canaries."""
    return tuple(
        Stage(
            name="shadow" if share == 0 else f"canary {share:.0%}",
            share=share,
            shadow=share == 0,
            least_units=least_units,
        )
        for share in shares
    )
