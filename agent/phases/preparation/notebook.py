"""The exploration of step 1.3 as an executed notebook; after the baseline, which nobody should wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Outcome
from tools.wording import say

if TYPE_CHECKING:
    from pathlib import Path


def run(job: Job) -> Outcome:
    """Execute the notebook on the training rows that the exploration showed."""
    import shutil
    import tempfile
    from pathlib import Path

    from tools.data.exploring import Exploration
    from tools.reporting import notebook

    view = job.load("exploration.json", Exploration)
    frame = job.frame("train.parquet")
    frame = frame[frame[view.target].notna()].reset_index(drop=True)
    withheld = {each.column for each in view.withheld}
    shown = [view.target, *(str(each) for each in frame.columns if each not in withheld and each != view.target)]
    scratch = Path(tempfile.mkdtemp(prefix="nb", dir=_roof(job.out)))
    try:
        frame[shown].to_parquet(scratch / notebook.TABLE)
        text = notebook.execute(notebook.sources(view), scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    job.save_text("notebook.ipynb", text)
    cells = [cell for cell in notebook.read(text) if cell.kind == "code"]
    facts = {"cells": len(cells), "plots": sum(len(cell.pngs) for cell in cells), "columns": len(shown)}
    return Outcome(
        summary=say("{cells|int} cells ran on {columns|int} columns and drew {plots|int} plots", **facts),
        facts=dict(facts),
    )


def _roof(out: Path) -> str | None:
    """The folder above the output where its path is short enough for a socket; else the system's own."""
    parent = out.resolve().parent
    return str(parent) if len(str(parent)) < 70 else None


STEP = Step(
    id="preparation.notebook",
    guidance="",
    title="notebook",
    run=run,
    needs=("train.parquet", "exploration.json"),
    makes=("notebook.ipynb",),
    libraries=("pandas", "numpy", "scipy", "matplotlib", "nbformat", "nbclient", "ipykernel"),
)
