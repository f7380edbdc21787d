"""The profile finds what was planted, says nothing of a clean twin, and never looks at the target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.tools.data.readings import reading_of
from tools.data.privacy import iban, luhn, personal, protected_columns
from tools.data.privacy_names import personal_kind
from tools.data.profile_findings import profile_findings
from tools.data.profiling import Profile, distribution, profile
from tools.data.relations import relations
from tools.data.repeats import duplicate_rows, round_significant
from tools.data.shifts import order_shifts, shift_distance


def clean(rows: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "height": random.normal(170, 10, rows),
            "steps": random.poisson(900, rows),
            "shape": random.choice(["round", "flat", "long"], rows),
            "y": random.choice(["no", "yes"], rows),
        }
    )


def look(frame: pd.DataFrame) -> tuple[Profile, dict[str, str]]:
    made = profile(frame, reading_of(frame), "y", "binary")
    return made, {finding.id: str(finding.text) for finding in profile_findings(made, reading_of(frame))}


def test_a_clean_table_gives_no_warning() -> None:
    made, found = look(clean())
    assert list(found) == ["quality.complete"]
    assert made.target is not None and sum(made.target.classes.values()) == 600


def test_each_planted_fault_is_found_by_name() -> None:
    frame = clean()
    rows = len(frame)
    frame["row"] = np.arange(rows)
    frame["one"] = "same"
    frame["none"] = pd.Series([None] * rows, dtype="str")
    frame["paired"] = frame["shape"].map({"round": "r", "flat": "f", "long": "l"})
    frame["twice"] = frame["height"] * 2.0
    frame["double"] = frame["height"] + frame["steps"]
    frame["gone"] = frame["steps"].where(frame["steps"] < 880, -1)
    frame.loc[3, "steps"] = -5
    frame["late"] = np.where(np.arange(rows) < 300, "a", frame["shape"])
    frame = pd.concat([frame.iloc[:590], frame.iloc[[0] * 10]], ignore_index=True)
    _, found = look(frame)
    for name in (
        "quality.none.empty", "quality.constant", "duplicate.rows", "representation.recoded.shape+paired",
        "representation.correlated", "quality.gone.sentinel", "shift.order",
    ):  # fmt: skip
        assert name in found, (name, found)
    assert "late" in found["shift.order"]


def test_sums_are_found_and_near_sums_are_not() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(1, 1000, (500, 4)).astype(float), columns=list("abcd"))
    frame["total"] = frame["a"] + frame["b"] + frame["c"]
    made = relations(frame, [*"abcd", "total"], [*"abcd", "total"])
    assert [set(item.columns) for item in made if item.kind == "sum"] == [{"total", "a", "b", "c"}]
    assert made[0].columns[0] == "total"
    frame["total"] += random.integers(0, 2, 500)
    assert not [item for item in relations(frame, [*"abcd", "total"], [*"abcd", "total"]) if item.kind == "sum"]


def test_permuting_the_target_changes_nothing_in_the_profile() -> None:
    frame = clean()
    other = frame.assign(y=frame["y"].to_numpy()[::-1])
    assert look(frame)[0] == look(other)[0]


def test_a_prefix_that_repeats_names_the_group() -> None:
    frame = clean()
    frame["probe"] = [f"m{i // 20}_{i % 20}" for i in range(len(frame))]
    made, found = look(frame)
    assert (made.column("probe").prefix, made.column("probe").prefix_groups) == ("_", 30)
    assert "30 groups" in found["identifier.probe"]


def test_the_distribution_agrees_with_its_definitions() -> None:
    values = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 1000.0, 0.0, -1.0])
    made = distribution(values)
    from scipy.stats import skew

    assert made.median == 2.5 and made.outliers == 1 and made.negatives == 1 and made.zeros == 1 and made.whole
    assert made.skewness == pytest.approx(skew(values.to_numpy()))
    assert made.deviation == pytest.approx(values.std())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("e-mail", "e-mail"), ("customerEmail", "e-mail"), ("Phone Number", "phone"), ("SSN", "national number"),
        ("first_name", "name"), ("PhoneService", None), ("Division Name", None), ("discard", None), ("telescope", None),
        ("iban", "bank account"), ("date_of_birth", "birth date"), ("is_email_verified", None), ("duration", None),
    ],
)  # fmt: skip
def test_names_speak_of_personal_data_or_not(name: str, kind: str | None) -> None:
    assert personal_kind(name) == kind


def test_values_tell_personal_data_without_a_name() -> None:
    cards = pd.Series(["4539 1488 0343 6467", "6011000990139424", "378282246310005"] * 20)
    assert luhn("4539148803436467") and not luhn("4539148803436468") and not luhn("12345")
    assert iban("DE89 3704 0044 0532 0130 00") and not iban("DE89 3704 0044 0532 0130 01")
    for values, kind in (
        (cards, "card number"),
        (pd.Series([f"user{i}@example.org" for i in range(50)]), "e-mail"),
        (pd.Series([f"{i + 1} Main Street" for i in range(50)]), "address"),
        (pd.Series([f"10.0.{i}.{i + 1}" for i in range(50)]), "IP address"),
    ):
        found = personal(values, "field")
        assert found is not None and (found.kind, found.found_by) == (kind, "values")
    assert personal(pd.Series(["Pave", "Grvl"] * 50), "Street") is None
    assert personal(pd.Series([f"C{i:05d}" for i in range(50)]), "field") is None


def test_protected_attributes_are_known_by_name() -> None:
    found = protected_columns(["gender", "SeniorCitizen", "insured_sex", "age", "age_of_account", "price", "storage"])
    assert set(found) == {"gender", "SeniorCitizen", "insured_sex", "age"}


def test_rounding_keeps_significant_digits() -> None:
    rounded = round_significant(np.array([123.0, 0.00128, -5.55, 0.0, np.nan]))
    assert rounded[:4].tolist() == pytest.approx([120.0, 0.0013, -5.5, 0.0], rel=0.02) and np.isnan(rounded[4])


def test_shift_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    from scipy.stats import ks_2samp

    random = np.random.default_rng(0)
    left, right = pd.Series(random.normal(size=300)), pd.Series(random.normal(0.5, 1, 200))
    assert shift_distance(left, right) == pytest.approx(ks_2samp(left, right).statistic)
    same = pd.Series(random.choice(list("abcdefgh"), 400), dtype="str")
    assert shift_distance(same.iloc[:200], same.iloc[200:]) < 0.1


def test_columns_that_repeat_the_calendar_are_no_shift_whatever_their_name() -> None:
    random = np.random.default_rng(0)
    days = pd.Series(pd.date_range("2020-02-01", periods=3000, freq="8h")).astype("datetime64[us]")
    frame = pd.DataFrame(
        {"t": days, "zz": days.dt.month, "warm": (days.dt.month % 12) // 3, "rising": np.arange(3000.0)}
    )
    frame["rising"] += random.normal(size=3000)
    assert [shift.column for shift in order_shifts(frame, ["zz", "warm", "rising"], "t")] == ["rising"]


def test_a_shift_must_be_beyond_chance_for_all_columns_that_were_looked_at() -> None:
    # 28 of the last 100 rows differ: beyond chance for one column (0.23 would be), not for the best of 61 (0.31)
    frame = pd.DataFrame({"moved": np.r_[np.zeros(400), np.ones(28), np.zeros(72)]})
    assert [shift.column for shift in order_shifts(frame, ["moved"], None)] == ["moved"]
    still = {f"x{place}": np.zeros(500) for place in range(60)}
    assert order_shifts(frame.assign(**still), ["moved", *still], None) == ()


def test_rows_that_repeat_because_there_are_few_values_are_told_from_copies() -> None:
    random = np.random.default_rng(0)
    coarse = pd.DataFrame(random.integers(0, 3, (600, 4)), columns=list("abcd"))
    assert duplicate_rows(coarse, list("abcd"), list("abcd")).chance
    fine = pd.DataFrame(random.normal(size=(600, 4)), columns=list("abcd"))
    copied = duplicate_rows(pd.concat([fine, fine.iloc[:50]], ignore_index=True), list("abcd"), list("abcd"))
    assert (copied.rows, copied.chance) == (50, False)
