"""The battery of planted leaks: how many of each kind are found, and that clean tables are left in peace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.data.leak_battery import LEAKS, TABLE_KINDS, World, clean, planted
from tools.data.leakage import Leakage, find_leakage
from tools.data.partitioning import SplitPlan, split
from tools.data.peeking import Peek, peek
from tools.data.profiling import Profile, profile
from tools.data.sources import read_table
from tools.data.splitting import SplitReport

ALWAYS = ("copy", "recoded copy", "monotone copy", "entity on both sides", "time with a random split", "duplicates")
"""Kinds of which none may be missed."""


@dataclass(frozen=True)
class Seen:
    """What the data phase knows of a table that was read from a file and split at random."""

    first: Peek
    profile: Profile
    split: SplitReport
    leakage: Leakage


def seen(world: World, folder: Path) -> Seen:
    path = folder / "table.csv"
    world.frame.to_csv(path, index=False)
    frame, reading = read_table(path)
    classes = () if world.task == "regression" else tuple(sorted(set(frame["outcome"])))
    kind = "random" if world.task == "regression" else "stratified"
    made = split(frame, "outcome", world.task, classes, SplitPlan(kind=kind, test_size=0.2, validation_size=0.16))
    held = profile(frame, reading, "outcome", world.task)
    train = frame.iloc[made.rows("train")].reset_index(drop=True)
    found = find_leakage(train, held, made.report.scheme, target="outcome", task=world.task, classes=classes)
    return Seen(peek(frame, reading), held, made.report, found)


def caught(kind: str, world: World, found: Seen) -> bool:
    """Whether the leak is named: its columns suspected, or the split that it spoils warned of or kept from it."""
    if kind == "duplicates":
        # equal rows are counted, and dealt to one side together
        return found.profile.duplicates.rows > 0 and not any(o.rows for o in found.split.overlaps if o.what == "rows")
    if kind == "entity on both sides":
        return bool(found.leakage.table) or [group.column for group in found.first.groups][:1] == ["customer_id"]
    if kind == "time with a random split":
        return bool(found.leakage.table) or (found.profile.order_column == "opened" and bool(found.profile.shifts))
    return set(world.leaks) <= {suspect.column for suspect in found.leakage.suspects}


def missed(kinds: Iterable[str], seeds: Iterable[int], folder: Path) -> list[tuple[str, int]]:
    out = []
    for kind in kinds:
        for seed in seeds:
            world = planted(kind, seed)
            if not caught(kind, world, seen(world, folder)):
                out.append((kind, seed))
    return out


def alarms(seeds: Iterable[int], folder: Path) -> tuple[list[int], list[int]]:
    """Clean tables that were blocked, and those of which anything was said that would count as a leak caught."""
    blocked, warned = [], []
    for seed in seeds:
        found = seen(clean(seed), folder)
        leaks = found.leakage
        if leaks.certain():
            blocked.append(seed)
        elif leaks.suspects or leaks.table or found.profile.shifts or found.first.groups:
            warned.append(seed)
    return blocked, warned


@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_caught(kind: str, tmp_path: Path) -> None:
    assert missed([kind], [1, 2], tmp_path) == []


@pytest.mark.parametrize("kind", ["copy", "recoded copy", "parts of the target"])
def test_what_spells_the_target_is_certain(kind: str, tmp_path: Path) -> None:
    for seed in (1, 2):
        world = planted(kind, seed)
        assert set(world.leaks) <= set(seen(world, tmp_path).leakage.certain())


def test_clean_tables_are_left_in_peace(tmp_path: Path) -> None:
    assert alarms(range(6), tmp_path) == ([], [])


@pytest.mark.slow
def test_the_whole_battery(tmp_path: Path) -> None:
    """Twelve kinds with ten seeds each, and forty clean twins."""
    out = missed(LEAKS, range(10), tmp_path)
    assert [case for case in out if case[0] in ALWAYS] == []
    assert len(out) <= 0.05 * 10 * len(LEAKS), out
    blocked, warned = alarms(range(40), tmp_path)
    assert blocked == [] and len(warned) <= 2, warned


def test_the_battery_has_twelve_kinds_and_plants_what_it_names() -> None:
    assert len(LEAKS) == 12 and set(LEAKS) >= TABLE_KINDS | set(ALWAYS)
    for kind in LEAKS:
        world = planted(kind, 0)
        assert bool(world.leaks) != (kind in TABLE_KINDS)
        assert set(world.leaks) <= set(world.frame.columns)
