"""A mark such as "NA" in a column of words may mean that there is none: what speaks for it, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tools.data.cleaning import Roles, clean, fit_cleaning
from tools.data.reading import WrittenNone
from tools.data.sources import read_table

Find = Callable[[str], Path]


def absent(folder: Path, rows: list[str], head: str = "pool,area,fence,n") -> dict[str, WrittenNone]:
    path = folder / "table.csv"
    path.write_text(head + "\n" + "\n".join(rows) + "\n")
    _, reading = read_table(path)
    return {each.column: each for each in reading.absent}


def houses(pool: str, blank: bool) -> list[str]:
    """Every third house has a pool of some size; every fourth a fence."""
    return [
        f"{['Gd', 'Ex'][i % 2] if i % 3 == 0 else pool},{40 + i if i % 3 == 0 else 0},"
        f"{'wood' if i % 4 == 0 else pool},{'' if blank and i % 10 == 5 else i}"
        for i in range(60)
    ]


def test_a_number_that_is_zero_just_there_speaks_for_none(tmp_path: Path) -> None:
    found = absent(tmp_path, houses("NA", blank=False))
    assert found["pool"].zero == "area" and found["pool"].likely and found["pool"].cells == 40
    assert found["fence"].zero is None and not found["fence"].likely


def test_blanks_for_what_is_unknown_speak_for_none(tmp_path: Path) -> None:
    found = absent(tmp_path, houses("N/A", blank=True))
    assert found["fence"].likely and found["fence"].mark == "N/A"


def test_a_mark_in_columns_of_numbers_too_means_unknown(tmp_path: Path) -> None:
    rows = [row.replace(",7", ",NA") for row in houses("NA", blank=True)]
    found = absent(tmp_path, rows)
    assert found["fence"].in_numbers and not found["fence"].likely


def test_question_marks_and_columns_of_many_texts_are_not_asked_about(tmp_path: Path) -> None:
    assert not absent(tmp_path, houses("?", blank=True))
    names = [f"{'NA' if i % 5 == 0 else f'street {i}'},{i},x,1" for i in range(300)]
    assert not absent(tmp_path, names)


def test_the_columns_of_the_ames_houses_are_all_found(shared: Find) -> None:
    _, reading = read_table(shared("ames_housing/AmesHousing.csv"))
    found = {each.column: each for each in reading.absent}
    assert len(found) == 14 and all(each.likely for each in found.values())
    assert found["Pool QC"].zero == "Pool Area" and found["Fireplace Qu"].zero == "Fireplaces"
    assert "Lot Frontage" not in found


def test_what_means_none_becomes_a_level_of_its_own_for_training_and_later_rows() -> None:
    train = pd.DataFrame(
        {"pool": ["Gd", None, "Ex", None] * 10, "roof": ["None", None, "tin", None] * 10, "y": [0, 1] * 20}
    )
    train = train.astype({"pool": "str", "roof": "str"})
    plan = fit_cleaning(
        train, Roles(target="y", none=("pool", "roof")), missing="keep", outliers="keep", duplicates="keep"
    )
    later = clean(plan, train.head(2))
    assert later["pool"].tolist() == ["Gd", "none"]
    assert later["roof"].tolist() == ["None", "None"], "the column's own word for it is kept to"
    kept = fit_cleaning(train, Roles(target="y"), missing="keep", outliers="keep", duplicates="keep")
    assert clean(kept, train.head(2))["pool"].isna().tolist() == [False, True]
