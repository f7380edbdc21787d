"""``phasegate predict``: score new rows with the run's frozen scorer, once gate experimentation is approved."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from agent import gates
from agent.errors import UsageError
from agent.position import Position
from agent.process import call
from agent.status import position_of
from workspace.project import Workspace


def predict(root: Path, name: str | None, data: str, out: Path) -> dict[str, Any]:
    """Score a source of rows and write the predictions beside their order.

    Returns:
        {rows, failed, lines}.

    Raises:
        UsageError: gate experimentation is not approved yet.
        InputError: the data can't be read or lack a needed column.
    """
    workspace = Workspace.open(root)
    position = position_of(workspace, workspace.run(name))
    check_approved(position)
    with tempfile.TemporaryDirectory(prefix="phasegate-predict-") as folder:
        scorer = lay_out(workspace, position, "scorer/", Path(folder))
        report = call("agent.prediction:score", folder=str(scorer), data=data, out=str(out))
    return dict(report)


def check_approved(position: Position) -> None:
    """Refuse to score before a person approved the model.

    Raises:
        UsageError: gate experimentation is not approved for what it shows now.
    """
    phase = next((phase for phase in position.registry.phases if phase.name == "experimentation"), None)
    if phase is None or not position.folder("scorer/") or not gates.passed(position, phase):
        raise UsageError(
            "There is no approved model yet: gate experimentation is not passed.",
            hint="`phasegate status` shows where the run stands.",
        )


def lay_out(workspace: Workspace, position: Position, prefix: str, folder: Path) -> Path:
    """Lay a folder artifact out as files, each checked against its hash."""
    for file, sha256 in position.folder(prefix).items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(workspace.store.read(sha256))
    return folder / prefix


def score(folder: str, data: str, out: str) -> dict[str, Any]:
    """What the scoring process does."""
    from tools.serving.predicting import predict as score_source

    report = score_source(Path(folder), data, Path(out))
    lines = [str(report.summary), *(str(note) for note in report.notes)]
    return {"rows": report.rows, "failed": report.failed, "lines": lines}
