"""Files of rows in, files of predictions out: delimited text, Parquet and JSON lines, by the shipped reading.

A file is text unless its first bytes or its ending say otherwise. Columns are found by name; where training read a
table without header, by place (the target may be left out). A line of text with too many or too few fields is a row
that can't be scored. In text that goes out, cells that a spreadsheet would take for a formula get an apostrophe.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .scorer import MissingColumns, Scores

SEPARATORS = (",", ";", "\t", "|")
ERROR = "error"
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class TableError(ValueError):
    """A file can't be read or written; the message is a sentence."""


@dataclass(frozen=True)
class Rows:
    """Raw cells of a file."""

    columns: Mapping[str, Sequence[Any]]
    """Cells by the names of the reading."""
    count: int
    faults: Mapping[int, str]
    """Rows that have no proper cells, with the reason."""
    extra: tuple[str, ...]
    """Columns of the file that the reading does not know."""


def places(names: Sequence[str] | None, width: int, reading: Mapping[str, Any], target: str) -> dict[str, int]:
    """Where the columns of the reading lie in a file, as far as they are there.

    Args:
        names: the file's header, or None where it has none.
        width: columns of the file.
        reading: the shipped reading.
        target: name of the target, which a file without header may leave out.
    """
    known = sorted(reading["columns"], key=lambda column: int(column["position"]))
    if names is None:
        if width == len(known) - 1:
            known = [column for column in known if column["name"] != target]
        return {column["name"]: place for place, column in enumerate(known)} if width == len(known) else {}
    found: dict[str, int] = {}
    seen: dict[str, int] = {}
    for column in known:
        name = column["name"]
        source = name if column.get("renamed_from") is None else column["renamed_from"]
        nth = seen.get(source, 0)
        seen[source] = nth + 1
        spots = [place for place, held in enumerate(names) if held == source]
        if name in names:
            found[name] = names.index(name) if name != source or nth == 0 else spots[min(nth, len(spots) - 1)]
        elif nth < len(spots):
            found[name] = spots[nth]
    return found


def read_rows(path: Path, reading: Mapping[str, Any], needed: Sequence[str], target: str) -> Rows:
    """Read a file of rows.

    Args:
        path: delimited text, Parquet or JSON lines; text and JSON lines may be packed by gzip.
        reading: the shipped reading.
        needed: columns that must be there.
        target: name of the target column, which is never read.

    Raises:
        TableError: the file can't be read.
        MissingColumns: needed columns are not in it.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as wrong:
        raise TableError(f"{path.name} can't be read: {type(wrong).__name__}.") from None
    if not content.strip():
        raise TableError(f"{path.name} is empty.")
    if content[:4] == b"PAR1":
        return _read_parquet(path, content, needed, reading, target)
    if path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        return _read_json_lines(path, content, needed, reading)
    return _read_text(path, content, reading, needed, target)


def _extra(names: Iterable[str], reading: Mapping[str, Any]) -> tuple[str, ...]:
    known = {column["name"] for column in reading["columns"]}
    known |= {column["renamed_from"] for column in reading["columns"] if column.get("renamed_from") is not None}
    return tuple(name for name in names if name not in known)


def _require(found: Iterable[str], needed: Sequence[str]) -> None:
    there = set(found)
    absent = [name for name in needed if name not in there]
    if absent:
        raise MissingColumns(absent)


def _decoded(path: Path, content: bytes, encoding: str | None) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for trial in ("utf-8-sig", encoding or "utf-8"):
        try:
            return content.decode(trial)
        except (UnicodeDecodeError, LookupError):
            continue
    raise TableError(f"{path.name} is not text in UTF-8 or in {encoding}, the encoding of the training file.")


def _read_text(path: Path, content: bytes, reading: Mapping[str, Any], needed: Sequence[str], target: str) -> Rows:
    text = _decoded(path, content, reading.get("encoding"))
    usual = reading.get("separator") or ","
    tried = [usual, *(other for other in SEPARATORS if other != usual)]
    best: tuple[int, str, list[str] | None, dict[str, int]] | None = None
    for separator in tried:
        first = next(_lines(text[:1_000_000], separator, path), [])
        # a table that had no header may have got one since
        headed = reading.get("header", True) or len({*first} & {*needed}) > len(needed) / 2
        names = [name.strip() for name in first] if headed else None
        found = places(names, len(first), reading, target)
        score = sum(name in found for name in needed)
        if best is None or score > best[0]:
            best = (score, separator, names, found)
    assert best is not None
    _, separator, names, found = best
    _require(found, needed)
    columns: dict[str, list[str | None]] = {name: [] for name in needed}
    faults: dict[int, str] = {}
    width, count = 0, 0
    for number, fields in enumerate(_lines(text, separator, path)):
        if number == 0:
            width = len(fields)
            if names is not None:
                continue
        if len(fields) == width:
            for name, cells in columns.items():
                cells.append(fields[found[name]])
        else:
            faults[count] = f"the line has {len(fields)} fields where {width} are expected"
            for cells in columns.values():
                cells.append(None)
        count += 1
    return Rows(columns, count, faults, _extra(names or (), reading))


def _lines(text: str, separator: str, path: Path) -> Iterator[list[str]]:
    """Fields of each line that is not blank."""
    csv.field_size_limit(10_000_000)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for fields in lines:
            # a blank at the end of a line separated by blanks is no field
            if separator == " " and fields and not fields[-1]:
                fields = fields[:-1]
            if fields and any(fields):
                yield fields
    except csv.Error as wrong:
        raise TableError(f"{path.name}, line {lines.line_num}: {wrong}.") from None


def _read_parquet(path: Path, content: bytes, needed: Sequence[str], reading: Mapping[str, Any], target: str) -> Rows:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        names = file.schema_arrow.names
        found = places(names, len(names), reading, target)
        _require(found, needed)
        table = file.read()
    except pyarrow.ArrowException as wrong:
        raise TableError(f"{path.name} is not a sound Parquet file: {type(wrong).__name__}.") from None
    columns = {name: _cells(table.column(found[name])) for name in needed}
    return Rows(columns, int(table.num_rows), {}, _extra(names, reading))


def _cells(column: Any) -> Any:
    """An Arrow column as cells: numbers without gaps as an array, all else as a list."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    quick = pyarrow.types.is_integer(column.type) or pyarrow.types.is_floating(column.type)
    if quick and column.null_count == 0:
        return column.to_numpy()
    if pyarrow.types.is_timestamp(column.type):
        return column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False).to_pylist()
    return column.to_pylist()


def _read_json_lines(path: Path, content: bytes, needed: Sequence[str], reading: Mapping[str, Any]) -> Rows:
    columns: dict[str, list[Any]] = {name: [] for name in needed}
    names: dict[str, None] = {}
    faults: dict[int, str] = {}
    lines = [line for line in _decoded(path, content, "utf-8").splitlines() if line.strip()]
    for count, line in enumerate(lines):
        row: Any = None
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            faults[count] = "the line is not JSON"
        if not isinstance(row, dict):
            faults.setdefault(count, "the line is not a JSON object")
            row = {}
        names.update(dict.fromkeys(row))
        for name, cells in columns.items():
            # absent is unknown, as writers of JSON lines leave nulls out
            cells.append(row.get(name))
    if len(faults) < len(lines):
        _require(names, needed)
    return Rows(columns, len(lines), faults, _extra(names, reading))


# ── predictions out ─────────────────────────────────────────────────────────


def output_columns(scores: Scores, classes: Sequence[str], faults: Mapping[int, str]) -> dict[str, list[Any]]:
    """The columns of a file of predictions: ``prediction``, ``p_<class>`` …, ``error``; None in what is empty.

    A column ``referred`` stands before ``error`` where a refer band was decided.
    """
    count = len(scores.prediction)
    errors = [faults.get(row, scores.errors[row]) for row in range(count)]
    bad = [error is not None for error in errors]

    def shown(values: Sequence[Any]) -> list[Any]:
        return [None if wrong else value for value, wrong in zip(values, bad, strict=True)]

    out: dict[str, list[Any]] = {"prediction": shown(scores.prediction)}
    if scores.probabilities is not None:
        for code, name in enumerate(classes):
            out[f"p_{name}"] = shown(scores.probabilities[:, code].tolist())
    if scores.referred is not None:
        out["referred"] = shown(scores.referred.tolist())
    out[ERROR] = errors
    return out


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula; plain numbers stay as they are."""
    return f"'{text}" if text.startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(text) else text


def _text_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) else repr(value)


def _write_text(separator: str) -> Callable[[Path, Mapping[str, Sequence[Any]]], None]:
    def write(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=separator, lineterminator="\n")
            writer.writerow([guarded(name) for name in columns])
            writer.writerows([_text_cell(value) for value in row] for row in zip(*columns.values(), strict=True))

    return write


def _write_parquet(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({name: _arrow(name, cells) for name, cells in columns.items()}), path)


def _arrow(name: str, cells: Sequence[Any]) -> Any:
    import pyarrow

    first = next((cell for cell in cells if cell is not None), None)
    if name == ERROR or isinstance(first, str):
        return pyarrow.array(cells, type=pyarrow.string())
    return pyarrow.array(cells, type=pyarrow.bool_() if isinstance(first, bool) else pyarrow.float64())


def _write_json_lines(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for row in zip(*columns.values(), strict=True):
            line = dict(zip(columns, row, strict=True))
            out.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")


WRITERS: dict[str, Callable[[Path, Mapping[str, Sequence[Any]]], None]] = {
    ".csv": _write_text(","),
    ".tsv": _write_text("\t"),
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
}
"""Ending to writer; a new format is one function and one line."""


def writer_for(out: Path) -> Callable[[Path, Mapping[str, Sequence[Any]]], None]:
    """The writer for a file by its ending.

    Raises:
        TableError: no format has this ending.
    """
    if out.suffix.lower() not in WRITERS:
        raise TableError(f"{out.name} has no known ending; use one of {', '.join(WRITERS)}.")
    return WRITERS[out.suffix.lower()]


def write_table(out: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns to a file whole or not at all.

    Raises:
        TableError: the ending is not known, or the file can't be written.
    """
    write = writer_for(out)
    part = out.with_name(f".{out.name}.part{out.suffix}")
    try:
        write(part, columns)
        os.replace(part, out)
    except OSError as wrong:
        part.unlink(missing_ok=True)
        raise TableError(f"{out.name} can't be written: {wrong.strerror or type(wrong).__name__}.") from None
