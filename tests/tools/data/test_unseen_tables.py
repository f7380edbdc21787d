"""Tables that other libraries bundle, on which nothing was developed, read with no answer given but the target.

What is recommended makes sense, nothing is called a certain leak, and every sentence can be shown.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.agent.phases.data_bench import Bench
from tools.data.key_names import says_code, says_entity, says_key
from tools.data.privacy_names import protected_kind
from tools.data.roles import counts_rows, in_blocks, tells_time


def bundled(name: str) -> pd.DataFrame:
    """A table by name: ``statsmodels.<module>`` or ``sklearn.<set>``, its class names written out."""
    library, _, name = name.partition(".")
    if library == "statsmodels":
        # its loaders build on parts of pandas that are on their way out
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read: pd.DataFrame = importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data
            return read
    from sklearn import datasets

    loaded: Any = getattr(datasets, f"load_{name}")(as_frame=True)
    frame: pd.DataFrame = loaded.frame
    if "target_names" in loaded and "target" in frame and name != "digits":
        frame["target"] = [str(loaded.target_names[label]) for label in frame["target"]]
        frame = frame.rename(columns={"target": "kind of it"})
    return frame


def run(folder: Path, name: str, **answers: object) -> Bench:
    path = folder / "table.csv"
    bundled(name).to_csv(path, index=False)
    return Bench(folder / "run", path, answers).run()


def blocked(made: Bench) -> list[str]:
    return [
        finding.id for outcome in made.outcomes.values() for finding in outcome.findings if finding.level == "block"
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "target", "task", "positive", "split"),
    [
        ("sklearn.breast_cancer", "kind of it", "binary", "malignant", "stratified"),
        ("sklearn.iris", "kind of it", "multiclass", None, "stratified"),
        ("sklearn.wine", "kind of it", "multiclass", None, "stratified"),
        ("sklearn.diabetes", "target", "regression", None, "random"),
        ("sklearn.digits", "target", "multiclass", None, "stratified"),
        ("statsmodels.anes96", "vote", "binary", "1", "stratified"),
        ("statsmodels.fair", "affairs", "regression", None, "random"),
        ("statsmodels.heart", "survival", "regression", None, "random"),
        ("statsmodels.engel", "foodexp", "regression", None, "random"),
        ("statsmodels.modechoice", "choice", "binary", "1", "grouped"),
        ("statsmodels.sunspots", "SUNACTIVITY", "regression", None, "time"),
        ("statsmodels.macrodata", "realint", "regression", None, "time"),
        ("statsmodels.nile", "volume", "regression", None, "time"),
    ],
)
def test_an_unseen_table_gets_a_sensible_target_task_and_split_and_no_false_block(
    tmp_path: Path, name: str, target: str, task: str, positive: str | None, split: str
) -> None:
    made = run(tmp_path, name)
    chosen = made.decisions
    assert (chosen["data.target"], chosen["data.problem_type"], chosen["split.kind"]) == (target, task, split)
    assert chosen.get("data.positive_class") == positive
    assert blocked(made) == []
    assert not [name for name, verdict in chosen.items() if name.startswith("data.leakage.") and verdict == "drop"]
    said = [str(finding.text) for outcome in made.outcomes.values() for finding in outcome.findings]
    assert not [text for text in said if "unknown of" in text or "1 rows" in text or "1 columns" in text], said


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "target", "split"),
    [
        ("statsmodels.randhie", "mdvis", "random"),
        ("statsmodels.star98", "NABOVE", "random"),
        ("statsmodels.ccard", "AVGEXP", "random"),
        ("statsmodels.grunfeld", "invest", "grouped"),
        ("statsmodels.elnino", "DEC", "time"),
    ],
)
def test_with_its_target_named_an_unseen_table_is_split_as_its_rows_ask(
    tmp_path: Path, name: str, target: str, split: str
) -> None:
    made = run(tmp_path, name, **{"data.target": target})
    assert made.decisions["split.kind"] == split and blocked(made) == []


@pytest.mark.integration
def test_easy_problems_are_told_from_leaks(tmp_path: Path) -> None:
    easy = run(tmp_path, "sklearn.breast_cancer").outcomes["preparation.leakage"]
    assert "none found" in str(easy.summary)
    assert any("an easy problem rather than a leak" in str(note) for note in easy.notes)


@pytest.mark.integration
def test_entities_are_found_by_their_blocks_and_equal_rows_by_chance_are_no_warning(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    modes = run(tmp_path / "a", "statsmodels.modechoice")
    assert modes.decisions["data.group"] == "individual"
    assert any("210 blocks" in str(each.text) for each in modes.outcomes["preparation.discovery"].findings)
    (tmp_path / "b").mkdir()
    answers = run(tmp_path / "b", "statsmodels.fair").outcomes["preparation.discovery"]
    repeats = next(each for each in answers.findings if each.id == "duplicate.rows")
    assert repeats.level == "info" and "few values" in str(repeats.text)


def planted(folder: Path, change: Callable[[pd.DataFrame, np.random.Generator], None]) -> Bench:
    """A clinic's table under names of no known data set, with one trap."""
    random = np.random.default_rng(21)
    rows = 1500
    state = random.normal(size=rows)
    frame = pd.DataFrame(
        {
            "crp": np.exp(state + random.normal(size=rows)).round(2),
            "hb": (13 - state + random.normal(size=rows)).round(1),
            "ward": random.choice(["north", "south", "east"], rows),
            "complication": np.where(state + random.normal(size=rows) > 1, "ja", "nein"),
        }
    )
    change(frame, random)
    path = folder / "clinic.csv"
    frame.to_csv(path, index=False)
    return Bench(folder / "run", path).run()


def _reoperated(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame.insert(
        0, "secondTheatre", np.where(frame["complication"] == "ja", random.choice(["T4", "T5"], len(frame)), "-")
    )


def _hours(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame.insert(0, "intensive_hours", random.gamma(2, 9, len(frame)).round(1))
    frame.loc[frame["complication"] == "nein", "intensive_hours"] = np.nan


def _half(frame: pd.DataFrame, random: np.random.Generator) -> None:
    coin = random.random(len(frame)) < 0.5
    frame.insert(0, "bed", np.where(coin, "a", "b"))
    frame.insert(1, "sheet", np.where(coin ^ (frame["complication"] == "ja"), "x", "y"))


@pytest.mark.parametrize(
    ("change", "leaks"), [(_reoperated, {"secondTheatre"}), (_hours, {"intensive_hours"}), (_half, {"bed", "sheet"})]
)
def test_planted_leaks_are_certain_under_any_name(
    tmp_path: Path, change: Callable[[pd.DataFrame, np.random.Generator], None], leaks: set[str]
) -> None:
    made = planted(tmp_path, change)
    found = {item["column"] for item in made.json("leakage.json")["suspects"] if item["certain"]}
    assert found == leaks and made.decisions["data.positive_class"] == "ja"


def _patients(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame.insert(0, "patientNo", 4000 + random.integers(0, 300, len(frame)))


def _cases(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame.insert(0, "lfd", random.permutation(len(frame)) + 1)
    frame["crp"] = frame["crp"].clip(upper=90)
    frame.loc[::20, "crp"] = 999.0


def _years(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame.insert(0, "admission_year", np.sort(random.integers(1995, 2015, len(frame))))


def test_keys_counters_and_years_are_told_apart_by_their_values(tmp_path: Path) -> None:
    for place, (change, question, value) in enumerate(
        (
            (_patients, "data.group", "patientNo"),
            (_cases, "data.drop", ["lfd"]),
            (_years, "data.time", "admission_year"),
        )
    ):
        folder = tmp_path / str(place)
        folder.mkdir()
        made = planted(folder, change)
        assert made.decisions[question] == value
        if change is _cases:
            found = {each.id: str(each.text) for each in made.outcomes["preparation.discovery"].findings}
            assert "the value 999 stands apart (5 % of the rows)" in found["quality.crp.sentinel"]


def test_general_rules_read_names_of_any_style() -> None:
    assert [protected_kind(name) for name in ("SeniorCitizen", "senior_flag", "isMarried", "years_married")] == [
        "age", "age", "marital status", None,
    ]  # fmt: skip
    assert says_key("policyNumber") and says_key("UID") and says_key("index")
    assert not says_key("amount_paid") and not says_key("week_number") and not says_key("price index")
    assert says_entity("claim-ref") and not says_entity("houseNumber") and not says_entity("grid")
    assert says_code("StoreCode") and not says_code("yearsAtCompany") and not says_code("class_size")


def test_values_speak_where_names_do_not() -> None:
    random = np.random.default_rng(0)
    assert counts_rows(pd.Series(random.permutation(50) + 7)) and not counts_rows(pd.Series([*range(49), 60]))
    assert in_blocks(pd.Series(np.repeat(random.permutation(30), 4)), "x")
    assert not in_blocks(pd.Series(random.integers(0, 30, 120)), "x")
    assert not in_blocks(pd.Series(np.repeat(np.arange(30), 24)), "day")
    assert tells_time(pd.Series(np.repeat(np.arange(1950, 1980), 2)), "YEAR")
    assert not tells_time(pd.Series(np.arange(1980, 1950, -1)), "YEAR")
    assert not tells_time(pd.Series(np.arange(30)), "size")
