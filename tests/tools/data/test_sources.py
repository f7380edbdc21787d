"""Any table is read as a person would read it, and everything assumed is said."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.data.databases import extract
from tools.data.reading import ColumnReading, read_cells
from tools.data.settings import SourceSettings
from tools.data.sources import append_test, read_like, read_table
from tools.errors import InputError

Find = Callable[[str], Path]


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " "])
def test_each_separator_is_found(tmp_path: Path, separator: str) -> None:
    lines = [["name", "size", "kind"], *[[f"n{i}", str(i / 2), "ab"[i % 2]] for i in range(40)]]
    frame, reading = read_table(write(tmp_path, "\n".join(separator.join(line) for line in lines)))
    assert reading.separator == separator and list(frame.columns) == ["name", "size", "kind"]
    assert frame["size"].tolist() == [i / 2 for i in range(40)]


def test_a_file_without_header_gets_numbered_names(shared: Find) -> None:
    frame, reading = read_table(shared("german_credit/german.data"))
    assert frame.shape == (1000, 21) and not reading.header
    assert list(frame.columns)[:2] == ["c01", "c02"] and frame["c21"].tolist()[:3] == [1, 2, 1]
    assert any(item.what == "header" and item.value == "no" for item in reading.assumed)


def test_stated_names_and_header_are_kept_to(tmp_path: Path) -> None:
    path = write(tmp_path, "1,2\n3,4\n")
    frame, _ = read_table(path, {"header": False, "names": ["left", "right"]})
    assert frame.to_dict("list") == {"left": [1, 3], "right": [2, 4]}
    with pytest.raises(InputError, match=r"source\.names"):
        read_table(path, {"header": False, "names": ["only"]})


def test_codes_with_leading_zeros_stay_text(shared: Find) -> None:
    frame, _ = read_table(shared("ames_housing/AmesHousing.csv"))
    assert frame["PID"].iloc[0] == "0526301100" and frame["MS SubClass"].iloc[0] == "020"
    assert "Order" in frame.columns and set(frame["Sale Type"].dropna().str.strip()) == set(frame["Sale Type"].dropna())


def test_none_is_kept_as_a_level_and_said_and_can_be_corrected(shared: Find) -> None:
    path = shared("insurance_fraud/insurance_claims.csv")
    frame, reading = read_table(path)
    assert int((frame["authorities_contacted"] == "None").sum()) == 91
    assert int(frame["collision_type"].isna().sum()) == 178
    told = [item for item in reading.assumed if item.value == "None"]
    assert told and told[0].column == "authorities_contacted"
    again, _ = read_table(path, {"missing": {"authorities_contacted": ["None"]}})
    assert int(again["authorities_contacted"].isna().sum()) == 91
    assert int(again["collision_type"].isna().sum()) == 178


def test_na_among_country_codes_is_namibia(tmp_path: Path) -> None:
    codes = [a + b for a in "BCDEN" for b in "AEIOU"]
    frame, _ = read_table(write(tmp_path, "country,x\n" + "\n".join(f"{code},{i}" for i, code in enumerate(codes * 3))))
    assert int((frame["country"] == "NA").sum()) == 3


def test_blank_numbers_are_missing_not_text(shared: Find) -> None:
    frame, _ = read_table(shared("telco_churn/Telco-Customer-Churn.csv"))
    assert frame["TotalCharges"].dtype == "float64" and int(frame["TotalCharges"].isna().sum()) == 11


def test_thousands_and_plain_decimals_are_told_apart(tmp_path: Path) -> None:
    frame, reading = read_table(write(tmp_path, 'a;b;c\n1.234,5;0.5;7\n12,25;1.5;8\n"1.000.000";2.5;9\n'))
    assert frame["a"].tolist() == [1234.5, 12.25, 1_000_000.0] and frame["b"].tolist() == [0.5, 1.5, 2.5]
    assert reading.column("a").decimal == "," and reading.column("b").decimal == "."


def test_a_cell_against_the_column_s_marks_is_unreadable() -> None:
    column = ColumnReading(name="a", position=1, type="number", decimal=",", thousands=".", missing=("?",))
    read = read_cells(column, pd.Series(["1.234,5", "1.5", "?", " 2 ", None], dtype="str"))
    assert read.unreadable.tolist() == [False, True, False, False, False]
    assert read.values.tolist()[0] == 1234.5 and read.values.tolist()[3] == 2.0 and np.isnan(read.values[2])


def test_day_and_month_are_told_apart_or_the_doubt_is_said(tmp_path: Path) -> None:
    sure, _ = read_table(write(tmp_path, "d,x\n03/25/2020,1\n04/01/2020,2\n05/02/2020,3\n"))
    assert sure["d"].iloc[1] == pd.Timestamp("2020-04-01")
    _, doubtful = read_table(write(tmp_path, "d,x\n03/05/2020,1\n04/01/2020,2\n05/02/2020,3\n"))
    evidence = [str(item.evidence) for item in doubtful.assumed if item.what == "date"]
    assert "could also be read as %d/%m/%Y" in evidence[0]


def test_zones_become_universal_time(tmp_path: Path) -> None:
    frame, _ = read_table(write(tmp_path, "t,x\n2020-01-01T00:00:00+02:00,1\n2020-01-01T00:00:00Z,2\n"))
    assert frame["t"].dtype == "datetime64[us]" and frame["t"].iloc[0] == pd.Timestamp("2019-12-31 22:00")


def test_gzip_and_every_typed_format_give_the_same_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [1.5, 2.5, None], "i": [1, 2, 3], "s": ["a", None, "c"], "b": [True, False, True]})
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(table.drop(columns="b").to_csv(index=False).encode()))
    table.to_parquet(tmp_path / "t.parquet")
    table.to_feather(tmp_path / "t.arrow")
    table.to_excel(tmp_path / "t.xlsx", index=False)
    (tmp_path / "t.jsonl").write_text(table.to_json(orient="records", lines=True))
    for name in ("t.csv.gz", "t.parquet", "t.arrow", "t.xlsx", "t.jsonl"):
        frame, reading = read_table(tmp_path / name)
        assert frame["n"].tolist()[:2] == [1.5, 2.5] and np.isnan(frame["n"][2]), name
        assert frame["i"].dtype == "int64" and frame["s"].dtype == "str" and int(frame["s"].isna().sum()) == 1, name
        assert reading.rows == 3 and ("b" not in frame or frame["b"].dtype == "bool"), name


def test_a_folder_of_parquet_is_one_table_in_order_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    pd.DataFrame({"x": [3, 4]}).to_parquet(folder / "b.parquet")
    pd.DataFrame({"x": [1, 2]}).to_parquet(folder / "a.parquet")
    frame, _ = read_table(extract(str(folder), {}, tmp_path / "all.parquet"))
    assert frame["x"].tolist() == [1, 2, 3, 4]


def test_sqlite_is_read_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "my data.db"
    with sqlite3.connect(path) as made:
        made.execute("create table t (a integer, b text)")
        made.executemany("insert into t values (?, ?)", [(1, "x"), (2, None)])
        made.execute("create table u (c integer)")
    made.close()
    before = path.read_bytes()
    frame, _ = read_table(extract(f"sqlite:///{path}", {"table": "t"}, tmp_path / "o.parquet"))
    assert frame["a"].tolist() == [1, 2] and int(frame["b"].isna().sum()) == 1
    asked, _ = read_table(extract(f"sqlite:///{path}", {"query": "select a * 2 as d from t"}, tmp_path / "q.parquet"))
    assert asked["d"].tolist() == [2, 4]
    with pytest.raises(InputError, match="2 tables") as refused:
        extract(f"sqlite:///{path}", {}, tmp_path / "n.parquet")
    assert '"t" and "u"' in str(refused.value)
    with pytest.raises(InputError, match="SELECT"):
        extract(f"sqlite:///{path}", {"query": "delete from t"}, tmp_path / "n.parquet")
    with pytest.raises(InputError, match=r"can't answer"):
        extract(f"sqlite:///{path}", {"query": "with a as (select 1) delete from t"}, tmp_path / "n.parquet")
    assert path.read_bytes() == before and sorted(p.suffix for p in tmp_path.iterdir()) == [
        ".db",
        ".parquet",
        ".parquet",
    ]


def test_duckdb_is_read(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "f.db"
    with duckdb.connect(str(path)) as made:
        made.execute("create table t as select range as a, 'x' as b from range(5)")
    frame, _ = read_table(extract(f"duckdb:///{path}", {}, tmp_path / "o.parquet"))
    assert frame["a"].tolist() == [0, 1, 2, 3, 4]


def test_a_password_in_the_address_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="password") as refused:
        extract("postgresql://me:secret@host/db", {"table": "t"}, tmp_path / "o.parquet")
    assert "secret" not in str(refused.value) and "PGPASSWORD" in str(refused.value)


def test_a_later_file_is_read_like_the_first_one(tmp_path: Path) -> None:
    _, reading = read_table(write(tmp_path, "zip,fee\n" + "\n".join(f"0{i:04d},{i}" for i in range(30))))
    later, notes = read_like(write(tmp_path, "extra,fee,zip\n1,n/a,77777\n2,cheap,88888\n", "later.csv"), reading)
    assert list(later.columns) == ["zip", "fee"] and later["zip"].tolist() == ["77777", "88888"]
    assert later["fee"].isna().all() and "1 cell" in str(notes[0])
    with pytest.raises(InputError, match='no column "fee"'):
        read_like(write(tmp_path, "zip,x\n1,2\n", "other.csv"), reading)


def test_labels_of_a_test_file_with_a_trailing_point_are_made_alike(shared: Find) -> None:
    frame, reading = read_table(shared("adult/adult.data"))
    both, told = append_test(frame, reading, shared("adult/adult.test"), SourceSettings())
    assert told.test_rows == 16281 and len(both) == 48842
    assert set(both["c15"]) == {"<=50K", ">50K"}
    assert any("trailing point" in str(warning) for warning in told.warnings)


def test_settings_that_cannot_be_meant_are_refused() -> None:
    for wrong in ({"separator": "ab"}, {"decimal": "x"}, {"ragged": "drop"}):
        with pytest.raises(InputError) as refused:
            SourceSettings.of(wrong)
        assert refused.value.code == 8
