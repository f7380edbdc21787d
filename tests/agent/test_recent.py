from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from agent.recent import MOST, Recent, examples, place, recent, remember, standing


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "phasegate" / "recent.json"


def workspace(root: Path) -> Path:
    root.mkdir(parents=True)
    (root / "phasegate.toml").write_text("layout = 1\n")
    return root


def roots() -> list[Path]:
    return [each.root for each in recent()]


def test_the_workspace_of_last_stands_first_and_only_once(tmp_path: Path) -> None:
    one, two = workspace(tmp_path / "one"), workspace(tmp_path / "two")
    for root in (one, two, one):
        remember(root)
    assert roots() == [one, two]


def test_the_workspace_of_the_current_folder_leads_without_being_remembered(tmp_path: Path) -> None:
    one = workspace(tmp_path / "one")
    remember(one)
    here = workspace(tmp_path / "phasegate")
    assert roots() == [here, one]
    remember(here)
    assert roots() == [here, one]


def test_a_folder_that_is_gone_is_left_out(tmp_path: Path) -> None:
    one, two = workspace(tmp_path / "one"), workspace(tmp_path / "two")
    remember(one)
    remember(two)
    shutil.rmtree(two)
    assert roots() == [one]


def test_no_more_than_the_most_are_kept(tmp_path: Path, state: Path) -> None:
    for number in range(MOST + 5):
        remember(workspace(tmp_path / f"w{number:02d}"))
    assert len(json.loads(state.read_bytes())["workspaces"]) == MOST
    assert roots()[0].name == f"w{MOST + 4:02d}"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe", b"[1]", b'{"version": 1}', b'{"version": 1, "workspaces": [3, null, "a", "/a\\u0000"]}',
     b'{"version": 99, "workspaces": ["/"]}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_list_is_started_over(tmp_path: Path, state: Path, damage: bytes) -> None:
    state.parent.mkdir(parents=True)
    state.write_bytes(damage)
    assert roots() == []
    one = workspace(tmp_path / "one")
    remember(one)
    assert roots() == [one]


def test_a_list_that_cannot_be_written_is_no_error(tmp_path: Path, state: Path) -> None:
    state.parent.parent.mkdir(parents=True)
    state.parent.write_text("a file where the folder should be")
    remember(workspace(tmp_path / "one"))
    assert roots() == []


def test_a_failed_write_leaves_the_list_and_no_rest(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(workspace(tmp_path / "one"))
    before = state.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("os.replace", refuse)
    remember(workspace(tmp_path / "two"))
    assert state.read_bytes() == before
    assert [path.name for path in state.parent.iterdir()] == ["recent.json"]


def test_the_folder_of_the_list_is_the_persons_own(state: Path, tmp_path: Path) -> None:
    remember(workspace(tmp_path / "one"))
    assert place() == state
    assert stat.S_IMODE(state.parent.stat().st_mode) & 0o077 == 0


def test_without_a_state_directory_the_list_is_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place() == tmp_path / ".local/state/phasegate/recent.json"


def test_a_plain_phasegate_folder_is_called_after_the_folder_around_it() -> None:
    assert Recent(Path("/data/loans/phasegate")).name == "loans"
    assert Recent(Path("/data/phasegate-loans")).name == "phasegate-loans"


def test_a_workspace_without_a_run_stands_nowhere(tmp_path: Path) -> None:
    held = standing(workspace(tmp_path / "one"))
    assert (held.run, held.problem) == (None, None)


def test_a_damaged_ledger_is_told_and_not_raised(tmp_path: Path) -> None:
    root = workspace(tmp_path / "one")
    run = root / "runs" / "0001-heron"
    run.mkdir(parents=True)
    (run / "ledger.jsonl").write_bytes(b"not a record\n")
    held = standing(root)
    assert held.state is None
    assert held.problem and "ledger" in held.problem
    assert held.changed is not None


def test_a_workspace_of_another_layout_is_told(tmp_path: Path) -> None:
    root = workspace(tmp_path / "one")
    (root / "phasegate.toml").write_text("layout = 99\n")
    assert "layout 99" in (standing(root).problem or "")


def test_a_workspace_that_went_away_is_told(tmp_path: Path) -> None:
    assert standing(tmp_path / "none").problem == "the folder is gone"


def test_the_examples_of_the_repository_are_found_with_their_question(repository: Path) -> None:
    found = {each.name: each for each in examples()}
    assert set(found) >= {"credit", "bikes"}
    assert found["credit"].data == repository / "examples/credit/credit.csv"
    assert found["credit"].about == "Credit: is this loan likely to be paid back?"


def test_no_examples_folder_is_no_error(tmp_path: Path) -> None:
    assert examples([tmp_path / "none"]) == []
