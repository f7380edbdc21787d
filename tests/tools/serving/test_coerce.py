"""Raw cells to typed values: the table of odd cells, in files and in requests; the same values as training read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tools.serving.service.coerce import ColumnReader, Fault

EUROPEAN = {"name": "fee", "type": "number", "decimal": ",", "thousands": ".", "missing": ["n/a"]}


def read(entry: dict[str, Any], *cells: Any, strict: bool = False) -> tuple[list[Any], list[str]]:
    faults: list[Fault] = []
    values = ColumnReader({"name": "x", **entry}).read(list(cells), strict, faults)
    return [None if value != value else value for value in values.tolist()], [str(fault) for fault in faults]


def test_numbers_follow_the_marks_of_the_training_file() -> None:
    values, faults = read(EUROPEAN, "1.234,5", " 12 ", "n/a", "", "-3,5e2", "1,2,3", "1.23")
    assert values == [1234.5, 12.0, None, None, -350.0, None, None]
    assert [fault.split(":")[0] for fault in faults] == ["fee", "fee"]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("number", True),
        ("number", "30"),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", float("1e999")),
        ("number", 10**4000),
        ("number", 1e39),
        ("number", [1]),
        ("number", {}),
        ("integer", "7"),
        ("boolean", 2),
        ("boolean", 1),
        ("boolean", "maybe"),
        ("date", 20240101),
        ("date", "yesterday"),
        ("date", "2024-13-01"),
        ("text", 30),
        ("text", True),
        ("text", "\ud800"),
        ("text", ["a"]),
    ],
)
def test_a_request_with_an_odd_cell_is_rejected_without_echo(kind: str, cell: Any) -> None:
    entry = {"type": kind, "true": ["yes"], "false": ["no"]} if kind == "boolean" else {"type": kind}
    values, faults = read(entry, cell, strict=True)
    assert values == [None]
    assert len(faults) == 1 and faults[0].startswith("x: ")
    assert "'" not in faults[0]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("number", 30, 30.0),
        ("number", None, None),
        ("integer", 3.5, 3.5),
        ("boolean", False, 0.0),
        ("boolean", "yes", 1.0),
        ("text", "Graz", "Graz"),
        ("text", "  ", None),
        ("date", "1970-01-02", 1.0),
        ("date", "1970-01-01T12:00:00+12:00", 0.0),
    ],
)
def test_a_request_with_a_proper_cell_is_read(kind: str, cell: Any, value: Any) -> None:
    entry = {"type": kind, "true": ["yes"], "false": ["no"]} if kind == "boolean" else {"type": kind}
    assert read(entry, cell, strict=True) == ([value], [])


def test_a_file_may_hold_typed_cells_and_text_alike() -> None:
    assert read({"type": "number"}, "30", 30, np.float32(1.5), float("nan")) == ([30.0, 30.0, 1.5, None], [])
    assert read({"type": "text"}, 30, 2.0, dt.date(2024, 5, 1), None, pd.NaT) == (
        ["30", "2", "2024-05-01", None, None],
        [],
    )
    assert read({"type": "boolean"}, True, 0, "1", None) == ([1.0, 0.0, 1.0, None], [])
    assert read({"type": "date", "date_format": "%d.%m.%Y"}, "02.01.1970", dt.date(1970, 1, 3), pd.NaT) == (
        [1.0, 2.0, None],
        [],
    )


def test_a_file_s_reason_shows_the_value_shortened() -> None:
    _, faults = read({"type": "number"}, "abc", "x" * 500, "nan", "inf")
    assert faults[0] == "x: 'abc' is not a number"
    assert all(len(fault) < 60 for fault in faults)


def test_arrays_are_read_as_their_cells_would_be() -> None:
    faults: list[Fault] = []
    numbers = np.array([1.0, np.nan, np.inf, 1e39])
    values = ColumnReader({"name": "x", "type": "number"}).read(numbers, False, faults)
    assert (values[0], np.isnan(values[1:]).all(), [fault.row for fault in faults]) == (1.0, True, [2, 3])
    moments = np.array(["2024-05-01T13:00", "NaT"], dtype="datetime64[us]")
    days = ColumnReader({"name": "x", "type": "date"}).read(moments, False, faults)
    one = ColumnReader({"name": "x", "type": "date"}).read(
        [dt.datetime.fromisoformat("2024-05-01T13:00")], False, faults
    )
    assert days[0] == one[0]
    as_text = ColumnReader({"name": "x", "type": "text"}).read(np.array([3, 4]), False, faults)
    assert as_text.tolist() == ["3", "4"]


@pytest.mark.parametrize(
    "name",
    [
        "german_credit/german.data",
        "telco_churn/Telco-Customer-Churn.csv",
        "insurance_fraud/insurance_claims.csv",
    ],
)
def test_raw_text_gives_what_training_read(shared: Callable[[str], Path], name: str) -> None:
    from tools.data.sources import read_table
    from tools.data.typed import typed_array
    from tools.serving.service.tabular import read_rows

    path = shared(name)
    frame, reading = read_table(path)
    names = [str(column) for column in frame.columns]
    rows = read_rows(path, reading.model_dump(mode="json"), names, target="")
    assert rows.count == len(frame) and not rows.faults
    for column in reading.columns:
        faults: list[Fault] = []
        entry = column.model_dump(mode="json")
        values = ColumnReader(entry).read(rows.columns[column.name], False, faults)
        assert not faults, faults[:3]
        expected = typed_array(frame[column.name])
        if expected.dtype == object:
            assert values.tolist() == expected.tolist(), column.name
        else:
            np.testing.assert_array_equal(values, expected, err_msg=column.name)
