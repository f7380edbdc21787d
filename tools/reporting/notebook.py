"""The exploration as an executed notebook: cells made by serialisers, run in a kernel that sees training rows only."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.data.exploring import Exploration

TABLE = "train.parquet"
SECONDS = 120
"""Most that one cell may take."""
PLOTTED = 6


@dataclass(frozen=True)
class NotebookCell:
    """A cell of the notebook, for the page that shows it."""

    kind: str
    """markdown or code."""
    source: str
    texts: tuple[str, ...] = ()
    pngs: tuple[str, ...] = ()
    """Base64."""


def sources(view: Exploration) -> list[tuple[str, str]]:
    """The cells (kind, source) for an exploration; names from data stand in them as Python literals only."""
    numbers = [each.column for each in view.views if each.kind == "number"][:PLOTTED]
    levels = [each.column for each in view.views if each.kind in ("levels", "steps") and each.levels][:PLOTTED]
    dates = [each.column for each in view.views if each.kind == "time"][:1]
    cells = [
        ("markdown", _INTRODUCTION),
        ("code", _SETUP.format(table=TABLE, target=view.target, focus=view.focus, most=PLOTTED)),
        ("code", "frame.describe().T.round(3)"),
        ("markdown", "## The target"),
        ("code", _TARGET_NUMBER if view.task == "regression" else _TARGET_CLASS),
        ("markdown", "## What is missing"),
        ("code", _MISSING),
    ]
    if numbers:
        cells += [("markdown", "## Numbers, by the target"), ("code", f"columns = {numbers!r}\n" + _NUMBERS)]
    if levels:
        cells += [("markdown", "## The target, by level"), ("code", f"columns = {levels!r}\n" + _LEVELS)]
    if dates:
        cells += [("markdown", "## The target over time"), ("code", f"column = {dates[0]!r}\n" + _TIME)]
    if len(view.correlated) > 1:
        cells += [
            ("markdown", "## Numbers that move together"),
            ("code", f"columns = {list(view.correlated)!r}\n" + _TOGETHER),
        ]
    return cells


def execute(cells: Sequence[tuple[str, str]], scratch: Path) -> str:
    """Run the cells beside ``train.parquet`` in a fresh kernel and return the notebook as JSON.

    The kernel talks over sockets in ``scratch`` (no network), keeps its settings and caches there, and writes no
    history. The result holds no time, path or host: ids are by position, what goes to stderr is left out.

    Args:
        cells: (kind, source) pairs.
        scratch: an existing folder with a short path that holds the table and nothing that matters.
    """
    with _without("rfc3987_syntax"):
        import nbformat as untyped
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient

    nbformat: Any = untyped
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    book = nbformat.v4.new_notebook(
        cells=[make[kind](source, id=f"cell-{place}") for place, (kind, source) in enumerate(cells)]
    )
    manager = AsyncKernelManager(
        kernel_name="python3",
        transport="ipc",
        ip=str(scratch / "k"),
        connection_file=str(scratch / "kernel.json"),
    )
    client = NotebookClient(
        book,
        km=manager,
        timeout=SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(scratch)}},
    )
    client.execute(env=_environment(scratch), cleanup_kc=True)
    for place, cell in enumerate(book.cells):
        cell.id = f"cell-{place}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [_bare(output) for output in cell.outputs if output.get("name") != "stderr"]
    book.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    return str(nbformat.writes(book, indent=1)) + "\n"


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Import as if an optional module were not installed.

    jsonschema, which nbformat imports, would build a grammar of internationalised addresses with it: seconds for
    something that no notebook needs.
    """
    hidden = module not in sys.modules
    if hidden:
        sys.modules[module] = None  # type: ignore[assignment] # the documented way to make an import fail
    try:
        yield
    finally:
        if hidden:
            del sys.modules[module]


def read(text: str) -> list[NotebookCell]:
    """The cells of an executed notebook, with plain outputs and pictures; HTML outputs are left aside.

    The JSON is read as it is: importing nbformat takes seconds.
    """
    found = []
    for cell in json.loads(text)["cells"]:
        outputs = cell.get("outputs", [])
        texts = [_plain(output) for output in outputs]
        pngs = [_joined(output["data"]["image/png"]) for output in outputs if "image/png" in output.get("data", {})]
        found.append(
            NotebookCell(
                kind=cell["cell_type"],
                source=_joined(cell["source"]),
                texts=tuple(each for each in texts if each),
                pngs=tuple(base64.b64encode(base64.b64decode(each)).decode() for each in pngs),
            )
        )
    return found


def _joined(lines: Any) -> str:
    """A text that nbformat may store as a list of lines."""
    return "".join(lines) if isinstance(lines, list) else str(lines)


def _bare(output: Any) -> Any:
    if "metadata" in output:
        output["metadata"] = {}
    return output


def _plain(output: Any) -> str:
    if output.get("output_type") == "stream":
        return _joined(output.get("text", ""))
    data = output.get("data", {})
    return "" if "image/png" in data else _joined(data.get("text/plain", ""))


def _environment(scratch: Path) -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
        if name in os.environ
    }
    folder = str(scratch)
    return kept | {
        "IPYTHONDIR": folder,
        "JUPYTER_CONFIG_DIR": folder,
        "JUPYTER_DATA_DIR": folder,
        "JUPYTER_RUNTIME_DIR": folder,
        "MPLCONFIGDIR": folder,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
        "TZ": "UTC",
    }


_INTRODUCTION = """# Exploration of the training rows

Made and executed by Phasegate in step preparation.exploration. It reads training rows only; validation and test rows
are absent, and so are columns that carry personal data or were dropped. To run it again, put the run's artifact
`train.parquet` beside it."""

_SETUP = """\
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# signs that the plotting font lacks are drawn as boxes; that is no reason to clutter the page
warnings.filterwarnings("ignore", message="Glyph")
plt.rcParams.update({{
    "figure.dpi": 110, "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": 9, "axes.titlelocation": "left", "text.parse_math": False, "axes.edgecolor": "#888888",
}})
ACCENT, GREY = "#0e5a6b", "#b5b1a6"

frame = pd.read_parquet({table!r})
target, focus = {target!r}, {focus!r}
y = frame[target]


def grid(count, height=2.2):
    columns = min(count, 3)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(8, height * rows), squeeze=False, layout="constrained")
    for axis in axes.ravel()[count:]:
        axis.remove()
    return axes.ravel()[:count]


frame.shape"""

_TARGET_CLASS = """\
counts = y.astype(str).value_counts()
figure, axis = plt.subplots(figsize=(5, 0.4 * len(counts[:15]) + 0.8), layout="constrained")
counts[:15][::-1].plot.barh(ax=axis, color=[ACCENT if str(name) == focus else GREY for name in counts[:15].index[::-1]])
axis.set(xlabel="rows", ylabel="")
counts"""

_TARGET_NUMBER = """\
figure, axis = plt.subplots(figsize=(5, 2.4), layout="constrained")
axis.hist(y.dropna(), bins=40, color=ACCENT)
axis.set(xlabel=target, ylabel="rows")
y.describe()"""

_MISSING = """\
missing = frame.isna().mean()
missing[missing > 0].sort_values(ascending=False)"""

_NUMBERS = """\
for axis, column in zip(grid(len(columns)), columns):
    values = frame[column].astype(float)
    shown = values.clip(*values.quantile([0.005, 0.995]))
    if focus:
        inside = y.astype(str) == focus
        bins = np.histogram_bin_edges(shown.dropna(), 24)
        axis.hist(shown[~inside].dropna(), bins, density=True, color=GREY, alpha=0.7, label="others")
        axis.hist(shown[inside].dropna(), bins, density=True, histtype="step", color=ACCENT, label=focus)
    else:
        axis.hexbin(shown, y.astype(float), gridsize=24, bins="log", cmap="Greys", linewidths=0)
    axis.set_title(column)
if focus:
    axis.legend(frameon=False, fontsize=7)"""

_LEVELS = """\
def interval(mean, n, z=1.96):
    if not focus:
        half = z * looked_for.std() / np.sqrt(n)
        return mean - half, mean + half
    middle = (mean + z * z / (2 * n)) / (1 + z * z / n)  # Wilson: stays between nought and one
    half = z * np.sqrt(mean * (1 - mean) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


looked_for = (y.astype(str) == focus).astype(float) if focus else y.astype(float)
for axis, column in zip(grid(len(columns), 2.6), columns):
    names = frame[column].astype("str").fillna("missing")
    table = looked_for.groupby(names.str.slice(0, 24)).agg(["mean", "size"])
    table = table[table["size"] >= 10].nlargest(12, "size").sort_values("mean")
    lower, upper = interval(table["mean"], table["size"])
    axis.hlines(range(len(table)), lower, upper, color=GREY)
    axis.plot(table["mean"], range(len(table)), "o", color=ACCENT, markersize=4)
    axis.axvline(looked_for.mean(), color="#888888", linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(table)), table.index, fontsize=7)
    axis.set_title(column)"""

_TIME = """\
looked_for = (y.astype(str) == focus).astype(float) if focus else y.astype(float)
when = pd.qcut(frame[column].rank(method="first"), min(40, len(frame) // 20 + 1), labels=False)
curve = looked_for.groupby(when).mean()
figure, axis = plt.subplots(figsize=(7, 2.2), layout="constrained")
axis.plot(frame[column].groupby(when).min(), curve, color=ACCENT)
axis.set_title(column)"""

_TOGETHER = """\
matrix = frame[columns].astype(float).corr(method="spearman")
figure, axis = plt.subplots(figsize=(5, 4.2), layout="constrained")
image = axis.imshow(matrix, cmap="BrBG", vmin=-1, vmax=1)
axis.set_xticks(range(len(columns)), [name[:18] for name in columns], rotation=60, ha="right", fontsize=7)
axis.set_yticks(range(len(columns)), [name[:18] for name in columns], fontsize=7)
figure.colorbar(image, shrink=0.7);"""
