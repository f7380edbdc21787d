"""Tables and queries of real databases: a PostgreSQL server started for the test, and a copy of an SQLite file."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tools.data.databases import extract
from tools.data.sources import read_table
from tools.errors import InputError

Find = Callable[[str], Path]
PATHS = os.pathsep.join([os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an empty database ``trade`` on a server that listens on a socket in a folder of its own."""
    initdb, control = shutil.which("initdb", path=PATHS), shutil.which("pg_ctl", path=PATHS)
    if initdb is None or control is None:
        pytest.skip("no PostgreSQL server is installed here")
    # the server refuses to run as root; its folder must be short (a socket's path has a limit) and its user's own
    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else "nobody"
    account = pwd.getpwnam(user)
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    os.chown(folder, account.pw_uid, account.pw_gid)
    other: dict[str, object] = {} if os.geteuid() else {"user": user, "group": account.pw_gid, "extra_groups": []}

    def do(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=120, **other)  # type: ignore[call-overload]

    data = str(folder / "data")
    try:
        do(initdb, "-D", data, "-U", "clerk", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        do(control, "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            import psycopg

            with psycopg.connect(host=str(folder), user="clerk", dbname="postgres", autocommit=True) as made:
                made.execute("create database trade")
            yield f"postgresql://clerk@/trade?host={folder}"
        finally:
            do(control, "-D", data, "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sql(server: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def orders(server: str) -> str:
    sql(
        server,
        "drop schema if exists sales cascade",
        "drop schema public cascade",
        "create schema public",
        "create table orders (id integer, amount numeric(8, 2), paid boolean, day date, at timestamptz, who uuid, "
        "note jsonb, tags text[], raw bytea, city text)",
        "insert into orders select i, case when i % 3 > 0 then i / 4.0 end, case when i % 5 > 0 then i % 2 = 0 end, "
        "date '2024-01-01' + i, timestamptz '2024-01-01 02:00+02' + i * interval '1 hour', gen_random_uuid(), "
        "jsonb_build_object('b', i, 'a', 1), array['x', 'y'], '\\xff', case when i % 4 > 0 then 'Ulm' end "
        "from generate_series(0, 59) i",
    )
    return server


@pytest.mark.integration
def test_a_postgresql_table_comes_with_its_types(orders: str, tmp_path: Path) -> None:
    frame, reading = read_table(extract(orders, {}, tmp_path / "o.parquet"))
    kinds = {column.name: column.type for column in reading.columns}
    assert kinds == {
        "id": "integer", "amount": "number", "paid": "boolean", "day": "date", "at": "date", "who": "text",
        "note": "text", "tags": "text", "raw": "text", "city": "text",
    }  # fmt: skip
    assert len(frame) == 60 and frame["id"].tolist() == list(range(60))
    assert frame["amount"].isna().sum() == 20 and frame["amount"][5] == 1.25
    assert frame["day"][31] == pd.Timestamp("2024-02-01") and frame["at"][0] == pd.Timestamp("2024-01-01")
    assert frame["paid"].isna().sum() == 12 and frame["paid"][2] == 1
    assert frame["note"][7] == '{"a": 1, "b": 7}' and frame["tags"][0] == '["x", "y"]' and frame["raw"][0] == "ff"
    assert int(frame["city"].isna().sum()) == 15


@pytest.mark.integration
def test_chunks_that_differ_in_kind_still_make_one_column(
    orders: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.data.databases.CHUNK_ROWS", 7)
    query = "select id, case when id > 20 then id end as late, case when id > 20 then city end as town from orders"
    frame, _ = read_table(extract(orders, {"query": query + " order by id"}, tmp_path / "o.parquet"))
    assert frame["late"].isna().sum() == 21 and frame["late"][59] == 59 and frame["town"][59] == "Ulm"


@pytest.mark.integration
def test_a_table_must_be_named_among_several_and_other_schemas_are_reached(orders: str, tmp_path: Path) -> None:
    sql(
        orders, "create schema sales", 'create table sales."Big one" as select 1 as x', "create view v as select 2 as y"
    )
    with pytest.raises(InputError, match="3 tables and views") as refused:
        extract(orders, {}, tmp_path / "o.parquet")
    assert '"orders", "sales.Big one" and "v"' in str(refused.value)
    assert read_table(extract(orders, {"table": "sales.Big one"}, tmp_path / "a.parquet"))[0]["x"].tolist() == [1]
    assert read_table(extract(orders, {"table": "v"}, tmp_path / "b.parquet"))[0]["y"].tolist() == [2]
    with pytest.raises(InputError, match='no table "order"'):
        extract(orders, {"table": "order"}, tmp_path / "o.parquet")
    with pytest.raises(InputError, match="both given"):
        extract(orders, {"table": "v", "query": "select 1"}, tmp_path / "o.parquet")


@pytest.mark.integration
def test_nothing_is_written_to_a_postgresql_server(orders: str, tmp_path: Path) -> None:
    sql(orders, "create sequence counter")
    for query, why in (
        ("with gone as (delete from orders returning id) select * from gone", "must not contain"),
        ("select nextval('counter')", "read-only"),
    ):
        with pytest.raises(InputError, match=why) as refused:
            extract(orders, {"query": query}, tmp_path / "o.parquet")
        assert refused.value.code == 9
    assert len(read_table(extract(orders, {"table": "orders"}, tmp_path / "a.parquet"))[0]) == 60


@pytest.mark.integration
def test_a_server_that_is_not_there_or_objects_says_why(orders: str, tmp_path: Path) -> None:
    for address, settings, why in (
        ("postgresql://clerk@localhost:1/trade", {"table": "t"}, "refused"),
        (orders.replace("/trade", "/nowhere"), {"table": "t"}, '"nowhere" does not exist'),
        (orders, {"query": "select missing from orders"}, '"missing" does not exist'),
    ):
        with pytest.raises(InputError, match=why) as told:
            extract(address, settings, tmp_path / "o.parquet")
        assert told.value.code == 9


def test_an_address_that_cannot_be_meant_is_answered_with_the_right_form(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="address can't be used") as told:
        extract("postgresql://host:port/db", {"table": "t"}, tmp_path / "o.parquet")
    assert "postgresql://user@host" in str(told.value)


@pytest.fixture
def flights(shared: Find, tmp_path: Path) -> str:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(shared("nyc_flights_db/nycflights.sqlite"), copy)
    return f"sqlite:///{copy}"


def test_a_database_of_many_tables_asks_for_one(flights: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="tables and views") as refused:
        extract(flights, {}, tmp_path / "o.parquet")
    assert '"flights"' in str(refused.value) and "source.table" in str(refused.value)


@pytest.mark.integration
def test_a_table_and_a_join_of_a_large_sqlite_file_are_read(flights: str, tmp_path: Path) -> None:
    before = Path(flights.removeprefix("sqlite:///")).read_bytes()
    frame, reading = read_table(extract(flights, {"table": "flights"}, tmp_path / "a.parquet"))
    assert frame.shape == (80_789, 19) and reading.column("time_hour").type == "date"
    query = "select * from flights join planes using (tailnum) where month = 2"
    joined, told = read_table(extract(flights, {"query": query}, tmp_path / "b.parquet"))
    assert len(joined) and "year (column" in " ".join(joined.columns)
    assert any('two columns are called "year"' in str(warning) for warning in told.warnings)
    assert Path(flights.removeprefix("sqlite:///")).read_bytes() == before
