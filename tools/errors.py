"""Errors of the tools: whose fault it is, where, and what to do.

ToolError
└── InputError        the data or a setting can't be used as it is; the person can mend it
"""

from __future__ import annotations


class ToolError(Exception):
    """Base of all errors that a tool raises on purpose."""


class InputError(ToolError):
    """Data or a setting that can't be used: one plain sentence, where, and what to do.

    Args:
        message: what is wrong, as a sentence that names the file or column.
        hint: what to do about it.
        code: exit code of CONTRACT.md; 2 unless the matter is resources (7) or an answer (8).
        file: name of the file concerned.
        line: 1-based line in the file.
        column: name of the column concerned.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: int = 2,
        file: str | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
