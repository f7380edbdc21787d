from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from agent.recent import Example, Recent, Standing
from tests.conftest import REPOSITORY
from tests.tui.app.bench import HOSTILE, One, assert_inert, picture, played, until
from tui.app.choosing import DataInput, FolderInput, HomeChoice, HomeSource, Matches, Places
from tui.app.home import HomeScreen
from tui.app.keyhelp import KeyHelp
from tui.app.previewing import Preview

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STANDINGS = {
    Path("/w/loans/phasegate"): Standing(
        run="0002-otter", state="waiting", phase="validation", gate="validation", recommended="approve",
        why="every check passes", verdict="go", model="LightGBM", changed=MOMENT - timedelta(minutes=20),
    ),
    Path("/w/wine"): Standing(run="0001-heron", state="done", phase="deployment", verdict="go",
                              model="random forest", changed=MOMENT - timedelta(days=3)),
    Path("/w/churn"): Standing(run="0001-heron", state="waiting", phase="preparation", question="data.target",
                               changed=MOMENT - timedelta(hours=5)),
    Path("/w/broken"): Standing(problem="ledger.jsonl was changed at line 4."),
    Path("/w/empty"): Standing(),
}  # fmt: skip


def source(
    here: Path,
    standings: dict[Path, Standing] | None = None,
    examples: list[Example] | None = None,
    refusal: Callable[[str, Path], str | None] = lambda data, root: None,
) -> HomeSource:
    held = STANDINGS if standings is None else standings
    shown = [Example("credit", Path("/e/credit.csv"), "Credit: is this loan likely to be paid back?")]
    return HomeSource(
        recents=lambda: [Recent(root) for root in held],
        standing=held.__getitem__,
        examples=lambda: shown if examples is None else examples,
        refusal=refusal,
        moment=lambda: MOMENT,
        here=lambda: here,
    )


async def told(location: str) -> AsyncIterator[Preview]:
    yield Preview(f"a look at {Path(location).name}")


def listed(app: One) -> Callable[[], bool]:
    return lambda: "0002-otter" in picture(app)


def test_the_list_says_how_each_workspace_stands(tmp_path: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no run yet" in picture(app))
        shown = picture(app)
        for words in (
            "loans     waits at gate validation · go",
            "✓ wine      done · go",
            "waits for an answer: data.target",
            "not readable: ledger.jsonl was changed at",
            "20 min ago",
            "approve: every check passes",
        ):
            assert words in shown, words

    played(lambda: HomeScreen(told, source(tmp_path)), script, size=(140, 36))


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["enter"], HomeChoice("resume", None, Path("/w/loans/phasegate"))),
        (["r"], HomeChoice("resume", None, Path("/w/loans/phasegate"))),
        (["v"], HomeChoice("open", None, Path("/w/loans/phasegate"))),
        (["down", "enter"], HomeChoice("open", None, Path("/w/wine"))),
        (["down", "down", "enter"], HomeChoice("resume", None, Path("/w/churn"))),
        (["down", "down", "up", "v"], HomeChoice("open", None, Path("/w/wine"))),
    ],
)
def test_a_workspace_is_resumed_opened_or_viewed_by_one_key(
    tmp_path: Path, keys: list[str], choice: HomeChoice
) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no run yet" in picture(app))
        await pilot.press(*keys)
        await until(pilot, lambda: bool(app.results))

    app = played(lambda: HomeScreen(told, source(tmp_path)), script)
    assert app.results == [choice]


@pytest.mark.parametrize(
    ("steps", "key", "words"),
    [(1, "r", "nothing to resume in wine: its run is done"), (3, "enter", "broken is not readable"),
     (4, "r", "nothing to resume in empty: it has no run"), (5, "r", "Only a workspace can be resumed"),
     (5, "v", "Only a workspace can be viewed")],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_loses_nothing(tmp_path: Path, steps: int, key: str, words: str) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no run yet" in picture(app))
        await pilot.press(*["down"] * steps, key)
        await until(pilot, lambda: words in " ".join(picture(app).split()))
        assert app.results == []

    played(lambda: HomeScreen(told, source(tmp_path)), script, size=(160, 36))


def test_an_example_is_a_key_away_shows_its_file_and_begins_with_it(tmp_path: Path) -> None:
    data = tmp_path / "credit.csv"
    data.write_text("a,b\n1,2\n")
    examples = [Example("credit", data, "Credit: is this loan likely to be paid back?")]

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("e")
        await until(pilot, lambda: "a look at credit.csv" in picture(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.results))

    app = played(lambda: HomeScreen(told, source(tmp_path, examples=examples)), script)
    assert app.results == [HomeChoice("new", str(data), tmp_path / "phasegate")]


def test_without_examples_the_key_says_so(tmp_path: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("e")
        await until(pilot, lambda: "No examples were found" in picture(app))

    played(lambda: HomeScreen(told, source(tmp_path, examples=[])), script)


def test_who_has_no_workspace_yet_starts_at_the_path_of_a_new_project(tmp_path: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.screen.query_one(DataInput).has_focus)
        assert "nothing yet: begin a project" in picture(app)

    played(lambda: HomeScreen(told, source(tmp_path, {}, [])), script, size=(80, 24))


def test_a_typed_path_is_previewed_completed_and_begun(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("a,b\n1,2\n")

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n")
        path = app.screen.query_one(DataInput)
        await pilot.press(*f"{tmp_path}/lo")
        await until(pilot, lambda: path._suggestion == f"{tmp_path}/loans.csv")
        await pilot.press("right")
        await until(pilot, lambda: "a look at loans.csv" in picture(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.results))

    app = played(lambda: HomeScreen(told, source(tmp_path)), script)
    assert app.results == [HomeChoice("new", f"{tmp_path}/loans.csv", tmp_path / "phasegate")]


def test_a_file_is_chosen_from_the_list_below_the_path(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a\n")
    (tmp_path / "data" / "b.csv").write_text("b\n")
    (tmp_path / "data" / "notes.pdf").write_text("not a table")

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n")
        path, offered = app.screen.query_one(DataInput), app.screen.query_one(Matches)
        await pilot.press(*f"{tmp_path}/d")
        await until(pilot, lambda: offered.option_count == 1)
        await pilot.press("down", "enter")
        await until(pilot, lambda: path.value == f"{tmp_path}/data/" and offered.option_count == 2)
        await pilot.press("down")
        await until(pilot, lambda: offered.has_focus)
        await pilot.press("down")
        await until(pilot, lambda: "a look at b.csv" in picture(app))
        await pilot.press("escape")
        await until(pilot, lambda: path.has_focus)
        await pilot.press("down", "enter")
        await until(pilot, lambda: path.value.endswith(".csv"))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query_one(Places).has_focus)

    played(lambda: HomeScreen(told, source(tmp_path)), script)


def test_a_folder_of_ones_own_is_taken(tmp_path: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n", *"postgresql://h/db", "tab")
        await until(pilot, lambda: app.screen.query_one(FolderInput).has_focus)
        await pilot.press(*"mine", "enter")
        await until(pilot, lambda: bool(app.results))

    app = played(lambda: HomeScreen(told, source(tmp_path)), script)
    assert app.results == [HomeChoice("new", "postgresql://h/db", tmp_path / "mine")]


def test_a_taken_folder_is_not_proposed_again(tmp_path: Path) -> None:
    (tmp_path / "phasegate").mkdir()

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n", *"my loans.csv")
        await until(pilot, lambda: "phasegate-my-loans" in picture(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.results))

    app = played(lambda: HomeScreen(told, source(tmp_path)), script)
    assert app.results[0].workspace == tmp_path / "phasegate-my-loans"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Give the path of a table"),
        ("none.csv", "No file at none.csv"),
        ("postgresql://u:secret@h/db", "The database address holds a password"),
    ],
)
def test_a_project_that_cannot_begin_says_why_and_keeps_what_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    real = HomeSource().refusal

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n", *typed, "enter")
        await until(pilot, lambda: words in " ".join(picture(app).split()))
        assert app.screen.query_one(DataInput).value == typed
        assert app.results == []

    played(lambda: HomeScreen(told, source(tmp_path, refusal=real)), script)


def test_a_preview_that_fails_is_said_and_keeps_nobody_from_going_on(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("a\n")

    async def fails(location: str) -> AsyncIterator[Preview]:
        yield Preview("loans.csv")
        raise RuntimeError("[@click=app.quit]no[/]")

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("n", *f"{tmp_path}/loans.csv")
        await until(pilot, lambda: "No preview: [@click=app.quit]no[/]" in picture(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.results))

    played(lambda: HomeScreen(fails, source(tmp_path)), script)


def test_the_key_help_names_every_key_and_closes(tmp_path: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, KeyHelp))
        await until(pilot, lambda: "new project" in picture(app))
        for words in ("open", "resume", "view only", "new project", "examples"):
            assert words in picture(app), words
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    played(lambda: HomeScreen(told, source(tmp_path)), script)


@pytest.mark.parametrize("size", [(80, 24), (40, 16), (160, 48)])
def test_hostile_names_states_and_previews_are_plain_text(tmp_path: Path, size: tuple[int, int]) -> None:
    standings = {
        Path(f"/w/{text.replace('/', '')}"): Standing(
            run=text, state="waiting", phase=text, gate=text, recommended=text, why=text, verdict=text, model=text
        )
        for text in HOSTILE
    }
    data = tmp_path / "[@click=app.quit]x.csv"
    data.write_text("\n".join(HOSTILE))
    (tmp_path / "\x1b]0;pwned\x07.csv").write_text("a\n")
    examples = [Example(text, data, text) for text in HOSTILE]

    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "[@click=" in picture(app))
        for _ in range(2 * len(HOSTILE)):
            await pilot.press("down")
        assert_inert(app)
        await pilot.press("n", *f"{tmp_path}/")
        await until(pilot, lambda: app.screen.query_one(Matches).option_count == 1)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen.query_one(DataInput).value == str(data))
        await until(pilot, lambda: "[bold red]" in picture(app) or size[1] < 20)
        assert_inert(app)
        assert app.results == []

    played(lambda: HomeScreen(source=source(tmp_path, standings, examples)), script, size=size)


def test_a_pasted_control_character_does_not_stay_in_a_field(tmp_path: Path) -> None:
    async def script(app: One, pilot: Pilot[Any]) -> None:
        await until(pilot, listed(app))
        for field in app.screen.query(Input):
            field.focus()
            field.value = "a\x1b]0;pwned\x07b"
            await until(pilot, lambda field=field: field.value == "a]0;pwnedb")  # type: ignore[misc]
        assert_inert(app)

    played(lambda: HomeScreen(told, source(tmp_path)), script)


def test_the_home_screen_loads_no_heavy_library() -> None:
    code = "import sys, tui.app.home; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "textual" in loaded
    assert not loaded & {"pydantic", "yaml", "pandas", "numpy", "sklearn", "langgraph", "openai", "tools", "workspace"}
