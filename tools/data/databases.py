"""Tables and queries of databases, copied to one Parquet file; nothing is ever written to the database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pyarrow as pa

from tools.data.formats import parquet_folder
from tools.data.sources import SourceSettings
from tools.errors import InputError
from tools.wording import inert, listed

CHUNK_ROWS = 50_000
SCHEMES = ("sqlite", "duckdb", "postgresql", "postgres")


def is_database(location: str) -> bool:
    """Whether DATA names a database rather than a path."""
    return location.partition("://")[0].partition("+")[0].lower() in SCHEMES and "://" in location


def extract(location: str | Path, settings: SourceSettings | Mapping[str, Any] | None, out: Path) -> Path:
    """Copy a database table or query, or a folder of Parquet files, to one Parquet file.

    Args:
        location: ``sqlite:///f.db``, ``duckdb:///f.db``, ``postgresql://…``, or a folder.
        settings: ``source.table`` or ``source.query``.
        out: the file to write.

    Returns:
        ``out``.

    Raises:
        InputError: a password in the URL, no such file or table, a query that fails (code 9 where a server does).
    """
    chosen = settings if isinstance(settings, SourceSettings) else SourceSettings.of(settings)
    text = str(location)
    if not is_database(text):
        return parquet_folder(Path(location), out)
    parts = urlsplit(text)
    if parts.password is not None or "password=" in parts.query.lower():
        raise InputError(
            "The address holds a password, which would end up in records.",
            hint="Leave it out and set it in the environment (PGPASSWORD, or a ~/.pgpass file).",
        )
    if chosen.query and not chosen.query.strip().lower().startswith(("select", "with")):
        raise InputError("source.query must be a SELECT.", hint="Phasegate only reads from a database.", code=8)
    scheme = parts.scheme.partition("+")[0].lower()
    table = DATABASES[scheme](text, chosen)
    if not table.num_rows:
        raise InputError("The table or query gives no rows.", hint="Check source.table or source.query.")
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, out)
    return out


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


def _sqlite(location: str, settings: SourceSettings) -> pa.Table:
    from urllib.parse import quote

    path = _file(location)
    if path.read_bytes()[:15] != b"SQLite format 3":
        raise InputError(f"{inert(path.name)} is not an SQLite database.", hint="Check the path.", file=path.name)
    return _sqlalchemy(f"sqlite:///file:{quote(str(path.resolve()))}?mode=ro&uri=true", settings)


def _postgresql(location: str, settings: SourceSettings) -> pa.Table:
    address = location.replace("postgres://", "postgresql://", 1) if location.startswith("postgres://") else location
    for driver in ("psycopg", "psycopg2"):
        if "+" in location.partition("://")[0]:
            break
        try:
            __import__(driver)
        except ModuleNotFoundError:
            continue
        address = address.replace("postgresql://", f"postgresql+{driver}://", 1)
        break
    return _sqlalchemy(address, settings)


def _sqlalchemy(address: str, settings: SourceSettings) -> pa.Table:
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
    except ModuleNotFoundError as error:
        raise InputError(
            f"Reading this database needs the driver {error.name}.",
            hint=f"Install it: uv pip install {error.name}.",
        ) from None
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True, stream_results=True)
            query = settings.query
            if query is None:
                inspector = sqlalchemy.inspect(connection)
                names = sorted([*inspector.get_table_names(), *inspector.get_view_names()])
                query = f"SELECT * FROM {_quoted(_choose(names, settings))}"
            parts = [
                pa.Table.from_pandas(_plain(chunk), preserve_index=False)
                for chunk in pd.read_sql_query(sqlalchemy.text(query), connection, chunksize=CHUNK_ROWS)
            ]
    except (SQLAlchemyError, pd.errors.DatabaseError) as error:
        reason = _reason(error)
        server = engine.dialect.name != "sqlite"
        raise InputError(
            f"The database can't answer: {inert(reason, 200)}.",
            hint="Check the address and source.query.",
            code=9 if server else 2,
        ) from None
    finally:
        engine.dispose()
    return _joined(parts)


def _reason(error: BaseException) -> str:
    """What the database itself said: pandas wraps SQLAlchemy's error, which wraps the driver's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or ["no reason given"])[0]


def _plain(chunk: pd.DataFrame) -> pd.DataFrame:
    """A chunk whose object columns are all of one kind, so that Arrow can take it."""
    for column in [name for name in chunk.columns if pd.api.types.is_object_dtype(chunk[name].dtype)]:
        kinds = {type(value) for value in chunk[column] if value is not None}
        if len(kinds) > 1:
            chunk[column] = chunk[column].map(lambda value: None if value is None else str(value))
    return chunk


def _joined(parts: list[pa.Table]) -> pa.Table:
    if not parts:
        return pa.table({})
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # a column whose chunks hold different kinds (SQLite allows it) goes as text
        kinds: dict[str, set[pa.DataType]] = {}
        for part in parts:
            for field in part.schema:
                kinds.setdefault(field.name, set()).add(field.type)
        schema = [(name, next(iter(found)) if len(found) == 1 else pa.string()) for name, found in kinds.items()]
        return pa.concat_tables([part.cast(pa.schema(schema)) for part in parts])


def _duckdb(location: str, settings: SourceSettings) -> pa.Table:
    import duckdb

    path = _file(location)
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            query = settings.query
            if query is None:
                listing = "SELECT table_name FROM information_schema.tables ORDER BY table_name"
                names = [row[0] for row in connection.execute(listing).fetchall()]
                query = f"SELECT * FROM {_quoted(_choose(names, settings))}"
            return connection.sql(query).to_arrow_table()
    except duckdb.Error as error:
        raise InputError(
            f"The database can't answer: {inert(str(error).splitlines()[0], 200)}.",
            hint="Check the path and source.query.",
            file=path.name,
        ) from None


DATABASES = {"sqlite": _sqlite, "duckdb": _duckdb, "postgresql": _postgresql, "postgres": _postgresql}
"""Scheme to the function that gives its rows."""
