"""JSON as a table: one object per line, or one document in any of the forms that tables are written in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tools.data.encodings import decode
from tools.data.formats import Columns, column_of
from tools.data.reading import Assumption
from tools.errors import InputError
from tools.wording import listed, say

WHOLE = "The document must be a list of objects, or of lists below a line of names, or lists by column."


def read_jsonl(data: bytes, name: str, sheet: str | int | None = None) -> Columns:
    """JSON lines, or one JSON document that holds a table.

    Raises:
        InputError: a line that is no JSON object (with its number), no table in the document, or no rows.
    """
    text, _, _, _ = decode(data, name)
    document = _whole(text, name)
    if document is not None:
        return _document(document, name, None if sheet is None else str(sheet))
    records: list[dict[str, Any]] = []
    lists: list[list[Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        record = _parsed(line)
        if isinstance(record, dict):
            records.append(record)
        elif isinstance(record, list):
            lists.append(record)
        if not isinstance(record, dict | list) or (records and lists):
            raise InputError(
                f"{name}, line {number}: not a JSON object.",
                hint="Each line must hold one object.",
                file=name,
                line=number,
            )
    return _listed(lists, name) if lists else _objects(records, name)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _whole(text: str, name: str) -> Any:
    """The document, where the text is one and not a line of its own for each row."""
    start = text.lstrip("\ufeff \t\r\n")
    first, _, rest = start.partition("\n")
    lines = isinstance(_parsed(first), dict | list)
    if lines and rest.strip():
        return None
    if not lines and start[:1] == "{" and not rest.strip():
        return None
    try:
        return json.loads(start)
    except RecursionError:
        raise InputError(f"{name} is nested too deeply.", hint=WHOLE, file=name) from None
    except json.JSONDecodeError as error:
        if start[:1] == "{" and error.msg == "Extra data":
            return None
        above = text[: len(text) - len(start)].count("\n")
        raise InputError(
            f"{name}, line {error.lineno + above}: this is where the JSON breaks off or is not valid.",
            hint="It may be cut short: get it again.",
            file=name,
            line=error.lineno + above,
        ) from None
    except ValueError:
        raise InputError(f"{name} holds a number of too many digits.", hint="Write it as text.", file=name) from None


def _document(document: Any, name: str, member: str | None) -> Columns:
    if isinstance(document, list):
        return _rows(document, name)
    if not isinstance(document, dict):
        raise InputError(f"{name} holds one value, not a table.", hint=WHOLE, file=name)
    if isinstance(document.get("columns"), list) and isinstance(document.get("data"), list):
        return _listed([document["columns"], *document["data"]], name)
    tables = [key for key, value in document.items() if _is_rows(value)]
    if member is not None or len(tables) == 1:
        chosen = tables[0] if member is None else member
        if chosen not in tables:
            raise InputError(
                f'{name} holds no table under "{chosen}".',
                hint=f"It holds {listed(tables)}." if tables else WHOLE,
                code=8,
                file=name,
            )
        found = _rows(document[chosen], name)
        found.assumed.append(
            Assumption(what="sheet", value=chosen, evidence=say("the table stands there in the document"))
        )
        return found
    if len(tables) > 1:
        raise InputError(
            f"{name} holds {len(tables)} tables.", hint=f"Choose one with source.sheet: {listed(tables)}.", file=name
        )
    columns = _by_column(document)
    if columns is not None:
        return _objects(columns, name)
    return _objects([document], name)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _rows(rows: list[Any], name: str) -> Columns:
    if all(isinstance(row, dict) for row in rows):
        return _objects(rows, name)
    if all(isinstance(row, list) for row in rows):
        return _listed(rows, name)
    raise InputError(f"{name} is no list of rows.", hint=WHOLE, file=name)


def _by_column(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of a document that holds one list, or one mapping by row, for each column."""
    values = list(document.values())
    if values and all(isinstance(value, list) for value in values):
        if len({len(value) for value in values}) != 1:
            return None
        return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
    if values and all(isinstance(value, dict) for value in values):
        keys = dict.fromkeys(key for value in values for key in value)
        return [{column: held.get(key) for column, held in document.items()} for key in keys]
    return None


def _listed(rows: list[Any], name: str) -> Columns:
    """Rows that are lists; the first holds names where it is all text over values that are not."""
    if not all(isinstance(row, list) for row in rows) or len({len(row) for row in rows}) > 1:
        raise InputError(f"{name}: its rows are not lists of one length.", hint=WHOLE, file=name)
    first = rows[0] if rows else []
    named = len(rows) > 1 and all(isinstance(cell, str) and cell for cell in first) and len(set(first)) == len(first)
    typed = any(not isinstance(cell, str) for row in rows[1:50] for cell in row)
    head = named and (typed or not any(set(first) & {str(cell) for cell in row} for row in rows[1:]))
    body = rows[1:] if head else rows
    if not body or not first:
        raise InputError(f"{name} has no data rows.", hint="Give a file with rows.", file=name)
    columns = [column_of([row[place] for row in body]) for place in range(len(first))]
    return Columns(list(first) if head else None, columns)


def _objects(records: Sequence[dict[str, Any]], name: str) -> Columns:
    names = dict.fromkeys(title for record in records for title in record)
    if not records or not names:
        raise InputError(f"{name} has no data rows.", hint="Give a file with rows.", file=name)
    found = Columns(list(names), [column_of([record.get(title) for record in records]) for title in names])
    nested = [title for title in names if any(isinstance(record.get(title), dict | list) for record in records[:1000])]
    if nested:
        found.warnings.append(say("nested values in {columns} are kept as JSON text", columns=listed(nested)))
    return found
