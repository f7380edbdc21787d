"""Reading a table from any file: what it is, its columns as typed values, and everything that was assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.absence import written_none
from tools.data.bounds import within_bounds
from tools.data.delimited import read_delimited
from tools.data.encodings import decode
from tools.data.inference import Inferred, StatedType, boolean_reading, file_decimal, infer, typed_reading
from tools.data.naming import unique_names
from tools.data.opening import content, format_of
from tools.data.reader_notes import codes, decimal_marks, doubtful_points, missing_marks, odd_cells, units
from tools.data.reading import Assumption, ColumnReading, Reading, read_cells, tidy
from tools.data.settings import SourceSettings, stated_type
from tools.data.totals import find_totals
from tools.errors import InputError
from tools.wording import Sentence, inert, listed, plural, say

if TYPE_CHECKING:
    from tools.data.formats import Columns


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
    texts: frozenset[int] = frozenset()
    """Places of columns that the source itself declares to be text."""
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
    return read_content(content(path, shown, chosen.table), chosen, shown)


def read_content(data: bytes, settings: SourceSettings, name: str) -> tuple[pd.DataFrame, Reading]:
    """Read a table from the bytes of a file, as :func:`read_table` does; ``name`` is what messages call it."""
    table = READERS[kind_of(data, name)](data, settings, name)
    _leave_out_totals(table, settings)
    return _typed(table, settings, name)


def _leave_out_totals(table: Table, settings: SourceSettings) -> int:
    """Take rows of totals off the end, where the person does not want them; how many they were."""
    if settings.totals == "keep":
        return 0
    found = find_totals(table.columns, settings.decimal)
    table.assumed += found.assumed()
    table.warnings += found.warnings()
    if found.rows:
        table.columns = [column.iloc[: -found.rows].reset_index(drop=True) for column in table.columns]
        table.lines = None if table.lines is None else table.lines[: -found.rows]
        table.skipped += found.rows
    return found.rows


def read_like(
    path: Path,
    reading: Reading,
    settings: SourceSettings | Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    partial: bool = False,
    totals: bool = True,
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
        totals: whether rows of totals at the end are kept, as rows to be scored are.

    Raises:
        InputError: a column is missing, or the file can't be read at all.
    """
    chosen = settings if isinstance(settings, SourceSettings) else SourceSettings.of(settings)
    shown = inert(name or path.name)
    data = content(path, shown, chosen.table)
    table = READERS[kind_of(data, shown)](data, chosen, shown)
    if not totals:
        _leave_out_totals(table, chosen)
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
        frame[column.name], told = within_bounds(frame[column.name], column.name)
        notes += [told] if told else []
    return pd.DataFrame(frame), tuple(notes)


def append_test(
    frame: pd.DataFrame, reading: Reading, path: Path, settings: SourceSettings, name: str | None = None
) -> tuple[pd.DataFrame, Reading]:
    """Put the rows of a test file of their own below the others; ``reading.test_rows`` counts them.

    Labels that differ between the files only by a trailing point or blank are made alike (as in "<=50K."), and said.
    """
    later, notes = read_like(path, reading, settings, name, totals=False)
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
    text, encoding, assumed, warning = decode(data, name, settings.encoding)
    found = read_delimited(
        text,
        name,
        separator=settings.separator,
        header=settings.header,
        ragged=settings.ragged,
        quote=settings.quote,
        skip=settings.skip,
        given=settings.names,
    )
    return Table(
        "delimited text",
        found.names,
        found.columns,
        found.lines,
        encoding,
        found.separator,
        found.skipped,
        assumed=([assumed] if assumed else []) + found.assumed,
        warnings=([warning] if warning else []) + found.warnings,
    )


def _parquet(data: bytes, settings: SourceSettings, name: str) -> Table:
    from tools.data.formats import read_parquet

    return _of_columns("parquet", read_parquet(data, name))


def _arrow(data: bytes, settings: SourceSettings, name: str) -> Table:
    from tools.data.formats import read_arrow

    return _of_columns("arrow", read_arrow(data, name))


def _excel(data: bytes, settings: SourceSettings, name: str) -> Table:
    from tools.data.excel import read_excel

    return _of_columns("excel", read_excel(data, name, settings.sheet, settings.header, settings.skip))


def _json(data: bytes, settings: SourceSettings, name: str) -> Table:
    from tools.data.json_tables import read_jsonl

    return _of_columns("jsonl", read_jsonl(data, name, settings.sheet))


def _arff(data: bytes, settings: SourceSettings, name: str) -> Table:
    from tools.data.arff import read_arff

    return _of_columns("arff", read_arff(data, name))


def _of_columns(kind: str, found: Columns) -> Table:
    texts = frozenset(found.texts)
    return Table(kind, found.names, found.columns, texts=texts, assumed=found.assumed, warnings=found.warnings)


READERS: dict[str, Callable[[bytes, SourceSettings, str], Table]] = {
    "delimited": _delimited,
    "parquet": _parquet,
    "arrow": _arrow,
    "arrow stream": _arrow,
    "excel": _excel,
    "jsonl": _json,
    "arff": _arff,
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
    types = _stated_types(settings, names, name)
    raw = [column for column in table.columns if column.dtype == "str"]
    decimal = settings.decimal or file_decimal(raw)
    readings: list[ColumnReading] = []
    values: dict[str, pd.Series] = {}
    found: list[Inferred] = []
    for place, (column, title) in enumerate(zip(table.columns, names, strict=True)):
        stated = types.get(title)
        if column.dtype == "str" or stated is not None:
            column = column if column.dtype == "str" else as_texts(column)
            declared = place in table.texts and stated is None
            inferred = infer(
                title,
                place + 1,
                column,
                decimal=decimal,
                # what the source declares to be a level is one
                missing=() if declared and settings.missing is None else settings.missing,
                renamed_from=renamed.get(title),
                stated=StatedType("text") if declared else stated,
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
    assumed += units(found)
    assumed += missing_marks(found)
    assumed += codes(found)
    if settings.decimal is None and table.separator in (";", "\t"):
        # where a comma separates, nobody writes it into a number without quotation marks
        assumed += doubtful_points(found)
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
    for title in names:
        values[title], told = within_bounds(values[title], title)
        warnings += [told] if told else []
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
        absent=written_none(found, values),
    )
    return frame, reading


def _stated_types(settings: SourceSettings, names: list[str], name: str) -> dict[str, StatedType]:
    unknown = [column for column in settings.types or {} if column not in names]
    if unknown:
        raise InputError(
            f'source.types names "{inert(unknown[0])}", which is no column of {name}.',
            hint=f"Its columns: {listed(names, 20)}.",
            code=8,
            file=name,
            column=unknown[0],
        )
    return {column: stated_type(column, said) for column, said in (settings.types or {}).items()}


def as_texts(column: pd.Series) -> pd.Series:
    """Values as the text cells that they would be in a file: whole numbers without a point, dates in ISO form."""
    kind = _of_type("", 1, column)[0].type
    if kind == "integer":
        cells = [None if pd.isna(value) else str(int(value)) for value in column]
    elif kind == "date":
        cells = [None if pd.isna(value) else pd.Timestamp(value).isoformat() for value in column]
    else:
        cells = [None if pd.isna(value) else str(value) for value in column]
    return pd.Series(cells, dtype="str")


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
