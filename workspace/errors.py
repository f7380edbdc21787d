"""Errors of the workspace: what went wrong on disk, and what to do.

WorkspaceError
├── NotFound          no workspace, run or artifact there
├── WorkspaceBusy     another process holds the workspace
├── CorruptState      a hash or the chain does not agree
├── LedgerMoved       somebody else wrote to the ledger since it was read
└── UnknownLayout     written by another version
"""

from __future__ import annotations


class WorkspaceError(Exception):
    """Base of all errors of the workspace; ``hint`` says what to do."""

    def __init__(self, message: str, *, hint: str = "", file: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = file

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class NotFound(WorkspaceError):
    """There is no workspace, run or artifact under that name."""


class WorkspaceBusy(WorkspaceError):
    """Another process works in the workspace; the message names it."""


class CorruptState(WorkspaceError):
    """Bytes on disk are not those that the ledger speaks of."""


class LedgerMoved(WorkspaceError):
    """The ledger's head is not the one that the writer saw."""


class UnknownLayout(WorkspaceError):
    """The folder was written by a version with another layout."""
