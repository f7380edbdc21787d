"""Text from data is text: no cell of it can be clicked into an action, and no byte of it steers the terminal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from agent.conversation.gate_view import Changeable, GateView
from agent.gates import ShownStep
from agent.questions import Choice
from agent.recent import Example, Recent, Standing
from tests.tui.app.bench import picture, until
from tests.tui.app.gates import Behind
from tests.tui.app.scripted import Line, Scripted, asked, check, decided, finished, question, request, told
from tests.tui.app.test_home import MOMENT
from tests.tui.app.traps import ACTIONS, SEQUENCES, Trap, click_through, hostile, played
from tui.app.bridge import Bridge, Listener, Opening
from tui.app.checks import CheckScreen
from tui.app.choosing import DataInput, HomeSource
from tui.app.confirm import Confirm
from tui.app.decision import DecisionForm
from tui.app.evidence import (
    BarData,
    CurveData,
    Diff,
    Evidence,
    Grid,
    HistogramData,
    JsonTree,
    MarkdownText,
    NotebookCell,
    NotebookCells,
    Plot,
    Series,
)
from tui.app.gate import GateScreen
from tui.app.home import HomeScreen
from tui.app.previewing import Preview
from tui.app.question import QuestionPanel
from tui.app.run import RunScreen
from tui.app.viewer import EvidenceScreen

EVERY = 4
"""One cell of so many is clicked here; `tests/journeys/test_clicking.py` clicks all."""
_KNOWN = re.compile(r"\x1b\[[0-9;:?<>=]*[A-Za-z]|\x1b\]22;[a-z-]+\x07")
"""What Textual itself writes: sequences that colour, place and erase, and the shape of the pointer."""
_FORGED = ("\x1b[31m", "\x1b[999;999H")
_STEERS = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def assert_tame(written: str) -> None:
    """Nothing went to the terminal but text and what Textual writes."""
    assert len(written) > 1000
    for forged in _FORGED:
        assert forged not in written
    left = _STEERS.search(_KNOWN.sub("", written))
    assert left is None, repr(_KNOWN.sub("", written)[max(0, left.start() - 60) : left.end() + 60])


def home(tmp_path: Path) -> HomeScreen:
    """Home, where every name, state and preview is hostile."""
    standings = {
        Path(f"/w/{hostile().replace('/', '')}"): Standing(
            run=hostile(), state=state, phase=hostile(), gate=hostile(), recommended=hostile(), why=hostile(),
            verdict=hostile(), model=hostile(), changed=MOMENT, problem=problem,
        )
        for state, problem in (("waiting", None), ("done", None), ("failed", hostile()))
    }  # fmt: skip

    async def previews(location: str) -> AsyncIterator[Preview]:
        yield Preview(hostile(), tuple(hostile() for _ in range(4)), "\n".join(hostile() for _ in range(3)))

    for number in range(5):
        link = f"[@click=screen.decide({number})]x[]".replace("/", "")
        (tmp_path / f"{link}.csv").write_text("a\n")
    source = HomeSource(
        recents=lambda: [Recent(root) for root in standings],
        standing=standings.__getitem__,
        examples=lambda: [Example(hostile(), tmp_path / "x.csv", hostile()) for _ in range(2)],
        refusal=lambda data, root: hostile(),
        moment=lambda: MOMENT,
        here=lambda: tmp_path,
    )
    return HomeScreen(previews, source)


def gate(**more: Any) -> Any:
    """A gate whose every text is hostile."""
    return request(
        title=hostile(), why=hostile(), changed=(hostile(), hostile()),
        steps=tuple(ShownStep(id=f"s{n}", guidance="1.1", title=hostile(), summary=hostile()) for n in range(3)),
        checks=tuple(
            check(f"c{n}", status, blocking=True, measured=hostile()).model_copy(
                update={"title": hostile(), "criterion": hostile()}
            )
            for n, status in enumerate(("fail", "warn", "insufficient", "pass"))
        ),
        findings=tuple(hostile() for _ in range(3)), deliverables=tuple(hostile() for _ in range(3)),
        **more,
    )  # fmt: skip


def asks(kind: str) -> Any:
    """A question whose every text is hostile."""
    options = tuple(Choice(value=f"v{n}", label=hostile(), reason=hostile()) for n in range(3))
    more: dict[str, Any] = {"options": options, "recommended": "v0", "needs_reason": ()}
    if kind in {"several", "columns"}:
        more["recommended"] = ["v0"]
    if kind in {"number", "text"}:
        more = {"options": (), "recommended": 3 if kind == "number" else hostile()}
    return question(kind=kind, prompt=hostile(), why=hostile(), **more)


def run_screen(kind: str, bridges: list[Scripted]) -> RunScreen:
    """A run in which everything that was told is hostile; each answer is followed by the same question."""
    one = asks(kind)
    began: list[Line] = [
        told("run_started", source={"name": hostile()}, seed=0, advisor=hostile()),
        told("warning", text=hostile()),
        finished("preparation.split", hostile(), (hostile(), hostile())),
        decided(by=hostile(), reason=hostile(), conditions=hostile(), set={hostile(): hostile()}),
        told("question_answered", "preparation.split", id=hostile(), value=hostile(), source=hostile(),
             reason=hostile(), prompt="", by=hostile()),
        asked(one),
    ]  # fmt: skip

    def bridge(listen: Listener) -> Bridge:
        again: list[list[Line]] = [[asked(one)] for _ in range(2000)]
        bridges.append(Scripted(listen, [began, *again]))
        return bridges[0]

    return RunScreen(Opening(Path("phasegate"), hostile()), bridge)


def evidence() -> dict[str, Evidence]:
    """Each kind of evidence with hostile words everywhere."""
    lines = "\n".join(hostile() for _ in range(20))
    rows = [tuple(hostile() for _ in range(4)) for _ in range(30)]
    cells = tuple(NotebookCell(kind, lines, (hostile(),)) for kind in ("markdown", "code"))
    series = (Series(hostile(), (0.0, 1.0), (0.0, 1.0)),)
    table = f"| {hostile()} | b |\n|---|---|\n| {hostile()} | [x](javascript:1) <https://example.org> |"
    report = f"# {hostile()}\n\n{lines}\n\n- {hostile()}\n\n{table}\n\n```\n{lines}\n```\n"
    return {
        "report": MarkdownText(hostile(), report),
        "grid": Grid(hostile(), tuple(hostile() for _ in range(4)), rows),
        "record": JsonTree(hostile(), {hostile(): {hostile(): hostile()}, "list": [hostile(), {hostile(): 1}]}),
        "notebook": NotebookCells(hostile(), cells),
        "diff": Diff.between(hostile(), lines, "\n".join(hostile() for _ in range(20))),
        "bars": Plot(hostile(), BarData(tuple(hostile() for _ in range(4)), (1.0, 2.0, 3.0, -1.0)), hostile()),
        "curve": Plot(hostile(), CurveData(series, hostile(), hostile()), hostile()),
        "histogram": Plot(hostile(), HistogramData((0.0, 1.0, 2.0), (3.0, 1.0), hostile()), hostile()),
    }  # fmt: skip


EVIDENCE = tuple(evidence())
KINDS = ("choice", "several", "columns", "number", "text")


async def through_home(app: Trap, pilot: Pilot[Any], every: int, tmp_path: Path) -> None:
    """A click on a place or file chooses it: that is meant, and the home screen is then left with a choice."""
    await until(pilot, lambda: "[@click" in picture(app) and "reading" not in picture(app))
    home_screen = app.screen
    assert await click_through(app, pilot, every, lambda: app.screen is home_screen) > 20
    home_screen.query_one(DataInput).value = ""
    home_screen.query_one(DataInput).focus()
    await pilot.press(*f"{tmp_path}/", "down")
    await until(pilot, lambda: "csv" in picture(app))
    assert await click_through(app, pilot, every, lambda: app.screen is home_screen) > 20
    assert all(choice.kind in {"new", "resume", "open"} for choice in app.results)


async def through_run(app: Trap, pilot: Pilot[Any], every: int, bridge: Scripted) -> None:
    """A click on an option answers with it: that is meant; no gate is decided and nothing is stopped."""
    run = app.screen
    await until(pilot, lambda: bool(run.query_one(QuestionPanel).query("#answer")))
    await pilot.press("f2")
    assert await click_through(app, pilot, every, lambda: (bridge.decided, bridge.stops, len(bridge.openings))) > 20
    assert {value if isinstance(value, str) else "" for _, value, _, _ in bridge.given} <= {"", "v0", "v1", "v2"}


async def through(app: Trap, pilot: Pilot[Any], every: int) -> None:
    """Of every other screen nothing is left by a click, and a gate is armed by none."""
    await until(pilot, lambda: app.screen is app.watched and "[" in picture(app))
    await pilot.pause()

    def state() -> object:
        return app.results, getattr(app.screen, "armed", None)

    # a click on the row of a check that is chosen already shows the check in full
    assert await click_through(app, pilot, every, state, (CheckScreen,)) > 20


def screens() -> dict[str, Callable[[], Screen[Any]]]:
    """Every screen that needs no more than its texts."""
    changeable = tuple(Changeable(hostile(), hostile(), hostile()) for _ in range(3))
    made: dict[str, Callable[[], Screen[Any]]] = {
        "gate": lambda: GateScreen(gate(), GateView(changeable), hostile(), Behind().ask, print),
        "confirm": lambda: Confirm(hostile() + hostile()),
    }
    for how in ("approve", "conditions", "revise", "reject"):
        made[f"form to {how}"] = lambda how=how: DecisionForm(gate(), how, changeable, hostile(), Behind().ask)  # type: ignore[misc]
    for name in EVIDENCE:
        made[name] = lambda name=name: EvidenceScreen(evidence()[name])  # type: ignore[misc]
    return made


@pytest.mark.parametrize("name", list(screens()))
def test_a_click_on_text_from_data_does_nothing_that_the_text_says(name: str) -> None:
    app = played(screens()[name], lambda app, pilot: through(app, pilot, EVERY))
    assert_tame(app.bytes)


def test_at_home_a_click_chooses_and_does_nothing_else(tmp_path: Path) -> None:
    app = played(lambda: home(tmp_path), lambda app, pilot: through_home(app, pilot, EVERY, tmp_path))
    assert_tame(app.bytes)


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_run_a_click_answers_at_most_the_open_question(kind: str) -> None:
    bridges: list[Scripted] = []
    app = played(lambda: run_screen(kind, bridges), lambda app, pilot: through_run(app, pilot, EVERY, bridges[0]))
    assert_tame(app.bytes)


def test_the_links_cover_every_action_of_every_screen_and_the_sequences_every_kind() -> None:
    for action in (
        "app.quit",
        "app.leave",
        "app.bell",
        "screen.decide('approve')",
        "screen.confirm",
        "screen.answer(True)",
    ):
        assert action in ACTIONS
    assert len(ACTIONS) > 100
    assert {"\x1b]0", "\x9b31", "\x00"} <= {each[:3] for each in SEQUENCES}
