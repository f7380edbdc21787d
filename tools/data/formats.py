"""Typed columns: Parquet and Arrow files, and Python values, as columns of values."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tools.data.reading import Assumption
from tools.errors import InputError
from tools.wording import Sentence, inert, listed, plural, say

PARTITIONS = b"phasegate.partitions"
"""Note in a Parquet file that Phasegate wrote itself: columns that come from names of folders, one a line."""
WHOLE_TO = 2**53
"""Size up to which every whole number is itself as a float."""
BROKEN = (pa.ArrowException, OSError, ValueError, IndexError, KeyError, TypeError, OverflowError)
"""What reading a damaged typed file may raise."""


@dataclass
class Columns:
    """Named columns; ``str`` ones are raw cells that are still to be read, the others are values."""

    names: list[str] | None
    columns: list[pd.Series]
    texts: set[int] = field(default_factory=set)
    """Places of columns that the source declares to be text, their gaps already empty."""
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
        table.validate(full=True)
    except BROKEN as error:
        raise InputError(
            f"{name} is a damaged Parquet file.", hint="It may be cut short: get it again.", file=name
        ) from error
    return from_arrow(table, name)


def read_arrow(data: bytes, name: str, sheet: str | int | None = None) -> Columns:
    """An Arrow IPC file (Feather) or stream.

    Raises:
        InputError: damaged, or no rows.
    """
    try:
        opened = pa.ipc.open_file if data.startswith(b"ARROW1") else pa.ipc.open_stream
        table = opened(pa.BufferReader(data)).read_all()
        table.validate(full=True)
    except BROKEN as error:
        raise InputError(
            f"{name} is a damaged Arrow file.", hint="It may be cut short: get it again.", file=name
        ) from error
    return from_arrow(table, name)


def from_arrow(table: pa.Table, name: str) -> Columns:
    """Columns of an Arrow table: numbers, flags and dates as values, everything else as text cells.

    Raises:
        InputError: no rows.
    """
    if not table.num_rows or not table.num_columns:
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
        try:
            found.columns.append(_arrow_column(column))
        except BROKEN as error:
            reason = inert(str(error).split("\n")[0], 100)
            raise InputError(
                f'{name}: the values of "{inert(str(title))}" can\'t be read: {reason}.',
                hint="Write the column as text, or leave it out.",
                file=name,
                column=str(title),
            ) from None
    found.assumed += _from_folder(table, name)
    if nested:
        found.warnings.append(say("nested values in {columns} are kept as JSON text", columns=listed(nested)))
    return found


def _from_folder(table: pa.Table, name: str) -> list[Assumption]:
    """What the gatherer of a folder's files noted: columns that come from the names of folders."""
    noted = (table.schema.metadata or {}).get(PARTITIONS)
    names = (
        [title for title in noted.decode(errors="replace").split("\n") if title in table.column_names] if noted else []
    )
    if not names:
        return []
    return [
        Assumption(
            what="partitions",
            value=", ".join(names),
            evidence=say(
                "{columns} {verb} from folders called as in name=value",
                columns=listed(names),
                verb=plural(len(names), "comes", "come"),
            ),
        )
    ]


def _arrow_column(column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _arrow_column(column.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        values = pd.Series(column.to_pandas())
        return values.astype("bool") if column.null_count == 0 else values.astype("boolean")
    if pa.types.is_integer(kind):
        values = pd.Series(column.to_pandas())
        wide = column.null_count < len(column) and values.abs().max() >= WHOLE_TO
        # past that size a float, which a gap or the largest unsigned ones ask for, would be another number
        if wide and (column.null_count or kind == pa.uint64()):
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


def column_of(values: Sequence[Any]) -> pd.Series:
    """A column of Python values: one kind becomes values, mixed kinds become text cells."""
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds and kinds <= {bool}:
        return pd.Series(values, dtype="bool" if len(present) == len(values) else "boolean")
    if (
        kinds
        and kinds <= {int, float, decimal.Decimal}
        and all(abs(value) < WHOLE_TO for value in present if type(value) is int)
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
        # half a character, as "\\ud800" in JSON gives, can't be stored
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return str(value)
