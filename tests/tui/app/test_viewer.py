from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.app.bench import HOSTILE, One, assert_inert, picture, played, until
from tests.tui.app.samples import ROWS, SAMPLES
from tools.wording import inert
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
    as_text,
    evidence_of,
)
from tui.app.grid import GridView
from tui.app.keyhelp import KeyHelp
from tui.app.panes import JsonView, Lines, Report
from tui.app.plain import block, fit, line
from tui.app.viewer import EvidenceScreen, FindInput, Viewer


def where(app: One) -> str:
    return str(app.screen.query_one("#where", Static).content)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [(80, 24), (30, 10)])
def test_every_kind_of_evidence_is_shown_and_left_by_escape(name: str, size: tuple[int, int]) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: SAMPLES[name].title[:10] in picture(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])

    played(lambda: EvidenceScreen(SAMPLES[name]), script, size=size)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_of_evidence_is_copied_as_text(name: str) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await pilot.press("c")
        await until(pilot, lambda: bool(app.copied))

    app = played(lambda: EvidenceScreen(SAMPLES[name]), script)
    assert app.copied == [as_text(SAMPLES[name])]
    assert len(app.copied[0]) > 20


def test_the_key_of_the_dossier_is_there_only_where_there_is_a_page() -> None:
    opened: list[str] = []

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await pilot.press("o")
        await pilot.pause()
        assert ("open dossier" in picture(app)) == bool(opened)

    played(lambda: EvidenceScreen(SAMPLES["report"]), script)
    assert opened == []
    played(lambda: EvidenceScreen(SAMPLES["report"], open_page=lambda: opened.append("page")), script)
    assert opened == ["page"]


def test_the_key_help_of_the_viewer_opens_and_closes() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, KeyHelp) and "sort by column" in picture(app))
        for words in ("find", "copy", "back", "first row", "page down"):
            assert words in picture(app), words
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, EvidenceScreen))

    played(lambda: EvidenceScreen(SAMPLES["grid"]), script)


# tables


def test_a_table_is_sorted_upward_downward_and_back_with_absent_values_last() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        grid = app.screen.query_one(GridView)
        await pilot.press("right", "right", "s")
        shown = [ROWS[number][2] for number in grid.order]
        numbers = [value for value in shown if value is not None]
        assert numbers == sorted(numbers)
        assert shown[len(numbers) :] == [None] * (len(shown) - len(numbers))
        await until(pilot, lambda: "sorted by income, upward" in where(app) and "income ▲" in picture(app))
        await pilot.press("s")
        await until(pilot, lambda: "downward" in where(app) and "income ▼" in picture(app))
        shown = [ROWS[number][2] for number in grid.order]
        assert shown[0] == max(numbers)
        assert shown[-1] is None
        await pilot.press("s")
        assert grid.order == list(range(len(ROWS)))

    played(lambda: EvidenceScreen(SAMPLES["grid"]), script)


def test_a_table_is_filtered_while_one_types_and_escape_shows_all_again() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        grid = app.screen.query_one(GridView)
        await pilot.press("slash", *"HOUSE")
        await until(pilot, lambda: len(grid.order) == 20)
        assert '"HOUSE", of 60 in all' in where(app)
        await pilot.press("enter")
        await until(pilot, lambda: grid.has_focus)
        assert len(grid.order) == 20
        await pilot.press("c")
        await until(pilot, lambda: bool(app.copied))
        assert len(app.copied[0].splitlines()) == 21
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(grid.order) == 60 and grid.has_focus)
        assert not app.screen.query_one(FindInput).has_class("-there")

    played(lambda: EvidenceScreen(SAMPLES["grid"]), script)


def test_the_cursor_of_a_table_stays_in_view() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        grid = app.screen.query_one(GridView)
        for key, row in (("end", 59), ("home", 0), ("pagedown", 10), ("down", 11), ("j", 12), ("up", 11), ("k", 10),
                         ("pageup", 0), ("up", 0), ("G", 59), ("g", 0)):  # fmt: skip
            await pilot.press(key)
            if key == "pagedown":
                row = grid.size.height - 2
                await pilot.press(*["up"] * (row - 10))
                row = 10
            assert grid.row == row, key
            await until(pilot, lambda row=row: f"row {row + 1} of 60" in where(app))  # type: ignore[misc]
            assert 0 <= grid.row - grid.scroll_offset.y < grid.size.height - 1, key
        await pilot.press("end", "right", "l", "right", "right")
        assert grid.column == 3
        await pilot.press("left", "h")
        assert grid.column == 1

    played(lambda: EvidenceScreen(SAMPLES["grid"]), script, size=(30, 20))


def test_a_click_on_a_heading_sorts_and_a_click_on_a_cell_goes_there() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        grid = app.screen.query_one(GridView)
        await pilot.click(GridView, offset=(8, 5))
        assert (grid.row, grid.column) == (4, 1)
        await pilot.click(GridView, offset=(8, 0))
        assert grid.sorted_by == 1

    played(lambda: EvidenceScreen(SAMPLES["grid"]), script)


def test_a_table_without_rows_and_one_without_columns_are_shown() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no rows" in where(app))
        await pilot.press("s", "down", "right", "end", "slash", "x", "enter", "c")
        await pilot.pause()

    for grid in (Grid("Empty", ("a", "b"), []), Grid("Nothing", (), [])):
        played(lambda grid=grid: EvidenceScreen(grid), script)  # type: ignore[misc]


def test_a_table_of_a_hundred_thousand_rows_answers_at_once() -> None:
    rows = [(number, (number * 7919) % 100_003 / 7, f"row {number} of it", None) for number in range(100_000)]

    async def script(app: One, pilot: Pilot[Any]) -> None:
        grid = app.screen.query_one(GridView)
        await pilot.press("end")
        await until(pilot, lambda: "row 99999 of it" in picture(app))
        begun = time.process_time()
        await pilot.press("home", "down", "pagedown")
        await pilot.pause()
        assert time.process_time() - begun < 1, "moving must not depend on the number of rows"
        begun = time.process_time()
        await pilot.press("right", "s")
        await pilot.pause()
        assert time.process_time() - begun < 2
        assert rows[grid.order[0]][1] == 0

    played(lambda: EvidenceScreen(Grid("Many", ("id", "x", "text", "none"), rows)), script)


# search


@pytest.mark.parametrize(
    ("name", "needle", "count", "pane"),
    [("report", "the", 2, Report), ("notebook", "frame", 2, Lines), ("diff", "threshold", 2, Lines),
     ("record", "id", 2, JsonView)],
)  # fmt: skip
def test_a_text_is_found_counted_and_stepped_through(name: str, needle: str, count: int, pane: type) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        viewer = app.screen.query_one(Viewer)
        await until(pilot, lambda: isinstance(viewer.pane, pane) and viewer.pane.has_focus)
        await pilot.pause()
        await pilot.press("slash", *needle.upper(), "enter")
        await until(pilot, lambda: f'"{needle.upper()}": 1 of {count}' in where(app))
        await pilot.press("n")
        await until(pilot, lambda: f"2 of {count}" in where(app))
        await pilot.press("n")
        await until(pilot, lambda: f"1 of {count}" in where(app))
        await pilot.press("N")
        await until(pilot, lambda: f"{count} of {count}" in where(app))
        await pilot.press("slash", "escape")
        await until(pilot, lambda: where(app) == "")
        await pilot.press("slash", *"absent", "enter")
        await until(pilot, lambda: '"absent": not found' in where(app))

    played(lambda: EvidenceScreen(SAMPLES[name]), script)


def test_a_hit_far_below_comes_into_view() -> None:
    record = JsonTree("deep", {"a": [{"b": {"c": f"leaf {number}"}} for number in range(80)]})
    lines = NotebookCells("long", (NotebookCell("code", "\n".join(f"leaf {number}" for number in range(300))),))

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"leaf 79", "enter")
        await until(pilot, lambda: picture(app).count("leaf 79") >= 2)

    for evidence in (record, lines):
        played(lambda evidence=evidence: EvidenceScreen(evidence), script, size=(80, 24))  # type: ignore[misc]


def test_a_plot_offers_no_search() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await pilot.press("slash")
        assert not app.screen.query_one(FindInput).has_class("-there")

    played(lambda: EvidenceScreen(SAMPLES["bars"]), script)


def test_the_viewer_shows_something_else_in_its_place() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        viewer = app.screen.query_one(Viewer)
        await pilot.press("slash", *"house", "enter")
        for evidence in SAMPLES.values():
            await viewer.show(evidence)
            assert as_text(viewer.evidence) == as_text(evidence)
            await until(pilot, lambda: viewer.pane.has_focus)

    played(lambda: EvidenceScreen(SAMPLES["grid"]), script)


# a record folds


def test_a_record_is_folded_and_unfolded() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "steps" in picture(app))
        assert "leakage" not in picture(app)
        await pilot.press("down", "down", "space")
        await until(pilot, lambda: "leakage" in picture(app))
        await pilot.press("space")
        await until(pilot, lambda: "leakage" not in picture(app))

    played(lambda: EvidenceScreen(SAMPLES["record"]), script)


@pytest.mark.parametrize("data", [{}, [], None, "text", 3, list(range(3000))])
def test_a_record_of_any_form_is_shown(data: Any) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await pilot.press("end", "space", "slash", "3", "enter")
        await pilot.pause()

    played(lambda: EvidenceScreen(JsonTree("", data)), script)


# text from data

HOSTILE_EVIDENCE: dict[str, Evidence] = {
    "report": MarkdownText(HOSTILE[0], "\n\n".join(
        [*HOSTILE, "[go](javascript:x)", "![i](https://example.org/i.png)", "<b onclick='x'>h</b>", "www.example.org",
         "| " + " | ".join(HOSTILE[:3]) + " |\n|---|---|---|\n| " + " | ".join(HOSTILE[3:6]) + " |",
         "```\n" + "\n".join(HOSTILE) + "\n```"])),
    "grid": Grid(HOSTILE[0], HOSTILE, [HOSTILE] * 5),
    "record": JsonTree(HOSTILE[0], {text: text for text in HOSTILE}),
    "notebook": NotebookCells(HOSTILE[0], (NotebookCell("markdown", "\n".join(HOSTILE)),
                                           NotebookCell("code", "\n".join(HOSTILE), HOSTILE))),
    "diff": Diff.between(HOSTILE[0], "\n".join(HOSTILE), "\n".join(reversed(HOSTILE))),
    "bars": Plot(HOSTILE[0], BarData(HOSTILE, tuple(float(i) for i in range(len(HOSTILE)))), HOSTILE[1]),
    "curve": Plot(HOSTILE[0], CurveData(tuple(Series(text, (0.0, 1.0), (0.0, 1.0)) for text in HOSTILE[:3]),
                                        HOSTILE[3], HOSTILE[4])),
    "histogram": Plot(HOSTILE[0], HistogramData((0.0, 1.0), (1.0,), HOSTILE[3])),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_EVIDENCE)
def test_hostile_evidence_is_plain_text(name: str) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "[@click=app.quit]x[/]" in picture(app))
        plot = isinstance(HOSTILE_EVIDENCE[name], Plot)  # a plot has no search that escape could leave
        await pilot.press(*(["down"] if plot else ["slash", "escape", "down", "end"]), "c")
        await pilot.pause()
        for x in range(4, 70, 20):
            for y in range(1, 20, 6):
                await pilot.click(offset=(x, y))
        assert app.results == []
        if name != "report":
            assert_inert(app)

    played(lambda: EvidenceScreen(HOSTILE_EVIDENCE[name]), script, size=(80, 24))


def test_a_link_in_a_report_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(One, "open_url", lambda self, url, **_: opened.append(url))
    report = MarkdownText("links", "[first](https://example.org) and www.example.org\n\n[@click=app.quit]x[/]")

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "first" in picture(app))
        for row, text in enumerate(picture(app).splitlines()):
            for word in ("first", "www.", "[@click"):
                if word in text:
                    assert await pilot.click(offset=(text.index(word) + 1, row))
        await pilot.pause()
        assert app.results == []

    played(lambda: EvidenceScreen(report), script)
    assert opened == []


@given(st.text())
def test_a_line_is_made_inert_by_the_same_rule_as_in_the_agents_sentences(text: str) -> None:
    assert line(text, 10**6) == inert(text, 10**6)


@given(st.text(), st.integers(1, 40))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert cell_len(fit(line(text), width)) == width


@given(st.text())
def test_a_block_keeps_its_lines_and_nothing_that_acts(text: str) -> None:
    assert all(line(each, 10**6) == each for each in block(text).split("\n"))


def test_what_the_agent_gives_becomes_evidence() -> None:
    cell = {"kind": "code", "source": "1 + 1", "outputs": ["2"]}
    made = [
        evidence_of({"kind": "markdown", "title": "t", "text": "x"}),
        evidence_of({"kind": "table", "title": "t", "columns": ["a"], "rows": [[1], [None]]}),
        evidence_of({"kind": "json", "title": "t", "data": {"a": 1}}),
        evidence_of({"kind": "notebook", "title": "t", "cells": [cell]}),
    ]
    assert made == [
        MarkdownText("t", "x"),
        Grid("t", ("a",), [(1,), (None,)]),
        JsonTree("t", {"a": 1}),
        NotebookCells("t", (NotebookCell("code", "1 + 1", ("2",)),)),
    ]
    with pytest.raises(KeyError):
        evidence_of({"kind": "hologram", "title": "t"})


def test_two_equal_texts_have_no_difference() -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "No difference." in picture(app))

    played(lambda: EvidenceScreen(Diff.between("d", "a", "a")), script)


def test_the_sources_of_the_app_are_never_turned_into_markup() -> None:
    """The widgets that read markup unless told otherwise are told so wherever they stand."""
    for path in (Path(__file__).parents[3] / "tui" / "app").glob("*.py"):
        assert "from_markup" not in path.read_text(encoding="utf-8"), path.name
