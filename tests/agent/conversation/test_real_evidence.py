from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from agent.conversation.meanings import Compare, Explain, Profile, WhatIf
from agent.conversation.parts import Bars, Grid, Reply
from agent.conversation.replies import reply
from agent.conversation.view import SessionView, vocabulary
from agent.conversation.what_if import curve
from agent.phases.preparation import exploration
from agent.position import Position, StepRecord
from agent.process import call
from tests.agent.conversation.scenes import NUMBER, drawn, leaves, position, sayable, words
from tests.agent.phases.experimentation.bench import LOANS, PRICES, ModelBench, loans, prices
from workspace.project import Workspace

pytestmark = pytest.mark.integration
REPOSITORY = Path(__file__).resolve().parents[3]


class World:
    """A bench that ran to the scorer, as a position over a workspace's store."""

    def __init__(self, bench: ModelBench, folder: Path) -> None:
        self.bench = bench
        bench.outcomes[exploration.STEP.id] = bench._body(exploration.STEP)
        Workspace.create(folder)
        artifacts: dict[str, Any] = {}
        for name, path in bench.files.items():
            if name == "source" or name.endswith(".outcome"):
                continue
            if path.is_dir():
                artifacts |= {f"{name}{file.name}": file for file in path.iterdir() if file.is_file()}
            else:
                artifacts[name] = path
        self.position: Position = position(folder, artifacts, bench.decisions, bench.outcomes)
        self.view = SessionView(self.position, root=folder)

    def evidence(self, *names: str) -> list[Any]:
        return [self.position.json(name) for name in names]


@pytest.fixture(scope="module")
def strong(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("strong")
    return World(ModelBench(folder / "run", loans(folder / "loans.csv"), LOANS).run(), folder / "ws")


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("numbers")
    return World(ModelBench(folder / "run", prices(folder / "prices.csv"), PRICES).run(), folder / "ws")


@pytest.fixture(autouse=True)
def children_find_our_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def check(answer: Reply, *evidence: Any) -> None:
    """Every number that is said or drawn stands in the evidence."""
    said = set(NUMBER.findall(words(answer)))
    assert said <= sayable(*evidence), said - sayable(*evidence)
    held = [float(leaf) for leaf in leaves(list(evidence)) if not isinstance(leaf, str)]
    assert set(drawn(answer)) <= set(held)


@pytest.mark.parametrize("world", ["strong", "numbers"])
def test_every_number_of_a_profile_stands_in_the_exploration(world: str, request: pytest.FixtureRequest) -> None:
    run: World = request.getfixturevalue(world)
    names = vocabulary(run.view).columns
    assert len(names) >= 4
    for name in names:
        answer = reply(Profile(name), run.view)
        assert words(answer)
        check(answer, *run.evidence("exploration.json"), "0 to 1")


@pytest.mark.parametrize("world", ["strong", "numbers"])
def test_every_number_of_a_comparison_stands_in_the_comparison_or_the_baseline(
    world: str, request: pytest.FixtureRequest
) -> None:
    run: World = request.getfixturevalue(world)
    answer = reply(Compare(), run.view)
    check(answer, *run.evidence("comparison.json", "baseline.json"))
    (table,) = [part for part in answer.parts if isinstance(part, Grid) and part.columns[:2] == ("model", "")]
    assert [row[0] for row in table.rows] == [
        model["label"] for held in run.evidence("comparison.json", "baseline.json") for model in held["models"]
    ]
    assert "recommended" in " ".join(row[1] for row in table.rows)


def test_every_number_of_a_what_if_stands_in_the_curve(strong: World) -> None:
    held = curve(strong.position)
    assert held is not None
    assert (held.positive, held.negative) == ("yes", "no")
    assert held.decided == strong.bench.decisions["decision.threshold"]
    for threshold in (0.0, 0.13, 0.5, 1.0):
        ratios = [one.ratio for one in held.ratios(threshold)]
        assert ratios
        check(reply(WhatIf(threshold), strong.view), *strong.evidence("threshold_curve.json"), ratios, held.today)


def test_the_ratios_are_those_of_the_error_analysis_at_its_threshold(strong: World) -> None:
    held = curve(strong.position)
    errors = strong.position.json("errors.json")
    assert held is not None
    measured = {one["column"]: (one["lowest"], one["ratio"]) for one in errors["parity"]}
    assert {one.column: (one.lowest, one.ratio) for one in held.ratios(errors["threshold"]["threshold"])} == measured


def test_a_regression_has_no_threshold(numbers: World) -> None:
    assert curve(numbers.position) is None
    assert "There is no threshold to move" in reply(WhatIf(0.3), numbers.view).text


def row_of(run: World, part: str) -> int:
    split = pd.read_parquet(run.bench.files["split.parquet"])
    return int(split.loc[split["partition"] == part, "row"].iloc[3])


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize("world", ["strong", "numbers"])
def test_a_row_is_explained_by_the_scorer_from_the_cells_of_the_source(
    world: str, part: str, request: pytest.FixtureRequest
) -> None:
    run: World = request.getfixturevalue(world)
    row = row_of(run, part)
    answer = reply(Explain(row), run.view)
    assert f"Row {row} is a {'training' if part == 'train' else part} row" in answer.text
    (table,) = [one for one in answer.parts if isinstance(one, Grid)]
    source = pd.read_csv(run.bench.files["source"])
    for name, cell, *_ in table.rows:
        value: Any = source.loc[row, name]
        if isinstance(value, str):
            assert cell == value
        elif pd.isna(value):
            assert cell == "missing"
        else:
            assert cell in sayable(float(value)), name


def test_a_test_row_is_refused_before_the_vault_is_opened(strong: World) -> None:
    row = row_of(strong, "test")
    answer = reply(Explain(row), strong.view)
    assert answer.text == f"Row {row} is a test row, and the test rows are sealed until step 3.1 holdout opens them."
    assert not any(isinstance(part, Grid | Bars) for part in answer.parts)


def test_a_test_row_is_explained_once_the_vault_was_opened_on_this_split(
    strong: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = row_of(strong, "test")
    sealed = dict(strong.position.steps["preparation.split"].artifacts["test.parquet"])
    for artifact, expected in (
        (sealed, "is a test row; the scorer predicts"),
        ({**sealed, "sha256": "0" * 64}, "sealed"),
    ):
        record = StepRecord("validation.holdout", "0", {"opened.parquet": artifact}, 1.0, False)
        monkeypatch.setitem(strong.position.steps, "validation.holdout", record)
        assert expected in reply(Explain(row), strong.view).text


def test_the_sealed_rows_are_not_even_named_to_the_process(strong: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def spy(function: str, **arguments: Any) -> dict[str, Any]:
        asked.update(arguments)
        return {"part": "test", "last": 9}

    monkeypatch.setattr("agent.process.call", spy)
    reply(Explain(1), strong.view)
    assert set(asked["frames"]) == {"train", "validation"}
    sealed = strong.position.find("test.parquet")
    assert sealed is not None and sealed[2:] not in json.dumps(asked)


def test_a_row_that_is_not_there_is_said_so(strong: World) -> None:
    assert reply(Explain(420), strong.view).text == "There is no row 420: rows are counted from 0 to 419."


def test_the_conversation_imports_no_heavy_library() -> None:
    assert call("tests.agent.conversation.fresh:heavy") == []
