"""The form of a decision: what an override, a rejection and a revision mean, and what each of them needs."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.tui.app.gates import Stage, play, seen, told_wrong
from tests.tui.app.scripted import check, request, until
from tui.app.question import Choices, Ticks
from tui.app.revising import Changes


def words(stage: Stage) -> str:
    return " ".join(str(each.visual) for each in stage.screen.query(Static))


def asked(stage: Stage) -> list[str]:
    return [str(option.prompt) for option in stage.screen.query_one("#asked", OptionList).options]


def changes(stage: Stage) -> list[str]:
    return [str(option.prompt) for option in stage.screen.query_one(Changes).options]


async def opened(stage: Stage, pilot: Pilot[Any], name: str) -> None:
    """Filter the list down to one question and open it."""
    await seen(stage, pilot, "r")
    await pilot.press(*name, "enter")
    await until(pilot, lambda: bool(stage.screen.query("#answer")) and stage.focused is not None)
    await until(pilot, lambda: stage.focused is not None and stage.focused.id == "answer")


async def given(stage: Stage, pilot: Pilot[Any], reason: str = "so it is") -> None:
    stage.screen.query_one("#reason").focus()
    await pilot.press(*reason, "ctrl+s")
    await until(pilot, lambda: bool(stage.left))


# approving


def test_an_override_repeats_what_it_means_for_that_very_check_and_must_be_ticked() -> None:
    gate = request(checks=(check("bad", "fail", blocking=True), check("soft", "fail"), check("fine", blocking=True)))

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "a")
        assert "Title of bad: measured 0.79; required at least 0.70." in words(stage)
        assert "does not meet what was asked" in words(stage)
        assert "Title of soft" not in words(stage)
        await pilot.press(*"as a pilot", "ctrl+s")
        assert "blocks: Title of bad" in told_wrong(stage)
        stage.screen.query_one("#override").focus()
        await pilot.press("enter", "ctrl+s")
        assert stage.left == []
        await pilot.press("space", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    answer = play(gate, scene).answer
    assert (answer.decision, answer.override, answer.reason) == ("approve", ("bad",), "as a pilot")


@pytest.mark.parametrize(("key", "verdict"), [("a", "inconclusive"), ("c", None)])
def test_conditions_are_needed_where_the_verdict_or_the_person_asks_for_them(key: str, verdict: str | None) -> None:
    gate = request("validation", verdict=verdict, recommendation="approve with conditions")

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, key)
        await pilot.press(*"good enough", "ctrl+s")
        assert "the conditions" in told_wrong(stage)
        stage.screen.query_one("#conditions").focus()
        await pilot.press(*"weekly review", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    assert play(gate, scene).answer.conditions == "weekly review"


def test_enter_goes_from_field_to_field_and_says_at_the_last_what_is_missing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "c")
        stage.screen.query_one("#by").focus()
        for name in ("by", "reason", "conditions"):
            assert stage.focused is not None
            assert stage.focused.id == name
            await pilot.press("enter")
        await until(pilot, lambda: "Still missing: your name, a reason, the conditions." in told_wrong(stage))
        assert stage.focused is not None
        assert stage.focused.id == "conditions"

    assert play(request(), scene, name="").left == []


def test_what_is_typed_faster_than_the_screen_is_drawn_lands_in_its_own_field() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "c")
        for key in (*"Ada", "enter", *"fine", "enter", *"weekly", "enter"):
            stage.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: "Enter alone never decides: ctrl+s does." in told_wrong(stage))
        values = [stage.screen.query_one(f"#{name}", Input).value for name in ("by", "reason", "conditions")]
        assert values == ["Ada", "fine", "weekly"]

    assert play(request(), scene, name="").left == []


# rejecting


def test_a_rejection_says_what_it_means_and_needs_its_reason() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "x")
        assert "The run ends here, rejected" in words(stage)
        assert "stay as they are" in words(stage)
        await pilot.press("ctrl+s")
        assert "a reason" in told_wrong(stage)
        await pilot.press(*"too late", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    assert play(request(), scene).answer.decision == "reject"


# revising


def test_a_revision_needs_something_to_change() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "r")
        await pilot.press("ctrl+s")
        assert "what to change" in told_wrong(stage)

    assert play(request(), scene).left == []


def test_the_list_of_answers_is_filtered_by_typing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "r")
        assert len(asked(stage)) == 6
        await pilot.press(*"rows split")
        await until(pilot, lambda: asked(stage) == ["toy.kind = stratified"])
        await pilot.press(*" nothing", "enter")
        assert asked(stage) == []
        assert "No answer of this run" in told_wrong(stage)

    play(request(), scene)


def test_the_list_is_reached_by_the_arrow_and_enter_asks_again() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "r")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "answer")
        assert "How large should the test be?" in words(stage)
        assert "It is 0.2." in words(stage)
        assert stage.screen.query_one("#answer", Input).value == "0.2"
        await pilot.press("escape")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "change")
        assert not stage.screen.query("#answer")

    assert play(request(), scene).left == []


def test_a_choice_is_asked_as_a_list_that_begins_at_the_present_answer() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await opened(stage, pilot, "toy.kind")
        answer = stage.screen.query_one("#answer", Choices)
        assert answer.highlighted == 1
        assert "the simplest" in str(answer.get_option_at_index(0).prompt)
        await pilot.press("enter")
        assert "toy.kind is stratified already" in told_wrong(stage)
        await pilot.press("up", "enter")
        await until(pilot, lambda: changes(stage) == ["toy.kind becomes random (is stratified)"])
        await given(stage, pilot)

    answer = play(request(), scene).answer
    assert (answer.decision, answer.set, answer.reason) == ("revise", {"toy.kind": "random"}, "so it is")


def test_several_are_ticked_as_they_are_and_given_as_a_list() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await opened(stage, pilot, "families")
        ticks = stage.screen.query_one("#answer", Ticks)
        assert ticks.selected == ["linear", "forest"]
        await pilot.press("down", "down", "space", "enter")
        await until(pilot, lambda: bool(changes(stage)))
        await given(stage, pilot)

    assert play(request(), scene).answer.set == {"toy.families": ["linear", "forest", "boosting"]}


def test_a_value_out_of_range_is_refused_at_once_in_the_question_and_as_a_typed_pair() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await opened(stage, pilot, "toy.size")
        await pilot.press("end", *["backspace"] * 3, "3", "enter")
        await until(pilot, lambda: "3 is over 0.8" in told_wrong(stage))
        await pilot.press("backspace", *"0.3", "enter")
        await until(pilot, lambda: changes(stage) == ["toy.size becomes 0.3 (is 0.2)"])
        assert told_wrong(stage) == ""
        for pair, problem in [("toy.size=9", "9 is over 0.8"), ("no.such=1", "There is no question no.such"),
                              ("toy.size=", "ID=VALUE"), ("=1", "ID=VALUE")]:  # fmt: skip
            stage.screen.query_one("#change", Input).value = ""
            await pilot.press(*pair, "enter")
            await until(pilot, lambda problem=problem: problem in told_wrong(stage))  # type: ignore[misc]
        assert changes(stage) == ["toy.size becomes 0.3 (is 0.2)"]

    assert play(request(), scene).left == []


def test_a_text_is_typed_over_the_present_one() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await opened(stage, pilot, "toy.unit")
        await pilot.press("end", *" application", "enter")
        await until(pilot, lambda: bool(changes(stage)))
        await given(stage, pilot)

    assert play(request(), scene).answer.set == {"toy.unit": "loan application"}


def test_a_reason_that_a_value_needs_becomes_the_reason_of_the_revision() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await opened(stage, pilot, "leakage")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(stage.focused, Input) and stage.focused.id == "answer")
        await pilot.press(*"known before", "enter")
        await until(pilot, lambda: bool(changes(stage)))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    answer = play(request(), scene).answer
    assert (answer.set, answer.reason) == ({"toy.leakage": "release"}, "known before")


@pytest.mark.parametrize("key", ["delete", "backspace"])
def test_changes_are_gathered_and_each_can_be_taken_out_again(key: str) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "r")
        await pilot.press(*"toy.size=0.3", "enter")
        await until(pilot, lambda: len(changes(stage)) == 1)
        await pilot.press(*"toy.kind=random", "enter")
        await until(pilot, lambda: len(changes(stage)) == 2)
        stage.screen.query_one(Changes).focus()
        await until(pilot, lambda: isinstance(stage.focused, Changes))
        await pilot.press("up", key)
        await until(pilot, lambda: changes(stage) == ["toy.kind becomes random (is stratified)"])
        await given(stage, pilot)

    assert play(request(), scene).answer.set == {"toy.kind": "random"}


def test_a_change_is_opened_again_and_the_answer_that_holds_takes_it_out() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "r")
        await pilot.press(*"toy.kind=random", "enter")
        await until(pilot, lambda: len(changes(stage)) == 1)
        stage.screen.query_one(Changes).focus()
        await until(pilot, lambda: isinstance(stage.focused, Changes))
        await pilot.press("enter")
        await until(pilot, lambda: stage.focused is not None and stage.focused.id == "answer")
        assert "It is stratified; changed to random." in words(stage)
        await pilot.press("down", "enter")
        await until(pilot, lambda: changes(stage) == [])

    play(request(), scene)


def test_f2_tells_the_advice_while_a_question_is_asked_again() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await opened(stage, pilot, "threshold")
        assert not stage.screen.query_one("#why").display
        await pilot.press("f2")
        assert stage.screen.query_one("#why").display
        assert "lowest expected cost" in words(stage)

    play(request("experimentation"), scene)
