"""Which rows of a new table the model in service has learned from."""

from __future__ import annotations

import pandas as pd

from agent.retraining import known_rows


def test_rows_that_a_model_learned_from_are_known_again_value_for_value() -> None:
    old = pd.DataFrame({"age": [30, 41, 52], "plan": ["a", "b", None], "risk": ["good", "bad", "good"]})
    new = pd.DataFrame(
        {
            "plan": ["b", "b", None, "a"],
            "age": [41, 41, 52, 30],
            "risk": ["bad", "good", "good", "good"],
            "branch": ["north", "north", "south", "south"],
        }
    )
    assert known_rows(new, [old.iloc[:2], old.iloc[2:]]) == [True, False, True, True]
    assert known_rows(new, [old.iloc[:1]]) == [False, False, False, True]
