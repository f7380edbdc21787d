"""The prediction log: one JSON line per scored row, in files that rotate by size."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FILE = "predictions.jsonl"


class PredictionLog:
    """Appends lines to ``predictions.jsonl``; full files become ``predictions.jsonl.1``, ``.2`` and so on.

    Personal columns never reach it in clear: the caller passes what ``Watch.logged`` allows.

    Args:
        folder: where the files lie; made if it is not there, readable by its owner only.
        file_bytes: size at which a file is put aside.
        files: how many files are kept beside the current one.
    """

    def __init__(self, folder: Path, file_bytes: int = 20_000_000, files: int = 5) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / FILE
        self._most = file_bytes
        self._files = files
        self._open()

    def _open(self) -> None:
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._handle).st_size

    def write(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Append entries; all lines of one call go out in one write, so that a stop leaves no torn line."""
        lines = "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries).encode()
        if self._size and self._size + len(lines) > self._most:
            self._rotate()
        os.write(self._handle, lines)
        self._size += len(lines)

    def _rotate(self) -> None:
        os.close(self._handle)
        for number in range(self._files, 0, -1):
            older = self.path.with_name(f"{FILE}.{number}")
            newer = self.path.with_name(f"{FILE}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(older)
        self._open()

    def close(self) -> None:
        """End writing."""
        os.close(self._handle)
