"""Phases 1 and 2 know nothing of the test rows: neither by what they compute nor by what they open.

The table says itself, in a column, which rows are for testing. Its twin has the labels of those rows permuted.
"""

from __future__ import annotations

import csv
import ctypes
import json
import os
import random
import select
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.program import CREDIT, Program, alone, answers_file, derived, glance, ledger, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PARTITIONS = ["train"] * 640 + ["validation"] * 160 + ["test"] * 200
BEFORE = ("intake", "preparation.success_metrics", "preparation.discovery", "preparation.split")
"""Steps that see the whole table."""
AFTER = ("preparation", "experimentation")


def with_parts(out: Path, *, permuted: bool) -> Path:
    """The credit table with the column ``part``; with the labels of its test rows permuted, or not."""
    with (CREDIT / "credit.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    parts = list(PARTITIONS)
    random.Random(11).shuffle(parts)
    places = [place for place, part in enumerate(parts) if part == "test"]
    labels = [table[place]["risk"] for place in places]
    if permuted:
        random.Random(12).shuffle(labels)
        changed = sum(table[place]["risk"] != label for place, label in zip(places, labels, strict=True))
        assert changed > 50
    for place, label in zip(places, labels, strict=True):
        table[place]["risk"] = label
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*table[0], "part"])
        writer.writeheader()
        writer.writerows({**row, "part": part} for row, part in zip(table, parts, strict=True))
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


def walk(program: Program, table: Path, answers: Path, *more: str | Path) -> Walk:
    """Walk phases 1 and 2 with an eye on the files that hold test rows."""
    opens, control = Opens(), Opens()
    running = program.start("run", table, "--answers", answers, "--until", "experimentation", "--json", *more)
    watched = False
    opened: list[str] = []
    for event in _events(running.out, lambda: running.process.poll() is None):
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


@pytest.fixture(scope="module")
def walks(common: Path) -> dict[str, Walk]:
    """The table and its twin, each walked through phases 1 and 2."""
    if not sys.platform.startswith("linux"):
        pytest.skip("inotify is of Linux")
    folder = common / "sealed"
    found: dict[str, Walk] = {}
    with alone(common / "sealed.lock"):
        for name in ("plain", "permuted"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            table = with_parts(folder / name / "credit.csv", permuted=name == "permuted")
            answers = answers_file(folder / name / "answers.yaml", split__kind="given", split__column="part")
            program = Program(folder / name / "phasegate", common / "config")
            measured = ("--observations", found["plain"].program.run) if found else ()
            found[name] = walk(program, table, answers, *measured)
    return found


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


def test_permuted_labels_of_the_test_rows_change_nothing_that_phases_1_and_2_compute(walks: dict[str, Walk]) -> None:
    one, other = (derived(walks[name].program.run, "intake", *AFTER) for name in ("plain", "permuted"))
    assert set(one) == set(other)
    differing = {name for name in one if one[name] != other[name]}
    # the snapshot and the vault differ, and what quotes their hashes; nothing that was computed after the split does
    late = {name for name in differing if not name.startswith(BEFORE)}
    documents = {name for name in late if ".documents/" in name}
    assert late == documents
    for name in documents:
        texts = [_text(walks[which].program, name) for which in ("plain", "permuted")]
        assert texts[0] == texts[1], name
    assert differing & {"intake.source/table.parquet", "preparation.split/test.parquet"} == {
        "intake.source/table.parquet",
        "preparation.split/test.parquet",
    }
    assert differing - documents <= {
        "intake.source/table.parquet",
        "intake.source/peek.json",
        "preparation.split/test.parquet",
    }


def _text(program: Program, name: str) -> str:
    """A document with the hashes that it may quote taken out."""
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
    return text


def test_once_the_split_is_made_nothing_opens_source_snapshot_or_vault_before_gate_experimentation(
    walks: dict[str, Walk],
) -> None:
    for name, walked in walks.items():
        assert walked.opened == [], name
        assert walked.control, "the watch sees nothing"
