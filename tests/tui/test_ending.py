"""How a verb ends: what it tells a person to type can be typed as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.ending import WORKSPACE, placed


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Go on with: phasegate resume", "Go on with: phasegate resume --workspace w"),
        ("`phasegate resume` opens it.", "`phasegate resume --workspace w` opens it."),
        ("phasegate resume goes on to validation", "phasegate resume --workspace w goes on to validation"),
        (
            "phasegate decide preparation approve --by NAME --reason TEXT --evidence 4be291c0",
            "phasegate decide preparation approve --by NAME --reason TEXT --evidence 4be291c0 --workspace w",
        ),
        ("look phasegate diff 0001-heron 0002-otter", "look phasegate diff 0001-heron 0002-otter --workspace w"),
        ("phasegate fork --at validation", "phasegate fork --at validation --workspace w"),
        ("phasegate open   (or: w/runs)", "phasegate open --workspace w   (or: w/runs)"),
        ("try: phasegate show endpoint", "try: phasegate show endpoint --workspace w"),
        ("phasegate monitor --data NEW.csv", "phasegate monitor --data NEW.csv --workspace w"),
        ("Start one with: phasegate run DATA", "Start one with: phasegate run DATA --workspace w"),
        ("phasegate 0.1.0 · credit", "phasegate 0.1.0 · credit"),
    ],
)
def test_a_command_names_the_workspace_where_it_is_not_the_usual_one(text: str, typed: str) -> None:
    assert placed(text, Path("w")) == typed
    assert placed(text, WORKSPACE) == text
    assert placed(text, None) == text


def test_a_folder_with_a_blank_in_its_name_is_quoted() -> None:
    assert placed("phasegate stop", Path("my loans")) == "phasegate stop --workspace 'my loans'"
