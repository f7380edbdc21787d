"""Regularities between columns are found where they were planted, and nowhere in noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.tools.data.readings import reading_of
from tools.data.leakage_twins import twin_leaks
from tools.data.patterns import Pattern
from tools.data.peeking import peek
from tools.data.profile_findings import profile_findings
from tools.data.profiling import profile

ROWS = 400


def noise(**more: object) -> pd.DataFrame:
    random = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "amount": random.normal(100, 20, ROWS).round(2),
            "visits": random.poisson(3, ROWS),
            "channel": random.choice(["web", "shop", "phone"], ROWS),
            "y": random.choice(["no", "yes"], ROWS),
        }
    ).assign(**more)  # type: ignore[arg-type]


def found(frame: pd.DataFrame, kind: str) -> list[Pattern]:
    made = profile(frame, reading_of(frame), "y", "binary")
    findings = profile_findings(made, reading_of(frame))
    assert len({finding.id for finding in findings}) == len(findings)
    return [pattern for pattern in made.patterns if pattern.kind == kind]


def test_noise_has_no_regularity() -> None:
    frame = noise()
    assert profile(frame, reading_of(frame), "y", "binary").patterns == ()


def test_a_gap_that_stands_exactly_where_another_column_has_one_value_is_told_with_it() -> None:
    frame = noise()
    frame["total"] = (frame["amount"] * frame["visits"]).where(frame["visits"] > 0)
    (pattern,) = found(frame, "missing where")
    assert (pattern.columns, pattern.by, pattern.value) == (("total",), "visits", "0")
    assert pattern.rows == int((frame["visits"] == 0).sum()) > 5
    # one more gap elsewhere, or a value where the gap should be, and it is no rule any more
    loose = frame.copy()
    loose.loc[frame.index[frame["visits"] == 3][:1], "total"] = np.nan
    assert found(loose, "missing where") == []
    loose = frame.copy()
    loose.loc[frame.index[frame["visits"] == 0][:3], "total"] = 1.0
    assert found(loose, "missing where") == []


def test_columns_that_are_missing_in_the_same_rows_are_named_together() -> None:
    gone = np.random.default_rng(6).random(ROWS) < 0.1
    frame = noise(a=np.where(gone, np.nan, 1.5), b=np.where(gone, np.nan, np.arange(ROWS) % 7))
    frame["c"] = frame["amount"].where(np.random.default_rng(7).random(ROWS) > 0.1)
    (pattern,) = found(frame, "missing together")
    assert pattern.columns == ("a", "b") and pattern.rows == int(gone.sum())


def test_gaps_of_whole_groups_are_told_apart_from_gaps_of_rows() -> None:
    keys = [f"m{row // 10}_{row % 10}" for row in range(ROWS)]
    random = np.random.default_rng(8)
    groups = np.arange(ROWS) // 10
    frame = noise(mouse=keys, protein=np.where(groups % 4 == 0, np.nan, random.normal(size=ROWS)))
    frame["stray"] = np.where(random.random(ROWS) < 0.2, np.nan, random.normal(size=ROWS))
    (pattern,) = found(frame, "missing by group")
    assert (pattern.columns, pattern.by, pattern.groups, pattern.of) == (("protein",), "mouse", 10, 40)


def test_zeros_and_ones_among_columns_of_yes_and_no_are_named() -> None:
    random = np.random.default_rng(9)
    words = {name: random.choice(["Yes", "No"], ROWS) for name in ("partner", "dependents", "paperless")}
    (pattern,) = found(noise(**words, senior=random.integers(0, 2, ROWS)), "spelled otherwise")
    assert pattern.columns == ("senior",) and pattern.value == "Yes and No"
    assert found(noise(senior=random.integers(0, 2, ROWS)), "spelled otherwise") == []


def test_a_level_that_several_columns_have_in_the_same_rows_is_one_fact() -> None:
    random = np.random.default_rng(10)
    without = random.random(ROWS) < 0.3
    services = {
        name: np.where(without, "No internet service", random.choice(["Yes", "No"], ROWS))
        for name in ("backup", "films", "support")
    }
    (pattern,) = found(noise(**services), "one level")
    assert pattern.value == "No internet service" and set(pattern.columns) == set(services)
    assert pattern.rows == int(without.sum())


def test_hours_and_minutes_in_one_number_are_seen() -> None:
    minutes = np.random.default_rng(11).integers(0, 1440, ROWS)
    (pattern,) = found(noise(departs=minutes // 60 * 100 + minutes % 60), "clock")
    assert pattern.columns == ("departs",)
    assert found(noise(departs=minutes), "clock") == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("arrival_year", "arrival_month", "arrival_day_of_month"), 1),
        (("Yr Sold", "Mo Sold", "Day Sold"), 1),
        (("birth_year", "sale_month", "pay_day"), 0),
    ],
)
def test_year_month_and_day_of_one_thing_are_one_date(names: tuple[str, str, str], expected: int) -> None:
    random = np.random.default_rng(12)
    parts = (random.integers(2010, 2020, ROWS), random.integers(1, 13, ROWS), random.integers(1, 29, ROWS))
    patterns = found(noise(**dict(zip(names, parts, strict=True))), "date parts")
    assert [pattern.columns for pattern in patterns] == ([names] if expected else [])


def test_a_survey_weight_is_known_by_its_name_alone() -> None:
    assert [each.columns for each in found(noise(fnlwgt=np.arange(ROWS) * 3.5), "weight")] == [("fnlwgt",)]
    assert found(noise(weight=np.arange(ROWS) * 3.5), "weight") == []


def rooms(share: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Rooms reserved and given; where they differ, ``share`` of the bookings were kept (class 0), else half."""
    random = np.random.default_rng(13)
    reserved = random.choice(list("ABCDE"), 2000)
    moved = random.random(2000) < 0.15
    given = np.where(moved, random.choice(list("ABCDE"), 2000), reserved)
    y = (random.random(2000) < np.where(given != reserved, 1 - share, 0.5)).astype(np.int64)
    return pd.DataFrame(
        {"assigned_room": given, "reserved_room": reserved, "noise": random.choice(list("xyz"), 2000)}
    ), y


def test_a_twin_that_differs_where_one_class_is_may_be_set_later() -> None:
    frame, y = rooms(0.92)
    (leak,) = twin_leaks(frame, y, ("kept", "cancelled"), list(frame.columns))
    name, kind, certain, reason = leak
    assert (name, kind, certain) == ("assigned_room", "differs from its twin", False)
    assert '"kept"' in str(reason) and '"reserved_room"' in str(reason)
    honest, y = rooms(0.55)
    assert twin_leaks(honest, y, ("kept", "cancelled"), list(honest.columns)) == []


def test_grades_of_queries_are_the_target_and_only_where_there_are_queries() -> None:
    random = np.random.default_rng(14)
    frame = noise(qid=np.arange(ROWS) // 8, relevance=random.integers(0, 5, ROWS))
    frame = frame[["relevance", "qid", "amount", "visits"]]
    found = peek(frame, reading_of(frame))
    assert (found.graded, found.targets[0].column, found.queries[0].column) == ("relevance", "relevance", "qid")
    alone = frame.drop(columns="qid")
    assert peek(alone, reading_of(alone)).graded is None and peek(alone, reading_of(alone)).queries == ()
