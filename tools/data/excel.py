"""Excel workbooks: which sheet holds the table, where in it the table lies, and its cells as values."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

from tools.data import layout
from tools.data.formats import Columns, column_of
from tools.data.reading import Assumption
from tools.errors import InputError
from tools.wording import inert, listed, plural, say

MAXIMUM_UNPACKED = 4_000_000_000
Cells = list[list[Any]]


def read_excel(
    data: bytes, name: str, sheet: str | int | None = None, header: bool | None = None, skip: int | None = None
) -> Columns:
    """One sheet of an Excel workbook; the largest where none is stated.

    Args:
        data: the workbook.
        name: what messages call it.
        sheet: its title, or its place from 0.
        header: whether the first row holds names; None to find out.
        skip: rows before the table; None to find out.

    Raises:
        InputError: no workbook, no such sheet, no rows.
    """
    book = _book(data, name)
    titles = [title for title in book.sheetnames if hasattr(book[title], "iter_rows")]
    rows, title = _chosen(book, titles, name, sheet)
    width = max(len(row) for row in rows)
    rows = [row + [None] * (width - len(row)) for row in rows]
    keep = [place for place in range(width) if any(row[place] is not None for row in rows)]
    rows = [[row[place] for place in keep] for row in rows]
    shown = [[_shown(cell) for cell in row] for row in rows[: layout.ABOVE + 50]]
    above = layout.lines_above(_trimmed(shown), len(keep)) if skip is None else min(skip, len(rows) - 1)
    rows, shown = rows[above:], shown[above:]
    if header is None:
        header = all(isinstance(cell, str) or cell is None for cell in rows[0])
    body = rows[1:] if header else rows
    body, below = _without_remarks(body, len(keep))
    if not body:
        raise InputError(f"{name} has no data rows.", hint="Give a sheet with rows below a header.", file=name)
    found = Columns(
        shown[0] if header else None, [column_of([row[place] for row in body]) for place in range(len(keep))]
    )
    others = [other for other in titles if other != title]
    if sheet is None and others:
        found.assumed.append(
            Assumption(
                what="sheet",
                value=title,
                evidence=say(
                    "the largest of {sheets|int} sheets; there {verb} also {others}",
                    sheets=len(titles),
                    verb=plural(len(others), "is", "are"),
                    others=listed(others),
                ),
            )
        )
    for lines, where in ((above, "above"), (below, "below")):
        if lines:
            found.warnings.append(
                say(
                    '{lines|int} {word} {where} the table in sheet "{sheet}" left out',
                    lines=lines,
                    word=plural(lines, "row"),
                    where=where,
                    sheet=title,
                )
            )
    return found


def _book(data: bytes, name: str) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise InputError(f"{name} is a damaged archive.", hint="Get it again.", file=name) from error
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise InputError(
            f"{name} is a ZIP archive, not a table.", hint="Unpack it and give the table inside.", file=name
        )
    if sum(member.file_size for member in members) > MAXIMUM_UNPACKED:
        raise InputError(f"{name} unpacks to more than fits in memory.", hint="Save it as CSV.", code=7, file=name)
    import openpyxl

    try:
        with warnings.catch_warnings():
            # it warns of styles, links and rules in cells, none of which are values
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # whatever a damaged part makes its parsers raise
        raise _damaged(name) from error


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is a damaged Excel workbook.", hint="Open it in Excel and save it again, or save it as CSV.", file=name
    )


def _chosen(book: Any, titles: list[str], name: str, sheet: str | int | None) -> tuple[Cells, str]:
    """The rows of the stated sheet, or of the one with most cells, and its title."""
    if sheet is not None:
        place = int(sheet) if str(sheet).isdecimal() and str(sheet) not in titles else None
        title = titles[place] if place is not None and place < len(titles) else str(sheet)
        if title not in titles:
            raise InputError(
                f'{name} has no sheet "{inert(str(sheet))}".',
                hint=f"Its sheets: {listed(titles)}.",
                code=8,
                file=name,
            )
        titles = [title]
    best: tuple[int, Cells, str] = (0, [], "")
    for title in titles:
        rows = _rows(book, title, name)
        cells = sum(cell is not None for row in rows for cell in row)
        # with no row below the names there is no table
        if len(rows) > 1 and cells > best[0]:
            best = (cells, rows, title)
    if not best[0]:
        raise InputError(f"{name} has no data rows.", hint="Give a sheet with rows below a header.", file=name)
    return best[1], best[2]


def _rows(book: Any, title: str, name: str) -> Cells:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = [[_emptied(cell) for cell in row] for row in book[title].iter_rows(values_only=True)]
    except Exception as error:  # likewise
        raise _damaged(name) from error
    return [row for row in rows if any(cell is not None for cell in row)]


def _emptied(cell: Any) -> Any:
    return None if isinstance(cell, str) and not cell.strip() else cell


def _shown(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Rows without the empty cells at their ends, as delimited text would hold them where it is a title."""
    trimmed = []
    for row in rows:
        filled = [place for place, cell in enumerate(row) if cell.strip()]
        trimmed.append(row[: filled[-1] + 1] if len(filled) == 1 else row)
    return trimmed


def _without_remarks(rows: Cells, width: int) -> tuple[Cells, int]:
    """Rows without the remarks below them, and how many these were."""
    below = 0
    first = [_shown(row[0]) for row in rows]
    while 0 < len(rows) - below and below < layout.BELOW and width > 1:
        row = rows[len(rows) - 1 - below]
        filled = [cell for cell in row if cell is not None]
        if len(filled) != 1 or not isinstance(filled[0], str) or not layout.is_remark([filled[0]], first):
            break
        below += 1
    return rows[: len(rows) - below], below
