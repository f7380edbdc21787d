"""Delimited text: where its table lies, and its cells as raw text, line by line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tools.data import layout
from tools.data.dialects import SEPARATOR_NAMES, Dialect, find_dialect, head, records
from tools.data.encodings import NOT_TEXT
from tools.data.reading import Assumption
from tools.errors import InputError
from tools.wording import Sentence, plural, say

CHUNK = 50_000
"""Records held as Python text at once."""
EXCEL_HINTS = {f"sep={mark}": mark for mark in ",;|\t"}
"""A first line that tells Excel the separator."""


@dataclass
class Delimited:
    """Raw cells of a delimited source."""

    names: list[str] | None
    """First row, where it is a header."""
    columns: list[pd.Series]
    lines: NDArray[np.int64]
    """1-based line on which each row begins."""
    separator: str
    skipped: int = 0
    assumed: list[Assumption] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)


def read_delimited(
    text: str,
    name: str,
    *,
    separator: str | None = None,
    header: bool | None = None,
    ragged: str | None = None,
    quote: str | None = None,
    skip: int | None = None,
    given: Sequence[str] | None = None,
) -> Delimited:
    """Split text into columns of raw cells.

    Args:
        text: the whole file.
        name: its name, for messages.
        separator: stated separator, or None to find it.
        header: whether the first row holds names, or None to find out.
        ragged: "skip" leaves out rows with another number of fields and counts them; otherwise they are an error.
        quote: stated quotation mark, or None to find it.
        skip: lines with content before the table, or None to find out.
        given: names for the columns that the person states.

    Raises:
        InputError: no rows, rows of differing length, an unclosed quote, or text that is no table.
    """
    if "\0" in text:
        raise InputError(
            f"{name} is not a text table: it holds zero bytes.",
            hint=NOT_TEXT,
            line=text[: text.index("\0")].count("\n") + 1,
            file=name,
        )
    hint, told = _excel_hint(text)
    dialect = find_dialect(text[hint:], separator or told, quote)
    found = Delimited(None, [], np.empty(0, dtype=np.int64), dialect.separator)
    shift = 1 if hint else 0
    first = [(line + shift, record) for line, record in head(text[hint:], dialect)]
    if not first:
        raise InputError(f"{name} is empty: it has no lines with content.", hint="Give another file.", file=name)
    rows = [record for _, record in first]
    common = layout.usual_width(rows)
    above = layout.lines_above(rows, common) if skip is None else min(skip, len(rows) - 1)
    first, rows = first[above:], rows[above:]
    has_header, why = (header, None) if header is not None else layout.find_header(rows, given)
    if has_header and layout.COMMENT.match(rows[0][0]) and len(rows[0]) == common:
        rows[0] = [layout.COMMENT.sub("", rows[0][0], count=1).strip(), *rows[0][1:]]
    width = len(rows[0]) if has_header and len(rows) > 1 else common
    _tell(found, dialect, separator, told, width)
    if why is not None:
        found.assumed.append(Assumption(what="header", value="yes" if has_header else "no", evidence=why))
    if above:
        found.warnings.append(_above(above))
        found.assumed.append(Assumption(what="skip", value=str(above), evidence=_above(above)))
    if has_header:
        found.names = rows[0]
        if width == common - 1 and len(rows) > 1:
            # as R's write.table does: row names without a name of their own
            found.names, width = ["", *rows[0]], common
    begin = first[0][0] + (1 if has_header else 0)
    source = ((line + shift, record) for line, record in records(text[hint:], dialect))
    _fill(found, source, begin, width, name, ragged)
    found.skipped += above
    return found


def _excel_hint(text: str) -> tuple[int, str | None]:
    """Where the text goes on below a line such as ``sep=;``, and the separator that it states."""
    line, ending, _ = text[:16].partition("\n")
    told = EXCEL_HINTS.get(line.strip("\r ").lower().strip('"'))
    return (len(line) + len(ending), told) if told else (0, None)


def _above(lines: int) -> Sentence:
    return say(
        "{lines|int} {word} before the table skipped: no part of it by width and kind",
        lines=lines,
        word=plural(lines, "line"),
    )


def _tell(found: Delimited, dialect: Dialect, stated: str | None, hint: str | None, width: int) -> None:
    mark = dialect.separator
    if stated is None and width > 1:
        found.assumed.append(
            Assumption(
                what="separator",
                value=mark,
                evidence=say("the first line says so")
                if hint
                else say(
                    "split at each {separator}, lines have {fields|int} fields",
                    separator=SEPARATOR_NAMES.get(mark, mark),
                    fields=width,
                ),
            )
        )
    if (dialect.quote, dialect.escape) != ('"', None):
        found.assumed.append(
            Assumption(
                what="quote",
                value=dialect.quote,
                evidence=say(
                    "fields are protected by {quote}"
                    + (" and a backslash before a mark inside" if dialect.escape else "")
                    + ": only so do the lines have fields alike",
                    quote=dialect.quote,
                ),
            )
        )


def _fill(
    found: Delimited, source: Iterator[tuple[int, list[str]]], begin: int, width: int, name: str, ragged: str | None
) -> None:
    """Put all records from line ``begin`` on into columns."""
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    lines: list[NDArray[np.int64]] = []
    wrong: deque[tuple[int, list[str]]] = deque()
    held: list[list[str]] = []
    starts: list[int] = []
    blank, last = 0, begin

    def flush() -> None:
        if held:
            for column, cells in zip(chunks, zip(*held, strict=True), strict=True):
                column.append(pa.array(cells, pa.large_string()))
            lines.append(np.asarray(starts, dtype=np.int64))
            held.clear()
            starts.clear()

    try:
        for line, record in source:
            last = line
            if line < begin:
                continue
            if width > 1 and not any(cell.strip() for cell in record):
                blank += 1
            elif len(record) != width:
                wrong.append((line, record))
            else:
                held.append(record)
                starts.append(line)
                if len(held) >= CHUNK:
                    flush()
        flush()
    except csv.Error:
        raise InputError(
            f"{name}: a field after line {last} does not end.",
            hint="A quotation mark may be left open there; mend the file, or set source.quote.",
            file=name,
            line=last,
        ) from None
    except UnicodeEncodeError:
        raise InputError(
            f"{name}: a line after line {last} holds half a character.", hint="Mend the file.", file=name, line=last
        ) from None
    end = int(lines[-1][-1]) if lines else begin
    remarks = _remarks(wrong, end, chunks[0][0].to_pylist() if lines and chunks[0] else [])
    if wrong and ragged != "skip":
        raise _ragged([(line, len(record)) for line, record in wrong], width, name, found.names is not None)
    if not lines:
        raise InputError(
            f"{name} has {width:,} {plural(width, 'column')} but no data rows.",
            hint="Give a file with rows below the header.",
            file=name,
        )
    _tell_left_out(found, remarks, blank, wrong)
    found.lines = np.concatenate(lines)
    found.columns = [pd.Series(pa.chunked_array(column).to_pandas(), dtype="str") for column in chunks]


def _remarks(wrong: deque[tuple[int, list[str]]], end: int, first_column: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Rows of another width below the table that are remarks; they are taken out of ``wrong``."""
    below = [item for item in wrong if item[0] > end]
    if not first_column or len(below) > layout.BELOW:
        return []
    if not all(layout.is_remark(record, first_column) for _, record in below):
        return []
    for _ in below:
        wrong.pop()
    return below


def _tell_left_out(
    found: Delimited, remarks: list[tuple[int, list[str]]], blank: int, wrong: deque[tuple[int, list[str]]]
) -> None:
    if remarks:
        found.skipped += len(remarks)
        found.warnings.append(
            say(
                "{lines|int} {word} below the table left out, the first on line {first|int}",
                lines=len(remarks),
                word=plural(len(remarks), "line"),
                first=remarks[0][0],
            )
        )
    if blank:
        found.skipped += blank
        found.warnings.append(
            say("{lines|int} {word} without any value left out", lines=blank, word=plural(blank, "line"))
        )
    if wrong:
        found.skipped += len(wrong)
        found.warnings.append(
            say(
                "{lines|int} {word} with another number of fields left out, the first on line {first|int}",
                lines=len(wrong),
                word=plural(len(wrong), "row"),
                first=wrong[0][0],
            )
        )


def _ragged(wrong: list[tuple[int, int]], width: int, name: str, header: bool) -> InputError:
    line, fields = wrong[0]
    rest = wrong[1:]
    more = f" Line {rest[0][0]} has {rest[0][1]}" if rest else ""
    if len(rest) > 1:
        more += f", and {len(rest) - 1:,} more {plural(len(rest) - 1, 'line')} differ"
    return InputError(
        f"{name}, line {line}: {fields} {plural(fields, 'field')} where the "
        f"{'header has' if header else 'other lines have'} {width}.{more + '.' if more else ''}",
        hint="Skip such lines with --set source.ragged=skip, or mend the file.",
        file=name,
        line=line,
    )
