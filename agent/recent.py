"""Which workspaces a person worked in lately, how each stands, and the examples that come with the program.

The list is a convenience in the user's state directory: where it can't be read or written, nothing is lost but it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

VERSION = 1
"""1: {version, workspaces: [absolute path, newest first]}."""
MOST = 20
"""How many workspaces are remembered."""
MARK = "phasegate.toml"
"""The file that makes a folder a workspace."""


@dataclass(frozen=True)
class Recent:
    """One workspace that a person worked in."""

    root: Path

    @property
    def name(self) -> str:
        """What a person calls it: its folder, or the folder around a plain ``phasegate``."""
        return self.root.parent.name if self.root.name == "phasegate" and self.root.parent.name else self.root.name


@dataclass(frozen=True)
class Standing:
    """How the newest run of a workspace stands."""

    run: str | None = None
    state: str | None = None
    """running, waiting, done, rejected or failed; None where there is no run, or none that can be read."""
    phase: str | None = None
    gate: str | None = None
    """The gate that it waits at."""
    question: str | None = None
    """The question that it waits for."""
    recommended: str | None = None
    why: str | None = None
    verdict: str | None = None
    model: str | None = None
    changed: datetime | None = None
    """When its ledger was last written, in UTC."""
    problem: str | None = None
    """Why it can't be read."""

    @property
    def ended(self) -> bool:
        """Whether there is nothing to go on with."""
        return self.state in {"done", "rejected"}


@dataclass(frozen=True)
class Example:
    """A data set that comes with the program."""

    name: str
    data: Path
    about: str
    """The first heading of its README."""


def place() -> Path:
    """The file that holds the list."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "phasegate" / "recent.json"


def remember(root: Path) -> None:
    """Put a workspace at the head of the list; a list that can't be written is left as it is."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: the user has no home
        path = place()
        kept = [str(root.resolve()), *(name for name in _stored(path) if name != str(root.resolve()))]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps({"version": VERSION, "workspaces": kept[:MOST]}, indent=1) + "\n", "utf-8")
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def recent(here: Path | None = None) -> list[Recent]:
    """Workspaces that are still there, newest first; ``phasegate`` of the current folder leads where it is one.

    Args:
        here: the folder to look in instead of the current one.
    """
    names: list[str] = []
    with contextlib.suppress(OSError, RuntimeError):
        names.append(str(((here or Path.cwd()) / "phasegate").resolve()))
    with contextlib.suppress(OSError, RuntimeError):
        names += _stored(place())
    return [Recent(Path(name)) for name in dict.fromkeys(names) if _is_workspace(Path(name))]


def standing(root: Path) -> Standing:
    """How a workspace stands; whatever is wrong with it becomes a sentence.

    This reads the whole ledger: call it in a thread.
    """
    from agent.errors import describe
    from agent.status import status_of
    from agent.wording import shown_value
    from workspace.errors import NotFound
    from workspace.project import Workspace

    changed: datetime | None = None
    try:
        workspace = Workspace.open(root)
        if not workspace.runs():
            return Standing()
        ledger = workspace.run().ledger
        changed = datetime.fromtimestamp(ledger.stat().st_mtime, UTC)
        status = status_of(root)
    except NotFound:
        return Standing(problem="the folder is gone")
    except Exception as error:  # a damaged workspace is told in its line and must not take the others with it
        return Standing(changed=changed, problem=describe(error).message)
    pending = status.pending or {}
    kind, name = pending.get("type"), pending.get("id")
    return Standing(
        run=status.run,
        state=status.state,
        phase=status.phase,
        gate=str(name) if kind == "gate" else None,
        question=str(name) if kind == "question" else None,
        recommended=shown_value(pending.get("recommended")) if pending else None,
        why=str(pending.get("why") or "") or None,
        verdict=status.verdict,
        model=status.model,
        changed=changed,
    )


def refusal(data: str, root: Path) -> str | None:
    """Why a project can't begin with these data in this folder, as a sentence; None where it can."""
    from agent.errors import describe
    from agent.sources import Source
    from agent.status import refuse_unfinished
    from workspace.project import Workspace

    try:
        Source(data).check()
        if (root / MARK).exists():
            refuse_unfinished(Workspace.open(root))
        elif root.exists() and not root.is_dir():
            return f"{root} is a file; give a folder."
    except Exception as error:  # the person is asked to mend it, whatever it is
        return str(describe(error))
    return None


def examples(folders: Iterable[Path] | None = None) -> list[Example]:
    """The examples that are found: beside the program, then below the current folder.

    Args:
        folders: where to look instead.
    """
    found: dict[str, Example] = {}
    for folder in folders if folders is not None else _example_folders():
        with contextlib.suppress(OSError):
            for each in sorted(folder.iterdir()):
                tables = sorted(each.glob("*.csv"))
                if tables and each.name not in found:
                    found[each.name] = Example(each.name, tables[0], _heading(each / "README.md"))
    return list(found.values())


def _example_folders() -> list[Path]:
    folders = [Path(__file__).resolve().parent.parent / "examples"]
    with contextlib.suppress(OSError):
        folders.append(Path.cwd() / "examples")
    return folders


def _heading(readme: Path) -> str:
    try:
        with readme.open(encoding="utf-8", errors="replace") as file:
            return file.readline(400).lstrip("# ").strip()
    except OSError:
        return ""


def _stored(path: Path) -> list[str]:
    """The remembered paths; a damaged list counts as empty and is written anew at the next ``remember``."""
    try:
        held = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    names = held.get("workspaces") if isinstance(held, dict) and held.get("version") == VERSION else None
    if not isinstance(names, list):
        return []
    return [name for name in names if isinstance(name, str) and name.startswith("/") and "\0" not in name][:MOST]


def _is_workspace(root: Path) -> bool:
    try:
        return (root / MARK).is_file()
    except OSError:
        return False
