"""A workspace on disk: its layout, its runs, and the files of a run."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from workspace.errors import NotFound, UnknownLayout
from workspace.files import is_temporary, write_atomic
from workspace.store import Store

LAYOUT = 1
"""1: objects/, runs/, cache/."""

_WORDS = (
    "heron otter maple comet willow falcon cedar ember lark quartz birch marten fjord sparrow juniper opal kestrel "
    "harbor thistle lynx aspen plover cobalt rowan swift granite tern hazel osprey amber dune finch"
).split()


@dataclass(frozen=True)
class RunFolder:
    """Where the files of one run lie."""

    root: Path

    @property
    def id(self) -> str:
        """``NNNN-word``."""
        return self.root.name

    @property
    def ledger(self) -> Path:
        """The record."""
        return self.root / "ledger.jsonl"

    @property
    def begun(self) -> bool:
        """Whether the record's first entry is on disk; a crash before that leaves an empty folder, not a run."""
        try:
            with self.ledger.open("rb") as file:
                return file.readline().endswith(b"\n")
        except FileNotFoundError:
            return False

    @property
    def manifest(self) -> Path:
        """The table of steps and artifacts."""
        return self.root / "manifest.json"

    @property
    def answers(self) -> Path:
        """Every question that was asked, with value and source."""
        return self.root / "answers.yaml"

    @property
    def given(self) -> Path:
        """Answers that were handed to the run, asked for or not yet."""
        return self.root / "given.yaml"

    @property
    def pending(self) -> Path:
        """What the run waits for."""
        return self.root / "pending.json"

    @property
    def dossier(self) -> Path:
        """The documents."""
        return self.root / "dossier"


class Workspace:
    """A folder with everything about one modelling project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(root / "objects")

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """Open an existing workspace.

        Raises:
            NotFound: there is none.
            UnknownLayout: it was written by another version.
        """
        note = root / "phasegate.toml"
        if not note.is_file():
            raise NotFound(f"No workspace at {root}.", hint="Start one with: phasegate run DATA")
        try:
            layout = tomllib.loads(note.read_text(encoding="utf-8")).get("layout")
        except tomllib.TOMLDecodeError as error:
            raise UnknownLayout(f"{note} is not readable: {error}.", hint="Mend the file.") from None
        if layout != LAYOUT:
            raise UnknownLayout(
                f"{note} has layout {layout}, this program reads layout {LAYOUT}.",
                hint="Use the version of Phasegate that wrote it.",
            )
        return cls(root)

    @classmethod
    def create(cls, root: Path) -> Workspace:
        """Open a workspace, making it where it is not there yet."""
        note = root / "phasegate.toml"
        if not note.exists():
            root.mkdir(parents=True, exist_ok=True)
            write_atomic(note, f"# A Phasegate workspace.\nlayout = {LAYOUT}\n".encode())
        return cls.open(root)

    @property
    def cache(self) -> Path:
        """What may be deleted at any time."""
        return self.root / "cache"

    def runs(self) -> list[RunFolder]:
        """All runs that have a record, oldest first."""
        return [run for run in self._folders() if run.begun]

    def _folders(self) -> list[RunFolder]:
        folder = self.root / "runs"
        if not folder.is_dir():
            return []
        found = [
            path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and path.name[:4].isdigit()
        ]
        return [RunFolder(path) for path in sorted(found, key=lambda path: path.name)]

    def run(self, name: str | None = None) -> RunFolder:
        """One run by id; the newest without a name.

        Raises:
            NotFound: there is none.
        """
        runs = self.runs()
        if not runs:
            raise NotFound(f"No run in {self.root}.", hint="Start one with: phasegate run DATA")
        if name is None or name == "latest":
            return runs[-1]
        for run in runs:
            if run.id == name:
                return run
        raise NotFound(f"No run {name} in {self.root}.", hint=f"Runs: {', '.join(run.id for run in runs)}.")

    def sweep(self, run: RunFolder) -> None:
        """Take away what killed writes left behind; only for who holds the workspace."""
        for path in [*run.root.rglob(".*"), *self.store.root.glob(".*")]:
            if is_temporary(path):
                path.unlink(missing_ok=True)

    def new_run(self, name: str | None = None) -> RunFolder:
        """Make the folder of a new run, by the next free name or this one, and point ``latest`` to it."""
        folders = self._folders()
        number = int(folders[-1].id[:4]) + 1 if folders else 1
        name = name or f"{number:04d}-{_WORDS[(number - 1) % len(_WORDS)]}"
        folder = self.root / "runs" / name
        folder.mkdir(parents=True)
        link = self.root / "runs" / "latest"
        temporary = self.root / "runs" / f".latest.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(name)
        os.replace(temporary, link)
        return RunFolder(folder)
