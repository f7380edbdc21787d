"""The examples are what they say they are."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.answers import GATES, read_answers
from agent.questions import check_static
from agent.registry import registry
from examples.credit import decode

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_credit_table_is_the_original_decoded(shared: Callable[[str], Path], tmp_path: Path) -> None:
    decode.main(str(shared("german_credit/german.data")), str(tmp_path / "credit.csv"))
    assert (tmp_path / "credit.csv").read_bytes() == (EXAMPLES / "credit" / "credit.csv").read_bytes()


def test_a_code_that_is_not_documented_is_not_guessed() -> None:
    line = "A11 6 A34 A43 1169 A65 A75 4 A93 A101 4 A121 67 A143 A152 2 A173 1 A192 A201 1"
    assert len(decode.decode(line)) == len(decode.header()) == 22
    with pytest.raises(KeyError):
        decode.decode(line.replace("A93", "A99"))


def test_the_credit_readme_counts_right() -> None:
    loans = rows(EXAMPLES / "credit" / "credit.csv")
    assert Counter(loan["risk"] for loan in loans) == {"good": 700, "bad": 300}
    statuses = {sex: {loan["marital_status"] for loan in loans if loan["sex"] == sex} for sex in ("male", "female")}
    assert not statuses["male"] & statuses["female"]


def test_the_bikes_table_is_the_original(shared: Callable[[str], Path]) -> None:
    assert (EXAMPLES / "bikes" / "hour.csv").read_bytes() == shared("bike_hourly/hour.csv").read_bytes()


def test_the_bikes_readme_counts_right() -> None:
    hours = rows(EXAMPLES / "bikes" / "hour.csv")
    assert len(hours) == 17_379 and 17_544 - len(hours) == 165
    assert all(int(hour["casual"]) + int(hour["registered"]) == int(hour["cnt"]) for hour in hours)
    for year, mean in (("2011", 144), ("2012", 235)):
        counts = [int(hour["cnt"]) for hour in hours if hour["dteday"].startswith(year)]
        assert round(sum(counts) / len(counts)) == mean
    counts = [int(hour["cnt"]) for hour in hours]
    newest = range(len(counts) - len(counts) // 5, len(counts))
    assert round(sum(abs(counts[i] - counts[i - 168]) for i in newest) / len(newest)) == 78


@pytest.mark.parametrize("example", ["credit", "bikes"])
def test_each_example_answers_every_gate_with_a_name_and_a_reason(example: str) -> None:
    recorded = read_answers(EXAMPLES / example / "answers.yaml")
    assert set(recorded.gates) == set(GATES)
    assert all(visit.by and visit.reason for visits in recorded.gates.values() for visit in visits)
    assert recorded.answers["deployment.start"].value == "probe"
    assert all(visit.conditions for visit in recorded.gates["validation"])
    with (EXAMPLES / example / {"credit": "credit.csv", "bikes": "hour.csv"}[example]).open(encoding="utf-8") as lines:
        columns = set(next(csv.reader(lines)))
    for question in ("requirements.protected", "data.drop"):
        assert set(recorded.answers[question].value) <= columns
    assert recorded.answers["data.target"].value in columns


@pytest.mark.parametrize("example", ["credit", "bikes"])
def test_each_example_answers_only_questions_that_exist_with_values_that_fit(example: str) -> None:
    for question, given in read_answers(EXAMPLES / example / "answers.yaml").answers.items():
        check_static(registry(), question, given.value)
