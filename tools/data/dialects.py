"""How delimited text is written: which character separates, which quotes, which escapes; and its records so read."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

SEPARATORS = (",", ";", "\t", "|", " ")
RARE_SEPARATORS = ("^", "~", ":", "\x01", "\x1e", "\x1f", "§", "¦", "#", "!", "&", "@")
"""Tried where none of the usual ones splits the lines alike."""
SEPARATOR_NAMES = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank", ":": "colon", "^": "caret", "~": "tilde",
    "\x01": "control character A", "\x1e": "record separator", "\x1f": "unit separator",
}  # fmt: skip
SAMPLE = 200_000
"""Characters that the writing is judged on."""
HEAD = 1000
"""Records that it is judged on."""
FIELD_LIMIT = 4_000_000
ALIKE = 0.6
"""Share of records with one number of fields from which a usual separator is taken."""
Records = list[tuple[int, list[str]]]
"""(line on which it begins, fields) of records."""


@dataclass(frozen=True)
class Dialect:
    """How fields are separated and protected."""

    separator: str
    quote: str = '"'
    escape: str | None = None
    """What stands before a quotation mark that belongs to the text; None where it is doubled."""


WAYS = (('"', None), ('"', "\\"), ("'", None), ("'", "\\"))
"""Quotation mark and escape, the usual way first."""


def find_dialect(text: str, separator: str | None = None, quote: str | None = None) -> Dialect:
    """The writing under which most records have the same number of fields; what is stated is kept to.

    Another way of quoting than the usual one is taken only where it makes the records more alike.
    """
    mark = separator or _separator(text, quote or '"')
    if quote is not None:
        ways = [Dialect(mark, quote), Dialect(mark, quote, "\\")]
    else:
        ways = [Dialect(mark, *way) for way in WAYS]
    usual = ways[0]
    told = [way for way in ways if way.quote in text[:SAMPLE] and (way.escape is None or "\\" in text[:SAMPLE])]
    scores = {way: _alike(head(text, way)) for way in told}
    if usual not in scores or len(told) < 2:
        scores[usual] = _alike(head(text, usual))
    best = max(scores, key=lambda way: (scores[way], way == usual))
    return best if scores[best] > scores[usual] + 0.02 else usual


def _alike(records: Records) -> float:
    counts = Counter(len(record) for _, record in records)
    return max(counts.values()) / len(records) if records else 0.0


def _separator(text: str, quote: str) -> str:
    scores = {}
    for mark in SEPARATORS:
        records = [record for _, record in head(text, Dialect(mark, quote))]
        if not records:
            continue
        counts = Counter(len(record) for record in records)
        fields, lines = max(counts.items(), key=lambda item: (item[1], item[0]))
        if fields > 1:
            scores[mark] = (round(lines / len(records), 2), len(records[0]) == fields, fields)
    marked = {mark: score for mark, score in scores.items() if mark != " " and score[0] >= ALIKE}
    if marked:
        return max(marked, key=lambda mark: marked[mark])
    rare = next((mark for mark in RARE_SEPARATORS if _splits_all(text, mark, quote)), None)
    if rare is not None:
        return rare
    return " " if scores.get(" ", (0.0,))[0] >= 0.9 else ","


def _splits_all(text: str, mark: str, quote: str) -> bool:
    """Whether a rare separator splits every line alike, a first line of words included."""
    if mark not in text[:SAMPLE]:
        return False
    records = [record for _, record in head(text, Dialect(mark, quote))]
    named = bool(records) and all(cell.strip() and not cell.strip()[0].isdigit() for cell in records[0])
    # without names, times of day ("12:30") would be split at their colons
    return len(records) > 2 and named and len(records[0]) > 1 and {len(records[0])} == {len(row) for row in records}


def records(text: str, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each record, lines without any field left out.

    Raises:
        csv.Error: a quotation mark is left open over more text than a field may hold.
    """
    mark = dialect.separator
    stream = io.StringIO(text, newline="")
    source: Iterator[str] = (line.strip(" ") for line in stream) if mark == " " else iter(stream)
    csv.field_size_limit(FIELD_LIMIT)
    # names and values are kept as written unless every separator is followed by a blank
    padded = text.count(mark + " ", 0, SAMPLE) > 0.8 * text.count(mark, 0, SAMPLE)
    reader = csv.reader(
        source,
        delimiter=mark,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        skipinitialspace=mark == " " or padded,
    )
    line = 1
    for record in reader:
        if record and not (len(record) == 1 and not record[0].strip()):
            yield line, record
        line = reader.line_num + 1


def head(text: str, dialect: Dialect) -> Records:
    """The first records that hold anything, as far as they can be read."""
    sample = text[:SAMPLE]
    if len(text) > SAMPLE:
        sample = sample[: max(sample.rfind("\n"), 1)]
    found: Records = []
    try:
        for line, record in records(sample, dialect):
            if any(cell.strip() for cell in record):
                found.append((line, record))
            if len(found) >= HEAD:
                break
    except csv.Error:
        pass
    return found
