from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workspace.errors import CorruptState, LedgerMoved
from workspace.ledger import GENESIS, Ledger, entry_hash, read


def independent_check(path: Path) -> list[dict[str, object]]:
    """The chain rule as CONTRACT.md states it, written without our code."""
    entries, before = [], "0" * 64
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1]):
        entry = json.loads(line)
        claimed = entry.pop("hash")
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode("utf-8")).hexdigest() == claimed
        assert entry["seq"] == number
        assert entry["prev"] == before
        assert {"v", "at", "type"} <= set(entry)
        before = claimed
        entries.append(entry)
    return entries


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file grow past a size: the kernel then cuts a write short as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def filled(path: Path, count: int = 3) -> Path:
    with Ledger(path) as ledger:
        ledger.append("run_started", run="0001-heron", seed=0)
        for number in range(count - 1):
            ledger.append("warning", text=f"note {number}", value=1.5e-07, sign="\x1b[0m ü")
    return path


def test_the_chain_can_be_verified_with_twenty_lines_of_ones_own(path: Path) -> None:
    entries = independent_check(filled(path, 5))
    assert [entry["seq"] for entry in entries] == [0, 1, 2, 3, 4]
    assert entries[0]["type"] == "run_started"


def test_the_head_is_the_hash_of_the_last_entry_and_zeros_before_the_first(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.head == GENESIS == "0" * 64
        entry = ledger.append("warning", text="a")
        assert ledger.head == entry.hash == json.loads(path.read_bytes())["hash"]


def test_entries_are_on_disk_when_append_returns_and_read_back_the_same(path: Path) -> None:
    with Ledger(path) as ledger:
        appended = [ledger.append("warning", text="ü", deep={"b": [1, None], "a": 0.1}) for _ in range(3)]
        assert list(read(path)) == appended == ledger.entries
    with Ledger(path) as again:
        assert again.entries == appended


def test_opening_again_goes_on_with_the_chain(path: Path) -> None:
    filled(path)
    with Ledger(path) as ledger:
        ledger.append("stopped", reason="SIGTERM")
    assert len(independent_check(path)) == 4


def test_an_unknown_type_is_refused(path: Path) -> None:
    with Ledger(path) as ledger, pytest.raises(ValueError, match="unknown ledger type"):
        ledger.append("gossip")
    assert path.read_bytes() == b""


@pytest.mark.parametrize("name", ["v", "seq", "prev", "at", "type", "hash"])
def test_data_can_not_take_the_place_of_what_the_chain_keeps_for_itself(path: Path, name: str) -> None:
    with Ledger(path) as ledger, pytest.raises(ValueError, match="for itself"):
        ledger.append("warning", **{name: "column"})
    assert path.read_bytes() == b""


def test_a_value_that_json_can_not_hold_leaves_the_chain_as_it_was(path: Path) -> None:
    before = filled(path).read_bytes()
    with Ledger(path) as ledger, pytest.raises(ValueError, match="not JSON compliant"):
        ledger.append("warning", value=float("nan"))
    assert path.read_bytes() == before


def test_an_append_that_expects_another_head_is_refused_and_writes_nothing(path: Path) -> None:
    with Ledger(filled(path)) as ledger:
        seen = ledger.head
        ledger.append("warning", text="somebody was faster", expecting=seen)
        before = path.read_bytes()
        with pytest.raises(LedgerMoved):
            ledger.append("gate_decided", expecting=seen)
        assert path.read_bytes() == before


# crashes


def test_an_append_that_a_crash_cut_short_is_taken_away_when_the_ledger_is_opened(path: Path) -> None:
    whole = filled(path).read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for cut in (1, len(last) // 2, len(last) - 1):
        path.write_bytes(whole + last[:cut])
        assert len(list(read(path))) == 3
        with Ledger(path) as ledger:
            assert len(ledger.entries) == 3
            ledger.append("warning", text="goes on")
        assert len(independent_check(path)) == 4


def test_readers_do_not_mend(path: Path) -> None:
    torn = filled(path).read_bytes() + b'{"at":'
    path.write_bytes(torn)
    assert len(list(read(path))) == 3
    assert path.read_bytes() == torn


def test_a_disk_that_fills_up_in_the_middle_of_an_append_leaves_the_chain_whole(path: Path) -> None:
    before = filled(path).read_bytes()
    with Ledger(path) as ledger:
        with file_size_limit(len(before) + 40), pytest.raises(OSError) as caught:
            ledger.append("warning", text="x" * 500)
        assert caught.value.errno == errno.ENOSPC
        assert path.read_bytes() == before
        ledger.append("warning", text="there is room again")
    assert len(independent_check(path)) == 4


def test_a_disk_that_does_not_keep_the_append_leaves_the_chain_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled(path).read_bytes()
    with Ledger(path) as ledger:

        def broken(descriptor: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            with pytest.raises(OSError, match="Input/output"):
                ledger.append("warning", text="lost")
        assert path.read_bytes() == before
        ledger.append("warning", text="kept")
    assert [entry["seq"] for entry in independent_check(path)] == [0, 1, 2, 3]


def test_nothing_is_appended_behind_an_append_that_could_not_be_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled(path).read_bytes()
    with Ledger(path) as ledger:

        def broken(*_: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "ftruncate", broken)
            with file_size_limit(len(before) + 40), pytest.raises(OSError, match="Input/output"):
                ledger.append("warning", text="x" * 500)
        with pytest.raises(OSError, match="could not be taken back"):
            ledger.append("failed", code=7)
    with Ledger(path) as ledger:
        ledger.append("warning", text="after a new start")
    assert len(independent_check(path)) == 4


# damage


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_each_changed_byte_is_found_in_the_entry_where_it_stands(path: Path, mask: int) -> None:
    whole = filled(path).read_bytes()
    starts = [0]
    for line in whole.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= mask
        path.write_bytes(changed)
        expected = sum(start <= position for start in starts) - 1
        with pytest.raises(CorruptState, match=rf"entry {expected}\b"):
            list(read(path))
        with pytest.raises(CorruptState):
            Ledger(path)
        assert path.read_bytes() == changed


def test_a_line_that_means_the_same_but_is_written_otherwise_is_found(path: Path) -> None:
    whole = filled(path).read_text()
    for old, new in (
        (",", ", "),
        ("1.5e-07", "1.5E-07"),
        ("1.5e-07", "0.00000015"),
        ("\\u001b", "\\u001B"),
        ("ü", "\\u00fc"),
    ):
        path.write_text(whole.replace(old, new, 1))
        with pytest.raises(CorruptState, match="has been changed"):
            list(read(path))


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2), (1, 2), (0, 1, 1, 2), (0, 2, 1)])
def test_entries_that_are_missing_doubled_or_swapped_are_found(path: Path, order: tuple[int, ...]) -> None:
    lines = filled(path).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(CorruptState, match="does not follow"):
        list(read(path))


def test_an_entry_of_another_version_is_refused(path: Path) -> None:
    line = {"v": 99, "seq": 0, "prev": GENESIS, "at": "now", "type": "warning"}
    line["hash"] = entry_hash(line)
    path.write_text(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(CorruptState, match="version 99"):
        list(read(path))


@given(
    st.lists(
        st.dictionaries(
            st.text(min_size=1, max_size=8).map(lambda key: f"x{key}"),
            st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        ),
        max_size=4,
    )
)
@settings(deadline=None, max_examples=40)
def test_whatever_data_holds_the_chain_reads_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("chain") / "ledger.jsonl"
    with Ledger(path) as ledger:
        for row in rows:
            ledger.append("observation", expecting=None, **row)
    assert [entry.data for entry in read(path)] == rows
