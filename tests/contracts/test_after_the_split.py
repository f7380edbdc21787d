"""What follows the split in phases 1 and 2 rests on nothing that was made of the whole table."""

from __future__ import annotations

import ast
import inspect
import sys

import pytest

from agent.registry import registry
from agent.steps import Step

WHOLE = {
    "table.parquet", "test.parquet", "peek.json", "feasibility.json", "profile.json",
    "intake.source", "intake.feasibility", "preparation.discovery",
    "intake.source.outcome", "intake.feasibility.outcome", "preparation.discovery.outcome",
}  # fmt: skip
"""Artifacts and outcomes that hold figures of rows that are held back."""
STEPS = [step for phase in registry().phases[:3] for step in phase.steps]
SPLIT = next(place for place, step in enumerate(STEPS) if step.id == "preparation.split")
LATER = [step for step in STEPS[SPLIT + 1 :] if not step.id.endswith(".documents")]
"""Documents may quote what was told before the split; which of it depends on test rows, a journey watches."""


def names_in(source: str) -> set[str]:
    """The whole-table artifacts and steps that a module names, in its needs, its body or the evidence of a question."""
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {value.removesuffix("?") for value in constants if isinstance(value, str)} & WHOLE


@pytest.mark.parametrize("step", LATER, ids=lambda step: str(step.id))
def test_a_step_after_the_split_names_nothing_that_is_of_the_whole_table(step: Step) -> None:
    assert names_in(inspect.getsource(sys.modules[step.run.__module__])) == set()
    assert {need.removesuffix("?") for need in step.needs} & WHOLE == set()


def test_what_is_before_the_split_would_be_caught() -> None:
    assert len(LATER) >= 10
    before = next(step for step in STEPS if step.id == "preparation.split")
    assert names_in(inspect.getsource(sys.modules[before.run.__module__])) >= {"table.parquet", "profile.json"}
