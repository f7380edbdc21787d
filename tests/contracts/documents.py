"""Reads the commands that the documents quote, and runs them as a reader would.

A fenced block marked ``console`` quotes a session. A line that begins with ``$ `` is a command; the lines below it are
what it prints, where ``…`` stands for whatever the reader will see instead; a last line ``(exit 3)`` says that the
command ends with that code, else it ends with 0. All blocks of a document are one session, in one folder that looks
like a fresh checkout. A comment ``<!-- not run: reason -->`` right above a block takes it out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- not run: (?P<reason>.+?) -->\s*\n)?^```console\n(?P<body>.*?)^```", re.M | re.S)
EXIT = re.compile(r"\(exit (\d+)\)")
LONGEST = 900
"""Seconds that one command may take."""


class DocumentIsWrong(AssertionError):
    """A document quotes what does not happen."""


@dataclass(frozen=True)
class Quoted:
    """A command as a document quotes it."""

    document: Path
    line: int
    command: str
    output: tuple[str, ...]
    exit: int

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}: {self.command}"


def documents() -> list[Path]:
    """The Markdown files that a reader is pointed to."""
    found = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
    found += sorted((REPOSITORY / "docs").glob("*.md")) + sorted((REPOSITORY / "examples").glob("*/README.md"))
    return [path for path in [*found, REPOSITORY / "benchmarks" / "README.md"] if path.exists()]


def quoted(document: Path) -> list[Quoted]:
    """The commands of a document, in order, without those that are declared not to be run."""
    text = document.read_text(encoding="utf-8")
    found: list[Quoted] = []
    for block in BLOCK.finditer(text):
        if block["reason"]:
            continue
        first = text[: block.start("body")].count("\n") + 1
        for offset, line in enumerate(block["body"].splitlines()):
            if line.startswith("$ "):
                found.append(Quoted(document, first + offset, line[2:], (), 0))
            elif not found or found[-1].line < first:
                raise DocumentIsWrong(f"{document.name}:{first + offset}: a console block begins with a command")
            else:
                found[-1] = _with_line(found[-1], line)
    return found


def _with_line(quote: Quoted, line: str) -> Quoted:
    if quote.command.endswith("\\"):
        command = quote.command[:-1].rstrip() + " " + line.strip()
        return Quoted(quote.document, quote.line, command, quote.output, quote.exit)
    stated = EXIT.fullmatch(line.strip())
    if stated:
        return Quoted(quote.document, quote.line, quote.command, quote.output, int(stated[1]))
    return Quoted(quote.document, quote.line, quote.command, (*quote.output, line), quote.exit)


def checkout(folder: Path, *, bare: bool) -> Path:
    """A copy of what is committed; unless ``bare`` with the environment that runs the tests as its `.venv`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    if not bare:
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    return folder


def environment(home: Path) -> dict[str, str]:
    """As a reader's shell after installation: the program on the path, a home of its own, no settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PHASEGATE_", "OPENAI_"))}
    home.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "HOME": str(home), "COLUMNS": "110"}


def run(quote: Quoted, folder: Path, env: dict[str, str]) -> str:
    """Run one command and compare what happens with what is quoted.

    Raises:
        DocumentIsWrong: another exit code, or a quoted line that is not printed.
    """
    done = subprocess.run(
        ["bash", "-c", quote.command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode != quote.exit:
        raise DocumentIsWrong(f"{quote}\nends with {done.returncode}, quoted is {quote.exit}\n\n{done.stdout}")
    missing = unmatched(quote.output, done.stdout)
    if missing is not None:
        raise DocumentIsWrong(f"{quote}\ndoes not print, in this order:\n{missing}\n\n{done.stdout}")
    return done.stdout


def unmatched(expected: tuple[str, ...], printed: str) -> str | None:
    """The first quoted line that is not printed after the one before it; None where all are. Runs of blanks are one."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for quote in expected:
        wanted = " ".join(quote.split())
        if wanted.strip("… "):
            pattern = re.compile(r".*".join(re.escape(part.strip()) for part in wanted.split("…")))
            if not any(pattern.search(line) for line in lines):
                return quote
    return None
