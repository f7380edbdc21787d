"""A look at a file or database: what it says, that it keeps nothing, and how it refuses."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AnswersDoNotFit, UsageError
from agent.looking import Look, as_json, look, source_settings, take
from tools.errors import InputError

Find = Callable[[str], Path]


def findings(found: Look) -> str:
    return "\n".join(str(finding.text) for finding in found.findings)


def test_two_real_tables_are_told_apart_for_named_reasons(shared: Find) -> None:
    bikes = take(str(shared("bike_hourly/hour.csv")), {})
    telco = take(str(shared("telco_churn/Telco-Customer-Churn.csv")), {})
    assert bikes.leading == "cnt" and telco.leading == "Churn"
    assert '"cnt" is the sum of "casual" and "registered"' in findings(bikes)
    assert "is the sum of" not in findings(telco)
    assert "and stand in that order" in str(bikes.notes[-1]) and bikes.period == bikes.notes[-1]
    assert telco.period is None and telco.notes == ()
    assert '"customerID" is different in every row' in findings(telco)


def test_what_was_assumed_in_reading_is_told_and_the_usual_is_not(badinput: Find) -> None:
    odd = take(str(badinput("latin1_semicolon.csv")), {})
    told = "\n".join(map(str, odd.notes))
    for word in ("Latin-1", "semicolon", "decimal mark", "%d.%m.%Y"):
        assert word in told
    types = {column.name: column.type for column in odd.columns}
    assert types["monthly_fee"] == "number" and types["signup_date"] == "date"
    assert "assumed" not in "\n".join(map(str, take(str(badinput("leaked_target.csv")), {}).notes))


def test_settings_of_the_source_steer_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("a;b\n" + "".join(f"{row};{row % 3}\n" for row in range(50)), "utf-8")
    assert len(take(str(file), {"separator": ";"}).columns) == 2
    with pytest.raises(InputError, match="one character"):
        take(str(file), {"separator": ";;"})


def test_only_settings_of_the_source_are_taken() -> None:
    given = {"source.separator": ";", "source.encoding": "recommended"}
    assert source_settings(given) == {"separator": ";"}
    with pytest.raises(UsageError, match=r"split\.test_size"):
        source_settings({"split.test_size": 0.2})
    with pytest.raises(AnswersDoNotFit, match=r"source\.sep"):
        source_settings({"source.sep": ";"})


def test_a_database_a_folder_and_a_file_of_the_same_rows_look_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np
    import pandas as pd

    def refuse(*_: Any) -> None:
        raise AssertionError("a look needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"age": random.integers(18, 90, 400), "fee": random.normal(40, 9, 400)})
    frame["plan"] = random.choice(["basic", "plus"], 400)
    frame.loc[:20, "fee"] = np.nan
    file = tmp_path / "table.parquet"
    frame.to_parquet(file)
    folder = tmp_path / "parts"
    folder.mkdir()
    shutil.copy(file, folder / "part-0.parquet")
    base = tmp_path / "base.db"
    with sqlite3.connect(base) as connection:
        frame.to_sql("plans", connection, index=False)
    before = sorted(tmp_path.rglob("*"))
    looks = [
        take(str(file), {}),
        take(str(folder), {}),
        take(f"sqlite:///{base}", {"query": "SELECT * FROM plans"}),
    ]
    assert looks[0].columns == looks[1].columns == looks[2].columns
    assert looks[0].rows == 400
    assert sorted(tmp_path.rglob("*")) == before


def test_the_work_is_done_in_a_process_of_its_own_and_comes_back_whole(badinput: Find) -> None:
    path = str(badinput("mixed_and_missing.csv"))
    found = look(path)
    assert found == take(path, {})
    assert '"free" (first on line 43)' in findings(found)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.csv", "0 bytes"),
        ("header_only.csv", "no data rows"),
        ("truncated.csv.gz", "ends early"),
        ("picture.csv", "PNG"),
        ("ragged_rows.csv", "line 58"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(badinput: Find, name: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        take(str(badinput(name)), {})
    assert words in str(caught.value) and caught.value.code == 2
    assert "\n" not in str(caught.value)


def test_what_is_not_there_or_holds_a_password_is_refused_before_any_work() -> None:
    with pytest.raises(UsageError, match="No file"):
        look("/nowhere/table.csv")
    with pytest.raises(UsageError, match="password"):
        look("postgresql://clerk:secret@localhost/trade")


def test_as_json_it_holds_what_is_promised(badinput: Find) -> None:
    record = as_json(take(str(badinput("personal_data.csv")), {}))
    assert record.keys() == {"version", "name", "rows", "columns", "findings", "targets", "reading"}
    assert record["columns"][0].keys() >= {"name", "type", "missing", "distinct", "sketch", "levels", "personal"}
    assert record["findings"][0].keys() == {"kind", "level", "columns", "text", "action"}
    assert record["targets"][0]["column"] == "churned"
    assert record["reading"]["encoding"] == "UTF-8" and record["reading"]["separator"] == ","
    personal = {each["name"] for each in record["columns"] if each["personal"]}
    assert personal == {"name", "e-mail", "ssn", "card", "phone"}
    assert {each["columns"][0] for each in record["findings"] if each["kind"] == "personal"} == personal
