"""``phasegate show`` and ``open``: a run in overview, or one of its deliverables, as text."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any

from agent.errors import UsageError
from agent.publishing import shown_finding
from agent.status import position_of, status_of
from agent.wording import shown_value
from workspace.project import RunFolder, Workspace


def overview(root: Path, name: str | None) -> dict[str, Any]:
    """A run in short: {run, state, steps, findings, gates, deliverables, lines}."""
    workspace = Workspace.open(root)
    run = workspace.run(name)
    position = position_of(workspace, run)
    state = status_of(root, run.id).state
    lines = [f"run {run.id}: {state}"]
    forked = position.started.get("forked")
    if forked:
        lines.append(f"  forked from {forked['run']} at gate {forked['gate']}")
    steps, findings = [], []
    for phase in position.registry.phases:
        outcomes = position.outcomes(phase.steps)
        if outcomes:
            lines += ["", phase.title]
        for step, outcome in outcomes:
            steps.append({"id": step.id, "summary": str(outcome.summary)})
            lines.append(f"  {step.guidance:<4}{step.title:<22}{outcome.summary}")
            findings += [shown_finding(finding) for finding in outcome.findings]
        for decision in position.gate(phase.name).decisions:
            where = f" in run {decision.carried.run}" if decision.carried else ""
            lines.append(f'  gate: {decision.decision} by {decision.by}{where}, "{decision.reason}"')
    stems = [row["stem"] for row in index(run) if not row.get("reason_if_missing")]
    if stems:
        lines += ["", "Deliverables (phasegate show NAME):", *(f"  {stem}" for stem in stems)]
    gates = {gate: [d.model_dump(mode="json") for d in state.decisions] for gate, state in position.gates.items()}
    return {
        "run": run.id,
        "state": state,
        "steps": steps,
        "findings": findings,
        "gates": gates,
        "deliverables": stems,
        "lines": lines,
    }


def index(run: RunFolder) -> list[dict[str, Any]]:
    """The dossier's index; empty before there is a dossier."""
    path = run.dossier / "index.json"
    return list(json.loads(path.read_bytes())) if path.exists() else []


def deliverable(root: Path, name: str | None, wanted: str) -> dict[str, Any]:
    """One deliverable: {stem, file, title, text}.

    Raises:
        UsageError: there is none of that name, or it is not made yet.
    """
    workspace = Workspace.open(root)
    run = workspace.run(name)
    if wanted == "questions":
        return _questions(workspace, run)
    rows = index(run)
    for row in rows:
        if wanted in {row["stem"], row["stem"].partition("-")[2]}:
            if row.get("reason_if_missing"):
                raise UsageError(f"{row['title']} is not there: {row['reason_if_missing']}.", hint="phasegate status")
            text = run.dossier / f"{row['stem']}.md"
            path = run.dossier / row["file"]
            content = text.read_text(encoding="utf-8") if text.exists() else f"{row['title']}: {path}"
            return {"stem": row["stem"], "file": str(path), "title": row["title"], "text": content}
    known = ", ".join(row["stem"] for row in rows) or "none yet"
    raise UsageError(f"There is no deliverable {wanted}.", hint=f"Deliverables: {known}.")


def _questions(workspace: Workspace, run: RunFolder) -> dict[str, Any]:
    position = position_of(workspace, run)
    lines = []
    for key, decision in position.decisions.items():
        why = f"  ({decision.source}{f': {decision.why}' if decision.why else ''})"
        lines.append(f"{key} = {shown_value(decision.value)}{why}")
    return {"stem": "questions", "file": str(run.answers), "title": "Decisions", "text": "\n".join(lines)}


def open_dossier(root: Path, name: str | None, *, browser: bool) -> Path:
    """Open the dossier in a browser and return its path.

    Raises:
        UsageError: there is no dossier yet.
    """
    run = Workspace.open(root).run(name)
    page = run.dossier / "index.html"
    if not page.exists():
        raise UsageError("There is no dossier yet: it is made when a phase ends.", hint="phasegate status")
    if browser:
        webbrowser.open(page.resolve().as_uri())
    return page
