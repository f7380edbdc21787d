"""Pieces of a run's evidence as plain data for a viewer: reports, notebooks, tables, records.

A piece is {kind, title, page, …}: ``markdown`` with text, ``notebook`` with cells [{kind, source, outputs}], ``table``
with columns and rows, ``json`` with data. ``page`` is the file that a browser shows, or None.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent.errors import UsageError
from agent.showing import deliverable
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
