"""The console script as a person runs it, and what a run leaves on disk, read by the contract alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CREDIT = REPOSITORY / "examples" / "credit"
PROGRAM = Path(sys.executable).with_name("phasegate")
PATIENCE = 600.0
"""Seconds after which a command is taken for hung."""
GATES = ("preparation", "experimentation", "validation", "deployment")


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What a run told; a line that holds an error is none of it."""
        lines = [json.loads(line) for line in self.out.splitlines()]
        return [line for line in lines if "error" not in line]


@dataclass(frozen=True)
class Running:
    """A command that runs, in a process group of its own."""

    process: subprocess.Popen[bytes]
    mark: str
    out: Path
    err: Path

    def kill(self) -> int:
        """``kill -9`` of the whole group."""
        os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait(30)

    def end(self, seconds: float = PATIENCE) -> Done:
        """Wait for its end."""
        code = self.process.wait(seconds)
        return Done(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"))

    def left(self) -> list[str]:
        """The command lines of its descendants that are alive, whatever group or session they went to."""
        return sorted(_marked(self.mark))


class Program:
    """Runs ``phasegate`` for one workspace, with settings that reach nothing outside the test."""

    def __init__(self, workspace: Path, config: Path) -> None:
        self.workspace = workspace
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PHASEGATE_", "PYTEST_"))},
            "PHASEGATE_TRACKING": "off",
            "XDG_CONFIG_HOME": str(config),
        }

    def start(self, *arguments: str | Path, cwd: Path | None = None, **environment: str) -> Running:
        """Start a verb; the workspace is put behind it."""
        mark = uuid.uuid4().hex
        logs = self.workspace.parent / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        out, err = logs / f"{mark}.out", logs / f"{mark}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [str(PROGRAM), *map(str, arguments), "--workspace", str(self.workspace)],
                cwd=cwd or self.workspace.parent,
                env={**self.environment, **environment, "JOURNEY_MARK": mark},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        return Running(process, mark, out, err)

    def __call__(
        self, *arguments: str | Path, code: int | None = 0, cwd: Path | None = None, **environment: str
    ) -> Done:
        """Run a verb to its end; another exit code than the expected one fails the test with what was printed."""
        done = self.start(*arguments, cwd=cwd, **environment).end()
        told = f"{' '.join(map(str, arguments))}\nexit {done.code}\n{done.out[-3000:]}\n{done.err[-3000:]}"
        assert code is None or done.code == code, told
        assert "Traceback" not in done.err, told
        return done

    @property
    def run(self) -> Path:
        """The newest run's folder."""
        return (self.workspace / "runs" / "latest").resolve()

    def copy(self, workspace: Path) -> Program:
        """A program over a copy of the workspace: the steps that were done there are found done."""
        shutil.copytree(self.workspace, workspace, symlinks=True, ignore=shutil.ignore_patterns("cache", ".lock"))
        return Program(workspace, Path(self.environment["XDG_CONFIG_HOME"]))

    def pending(self) -> dict[str, Any]:
        """What the newest run waits for."""
        return dict(json.loads((self.run / "pending.json").read_bytes()))


# what a run leaves


def ledger(run: Path) -> list[dict[str, Any]]:
    """The entries of a run's record, the chain checked by the rule that CONTRACT.md states and by no code of ours."""
    entries: list[dict[str, Any]] = []
    before = "0" * 64
    for number, line in enumerate((run / "ledger.jsonl").read_bytes().splitlines()):
        entry = json.loads(line)
        body = {key: value for key, value in entry.items() if key != "hash"}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert entry["hash"] == hashlib.sha256(text.encode()).hexdigest(), f"entry {number}"
        assert entry["prev"] == before, f"entry {number}"
        assert entry["seq"] == number
        before = entry["hash"]
        entries.append(entry)
    return entries


def glance(run: Path) -> list[dict[str, Any]]:
    """The entries that are whole while somebody writes; nothing is checked."""
    try:
        data = (run / "ledger.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def manifest(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "manifest.json").read_bytes()))


def derived(run: Path, *phases: str) -> dict[str, str]:
    """Hash of each derive artifact, by ``step/name``; of some phases, or of all."""
    return {
        f"{step['id']}/{artifact['name']}": artifact["sha256"]
        for step in manifest(run)["steps"]
        if step["kind"] == "derive" and (not phases or step["id"].partition(".")[0] in phases)
        for artifact in step["artifacts"]
    }


def artifact(workspace: Path, run: Path, name: str) -> Path:
    """Where an artifact of a run lies in the store."""
    found: list[str] = [
        row["sha256"] for step in manifest(run)["steps"] for row in step["artifacts"] if row["name"] == name
    ]
    return workspace / "objects" / found[0][:2] / found[0][2:]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def answers_file(path: Path, *, gates: Mapping[str, Any] | None = None, **more: Any) -> Path:
    """The credit example's answers with other gates (none where an empty mapping is given) and some ids changed."""
    content = yaml.safe_load((CREDIT / "answers.yaml").read_text("utf-8"))
    content["answers"].update({name.replace("__", "."): value for name, value in more.items()})
    if gates is not None:
        content["gates"] = dict(gates)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def recorded_gates() -> dict[str, Any]:
    return dict(yaml.safe_load((CREDIT / "answers.yaml").read_text("utf-8"))["gates"])


# waiting


def until(condition: Callable[[], bool], seconds: float = 120.0, every: float = 0.02) -> None:
    """Look again and again until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(every)


def _marked(mark: str) -> Iterator[str]:
    needle = f"JOURNEY_MARK={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (folder / "environ").read_bytes().split(b"\0"):
                yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended while we looked, or is not ours
            continue


@contextmanager
def alone(lock: Path) -> Iterator[IO[str]]:
    """One test process at a time."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
