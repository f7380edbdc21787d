"""Pieces of a run's evidence as plain data for a viewer: reports, notebooks, tables, records.

A piece is {kind, title, page, …}: ``markdown`` with text, ``notebook`` with cells [{kind, source, outputs}], ``table``
with columns and rows, ``json`` with data, ``diff`` with text. ``page`` is the file that a browser shows, or None.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent.errors import UsageError
from agent.position import Position
from agent.publishing import folders_of
from agent.registry import registry
from agent.showing import deliverable, index
from agent.status import position_of
from workspace.ledger import read
from workspace.project import RunFolder, Workspace

_METRICS = ("step", "partition", "model", "metric", "value", "lower", "upper", "level", "method", "n")
_FINDINGS = ("level", "kind", "step", "columns", "text", "id")


def piece(root: Path, name: str | None, wanted: str) -> dict[str, Any]:
    """One piece of evidence: ``metrics``, ``findings``, ``manifest``, or a deliverable by its stem.

    Raises:
        UsageError: there is none of that name, or it is not made yet.
    """
    make = _RECORDS.get(wanted)
    if make is not None:
        return {"page": None, **make(Workspace.open(root).run(name))}
    shown = deliverable(root, name, wanted)
    file = Path(shown["file"])
    page = file.with_suffix(".html")
    held: dict[str, Any] = {"title": shown["title"], "page": str(page) if page.exists() else None}
    if file.suffix == ".ipynb" or file.with_suffix(".ipynb").exists():
        return {**held, "kind": "notebook", "cells": cells(_read(file.with_suffix(".ipynb")))}
    return {**held, "kind": "markdown", "text": shown["text"]}


def difference(root: Path, name: str | None, what: str = "") -> dict[str, Any]:
    """What differs, as a piece of kind ``diff``.

    Args:
        root: the workspace's folder.
        name: the run; the newest without it.
        what: another run to compare with; a deliverable's stem for what it said before its last change in this run;
            empty for the run that this one was forked from, else the one before it.

    Raises:
        UsageError: there is nothing to compare with.
        NotFound: there is no such run.
    """
    from agent.comparing import compare
    from agent.differences import told

    workspace = Workspace.open(root)
    run = workspace.run(name)
    if any(row["stem"] == what for row in index(run)):
        return _before(workspace, run, what)
    other = what or _neighbour(workspace, run)
    text = "\n".join(told(compare(root, other, run.id)))
    return {"kind": "diff", "title": f"{other} and {run.id}", "text": text, "page": None}


def _neighbour(workspace: Workspace, run: RunFolder) -> str:
    forked = position_of(workspace, run).started.get("forked")
    if forked:
        return str(forked["run"])
    before = [each.id for each in workspace.runs() if each.id < run.id]
    if not before:
        raise UsageError("This is the only run so far.", hint="Name a deliverable to see what its last change was.")
    return before[-1]


def _before(workspace: Workspace, run: RunFolder, stem: str) -> dict[str, Any]:
    """A document against what it said before its last change."""
    file = f"{stem}.md"
    said: list[str] = []
    position = Position(registry(), workspace.store)
    for entry in read(run.ledger):
        position.take(entry)
        if entry.type == "step_finished" and any(key.endswith(f"/{file}") for key in entry.data["artifacts"]):
            held = folders_of(run, position)[run.dossier].get(file)
            if held is not None and held not in said[-1:]:
                said.append(held)
    if len(said) < 2:
        raise UsageError(f"{stem} has not changed in run {run.id}.")
    before, after = (workspace.store.read(sha256).decode("utf-8").splitlines() for sha256 in said[-2:])
    lines = difflib.unified_diff(before, after, "before the last change", "as it stands", n=2, lineterm="")
    return {"kind": "diff", "title": f"{stem}: its last change", "text": "\n".join(lines), "page": None}


def cells(notebook: Any) -> list[dict[str, Any]]:
    """The cells of a notebook as {kind, source, outputs}; an image output is named by its type."""
    listed = notebook.get("cells", []) if isinstance(notebook, Mapping) else []
    return [
        {
            "kind": str(cell.get("cell_type", "raw")),
            "source": _joined(cell.get("source", "")),
            "outputs": [text for output in cell.get("outputs", []) if (text := _output(output))],
        }
        for cell in listed
    ]


def _output(output: Mapping[str, Any]) -> str:
    if "text" in output:
        return _joined(output["text"])
    if output.get("output_type") == "error":
        return f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
    data = output.get("data", {})
    images = [f"[image: {media.partition('/')[2]}]" for media in data if media.startswith("image/")]
    # the text beside an image is only the name of the object that drew it
    return " ".join(images) or _joined(data.get("text/plain", ""))


def _joined(text: Any) -> str:
    return "".join(str(part) for part in text) if isinstance(text, list) else str(text)


def _table(title: str, columns: tuple[str, ...], records: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [[_cell(record.get(column)) for column in columns] for record in records]
    return {"kind": "table", "title": title, "columns": list(columns), "rows": rows}


def _cell(value: Any) -> Any:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else value


_RECORDS: Mapping[str, Callable[[RunFolder], dict[str, Any]]] = {
    "metrics": lambda run: _table("Metrics", _METRICS, _read(run.root / "metrics.json")),
    "findings": lambda run: _table("Findings", _FINDINGS, _read(run.root / "findings.json")),
    "manifest": lambda run: {"kind": "json", "title": "Manifest", "data": _read(run.manifest)},
}
"""Name of a record to what shows it; another is one line."""


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{path.name} is not made yet.", hint="phasegate status") from None
    except ValueError:
        raise UsageError(f"{path.name} is not readable.", hint="phasegate verify shows what was changed.") from None
