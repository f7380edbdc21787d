"""Choosing a file: what lies in a folder, how a half-typed path goes on, and a first look at a file."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tui.app.plain import block, line

ENDINGS = frozenset(
    ".csv .tsv .txt .data .parquet .pq .jsonl .ndjson .json .xlsx .xlsm .arrow .feather .ipc .gz .db .sqlite".split()
)
"""Endings of files that may hold a table; a path that is typed out may have any."""
MOST = 200
"""How many entries of a folder are offered."""
_LINES = 40
_HEAD = 16_384


@dataclass(frozen=True)
class Match:
    """One way in which a typed path goes on."""

    text: str
    """The whole path, as the person would have typed it; a folder ends in a slash."""
    name: str
    folder: bool
    size: int = 0


def is_address(text: str) -> bool:
    """Whether a text is a database address rather than a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def located(text: str) -> str:
    """What a person typed, as a location: an address as it stands, a path with its home written out."""
    return text if is_address(text) else os.path.expanduser(text)


def matches(text: str) -> list[Match]:
    """Folders and tables whose path begins with a text, folders first; reads the disk.

    Names with control characters are not offered: they could not be shown as they are.
    """
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


async def first_look(location: str) -> str:
    """The first lines of a text file, or name and size of any other, inert."""
    return await asyncio.to_thread(_first_look, location)


def _first_look(location: str) -> str:
    if is_address(location):
        return "A database. Its table or query is asked for when the run begins."
    path = Path(location)
    try:
        if path.is_dir():
            count = sum(1 for _ in path.glob("*.parquet"))
            return f"{line(path.name)} · folder" + (f" with {count} Parquet files" if count else "")
        total = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError) as error:
        return f"{line(path.name)} can't be read: {getattr(error, 'strerror', None) or error}."
    title = f"{line(path.name)} · {size(total)}"
    if not head:
        return f"{title}\n\nThe file is empty."
    if b"\0" in head:
        return f"{title} · not a text file"
    lines = block(head.decode("utf-8", errors="replace")).split("\n")[:_LINES]
    return f"{title}\n\n" + "\n".join(line(each, 300) for each in lines).rstrip()
