"""Bad input is refused or read as EXPECTED.md says, at the level of the tools."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tools.data.leakage import find_leakage
from tools.data.profile_findings import profile_findings
from tools.data.profiling import profile
from tools.data.reading import Reading
from tools.data.sources import read_table
from tools.data.splitting import SplitScheme
from tools.data.targets import check_target, classes_of
from tools.errors import InputError

Find = Callable[[str], Path]


def look(path: Path) -> tuple[pd.DataFrame, Reading, str]:
    """Read, profile and check a table; everything that is said on the way."""
    frame, reading = read_table(path)
    said = [reading.encoding or "", *map(str, reading.warnings), *(str(item.evidence) for item in reading.assumed)]
    task = check_target(frame["churned"], None)
    made = profile(frame, reading, "churned", task)
    said += [str(finding.text) for finding in profile_findings(made, reading)]
    scheme = SplitScheme(kind="stratified", folds=3)
    found = find_leakage(frame, made, scheme, target="churned", task=task, classes=classes_of(frame["churned"], task))
    said += [str(suspect.reason) for suspect in found.suspects]
    return frame, reading, "\n".join(said)


FILES = 18


def test_all_files_are_tried(badinput: Find) -> None:
    assert len(json.loads(badinput("expected.json").read_text())) == FILES


@pytest.mark.parametrize("place", range(FILES))
def test_a_bad_file_is_refused_or_read_and_what_must_be_said_is_said(badinput: Find, place: int) -> None:
    case = json.loads(badinput("expected.json").read_text())[place]
    refused, said = False, ""
    try:
        _, _, said = look(badinput(case["file"]))
    except InputError as error:
        refused, said = True, str(error)
        assert "\n" not in said and error.code == 2 and error.hint
    assert refused == (case["action"] == "reject"), case["file"]
    for word in case["must_mention"]:
        assert word.lower() in said.lower(), (case["file"], word)


def test_utf16_city_names_keep_their_letters(badinput: Find) -> None:
    frame, reading, _ = look(badinput("utf16.csv"))
    assert reading.encoding == "UTF-16"
    assert {"Łódź", "Köln"} <= set(frame["city"])


def test_a_european_file_gives_numbers_and_dates(badinput: Find) -> None:
    frame, reading, _ = look(badinput("latin1_semicolon.csv"))
    assert (reading.separator, reading.encoding) == (";", "Latin-1")
    assert reading.column("monthly_fee").thousands == "."
    assert frame["monthly_fee"].dtype == "float64" and 4000 < frame["monthly_fee"].max() < 4500
    assert reading.column("signup_date").date_format == "%d.%m.%Y"
    assert "Zürich" in set(frame["city"])


def test_columns_of_one_name_are_both_kept_and_their_places_told(badinput: Find) -> None:
    frame, reading, said = look(badinput("duplicate_columns.csv"))
    assert frame.shape[1] == 9 and (frame["monthly_fee (column 9)"] == frame["monthly_fee"] + 1).all()
    assert reading.columns[8].renamed_from == "monthly_fee"
    assert "places 5 and 9" in said


def test_odd_names_stay_as_they_are_and_show_inert(badinput: Find) -> None:
    frame, _, said = look(badinput("odd_column_names.csv"))
    assert list(frame.columns)[:3] == ["column 1", "  age ", "plan\nname"]
    assert "plan\nname" not in said


def test_a_few_odd_texts_in_numbers_are_named_with_their_line(badinput: Find) -> None:
    frame, reading, said = look(badinput("mixed_and_missing.csv"))
    assert int(frame["monthly_fee"].isna().sum()) == 15
    assert "line 43" in said and "free" in reading.column("monthly_fee").missing


def test_ragged_rows_name_the_line_and_can_be_skipped_with_a_count(badinput: Find) -> None:
    with pytest.raises(InputError, match="10 fields where the header has 8") as refused:
        read_table(badinput("ragged_rows.csv"))
    assert (
        refused.value.line == 58 and refused.value.file == "ragged_rows.csv" and "Line 81 has 6" in str(refused.value)
    )
    frame, reading = read_table(badinput("ragged_rows.csv"), {"ragged": "skip"})
    assert (len(frame), reading.skipped_lines) == (118, 2)
    assert "2 rows" in str(reading.warnings[0])


def test_text_that_gives_orders_is_told_and_changes_no_decision(badinput: Find) -> None:
    _, _, said = look(badinput("prompt_injection.csv"))
    assert "looks like instructions" in said


def test_no_personal_value_is_ever_quoted(badinput: Find) -> None:
    frame, reading, said = look(badinput("personal_data.csv"))
    made = profile(frame, reading, "churned", "binary")
    text = said + made.model_dump_json()
    for column in ("name", "e-mail", "ssn", "card", "phone"):
        assert made.column(column).personal and not made.column(column).top
        assert not any(str(value) in text for value in frame[column])


def test_an_identifier_and_a_recoded_target_are_both_named(badinput: Find) -> None:
    frame, reading, _ = look(badinput("leaked_target.csv"))
    made = profile(frame, reading, "churned", "binary")
    found = find_leakage(
        frame, made, SplitScheme(kind="stratified", folds=3), target="churned", task="binary", classes=("no", "yes")
    )
    assert found.certain() == ["status_code"]
    assert made.column("customer_id").role == "identifier"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x80\x04\x95abc", "pickle"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"a,b\n1,\x002\n" * 50, "zero bytes"),
        (b"PAR1 but cut short", "damaged Parquet"),
        (b"\n\n  \n", "empty"),
        (b'{"a": 1}\n{"a": \n', "line 2"),
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "given.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=word) as refused:
        read_table(path)
    assert "given.csv" in str(refused.value)


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    from tools.data import opening

    monkeypatch.setattr(opening, "MAXIMUM_BYTES", 1_000_000)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 500_000))
    with pytest.raises(InputError, match="far more") as refused:
        read_table(path)
    assert refused.value.code == 7
