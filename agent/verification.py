"""``phasegate verify``: every byte of ledger, artifacts, manifest and documents against the record; runs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from agent.position import Position
from agent.publishing import folders_of, manifest, run_files
from agent.registry import Registry, registry
from workspace.errors import CorruptState
from workspace.files import sha256_bytes, sha256_file
from workspace.ledger import GENESIS, Entry, read
from workspace.project import RunFolder, Workspace


class Discrepancy(BaseModel):
    """One thing that is not as recorded."""

    file: str
    """Relative to the workspace."""
    what: Literal["changed", "added", "missing", "swapped", "chain"]
    seq: int | None = None
    """The first bad entry, where it is the ledger."""
    text: str


class Report(BaseModel):
    """The form of ``verify --json``."""

    ok: bool
    checked: int
    head: str
    problems: list[Discrepancy]


def verify(root: Path, name: str | None = None, head: str | None = None) -> Report:
    """Check a workspace: all runs, or one.

    Args:
        root: the workspace's folder.
        name: only this run.
        head: a hash, kept elsewhere, that must stand in a chain.

    Raises:
        NotFound: there is no workspace, or no such run.
    """
    workspace = Workspace.open(root)
    runs = [workspace.run(name)] if name else workspace.runs() or [workspace.run()]
    checker = _Checker(workspace, registry())
    for run in runs:
        checker.check_run(run)
    checker.check_store()
    if head is not None and head not in checker.heads:
        text = f"the head {head[:12]} does not stand in the chain: entries were cut off or rewritten"
        checker.report(runs[-1].ledger, "chain", text)
    return Report(ok=not checker.problems, checked=checker.checked, head=checker.last, problems=checker.problems)


class _Checker:
    def __init__(self, workspace: Workspace, steps: Registry) -> None:
        self.workspace = workspace
        self.registry = steps
        self.problems: list[Discrepancy] = []
        self.checked = 0
        self.heads: set[str] = set()
        self.last = GENESIS
        self._sound: dict[str, bool] = {}

    def report(
        self,
        path: Path,
        what: Literal["changed", "added", "missing", "swapped", "chain"],
        text: str,
        seq: int | None = None,
    ) -> None:
        file = path.relative_to(self.workspace.root).as_posix()
        self.problems.append(Discrepancy(file=file, what=what, seq=seq, text=text))

    def check_run(self, run: RunFolder) -> None:
        entries = self._chain(run)
        if entries is None:
            return
        broken = [sha256 for sha256, size in _referenced(entries) if not self._object(sha256, size)]
        if broken:
            return
        position = Position(self.registry, self.workspace.store).take_all(entries)
        self._manifest(run, position, entries)
        for path, data in run_files(self.workspace, run, self.registry, position).items():
            self._file(path, sha256_bytes(data))
        for folder, wanted in folders_of(run, position).items():
            self._folder(folder, wanted)

    def _chain(self, run: RunFolder) -> list[Entry] | None:
        entries: list[Entry] = []
        try:
            for entry in read(run.ledger):
                entries.append(entry)
                self.heads.add(entry.hash)
                self.checked += 1
        except (CorruptState, UnicodeDecodeError):
            self.report(run.ledger, "chain", f"entry {len(entries)} is not as it was written", len(entries))
            return None
        if run.ledger.stat().st_size and not _ends_whole(run.ledger):
            self.report(run.ledger, "chain", "the last entry is incomplete", len(entries))
            return None
        self.last = entries[-1].hash if entries else GENESIS
        return entries

    def _object(self, sha256: str, size: int) -> bool:
        if sha256 not in self._sound:
            path = self.workspace.store.locate(sha256)
            self.checked += 1
            if not path.is_file():
                self.report(path, "missing", "an artifact is missing")
                self._sound[sha256] = False
            elif path.stat().st_size != size or sha256_file(path) != sha256:
                self.report(path, "changed", "an artifact is not what was stored")
                self._sound[sha256] = False
            else:
                self._sound[sha256] = True
        return self._sound[sha256]

    def check_store(self) -> None:
        """Find objects that no ledger speaks of and that are not what their name says."""
        root = self.workspace.store.root
        if not root.is_dir():
            return
        for path in sorted(root.glob("*/*")):
            sha256 = path.parent.name + path.name
            if sha256 not in self._sound and sha256_file(path) != sha256:
                self.report(path, "added", "this file is not an artifact")

    def _manifest(self, run: RunFolder, position: Position, entries: list[Entry]) -> None:
        self.checked += 1
        if not run.manifest.exists():
            if position.steps:
                self.report(run.manifest, "missing", "the manifest is missing")
            return
        try:
            found = json.loads(run.manifest.read_bytes())
        except ValueError:
            found = {}
        wanted = manifest(run, self.registry, position, str(found.get("head"))).model_dump(mode="json")
        if found.get("head") not in {entry.hash for entry in entries} or found != wanted:
            self.report(run.manifest, "changed", "the manifest is not what the ledger says")

    def _file(self, path: Path, sha256: str) -> None:
        self.checked += 1
        if not path.is_file():
            self.report(path, "missing", "a file of the run is missing")
        elif sha256_file(path) != sha256:
            self.report(path, "changed", "a file of the run is not what the ledger says")

    def _folder(self, folder: Path, wanted: dict[str, str]) -> None:
        present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        hashes = {name: sha256_file(path) for name, path in present.items()}
        for name, sha256 in wanted.items():
            self.checked += 1
            if name not in present:
                self.report(folder / name, "missing", "a document is missing")
            elif hashes[name] != sha256:
                swapped = hashes[name] in wanted.values()
                text = "a document stands in another's place" if swapped else "a document was changed"
                self.report(folder / name, "swapped" if swapped else "changed", text)
        for name in sorted(set(present) - set(wanted)):
            self.report(folder / name, "added", "this file is not of the run")


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def _referenced(entries: list[Entry]) -> Iterator[tuple[str, int]]:
    """All artifacts that a ledger speaks of: hash and size."""
    for entry in entries:
        if entry.type == "run_started":
            for name in ("source", "source_test"):
                if name in entry.data:
                    yield entry.data[name]["sha256"], entry.data[name]["bytes"]
        if entry.type == "step_finished":
            for row in entry.data["artifacts"].values():
                yield row["sha256"], row["bytes"]
