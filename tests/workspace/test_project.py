from __future__ import annotations

import os
from pathlib import Path

import pytest

from workspace.errors import NotFound, UnknownLayout
from workspace.ledger import Ledger
from workspace.project import RunFolder, Workspace


def begun(workspace: Workspace) -> RunFolder:
    run = workspace.new_run()
    with Ledger(run.ledger) as ledger:
        ledger.append("run_started", run=run.id, seed=0)
    return run


def test_a_workspace_is_made_once_and_opened_afterwards(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "ws")
    before = (tmp_path / "ws" / "phasegate.toml").read_bytes()
    assert Workspace.create(tmp_path / "ws").root == made.root
    assert Workspace.open(tmp_path / "ws").root == made.root
    assert (tmp_path / "ws" / "phasegate.toml").read_bytes() == before


def test_where_there_is_no_workspace_none_is_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No workspace"):
        Workspace.open(tmp_path / "ws")
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize("content", ["layout = 2\n", "", "layout = \n"])
def test_a_workspace_of_another_layout_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "phasegate.toml").write_text(content)
    with pytest.raises(UnknownLayout):
        Workspace.open(tmp_path)


def test_runs_are_numbered_and_latest_is_a_relative_link_to_the_newest(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    names = [begun(workspace).id for _ in range(3)]
    assert [name[:5] for name in names] == ["0001-", "0002-", "0003-"]
    assert [run.id for run in workspace.runs()] == names
    assert os.readlink(tmp_path / "runs" / "latest") == names[-1]
    assert workspace.run().id == workspace.run("latest").id == names[-1]
    assert workspace.run(names[0]).id == names[0]


def test_a_run_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    with pytest.raises(NotFound, match="No run in"):
        workspace.run()
    known = begun(workspace).id
    with pytest.raises(NotFound) as caught:
        workspace.run("0009-yeti")
    assert known in caught.value.hint


@pytest.mark.parametrize("left", ["nothing", "an empty ledger", "half a line"])
def test_a_run_that_was_killed_before_its_first_entry_is_no_run_and_its_number_is_not_used_again(
    tmp_path: Path, left: str
) -> None:
    workspace = Workspace.create(tmp_path)
    first = begun(workspace)
    cut_short = workspace.new_run()
    if left != "nothing":
        cut_short.ledger.write_bytes(b"" if left == "an empty ledger" else b'{"at":"2026')
    assert [run.id for run in workspace.runs()] == [first.id]
    assert workspace.run().id == first.id
    assert begun(workspace).id.startswith("0003-")


def test_a_run_knows_where_its_files_lie(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "runs" / "0001-heron")
    names = {path.name for path in (run.ledger, run.manifest, run.answers, run.pending, run.dossier)}
    assert names == {"ledger.jsonl", "manifest.json", "answers.yaml", "pending.json", "dossier"}
