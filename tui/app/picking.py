"""Choosing data: what lies in a folder or database, how a half-typed path goes on, and a first look at it."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from tui.app import databases
from tui.app.plain import fit, line

ENDINGS = frozenset(
    (
        ".csv .tsv .txt .data .json .jsonl .ndjson .gz .xlsx .xlsm"
        " .parquet .pq .arrow .feather .ipc .db .sqlite .sqlite3"
    ).split()
)
"""Endings of files that may hold a table; a path that is typed out may have any."""
MOST = 200
"""How many entries of a folder are offered."""
_LINES = 40
_HEAD = 65_536
_SEPARATORS = (",", ";", "\t", "|", " ")
_CELL = 18
_COLUMNS = 60


@dataclass(frozen=True)
class Match:
    """One way in which a typed path goes on."""

    text: str
    """The whole path, as the person would have typed it; a folder ends in a slash."""
    name: str
    folder: bool
    size: int = 0
    table: bool = False
    """Of a database."""


def is_address(text: str) -> bool:
    """Whether a text is a database address rather than a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def located(text: str) -> str:
    """What a person typed, as a location: an address as it stands, a path with its home written out."""
    return text if is_address(text) else os.path.expanduser(text)


def source_of(location: str) -> tuple[str, dict[str, str], str | None]:
    """What a run reads: the location, settings of the source, and why it can't be had as it is; reads the disk."""
    address, settings = databases.parted(location) if is_address(location) else (location, {})
    held = databases.file_of(location)
    if held is None:
        return address, settings, None
    found = databases.tables(held)
    if not settings and len(found) > 1:
        return address, {}, f"{line(held.name)} has {len(found)} tables: choose one below the path (arrow down)."
    return databases.address_of(held), settings, None


def matches(text: str) -> list[Match]:
    """Folders and tables whose path begins with a text, folders first; reads the disk.

    Names with control characters are not offered: they could not be shown as they are.
    """
    held = databases.file_of(os.path.expanduser(text)) if text else None
    if held is not None:
        return _tables(held, text)
    if is_address(text):
        return []
    head, _, prefix = text.rpartition("/")
    typed = f"{head}/" if "/" in text else ""
    if text == "~":
        typed, prefix = "~/", ""
    found: list[Match] = []
    try:
        with os.scandir(os.path.expanduser(typed) or ".") as entries:
            for entry in entries:
                match = _match(entry, typed, prefix)
                if match is not None:
                    found.append(match)
    except (OSError, ValueError):
        return []
    return sorted(found, key=lambda each: (not each.folder, each.name.casefold()))[:MOST]


def _tables(path: Path, text: str) -> list[Match]:
    """The tables of a database file, each as the address that means it."""
    begun = databases.parted(text)[1].get("table", "")
    names = [name for name in databases.tables(path) if name.startswith(begun) and line(name) == name]
    return [Match(databases.address_of(path, name), name, False, table=True) for name in names]


def _match(entry: os.DirEntry[str], typed: str, prefix: str) -> Match | None:
    name = entry.name
    if not name.startswith(prefix) or line(name) != name or (name.startswith(".") and not prefix.startswith(".")):
        return None
    try:
        if entry.is_dir():
            return Match(f"{typed}{name}/", name, True)
        if Path(name).suffix.lower() in ENDINGS and entry.is_file():
            return Match(f"{typed}{name}", name, False, entry.stat().st_size)
    except OSError:
        return None
    return None


def folder_for(data: str, here: Path) -> Path:
    """A folder for a project that does not hold one yet: ``phasegate``, else one named after the data."""
    plain = here / "phasegate"
    if not plain.exists():
        return plain
    stem = "database" if is_address(data) else re.sub(r"[^A-Za-z0-9._-]+", "-", Path(data).stem).strip("-.")
    wanted = here / f"phasegate-{stem or 'data'}"
    number = 2
    free = wanted
    while free.exists():
        free = wanted.with_name(f"{wanted.name}-{number}")
        number += 1
    return free


def size(count: int) -> str:
    """A file's size as a person reads it."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


@dataclass(frozen=True)
class FirstLook:
    """What the first glance at a location gives."""

    title: str
    told: tuple[str, ...] = ()
    rows: str = ""
    """The first rows, aligned."""
    readable: bool = False
    """Whether a closer look is worth its time."""


def first_look(location: str) -> FirstLook:
    """Name, size and first rows, inert; reads the disk, but never much of it."""
    held = databases.file_of(location)
    if held is not None:
        return _database(held, location)
    if is_address(location):
        return FirstLook(line(location), readable=True)
    path = Path(location)
    try:
        if path.is_dir():
            count = sum(1 for _ in path.glob("*.parquet"))
            files = f" with {count} Parquet files" if count else ""
            return FirstLook(f"{line(path.name)} · folder{files}", readable=bool(count))
        total = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError) as error:
        return FirstLook(f"{line(path.name)} can't be read: {getattr(error, 'strerror', None) or error}.")
    title = f"{line(path.name)} · {size(total)}"
    if not head:
        return FirstLook(title, ("The file is empty.",))
    if b"\0" in head:
        return FirstLook(title, readable=True)
    return FirstLook(title, rows=_rows(head.decode("utf-8", errors="replace"), whole=total <= _HEAD), readable=True)


def _database(path: Path, location: str) -> FirstLook:
    title = f"{line(path.name)} · SQLite database"
    found = databases.tables(path)
    named = databases.parted(location)[1].get("table")
    table = named or (found[0] if len(found) == 1 else None)
    if table is None or not is_address(location):
        names = ", ".join(f'"{line(name, 40)}"' for name in found) or "none"
        how = "Choose one from the list below the path." if found else "There is nothing to read in it."
        return FirstLook(title, (f"Tables: {names}. {how}",))
    try:
        rows = databases.first_rows(path, table, _LINES)
    except sqlite3.Error as error:
        return FirstLook(title, (f"{line(table)} can't be read: {line(str(error), 200)}.",))
    return FirstLook(f'{title} · table "{line(table, 40)}"', rows=aligned(rows), readable=True)


def _rows(text: str, *, whole: bool) -> str:
    """The first lines of a text; in columns where one separator divides them all alike."""
    lines = [each for each in text.splitlines()[: _LINES + 1] if each.strip()]
    lines = lines if whole or len(lines) < 2 else lines[: min(len(lines) - 1, _LINES)]
    for separator in _SEPARATORS:
        try:
            rows = list(csv.reader(lines, delimiter=separator, strict=True))
        except csv.Error:
            continue
        if rows and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows):
            return aligned(rows)
    return "\n".join(line(each, 300) for each in lines).rstrip()


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells in columns; long cells are cut with an ellipsis."""
    cells = [[line(cell.strip(), 300) for cell in row[:_COLUMNS]] for row in rows]
    widths = [min(_CELL, max(cell_len(row[n]) for row in cells)) for n in range(len(cells[0]))] if cells else []
    return "\n".join("  ".join(fit(cell, width) for cell, width in zip(row, widths, strict=True)) for row in cells)
