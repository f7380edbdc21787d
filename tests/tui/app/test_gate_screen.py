"""The gate's screen: evidence first, then a decision with name and reason, and never by holding a key."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from agent.gates import ShownStep
from tests.tui.app.bench import assert_inert
from tests.tui.app.gates import CURVE, Stage, form, play, seen, told_wrong, view
from tests.tui.app.scripted import check, request, until
from tui.app.checks import CheckScreen
from tui.app.decision import DecisionForm
from tui.app.gate import Opened
from tui.app.keyhelp import KeyHelp
from tui.app.viewer import EvidenceScreen
from tui.app.what_if import Track

LONG = tuple(ShownStep(id=f"s{n}", guidance="1.1", title=f"step {n}", summary="a finding") for n in range(60))


def test_a_decision_waits_until_the_end_of_the_evidence_was_on_screen() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press("a", "c", "r", "x", "t", "enter", "enter", "enter")
        assert stage.screen is stage.gate
        assert not stage.gate.armed
        for _ in range(20):
            await pilot.press("pagedown")
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("a")
        await form(stage, pilot)

    assert play(request(steps=LONG), scene, view=view(curve=CURVE)).left == []


@pytest.mark.parametrize("key", ["pagedown", "down"])
def test_reading_on_by_page_or_by_line_arms_the_decision_for_good(key: str) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        assert not stage.gate.armed
        for _ in range(80):
            await pilot.press(key)
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("pageup")
        assert stage.gate.armed

    play(request(steps=LONG), scene)


def test_a_leap_to_the_end_is_no_reading_and_the_next_page_is_what_was_leapt_over() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        evidence = stage.gate.query_one("#evidence")
        await pilot.press("end")
        await until(pilot, lambda: evidence.scroll_offset.y == evidence.max_scroll_y)
        await pilot.press("a")
        assert not stage.gate.armed
        assert stage.screen is stage.gate
        told = str(stage.gate.query_one("#decide", Static).visual)
        assert re.search(r"(\d+) of (\d+) lines seen", told), told
        await pilot.press("pagedown")
        await until(pilot, lambda: 0 < evidence.scroll_offset.y < evidence.max_scroll_y)
        for _ in range(20):
            await pilot.press("pagedown")
        await until(pilot, lambda: stage.gate.armed)

    play(request(steps=LONG), scene, size=(100, 30))


def test_a_page_is_turned_wherever_the_keys_are() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.gate.query_one("#checks").focus()
        for _ in range(20):
            await pilot.press("pagedown")
        await until(pilot, lambda: stage.gate.armed)

    play(request(steps=LONG), scene)


def hold_enter(stage: Stage, times: int = 200) -> None:
    """As a terminal sends a key that is held down: faster than the screen is drawn."""
    for _ in range(times):
        stage.simulate_key("enter")


@pytest.mark.parametrize("start", ["", "tab", "tab,tab", "w", "a", "c", "r", "x", "w,right,t"])
def test_holding_enter_decides_nothing_from_wherever_it_begins(start: str) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press(*start.split(",") if start else [])
        hold_enter(stage)
        for _ in range(20):
            await pilot.pause()
        assert stage.gate in stage.screen_stack

    assert play(request(), scene, view=view(curve=CURVE), size=(120, 90)).left == []


def test_holding_enter_with_everything_filled_in_still_decides_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "a")
        await pilot.press(*"fine", "enter", "enter", "tab")
        hold_enter(stage)
        await until(pilot, lambda: "ctrl+s" in told_wrong(stage))
        assert isinstance(stage.screen, DecisionForm)

    assert play(request(), scene).left == []


def test_the_decision_is_confirmed_by_mouse_or_by_space_on_its_button() -> None:
    async def click(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "a")
        await pilot.press(*"fine")
        await pilot.click("#confirm")
        await until(pilot, lambda: bool(stage.left))

    async def space(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "a")
        await pilot.press(*"fine", "tab", "space")
        await until(pilot, lambda: bool(stage.left))

    for scene in (click, space):
        answer = play(request(), scene).answer
        assert (answer.decision, answer.reason) == ("approve", "fine")


# evidence


def test_the_checks_stand_in_a_table_blocking_failures_first() -> None:
    checks = (check("fine"), check("weak", "warn"), check("bad", "fail", blocking=True), check("few", "insufficient"))

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        table: DataTable[Any] = stage.gate.query_one(DataTable)
        rows = [[str(cell).strip() for cell in table.get_row_at(number)] for number in range(table.row_count)]
        assert rows[0] == ["Title of bad", "FAIL, blocks", "0.79", "at least 0.70"]
        assert [row[1] for row in rows] == ["FAIL, blocks", "insufficient", "warn", "pass"]

    play(request(checks=checks), scene)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48)])
def test_a_cell_without_room_ends_in_an_ellipsis_and_the_table_never_scrolls_sideways(size: tuple[int, int]) -> None:
    checks = (check("x" * 200, "fail", blocking=True, measured="m" * 200), check("short"))

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        table: DataTable[Any] = stage.gate.query_one(DataTable)
        await until(pilot, lambda: table.row_count == 2)
        title, verdict, measured, required = (str(cell).rstrip() for cell in table.get_row_at(0))
        assert title.endswith("…")
        assert measured.endswith("…")
        assert (verdict, required) == ("FAIL, blocks", "at least 0.70")
        assert table.virtual_size.width <= table.size.width

    play(request(checks=checks), scene, size=size)


def test_enter_on_a_check_shows_it_in_full_and_opens_the_documents_that_show_it() -> None:
    long = "m" * 200
    checks = (check("bad", "fail", blocking=True, measured=long), check("data.openings"))

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(stage.screen, CheckScreen))
        shown = " ".join(str(each.visual) for each in stage.screen.query(Static))
        for words in (long, "Title of bad", "FAIL, blocks", "at least 0.70", "only with an override", "4be2 91c0"):
            assert words in shown
        assert "3.1 holdout: a finding of it" in shown
        await until(pilot, lambda: stage.focused is not None)
        await pilot.press("enter")
        assert stage.read == ["11-test-results"]
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: isinstance(stage.screen, CheckScreen))
        assert "the workspace as a whole" in " ".join(str(each.visual) for each in stage.screen.query(Static))
        await pilot.press("q")
        await until(pilot, lambda: stage.screen is stage.gate)

    assert play(request(checks=checks), scene, view=view(bad=("11-test-results",))).left == []


def test_registers_stand_in_short_with_their_count_and_open_as_a_whole() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        shown = "\n".join(str(each.visual) for each in stage.gate.query("#evidence > Static").results(Static))
        assert "· Latency [FAIL]: 70 ms" in shown
        assert "and 2 more, below" in shown
        stage.gate.query_one("#registers").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(stage.screen, EvidenceScreen))
        await pilot.press("escape")
        await until(pilot, lambda: stage.screen is stage.gate)

    assert play(request(), scene).left == []


def test_enter_on_a_deliverable_opens_it() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        stage.gate.query_one("#deliverables").focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: stage.read == ["02-data-quality-report"])

    play(request(), scene)


def test_the_row_under_the_keys_is_always_on_screen() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        table = stage.gate.query_one(DataTable)
        table.focus()
        await pilot.press(*["down"] * 59)
        evidence = stage.gate.query_one("#evidence")
        row = table.virtual_region.y + 1 + table.cursor_row
        await until(pilot, lambda: evidence.scroll_offset.y <= row < evidence.scroll_offset.y + evidence.size.height)
        assert table.cursor_row == 59

    play(request(checks=tuple(check(f"c{n}") for n in range(60))), scene)


@pytest.mark.parametrize("key", ["question_mark", "f1"])
def test_the_keys_of_the_gate_are_told(key: str) -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press(key)
        await until(pilot, lambda: isinstance(stage.screen, KeyHelp))
        shown = " ".join(str(each.visual) for each in stage.screen.query(Static))
        for words in ("approve", "conditions", "revise", "reject", "what if", "take the mark", "later"):
            assert words in shown

    play(request(), scene, view=view(curve=CURVE))


# what if


def point(stage: Stage) -> float:
    return CURVE.points[stage.gate.query_one(Track).at].threshold


def told(stage: Stage) -> list[str]:
    return str(stage.gate.query_one("#beside", Static).visual).splitlines()


def test_keys_move_the_threshold_over_the_stored_points_and_back() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press("w")
        assert isinstance(stage.focused, Track)
        for key, wanted in [
            ("right", 0.41), ("left", 0.40), ("shift+right", 0.50), ("shift+left", 0.40), ("right", 0.41), ("0", 0.40),
            ("left", 0.39), ("home", 0.40),
        ]:  # fmt: skip
            await pilot.press(key)
            assert point(stage) == pytest.approx(wanted)
        await pilot.press(*["shift+left"] * 9)
        assert point(stage) == 0
        await pilot.press(*["shift+right"] * 20)
        assert point(stage) == 1

    play(request("experimentation"), scene, view=view(curve=CURVE))


def test_what_another_threshold_does_stands_beside_what_todays_does() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press("w", "shift+right")
        await until(pilot, lambda: any("0.5 " in line for line in told(stage)))
        lines = {words[0]: words[1:] for words in (re.split(r" {2,}", line.strip()) for line in told(stage))}
        asked, today = CURVE.at(0.5), CURVE.at(0.4)
        assert lines["threshold"] == ["0.5", "0.4"]
        assert lines['"bad", missed'] == [str(asked.fn), str(today.fn)]
        assert lines['"good", false alarm'] == [str(asked.fp), str(today.fp)]
        assert lines["expected cost per row"] == [f"{asked.cost:.3f}", f"{today.cost:.3f}"]
        assert lines["selection rates by sex"] == ["0.80 female / male", "0.83 female / male"]
        assert not any("age" in line for line in told(stage))

    play(request("experimentation"), scene, view=view(curve=CURVE))


def test_the_mark_follows_a_click_and_a_pull_of_the_mouse() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        track = stage.gate.query_one(Track)
        await pilot.click(Track, offset=(track.size.width - 2, 0))
        await until(pilot, lambda: point(stage) == 1)
        await pilot.mouse_down(Track, offset=(1, 0))
        await pilot.hover(Track, offset=(track.size.width // 2, 0))
        await pilot.mouse_up(Track, offset=(track.size.width // 2, 0))
        await until(pilot, lambda: 0.4 < point(stage) < 0.6)
        held = point(stage)
        await pilot.hover(Track, offset=(3, 0))
        assert point(stage) == held

    play(request("experimentation"), scene, view=view(curve=CURVE), size=(120, 60))


def test_t_takes_the_marked_threshold_into_a_revision_that_still_needs_its_reason() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("t")
        assert stage.screen is stage.gate
        await pilot.press("w", "shift+left", "t")
        await form(stage, pilot)
        await until(pilot, lambda: bool(stage.screen.query("Revision.-some")))
        await pilot.press("ctrl+s")
        assert "a reason" in told_wrong(stage)
        await pilot.press(*"fewer misses", "ctrl+s")
        await until(pilot, lambda: bool(stage.left))

    answer = play(request("experimentation"), scene, view=view(curve=CURVE), size=(120, 60)).answer
    assert (answer.decision, answer.set) == ("revise", {"decision.threshold": 0.3})


def test_without_a_stored_curve_there_is_no_track_and_its_keys_do_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: stage.gate.armed)
        await pilot.press("w", "t")
        assert not stage.gate.query(Track)
        assert stage.screen is stage.gate

    play(request("validation"), scene)


# leaving, and names that would like to do something


def test_leaving_the_form_or_the_gate_decides_nothing() -> None:
    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await seen(stage, pilot, "a")
        await pilot.press("escape")
        await until(pilot, lambda: stage.screen is stage.gate)
        await pilot.press("escape")
        await until(pilot, lambda: bool(stage.left))

    assert play(request(), scene).left == [Opened()]


def test_hostile_names_at_a_gate_do_nothing() -> None:
    name = "[@click=app.quit]age[/]"
    gate = request(
        findings=(name,), deliverables=(name,), why=name, changed=(name,), checks=(check(name, "fail", measured=name),)
    )

    async def scene(stage: Stage, pilot: Pilot[Any]) -> None:
        await pilot.press(*["pagedown"] * 5)
        await until(pilot, lambda: stage.gate.armed)
        assert_inert(stage)
        for y in range(1, 23, 3):
            for x in (4, 30, 60):
                await pilot.click(offset=(x, y))
        assert stage.is_running
        assert stage.left == []

    play(gate, scene, size=(80, 24))
