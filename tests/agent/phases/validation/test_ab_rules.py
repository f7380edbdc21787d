"""What step 3.2 is advised to look for follows what the holdout showed."""

from __future__ import annotations

from typing import Any

import pytest

from agent.advisors.expert import Expert
from agent.phases.validation.ab_design import STEP


@pytest.mark.parametrize(
    ("evidence", "effect"),
    [
        ({"metric": "expected_cost", "gain": 0.3, "baseline_value": 0.6}, 0.25),
        ({"metric": "expected_cost", "gain": 0.05, "baseline_value": 0.6}, 0.1),
        ({"metric": "roc_auc", "gain": 0.3, "baseline_value": 0.6}, 0.1),
        ({"metric": None, "gain": None, "baseline_value": None}, 0.1),
    ],
)
def test_half_of_a_large_gain_in_errors_else_a_tenth(evidence: dict[str, Any], effect: float) -> None:
    ask = next(ask for ask in STEP.before if ask.id == "ab.smallest_effect")
    found = Expert().recommend(ask, (), {"rows": 200, "unit": "loan", **evidence})
    assert found.made and found.value == pytest.approx(effect) and found.why


def test_traffic_is_left_to_the_person() -> None:
    ask = next(ask for ask in STEP.before if ask.id == "ab.traffic")
    found = Expert().recommend(ask, (), {})
    assert found.made and found.value is None
