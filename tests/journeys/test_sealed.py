"""Phases 1 and 2 know nothing of the test rows: neither by what they compute nor by what they open.

Of one table a column says which rows are for testing, of another they are a file of their own. In the twin of each
the labels of those rows are permuted, and all their other values are replaced within their type.
"""

from __future__ import annotations

import csv
import ctypes
import json
import os
import random
import re
import select
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.program import CREDIT, Program, alone, answers_file, derived, glance, ledger, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PARTITIONS = ["train"] * 640 + ["validation"] * 160 + ["test"] * 200
BEFORE = ("intake", "preparation.success_metrics", "preparation.discovery", "preparation.split")
"""Steps that see the whole table."""
AFTER = ("preparation", "experimentation")


def credit(folder: Path, *, poisoned: bool) -> tuple[Path, tuple[str | Path, ...]]:
    """The credit table with the column ``part``, and what to ask of it."""
    with (CREDIT / "credit.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    parts = list(PARTITIONS)
    random.Random(11).shuffle(parts)
    if poisoned:
        _poison(table, [place for place, part in enumerate(parts) if part == "test"], "risk")
    out = _write(folder / "credit.csv", [{**row, "part": part} for row, part in zip(table, parts, strict=True)])
    answers = answers_file(folder / "answers.yaml", split__kind="given", split__column="part")
    return out, ("--answers", answers)


def parcels(folder: Path, *, poisoned: bool) -> tuple[Path, tuple[str | Path, ...]]:
    """Parcels and the hours that they took: dates, words, levels, gaps, a key; the test rows in a file of their own."""
    chance = random.Random(21)
    table = []
    for row in range(700):
        day, weight, zone = date(2025, 1, 1) + timedelta(days=row // 2), chance.expovariate(0.2), chance.choice("ABCD")
        words = chance.sample(WORDS, chance.randint(2, 6))
        hours = 20 + weight + 5 * "ABCD".index(zone) + 8 * ("fragile" in words) + day.weekday() + chance.gauss(0, 3)
        table.append(
            {
                "parcel": f"{chance.randrange(10**8):08d}",
                "booked": day.isoformat(),
                "weight": "" if chance.random() < 0.08 else f"{weight:.2f}",
                "pieces": str(chance.randint(1, 9)),
                "zone": zone,
                "remark": " ".join(words),
                "hours": f"{hours:.1f}",
            }
        )
    places = sorted(chance.sample(range(len(table)), 180))
    if poisoned:
        _poison(table, places, "hours")
    held = set(places)
    out = _write(folder / "parcels.csv", [row for place, row in enumerate(table) if place not in held])
    test = _write(folder / "later.csv", [table[place] for place in places])
    decided = {"data.target": "hours", "data.problem_type": "regression", "data.drop": ["parcel"], "data.time": None,
               "data.group": None, "search.trials": 4}  # fmt: skip
    approved = {"decision": "approve", "by": "Ann Lee", "reason": "agreed"}
    answers = folder / "answers.yaml"
    gates = dict.fromkeys(AFTER, approved)
    answers.write_text(yaml.safe_dump({"version": 1, "answers": decided, "gates": gates}), "utf-8")
    return out, ("--test", test, "--accept-recommended", "--answers", answers)


WORDS = ("fragile", "upright", "lift", "side", "door", "neighbour", "ring", "twice", "heavy", "glass", "cold", "post")
TABLES = {"credit": credit, "parcels": parcels}


def _poison(table: list[dict[str, str]], places: Sequence[int], target: str) -> None:
    """Permute the labels of some rows, and replace all their other values within the type of their column."""
    chance = random.Random(12)
    labels = [table[place][target] for place in places]
    mixed = chance.sample(labels, len(labels))
    assert sum(one != other for one, other in zip(labels, mixed, strict=True)) > 50
    for place, label in zip(places, mixed, strict=True):
        table[place][target] = label
    for column in (name for name in table[0] if name != target):
        held = [row[column] for row in table if row[column]]
        gaps = len(held) < len(table)
        for place in places:
            table[place][column] = "" if gaps and chance.random() < 0.5 else _other(chance, held)


def _other(chance: random.Random, held: Sequence[str]) -> str:
    """Another value of a column's type: far out of the range of its numbers and dates, words in another order."""
    first = held[0]
    if re.fullmatch(r"\d{4}-\d\d-\d\d", first):
        return (date.fromisoformat(max(held)) + timedelta(days=chance.randint(400, 900))).isoformat()
    if re.fullmatch(r"0?\d{8}", first):
        return f"{chance.randrange(10**8):08d}"
    if re.fullmatch(r"-?\d+", first):
        return str(round(max(map(float, held)) * chance.uniform(20, 50)))
    if re.fullmatch(r"-?\d+\.\d+", first):
        return f"{max(map(float, held)) * chance.uniform(20, 50):.2f}"
    if " " in first:
        return " ".join(chance.sample(WORDS, 3))
    return chance.choice(sorted(set(held)))


def _write(out: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return out


class Opens:
    """Counts how often files are opened, by any process and by any name; Linux."""

    OPEN = 0x00000020

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = int(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        assert self._descriptor >= 0
        self._names: dict[int, str] = {}

    def watch(self, path: Path, name: str) -> None:
        number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), self.OPEN)
        assert number >= 0, os.strerror(ctypes.get_errno())
        self._names[number] = name

    def seen(self) -> list[str]:
        """The names of the files that were opened since the last look, once for each opening."""
        found = []
        while select.select([self._descriptor], [], [], 0)[0]:
            data = os.read(self._descriptor, 1 << 16)
            while data:
                number, _, _, size = struct.unpack_from("iIII", data)
                found.append(self._names[number])
                data = data[16 + size :]
        return found


@dataclass(frozen=True)
class Walk:
    """A run through phases 1 and 2, watched."""

    program: Program
    opened: list[str]
    """What was opened of what is sealed, between the split and gate experimentation."""
    control: list[str]
    """What was opened of a file that steps do read."""


def walk(program: Program, table: Path, *more: str | Path) -> Walk:
    """Walk phases 1 and 2 with an eye on the files that hold test rows."""
    opens, control = Opens(), Opens()
    running = program.start("run", table, "--until", "experimentation", "--json", *more)
    watched = False
    opened: list[str] = []
    for event in _events(running.out, lambda: running.process.poll() is None):
        assert "error" not in event, event
        artifacts = event.get("artifacts", {}) if event["type"] == "step_finished" else {}
        if "test.parquet" in artifacts:
            store = program.workspace / "objects"
            entries = glance(program.run)
            rows = {"source": entries[0]["source"], **artifacts}
            for entry in entries:
                if entry["type"] == "step_finished":
                    rows = {**entry["artifacts"], **rows}
            for name in ("source", "table.parquet", "test.parquet"):
                opens.watch(store / rows[name]["sha256"][:2] / rows[name]["sha256"][2:], name)
            opens.watch(table, "the file that was given")
            control.watch(store / rows["train.parquet"]["sha256"][:2] / rows["train.parquet"]["sha256"][2:], "train")
            watched = True
        elif event.get("gate") == "experimentation" and event["type"] == "gate_opened":
            opened += opens.seen()
            break
    done = running.end()
    assert done.code == 0, done.err
    assert watched
    return Walk(program, opened, control.seen())


def _events(out: Path, alive: Callable[[], bool]) -> Any:
    """The events of a command's output as they come."""
    with out.open("rb") as file:
        rest = b""
        while True:
            going = alive()
            rest += file.read()
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield json.loads(line)
            if not going:
                return
            select.select([], [], [], 0.002)


@pytest.fixture(scope="module", params=sorted(TABLES))
def walks(request: pytest.FixtureRequest, common: Path) -> dict[str, Walk]:
    """A table and its twin, each walked through phases 1 and 2."""
    if not sys.platform.startswith("linux"):
        pytest.skip("inotify is of Linux")
    folder = common / "sealed" / request.param
    found: dict[str, Walk] = {}
    with alone(common / "sealed.lock"):
        for name in ("plain", "poisoned"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            table, more = TABLES[request.param](folder / name, poisoned=name == "poisoned")
            program = Program(folder / name / "phasegate", common / "config")
            measured = ("--observations", found["plain"].program.run) if found else ()
            found[name] = walk(program, table, *more, *measured)
    return found


@pytest.mark.parametrize("walks", ["credit"], indirect=True)
def test_the_given_split_is_taken_and_its_column_is_no_input_of_the_model(walks: dict[str, Walk]) -> None:
    import pyarrow.parquet as pq

    program = walks["plain"].program
    split = pq.read_table(program.run / "split.parquet").to_pydict()
    assert {name: split["partition"].count(name) for name in set(split["partition"])} == {
        name: PARTITIONS.count(name) for name in set(PARTITIONS)
    }
    store = program.workspace / "objects"
    rows = {row["name"]: row["sha256"] for step in manifest(program.run)["steps"] for row in step["artifacts"]}
    plan = json.loads((store / rows["features.json"][:2] / rows["features.json"][2:]).read_bytes())
    assert '"part"' not in json.dumps(plan["features"] if "features" in plan else plan)


def test_poisoned_test_rows_change_nothing_that_phases_1_and_2_compute(walks: dict[str, Walk]) -> None:
    one, other = (derived(walks[name].program.run, "intake", *AFTER) for name in ("plain", "poisoned"))
    assert set(one) == set(other)
    differing = {name for name in one if one[name] != other[name]}
    # the snapshot, what was seen of the whole table before the split, and the vault differ: the twin is another table
    assert {
        "intake.source/table.parquet",
        "preparation.discovery/profile.json",
        "preparation.split/test.parquet",
    } <= differing
    late = {name for name in differing if not name.startswith(BEFORE)}
    documents = {name for name in late if ".documents/" in name}
    assert late == documents, "nothing that is computed after the split"
    for name in sorted(documents):
        texts = [_text(walks[which].program, name) for which in ("plain", "poisoned")]
        assert texts[0] == texts[1], name


def test_poisoned_test_rows_change_no_recommendation_after_the_split(walks: dict[str, Walk]) -> None:
    told = []
    for name in ("plain", "poisoned"):
        entries = ledger(walks[name].program.run)
        asked = [entry for entry in entries if entry["type"] == "question_answered"]
        told.append(
            [(each["id"], each["recommended"], each["why"]) for each in asked if not each["step"].startswith(BEFORE)]
        )
    assert told[0] == told[1]
    assert {"cleaning.missing", "cleaning.outliers", "cleaning.duplicates", "features.proposed"} <= {
        each for each, _, _ in told[0]
    }


FORESEEN = re.compile(r"(?:<li>|^- )(?:Can be judged|Too small to judge)(?:(?!</li>|\n).)*(?:</li>|$)", re.MULTILINE)
"""How large each group is in the whole table: told at intake, before there is a test, and quoted in deliverable 01."""


def _text(program: Program, name: str) -> str:
    """A document without the hashes that it may quote, and without what intake foresaw."""
    step, _, file = name.partition("/")
    artifacts = next(each["artifacts"] for each in manifest(program.run)["steps"] if each["id"] == step)
    sha256 = next(row["sha256"] for row in artifacts if row["name"] == file)
    text: str = (program.workspace / "objects" / sha256[:2] / sha256[2:]).read_text("utf-8")
    quoted = {str(manifest(program.run)["source"]["sha256"])}
    for entry in ledger(program.run):
        if entry["type"] == "step_finished":
            quoted |= {row["sha256"] for row in entry["artifacts"].values()} | {entry["key"]}
        if entry["type"] in {"gate_opened", "gate_decided"}:
            quoted.add(entry["evidence"])
    for each in quoted:
        for digits in (64, 16, 12, 8):
            text = text.replace(each[:digits], "#")
    # the step's outcome counts the figures in its documents, those of that sentence too
    return re.sub(r'"figures": \d+', "", FORESEEN.sub("", text))


def test_once_the_split_is_made_nothing_opens_source_snapshot_or_vault_before_gate_experimentation(
    walks: dict[str, Walk],
) -> None:
    for name, walked in walks.items():
        assert walked.opened == [], name
        assert walked.control, "the watch sees nothing"
