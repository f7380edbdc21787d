"""``phasegate verify``: every byte of ledger, artifacts, manifest and documents against the record; runs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from agent.position import Position
from agent.publishing import FOLDERS, folders_of, manifest, run_files
from agent.registry import Registry, registry
from workspace.errors import CorruptState, NotFound
from workspace.files import is_temporary, sha256_bytes, sha256_file
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
        try:
            for sha256, size in _referenced(entries):
                self._object(sha256, size)
            self._published(run, entries)
        except (CorruptState, NotFound):
            pass  # an artifact that the run's files are made from, told above
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            self.report(run.ledger, "chain", "its entries hash well and make no sense: the record was rewritten")

    def _published(self, run: RunFolder, entries: list[Entry]) -> None:
        """Check the files that follow from the ledger.

        They stand as they did when the manifest was written. Where a process was killed since, some may be newer; that
        is no damage, `resume` goes on from there. A finished run has no such excuse.
        """
        stands = [self._expected(run, entries)]
        count = _written_at(run, entries)
        if entries[-1].type != "finished":
            if 0 < count < len(entries):
                stands.append(self._expected(run, entries[:count]))
            elif not run.manifest.exists() and sum(entry.type == "step_finished" for entry in entries) <= 1:
                stands.append({})
        for path in sorted({path for stand in stands for path in stand}):
            allowed = {stand.get(path) for stand in stands}
            if path.parent == run.root:
                self._file(path, allowed)
        for folder in FOLDERS:
            self._folder(
                run.root / folder,
                [
                    {path: sha256 for path, sha256 in stand.items() if (run.root / folder) in path.parents}
                    for stand in stands
                ],
            )

    def _expected(self, run: RunFolder, entries: list[Entry]) -> dict[Path, str]:
        """What the run's files must hold at a point of its ledger: path to hash."""
        position = Position(self.registry, self.workspace.store).take_all(entries)
        wanted = {
            path: sha256_bytes(data) for path, data in run_files(self.workspace, run, self.registry, position).items()
        }
        for folder, files in folders_of(run, position).items():
            wanted.update({folder / name: sha256 for name, sha256 in files.items()})
        wanted[run.manifest] = sha256_bytes(manifest(run, self.registry, position, entries[-1].hash).content())
        return wanted

    def _chain(self, run: RunFolder) -> list[Entry] | None:
        entries: list[Entry] = []
        try:
            for entry in read(run.ledger):
                entries.append(entry)
                self.heads.add(entry.hash)
                self.checked += 1
        except CorruptState:
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
        for path in sorted(path for path in root.glob("*/**/*") if path.is_file()):
            sha256 = "".join(path.relative_to(root).parts)
            if sha256 not in self._sound and sha256_file(path) != sha256:
                self.report(path, "added", "this file is not an artifact")

    def _file(self, path: Path, allowed: set[str | None]) -> None:
        """Check one file; None among the allowed hashes means that it may be absent."""
        self.checked += 1
        if not path.is_file():
            if None not in allowed:
                self.report(path, "missing", "a file of the run is missing")
        elif sha256_file(path) not in allowed:
            self.report(path, "changed", "a file of the run is not what the ledger says")

    def _folder(self, folder: Path, stands: list[dict[Path, str]]) -> None:
        hashes = {path: sha256_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}
        wanted = {path: {stand.get(path) for stand in stands} for stand in stands for path in stand}
        known = {sha256 for allowed in wanted.values() for sha256 in allowed}
        for path, allowed in sorted(wanted.items()):
            self.checked += 1
            if path not in hashes:
                if None not in allowed:
                    self.report(path, "missing", "a document is missing")
            elif hashes[path] not in allowed:
                swapped = hashes[path] in known
                text = "a document stands in another's place" if swapped else "a document was changed"
                self.report(path, "swapped" if swapped else "changed", text)
        for path in sorted(set(hashes) - set(wanted)):
            if len(stands) == 1 or not is_temporary(path):
                self.report(path, "added", "this file is not of the run")


def _written_at(run: RunFolder, entries: list[Entry]) -> int:
    """How many entries the ledger had when the manifest was written; 0 where the manifest does not say."""
    try:
        found = json.loads(run.manifest.read_bytes())
        head = found["head"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return next((entry.seq + 1 for entry in entries if entry.hash == head), 0)


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
        if entry.type in {"step_finished", "artifact_committed"}:
            for row in entry.data["artifacts"].values():
                yield row["sha256"], row["bytes"]
