"""Processes are started through a pipe that says when the lock is held: nothing here waits for a fixed time."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workspace.errors import WorkspaceBusy
from workspace.locks import hold

REPOSITORY = Path(__file__).resolve().parents[2]
HOLDER = """
import sys
from pathlib import Path
from workspace.locks import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(workspace: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(workspace)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_lock_can_be_taken_again_after_it_was_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with hold(tmp_path):
            pass


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="broke"), hold(tmp_path):
        raise RuntimeError("broke")
    with hold(tmp_path):
        pass


def test_the_note_of_a_dead_or_reused_process_id_holds_nobody_up(tmp_path: Path) -> None:
    for pid in (2**22 - 1, os.getpid(), 1):
        note = {"pid": pid, "host": "here", "command": "phasegate run", "since": "10:00"}
        (tmp_path / ".lock").write_text(json.dumps(note))
        with hold(tmp_path):
            pass


def test_a_reader_that_looks_whether_it_is_held_turns_no_writer_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hold(tmp_path):
        pass
    reader = os.open(tmp_path / ".lock", os.O_RDWR)
    fcntl.flock(reader, fcntl.LOCK_SH)
    monkeypatch.setattr("workspace.locks.time.sleep", lambda seconds: os.close(reader))
    with hold(tmp_path):
        pass


@pytest.mark.parametrize("note", ["", "half a no", "[]", "5", "{}"])
def test_a_note_that_says_nothing_still_refuses_in_words(tmp_path: Path, note: str) -> None:
    with hold(tmp_path):
        (tmp_path / ".lock").write_text(note)
        with pytest.raises(WorkspaceBusy, match="in use by another process"), hold(tmp_path):
            pass


@pytest.mark.integration
def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(WorkspaceBusy, match=f"by process {process.pid} on this machine since"), hold(tmp_path):
            pass


@pytest.mark.integration
def test_a_second_holder_that_waits_gets_the_lock_when_the_first_ends(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.communicate("")
        with hold(tmp_path, wait=5):
            pass


@pytest.mark.integration
def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with hold(tmp_path):
            pass
