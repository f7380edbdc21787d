"""The run's append-only, hash-chained record: decisions, steps, observations. It is the truth of a run.

A line is a JSON object ``{v, seq, prev, at, type, …, hash}``. ``hash`` is the SHA-256 of the object without ``hash``
in canonical form (sorted keys, separators ``,`` and ``:``, UTF-8, no ASCII escapes); ``prev`` is the hash before,
64 zeros at first; ``seq`` counts from 0 without gaps.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from workspace.errors import CorruptState, LedgerMoved
from workspace.files import canonical_json, sha256_bytes, sync_folder

VERSION = 1
"""1: first layout."""

GENESIS = "0" * 64
TYPES = frozenset(
    "run_started step_started step_finished question_asked question_answered gate_opened gate_decided stopped failed "
    "finished test_opened observation artifact_committed llm_call warning".split()
)
_OWN = frozenset({"v", "seq", "prev", "at", "type", "hash"})
"""The names that the chain keeps for itself."""


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    seq: int
    prev: str
    at: str
    type: str
    data: Mapping[str, Any]
    """Everything else that the line holds."""
    hash: str


def entry_hash(line: Mapping[str, Any]) -> str:
    """The hash that a line must carry."""
    return sha256_bytes(canonical_json({key: value for key, value in line.items() if key != "hash"}))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def parse(line: bytes, number: int, before: str, file: str) -> Entry:
    """Read one line (without its newline) and check it against the chain.

    Raises:
        CorruptState: it is not JSON, not in sequence, not byte for byte what is hashed, or its hash does not agree.
    """
    problem = ""
    try:
        record = json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        problem = "is not JSON"
        record = {}
    if not problem and not (
        isinstance(record, dict) and record.get("hash") == entry_hash(record) and canonical_json(record) == line
    ):
        problem = "has been changed"
    elif not problem and (record.get("seq") != number or record.get("prev") != before):
        problem = "does not follow the entry before it"
    elif not problem and record.get("v") != VERSION:
        problem = f"has version {record.get('v')}, this program reads {VERSION}"
    elif not problem and not (isinstance(record.get("at"), str) and record.get("type") in TYPES):
        problem = "is of no known type"
    if problem:
        raise CorruptState(f"{file}, entry {number}: the entry {problem}.", file=file)
    data = {key: value for key, value in record.items() if key not in _OWN}
    return Entry(number, before, record["at"], record["type"], data, record["hash"])


def read(path: Path) -> Iterator[Entry]:
    """Entries in order, each checked; an append that was cut short by a crash (no newline) is left out.

    Raises:
        CorruptState: an entry was changed, added or taken out.
    """
    before = GENESIS
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if not line.endswith(b"\n"):
                if _holds_a_whole_entry(line):
                    raise CorruptState(f"{path.name}, entry {number}: the end has been changed.", file=path.name)
                return
            entry = parse(line[:-1], number, before, path.name)
            before = entry.hash
            yield entry


def _holds_a_whole_entry(tail: bytes) -> bool:
    """Whether more than an entry stands there without its newline: no append that was cut short looks like that."""
    try:
        _, end = json.JSONDecoder().raw_decode(tail.decode("utf-8", "replace"))
    except ValueError:
        return False
    return end < len(tail.decode("utf-8", "replace"))


class Ledger:
    """The writer's side; used by the process that holds the workspace's lock."""

    def __init__(self, path: Path, *, clock: Callable[[], str] = _now) -> None:
        self.path = path
        self._clock = clock
        self._torn = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self.entries = list(read(path))
        self._mend_tail()
        existed = path.exists()
        self._file = path.open("ab", buffering=0)
        if not existed:
            sync_folder(path.parent)

    @property
    def head(self) -> str:
        """Hash of the last entry; 64 zeros before the first."""
        return self.entries[-1].hash if self.entries else GENESIS

    def append(self, kind: str, /, *, expecting: str | None = None, **data: Any) -> Entry:
        """Write one entry and return it once it is on disk.

        Args:
            kind: one of ``TYPES``.
            expecting: the head that the writer saw; compare-and-set.
            data: JSON values.

        Raises:
            LedgerMoved: the head is another.
            ValueError: the type is unknown, or the data hold a name that the chain keeps for itself.
        """
        if kind not in TYPES:
            raise ValueError(f"unknown ledger type {kind}")
        if taken := _OWN & set(data):
            raise ValueError(f"{kind}: the ledger keeps {', '.join(sorted(taken))} for itself")
        if self._torn:
            raise OSError(errno.EIO, "An earlier append could not be taken back", str(self.path))
        if expecting is not None and expecting != self.head:
            raise LedgerMoved("The record has moved on since it was shown.", hint="Look again, then decide.")
        line = {
            "v": VERSION,
            "seq": len(self.entries),
            "prev": self.head,
            "at": self._clock(),
            "type": kind,
            **data,
        }
        line = json.loads(canonical_json(line))
        line["hash"] = entry_hash(line)
        blob = canonical_json(line) + b"\n"
        start = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(blob)
            if written != len(blob):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(self._file.fileno())
        except BaseException:
            self._torn = True
            os.ftruncate(self._file.fileno(), start)
            self._torn = False
            raise
        rest = {key: value for key, value in line.items() if key not in _OWN}
        entry = Entry(line["seq"], line["prev"], line["at"], kind, rest, line["hash"])
        self.entries.append(entry)
        return entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mend_tail(self) -> None:
        """Take away an append that a crash cut short: it was never acknowledged."""
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            data = file.read()
            whole = data.rfind(b"\n") + 1
            if whole != len(data):
                file.truncate(whole)
                file.flush()
                os.fsync(file.fileno())
