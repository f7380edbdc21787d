"""What a run starts from: a file, or a table taken out of a database or folder into one file, kept in the store."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agent.errors import UsageError
from agent.process import call
from workspace.project import Workspace

_SCHEMES = ("sqlite", "duckdb", "postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True)
class Source:
    """The data of a run: a location, and the settings under which it is read."""

    location: str
    test: Path | None = None
    """A second file with the test rows."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """``source.*`` settings by the rest of their id."""
    lineage: Mapping[str, Any] = field(default_factory=dict)
    """What the run's first entry says of the run that it repeats; empty for data from outside."""

    @property
    def names(self) -> tuple[str, ...]:
        """The raw inputs that it gives."""
        return ("source", "source_test") if self.test else ("source",)

    def check(self) -> None:
        """Check that it can be had, before any work.

        Raises:
            UsageError: it is not there, or the address holds a password.
        """
        if is_database(self.location):
            address = urlsplit(self.location)
            if address.password or "password" in parse_qs(address.query):
                raise UsageError(
                    "The database address holds a password.",
                    hint="Leave it out and set PGPASSWORD in the environment.",
                )
            return
        for path in (Path(self.location), self.test):
            if path is not None and not path.exists():
                raise UsageError(f"No file at {path}.", hint="Give the path of a table (CSV, Parquet, …).")

    def store(self, name: str, workspace: Workspace) -> dict[str, Any]:
        """Put a raw input into the store and return {sha256, bytes, name, location}."""
        location = self.location
        if name == "source_test":
            assert self.test is not None
            location = str(self.test)
        path, address = Path(location), located(location)
        if not is_database(address) and path.is_file():
            return _put(path, path.name, workspace)
        with tempfile.TemporaryDirectory(dir=_made(workspace.cache)) as folder:
            out = Path(folder) / "extract.parquet"
            extract(address, self.settings, out)
            return _put(out, f"{path.stem or 'table'}.parquet", workspace, move=True)


@dataclass(frozen=True)
class Kept(Source):
    """The data of another run of the workspace, as the store keeps it."""

    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Raw input to its {sha256, bytes, name}."""

    @property
    def names(self) -> tuple[str, ...]:
        """The raw inputs that it gives."""
        return tuple(self.rows)

    def check(self) -> None:
        """Nothing has to be fetched."""

    def store(self, name: str, workspace: Workspace) -> dict[str, Any]:
        """Check that the store has a raw input as it was, and return its row.

        Raises:
            CorruptState: it was changed.
        """
        workspace.store.sound(self.rows[name]["sha256"])
        return dict(self.rows[name])


def is_database(location: str) -> bool:
    """Whether a location is a database's address."""
    return location.partition("://")[0] in _SCHEMES and "://" in location


def located(location: str) -> str:
    """The location; of a file that is a database by its first bytes, its address."""
    from tools.data.opening import address_of

    return location if is_database(location) else address_of(Path(location)) or location


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _put(path: Path, name: str, workspace: Workspace, *, move: bool = False) -> dict[str, Any]:
    stored = workspace.store.put(path, move=move)
    return {"sha256": stored.sha256, "bytes": stored.bytes, "name": name}


def extract(location: str, settings: Mapping[str, Any], out: Path) -> None:
    """Take a table out of a database or folder into one Parquet file, in a process of its own.

    Raises:
        InputError: it can't be had.
    """
    call("agent.sources:take_out", location=location, settings=dict(settings), out=str(out))


def take_out(location: str, settings: dict[str, Any], out: str) -> None:
    """What that process does."""
    from tools.data.databases import extract as extract_table

    extract_table(location, settings, Path(out))
