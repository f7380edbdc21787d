"""Bodies of steps that behave in one way each, for tests of the worker."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from agent.steps import Job
from tools.errors import InputError
from tools.records import Outcome
from tools.wording import say


def speak(job: Job) -> Outcome:
    """Use everything that a job offers."""
    job.progress(1, 3, "first")
    seen = job.observe("seen", lambda: 42)
    job.progress(2, 3, "second")
    print("a library that prints does not disturb the wire")
    job.save_json("made.json", {"seen": seen, "answer": job.answer("q.a"), "seed": job.seed, "nan": float("nan")})
    return Outcome(summary=say("spoke"), facts={"seen": int(seen)})


def refuse(job: Job) -> Outcome:
    """Refuse the data."""
    raise InputError("Row 3 has no date.", hint="Mend it.", code=2, file="t.csv", line=3, column="when")


def break_down(job: Job) -> Outcome:
    """Have a defect."""
    raise KeyError("a defect\x1b[0m")


def run_out(job: Job) -> Outcome:
    """Find the disk full."""
    raise OSError(28, "No space left on device")


def run_out_of_memory(job: Job) -> Outcome:
    """Find the memory used up."""
    raise MemoryError


def be_killed(job: Job) -> Outcome:
    """Die as the system's memory killer makes a process die, in the middle of a word."""
    job._send.__closure__[0].cell_contents.write('{"kind": "progress", "do')  # type: ignore[attr-defined]
    job._send.__closure__[0].cell_contents.flush()  # type: ignore[attr-defined]
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def wait_with_a_child(job: Job) -> Outcome:
    """Start a process of its own, tell its id, and wait for ever."""
    child = os.fork()
    if child == 0:
        while True:
            time.sleep(3600)
    job.progress(child, os.getpid(), "waiting")
    while True:
        time.sleep(3600)


def steal(job: Job) -> Outcome:
    """Open an artifact that was not declared, by the road that the decision names."""
    target = Path(str(job.answer("q.a")))
    road = str(job.answer("q.road"))
    if road == "plain":
        target.read_bytes()
    elif road == "bytes":
        with open(os.fsencode(target)):
            pass
    elif road == "dots":
        (target.parent / ".." / target.parent.name / target.name).read_bytes()
    elif road == "link":
        link = job.out / "link"
        link.symlink_to(target)
        link.read_bytes()
    elif road == "descriptor":
        os.close(os.open(target, os.O_RDONLY))
    elif road == "relative":
        os.chdir(target.parent)
        Path(target.name).read_bytes()
    return Outcome(summary=say("stolen"))


def reach(job: Job) -> Outcome:
    """Ask for what was not declared."""
    what = str(job.answer("q.a"))
    if what == "path":
        job.path("other.json")
    elif what == "has":
        job.has("other.json")
    elif what == "answer":
        job.answer("q.other")
    elif what == "answers":
        job.answers("q.other.")
    elif what == "make":
        job.save_text("other.txt", "")
    return Outcome(summary=say("reached"))


def read_staged(job: Job) -> Outcome:
    """Read what was declared, also by its resolved path."""
    staged = job.path("in.json")
    assert staged.read_bytes() == staged.resolve().read_bytes()
    return Outcome(summary=say("read"))
