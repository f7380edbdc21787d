"""A folder of Parquet files as one table, file by file; folders called ``name=value`` give columns of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from tools.data.formats import BROKEN, PARTITIONS
from tools.errors import InputError
from tools.wording import inert

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""How Hive and Spark call the folder of rows whose value is missing."""
BATCH_ROWS = 200_000


def folder_parts(folder: Path) -> Iterator[pa.Table]:
    """The rows of all Parquet files below a folder, in order of their names, in parts that fit in memory.

    Raises:
        InputError: there are none, one is damaged, or they have no column in common.
    """
    import pyarrow.parquet

    name = inert(folder.name or str(folder))
    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file() and not _hidden(path, folder))
    if not files:
        raise InputError(f"{name} holds no Parquet files.", hint="Give a file, or a folder of Parquet files.")
    keys = {path: _keys(path, folder) for path in files}
    texts = _texts(list(keys.values()))
    common: set[str] | None = None
    rows = 0
    for path in files:
        try:
            opened = pyarrow.parquet.ParquetFile(path)
            titles = set(opened.schema_arrow.names)
            if common is not None and not common & titles:
                raise InputError(
                    f"The Parquet files in {name} do not fit together: {inert(path.name)} has no column of the others.",
                    hint="Check that they hold the same columns.",
                    file=path.name,
                )
            common = titles if common is None else common & titles
            for batch in opened.iter_batches(BATCH_ROWS):
                if batch.num_rows:
                    rows += batch.num_rows
                    yield _with_keys(pa.Table.from_batches([batch]), keys[path], texts)
        except BROKEN as error:
            raise InputError(
                f"The Parquet file {inert(path.name)} in {name} is damaged.",
                hint="It may be cut short: get it again.",
                file=path.name,
            ) from error
    if not rows:
        raise InputError(f"{name} has no data rows.", hint="Give a folder of files with rows.")


def _hidden(path: Path, folder: Path) -> bool:
    """Files that a writer leaves behind, such as ``_temporary/``."""
    return any(part.startswith(("_", ".")) and "=" not in part for part in path.relative_to(folder).parts)


def _keys(path: Path, folder: Path) -> dict[str, str | None]:
    pairs = [part.partition("=") for part in path.relative_to(folder).parts[:-1]]
    return {unquote(key): None if value == NO_VALUE else unquote(value) for key, mark, value in pairs if mark and key}


def _texts(keys: list[dict[str, str | None]]) -> set[str]:
    """Keys that stay text: some value is no whole number, or has leading zeros as a code has."""
    values = [(key, value) for found in keys for key, value in found.items() if value is not None]
    return {key for key, value in values if not value.isdecimal() or len(value) > 15 or str(int(value)) != value}


def _with_keys(part: pa.Table, keys: Mapping[str, str | None], texts: set[str]) -> pa.Table:
    added = [key for key in keys if key not in part.column_names]
    for key in added:
        value = keys[key]
        kind = pa.string() if key in texts else pa.int64()
        cell = None if value is None else value if key in texts else int(value)
        part = part.append_column(key, pa.array([cell] * part.num_rows, kind))
    if not added:
        return part
    return part.replace_schema_metadata({**(part.schema.metadata or {}), PARTITIONS: "\n".join(added).encode()})
