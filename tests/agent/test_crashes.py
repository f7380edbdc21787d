"""`kill -9` of a whole run at arbitrary moments, and what `resume` makes of it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.verification import verify
from tests.agent.driving import TABLE, answers, count, derived, entries, finished, newest, walk
from tests.agent.toy import toy
from workspace.ledger import read
from workspace.project import Workspace

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).resolve().parents[2]
STEPS = [step.id for step in toy()]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Ask]:
    """Asks a process that has imported everything to fork drivers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.agent.zygote"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(action: str, root: Path, entries: int = 0, delay: float = 0) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        print(action, root, entries, delay, file=process.stdin, flush=True)
        return dict(json.loads(process.stdout.readline()))

    with process:
        yield ask
        assert process.stdin is not None
        process.stdin.close()


def landed(root: Path) -> str:
    """Between which entries of the ledger a kill fell."""
    runs = Workspace.open(root).runs() if (root / "phasegate.toml").exists() else []
    kept = list(read(runs[-1].ledger)) if runs else []
    if not kept:
        return "before the first entry"
    last = kept[-1]
    return f"after {last.type} {last.data.get('step') or last.data.get('gate') or ''}".strip()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    zygote: Ask, root: Path, record_property: Callable[[str, object], None], seed: int
) -> None:
    chance = random.Random(seed)
    root = root.with_name(f"revise-{seed}")
    places = []
    for _ in range(6):
        known = (root / "phasegate.toml").exists() and Workspace.open(root).runs()
        zygote("resume" if known else "start", root, chance.randint(1, 6), chance.choice([0, 0, 2, 10, 60]))
        places.append(landed(root))
        if Workspace.open(root).runs():
            assert verify(root).problems == [], places[-1]
    known = Workspace.open(root).runs()
    assert zygote("resume" if known else "start", root)["code"] == 0
    record_property("kills landed", places)
    print("kills landed", *places, sep="\n  ")

    kept = entries(root)  # the chain is whole
    assert verify(root).ok
    kinds = Counter(entry.type for entry in kept)
    assert kinds["finished"] == 1
    assert kinds["question_answered"] == kinds["question_asked"] == 4
    assert kinds["observation"] == 2
    decided = [(e.data["gate"], e.data["decision"], e.data["source"]) for e in kept if e.type == "gate_decided"]
    assert decided == [
        ("preparation", "approve", "file"),
        ("experimentation", "revise", "file"),
        ("preparation", "approve", "file"),
        ("experimentation", "approve", "file"),
    ]
    assert finished(root) == [*STEPS, "preparation.label"]

    from agent.replay import borrow
    from tests.agent.driving import APPROVE

    undisturbed = root.parent / "undisturbed"
    revise = {**APPROVE, "decision": "revise", "set": {"toy.label": "b"}}
    gates = {"preparation": [APPROVE, APPROVE], "experimentation": [revise, APPROVE]}
    borrowed = borrow(newest(root).root, undisturbed)
    assert walk(undisturbed, answers({"toy.seconds": 0.05}, gates=gates), table=TABLE, borrowed=borrowed).exit == 0
    assert derived(undisturbed) == derived(root)
    assert not [path for folder in ("runs", "objects") for path in (root / folder).rglob("*.tmp")]


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_ends_a_run_at_once_and_leaves_no_process_behind(
    zygote: Ask, root: Path, name: str, code: int
) -> None:
    root = root.with_name("long")
    reply = zygote(name, root, 16, 50)
    assert reply["code"] == code
    assert reply["seconds"] < 5
    assert reply["left"] == []
    assert entries(root)[-1].type == "stopped"
    assert entries(root)[-1].data["reason"] == name
    assert verify(root).ok


def test_of_two_people_who_decide_at_once_one_is_recorded_and_the_other_told(zygote: Ask, root: Path) -> None:
    walk(root, answers(), table=TABLE)
    codes = zygote("race", root)["codes"]
    assert sorted(codes) == [0, 8]
    assert count(root)["gate_decided"] == 1
    winner = ("approve", "reject")[codes.index(0)]
    assert entries(root)[-1].data["decision"] == winner
    assert verify(root).ok
