"""Typed formats: Parquet, Arrow, Excel and JSON lines as columns of values."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tools.data.reading import Assumption
from tools.errors import InputError
from tools.wording import Sentence, inert, listed, say

MAXIMUM_UNPACKED = 4_000_000_000


@dataclass
class Columns:
    """Named columns; ``str`` ones are raw cells that are still to be read, the others are values."""

    names: list[str] | None
    columns: list[pd.Series]
    assumed: list[Assumption] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)


def read_parquet(data: bytes, name: str, sheet: str | int | None = None) -> Columns:
    """A Parquet file.

    Raises:
        InputError: damaged, or no rows.
    """
    import pyarrow.parquet

    try:
        # read through ParquetFile: the folder reader would look for partitions in the name
        table = pyarrow.parquet.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{name} is a damaged Parquet file.", hint="It may be cut short: get it again.", file=name
        ) from error
    return from_arrow(table, name)


def read_arrow(data: bytes, name: str, sheet: str | int | None = None) -> Columns:
    """An Arrow IPC (Feather) file.

    Raises:
        InputError: damaged, or no rows.
    """
    try:
        table = pa.ipc.open_file(pa.BufferReader(data)).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{name} is a damaged Arrow file.", hint="It may be cut short: get it again.", file=name
        ) from error
    return from_arrow(table, name)


def from_arrow(table: pa.Table, name: str) -> Columns:
    """Columns of an Arrow table: numbers, flags and dates as values, everything else as text cells.

    Raises:
        InputError: no rows.
    """
    if not table.num_rows:
        raise InputError(
            f"{name} has {table.num_columns:,} columns but no data rows.",
            hint="Give a file with rows.",
            file=name,
        )
    index = [title for title in table.column_names if title.startswith("__index_level_") and title.endswith("__")]
    table = table.drop_columns(index)
    found = Columns([str(title) for title in table.column_names], [])
    nested = []
    for title, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_nested(column.type):
            nested.append(title)
        found.columns.append(_arrow_column(column))
    if nested:
        found.warnings.append(say("nested values in {columns} are kept as JSON text", columns=listed(nested)))
    return found


def _arrow_column(column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _arrow_column(column.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        values = pd.Series(column.to_pandas())
        return values.astype("bool") if column.null_count == 0 else values.astype("boolean")
    if pa.types.is_integer(kind):
        values = pd.Series(column.to_pandas())
        if kind == pa.uint64() and column.null_count < len(column) and values.max() >= 2**63:
            return pd.Series(column.cast(pa.string()).to_pandas(), dtype="str")
        return values.astype("int64") if column.null_count == 0 else values.astype("float64")
    if pa.types.is_floating(kind):
        return pd.Series(column.to_pandas(), dtype="float64")
    if pa.types.is_decimal(kind):
        return pd.Series(column.cast(pa.float64()).to_pandas())
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            column = column.cast(pa.timestamp(kind.unit, "UTC"))
        return pd.Series(column.cast(pa.timestamp("us"), safe=False).to_pandas()).astype("datetime64[us]")
    if pa.types.is_date(kind):
        return pd.Series(column.cast(pa.timestamp("us")).to_pandas()).astype("datetime64[us]")
    if pa.types.is_null(kind):
        return pd.Series([None] * len(column), dtype="str")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(column.to_pandas(), dtype="str")
    return pd.Series([None if value is None else _text(value) for value in column.to_pylist()], dtype="str")


def read_jsonl(data: bytes, name: str, sheet: str | int | None = None) -> Columns:
    """JSON lines: one object per line.

    Raises:
        InputError: a line that is no JSON object (with its number), or no rows.
    """
    records: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise InputError(
                f"{name}, line {number}: not a JSON object.",
                hint="Each line must hold one object.",
                file=name,
                line=number,
            )
        names.update(dict.fromkeys(record))
        records.append(record)
    if not records or not names:
        raise InputError(f"{name} has no data rows.", hint="Give a file with rows.", file=name)
    found = Columns(list(names), [_objects([record.get(title) for record in records]) for title in names])
    nested = [title for title in names if any(isinstance(record.get(title), dict | list) for record in records[:1000])]
    if nested:
        found.warnings.append(say("nested values in {columns} are kept as JSON text", columns=listed(nested)))
    return found


def read_excel(data: bytes, name: str, sheet: str | int | None = None) -> Columns:
    """One sheet of an Excel workbook; the first with content where none is stated.

    Raises:
        InputError: no workbook, no such sheet, no rows.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
    except zipfile.BadZipFile as error:
        raise InputError(f"{name} is a damaged archive.", hint="Get it again.", file=name) from error
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise InputError(
            f"{name} is a ZIP archive, not a table.", hint="Unpack it and give the table inside.", file=name
        )
    if sum(member.file_size for member in members) > MAXIMUM_UNPACKED:
        raise InputError(f"{name} unpacks to more than fits in memory.", hint="Save it as CSV.", code=7, file=name)
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    titles = list(book.sheetnames)
    if isinstance(sheet, int) and 0 <= sheet < len(titles):
        sheet = titles[sheet]
    if sheet is not None and sheet not in titles:
        raise InputError(
            f'{name} has no sheet "{inert(str(sheet))}".',
            hint=f"Its sheets: {listed(titles)}.",
            code=8,
            file=name,
        )
    for title in [sheet] if sheet is not None else titles:
        rows = [list(row) for row in book[str(title)].iter_rows(values_only=True)]
        rows = [row for row in rows if any(cell is not None for cell in row)]
        if len(rows) > 1:
            break
    else:
        raise InputError(f"{name} has no data rows.", hint="Give a sheet with rows below a header.", file=name)
    width = max(len(row) for row in rows)
    rows = [row + [None] * (width - len(row)) for row in rows]
    keep = [place for place in range(width) if any(row[place] is not None for row in rows)]
    header = all(isinstance(rows[0][place], str) or rows[0][place] is None for place in keep)
    found = Columns(
        ["" if rows[0][place] is None else str(rows[0][place]) for place in keep] if header else None,
        [_objects([row[place] for row in rows[1 if header else 0 :]]) for place in keep],
    )
    if sheet is None and len(titles) > 1:
        found.assumed.append(
            Assumption(
                what="sheet",
                value=str(title),
                evidence=say("the first sheet with rows of {sheets|int}", sheets=len(titles)),
            )
        )
    return found


def _objects(values: Sequence[Any]) -> pd.Series:
    """A column of Python values: one kind becomes values, mixed kinds become text cells."""
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds and kinds <= {bool}:
        return pd.Series(values, dtype="bool" if len(present) == len(values) else "boolean")
    if (
        kinds
        and kinds <= {int, float, decimal.Decimal}
        and all(abs(value) < 2**53 for value in present if type(value) is int)
    ):
        numbers = np.asarray([np.nan if value is None else float(value) for value in values])
        if kinds == {int} and len(present) == len(values):
            return pd.Series(numbers.astype("int64"))
        return pd.Series(numbers)
    if kinds and kinds <= {datetime.datetime, datetime.date}:
        return pd.Series(
            pd.to_datetime(
                pd.Series([None if value is None else value.isoformat() for value in values], dtype="str"),
                format="ISO8601",
            )
        ).astype("datetime64[us]")
    return pd.Series([None if value is None else _text(value) for value in values], dtype="str")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return str(value)


def parquet_folder(folder: Path) -> pa.Table:
    """All Parquet files below a folder, in order of their names, as one table.

    Raises:
        InputError: there are none, or they do not fit together.
    """
    import pyarrow.parquet

    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
    if not files:
        raise InputError(
            f"{inert(folder.name or str(folder))} holds no Parquet files.",
            hint="Give a file, or a folder of Parquet files.",
        )
    try:
        tables = [pyarrow.parquet.ParquetFile(path).read() for path in files]
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as error:
        raise InputError(
            f"The Parquet files in {inert(folder.name)} do not fit together or are damaged.",
            hint="Check that they hold the same columns.",
        ) from error
