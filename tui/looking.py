"""The verbs that look and change nothing: status, show, diff, open, look, doctor, verify, graph."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tui.ending import pairs, placed


def status(workspace: Path, name: str | None, as_json: bool) -> int:
    """Say where a run stands."""
    from agent.status import status_of, told

    found = status_of(workspace, name)
    if as_json:
        print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False))
    else:
        print(placed("\n".join(told(found)), workspace))
    return 0


def show(workspace: Path, name: str | None, wanted: str | None, as_json: bool) -> int:
    """Show a run, or one of its deliverables."""
    from agent.showing import deliverable, overview

    if wanted:
        found = deliverable(workspace, name, wanted)
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
        else:
            _page(found["text"])
        return 0
    found = overview(workspace, name)
    lines = found.pop("lines")
    print(json.dumps(found, ensure_ascii=False) if as_json else placed("\n".join(lines), workspace))
    return 0


def diff(workspace: Path, left: str, right: str, as_json: bool) -> int:
    """Say what differs between two runs."""
    from agent.comparing import compare
    from agent.differences import told

    found = compare(workspace, left, right)
    print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False) if as_json else "\n".join(told(found)))
    return 0


def open_dossier(workspace: Path, name: str | None, as_json: bool) -> int:
    """Open the dossier in a browser."""
    from agent.showing import open_dossier as open_page

    page = open_page(workspace, name, browser=sys.stdout.isatty() and not as_json)
    print(json.dumps({"dossier": str(page)}) if as_json else str(page))
    return 0


def doctor(workspace: Path, as_json: bool) -> int:
    """Say what this machine has for the work."""
    from agent.doctor import examine

    lines = examine(workspace)
    if as_json:
        print(json.dumps([line.model_dump() for line in lines]))
    else:
        for line in lines:
            advice = f"  ({line.advice})" if line.advice else ""
            print(f"{line.state:<8}{line.name:<18}{line.value}{advice}")
    return 0


def look(data: str, settings: Sequence[str], as_json: bool) -> int:
    """Look at a table and say what there is; nothing is kept."""
    import shutil

    from agent import looking
    from tui import sketch

    found = looking.look(data, looking.source_settings(pairs(settings)))
    if as_json:
        # characters that steer a terminal stand escaped in it
        print(json.dumps(looking.as_json(found)))
        return 0
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sketch.WIDTH
    print("\n".join(sketch.lines(found, width, then=sketch.command(data, settings, found.leading))))
    return 0


def verify(workspace: Path, name: str | None, head: str | None, as_json: bool) -> int:
    """Check the workspace against its record."""
    from agent.verification import verify as check

    report = check(workspace, name, head)
    if as_json:
        print(json.dumps(report.model_dump(mode="json", exclude_none=True), ensure_ascii=False))
    else:
        for problem in report.problems:
            print(f"{problem.file}: {problem.text}")
        print(f"{report.checked} files and entries checked; {'all as recorded' if report.ok else 'not as recorded'}.")
        print(f"head {report.head}")
    return 0 if report.ok else 5


def graph(as_json: bool) -> int:
    """Draw the graph."""
    from agent.drawing import drawn, edges

    print(json.dumps(edges(), indent=1) if as_json else drawn())
    return 0


def _page(text: str) -> None:
    """Print a Markdown text as a person reads it: tables drawn, escapes gone, links named and not followed."""
    from rich.console import Console
    from rich.markdown import Markdown

    width = None if sys.stdout.isatty() else 100
    Console(markup=False, highlight=False, emoji=False, width=width).print(Markdown(text, hyperlinks=False))
