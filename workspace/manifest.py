"""The table of a run's steps and artifacts, rewritten after each step."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from workspace.files import readable_json, write_atomic

VERSION = 1
"""1: first layout."""


class ArtifactRow(BaseModel):
    """One stored file of a step."""

    model_config = ConfigDict(frozen=True)
    name: str
    sha256: str
    bytes: int


class StepRow(BaseModel):
    """One step as it stands now."""

    model_config = ConfigDict(frozen=True)
    id: str
    guidance: str
    kind: str
    key: str
    status: str
    """done, cached or failed."""
    seconds: float
    artifacts: list[ArtifactRow]


class SourceRow(BaseModel):
    """The data that the run started from."""

    model_config = ConfigDict(frozen=True)
    sha256: str
    rows: int | None
    """None until the table has been read."""


class Manifest(BaseModel):
    """What the run is made of."""

    model_config = ConfigDict(frozen=True)
    version: int = VERSION
    run: str
    seed: int
    date: str
    """When the run was started, ISO 8601."""
    source: SourceRow
    steps: list[StepRow]
    head: str
    """Hash of the ledger's last entry when this was written."""

    def content(self) -> bytes:
        """The file's bytes."""
        return readable_json(self.model_dump(mode="json"))

    def write(self, path: Path) -> None:
        """Replace the file."""
        write_atomic(path, self.content())
