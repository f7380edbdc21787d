"""The look beside the list: first rows at once, findings when they are there, databases by their tables."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.app.bench import One, assert_inert, picture, played, until
from tests.tui.app.test_home import listed, source
from tui.app import picking, previewing
from tui.app.choosing import DataInput, HomeChoice, Matches
from tui.app.home import HomeScreen
from tui.app.previewing import Preview, preview


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "trips.db"
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE TABLE trips (id INTEGER, "[@click=app.quit]far[/]" TEXT)')
        connection.executemany("INSERT INTO trips VALUES (?, ?)", [(1, "\x1b[31mred"), (2, None)])
        connection.execute("CREATE VIEW far AS SELECT * FROM trips")
    connection.close()
    return path


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("age,purpose\n41,car\n7,house\n", "age  purpose\n41   car    \n7    house  "),
        ("age;purpose\n41;car, old\n", "age  purpose \n41   car, old"),
        ("free words, here\nnot there\n", "free words, here\nnot there"),
        ("a,b\n1,\x1b]0;pwned\x07x\n", "a  b        \n1  ]0;pwnedx"),
    ],
)
def test_the_first_rows_stand_in_columns_where_one_separator_divides_them(tmp_path: Path, text: str, rows: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert picking.first_look(str(path)).rows == rows


def test_the_first_look_reads_little_of_a_large_file_and_shows_no_half_row(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("\n".join("x" * 9_000 + f",{number}" for number in range(20)))
    assert picking.first_look(str(path)).rows.splitlines()[-1].split()[-1] == "6"


def test_a_database_file_offers_its_tables_and_the_chosen_one_is_begun_with(tmp_path: Path, database: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n", *str(database))
        await until(pilot, lambda: app.screen.query_one(Matches).option_count == 2)
        await pilot.press("enter")
        await until(pilot, lambda: "trips.db has 2 tables: choose one" in " ".join(picture(app).split()))
        await until(pilot, lambda: "SQLite database" in picture(app))
        await pilot.press("down", "down")
        await until(pilot, lambda: "[@click=app.quit]…" in picture(app))
        assert_inert(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one(DataInput).value == f"sqlite:///{database}#trips")
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.results))

    app = played(lambda: HomeScreen(source=source(tmp_path)), script, size=(160, 36))
    assert app.results == [HomeChoice("new", f"sqlite:///{database}", tmp_path / "phasegate", {"table": "trips"})]


def test_a_database_of_one_table_needs_no_choice(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert picking.source_of(str(path)) == (f"sqlite:///{path}", {}, None)
    assert picking.source_of("data.csv") == ("data.csv", {}, None)
    assert picking.source_of("postgresql://h/db#loans") == ("postgresql://h/db", {"table": "loans"}, None)


def test_a_broken_database_is_said_and_keeps_nobody_from_going_on(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 200)
    assert picking.matches(str(path)) == []
    assert picking.first_look(str(path)).told == ("Tables: none. There is nothing to read in it.",)


def test_a_look_that_is_under_way_is_given_up_for_the_next_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n")
    (tmp_path / "b.csv").write_text("b\n")
    told: list[str] = []

    async def slow(location: str) -> AsyncIterator[Preview]:
        name = Path(location).name
        yield Preview(f"first rows of {name}", going_on=True)
        if name == "a.csv":
            try:
                await asyncio.Event().wait()
            finally:
                told.append("given up")
        yield Preview(f"findings of {name}")

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n", *f"{tmp_path}/", "down")
        await until(pilot, lambda: "first rows of a.csv" in picture(app))
        assert "looking for findings" in picture(app)
        await pilot.press("down")
        await until(pilot, lambda: "findings of b.csv" in picture(app))
        assert told == ["given up"]

    played(lambda: HomeScreen(slow, source(tmp_path)), script)


@pytest.mark.integration
def test_a_file_is_told_with_its_findings_and_an_unreadable_one_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "LONGER", 0.0)
    path = tmp_path / "loans.csv"
    path.write_text("id,age,risk\n" + "".join(f"A{n},{20 + n % 50},{'bad' if n % 3 else 'good'}\n" for n in range(300)))
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n1,2\n3\n4,5,6\n")

    async def all_of(location: Path) -> list[Preview]:
        return [each async for each in preview(str(location))]

    first, last = asyncio.run(all_of(path))
    assert first.going_on and first.rows.startswith("id  ")
    assert last.rows == first.rows and not last.going_on
    assert last.told[0].startswith("300 rows, 3 columns")
    assert any('"id" is different in every row' in text for text in last.told)
    _, last = asyncio.run(all_of(ragged))
    assert "source.ragged" in " ".join(last.told)


@pytest.mark.integration
@pytest.mark.parametrize("cancelled", [1, 2, 3])
def test_a_look_that_is_given_up_leaves_no_process_behind(cancelled: int) -> None:
    from agent.process import call_off_the_loop

    async def give_up() -> int | None:
        started: list[asyncio.subprocess.Process] = []
        real = asyncio.create_subprocess_exec

        async def keep(*arguments: Any, **named: Any) -> asyncio.subprocess.Process:
            started.append(await real(*arguments, **named))
            return started[0]

        asyncio.create_subprocess_exec = keep
        try:
            task = asyncio.create_task(call_off_the_loop("agent.looking:take", location="x", settings={}))
            while not started:
                await asyncio.to_thread(lambda: None)
            for _ in range(cancelled):
                task.cancel()
                for _ in range(3):
                    await asyncio.sleep(0)
            await asyncio.gather(task, return_exceptions=True)
        finally:
            asyncio.create_subprocess_exec = real
        return started[0].returncode

    assert asyncio.run(give_up()) == -9
    gc.collect()  # pipes that were left open would be warned of here
