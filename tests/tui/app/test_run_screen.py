"""The run's screen: what is told appears, what is asked is answered by keys alone, work can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from agent.errors import Problem
from tests.tui.app.scripted import (
    STARTED,
    Line,
    Stage,
    asked,
    decided,
    finished,
    opened,
    question,
    request,
    told,
    until,
)
from tui.app.bridge import Ended
from tui.app.confirm import Confirm
from tui.app.context import ContextPane
from tui.app.conversing import SayInput
from tui.app.gate import GateScreen
from tui.app.keyhelp import KeyHelp
from tui.app.question import QuestionPanel
from tui.app.rail import Rail
from tui.app.transcript import Transcript

HOSTILE = "[@click=app.quit]age[/] \x1b]0;pwned\x07[bold]"


def play(
    script: list[list[Line]], scene: Callable[[Stage, Pilot[Any]], Awaitable[None]], size: tuple[int, int] = (120, 36)
) -> Stage:
    """Run a scene on a stage."""
    stage = Stage(script)

    async def run() -> None:
        async with stage.run_test(size=size) as pilot:
            await pilot.pause()
            await scene(stage, pilot)

    asyncio.run(run())
    return stage


def words(stage: Stage) -> str:
    return stage.run_screen.query_one(Transcript).text()


def panel(stage: Stage) -> QuestionPanel:
    return stage.run_screen.query_one(QuestionPanel)


def rail(stage: Stage) -> str:
    return str(stage.run_screen.query_one(Rail).visual)


async def open_question(stage: Stage, pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: panel(stage).has_class("open") and bool(panel(stage).query("#answer")))


def test_a_finding_appears_in_the_transcript_with_its_notes_and_in_the_rail() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "640 / 160 / 200" in words(stage))
        assert "sealed until the holdout" in words(stage)
        step = stage.run_screen.plan.step("preparation.split")
        assert step is not None
        assert (step.state, step.finding) == ("done", "640 / 160 / 200 rows")

    play([[STARTED, finished("preparation.split", "640 / 160 / 200 rows", ("sealed until the holdout",))]], scene)


def test_the_recommended_answer_is_one_key_away() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(stage.bridge.given))

    stage = play([[STARTED, asked(question())], []], scene)
    assert stage.bridge.given == [("data.leakage.duration", "drop", None, False)]


def test_why_is_one_key_away() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        assert not panel(stage).query("#why.told")
        await pilot.press("w")
        assert panel(stage).query_one("#why.told").display
        assert "predicts the outcome almost alone" in str(panel(stage).query_one("#why", Static).visual)

    play([[STARTED, asked(question())]], scene)


def test_an_answer_that_counts_only_with_a_reason_asks_for_it() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "answer")
        await until(pilot, lambda: type(stage.focused).__name__ == "Input")
        await pilot.press("enter")
        await until(pilot, lambda: panel(stage).query_one("#wrong").display)
        assert stage.bridge.given == []
        await pilot.press(*"known before", "enter")
        await until(pilot, lambda: bool(stage.bridge.given))

    stage = play([[STARTED, asked(question())], []], scene)
    assert stage.bridge.given == [("data.leakage.duration", "release", "known before", False)]


@pytest.mark.parametrize(
    ("one", "keys", "value"),
    [
        (question("a", "number", recommended=0.2, minimum=0, maximum=0.8), ("enter",), 0.2),
        (question("a", "number", recommended=0.2), ("0", ".", "3", "enter"), 0.3),
        (question("a", "text", recommended="say 1"), ("2", "enter"), "2"),
        (question("a", "integer", has_recommendation=False, nullable=True), ("enter",), None),
        (question("a", "list", recommended=["ratio(a, b)", "log1p(c)"]), ("enter",), ["ratio(a, b)", "log1p(c)"]),
        (question("a", "mapping", recommended={"alpha": 0.001}), ("enter",), {"alpha": 0.001}),
        (question("a", "several", recommended=["drop"]), ("down", "space", "enter"), ["drop", "release"]),
        (question("a", "choice", nullable=True), ("down", "down", "enter"), None),
    ],
)
def test_each_type_of_question_is_answered_by_keys(one: Any, keys: tuple[str, ...], value: Any) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: bool(stage.bridge.given))

    stage = play([[STARTED, asked(one)], []], scene)
    assert stage.bridge.given == [("a", value, None, False)]


def test_what_does_not_fit_is_said_and_the_question_stays() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        stage.bridge.refusal = "0.9 is above 0.8."
        await pilot.press("enter")
        await until(pilot, lambda: panel(stage).query_one("#wrong").display)
        assert "above 0.8" in str(panel(stage).query_one("#wrong", Static).visual)
        assert panel(stage).question is not None

    play([[STARTED, asked(question())]], scene)


def test_all_advice_of_a_phase_is_taken_up_to_what_only_a_person_can_know() -> None:
    script: list[list[Line]] = [
        [STARTED, asked(question("a"))],
        [asked(question("b"))],
        [asked(question("c", has_recommendation=False, recommended=None))],
    ]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("A")
        await until(pilot, lambda: panel(stage).question is not None and panel(stage).question.id == "c")  # type: ignore[union-attr]

    stage = play(script, scene)
    assert stage.bridge.given == [("a", "recommended", None, True), ("b", "recommended", None, True)]


def test_the_last_answer_is_taken_back_and_asked_again() -> None:
    script: list[list[Line]] = [
        [STARTED, asked(question("a"))],
        [asked(question("b"))],
        [told("stopped", reason="…"), Ended(Problem(130, "Stopped."))],
        [STARTED, asked(question("a"))],
    ]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: panel(stage).question is not None and panel(stage).question.id == "b")  # type: ignore[union-attr]
        await open_question(stage, pilot)
        await pilot.press("u")
        await until(pilot, lambda: len(stage.bridge.openings) == 2)
        await until(pilot, lambda: panel(stage).question is not None and panel(stage).question.id == "a")  # type: ignore[union-attr]

    stage = play(script, scene)
    again = stage.bridge.openings[1]
    assert (again.data, again.run, again.again) == (None, "0001-heron", "a")


def test_in_a_text_field_where_letters_are_text_the_function_keys_undo_and_hide_the_pane() -> None:
    written = question("b", kind="text", options=())
    script: list[list[Line]] = [
        [STARTED, asked(question("a"))],
        [asked(written)],
        [told("stopped", reason="…"), Ended(Problem(130, "Stopped."))],
        [STARTED, asked(question("a"))],
    ]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: panel(stage).question is written and isinstance(stage.focused, Input))
        pane = stage.run_screen.query_one(ContextPane)
        shown = [pane.open]
        for keys in ("pu", ("f5",)):
            await pilot.press(*keys)
            shown.append(pane.open)
        assert shown == [True, True, False]
        assert isinstance(stage.focused, Input)
        assert stage.focused.value.endswith("pu")
        await pilot.press("f4")
        await until(pilot, lambda: len(stage.bridge.openings) == 2)

    assert play(script, scene).bridge.openings[1].again == "a"


def test_escape_stops_a_step_at_work_and_r_goes_on() -> None:
    script: list[list[Line]] = [
        [
            STARTED,
            told("step_started", "experimentation.tuning", title="tuning", guidance="2.2", phase="experimentation"),
        ],
        [
            told("stopped", reason="the person"),
            Ended(Problem(130, "Stopped by the person.", "Go on: phasegate resume")),
        ],
        [STARTED],
    ]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.run_screen.working)
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped by the person" in words(stage))
        assert stage.bridge.stops == ["the person"]
        await pilot.press("R")
        await until(pilot, lambda: len(stage.bridge.openings) == 2)

    stage = play(script, scene)
    assert stage.bridge.openings[1].run == "0001-heron"


def test_leaving_while_work_runs_is_asked_about() -> None:
    script: list[list[Line]] = [
        [
            STARTED,
            told("step_started", "experimentation.tuning", title="tuning", guidance="2.2", phase="experimentation"),
        ]
    ]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.run_screen.working)
        answers: list[bool] = []

        async def leave() -> None:
            answers.append(await stage.run_screen.leave())

        for key, wanted in (("n", False), ("y", True)):
            stage.run_worker(leave())
            await until(pilot, lambda: isinstance(stage.screen, Confirm))
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(stage.screen, Confirm))
            await until(pilot, lambda wanted=wanted: answers[-1:] == [wanted])  # type: ignore[misc]

    play(script, scene)


def test_what_a_revision_leaves_as_it_was_is_done_again_as_soon_as_the_run_has_come_by() -> None:
    first, second, third = "intake.source", "preparation.discovery", "preparation.split"
    done = [finished(first), finished(second), finished(third)]
    revised = decided("preparation", "revise", set={"data.drop": ["id"]})
    again = told("step_started", third, title="split", guidance="1.3", phase="preparation")

    def states(stage: Stage) -> list[str]:
        plan = stage.run_screen.plan
        return [step.state for step in (plan.step(first), plan.step(second), plan.step(third)) if step is not None]

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: states(stage) == ["done", "done", "running"])

    async def sent_back(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: states(stage) == ["again", "again", "again"])

    async def at_the_gate(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: states(stage) == ["done", "done", "done"])

    play([[STARTED, *done, revised]], sent_back)
    play([[STARTED, *done, revised, again]], scene)
    play([[STARTED, *done, revised, opened(request())]], at_the_gate)


def test_a_run_that_is_through_offers_no_going_on() -> None:
    end = told("finished", verdict="go", code=0, closing=["The model is approved."])

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "The model is approved." in words(stage))
        await until(pilot, lambda: not stage.bridge.running)
        await pilot.press("R")
        assert stage.run_screen.check_action("resume", ()) is False

    assert len(play([[STARTED, end, Ended()]], scene).bridge.openings) == 1


def test_a_gate_opens_by_itself_and_again_by_its_key_and_the_decision_is_told() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(stage.screen, GateScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(stage.screen, GateScreen))
        assert stage.bridge.decided == []
        await pilot.press("g")
        await until(pilot, lambda: isinstance(stage.screen, GateScreen))
        await until(pilot, lambda: stage.screen.armed)  # type: ignore[attr-defined]
        await pilot.press("a")
        await until(pilot, lambda: bool(stage.screen.query("#by")))
        await pilot.press(*"Ada", "enter")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "reason")
        await pilot.press(*"agreed", "ctrl+s")
        await until(pilot, lambda: 'approved by Ada: "agreed"' in words(stage))

    stage = play([[STARTED, opened(request())], [decided()]], scene)
    [(gate, answer)] = stage.bridge.decided
    assert (gate, answer.decision, answer.by, answer.reason) == ("preparation", "approve", "Ada", "agreed")
    assert answer.evidence == request().evidence


def test_the_names_of_the_four_phases_are_on_a_small_screen() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "Deployment" in rail(stage))
        shown = rail(stage)
        for name in ("Preparation", "Experimentation", "Validation", "Deployment"):
            assert name in shown

    play([[STARTED]], scene, size=(80, 24))


def test_text_from_data_does_nothing_but_stand_there() -> None:
    hostile = question("a", prompt=HOSTILE, why=HOSTILE)

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("w")
        for y in range(24):
            for x in range(0, 80, 3):
                await pilot.click(offset=(x, y))
        assert stage.is_running
        assert "[@click=app.quit]age" in words(stage)
        assert stage.bridge.decided == []

    play([[STARTED, finished("preparation.split", HOSTILE, (HOSTILE,)), asked(hostile)], [], [], []], scene, (80, 24))


async def typed(stage: Stage, pilot: Pilot[Any], text: str) -> None:
    """Type a line into the input line and send it."""
    stage.run_screen.query_one(SayInput).focus()
    await pilot.press(*text, "enter")


def test_a_line_that_is_not_understood_says_so_and_does_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await typed(stage, pilot, "make me rich")
        await until(pilot, lambda: "make me rich" in words(stage) and "nderst" in words(stage))

    stage = play([[STARTED, asked(question())]], scene)
    assert stage.bridge.given == []


def test_an_answer_may_be_typed_in_words() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await typed(stage, pilot, "as recommended")
        await until(pilot, lambda: bool(stage.bridge.given))

    stage = play([[STARTED, asked(question())], []], scene)
    assert stage.bridge.given == [("data.leakage.duration", "recommended", None, False)]


@pytest.mark.parametrize("line", ["approve", "ok", "yes, approve it", "/approve"])
def test_no_typed_line_decides_a_gate(line: str) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(stage.screen, GateScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(stage.screen, GateScreen))
        before = len(words(stage))
        await typed(stage, pilot, line)
        await until(pilot, lambda: len(words(stage)) > before + len(line) + 4)

    stage = play([[STARTED, opened(request())]], scene)
    assert stage.bridge.decided == []


def test_lines_typed_before_come_back_with_the_arrow_key() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(stage.bridge.openings))
        await typed(stage, pilot, "/help")
        await until(pilot, lambda: "what it does" in words(stage))
        await pilot.press("up")
        assert stage.run_screen.query_one(SayInput).value == "/help"
        await pilot.press("down")
        assert stage.run_screen.query_one(SayInput).value == ""

    play([[STARTED]], scene)


def test_the_slash_key_begins_a_command_and_its_name_is_completed() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(stage.bridge.openings))
        stage.run_screen.query_one(Transcript).focus()
        await pilot.press("slash", *"comp")
        field = stage.run_screen.query_one(SayInput)
        await until(pilot, lambda: field._suggestion == "/compare")
        await pilot.press("right", "enter")
        await until(pilot, lambda: "/compare" in words(stage))

    play([[STARTED]], scene)


def test_every_key_is_told_by_the_key_help() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(stage.screen, KeyHelp))
        shown = " ".join(str(each.visual) for each in stage.screen.query(Static))
        for word in ("why", "all advice", "undo", "answers", "find", "dossier"):
            assert word in shown

    play([[STARTED, asked(question())]], scene)


def offered(stage: Stage) -> set[str]:
    """What the keys at the foot of the screen do."""
    return {active.binding.description for active in stage.screen.active_bindings.values()}


def test_only_keys_that_do_something_are_offered() -> None:
    begun = told("step_started", "preparation.split", title="split", guidance="1.6")

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.run_screen.working)
        assert {"stop", "gate", "resume"} & offered(stage) == {"stop"}
        await pilot.press("escape")
        await until(pilot, lambda: not stage.bridge.running)
        await until(pilot, lambda: {"stop", "gate", "resume"} & offered(stage) == {"resume"})
        await pilot.press("R")
        await until(pilot, lambda: isinstance(stage.screen, GateScreen))
        await pilot.press("escape")
        await until(pilot, lambda: {"stop", "gate", "resume"} & offered(stage) == {"gate"})

    play([[STARTED, begun], [Ended()], [STARTED, opened(request())]], scene)


@pytest.mark.parametrize(("width", "beside"), [(80, False), (120, True)])
def test_the_pane_stands_beside_the_conversation_or_where_there_is_no_room_instead_of_it(
    width: int, beside: bool
) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await open_question(stage, pilot)
        screen = stage.run_screen
        pane, talk = screen.query_one(ContextPane), screen.query_one("#talk")
        assert pane.open is beside
        if beside:
            assert talk.display and talk.size.width > 40
            await pilot.press("p")
            await until(pilot, lambda: not pane.open and talk.display)
            await pilot.press("p")
            await until(pilot, lambda: pane.open and talk.display)
            return
        for back in ("p", "escape"):
            await pilot.press("p")
            await until(pilot, lambda: pane.open and not talk.display and stage.focused is pane)
            assert pane.outer_size.width == width - screen.query_one(Rail).outer_size.width
            await pilot.press(back)
            await until(pilot, lambda: talk.display and stage.focused is not None and stage.focused.id == "answer")
            assert not pane.open

    play([[STARTED, asked(question())]], scene, size=(width, 24))
