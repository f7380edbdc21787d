"""Tables and queries of databases, copied chunk by chunk to one Parquet file; nothing is ever written to them."""

from __future__ import annotations

import datetime
import decimal
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pyarrow as pa

from tools.data.folders import folder_parts
from tools.data.settings import SourceSettings
from tools.errors import InputError
from tools.wording import inert, listed

CHUNK_ROWS = 50_000
SCHEMES = ("sqlite", "duckdb", "postgresql", "postgres")
PLAIN = {str, bool, int, float, decimal.Decimal, datetime.date, datetime.datetime}
"""Kinds of Python values that a column may hold as they are; others become text."""


def is_database(location: str) -> bool:
    """Whether DATA names a database rather than a path."""
    return location.partition("://")[0].partition("+")[0].lower() in SCHEMES and "://" in location


def extract(location: str | Path, settings: SourceSettings | Mapping[str, Any] | None, out: Path) -> Path:
    """Copy a database table or query, or a folder of Parquet files, to one Parquet file, a chunk at a time.

    Args:
        location: as for :func:`fetch`.
        settings: as for :func:`fetch`.
        out: the file to write.

    Returns:
        ``out``.

    Raises:
        InputError: as for :func:`fetch`.
    """
    import pyarrow.parquet

    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        # the types are known only at the end: a column whose first chunk holds no value has none yet
        parts: list[Path] = []
        schemas: list[pa.Schema] = []
        names: list[str] | None = None
        for told, chunk in _chunks(location, settings):
            names = told
            parts.append(Path(scratch) / f"{len(parts)}.parquet")
            schemas.append(chunk.schema)
            pyarrow.parquet.write_table(chunk, parts[-1])
        schema = _common_schema(schemas)
        with pyarrow.parquet.ParquetWriter(out, _renamed(schema, names)) as writer:
            for part in parts:
                writer.write_table(_as(pyarrow.parquet.ParquetFile(part).read(), schema, names))
    return out


def fetch(location: str | Path, settings: SourceSettings | Mapping[str, Any] | None) -> pa.Table:
    """The rows of a database table or query, or of a folder of Parquet files, in memory.

    Args:
        location: ``sqlite:///f.db``, ``duckdb:///f.db``, ``postgresql://…``, or a folder.
        settings: ``source.table`` or ``source.query``.

    Raises:
        InputError: a password in the URL, no such file or table, a query that fails (code 9 where a server does).
    """
    chunks = list(_chunks(location, settings))
    names = chunks[-1][0]
    schema = _common_schema([part.schema for _, part in chunks])
    return pa.concat_tables([_as(part, schema, names) for _, part in chunks])


Chunk = tuple[list[str] | None, pa.Table]
"""Names of columns, and rows under their places instead, as a query may give one name twice; None: the rows' own."""


def _chunks(location: str | Path, settings: SourceSettings | Mapping[str, Any] | None) -> Iterator[Chunk]:
    """The rows, chunk by chunk; at least one chunk."""
    chosen = settings if isinstance(settings, SourceSettings) else SourceSettings.of(settings)
    text = str(location)
    if not is_database(text):
        yield from ((None, part) for part in folder_parts(Path(location)))
        return
    parts = urlsplit(text)
    if parts.password is not None or "password=" in parts.query.lower():
        raise InputError(
            "The address holds a password, which would end up in records.",
            hint="Leave it out and set it in the environment (PGPASSWORD, or a ~/.pgpass file).",
        )
    if chosen.query and chosen.table:
        raise InputError("source.table and source.query are both given.", hint="Leave one of them out.", code=8)
    if chosen.query and not chosen.query.strip().lower().startswith(("select", "with")):
        raise InputError("source.query must be a SELECT.", hint="Phasegate only reads from a database.", code=8)
    scheme = parts.scheme.partition("+")[0].lower()
    rows = 0
    for names, chunk in DATABASES[scheme](text, chosen):
        rows += chunk.num_rows
        if chunk.num_rows:
            yield names, chunk
    if not rows:
        raise InputError("The table or query gives no rows.", hint="Check source.table or source.query.")


def _common_schema(schemas: list[pa.Schema]) -> pa.Schema:
    """One schema for chunks that may differ; a column whose chunks hold different kinds goes as text."""
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        kinds: dict[str, set[pa.DataType]] = {}
        for schema in schemas:
            for field in schema:
                kinds.setdefault(field.name, set()).add(field.type)
        kinds = {name: found - {pa.null()} or found for name, found in kinds.items()}
        return pa.schema(
            [(name, next(iter(found)) if len(found) == 1 else pa.string()) for name, found in kinds.items()]
        )


def _renamed(schema: pa.Schema, names: list[str] | None) -> pa.Schema:
    if names is None:
        return schema
    fields = [field.with_name(name) for field, name in zip(schema, names, strict=True)]
    return pa.schema(fields, metadata=schema.metadata)


def _as(part: pa.Table, schema: pa.Schema, names: list[str] | None) -> pa.Table:
    """A chunk under the common schema; columns that it lacks are empty."""
    columns = [
        part.column(field.name).cast(field.type)
        if field.name in part.column_names
        else pa.nulls(part.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=_renamed(schema, names))


def _file(location: str) -> Path:
    path = Path(location.partition(":///")[2].partition("?")[0])
    if not path.is_file():
        raise InputError(f"There is no database file {inert(str(path))}.", hint="Check the path.", file=path.name)
    return path


def _choose(tables: list[str], settings: SourceSettings) -> str:
    if settings.table is None and len(tables) != 1:
        raise InputError(
            f"The database has {len(tables)} tables and views.",
            hint=f"Choose one with source.table, or give source.query. It has {listed(tables, 20)}.",
        )
    table = settings.table if settings.table is not None else tables[0]
    if table not in tables:
        raise InputError(f'The database has no table "{inert(table)}".', hint=f"It has {listed(tables, 20)}.", code=8)
    return table


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sqlite(location: str, settings: SourceSettings) -> Iterator[Chunk]:
    from urllib.parse import quote

    path = _file(location)
    with path.open("rb") as opened:
        begins = opened.read(15)
    if begins != b"SQLite format 3":
        raise InputError(f"{inert(path.name)} is not an SQLite database.", hint="Check the path.", file=path.name)
    return _sqlalchemy(f"sqlite:///file:{quote(str(path.resolve()))}?mode=ro&uri=true", settings)


def _postgresql(location: str, settings: SourceSettings) -> Iterator[Chunk]:
    _, _, rest = location.partition("://")
    return _sqlalchemy(f"postgresql+psycopg://{rest}", settings)


def _sqlalchemy(address: str, settings: SourceSettings) -> Iterator[Chunk]:
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    server = not address.startswith("sqlite")
    try:
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
    except (SQLAlchemyError, ValueError) as error:
        raise InputError(
            f"The database address can't be used: {inert(_reason(error), 200)}.",
            hint="Write it as postgresql://user@host:port/database.",
        ) from None
    try:
        with engine.connect() as connection:
            if server:
                connection = connection.execution_options(postgresql_readonly=True, stream_results=True)
            query = settings.query
            if query is None:
                query = f"SELECT * FROM {_named(sqlalchemy.inspect(connection), settings)}"
            for chunk in pd.read_sql_query(sqlalchemy.text(query), connection, chunksize=CHUNK_ROWS):
                yield [str(name) for name in chunk.columns], _arrow(chunk)
    except (SQLAlchemyError, pd.errors.DatabaseError) as error:
        raise InputError(
            f"The database can't answer: {inert(_reason(error), 200)}.",
            hint="Check the address and source.query.",
            code=9 if server else 2,
        ) from None
    finally:
        engine.dispose()


def _named(inspector: Any, settings: SourceSettings) -> str:
    """The chosen table, quoted; tables of other schemas than the usual one are called ``schema.table``."""
    usual = inspector.default_schema_name
    found: dict[str, str] = {}
    for schema in inspector.get_schema_names():
        if schema == "information_schema" or schema.startswith("pg_"):
            continue
        tables = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        if inspector.dialect.name == "postgresql":
            tables += inspector.get_materialized_view_names(schema)
        for name in tables:
            shown = name if schema == usual else f"{schema}.{name}"
            found[shown] = f"{_quoted(schema)}.{_quoted(name)}"
    return found[_choose(sorted(found), settings)]


def _reason(error: BaseException) -> str:
    """What the database itself said: pandas wraps SQLAlchemy's error, which wraps the driver's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or ["no reason given"])[0]


def _arrow(chunk: pd.DataFrame) -> pa.Table:
    """A chunk's columns under their places, as a query may give one name twice; mixed and odd values as text."""
    columns = []
    for place in range(chunk.shape[1]):
        column = chunk.iloc[:, place]
        if pd.api.types.is_object_dtype(column.dtype):
            kinds = {type(value) for value in column if value is not None}
            if len(kinds) > 1 or not kinds <= PLAIN:
                column = column.map(_text)
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.dt.tz_convert(None)
        columns.append(pa.Array.from_pandas(column))
    return pa.Table.from_arrays(columns, names=[str(place) for place in range(len(columns))])


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)


def _duckdb(location: str, settings: SourceSettings) -> Iterator[Chunk]:
    import duckdb

    path = _file(location)
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            query = settings.query
            if query is None:
                listing = "SELECT table_name FROM information_schema.tables ORDER BY table_name"
                names = [row[0] for row in connection.execute(listing).fetchall()]
                query = f"SELECT * FROM {_quoted(_choose(names, settings))}"
            for batch in connection.sql(query).to_arrow_reader(CHUNK_ROWS):
                part = pa.Table.from_batches([batch])
                yield part.column_names, part.rename_columns([str(place) for place in range(part.num_columns)])
    except duckdb.Error as error:
        raise InputError(
            f"The database can't answer: {inert(str(error).splitlines()[0], 200)}.",
            hint="Check the path and source.query.",
            file=path.name,
        ) from None


DATABASES = {"sqlite": _sqlite, "duckdb": _duckdb, "postgresql": _postgresql, "postgres": _postgresql}
"""Scheme to the function that gives its rows."""
