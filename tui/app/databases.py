"""Databases on the home screen: which tables a file holds, how one is written behind the address, its first rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_MAGIC = b"SQLite format 3\0"
_SQLITE = "sqlite:///"
_MOST = 200
_SECONDS = 0.5
"""How long a locked database is waited for."""


def parted(location: str) -> tuple[str, dict[str, str]]:
    """An address and the settings of the source: what stands behind ``#`` is the table."""
    address, mark, table = location.partition("#")
    return (address, {"table": table}) if mark and table else (address, {})


def is_sqlite(path: Path) -> bool:
    """Whether a file is an SQLite database."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


def file_of(location: str) -> Path | None:
    """The SQLite file that an address or a path means, where it is one."""
    address, _ = parted(location)
    path = Path(address.removeprefix(_SQLITE))
    return path if (address.startswith(_SQLITE) or "://" not in address) and is_sqlite(path) else None


def address_of(path: Path, table: str = "") -> str:
    """The address of a file, or of a table in it."""
    return f"{_SQLITE}{path}" + (f"#{table}" if table else "")


def tables(path: Path) -> list[str]:
    """Tables and views of an SQLite file in order of their names; none where it can't be read."""
    try:
        with _opened(path) as connection:
            rows = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name LIMIT ?",
                (_MOST,),
            ).fetchall()
    except sqlite3.Error:
        return []
    return [str(name) for (name,) in rows]


def first_rows(path: Path, table: str, most: int) -> list[list[str]]:
    """The names of the columns and the first rows of a table.

    Raises:
        sqlite3.Error: it can't be read.
    """
    with _opened(path) as connection:
        found = connection.execute(f"SELECT * FROM {_quoted(table)} LIMIT ?", (most,))
        names = [str(column[0]) for column in found.description]
        return [names, *([_text(value) for value in row] for row in found)]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Read only: nothing is ever written to a person's database."""
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=_SECONDS)
    connection.text_factory = lambda held: held.decode("utf-8", errors="replace")
    try:
        yield connection
    finally:
        connection.close()


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.hex() if isinstance(value, bytes) else str(value)
