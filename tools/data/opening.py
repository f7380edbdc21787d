"""Opening a file: its bytes, unpacked, and what kind of file it is by its first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Container
from pathlib import Path

from tools.errors import InputError

MAXIMUM_BYTES = 8_000_000_000
"""Size of an unpacked file past which it is refused rather than read into memory."""
PACKED_RATIO = 1_000
"""Packed to unpacked size past which a large archive is taken for a bomb."""


def content(path: Path, name: str) -> bytes:
    """The file's bytes, unpacked where it is a gzip file.

    Raises:
        InputError: absent, empty, cut short or too large.
    """
    try:
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            raise InputError(
                f"{name} is larger than fits in memory here.",
                hint="Convert it to Parquet, or take a sample.",
                code=7,
                file=name,
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no file {name}.", hint="Check the path.", file=name) from None
    except PermissionError:
        raise InputError(f"{name} may not be read.", hint="Check its permissions.", code=7, file=name) from None
    if not data:
        raise InputError(f"{name} is empty (0 bytes).", hint="Give another file.", file=name)
    if data[:2] != b"\x1f\x8b":
        return data
    parts, total = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            while part := packed.read(16_000_000):
                parts.append(part)
                total += len(part)
                if total > MAXIMUM_BYTES or (total > 256_000_000 and total > PACKED_RATIO * len(data)):
                    raise InputError(
                        f"{name} unpacks to far more than its size suggests.",
                        hint="Unpack it yourself and give the table.",
                        code=7,
                        file=name,
                    )
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(
            f"{name}: the gzip file ends early or is damaged.",
            hint="The download may have broken off: get it again.",
            file=name,
        ) from None
    if not parts:
        raise InputError(f"{name} is empty once unpacked.", hint="Give another file.", file=name)
    return b"".join(parts)


MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"PK\x03\x04", "excel"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x80\x04\x95", "a pickle, which could run code"),
    (b"\x80\x05\x95", "a pickle, which could run code"),
)
"""First bytes to a readable format, or to what it is instead of a table."""
ADVICE = {
    "an SQLite database": "Give it as sqlite:///path/to/file.db with source.table or source.query.",
    "an old Office file": "Save it as .xlsx or CSV.",
}


def format_of(data: bytes, name: str, readable: Container[str]) -> str:
    """The format of a file by its first bytes: parquet, arrow, excel, jsonl or delimited.

    Args:
        data: the whole file.
        name: its name, for messages.
        readable: the formats that can be read.

    Raises:
        InputError: it is something else than a table.
    """
    for first, kind in MAGIC:
        if data.startswith(first):
            if kind in readable:
                return kind
            raise InputError(
                f"{name} is {kind}, not a table.",
                hint=ADVICE.get(kind, "Give a CSV, TSV, Parquet, JSONL, Excel or Arrow file."),
                file=name,
            )
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"{" and b'"' in start[:200]:
        return "jsonl"
    if start[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(
            f"{name} is a web page or XML, not a table.",
            hint="The download may have failed: get the data file.",
            file=name,
        )
    return "delimited"
