"""One writer a workspace: a kernel lock that dies with its holder, and a note that names the holder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from workspace.errors import WorkspaceBusy

_GLANCE = 0.2
"""Seconds: who looks whether the workspace is held takes the lock for an instant, which must turn nobody away."""


@contextmanager
def hold(workspace: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the workspace for writing.

    Args:
        workspace: the folder.
        wait: seconds to wait for another holder to finish.

    Raises:
        WorkspaceBusy: another process holds it; the message names it.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    note = workspace / ".lock"
    descriptor = os.open(note, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + max(wait, _GLANCE)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _busy(note) from None
                time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _holder(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder() -> bytes:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    since = datetime.now().astimezone().strftime("%H:%M")
    record = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": since}
    return json.dumps(record).encode()


def _busy(note: Path) -> WorkspaceBusy:
    try:
        holder = json.loads(note.read_text())
        place = "on this machine" if holder["host"] == socket.gethostname() else f"on {holder['host']}"
        who = f"by process {holder['pid']} {place} since {holder['since']} ({holder['command']})"
    except (OSError, ValueError, KeyError, TypeError):  # it holds the lock and has not written its note yet
        who = "by another process"
    return WorkspaceBusy(
        f"The workspace is in use {who}.",
        hint="Wait for it, or use another --workspace.",
        file=str(note.parent),
    )
