"""Step 1.3 tells what each table shows, and the notebook runs on training rows without personal columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agent.job import Call, WorkerJob
from agent.phases.preparation.exploration import STEP, report
from agent.phases.preparation.notebook import STEP as NOTEBOOK
from agent.steps import Step
from tests.tools.data.readings import reading_of
from tests.tools.reporting.conftest import explored, loans
from tools.data.profiling import profile
from tools.evaluation.criteria import Criteria, Requirement
from tools.reporting import notebook

HOSTILE = "x'); import os; os.remove('/')  # [b]\n$y$"


def inputs(folder: Path, frame: pd.DataFrame) -> None:
    """A folder that holds what the exploration needs."""
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    frame.to_parquet(folder / "in" / "train.parquet")
    criteria = Criteria(task="binary", primary=Requirement(metric="roc_auc"))
    (folder / "in" / "criteria.json").write_text(criteria.model_dump_json())
    seen = profile(frame, reading_of(frame), "risk", "binary")
    (folder / "in" / "train_profile.json").write_text(seen.model_dump_json())


def job(step: Step, folder: Path, **decisions: Any) -> WorkerJob:
    """A step's job over such a folder."""
    call = dict.fromkeys(Call.model_fields) | {
        "step": step.id,
        "inputs": {need: str(folder / "in" / need) for need in step.needs},
        "out": str(folder / "out"),
        "decisions": {"data.target": "risk", "data.positive_class": "bad", **decisions},
        "needs": step.needs,
        "declared": step.decisions,
        "makes": step.makes,
        "seed": 0,
        "threads": 1,
        "began": 0.0,
        "recorded": {},
        "guarded": str(folder),
        "body": "",
    }
    return WorkerJob(Call.model_validate(call), lambda message: None)


def test_the_finding_names_the_column_that_tells_most() -> None:
    frame = loans()
    assert str(report(explored(frame)).summary).startswith(('"purpose"', '"amount"'))
    shuffled = frame.assign(risk=frame["risk"].sample(frac=1, random_state=1).to_numpy())
    # the same columns with the labels shuffled: nothing tells anything
    assert str(report(explored(shuffled)).summary).startswith("no column tells anything")


def test_the_widest_levels_are_told_in_a_note() -> None:
    notes = [str(note) for note in report(explored(loans())).notes]
    assert any('"purpose" = house' in note and "car" in note for note in notes)


def test_cells_hold_hostile_names_as_literals_only() -> None:
    frame = loans(names=(HOSTILE, "purpose", "months"))
    for kind, source in notebook.sources(explored(frame)):
        if kind == "code":
            compile(source, "cell", "exec")
            assert "\nimport os" not in source and HOSTILE not in source


@pytest.mark.integration
def test_the_notebook_runs_without_personal_columns_and_twice_alike(tmp_path: Path) -> None:
    frame = loans(120, names=(HOSTILE, "purpose", "months"))
    frame["phone"] = [f"0170 555 {row:04d}" for row in range(120)]
    frame["secret"] = np.arange(120) + 7_000_000
    texts = []
    for name in ("one", "a-much-longer-folder-name-of-the-second-run"):
        folder = tmp_path / name
        folder.mkdir()
        inputs(folder, frame)
        assert STEP.run(job(STEP, folder, **{"data.drop": ["secret"]})).facts["withheld"] == 2
        (folder / "out" / "exploration.json").rename(folder / "in" / "exploration.json")
        work = job(NOTEBOOK, folder)
        assert str(NOTEBOOK.run(work).summary).endswith("plots")
        texts.append((work.out / "notebook.ipynb").read_text(encoding="utf-8"))
        assert sorted(path.name for path in folder.iterdir()) == ["in", "out"]  # no cache, socket or setting is left
    assert texts[0] == texts[1]
    book = json.loads(texts[0])
    outputs = [output for cell in book["cells"] for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    assert not any(output["output_type"] == "error" or output.get("name") == "stderr" for output in outputs)
    assert "0170 555" not in texts[0] and "phone" not in texts[0] and "7000000" not in texts[0]
    assert str(tmp_path) not in texts[0]
