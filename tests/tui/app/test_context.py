from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.widgets import Static

from agent.position import Position
from agent.questions import Question
from tests.agent.conversation.scenes import position
from tests.tui.app.bench import HOSTILE, picture, until
from tests.tui.app.samples import SAMPLES
from tests.tui.app.scripted import Scripted, decided, finished, question, told
from tests.tui.app.test_live import progress
from tui.app.context import ContextPane, History
from tui.app.drawing import Drawing
from tui.app.live import LiveSearch

SPLIT = {"train": {"classes": {"bad": 192, "good": 448}, "starts": None, "ends": None}}
COLUMN = {
    "name": "duration", "role": "number", "type": "integer", "distinct": 33, "rows": 1000, "missing_share": 0.0,
    "personal": None, "protected": None, "first": None, "last": None, "numbers": None,
    "top": [{"value": "24", "rows": 184}, {"value": "12", "rows": 179}],
}  # fmt: skip


class Reads(Scripted):
    """A bridge over a run that stands still; counts how often it is read."""

    def __init__(self, found: Position) -> None:
        super().__init__(lambda _: None, [])
        self.position = found
        self.reads = 0
        self.meanwhile: Callable[[], None] | None = None
        """What happens once while something is read."""

    async def read(self, look: Callable[[Any], Any]) -> Any:
        self.reads += 1
        await asyncio.sleep(0)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        workspace, run = SimpleNamespace(root=Path("nowhere")), SimpleNamespace(id="0001-heron")
        return look(SimpleNamespace(position=self.position, workspace=workspace, run=run, pending=None))


class Beside(App[None]):
    """The pane beside something else."""

    CSS = "#left { width: 1fr; }"

    def __init__(self, found: Position) -> None:
        super().__init__()
        self.bridge = Reads(found)
        self.pane = ContextPane(self.bridge)
        self.clicked = 0

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("left", id="left")
            yield self.pane

    def on_mount(self) -> None:
        self.pane.fit_to(self.size.width)

    def hear(self, line: Any) -> None:
        self.pane.hear(line.event, line.pending)

    @property
    def shown(self) -> str:
        return str(self.pane.query_one("#context-title", Static).visual)


Scene = Callable[[Beside, Pilot[Any]], Awaitable[None]]


def play(found: Position, scene: Scene, size: tuple[int, int] = (120, 36)) -> None:
    async def run() -> None:
        app = Beside(found)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scene(app, pilot)

    asyncio.run(run())


def asking(one: Question) -> Any:
    return told("question_asked", one.step, one, id=one.id)


@pytest.fixture
def run_of_two(tmp_path: Path) -> Position:
    files = {
        "reading.json": {"columns": [{"name": "duration"}]},
        "profile.json": {"columns": [COLUMN]},
        "split.json": {"parts": SPLIT},
    }
    return position(tmp_path, files, {"split.kind": "stratified", "data.drop": ["id"]})


def test_the_last_finished_step_shows_its_picture(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(finished("preparation.split"))
        await until(pilot, lambda: app.shown == "1.6 train, validation and test split")
        await until(pilot, lambda: "448  70 %" in picture(app))

    play(run_of_two, scene)


def test_a_question_about_a_column_shows_its_profile(tmp_path: Path) -> None:
    files = {"reading.json": {"columns": [{"name": "duration"}]}, "profile.json": {"columns": [COLUMN]}}

    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(asking(question("data.personal.duration")))
        await until(pilot, lambda: app.shown == "data.personal.duration")
        await until(pilot, lambda: "33 distinct values" in picture(app) and "184" in picture(app))

    play(position(tmp_path, files), scene)


def test_another_question_shows_its_answers_and_why_and_the_answer_brings_the_step_back(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(finished("preparation.split"))
        app.hear(asking(question("split.kind")))
        await until(pilot, lambda: app.shown == "split.kind")
        await until(pilot, lambda: "no, drop it" in picture(app) and "known only" in picture(app))
        app.hear(told("question_answered", "preparation.split", id="split.kind", value="drop"))
        await until(pilot, lambda: app.shown.startswith("1.6"))

    play(run_of_two, scene)


def test_a_step_without_a_picture_leaves_the_decisions_in_view_the_latest_first(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(finished("preparation.features"))
        await until(pilot, lambda: bool(app.pane.query(History)) and "Ada" in picture(app))
        seen = picture(app)
        assert app.shown == "decisions"
        assert seen.index("data.drop = id") < seen.index("split.kind = stratified")

    play(run_of_two, scene)


def test_a_gate_shows_what_was_decided(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(finished("preparation.split"))
        app.hear(decided("preparation"))
        await until(pilot, lambda: app.shown == "decisions")

    play(run_of_two, scene)


def test_a_search_shows_its_trials_until_the_step_is_done(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(told("step_started", "experimentation.tuning", title="tuning"))
        app.hear(progress(0.7, 0.8))
        await until(pilot, lambda: "2 of 30 trials" in picture(app))
        assert app.shown == "trials"
        live = app.pane.query_one(LiveSearch)
        app.hear(progress(0.9, first=3))
        await until(pilot, lambda: "3 of 30 trials" in picture(app))
        assert app.pane.query_one(LiveSearch) is live, "the table goes on, it is not made again"
        app.hear(finished("experimentation.tuning"))
        await until(pilot, lambda: not app.pane.query(LiveSearch))

    play(run_of_two, scene)


def test_an_answer_while_its_question_is_read_about_leaves_the_pane_at_work(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(finished("preparation.split"))
        await until(pilot, lambda: app.shown.startswith("1.6"))
        app.bridge.meanwhile = lambda: app.hear(told("question_answered", id="data.leakage.duration"))
        app.hear(asking(question()))
        await until(pilot, lambda: app.bridge.meanwhile is None and app.shown.startswith("1.6"))

    play(run_of_two, scene)


def test_what_is_read_for_a_screen_that_is_being_left_is_not_drawn_any_more(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.shown == "decisions")
        await app.pane.remove_children()
        before = app.bridge.reads
        app.hear(finished("preparation.split"))
        await until(pilot, lambda: app.bridge.reads > before)
        await app.workers.wait_for_complete()

    play(run_of_two, scene)


@pytest.mark.parametrize(("width", "stands"), [(80, False), (109, False), (110, True), (160, True)])
def test_it_stands_open_where_there_is_room(run_of_two: Position, width: int, stands: bool) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        assert app.pane.open is stands

    play(run_of_two, scene, (width, 30))


def test_it_can_be_hidden_and_shown_and_stays_so_when_the_width_changes(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        assert app.pane.toggle() is False
        app.pane.fit_to(160)
        assert not app.pane.open
        assert app.pane.toggle() is True
        app.pane.fit_to(80)
        assert app.pane.open

    play(run_of_two, scene)


def test_hidden_it_reads_nothing_and_shown_again_it_is_up_to_date(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.shown == "decisions")
        app.pane.toggle()
        before = app.bridge.reads
        app.hear(finished("preparation.split"))
        await pilot.pause()
        assert app.bridge.reads == before
        app.pane.toggle()
        await until(pilot, lambda: app.shown.startswith("1.6"))

    play(run_of_two, scene)


def test_a_whole_run_that_is_told_again_is_read_a_few_times_only(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        for _ in range(50):
            app.hear(finished("preparation.split"))
        await until(pilot, lambda: app.shown.startswith("1.6"))
        assert app.bridge.reads < 6

    play(run_of_two, scene)


def test_evidence_that_is_asked_for_stands_until_it_is_put_away(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        await app.pane.show(SAMPLES["grid"])
        app.hear(finished("preparation.split"))
        await until(pilot, lambda: "purpose" in picture(app))
        assert app.shown == "Rows of the test"
        app.pane.action_put_away()
        await until(pilot, lambda: app.shown.startswith("1.6"))

    play(run_of_two, scene)


def test_asked_for_evidence_opens_the_pane(run_of_two: Position) -> None:
    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        await app.pane.show(SAMPLES["report"])
        await until(pilot, lambda: "Intended use" in picture(app))

    play(run_of_two, scene, (90, 30))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_data_stay_words(tmp_path: Path, name: str) -> None:
    files = {"profile.json": {"columns": [{"name": name, "missing_share": 0.4}]}}

    async def scene(app: Beside, pilot: Pilot[Any]) -> None:
        app.hear(finished("preparation.discovery"))
        await until(pilot, lambda: bool(app.pane.query(Drawing)))
        await pilot.click(Drawing, offset=(3, 1))
        await pilot.pause()
        assert app.is_running
        assert "\x1b" not in picture(app) and "\x07" not in picture(app)

    play(position(tmp_path, files), scene)
