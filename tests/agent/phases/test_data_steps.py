"""The data steps run on real tables with recommended answers, and say different things for named reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agent.advisors.expert import rules
from agent.phases.intake.requirements import REQUIREMENTS
from agent.phases.intake.source import report
from tests.agent.phases.data_bench import STEPS, Bench
from tools.data.peeking import peek
from tools.data.settings import SourceSettings
from tools.data.sources import read_table
from tools.errors import InputError

Find = Callable[[str], Path]


def loans(folder: Path, rows: int = 600, **more: object) -> Path:
    random = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "amount": random.normal(1000, 200, rows).round(2),
            "sex": random.choice(["f", "m"], rows),
            "risk": random.choice(["good", "bad"], rows, p=[0.7, 0.3]),
        }
    ).assign(**more)  # type: ignore[arg-type]
    path = folder / "loans.csv"
    frame.to_csv(path, index=False)
    return path


def bench(folder: Path, **more: object) -> Bench:
    folder.mkdir()
    return Bench(folder / "run", loans(folder, **more)).run()  # type: ignore[arg-type]


def test_intake_says_which_column_is_the_target_and_how_its_classes_lie(tmp_path: Path) -> None:
    first = bench(tmp_path / "a")
    assert '600 rows, 3 columns. "risk" looks like the target: bad' in str(first.outcomes["intake.source"].summary)
    assert first.decisions["data.positive_class"] == "bad" and first.decisions["requirements.protected"] == ["sex"]
    # another table: the target is a number
    number = bench(tmp_path / "b", risk=np.linspace(0, 1, 600))
    assert '"risk" looks like the target: a number' in str(number.outcomes["intake.source"].summary)
    assert number.decisions["data.problem_type"] == "regression"


def test_intake_names_two_columns_where_neither_looks_more_like_the_target(tmp_path: Path) -> None:
    delays = {"dep_delay": np.arange(90) / 7, "arr_delay": np.arange(90) / 3, "year": [2013] * 90}
    pd.DataFrame(delays).to_csv(tmp_path / "flights.csv", index=False)
    frame, reading = read_table(tmp_path / "flights.csv", SourceSettings.of({}), "flights.csv")
    told = str(report(reading, peek(frame, reading)).summary)
    assert told.endswith('3 columns. "dep_delay" or "arr_delay" may be the target')


def test_feasibility_differs_with_the_number_of_rows(tmp_path: Path) -> None:
    few, many = bench(tmp_path / "a", rows=200), bench(tmp_path / "b", rows=3000)
    said = [str(each.outcomes["intake.feasibility"].summary) for each in (few, many)]
    assert said[0] != said[1]
    assert [each.outcomes["intake.feasibility"].checks[0].status for each in (few, many)] == ["insufficient", "pass"]


def test_discovery_differs_where_a_column_is_an_identifier(tmp_path: Path) -> None:
    plain, keyed = bench(tmp_path / "a"), bench(tmp_path / "b", loan_id=np.arange(600) * 7 + 3)
    assert "loan_id" not in str(plain.outcomes["preparation.discovery"].summary)
    assert '"loan_id" is different in' in str(keyed.outcomes["preparation.discovery"].summary)
    assert keyed.decisions["data.drop"] == ["loan_id"]


def test_the_split_follows_the_kind_that_the_table_asks_for(tmp_path: Path) -> None:
    plain = bench(tmp_path / "a")
    assert str(plain.outcomes["preparation.split"].summary) == "384 / 96 / 120 rows, stratified by the target"
    grouped = bench(tmp_path / "b", customer_id=np.arange(600) // 4)
    assert 'whole groups of "customer_id"' in str(grouped.outcomes["preparation.split"].summary)
    dated = bench(tmp_path / "c", date=pd.date_range("2020-01-01", periods=600, freq="D").astype(str))
    assert 'by time ("date")' in str(dated.outcomes["preparation.split"].summary)
    given = bench(tmp_path / "d", part=["train"] * 400 + ["test"] * 200)
    assert "as given" in str(given.outcomes["preparation.split"].summary)
    parts = [len(pd.read_parquet(given.files[f"{part}.parquet"])) for part in ("train", "validation", "test")]
    assert parts[2] == 200 and sum(parts) == 600


def test_leakage_names_the_column_and_asks_about_it(tmp_path: Path) -> None:
    plain = bench(tmp_path / "a")
    assert "none found" in str(plain.outcomes["preparation.leakage"].summary)
    leaky = bench(tmp_path / "b")
    frame = pd.read_csv(leaky.files["source"])
    frame["code"] = frame["risk"].map({"good": "G", "bad": "B"})
    (tmp_path / "c").mkdir()
    frame[["amount", "sex", "code", "risk"]].to_csv(tmp_path / "c" / "t.csv", index=False)
    made = Bench(tmp_path / "c" / "run", tmp_path / "c" / "t.csv").run()
    assert '"code" knows the answer' in str(made.outcomes["preparation.leakage"].summary)
    assert made.decisions["data.leakage.code"] == "drop" and made.rules["data.leakage.code"] == "leakage.certain"


def test_personal_columns_are_asked_about_and_checked(tmp_path: Path) -> None:
    made = bench(tmp_path / "a", email=[f"p{i}@example.org" for i in range(600)])
    assert made.decisions["data.personal.email"] == "drop"
    check = next(item for item in made.outcomes["preparation.leakage"].checks if item.id == "privacy.email")
    assert check.status == "pass"


def test_every_requirement_of_the_contract_is_asked_with_a_recommendation(repository: Path) -> None:
    names = (
        "problem kpi unit success_threshold false_positive_cost false_negative_cost value_per_unit_error current_policy"
        " protected fairness_tolerance latency_p95_ms throughput_rps memory_mb owner on_call harm fallback_action "
        "explainability retention_days label_meaning label_delay_days growth infrastructure"
    )
    assert {ask.id for ask in REQUIREMENTS} == {f"requirements.{name}" for name in names.split()}
    for step in STEPS:
        for ask in (*step.before, *step.after):
            assert ask.setting or rules().get(ask.id), ask.id


def test_a_target_that_cannot_be_learned_stops_at_feasibility(badinput: Find, tmp_path: Path) -> None:
    for place, (name, word) in enumerate((("target_constant.csv", "one value"), ("target_one_positive.csv", "1 row"))):
        answers = {"data.target": "churned", "data.problem_type": "binary", "data.positive_class": "yes"}
        with pytest.raises(InputError, match=word):
            Bench(tmp_path / str(place), badinput(name), answers).run()


def test_a_run_in_another_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again = bench(tmp_path / "a"), bench(tmp_path / "elsewhere")
    for name in (
        "table.parquet",
        "reading.json",
        "peek.json",
        "profile.json",
        "split.json",
        "train.parquet",
        "leakage.json",
    ):
        digests = {hashlib.sha256(each.files[name].read_bytes()).hexdigest() for each in (first, again)}
        assert len(digests) == 1, name


def test_permuting_the_labels_of_given_test_rows_changes_no_report(tmp_path: Path) -> None:
    part = ["train"] * 400 + ["test"] * 200
    first = bench(tmp_path / "a", part=part)
    frame = pd.read_csv(first.files["source"])
    frame.loc[400:, "risk"] = frame.loc[400:, "risk"].to_numpy()[::-1]
    (tmp_path / "b").mkdir()
    frame.to_csv(tmp_path / "b" / "loans.csv", index=False)
    other = Bench(tmp_path / "b" / "run", tmp_path / "b" / "loans.csv").run()
    for name in ("reading.json", "peek.json", "feasibility.json", "profile.json", "split.json", "split.parquet",
                 "train.parquet", "validation.parquet", "leakage.json"):  # fmt: skip
        assert first.files[name].read_bytes() == other.files[name].read_bytes(), name
    assert first.files["test.parquet"].read_bytes() != other.files["test.parquet"].read_bytes()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "answers", "certain", "suspected", "kind"),
    [
        ("bike_hourly/hour.csv", {}, {"casual", "registered"}, set(), "time"),
        ("hotel_bookings/hotel_bookings.csv", {}, {"reservation_status"}, {"reservation_status_date"}, "stratified"),
        ("mice_protein/mice.csv", {}, {"Genotype", "Treatment", "Behavior"}, set(), "grouped"),
        ("bank_marketing/bank.csv", {}, set(), {"duration"}, "stratified"),
        ("nyc_flights/flights.parquet", {"data.target": "arr_delay"}, set(), {"dep_delay"}, "time"),
        ("german_credit/german.data", {}, set(), set(), "stratified"),
    ],
)
def test_traps_of_real_tables_are_found(
    shared: Find, tmp_path: Path, name: str, answers: dict[str, str], certain: set[str], suspected: set[str], kind: str
) -> None:
    made = Bench(tmp_path / "run", shared(name), answers).run()
    suspects = made.json("leakage.json")["suspects"]
    assert {item["column"] for item in suspects if item["certain"]} == certain
    assert suspected <= {item["column"] for item in suspects if not item["certain"]}
    assert made.decisions["split.kind"] == kind


def test_a_table_of_one_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    pd.DataFrame({"load": np.sin(np.arange(200))}).to_csv(path, index=False)
    with pytest.raises(InputError, match="nothing to predict it from"):
        Bench(tmp_path / "run", path).run()


def test_a_date_that_is_written_down_later_orders_nothing(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=600, freq="D").strftime("%Y-%m-%d")
    first, later = bench(tmp_path / "a", applied=days), bench(tmp_path / "b", last_update=days)
    assert (first.decisions["data.time"], later.decisions["data.time"]) == ("applied", None)
    assert "written down after the outcome" in later.asked["data.time"].why


def test_whether_a_mark_means_none_is_asked_where_words_hold_it_and_recommended_for_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    pool = np.where(np.arange(600) % 3 == 0, "good", "NA")
    area = np.where(np.arange(600) % 3 == 0, 40, 0)
    made = Bench(tmp_path / "a" / "run", loans(tmp_path / "a", pool=pool, area=area)).run("preparation.discovery")
    assert made.decisions["data.absent"] == ["pool"] and made.rules["data.absent"] == "absent.zero"
    assert '"pool" says "NA" exactly where "area" is zero' in made.asked["data.absent"].why
    # nothing speaks for it in another table
    (tmp_path / "b").mkdir()
    other = Bench(tmp_path / "b" / "run", loans(tmp_path / "b", pool=pool)).run("preparation.discovery")
    assert other.decisions["data.absent"] == [] and other.rules["data.absent"] == "absent.unsure"
    # and where numbers hold it too, it means unknown
    (tmp_path / "c").mkdir()
    fee = np.where(np.arange(600) % 50 == 0, "NA", np.arange(600).astype(str))
    third = Bench(tmp_path / "c" / "run", loans(tmp_path / "c", pool=pool, fee=fee)).run("preparation.discovery")
    assert third.decisions["data.absent"] == [] and third.rules["data.absent"] == "absent.unknown"
    assert "data.absent" not in bench(tmp_path / "d").asked
