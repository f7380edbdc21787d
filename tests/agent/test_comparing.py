from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.comparing import Comparison, compare
from agent.differences import told
from agent.errors import Waiting
from agent.forking import fork
from agent.replay import quiet
from tests.agent.driving import APPROVE, TABLE, answers, newest, walk
from tests.agent.papers import papered
from workspace.errors import NotFound

pytestmark = pytest.mark.integration

GATES = dict.fromkeys(("preparation", "experimentation", "validation"), APPROVE)


def original(root: Path, table: str = TABLE, gates: Any = GATES, factor: int = 2) -> None:
    walk(root, answers({"toy.weight": 2, "toy.factor": factor}, gates), table=table, steps=papered())


@pytest.fixture
def two(papers: Path) -> Path:
    """A finished run, and its fork at gate experimentation with another weight."""
    original(papers)
    with pytest.raises(Waiting):
        asyncio.run(fork(papers, None, "experimentation", {"toy.weight": 3}, quiet))
    return papers


def test_a_comparison_names_the_changed_answer_with_who_gave_each(two: Path) -> None:
    found = compare(two, "0001-heron", "latest")
    assert [(each.id, each.left.value, each.right.value) for each in found.decisions if each.left and each.right] == [
        ("toy.weight", 2, 3)
    ]
    assert found.same_decisions == 4
    assert found.right.forked is not None
    assert found.right.forked["run"] == "0001-heron"


def test_metrics_are_paired_on_the_same_part_with_their_difference(two: Path) -> None:
    pairs = {pair.metric: pair for pair in compare(two, "0001-heron", "latest").metrics}
    gain = pairs["gain"]
    assert (gain.partition, gain.left.value, gain.right.value, gain.difference, gain.same) == ("oof", 16, 24, 8, False)
    assert (gain.right.lower, gain.right.upper) == (23, 25)
    assert pairs["rows"].same


def test_steps_are_the_same_by_their_key(two: Path) -> None:
    found = compare(two, "0001-heron", "latest")
    assert [(each.id, each.change) for each in found.steps] == [
        ("preparation.documents", "redone"),
        ("experimentation.weigh", "redone"),
        ("experimentation.documents", "redone"),
        ("validation.judge", "only left"),
        ("validation.documents", "only left"),
    ]
    assert found.same_steps == 6


def test_deliverables_differ_by_lines_and_the_runs_own_name_is_none(two: Path) -> None:
    found = compare(two, "0001-heron", "latest")
    told_of = [(each.stem, each.removed, each.added, each.only) for each in found.deliverables]
    # phase 2's document quotes the weight, what was weighed, and where gate 1 was approved
    assert told_of == [("08-best-model", 3, 3, None), ("13-model-card", 0, 0, "left")]
    assert found.same_deliverables == 1


def test_a_gate_counts_as_decided_otherwise_by_what_was_said_and_not_by_where(two: Path) -> None:
    found = compare(two, "0001-heron", "latest")
    assert [(each.gate, bool(each.left), bool(each.right)) for each in found.gates] == [
        ("experimentation", True, False),
        ("validation", True, False),
    ]


def test_a_check_with_another_status_is_named(papers: Path) -> None:
    original(papers)
    original(papers, gates={}, factor=50)
    found = compare(papers, "0001-heron", "0002-otter")
    assert [(each.id, each.left, each.right) for each in found.checks] == [("toy.low", "pass", "fail")]
    assert found.same_rows


def test_other_data_is_said(papers: Path) -> None:
    original(papers)
    original(papers, table="a,b\n1,2\n3,5\n")
    found = compare(papers, "0001-heron", "0002-otter")
    assert not found.same_rows
    text = "\n".join(told(found))
    assert "the two start from other data" in text
    assert "the figures rest on other rows" in text


def test_a_run_is_the_same_as_itself(two: Path) -> None:
    found = compare(two, "0001-heron", "0001-heron")
    assert (found.decisions, found.gates, found.checks, found.steps, found.deliverables) == ([], [], [], [], [])
    assert all(pair.same for pair in found.metrics)
    assert (found.same_steps, found.same_deliverables) == (11, 3)


def test_a_comparison_in_words_is_aligned_and_calm(two: Path) -> None:
    lines = told(compare(two, "0001-heron", "latest"))
    assert lines[:3] == [
        "0001-heron → 0002-otter",
        "  0001-heron: done",
        "  0002-otter: waiting, forked from 0001-heron at gate experimentation",
    ]
    assert "  toy.weight                         2 (answers file) → 3 (command line)" in lines
    assert "  gain, oof                          16 (15 to 17) → 24 (23 to 25)   difference +8" in lines
    assert "  the same on oof: rows" in lines
    assert "  08-best-model                      3 lines out, 3 in" in lines
    assert "  only in 0001-heron: 2 steps of validation" in lines
    assert "  experimentation                    approved by Ada → not decided" in lines


def test_a_comparison_is_told_with_nothing_that_moves_a_terminal(papers: Path) -> None:
    hostile = {**APPROVE, "by": "Ada\x1b[2J", "reason": "read\x1b]0;x\x07"}
    original(papers, gates={**GATES, "preparation": hostile})
    original(papers)
    text = "\n".join(told(compare(papers, "0001-heron", "0002-otter")))
    assert "Ada[2J" in text
    assert not {"\x1b", "\x07"} & set(text)


def test_a_comparison_reads_back_from_its_json(two: Path) -> None:
    found = compare(two, "0001-heron", "latest")
    assert Comparison.model_validate_json(found.model_dump_json()) == found


def test_a_run_that_is_not_there_is_named(two: Path) -> None:
    with pytest.raises(NotFound, match="No run 0009-otter"):
        compare(two, newest(two).id, "0009-otter")
