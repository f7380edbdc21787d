"""Formats other than delimited text: JSON in every form, workbooks, ARFF, Arrow, folders that name columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from tools.data.databases import extract, fetch
from tools.data.opening import address_of
from tools.data.sources import read_table
from tools.errors import InputError

RECORDS = [{"a": i, "b": f"x{i}"} for i in range(10)]


@pytest.mark.parametrize(
    "document",
    [
        RECORDS,
        {"data": RECORDS, "meta": {"n": 10}},
        {"a": list(range(10)), "b": [f"x{i}" for i in range(10)]},
        {"a": {str(i): i for i in range(10)}, "b": {str(i): f"x{i}" for i in range(10)}},
        {"columns": ["a", "b"], "index": list(range(10)), "data": [[i, f"x{i}"] for i in range(10)]},
        [["a", "b"], *([i, f"x{i}"] for i in range(10))],
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_read_in_every_form_that_tables_are_written_in(tmp_path: Path, document: Any, indent: int) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(document, indent=indent))
    frame, _ = read_table(path)
    assert frame.to_dict("list") == {"a": list(range(10)), "b": [f"x{i}" for i in range(10)]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_lines_may_hold_lists_and_stand_in_any_unicode(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps([i, "ä"], ensure_ascii=False) + "\n" for i in range(5)), encoding=encoding)
    frame, reading = read_table(path)
    assert frame.to_numpy().tolist() == [[i, "ä"] for i in range(5)] and not reading.header
    path.write_text("".join(json.dumps({"n": i}) + "\n" for i in range(5)), encoding=encoding)
    assert read_table(path)[0]["n"].tolist() == list(range(5))


def test_of_a_document_of_several_tables_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"train": RECORDS, "test": RECORDS[:2]}))
    with pytest.raises(InputError, match='"train" and "test"'):
        read_table(path)
    assert len(read_table(path, {"sheet": "test"})[0]) == 2
    with pytest.raises(InputError, match="no table under") as refused:
        read_table(path, {"sheet": "other"})
    assert refused.value.code == 8


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('[{"a": 1},\n {"a": 2},\n {"a"', "line 3"),
        ("[1, 2, 3]", "no list of rows"),
        ("[[1, 2], [3]]", "not lists of one length"),
        ('[{"a": ' + "[" * 100_000, "nested too deeply"),
        ("[{}, {}]", "no data rows"),
    ],
)
def test_json_that_is_no_table_is_refused_with_its_place(tmp_path: Path, content: str, word: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(InputError, match=word):
        read_table(path)


def test_half_a_character_in_json_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a\\ud800": "x\\ud800"}\n{"a\\ud800": "y"}\n')
    frame, _ = read_table(path)
    frame.to_parquet(tmp_path / "out.parquet")
    assert frame.iloc[0, 0] == "x?"


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    book.close()
    return path


FEES: list[list[Any]] = [["id", "fee", "kind"], *([i, i * 1.5, "ab"[i % 2]] for i in range(1, 21))]


def test_of_several_sheets_the_largest_is_read_the_others_named_and_any_can_be_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b.xlsx", readme=[["about"], ["by us"]], data=FEES, few=FEES[:3])
    frame, reading = read_table(path)
    assert len(frame) == 20
    told = next(item for item in reading.assumed if item.what == "sheet")
    assert told.value == "data" and '"readme" and "few"' in str(told.evidence)
    for sheet in ("few", 2, "2"):
        assert len(read_table(path, {"sheet": sheet})[0]) == 2
    with pytest.raises(InputError, match="no sheet") as refused:
        read_table(path, {"sheet": "absent"})
    assert refused.value.code == 8 and '"readme", "data" and "few"' in refused.value.hint


def test_titles_remarks_and_totals_of_a_sheet_are_left_out_and_told(tmp_path: Path) -> None:
    total = ["Total", sum(row[1] for row in FEES[1:]), None]
    rows: list[list[Any]] = [["Fees 2024"], [None], ["by", "finance"], *FEES, total, [None], ["Source: the ledger"]]
    frame, reading = read_table(workbook(tmp_path / "b.xlsx", s=rows))
    assert frame["id"].tolist() == list(range(1, 21)) and frame["fee"].dtype == "float64"
    said = "\n".join(map(str, reading.warnings))
    assert "2 rows above" in said and "1 row below" in said and "1 row of totals" in said


def test_a_sheet_without_names_takes_them_from_the_settings(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b.xlsx", s=FEES[1:])
    frame, reading = read_table(path, {"names": ["id", "fee", "kind"]})
    assert len(frame) == 20 and not reading.header and frame["fee"].iloc[0] == 1.5


def test_a_damaged_workbook_is_refused_in_one_sentence(tmp_path: Path) -> None:
    import io
    import zipfile

    path = workbook(tmp_path / "b.xlsx", s=FEES)
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, b"<broken" if entry.endswith("sheet1.xml") else old.read(entry))
    path.write_bytes(made.getvalue())
    with pytest.raises(InputError, match="damaged Excel workbook"):
        read_table(path)


ARFF = """% made by hand
@RELATION flowers
@ATTRIBUTE sepal NUMERIC
@ATTRIBUTE 'the kind' {1,2,'NA',"a b"}
@attribute seen DATE "yyyy-MM-dd"
@attribute remark string
@DATA
5.1,1,"2020-01-02",'hello, \\'world\\''
?,'NA',"2020-01-03",x
% between
3,"a b",?,y
"""


def test_arff_declares_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.arff"
    path.write_text(ARFF)
    frame, reading = read_table(path)
    assert reading.format == "arff" and list(frame.columns) == ["sepal", "the kind", "seen", "remark"]
    assert frame["the kind"].tolist() == ["1", "NA", "a b"], "what is declared a level is neither number nor missing"
    assert frame["sepal"].isna().tolist() == [False, True, False] and frame["seen"].dtype == "datetime64[us]"
    assert frame["remark"].iloc[0] == "hello, 'world'"


def test_sparse_arff_fills_with_zero_and_the_first_level(tmp_path: Path) -> None:
    path = tmp_path / "t.arff"
    path.write_text("@relation a\n@attribute n numeric\n@attribute k {x,y}\n@data\n{0 5, 1 y}\n{}\n{0 ?}\n")
    frame, _ = read_table(path)
    assert (
        frame["n"].tolist()[:2] == [5, 0] and frame["n"].isna().tolist()[2] and frame["k"].tolist() == ["y", "x", "x"]
    )


@pytest.mark.parametrize(
    ("content", "word", "line"),
    [
        ("@relation a\n@attribute n numeric\n@data\n1,2\n", "2 values where 1 columns", 4),
        ("@relation a\n@attribute n\n@data\n1\n", "without a type", 2),
        ("@relation a\n@attribute n relational\n@data\n1\n", "can't be read: relational", 2),
        ("@relation a\n@attribute n numeric\nhello\n", "neither a declaration nor data", 3),
        ("@relation a\n@attribute n string\n@data\n'open\n", "left open", 4),
        ("@relation a\n@attribute n numeric\n@data\nx\n", "declared a number", None),
        ("@relation a\n@attribute n numeric\n@data\n{9 1}\n", "not a sparse row", 4),
        ("@relation a\n@data\n1\n", "no column is declared", 2),
        ("@relation a\n@attribute n numeric\n@data\n", "no data rows", None),
    ],
)
def test_arff_that_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, content: str, word: str, line: int | None
) -> None:
    path = tmp_path / "t.arff"
    path.write_text(content)
    with pytest.raises(InputError, match=word) as refused:
        read_table(path)
    assert refused.value.line == line and refused.value.hint


def test_an_arrow_stream_is_read(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    path = tmp_path / "t.arrows"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    frame, _ = read_table(path)
    assert frame["a"].tolist() == [1, 2] and frame["b"].isna().tolist() == [False, True]


def test_large_keys_with_gaps_keep_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pa.table({"key": pa.array([2**53 + 1, None, 7], pa.int64())}), path)
    frame, _ = read_table(path)
    assert frame["key"].tolist()[0] == "9007199254740993"


def hive(folder: Path, *parts: tuple[str, dict[str, Any]]) -> Path:
    for place, (below, columns) in enumerate(parts):
        (folder / below).mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pa.table(columns), folder / below / f"part-{place}.parquet")
    (folder / "_SUCCESS").touch()
    return folder


def test_folders_called_name_and_value_become_columns_and_codes_among_them_stay_text(tmp_path: Path) -> None:
    folder = hive(
        tmp_path / "sales",
        ("year=2020/month=01", {"a": [1, 2]}),
        ("year=2020/month=02", {"a": [3]}),
        ("year=2021/month=__HIVE_DEFAULT_PARTITION__", {"a": [4]}),
    )
    hive(folder, ("_temporary", {"a": [99]}))
    frame, reading = read_table(extract(str(folder), {}, tmp_path / "out.parquet"))
    assert frame["year"].tolist() == [2020, 2020, 2020, 2021]
    assert frame["month"].tolist()[:3] == ["01", "01", "02"] and frame["month"].isna().tolist()[3]
    told = next(item for item in reading.assumed if item.what == "partitions")
    assert '"year" and "month" come from folders' in str(told.evidence)
    assert fetch(str(folder), {}).num_rows == 4


def test_files_of_a_folder_may_lack_a_column_and_differ_in_width_of_numbers(tmp_path: Path) -> None:
    folder = hive(
        tmp_path / "parts",
        ("", {"a": pa.array([1], pa.int32()), "b": ["x"]}),
        ("", {"a": pa.array([2], pa.int64())}),
    )
    frame, _ = read_table(extract(str(folder), {}, tmp_path / "out.parquet"))
    assert frame["a"].tolist() == [1, 2] and frame["b"].isna().tolist() == [False, True]
    hive(folder, ("x", {"other": [1]}))
    with pytest.raises(InputError, match="do not fit together"):
        extract(str(folder), {}, tmp_path / "no.parquet")


def test_a_folder_is_copied_in_parts_that_fit_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.data import folders

    monkeypatch.setattr(folders, "BATCH_ROWS", 10)
    folder = hive(tmp_path / "parts", ("", {"a": list(range(35))}))
    assert max(part.num_rows for part in folders.folder_parts(folder)) == 10
    frame, _ = read_table(extract(str(folder), {}, tmp_path / "out.parquet"))
    assert frame["a"].tolist() == list(range(35))


def test_a_file_that_is_a_database_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    import sqlite3

    import duckdb

    with sqlite3.connect(tmp_path / "a.dat") as made:
        made.execute("create table t (n integer)")
        made.execute("insert into t values (1)")
    made.close()
    with duckdb.connect(str(tmp_path / "b.dat")) as other:
        other.execute("create table t as select 1 as n")
    for name, scheme in (("a.dat", "sqlite:///"), ("b.dat", "duckdb:///")):
        address = address_of(tmp_path / name)
        assert address is not None and address.startswith(scheme)
        assert fetch(address, {}).column("n").to_pylist() == [1]
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    assert address_of(tmp_path / "c.csv") is None and address_of(tmp_path / "absent") is None


def test_a_duckdb_query_comes_in_chunks_with_names_that_may_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    from tools.data import databases

    monkeypatch.setattr(databases, "CHUNK_ROWS", 1000)
    path = tmp_path / "f.db"
    with duckdb.connect(str(path)) as made:
        made.execute("create table t as select range as a from range(5000)")
    query = "select a, a * 2 as a from t order by 1"
    frame, _ = read_table(extract(f"duckdb:///{path}", {"query": query}, tmp_path / "o.parquet"))
    assert len(frame) == 5000 and frame.shape[1] == 2
    assert frame.iloc[:, 1].tolist()[:3] == [0, 2, 4]
