"""How often a test set was opened: counted over all runs of a workspace, shown before it is opened again."""

from __future__ import annotations

from agent.position import Position
from agent.registry import Phase
from tools.records import Check
from tools.wording import say
from workspace.ledger import read
from workspace.project import Workspace
from workspace.vault import Opening, openings

_GATE = "experimentation"
_MODEL = "scorer/scorer.json"


def earlier_openings(workspace: Workspace, position: Position) -> list[Opening]:
    """Openings of this run's test set for other models than this run's, over all runs."""
    test = position.find("test.parquet")
    if test is None:
        return []
    model = position.folder("scorer/").get(_MODEL)
    found: dict[str, Opening] = {}
    for run in workspace.runs():
        for opening in openings(read(run.ledger), test):
            if opening.model_sha256 != model:
                found.setdefault(opening.model_sha256, opening)
    return list(found.values())


def opening_checks(workspace: Workspace, position: Position, phase: Phase) -> tuple[Check, ...]:
    """The check ``holdout.openings`` at gate experimentation: the test rows were not opened for another model."""
    if phase.name != _GATE or not position.folder("scorer/"):
        return ()
    count = len(earlier_openings(workspace, position))
    return (
        Check(
            id="holdout.openings",
            title="test rows still sealed",
            status="fail" if count else "pass",
            blocking=True,
            value=count,
            criterion="not opened for another model",
            measured=say("opened {count|int} times for other models", count=count) if count else say("never opened"),
        ),
    )
