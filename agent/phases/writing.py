"""The documents steps of the four phases: what they may rest on, and how they write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Outcome
from tools.reporting.contents import ACTIVITIES, PHASES, phases_until
from tools.wording import plural, say

if TYPE_CHECKING:
    from tools.reporting.material import Material

RECORD = "record.json"
TRAINING = "train_findings.json"
"""What discovery says of the training rows; once it is there, documents quote no figure of the rows held back."""

STEPS: Mapping[str, tuple[str, ...]] = {
    phase: tuple(each.id for each in ACTIVITIES if each.phase in ("intake", *phases_until(phase))) for phase in PHASES
}
"""Phase to the steps whose outcomes its documents may quote."""

MADE: Mapping[str, tuple[str, ...]] = {
    "preparation": (
        "reading.json",
        "criteria.json",
        "train_profile.json",
        "train_findings.json",
        "split.json",
        "exploration.json",
        "notebook.ipynb",
        "cleaning.yaml",
        "changes.json",
        "features.json",
        "baseline.json",
    ),
    "experimentation": (
        "candidates.json",
        "trials.json",
        "tuned.json",
        "comparison.json",
        "ensemble.json",
        "interpretation.json",
        "errors.json",
        "threshold_curve.json",
        "optimisation.json",
        "scorer/",
    ),
    "validation": (
        "holdout.json",
        "ab_design.json",
        "fairness.json",
        "robustness.json",
        "stress.json",
        "business.json",
        "verdict.json",
    ),
    "deployment": (
        "bundle/",
        "api.json",
        "infrastructure.json",
        "monitoring.json",
        "rollout.json",
        "slo.json",
        "retraining.json",
    ),
}
"""Phase to the artifacts that its own steps make and documents quote."""

WITHIN = ("scorer/scorer.json", "bundle/manifest.json")
"""Files inside folder artifacts that documents quote."""


def artifacts(phase: str) -> tuple[str, ...]:
    """The artifacts that a phase's documents may quote: its own and those of the phases before it."""
    return tuple(name for each in phases_until(phase) for name in MADE[each])


def told(outcomes: Mapping[str, Outcome], made: Mapping[str, object]) -> dict[str, Outcome]:
    """Outcomes as documents quote them, by step: of discovery what it says of the training rows, where that is made."""
    found = dict(outcomes)
    if TRAINING in made and "preparation.discovery" in found:
        found["preparation.discovery"] = Outcome.model_validate(made[TRAINING])
    return found


def material(phase: str, find: Callable[[str], Path | None]) -> Material:
    """Read what a phase's documents may rest on.

    Args:
        phase: whose documents they are.
        find: name of an outcome (``<step>.outcome``), an artifact or ``record.json`` to its file; None where absent.
    """
    import json

    from tools.reporting.material import Material, RunRecord

    outcomes: dict[str, Outcome] = {}
    for step in STEPS[phase]:
        path = find(f"{step}.outcome")
        if path is not None:
            outcomes[step] = Outcome.model_validate_json(path.read_bytes())
    parsed: dict[str, object] = {}
    files: dict[str, Path] = {}
    for name in artifacts(phase):
        path = find(name)
        if path is None:
            continue
        if name.endswith("/"):
            inside = [each for each in WITHIN if each.startswith(name) and (path / each[len(name) :]).is_file()]
            parsed.update({each: json.loads((path / each[len(name) :]).read_bytes()) for each in inside})
        elif name.endswith(".json"):
            parsed[name] = json.loads(path.read_bytes())
        else:
            files[name] = path
    record = find(RECORD)
    if record is None:
        raise FileNotFoundError(RECORD)
    return Material(
        record=RunRecord.model_validate_json(record.read_bytes()),
        outcomes=told(outcomes, parsed),
        artifacts=parsed,
        files=files,
    )


def write(job: Job, phase: str) -> Outcome:
    """Write a phase's documents and the dossier's first page into ``documents-<phase>/``."""
    from tools.reporting import dossier

    known = material(phase, lambda name: job.path(name) if name == RECORD or job.has(name) else None)
    documents = dossier.documents(known, phase)
    folder = job.out / f"documents-{phase}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in dossier.render(known, phase, documents).items():
        (folder / name).write_bytes(content)
    figures, missing = dossier.census(documents)
    facts = {"documents": len(documents), "figures": figures, "missing": len(missing)}
    template = "{documents|int} deliverables, in which {figures|int} figures trace to evidence"
    if missing:
        template += f"; {{missing|int}} {plural(len(missing), 'part is', 'parts are')} missing and said so"
    notes = [
        say("{title}: {what} missing", title=title, what=what)
        for title, whats in missing_by_title(missing)
        for what in whats
    ]
    return Outcome(summary=say(template, **facts), notes=tuple(notes), facts=dict(facts))


def missing_by_title(missing: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Missing parts by document, in order."""
    found: dict[str, list[str]] = {}
    for title, what in missing:
        found.setdefault(title, []).append(what)
    return list(found.items())


def documents_step(phase: str, run: Callable[[Job], Outcome]) -> Step:
    """Declare a phase's documents step."""
    return Step(
        id=f"{phase}.documents",
        guidance="",
        title="documents",
        run=run,
        needs=(
            RECORD,
            *(f"{step}.outcome?" for step in STEPS[phase]),
            *(name if name.endswith("/") else f"{name}?" for name in artifacts(phase)),
        ),
        makes=(f"documents-{phase}/",),
    )
