"""Checks that rest on the whole workspace: earlier openings of a test set, and a challenger against the champion."""

from __future__ import annotations

from agent.position import Position
from agent.registry import Phase
from tools.records import Check
from tools.wording import plural, say
from workspace.ledger import read
from workspace.project import Workspace
from workspace.vault import Opening, openings

_GATE = "experimentation"
_MODEL = "scorer/scorer.json"
CHALLENGER = "challenger"
"""Name of the observation, and id of the check, that a retraining leaves."""


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


def workspace_checks(workspace: Workspace, position: Position, phase: Phase) -> tuple[Check, ...]:
    """The checks of a gate that rest on more than the run itself."""
    return (*_openings_check(workspace, position, phase), *_challenger_check(position, phase))


def _challenger_check(position: Position, phase: Phase) -> tuple[Check, ...]:
    """At gate validation of a challenger: it is no worse than the champion on the same sealed rows."""
    record = position.steps.get("validation.review")
    if phase.name != "validation" or record is None:
        return ()
    found = position.observations.get((record.id, record.key), {}).get(CHALLENGER)
    if found is None:
        return ()
    measured = say(
        "gain {gain|num} ({lower|num} to {upper|num}) over run {champion} on {rows|int} rows",
        gain=found["gain"],
        lower=found["lower"],
        upper=found["upper"],
        champion=found["champion"],
        rows=found["rows"],
    )
    return (
        Check(
            id=CHALLENGER,
            title="challenger against champion",
            status="fail" if found["decision"] == "refuse" else "pass",
            blocking=True,
            value=found["gain"],
            criterion="no worse than the model in service, on the same sealed rows",
            measured=measured,
        ),
    )


def _openings_check(workspace: Workspace, position: Position, phase: Phase) -> tuple[Check, ...]:
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
            measured=say("opened {count|int} {word} before", count=count, word=plural(count, "time", "times"))
            if count
            else say("never opened"),
        ),
    )
