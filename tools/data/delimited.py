"""Delimited text: which encoding, separator and header it has, and its cells as raw text, line by line."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tools.data.reading import Assumption, number_pattern
from tools.errors import InputError
from tools.wording import Sentence, plural, say

SEPARATORS = (",", ";", "\t", "|", " ")
SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
ENCODING_NAMES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with byte-order mark", "utf-16": "UTF-16", "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16", "utf-32": "UTF-32", "latin-1": "Latin-1", "cp1252": "Windows-1252 (Latin-1)",
}  # fmt: skip
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 200_000
"""Characters that the separator is judged on."""
CHUNK = 50_000
"""Records held as Python text at once."""
FIELD_LIMIT = 4_000_000


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


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str, Assumption | None]:
    """Bytes to text: (text, name of the encoding, what was assumed).

    Raises:
        InputError: the stated encoding is unknown or does not fit, or the bytes are no text.
    """
    if encoding:
        try:
            text = data.decode(encoding)
        except LookupError:
            raise InputError(
                f'There is no encoding called "{encoding}".',
                hint="Use utf-8, latin-1, cp1252 or utf-16, for example.",
            ) from None
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise InputError(
                f"{name}, line {line}: the bytes are not {encoding}.",
                hint="Set source.encoding to another one, or leave it out to have it found.",
                file=name,
                line=line,
            ) from None
        return text.removeprefix("\ufeff"), ENCODING_NAMES.get(encoding.lower(), encoding), None
    for mark, found in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            label = ENCODING_NAMES[found]
            text = _decoded(data, found, name)
            return (
                text.removeprefix("\ufeff"),
                label,
                _encoding(label, "the file begins with a byte-order mark"),
            )
    if b"\0" in data[:4096]:
        return _without_mark(data, name)
    try:
        return data.decode("utf-8"), "UTF-8", None
    except UnicodeDecodeError:
        return _guessed(data)


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise InputError(
            f"{name} begins as {ENCODING_NAMES[encoding]} but does not go on so.",
            hint="The file may be cut short: get it again, or set source.encoding.",
            file=name,
        ) from None


def _without_mark(data: bytes, name: str) -> tuple[str, str, Assumption | None]:
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = data[offset:4096:2]
        if zeros.count(0) > 0.7 * len(zeros):
            text = _decoded(data, encoding, name)
            return text, "UTF-16", _encoding("UTF-16", "every other byte is zero, as in Western text")
    raise InputError(
        f"{name} is not a text table: it holds zero bytes.",
        hint="Give a CSV, TSV, Parquet, JSONL, Excel or Arrow file.",
        file=name,
    )


def _guessed(data: bytes) -> tuple[str, str, Assumption | None]:
    from charset_normalizer import from_bytes

    lines = [line for line in data[:20_000_000].splitlines() if not line.isascii()][:2000]
    best = from_bytes(b"\n".join(lines)).best()
    found = best.encoding if best is not None else "latin-1"
    latin = data.decode("latin-1")
    western = "latin-1" if not any("\x80" <= char <= "\x9f" for char in latin) else "cp1252"
    sample = b"\n".join(lines)
    try:
        same = sample.decode(found) == sample.decode(western, errors="strict")
    except (UnicodeDecodeError, LookupError):
        same = False
    if same or best is None or _letters_only(sample, western):
        text = data.decode(western, errors="replace")
        return (
            text,
            ENCODING_NAMES[western],
            _encoding(ENCODING_NAMES[western], "the bytes are not UTF-8 and read as Western letters"),
        )
    return (
        data.decode(found, errors="replace"),
        found,
        _encoding(found, "the bytes are not UTF-8; the letters fit best"),
    )


def _letters_only(sample: bytes, encoding: str) -> bool:
    """Whether every byte past ASCII is a letter of Western Europe or a common sign there."""
    common = set("äöüÄÖÜßéèêëÉÈÊàâáÀÂÁçÇñÑóòôõÓÒÔúùûÚÙÛíìîïÍÌÎøØåÅæÆœŒ€£°²³«»“”‘’–—·…¿¡ãÃ\u00a0")
    text = sample.decode(encoding, errors="replace")
    return all(char in common for char in text if char > "\x7f")


def _encoding(label: str, evidence: str) -> Assumption:
    return Assumption(what="encoding", value=label, evidence=say(evidence))


def read_delimited(
    text: str,
    name: str,
    *,
    separator: str | None = None,
    header: bool | None = None,
    ragged: str | None = None,
) -> Delimited:
    """Split text into columns of raw cells.

    Args:
        text: the whole file.
        name: its name, for messages.
        separator: stated separator, or None to find it.
        header: whether the first row holds names, or None to find out.
        ragged: "skip" leaves out rows with another number of fields and counts them; otherwise they are an error.

    Raises:
        InputError: no rows, rows of differing length, an unclosed quote, or text that is no table.
    """
    if "\0" in text:
        raise InputError(
            f"{name} is not a text table: it holds zero bytes.",
            hint="Give a CSV, TSV, Parquet, JSONL, Excel or Arrow file.",
            line=text[: text.index("\0")].count("\n") + 1,
            file=name,
        )
    mark = separator or sniff_separator(text)
    head = _head(text, mark)
    if not head:
        raise InputError(f"{name} is empty: it has no lines with content.", hint="Give another file.", file=name)
    common = Counter(len(record) for _, record in head[1:] or head).most_common(1)[0][0]
    junk = _junk(head, common)
    head = head[junk:]
    has_header, why = (header, None) if header is not None else find_header([record for _, record in head])
    width = len(head[0][1]) if has_header and len(head) > 1 else common
    found = Delimited(None, [], np.empty(0, dtype=np.int64), mark)
    if separator is None and width > 1:
        found.assumed.append(
            Assumption(
                what="separator",
                value=mark,
                evidence=say(
                    "split at each {separator}, lines have {fields|int} fields",
                    separator=SEPARATOR_NAMES.get(mark, mark),
                    fields=width,
                ),
            )
        )
    if why is not None:
        found.assumed.append(Assumption(what="header", value="yes" if has_header else "no", evidence=why))
    if junk:
        found.warnings.append(
            say(
                "{lines|int} {word} before the table skipped: not as wide as the rest",
                lines=junk,
                word=plural(junk, "line"),
            )
        )
    if has_header:
        found.names = head[0][1]
        if width == common - 1 and len(head) > 1:
            # as R's write.table does: row names without a name of their own
            found.names, width = ["", *head[0][1]], common
    _fill(found, text, mark, head[0][0] if has_header else 0, junk, width, name, ragged)
    found.skipped += junk
    return found


def sniff_separator(text: str) -> str:
    """The separator under which most lines have the same number of fields, more than one."""
    scores = {}
    for mark in SEPARATORS:
        records = [record for _, record in _head(text, mark)]
        if not records:
            continue
        counts = Counter(len(record) for record in records)
        fields, lines = max(counts.items(), key=lambda item: (item[1], item[0]))
        if fields > 1:
            scores[mark] = (round(lines / len(records), 2), len(records[0]) == fields, fields)
    marked = {mark: score for mark, score in scores.items() if mark != " " and score[0] >= 0.6}
    if marked:
        return max(marked, key=lambda mark: marked[mark])
    return " " if scores.get(" ", (0.0,))[0] >= 0.9 else ","


def find_header(records: list[list[str]]) -> tuple[bool, Sentence]:
    """Whether the first record holds names: (yes or no, what speaks for it)."""
    first, rest = records[0], records[1:]
    number = number_pattern()
    comma = number_pattern(",", ".")

    def numeric(cell: str) -> bool:
        return bool(number.fullmatch(cell.strip()) or comma.fullmatch(cell.strip()))

    votes = 0.0
    for place, cell in enumerate(first):
        below = [record[place].strip() for record in rest[:500] if place < len(record)]
        below = [value for value in below if value]
        if not cell.strip() or not below:
            continue
        numbers = sum(numeric(value) for value in below) / len(below)
        if numbers > 0.8:
            year = cell.strip().isdigit() and 1900 <= int(cell.strip()) <= 2100
            votes += 0 if year else (-1 if numeric(cell) else 1)
        elif numeric(cell):
            votes -= 0.5
        elif cell.strip() in below:
            votes -= 1
        elif len(set(below)) < 0.5 * len(below):
            votes += 0.5
    if not rest:
        votes = -1.0 if any(numeric(cell) for cell in first) else 1.0
    if votes >= 0:
        return True, say("the first line differs in kind from the lines below it")
    return False, say("the first line looks like the lines below it, so the columns have no names")


def _reader(text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each record that is not blank."""
    stream = io.StringIO(text, newline="")
    source: Iterator[str] = (line.strip(" ") for line in stream) if mark == " " else iter(stream)
    csv.field_size_limit(FIELD_LIMIT)
    # names and values are kept as written unless every separator is followed by a blank
    padded = text.count(mark + " ", 0, SAMPLE) > 0.8 * text.count(mark, 0, SAMPLE)
    reader = csv.reader(source, delimiter=mark, skipinitialspace=mark == " " or padded)
    line = 1
    for record in reader:
        if record and not (len(record) == 1 and not record[0].strip()):
            yield line, record
        line = reader.line_num + 1


def _head(text: str, mark: str) -> list[tuple[int, list[str]]]:
    sample = text[:SAMPLE]
    if len(text) > SAMPLE:
        sample = sample[: max(sample.rfind("\n"), 1)]
    records = []
    try:
        for record in _reader(sample, mark):
            records.append(record)
            if len(records) >= 1000:
                break
    except csv.Error:
        pass
    return records


def _junk(head: list[tuple[int, list[str]]], common: int) -> int:
    """Lines at the start that are no part of the table: one field where the rest have several."""
    junk = 0
    while common > 1 and junk < min(10, len(head) - 1) and len(head[junk][1]) == 1:
        junk += 1
    return junk if junk < 10 else 0


def _fill(
    found: Delimited,
    text: str,
    mark: str,
    header_line: int,
    junk: int,
    width: int,
    name: str,
    ragged: str | None,
) -> None:
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    lines: list[NDArray[np.int64]] = []
    wrong: list[tuple[int, int]] = []
    held: list[list[str]] = []
    starts: list[int] = []

    def flush() -> None:
        if held:
            for column, cells in zip(chunks, zip(*held, strict=True), strict=True):
                column.append(pa.array(cells, pa.large_string()))
            lines.append(np.asarray(starts, dtype=np.int64))
            held.clear()
            starts.clear()

    try:
        for place, (line, record) in enumerate(_reader(text, mark)):
            if place < junk or line == header_line:
                continue
            if len(record) != width:
                wrong.append((line, len(record)))
                continue
            held.append(record)
            starts.append(line)
            if len(held) >= CHUNK:
                flush()
    except csv.Error:
        raise InputError(
            f"{name}: a field after line {starts[-1] if starts else 1} does not end.",
            hint="A quotation mark may be left open there; mend the file.",
            file=name,
            line=starts[-1] if starts else 1,
        ) from None
    flush()
    if wrong and ragged != "skip":
        raise _ragged(wrong, width, name, bool(header_line))
    rows = int(sum(len(part) for part in lines))
    if not rows:
        raise InputError(
            f"{name} has {width:,} {plural(width, 'column')} but no data rows.",
            hint="Give a file with rows below the header.",
            file=name,
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
    found.lines = np.concatenate(lines)
    found.columns = [pd.Series(pa.chunked_array(column).to_pandas(), dtype="str") for column in chunks]


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
