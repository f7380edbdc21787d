"""What a run starts from is kept as it was given: files as they are, tables of databases and folders as one file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from agent.errors import UsageError
from agent.sources import Source, located
from tools.data.sources import read_table
from workspace.project import Workspace

FRAME = pd.DataFrame({"n": range(30), "kind": ["a", "b"] * 15})


def stored(source: Source, name: str, folder: Path) -> pd.DataFrame:
    workspace = Workspace.create(folder / "space")
    row = source.store(name, workspace)
    path = folder / row["name"].replace("/", "-")
    path.write_bytes(workspace.store.read(row["sha256"]))
    return read_table(path)[0]


def base(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        FRAME.to_sql("rows", connection, index=False)
    connection.close()
    return path


@pytest.mark.integration
def test_a_database_file_needs_no_address(tmp_path: Path) -> None:
    path = base(tmp_path / "given.sqlite3")
    assert located(str(path)) == f"sqlite:///{path}"
    before = path.read_bytes()
    assert stored(Source(str(path)), "source", tmp_path)["n"].tolist() == list(range(30))
    assert path.read_bytes() == before


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["folder", "database", "file"])
def test_the_test_rows_may_come_from_whatever_the_others_may(tmp_path: Path, kind: str) -> None:
    table = tmp_path / "train.csv"
    FRAME.to_csv(table, index=False)
    test = tmp_path / "test"
    if kind == "folder":
        (test / "day=1").mkdir(parents=True)
        FRAME.to_parquet(test / "day=1" / "a.parquet")
    elif kind == "database":
        base(test)
    else:
        test = table
    found = stored(Source(str(table), test), "source_test", tmp_path)
    assert found["n"].tolist() == list(range(30)) and list(found.columns)[:2] == ["n", "kind"]


def test_what_is_not_there_is_said_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No file at"):
        Source(str(tmp_path / "absent.csv")).check()
    assert located("sqlite:///a.db") == "sqlite:///a.db" and located(str(tmp_path)) == str(tmp_path)
