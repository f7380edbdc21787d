"""``kill -9`` of everything that a run has started, at moments spread over phases 1 and 2, and what resume makes of it.

The moments are entries of an undisturbed run's record: a step that has begun (killed some way into its work), a step
that was just put on record, a question that is asked, a gate that is opened or decided. ``PHASEGATE_KILLS`` says how
many, 8 without it.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.program import CREDIT, Program, derived, ledger, manifest, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KILLS = int(os.environ.get("PHASEGATE_KILLS", "8"))
PHASES = ("intake", "preparation", "experimentation")
SHARES = {"step_started": 0.3, "step_finished": 0.3, "question_asked": 0.2, "gate": 0.2}
"""Which share of the kills falls on which kind of moment."""
LATER = {"step_started": 0.3, "step_finished": 0.8, "question_asked": 0.5, "gate": 0.5}
"""Where in its stretch a kill falls, so that steps that have begun and steps that are done are not the same ones."""

Moment = tuple[str, str]
"""An entry's type and its step, question or gate."""


def moment(entry: dict[str, Any]) -> Moment:
    return entry["type"], str(entry.get("id") or entry.get("gate") or entry.get("step") or "")


def moments(run: Path) -> list[Moment]:
    """What happens in phases 1 and 2 of an undisturbed run, in order."""
    found = [moment(entry) for entry in ledger(run)]
    return found[: found.index(("gate_decided", "experimentation"))]


def chosen(known: list[Moment], count: int) -> list[int]:
    """Places in the record to kill at: the kinds by their shares, each kind spread evenly from begin to end."""
    picked: set[int] = set()
    for kind, share in SHARES.items():
        places = [place for place, (name, _) in enumerate(known) if name.startswith(kind)]
        wanted = min(len(places), max(1, round(count * share)))
        picked |= {places[int((number + LATER[kind]) * len(places) / wanted)] for number in range(wanted)}
    spare = iter(place for place, (name, _) in enumerate(known) if name == "step_started" and place not in picked)
    while len(picked) < count:
        picked.add(next(spare))
    return sorted(picked)


class Watch:
    """Follows a record as it grows."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._offset = record.stat().st_size if record.exists() else 0
        self._rest = b""

    def news(self) -> list[Moment]:
        """What was written since the last look."""
        if not self._record.exists():
            return []
        with self._record.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [moment(json.loads(line)) for line in lines]


def test_a_run_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    credit: Program, fresh: Program, record_property: Callable[[str, object], None]
) -> None:
    known = moments(credit.run)
    place_of = {entry: place for place, entry in enumerate(known)}
    seconds = {step["id"]: step["seconds"] for step in manifest(credit.run)["steps"]}
    chance = random.Random(KILLS)
    common = ("--answers", CREDIT / "answers.yaml", "--until", "experimentation", "--observations", credit.run)
    record = fresh.workspace / "runs" / credit.run.name / "ledger.jsonl"
    landed = []
    targets = chosen(known, KILLS)
    assert len(targets) == KILLS
    for target in targets:
        watch = Watch(record)
        begin = ("resume",) if record.exists() else ("run", CREDIT / "credit.csv")
        running = fresh.start(*begin, *common)
        reached = -1
        while reached < target and running.process.poll() is None:
            reached = max([reached, *(place_of.get(entry, -1) for entry in watch.news())])
            time.sleep(0.0005)
        kind, name = known[target]
        if kind == "step_started":
            time.sleep(chance.random() * seconds[name])
        assert running.kill() == -9, running.end()
        until(lambda running=running: not running.left(), 5)  # type: ignore[misc]
        kept = [json.loads(line) for line in record.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        landed.append(f"meant after {kind} {name}, fell after {' '.join(moment(kept[-1]))}")
    print("kills landed", *landed, sep="\n  ")
    record_property("kills landed", landed)

    fresh("resume", *common)
    entries = ledger(fresh.run)  # the chain is whole
    assert (fresh.run / "ledger.jsonl") == record.resolve()
    counted = Counter(moment(entry) for entry in entries)
    once = {"run_started", "question_answered", "gate_decided", "step_finished", "finished"}
    assert {entry: count for entry, count in counted.items() if entry[0] in once and count != 1} == {}
    for entry in known:
        if entry[0] in once:
            assert counted[entry] == 1, entry
    begun = Counter({name: count for (kind, name), count in counted.items() if kind == "step_started"})
    assert sum(begun.values()) - len(begun) <= KILLS  # at most the step in flight is done again
    assert derived(fresh.run) == derived(credit.run, *PHASES)
    assert fresh("verify").code == 0
    temporary = [path for folder in ("runs", "objects") for path in (fresh.workspace / folder).rglob("*.tmp")]
    assert temporary == []
