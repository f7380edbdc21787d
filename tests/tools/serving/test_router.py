"""The router: sticky assignment, and advice that is right at any time of looking."""

from __future__ import annotations

import math
import random

from tools.serving.service.router import Guard, Plan, Router, Tally, assign, confidence, stages_from

PLAN = Plan("r1", stages_from((0, 0.05, 0.5), 200), spread=0.05, guard=Guard(least_replies=50))


def test_a_unit_keeps_its_arm_and_the_share_is_kept() -> None:
    units = [f"customer {index}" for index in range(20_000)]
    first = {unit for unit in units if assign(unit, 0.05, "r1") == "challenger"}
    wider = {unit for unit in units if assign(unit, 0.25, "r1") == "challenger"}
    assert first < wider
    assert abs(len(first) / len(units) - 0.05) < 0.005
    assert {unit for unit in units if assign(unit, 0.05, "r2") == "challenger"} != first
    assert not [unit for unit in units if assign(unit, 0.0, "r1") == "challenger"]


def test_in_shadow_both_are_asked_and_the_champion_answers() -> None:
    router = Router(PLAN)
    assert router.asked("a") == ("champion", "challenger")
    assert router.answers("a") == "champion"
    for _ in range(200):
        router.arms["challenger"].reply(0.01, False)
    assert router.advise() == "advance"
    assert router.advance()
    assert len(router.asked("a")) == 1


def test_looking_after_every_outcome_keeps_the_error_rate() -> None:
    wrong = 0
    for seed in range(200):
        stream = random.Random(seed)
        first, second = Tally(), Tally()
        for step in range(400):
            first.outcome(float(stream.random() < 0.3))
            second.outcome(float(stream.random() < 0.3))
            if step % 5 == 0:
                lower, upper = confidence(first, second, 0.05, 0.05)
                if lower > 0 or upper < 0:
                    wrong += 1
                    break
    assert wrong / 200 <= 0.07


def test_a_worse_challenger_is_rolled_back_and_stays_back() -> None:
    router, stream = Router(PLAN), random.Random(3)
    router.place = 2
    for _ in range(3000):
        router.arms["champion"].outcome(float(stream.random() < 0.2))
        router.arms["challenger"].outcome(float(stream.random() < 0.4))
        if router.advise() == "rollback":
            break
    assert router.rolled_back
    assert router.reason == "the challenger's outcomes are worse"
    assert {router.answers(str(unit)) for unit in range(200)} == {"champion"}
    assert not router.advance()


def test_a_better_challenger_advances() -> None:
    router, stream = Router(PLAN), random.Random(4)
    router.place = 1
    advice = "continue"
    for _ in range(3000):
        router.arms["champion"].outcome(float(stream.random() < 0.4))
        router.arms["challenger"].outcome(float(stream.random() < 0.2))
        advice = router.advise()
        if advice != "continue":
            break
    assert advice == "advance"


def test_failing_and_slow_challengers_are_rolled_back_by_the_guards() -> None:
    failing, slow = Router(PLAN), Router(PLAN)
    for step in range(60):
        failing.arms["challenger"].reply(0.01, step % 10 == 0)
        slow.arms["champion"].reply(0.01, False)
        slow.arms["challenger"].reply(0.05, False)
    assert failing.advise() == "rollback"
    assert slow.advise() == "rollback"
    assert "slow" in slow.reason


def test_without_outcomes_nothing_is_certain() -> None:
    assert confidence(Tally(), Tally(), 0.05, 0.1) == (-math.inf, math.inf)
