"""A look at a table: planted faults are named, a clean twin stays silent, and no personal value leaves it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd

from tests.tools.data.readings import reading_of
from tests.tools.data.test_profiling import clean
from tools.data.looking import BINS, SMALL_LEVEL, ColumnLook, TableLook, look_at
from tools.data.peeking import peek


def seen(frame: pd.DataFrame, leading: str | None = None) -> TableLook:
    reading = reading_of(frame)
    return look_at(frame, reading, peek(frame, reading), leading)


def column(look: TableLook, name: str) -> ColumnLook:
    return next(each for each in look.columns if each.name == name)


def found(look: TableLook) -> dict[str, str]:
    return {finding.id: str(finding.text) for finding in look.findings}


def test_a_clean_table_gives_nothing_to_say() -> None:
    assert list(found(seen(clean()))) == ["quality.complete"]


def test_each_planted_fault_is_named_the_gravest_first() -> None:
    frame = clean()
    rows = len(frame)
    frame["row_id"] = np.arange(rows)
    frame["one"] = "same"
    frame["copy"] = frame["height"] * 2.0
    frame["sex"] = np.where(np.arange(rows) % 2, "m", "f")
    frame["patient_id"] = np.random.default_rng(0).integers(1, 90, rows)
    frame["part"] = np.where(np.arange(rows) % 5, "train", "test")
    look = seen(frame)
    assert found(look).keys() >= {
        "identifier.row_id", "quality.constant", "representation.correlated", "representation.protected",
        "identifier.patient_id.group", "representation.part.split",
    }  # fmt: skip
    order = ["block", "warn", "info"]
    levels = [order.index(finding.level) for finding in look.findings]
    assert levels == sorted(levels) and levels[0] == 1
    assert column(look, "row_id").level == "warn"
    assert column(look, "shape").level is None


def test_too_few_rows_and_a_class_too_rare_to_split_are_told() -> None:
    assert "20 rows are too few to learn from" in found(seen(clean().iloc[:20]))["target.rows"]
    frame = clean()
    frame["y"] = ["yes"] * 2 + ["no"] * (len(frame) - 2)
    assert 'the class "yes" of "y" has 2 rows' in found(seen(frame, "y"))["target.class"]
    assert "target.class" not in found(seen(frame))
    assert not {"target.rows", "target.class"} & set(found(seen(clean(), "y")))


def test_a_sketch_counts_every_row_that_has_a_value_and_gives_few_whole_numbers_a_bin_each() -> None:
    frame = clean()
    frame["grade"] = np.arange(len(frame)) % 4 + 1
    frame.loc[:99, "height"] = np.nan
    look = seen(frame)
    assert column(look, "grade").sketch == (150, 150, 150, 150)
    assert len(column(look, "height").sketch) == BINS
    assert sum(column(look, "height").sketch) == len(frame) - 100 == len(frame) - column(look, "height").missing


def test_one_wild_value_does_not_flatten_a_sketch() -> None:
    frame = clean()
    frame.loc[7, "height"] = 1e9
    sketch = column(seen(frame), "height").sketch
    assert sum(count > 20 for count in sketch) >= 4


def test_dates_are_told_in_full_and_span_the_period() -> None:
    frame = clean()
    frame["day"] = pd.date_range("2021-03-01", periods=len(frame), freq="D").astype("datetime64[us]")
    look = seen(frame)
    assert column(look, "day").told == ("2021-03-01 to 2022-10-21",)
    assert str(look.period) == 'by "day" the rows run from 2021-03-01 to 2022-10-21, and stand in that order'
    assert seen(clean()).period is None


def test_of_many_levels_only_those_of_many_rows_are_named() -> None:
    frame = clean()
    rows = len(frame)
    frame["note"] = [f"lonely {place}" if place % 3 else "common" for place in range(rows)]
    levels = column(seen(frame), "note").levels
    assert [level.value for level in levels] == ["common"]
    assert all(level.rows >= SMALL_LEVEL for level in levels)


def test_no_value_of_a_personal_column_is_in_the_record() -> None:
    frame = clean()
    rows = len(frame)
    frame["email"] = [f"someone{place}@example.org" for place in range(rows)]
    frame["phone"] = np.where(np.arange(rows) < 300, 4_915_111_000_000 + np.arange(rows) ** 3, -7_654_321)
    frame["birth_date"] = pd.date_range("1961-02-03", periods=rows, freq="D").astype("datetime64[us]")
    look = seen(frame)
    assert {each.name for each in look.columns if each.personal} == {"email", "phone", "birth_date"}
    text = json.dumps(look.model_dump(mode="json")) + " ".join(found(look).values())
    for value in ("someone", "example.org", "4915111", "4,915,111", "7654321", "7,654,321", "1961"):
        assert value not in text, value


def test_the_record_is_read_without_pandas() -> None:
    code = "import sys, tools.data.looking; print([m for m in ('pandas', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
