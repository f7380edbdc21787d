"""ARFF, the text format of Weka and OpenML: declared columns, then rows, dense or sparse."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tools.data.encodings import decode
from tools.data.formats import Columns
from tools.errors import InputError
from tools.wording import inert

ATTRIBUTE = re.compile(
    r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{]+)\s*(.*)""", re.IGNORECASE | re.DOTALL
)
CELL = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]*?)\s*(,|$)""")
"""One cell and what ends it."""
SPARSE = re.compile(r"""\s*(\d+)\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]*?)\s*(,|$)""")
NUMBERS = ("numeric", "real", "integer")
SENTENCE = "An ARFF file has @RELATION, @ATTRIBUTE lines and rows below @DATA."


@dataclass(frozen=True)
class Attribute:
    """A declared column."""

    name: str
    kind: str
    """numeric, text or date."""
    levels: tuple[str, ...] = ()


def read_arff(data: bytes, name: str) -> Columns:
    """An ARFF file; ``texts`` of the result are the columns that it declares to be names or text.

    Raises:
        InputError: a line that can't be meant (with its number), or no rows.
    """
    text, _, assumed, warning = decode(data, name)
    attributes: list[Attribute] = []
    rows: list[list[str | None]] = []
    started = False
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("%"):
            continue
        if started:
            rows.append(_row(line, attributes, name, number))
        elif line.lower().startswith("@attribute"):
            attributes.append(_attribute(line, name, number))
        elif line.lower().startswith("@data"):
            started = True
            if not attributes:
                raise InputError(
                    f"{name}, line {number}: no column is declared.", hint=SENTENCE, file=name, line=number
                )
        elif not line.lower().startswith("@relation"):
            raise InputError(
                f"{name}, line {number}: neither a declaration nor data.", hint=SENTENCE, file=name, line=number
            )
    if not rows:
        raise InputError(f"{name} has no data rows.", hint="Give a file with rows below @DATA.", file=name)
    found = Columns([attribute.name for attribute in attributes], [])
    for place, attribute in enumerate(attributes):
        cells = [row[place] for row in rows]
        if attribute.kind == "numeric":
            found.columns.append(_numbers(cells, attribute, name))
        else:
            found.columns.append(pd.Series(cells, dtype="str"))
            if attribute.kind == "text":
                found.texts.add(place)
    found.assumed += [assumed] if assumed else []
    found.warnings += [warning] if warning else []
    return found


def _attribute(line: str, name: str, number: int) -> Attribute:
    match = ATTRIBUTE.fullmatch(line)
    kind = match[2].strip() if match else ""
    if match is None or not kind:
        raise InputError(f"{name}, line {number}: a column without a type.", hint=SENTENCE, file=name, line=number)
    title = _bare(match[1])
    if kind.startswith("{") and kind.endswith("}"):
        levels = _cells(kind[1:-1])
        return Attribute(title, "text", tuple(level for level in levels or [] if level is not None))
    word = kind.split()[0].lower()
    if word in NUMBERS:
        return Attribute(title, "numeric")
    if word in ("string", "date"):
        return Attribute(title, "text" if word == "string" else "date")
    raise InputError(
        f'{name}, line {number}: "{inert(title)}" is of a type that can\'t be read: {inert(word)}.',
        hint="Numeric, nominal, string and date columns can.",
        file=name,
        line=number,
    )


def _row(line: str, attributes: list[Attribute], name: str, number: int) -> list[str | None]:
    if line.startswith("{"):
        return _sparse(line, attributes, name, number)
    cells = _cells(line)
    if cells is not None and len(cells) == len(attributes) + 1 and (cells[-1] or "").startswith("{"):
        cells = cells[:-1]  # the weight of the row
    if cells is None or len(cells) != len(attributes):
        fields = "a quotation mark is left open" if cells is None else f"{len(cells)} values"
        raise InputError(
            f"{name}, line {number}: {fields} where {len(attributes)} columns are declared.",
            hint="Mend the line, or get the file again: it may be cut short.",
            file=name,
            line=number,
        )
    return cells


def _sparse(line: str, attributes: list[Attribute], name: str, number: int) -> list[str | None]:
    """What a sparse row leaves out is zero, or the first declared level."""
    row: list[str | None] = [
        "0" if attribute.kind == "numeric" else (attribute.levels[0] if attribute.levels else None)
        for attribute in attributes
    ]
    inside, place = line[1:].partition("}")[0].strip(), 0
    while place < len(inside):
        match = SPARSE.match(inside, place)
        if match is None or match.end() == place or int(match[1][:9]) >= len(attributes):
            raise InputError(
                f"{name}, line {number}: not a sparse row of {len(attributes)} columns.",
                hint="It holds pairs of a column's place from zero and a value.",
                file=name,
                line=number,
            )
        row[int(match[1])] = None if match[2] == "?" else _bare(match[2])
        place = match.end()
    return row


def _cells(line: str) -> list[str | None] | None:
    """The cells of a line; None where a quotation mark is left open."""
    cells: list[str | None] = []
    place = 0
    while True:
        match = CELL.match(line, place)
        if match is None:
            return None
        cell = match[1]
        if cell[:1] in ("'", '"') and not (len(cell) > 1 and cell[-1] == cell[0]):
            return None
        cells.append(None if cell in ("?", "") else _bare(cell))
        place = match.end()
        if match[2] != ",":
            return cells


def _bare(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", cell[1:-1])
    return cell


def _numbers(cells: list[str | None], attribute: Attribute, name: str) -> pd.Series:
    texts = pd.Series(cells, dtype="str")
    values = pd.to_numeric(texts, errors="coerce").astype("float64")
    odd = texts[values.isna() & texts.notna() & (texts.str.lower() != "nan")]
    if len(odd):
        raise InputError(
            f'{name}: "{inert(attribute.name)}" is declared a number but holds other text in row {odd.index[0] + 1:,}.',
            hint="Mend the cell, or declare the column a string.",
            file=name,
            column=attribute.name,
        )
    whole = (
        bool(values.notna().all()) and bool((values == np.floor(values)).all()) and bool((values.abs() < 2**53).all())
    )
    return values.astype("int64") if whole else values
