"""Where in a source the table begins and ends: titles and comments above it, names of columns, remarks below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tools.data.reading import number_pattern
from tools.wording import Sentence, say

ABOVE = 30
"""Lines at the start among which the table's first is looked for."""
BELOW = 10
"""Lines at the end that may be remarks."""
COMMENT = re.compile(r"\s*(#|%|//|--)")
TOTAL = re.compile(
    r"\W*(grand |sub|over ?all )?-?(totals?|sum|summe|gesamt(summe)?|insgesamt|mean|average|mittelwert|durchschnitt|"
    r"somme|moyenne|totale|media|promedio|suma)\W*",
    re.IGNORECASE,
)
"""What stands in a line that sums up the others."""
Rows = Sequence[Sequence[str]]

_NUMBER = number_pattern()
_COMMA = number_pattern(",", ".")


def numeric(cell: str) -> bool:
    """Whether a cell is a number in one of the usual ways of writing."""
    text = cell.strip()
    return bool(_NUMBER.fullmatch(text) or _COMMA.fullmatch(text))


def usual_width(rows: Rows) -> int:
    """The number of fields that most rows below the first have."""
    return Counter(len(row) for row in rows[1:] or rows).most_common(1)[0][0]


def lines_above(rows: Rows, width: int) -> int:
    """How many rows at the start are no part of the table: titles, comments, remarks.

    A row of one field where the others have several is none; one of some fields only where names follow it.

    Args:
        rows: the first rows, blank ones left out.
        width: fields of most rows.
    """
    if width < 2 or len(rows) < 2:
        return 0
    most = min(ABOVE, len(rows) - 1)
    above = 0
    while above < most and (_alone(rows[above], width) or COMMENT.match(rows[above][0])):
        if COMMENT.match(rows[above][0]) and _names_in_comment(rows, above, width):
            break
        above += 1
    if above == most:
        return 0
    for place in range(above, most):
        if _is_table(rows[place:], width):
            return place
        if _filled(rows[place]) == width:
            break
    return above


def find_header(rows: Rows, given: Sequence[str] | None = None) -> tuple[bool, Sentence]:
    """Whether the first row holds names: (yes or no, what speaks for it).

    Args:
        rows: the first rows of the table.
        given: names that the person gave; a table for which they are needed has none of its own, if in doubt.
    """
    first, rest = rows[0], rows[1:]
    votes = 0.0
    for place, cell in enumerate(first):
        below = [row[place].strip() for row in rest[:500] if place < len(row)]
        below = [value for value in below if value]
        if not cell.strip() or not below:
            continue
        numbers = sum(numeric(value) for value in below) / len(below)
        if numbers > 0.8:
            year = cell.strip().isdigit() and 1900 <= int(cell.strip()[:9]) <= 2100
            votes += 0 if year else (-1 if numeric(cell) else 1)
        elif numeric(cell):
            votes -= 0.5
        elif cell.strip() in below:
            votes -= 1
        elif len(set(below)) < 0.5 * len(below):
            votes += 0.5
    if not rest:
        votes = -1.0 if any(numeric(cell) for cell in first) else 1.0
    repeated = given is not None and [cell.strip() for cell in rows[0]] == list(given)
    if votes > 0 or repeated or (votes == 0 and given is None):
        return True, say("the first line differs in kind from the lines below it")
    return False, say("the first line looks like the lines below it, so the columns have no names")


def is_remark(fields: Sequence[str], first_column: Sequence[str]) -> bool:
    """Whether a row at the end, narrower than the table, is a remark rather than a row that was cut short.

    Args:
        fields: its cells.
        first_column: cells of the table's first column.
    """
    if _filled(fields) != 1:
        return False
    text = next(cell for cell in fields if cell.strip()).strip()
    if TOTAL.fullmatch(text) or COMMENT.match(text) or text[0] in "(*[":
        return True
    worded = sum(" " in cell.strip() for cell in first_column) > 0.05 * len(first_column)
    return " " in text and not worded


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _alone(row: Sequence[str], width: int) -> bool:
    return _filled(row) == 1 and len(row) < width


def _is_table(rows: Rows, width: int) -> bool:
    """Whether rows begin with names, one over every column, with numbers below at least one of them."""
    first = [cell.strip() for cell in rows[0]]
    if len(first) not in (width, width - 1) or not all(first) or len(set(first)) < len(first):
        return False
    if any(numeric(cell) for cell in first):
        return False
    below = rows[1:51]
    alike = sum(len(row) == width and _filled(row) > width / 2 for row in below)
    if alike < 0.8 * len(below) or not find_header(rows)[0]:
        return False
    return any(sum(numeric(row[place]) for row in below if place < len(row)) > alike / 2 for place in range(width))


def _names_in_comment(rows: Rows, place: int, width: int) -> bool:
    """Whether a comment holds the names: as wide as the table, and right above rows that are not names."""
    following = [row for row in rows[place + 1 :] if not COMMENT.match(row[0])]
    last = place + 1 == len(rows) - len(following)
    return last and len(rows[place]) == width and bool(following) and not _is_table(following, width)
