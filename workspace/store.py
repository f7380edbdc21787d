"""Artifacts by content hash: put once, never changed, found by SHA-256."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from workspace.errors import CorruptState, NotFound
from workspace.files import copy_into, sha256_bytes, sha256_file, sync_folder


@dataclass(frozen=True)
class Artifact:
    """A stored file: its hash and its size in bytes."""

    sha256: str
    bytes: int


class Store:
    """The folder ``objects/``: a file under its SHA-256, split after two digits."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sound: set[str] = set()

    def locate(self, sha256: str) -> Path:
        """Where an artifact lies or would lie."""
        return self.root / sha256[:2] / sha256[2:]

    def path(self, sha256: str) -> Path:
        """Where an artifact lies.

        Raises:
            NotFound: it does not.
        """
        path = self.locate(sha256)
        if not path.is_file():
            raise NotFound(
                f"Artifact {sha256[:12]} is missing from the store.",
                hint="Run `phasegate verify` to see what else is.",
                file=f"objects/{sha256[:2]}/{sha256[2:]}",
            )
        return path

    def has(self, sha256: str) -> bool:
        """Whether an artifact is there."""
        return self.locate(sha256).is_file()

    def read(self, sha256: str) -> bytes:
        """An artifact's bytes, checked against its hash.

        Raises:
            NotFound: it is not there.
            CorruptState: its bytes are others.
        """
        data = self.path(sha256).read_bytes()
        if sha256_bytes(data) != sha256:
            raise _changed(sha256)
        return data

    def sound(self, sha256: str) -> Path:
        """Where an artifact lies, its bytes checked against its hash once in this process.

        Raises:
            NotFound: it is not there.
            CorruptState: its bytes are others.
        """
        path = self.path(sha256)
        if sha256 not in self._sound:
            if sha256_file(path) != sha256:
                raise _changed(sha256)
            self._sound.add(sha256)
        return path

    def put_bytes(self, data: bytes) -> Artifact:
        """Store bytes."""
        sha256 = sha256_bytes(data)
        if not self.has(sha256):
            temporary = self._temporary()
            try:
                with temporary.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._settle(temporary, sha256)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        return Artifact(sha256, len(data))

    def put(self, path: Path, *, move: bool = False) -> Artifact:
        """Store a file; with ``move`` the original may be taken instead of copied (same file system)."""
        size = path.stat().st_size
        if move:
            sha256 = sha256_file(path)
            if self.has(sha256):
                path.unlink()
                return Artifact(sha256, size)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            self._settle(path, sha256)
            return Artifact(sha256, size)
        temporary = self._temporary()
        try:
            sha256 = copy_into(path, temporary)
            if self.has(sha256):
                temporary.unlink()
            else:
                self._settle(temporary, sha256)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return Artifact(sha256, size)

    def _temporary(self) -> Path:
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root / f".{os.getpid()}-{uuid.uuid4().hex}.tmp"

    def _settle(self, temporary: Path, sha256: str) -> None:
        target = self.locate(sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(self.root)
        temporary.chmod(0o444)
        os.replace(temporary, target)
        sync_folder(target.parent)


def _changed(sha256: str) -> CorruptState:
    return CorruptState(
        f"Artifact {sha256[:12]} has been changed on disk.",
        hint="Restore it from a backup, or delete it and resume to make it again.",
        file=f"objects/{sha256[:2]}/{sha256[2:]}",
    )
