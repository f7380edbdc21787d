"""Scores rows of any source with a scorer: files that the bundle's own code reads, and frames of all others."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tools.data import opening, sources
from tools.data.databases import extract, is_database
from tools.data.settings import SourceSettings
from tools.errors import InputError
from tools.records import Record
from tools.serving.service import tabular
from tools.serving.service.predict import score_rows
from tools.serving.service.scorer import MissingColumns, Scorer, ScorerError, Scores
from tools.wording import Sentence, inert, listed, plural, say

OWN_FORMATS = ("delimited", "parquet", "jsonl")
"""What the bundle reads by itself; Phasegate reads it with the same code."""


class PredictionReport(Record):
    """What became of the rows."""

    rows: int
    failed: int
    """Rows without a prediction; the column ``error`` says why."""
    extra: tuple[str, ...]
    """Columns of the data that the model does not know."""
    summary: Sentence
    notes: tuple[Sentence, ...] = ()


def score_frame(scorer: Scorer, frame: pd.DataFrame) -> Scores:
    """Score rows of a frame with the table's columns and types (``train.parquet``, ``opened.parquet`` …).

    Raises:
        InputError: a needed column is not there.
    """
    absent = [name for name in scorer.needed if name not in frame.columns]
    if absent:
        raise _missing(absent, "the data")
    return scorer.score({name: frame[name].to_numpy() for name in scorer.needed}, len(frame))


def score_by_parts(scorer: Scorer, frame: pd.DataFrame, rows: int) -> list[Scores]:
    """Score a frame in batches of so many rows, as a caller of the service would."""
    return [score_frame(scorer, frame.iloc[start : start + rows]) for start in range(0, len(frame), rows)]


def predict(
    folder: Path,
    data: Path | str,
    out: Path,
    expected: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> PredictionReport:
    """Score a source of rows and write the predictions: rows and order kept, the target never read.

    Args:
        folder: a scorer.
        data: a file in any format that ``tools.data.sources`` reads, a folder of Parquet files, or a database.
        out: csv, tsv, parquet or jsonl, by its ending.
        expected: trusted hashes of the scorer's files, see ``Scorer.load``.
        settings: ``source.table`` or ``source.query`` of a database, without ``source.``.

    Raises:
        InputError: the data can't be read or lack a needed column, or the predictions can't be written.
    """
    place = opening.address_of(Path(data)) or str(data)
    stored = is_database(place)
    name = "the table" if stored else inert(Path(place).name)
    try:
        tabular.writer_for(out)
        if not stored and Path(place).resolve() == out.resolve():
            raise InputError("The predictions would overwrite the data.", hint="Give another file for --out.")
        scorer = Scorer.load(folder, expected)
        if stored or Path(place).is_dir():
            with tempfile.TemporaryDirectory() as scratch:
                copy = extract(place, settings, Path(scratch) / "rows.parquet")
                done = score_rows(scorer, rows_of(copy, scorer, name), out)
        else:
            done = score_rows(scorer, rows_of(Path(place), scorer, name), out)
    except MissingColumns as wrong:
        raise _missing(wrong.names, name) from None
    except tabular.TableError as wrong:
        raise InputError(str(wrong), file=name) from None
    except ScorerError as wrong:
        raise InputError(str(wrong), hint="Check it with phasegate verify.", code=5) from None
    notes = []
    if done.extra:
        count = len(done.extra)
        notes.append(
            say(
                "{columns|text} {word|text} not known to the model and left out",
                columns=listed(done.extra), word=plural(count, "is", "are"),
            )
        )  # fmt: skip
    return PredictionReport(
        rows=done.rows,
        failed=done.failed,
        extra=done.extra,
        summary=_summary(done.rows, done.failed),
        notes=tuple(notes),
    )


def _summary(rows: int, failed: int) -> Sentence:
    if not failed:
        return say("{rows|int} {word|text} scored, none left out", rows=rows, word=plural(rows, "row"))
    return say(
        '{scored|int} of {rows|int} rows scored; {failed|int} could not be, the column "error" says why',
        scored=rows - failed, rows=rows, failed=failed,
    )  # fmt: skip


def rows_of(data: Path, scorer: Scorer, name: str) -> tabular.Rows:
    """Raw cells of a file for a scorer.

    Args:
        data: the file.
        scorer: says which columns are needed and how they are read.
        name: what the file is called in messages.

    Raises:
        InputError: it is no table, or is damaged.
        MissingColumns: a needed column is not there.
        TableError: the file can't be read.
    """
    reading = scorer.manifest["reading"]
    try:
        with data.open("rb") as file:
            head = file.read(4096)
    except OSError as wrong:
        raise InputError(f"{name} can't be read: {wrong.strerror}.", hint="Check the path.", file=name) from None
    if not head or _is_own(data, head, name):
        return tabular.read_rows(data, reading, scorer.needed, scorer.target)
    content = opening.content(data, name)
    table = sources.READERS[sources.kind_of(content, name)](content, SourceSettings(), name)
    return rows_of_columns(table.names, table.columns, scorer)


def _is_own(data: Path, head: bytes, name: str) -> bool:
    """Whether the bundle's own code reads the file, as it does where it is deployed."""
    if head[:2] == b"\x1f\x8b":
        return True
    if any(head.startswith(packing) for packing in opening.PACKED) or head.startswith(b"PK\x03\x04"):
        return False
    kind = sources.kind_of(head, name)
    # a JSON document is none of lines
    return kind in OWN_FORMATS and (kind != "jsonl" or data.name.endswith((".jsonl", ".ndjson")))


def rows_of_columns(names: Sequence[str] | None, columns: Sequence[pd.Series], scorer: Scorer) -> tabular.Rows:
    """Cells of columns that another reader has read (Excel, Arrow, a database).

    Raises:
        MissingColumns: a needed column is not there.
    """
    reading = scorer.manifest["reading"]
    found = tabular.places(names, len(columns), reading, scorer.target)
    absent = [name for name in scorer.needed if name not in found]
    if absent:
        raise MissingColumns(absent)
    cells: dict[str, Any] = {name: columns[found[name]].to_numpy() for name in scorer.needed}
    known = {column["name"] for column in reading["columns"]}
    extra = tuple(name for name in names or () if name not in known)
    return tabular.Rows(cells, len(columns[0]) if columns else 0, {}, extra)


def _missing(names: Sequence[str], where: str) -> InputError:
    return InputError(
        f"The model needs {plural(len(names), 'the column', 'the columns')} {listed(names)}, which {where} lacks.",
        hint="Add it; a column whose values are unknown may be empty.",
        column=names[0],
    )
