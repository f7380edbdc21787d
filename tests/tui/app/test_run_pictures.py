"""Pictures of a run and of what opens over it, compared with those that were looked at and stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from agent.decisions import Decision
from agent.position import Position
from tests.agent.conversation.scenes import position
from tests.tui.app.bench import SIZES, THEMES, picture, until
from tests.tui.app.scripted import STARTED, Line, Scripted, Stage, asked, finished, question, told
from tests.tui.app.test_context import COLUMN, SPLIT
from tests.tui.app.test_live import progress
from tui.app.answers import AnswersScreen
from tui.app.bridge import Listener
from tui.app.conversing import SayInput
from tui.app.forking import ForkForm
from tui.app.keyhelp import KeyHelp

Compare = Callable[..., bool]
ASKED = question(
    prompt='"duration" predicts the outcome almost alone. Is it known at the moment of prediction?',
    why="Alone it reaches an AUC of .94; what does so is mostly written down after the outcome is known.",
)
MISSING = ({"name": "savings", "missing_share": 0.18}, {"name": "employment", "missing_share": 0.06})
FILES = {
    "reading.json": {"columns": [{"name": "duration"}]},
    "profile.json": {"columns": [COLUMN, *MISSING]},
    "split.json": {"parts": SPLIT},
}
DECISIONS = {
    "split.test_size": ("person", 0.25, 0.2, "A fifth is usual."),
    "split.kind": ("recommended", "stratified", "stratified", "The classes are of unequal size."),
    "cleaning.missing": ("recommended", "median", "median", "It is skewed, and 18 % is too much to drop."),
    "features.proposed": ("file", ["ratio(amount, duration)", "log1p(amount)", "age_band"], None, ""),
}
TOLD: list[Line] = [
    STARTED,
    told("question_answered", id="search.trials", value=60, source="person", reason=None, prompt="", by=None),
    finished("intake.source", "1,000 rows, 21 columns, comma-separated", ("Ages are whole years.",)),
    finished("intake.feasibility", "an AUC of .78 would be known to ± .07"),
    finished("preparation.success_metrics", "ROC AUC decides; 0.70 is required"),
    finished("preparation.discovery", "2 of 21 columns have missing values", (
        "The classes are unequal: 70 % good, 30 % bad.",
        "\"telephone\" says almost nothing about the outcome, alone or together with any other column that was read.",
    )),
    finished("preparation.split", "640 / 160 / 200 rows", ("The 200 test rows are sealed until the holdout.",)),
]  # fmt: skip


class Shows(Scripted):
    """A bridge over a position that stands still."""

    def __init__(self, listen: Listener, script: Iterable[list[Line]], found: Position) -> None:
        super().__init__(listen, script)
        self.found = found

    async def read(self, look: Callable[[Any], Any]) -> Any:
        workspace, run = SimpleNamespace(root=Path("nowhere")), SimpleNamespace(id="0001-heron")
        found = self.found
        return look(
            SimpleNamespace(registry=found.registry, position=found, workspace=workspace, run=run, pending=self.pending)
        )


class Shown(Stage):
    """A run over that bridge, in a theme; its palette has the run's commands, since those of all come in any order."""

    COMMANDS: ClassVar[set[Any]] = set()

    def __init__(self, found: Position, script: list[Line], theme: str = "textual-dark") -> None:
        super().__init__([script])
        self._found, self._wanted = found, theme

    def on_load(self) -> None:
        self.theme = self._wanted

    def scripted(self, listen: Listener) -> Scripted:
        return Shows(listen, self._script, self._found)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Position:
    """A run with some answers; its clocks stand still."""
    monkeypatch.setattr("tui.app.status.clock", lambda _: "1:12")
    for module in ("live", "telling"):
        monkeypatch.setattr(f"tui.app.{module}.clock", lambda *_: ["12 s", "38 s left"])
    made = position(tmp_path, FILES)
    for name, (source, value, recommended, why) in DECISIONS.items():
        fields: dict[str, Any] = {"source": source, "recommended": recommended, "why": why, "by": None}
        made.decisions[name] = Decision(id=name, value=value, **fields)
    return made


async def open_question(pilot: Pilot[Any]) -> None:
    """Wait until the question stands, with what is shown beside it."""
    app: Any = pilot.app
    await until(pilot, lambda: bool(app.run_screen.query("#answer")))
    await until(pilot, lambda: len(app.run_screen.query("Transcript Drawing")) == 2)
    await settled(pilot)


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until the picture stays as it is."""
    seen = ["", "", ""]
    while len(set(seen)) > 1 or not seen[-1]:
        await pilot.pause(0.02)
        seen = [*seen[1:], picture(pilot.app)]


def at(*keys: str, until_screen: type[Any] | None = None) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Open the question, press keys, and wait for what they open."""

    async def ready(pilot: Pilot[Any]) -> None:
        await open_question(pilot)
        await pilot.press(*keys)
        if until_screen is not None:
            await until(pilot, lambda: isinstance(pilot.app.screen, until_screen))
        await settled(pilot)

    return ready


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
def test_run(snap_compare: Compare, found: Position, size: tuple[int, int], theme: str) -> None:
    app = Shown(found, [*TOLD, asked(ASKED)], theme)
    assert snap_compare(app, terminal_size=size, run_before=at("w"))


def test_pane_over_the_conversation(snap_compare: Compare, found: Position) -> None:
    app = Shown(found, [*TOLD, asked(ASKED)])
    assert snap_compare(app, terminal_size=(80, 24), run_before=at("p"))


def test_answers(snap_compare: Compare, found: Position) -> None:
    app = Shown(found, [*TOLD, asked(ASKED)])
    assert snap_compare(app, terminal_size=(120, 36), run_before=at("l", until_screen=AnswersScreen))


def test_key_help(snap_compare: Compare, found: Position) -> None:
    app = Shown(found, [*TOLD, asked(ASKED)])
    assert snap_compare(app, terminal_size=(120, 36), run_before=at("question_mark", until_screen=KeyHelp))


def test_fork_form(snap_compare: Compare, found: Position) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await open_question(pilot)
        app.run_screen.query_one(SayInput).focus()
        app.run_screen.fork("preparation")
        await until(pilot, lambda: isinstance(app.screen, ForkForm))
        await settled(pilot)

    app = Shown(found, [*TOLD, asked(ASKED)])
    assert snap_compare(app, terminal_size=(120, 36), run_before=ready)


def test_palette(snap_compare: Compare, found: Position) -> None:
    app = Shown(found, [*TOLD, asked(ASKED)])

    async def ready(pilot: Pilot[Any]) -> None:
        await at("ctrl+p", until_screen=CommandPalette)(pilot)
        await until(pilot, lambda: "Read: Exploration" in picture(app))
        await settled(pilot)

    assert snap_compare(app, terminal_size=(120, 36), run_before=ready)


def test_search_at_work(snap_compare: Compare, found: Position) -> None:
    started = told("step_started", "experimentation.tuning", title="tuning", guidance="2.2", phase="experimentation")
    scores = [0.71, 0.74, None, 0.73, 0.781, 0.76, None, 0.779, 0.792, 0.75, 0.788, None, 0.7931, 0.79]

    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "14 of 30 trials" in picture(pilot.app))
        await settled(pilot)

    app = Shown(found, [*TOLD, started, progress(*scores)])
    assert snap_compare(app, terminal_size=(120, 36), run_before=ready)
