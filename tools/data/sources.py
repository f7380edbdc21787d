"""Reading a table from any file: what it is, its columns as typed values, and everything that was assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic
from numpy.typing import NDArray

from tools.data.delimited import decode, read_delimited
from tools.data.inference import Inferred, boolean_reading, file_decimal, infer, typed_reading
from tools.data.naming import unique_names
from tools.data.opening import content, format_of
from tools.data.reader_notes import decimal_marks, missing_marks, odd_cells
from tools.data.reading import Assumption, ColumnReading, Reading, read_cells, tidy
from tools.errors import InputError
from tools.records import Record
from tools.wording import Sentence, inert, listed, plural, say


class SourceSettings(Record):
    """How to read, where the person says so; what is not said is found."""

    separator: str | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    header: bool | None = None
    names: tuple[str, ...] | None = None
    missing: tuple[str, ...] | dict[str, tuple[str, ...]] | None = None
    """Marks that replace the usual ones: for all columns, or by column."""
    sheet: str | int | None = None
    ragged: Literal["error", "skip"] | None = None
    table: str | None = None
    query: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> SourceSettings:
        """Settings from answers, ``source.`` taken off their ids.

        Raises:
            InputError: a value that can't be meant.
        """
        known = {key: value for key, value in (settings or {}).items() if key in cls.model_fields}
        if isinstance(known.get("names"), str):
            known["names"] = [name.strip() for name in known["names"].split(",")]
        if isinstance(known.get("missing"), str):
            known["missing"] = [known["missing"]]
        if isinstance(known.get("header"), str):
            known["header"] = {"yes": True, "true": True, "no": False, "false": False}.get(
                known["header"], known["header"]
            )
        known["separator"] = {"tab": "\t", "\\t": "\t", "blank": " ", "space": " "}.get(
            known.get("separator") or "", known.get("separator")
        )
        if known["separator"] is not None and len(known["separator"].strip(" ") or " ") != 1:
            raise InputError("source.separator must be one character.", hint='Use ",", ";", "|" or tab.', code=8)
        if known["separator"]:
            known["separator"] = known["separator"].strip(" ") or " "
        try:
            return cls(**known)
        except pydantic.ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"][:1])
            raise InputError(
                f"The setting source.{place} can't be used: {error.errors()[0]['msg'].lower()}.",
                hint="Mend it in the answers file or leave it out.",
                code=8,
            ) from None


@dataclass
class Table:
    """What a format's reader hands on: columns as raw text cells or as typed values, and what it decided."""

    format: str
    names: list[str] | None
    columns: list[pd.Series]
    """``str`` columns are raw cells and still to be read; others are values."""
    lines: NDArray[np.int64] | None = None
    encoding: str | None = None
    separator: str | None = None
    skipped: int = 0
    assumed: list[Assumption] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)


def read_table(
    path: Path, settings: SourceSettings | Mapping[str, Any] | None = None, name: str | None = None
) -> tuple[pd.DataFrame, Reading]:
    """Read a table file.

    Args:
        path: the file.
        settings: ``source.`` settings by the rest of their ids.
        name: the file's original name for messages, where ``path`` is a copy under another.

    Returns:
        All rows in source order, columns in source order under unique names, types as in ``tools.data.reading``; and
        how it was read.

    Raises:
        InputError: not a table, damaged, empty, or lines of differing length.
    """
    chosen = settings if isinstance(settings, SourceSettings) else SourceSettings.of(settings)
    shown = inert(name or path.name)
    return read_content(content(path, shown), chosen, shown)


def read_content(data: bytes, settings: SourceSettings, name: str) -> tuple[pd.DataFrame, Reading]:
    """Read a table from the bytes of a file, as :func:`read_table` does; ``name`` is what messages call it."""
    return _typed(READERS[kind_of(data, name)](data, settings, name), settings, name)


def read_like(
    path: Path,
    reading: Reading,
    settings: SourceSettings | Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    partial: bool = False,
) -> tuple[pd.DataFrame, tuple[Sentence, ...]]:
    """Read a later file the way an earlier one was read: same columns, same types, same marks.

    Columns are found by name, or by place where either file has no header. Columns that the earlier file did not
    have are left out; a cell that can't be read becomes missing; both are told.

    Args:
        path: the later file.
        reading: how the earlier file was read.
        settings: what was stated of the later file.
        name: what it is called in messages.
        partial: whether columns may be absent; the frame has those that are there.

    Raises:
        InputError: a column is missing, or the file can't be read at all.
    """
    chosen = settings if isinstance(settings, SourceSettings) else SourceSettings.of(settings)
    shown = inert(name or path.name)
    data = content(path, shown)
    table = READERS[kind_of(data, shown)](data, chosen, shown)
    notes: list[Sentence] = list(table.warnings)
    by_name = {column: place for place, column in reversed(list(enumerate(table.names or [])))}
    frame = {}
    for column in reading.columns:
        wanted = column.name if column.renamed_from is None else column.renamed_from
        place = by_name.get(column.name, by_name.get(wanted)) if reading.header and table.names else None
        repeated = column.renamed_from is not None and table.names is not None
        if place is None or repeated:
            same_width = len(table.columns) == len(reading.columns)
            place = column.position - 1 if same_width and (repeated or not reading.header or not table.names) else place
        if place is None or place >= len(table.columns):
            if partial:
                continue
            raise InputError(
                f'{shown} has no column "{inert(column.name)}".',
                hint="Add it, or give the right file.",
                file=shown,
                column=column.name,
            )
        cells = table.columns[place]
        if cells.dtype == "str" or column.type == "text":
            read = read_cells(column, cells.astype("str"))
            if read.unreadable.any():
                notes.append(
                    say(
                        '{cells|int} {word} of "{column}" in {file} could not be read and count as missing',
                        cells=int(read.unreadable.sum()),
                        word=plural(int(read.unreadable.sum()), "cell"),
                        column=column.name,
                        file=shown,
                    )
                )
            frame[column.name] = read.values
        else:
            frame[column.name] = tidy(cells, column.type)
    return pd.DataFrame(frame), tuple(notes)


def append_test(
    frame: pd.DataFrame, reading: Reading, path: Path, settings: SourceSettings, name: str | None = None
) -> tuple[pd.DataFrame, Reading]:
    """Put the rows of a test file of their own below the others; ``reading.test_rows`` counts them.

    Labels that differ between the files only by a trailing point or blank are made alike (as in "<=50K."), and said.
    """
    later, notes = read_like(path, reading, settings, name)
    for column in reading.columns:
        if column.type != "text":
            continue
        known, new = set(frame[column.name].dropna()), set(later[column.name].dropna())
        if new and not new & known and {text.rstrip(". ") for text in new} <= known:
            later[column.name] = later[column.name].str.rstrip(". ")
            notes = (
                *notes,
                say(
                    'the test file writes the values of "{column}" with a trailing point, which was taken off',
                    column=column.name,
                ),
            )
    both = pd.concat([frame, later], ignore_index=True)
    for column in reading.columns:
        both[column.name] = tidy(both[column.name], column.type)
    update = {"rows": len(both), "test_rows": len(later), "warnings": (*reading.warnings, *notes)}
    return both, reading.model_copy(update=update)


def kind_of(data: bytes, name: str) -> str:
    """The readable format of a file by its first bytes.

    Raises:
        InputError: it is something else than a table.
    """
    return format_of(data, name, READERS)


def _delimited(data: bytes, settings: SourceSettings, name: str) -> Table:
    text, encoding, assumed = decode(data, name, settings.encoding)
    found = read_delimited(
        text,
        name,
        separator=settings.separator,
        header=settings.header,
        ragged=settings.ragged,
    )
    return Table(
        "delimited text",
        found.names,
        found.columns,
        found.lines,
        encoding,
        found.separator,
        found.skipped,
        ([assumed] if assumed else []) + found.assumed,
        found.warnings,
    )


def _binary(kind: str) -> Callable[[bytes, SourceSettings, str], Table]:
    def read(data: bytes, settings: SourceSettings, name: str) -> Table:
        from tools.data import formats

        found = getattr(formats, f"read_{kind}")(data, name, settings.sheet)
        return Table(kind, found.names, found.columns, assumed=found.assumed, warnings=found.warnings)

    return read


READERS: dict[str, Callable[[bytes, SourceSettings, str], Table]] = {
    "delimited": _delimited,
    "parquet": _binary("parquet"),
    "arrow": _binary("arrow"),
    "excel": _binary("excel"),
    "jsonl": _binary("jsonl"),
}
"""Format to its reader; a new format is one line here."""


def _typed(table: Table, settings: SourceSettings, name: str) -> tuple[pd.DataFrame, Reading]:
    names, renamed, notes = unique_names(table.names, settings.names, len(table.columns))
    warnings = [*table.warnings, *notes]
    assumed = list(table.assumed)
    if table.names is None and settings.names is None:
        assumed.append(
            Assumption(
                what="names",
                value=f"{names[0]} … {names[-1]}",
                evidence=say("the source names no columns; source.names gives them names"),
            )
        )
    raw = [column for column in table.columns if column.dtype == "str"]
    decimal = settings.decimal or file_decimal(raw)
    readings: list[ColumnReading] = []
    values: dict[str, pd.Series] = {}
    found: list[Inferred] = []
    for place, (column, title) in enumerate(zip(table.columns, names, strict=True)):
        if column.dtype == "str":
            missing = settings.missing
            inferred = infer(
                title, place + 1, column, decimal=decimal, missing=missing, renamed_from=renamed.get(title)
            )
            found.append(inferred)
            readings.append(inferred.reading)
            values[title] = inferred.cells.values
            warnings += odd_cells(inferred, table.lines)
        else:
            typed, values[title] = _of_type(title, place + 1, column)
            readings.append(typed.model_copy(update={"renamed_from": renamed.get(title)}))
    assumed += [assumption for inferred in found for assumption in inferred.assumed]
    assumed += decimal_marks(found)
    assumed += missing_marks(found)
    spaced = [inferred for inferred in found if inferred.spaced]
    if spaced:
        assumed.append(
            Assumption(
                what="blanks",
                value="removed",
                evidence=say(
                    "white space around values is taken off in {columns|int} {word}, such as {names}",
                    columns=len(spaced),
                    word=plural(len(spaced), "column"),
                    names=listed([inferred.reading.name for inferred in spaced], 2),
                ),
            )
        )
    frame = pd.DataFrame(values, columns=names)
    reading = Reading(
        format=table.format,
        encoding=table.encoding,
        separator=table.separator,
        header=table.names is not None,
        skipped_lines=table.skipped,
        rows=len(frame),
        assumed=tuple(assumed),
        columns=tuple(readings),
        warnings=tuple(warnings),
    )
    return frame, reading


def _of_type(name: str, position: int, column: pd.Series) -> tuple[ColumnReading, pd.Series]:
    """Reading and values of a column that the source types itself."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return boolean_reading(name, position), tidy(column, "boolean")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return typed_reading(name, position, "date"), tidy(column, "date")
    if pd.api.types.is_integer_dtype(column.dtype):
        return typed_reading(name, position, "integer"), tidy(column, "integer")
    present = column.dropna()
    whole = len(present) > 0 and len(present) < len(column) and bool((present == np.floor(present)).all())
    # whole numbers with missing values are stored as floats by most writers
    if whole and bool((present.abs() < 2**53).all()):
        return typed_reading(name, position, "integer"), tidy(column, "integer")
    return typed_reading(name, position, "number"), tidy(column, "number")
