"""Opening a file: its bytes, unpacked, and what kind of file it is by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Container
from pathlib import Path, PurePosixPath
from typing import IO

from tools.errors import InputError
from tools.wording import inert, listed

MAXIMUM_BYTES = 8_000_000_000
"""Size of an unpacked file past which it is refused rather than read into memory."""
PACKED_RATIO = 1_000
"""Packed to unpacked size past which a large archive is taken for a bomb."""
READABLE = "Give a CSV, TSV, Parquet, JSON, Excel, ARFF or Arrow file."
DAMAGED = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)
"""What reading a damaged archive may raise."""


def address_of(path: Path) -> str | None:
    """The address of a file that is a database by its first bytes; None for any other file."""
    try:
        with path.open("rb") as opened:
            begins = opened.read(16)
    except OSError:
        return None
    if begins.startswith(b"SQLite format 3\0"):
        return f"sqlite:///{path}"
    return f"duckdb:///{path}" if begins[8:12] == b"DUCK" else None


def content(path: Path, name: str, member: str | None = None) -> bytes:
    """The file's bytes, unpacked where it is packed.

    Args:
        path: the file.
        name: what messages call it.
        member: which file of a ZIP archive of several.

    Raises:
        InputError: absent, empty, cut short, too large, or an archive of several tables.
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
    except IsADirectoryError:
        raise InputError(f"{name} is a folder.", hint="Give a file, or a folder of Parquet files.", file=name) from None
    except PermissionError:
        raise InputError(f"{name} may not be read.", hint="Check its permissions.", code=7, file=name) from None
    if not data:
        raise InputError(f"{name} is empty (0 bytes).", hint="Give another file.", file=name)
    return unpacked(data, name, member)


def unpacked(data: bytes, name: str, member: str | None = None) -> bytes:
    """What a packed file holds; other bytes as they are.

    Raises:
        InputError: cut short, too large once unpacked, empty, or an archive of several tables.
    """
    packing = next((found for found in PACKED if data.startswith(found)), None)
    if packing is not None:
        kind, opened = PACKED[packing]
        return _read(lambda: opened(io.BytesIO(data)), len(data), name, f"the {kind} file")
    if data.startswith(b"PK\x03\x04"):
        return _zip(data, name, member)
    return data


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa

    found: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
    return found


def _gzip(stream: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(gzip.GzipFile(fileobj=stream))


PACKED: dict[bytes, tuple[str, Callable[[IO[bytes]], IO[bytes]]]] = {
    b"\x1f\x8b": ("gzip", _gzip),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
}
"""First bytes to the packing's name and what opens it; a new one is one line here."""


def _read(opening: Callable[[], IO[bytes]], size: int, name: str, what: str) -> bytes:
    parts: list[bytes] = []
    total = 0
    try:
        with opening() as packed:
            while part := packed.read(16_000_000):
                parts.append(part)
                total += len(part)
                if total > MAXIMUM_BYTES or (total > 256_000_000 and total > PACKED_RATIO * size):
                    raise InputError(
                        f"{name} unpacks to far more than its size suggests.",
                        hint="Unpack it yourself and give the table.",
                        code=7,
                        file=name,
                    )
    except DAMAGED:
        raise InputError(
            f"{name}: {what} ends early or is damaged.",
            hint="The download may have broken off: get it again.",
            file=name,
        ) from None
    if not total:
        raise InputError(f"{name} is empty once unpacked.", hint="Give another file.", file=name)
    return b"".join(parts)


def _zip(data: bytes, name: str, member: str | None) -> bytes:
    """The one table in a ZIP archive; an Excel workbook, which is one too, as it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = archive.infolist()
            names = [entry.filename for entry in held]
            if "xl/workbook.xml" in names:
                return data
            if "mimetype" in names or "META-INF/manifest.xml" in names:
                raise InputError(f"{name} is an OpenDocument file.", hint="Save it as .xlsx or CSV.", file=name)
            tables = [entry for entry in held if not entry.is_dir() and _may_be_table(entry.filename)]
            chosen = [entry for entry in tables if member in (entry.filename, PurePosixPath(entry.filename).name)]
            if member is not None and len(chosen) != 1:
                raise InputError(
                    f'{name} holds no file "{inert(member)}".',
                    hint=f"It holds {listed([entry.filename for entry in tables], 20)}.",
                    code=8,
                    file=name,
                )
            if member is None and len(tables) != 1:
                raise InputError(
                    f"{name} holds {len(tables) or 'no'} files that may be tables.",
                    hint=f"Choose one with source.table: {listed([entry.filename for entry in tables], 20)}."
                    if tables
                    else READABLE,
                    file=name,
                )
            entry = (chosen or tables)[0]
            if entry.flag_bits & 1:
                raise InputError(f"{name} is locked with a password.", hint="Unpack it yourself.", file=name)
            return _read(lambda: archive.open(entry), len(data), name, "the ZIP file")
    except DAMAGED:
        raise InputError(
            f"{name}: the ZIP file ends early or is damaged.",
            hint="The download may have broken off: get it again.",
            file=name,
        ) from None


def _may_be_table(entry: str) -> bool:
    place = PurePosixPath(entry)
    hidden = any(part.startswith((".", "__")) for part in place.parts)
    return not hidden and place.suffix.lower() not in (".txt", ".md", ".pdf", ".names", ".html", ".htm", ".xml", ".png")


MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow stream"),
    (b"PK\x03\x04", "excel"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"FEA1", "a Feather file of the first version"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"X\n\x00\x00\x00", "an R file"),
    (b"RDX", "an R file"),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60", "a SAS file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x02", "a pickle, which could run code"),
    (b"\x80\x03", "a pickle, which could run code"),
    (b"\x80\x04", "a pickle, which could run code"),
    (b"\x80\x05", "a pickle, which could run code"),
)
"""First bytes to a readable format, or to what it is instead of a table."""
ADVICE = {
    "an SQLite database": "Give it, unpacked, as sqlite:///path/to/file.db.",
    "an old Office file": "Save it as .xlsx or CSV.",
    "a DuckDB database": "Give it, unpacked, as duckdb:///path/to/file.db.",
    "a tar archive": "Unpack it and give the table inside.",
    "a 7z archive": "Unpack it and give the table inside.",
    "a RAR archive": "Unpack it and give the table inside.",
}
FAR_MAGIC: tuple[tuple[int, bytes, str], ...] = ((8, b"DUCK", "a DuckDB database"), (257, b"ustar", "a tar archive"))
"""Bytes further inside that tell what a file is, and where."""


SPARSE = re.compile(r"[+-]?[0-9.]+( qid:[0-9]+)?( [0-9]+:[0-9.eE+-]+){2,}")
"""How a line of libsvm text begins."""


def format_of(data: bytes, name: str, readable: Container[str]) -> str:
    """The format of a file by its first bytes.

    Args:
        data: the whole file, unpacked.
        name: its name, for messages.
        readable: the formats that can be read.

    Raises:
        InputError: it is something else than a table.
    """
    kinds = [kind for first, kind in MAGIC if data.startswith(first)]
    kinds += [kind for place, part, kind in FAR_MAGIC if data[place : place + len(part)] == part]
    for kind in kinds[:1]:
        if kind in readable:
            return kind
        raise InputError(f"{name} is {kind}, not a table.", hint=ADVICE.get(kind, READABLE), file=name)
    start = _begin(data)
    if start[:1] == "{" and '"' in start[:200]:
        return "jsonl"
    if start[:1] == "[" and (start[1:].lstrip()[:1] in ("{", "[") or _is_list(start)):
        return "jsonl"
    if SPARSE.match(start):
        raise InputError(
            f"{name} is sparse text (libsvm), not a table: its lines hold pairs such as 3:0.5.",
            hint="Convert it to a table with a column per feature, such as Parquet.",
            file=name,
        )
    if start[:15].lower().startswith(("<!doctype", "<html", "<?xml", "<table")):
        raise InputError(
            f"{name} is a web page or XML, not a table.",
            hint="The download may have failed: get the data file.",
            file=name,
        )
    return "arff" if _is_arff(start) else "delimited"


def _begin(data: bytes) -> str:
    """The first characters, blanks before them left out, whichever way UTF stores them."""
    start = data[:4096]
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if start.startswith(mark):
            return start[2:].decode(encoding, errors="replace").lstrip()
    return start.removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip()


def _is_list(start: str) -> bool:
    """Whether the first line is a JSON list of several values."""
    try:
        found = json.loads(start.partition("\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(found, list) and len(found) > 1


def _is_arff(start: str) -> bool:
    lines = [line.strip().lower() for line in start.splitlines()]
    first = next((line for line in lines if line and not line.startswith("%")), "")
    return first.startswith("@relation")
