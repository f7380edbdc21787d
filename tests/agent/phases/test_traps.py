"""Every sentence of docs/traps.md is what the data steps say of that table, with recommended answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.agent.phases.data_bench import Bench
from tests.agent.phases.told import told
from tools.data.databases import extract
from tools.errors import InputError

pytestmark = pytest.mark.integration
PAGE = Path(__file__).resolve().parents[3] / "docs" / "traps.md"
NAMES = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,capital-gain,"
    "capital-loss,hours-per-week,native-country,income"
)


@dataclass(frozen=True)
class Table:
    """A file of the shared data, and what is answered otherwise than recommended."""

    file: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    test: str | None = None


TABLES = {
    "adult": Table("adult/adult.data", {"source.names": NAMES.split(",")}, "adult/adult.test"),
    "german_credit": Table("german_credit/german.data"),
    "telco_churn": Table("telco_churn/Telco-Customer-Churn.csv"),
    "bank_marketing": Table("bank_marketing/bank.csv"),
    "insurance_fraud": Table("insurance_fraud/insurance_claims.csv"),
    "mammography": Table("mammography/mammography.csv"),
    "wine_quality": Table("wine_quality/winequality-white.csv"),
    "mice_protein": Table("mice_protein/mice.csv"),
    "bike_hourly": Table("bike_hourly/hour.csv"),
    "ames_housing": Table("ames_housing/AmesHousing.csv"),
    "elec2": Table("elec2/elec.csv"),
    "wholesale_customers": Table("wholesale_customers/wholesale.csv"),
    "hotel_bookings": Table("hotel_bookings/hotel_bookings.csv"),
    "clothing_reviews": Table("clothing_reviews/reviews.parquet"),
    "ltr_search": Table("ltr_search/ltr_table.parquet"),
    "nyc_flights": Table("nyc_flights/flights.parquet", {"data.target": "arr_delay"}),
    "nyc_flights_db": Table("nyc_flights_db/nycflights.sqlite"),
}


def sentences() -> dict[str, list[str]]:
    """The right column of each table of the page, by set."""
    found: dict[str, list[str]] = {}
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        name = re.match(r"[a-z0-9_]+", section)
        assert name is not None
        rows = [line for line in section.splitlines() if line.startswith("| ")]
        found[name[0]] = [line.strip("| ").split(" | ", 1)[1].strip() for line in rows[1:]]
    return found


def test_the_page_speaks_of_every_table() -> None:
    page = sentences()
    assert set(page) == set(TABLES)
    assert sum(map(len, page.values())) > 70


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_spoken_of_as_the_page_says(shared: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    table = TABLES[name]
    path, test = shared(table.file), shared(table.test) if table.test is not None else None
    try:
        if path.suffix == ".sqlite":
            extract(f"sqlite:///{path}", {}, tmp_path / "table.parquet")
        said = told(Bench(tmp_path / "run", path, table.answers, test).run())
    except InputError as refused:
        said = [str(refused)]
    missing = [sentence for sentence in sentences()[name] if not any(sentence in each for each in said)]
    assert missing == []
