"""Errors of the agent, and the one place that maps every error to an exit code.

AgentError
├── UsageError            a command or setting that can't be carried out (2)
├── Waiting               a person has to decide (3)
├── Rejected              the run ended with a rejection or a no-go (4)
├── IntegrityError        a replay or verification differs (5)
├── AnswersDoNotFit       recorded answers name an unknown id, an invalid value or stale evidence (8)
├── StepFailed            a step broke: a defect of the program (1)
└── Stopped               stopped by a signal (130, 143)
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from tools.errors import InputError
from workspace.errors import CorruptState, LedgerMoved, NotFound, UnknownLayout, WorkspaceBusy


class AgentError(Exception):
    """Base of the agent's errors; ``hint`` says what to do."""

    code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AgentError):
    """The command or a setting can't be carried out as it stands."""

    code = 2


class Waiting(AgentError):
    """A gate, or a question without an answer, waits for a person."""

    code = 3


class Rejected(AgentError):
    """The run was rejected, or ended with a no-go."""

    code = 4


class IntegrityError(AgentError):
    """What was recomputed is not what was recorded."""

    code = 5


class AnswersDoNotFit(AgentError):
    """A recorded answer or decision does not fit this run."""

    code = 8


class StepFailed(AgentError):
    """A step broke for a reason that is the program's own."""

    code = 1

    def __init__(self, step: str, message: str, trace: str) -> None:
        super().__init__(f"{step} failed: {message}", hint="This is a defect of Phasegate.")
        self.step = step
        self.trace = trace


class OutOfResources(AgentError):
    """Disk, memory or a permission is missing."""

    code = 7


class Stopped(AgentError):
    """A signal or a person stopped the run; it can be resumed."""

    code = 130


@dataclass(frozen=True)
class Problem:
    """An error as a face shows it: one sentence, where, what to do, and the exit code."""

    code: int
    message: str
    hint: str = ""
    file: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


_RESOURCES = {
    errno.ENOSPC: "The disk is full.",
    errno.EDQUOT: "The disk quota is used up.",
    errno.EACCES: "Permission denied.",
    errno.EPERM: "Permission denied.",
    errno.EROFS: "The disk is read-only.",
    errno.ENOMEM: "Memory is used up.",
    errno.EIO: "The disk reported an error.",
}

_WORKSPACE_CODES: tuple[tuple[type[Exception], int], ...] = (
    (WorkspaceBusy, 6),
    (CorruptState, 5),
    (LedgerMoved, 8),
    (NotFound, 2),
    (UnknownLayout, 2),
)


def describe(error: BaseException) -> Problem:
    """The problem that an error stands for; code 1 where it is none of ours."""
    if isinstance(error, InputError):
        return Problem(error.code, error.message, error.hint, error.file, error.line, error.column)
    if isinstance(error, AgentError):
        return Problem(error.code, error.message, error.hint)
    for kind, code in _WORKSPACE_CODES:
        if isinstance(error, kind):
            return Problem(
                code, getattr(error, "message", str(error)), getattr(error, "hint", ""), getattr(error, "file", None)
            )
    if isinstance(error, MemoryError):
        return Problem(7, "Memory is used up.", "Close other programs, or use fewer rows.")
    if isinstance(error, OSError) and error.errno in _RESOURCES:
        place = f" ({error.filename})" if error.filename else ""
        return Problem(7, f"{_RESOURCES[error.errno]}{place}", "Make room or grant access, then: phasegate resume")
    return Problem(1, f"{type(error).__name__}: {error}", "This is a defect of Phasegate.")
