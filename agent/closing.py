"""How a run ends: verdict, model, the metric that counts, endpoint, dossier, and what to do next."""

from __future__ import annotations

import json
from typing import Any

from agent.position import Position
from tools.wording import show
from workspace.project import RunFolder, Workspace

_MODEL_STEP = "experimentation.optimisation"


def ending(workspace: Workspace, run: RunFolder, position: Position, status: str) -> dict[str, Any]:
    """The data of the ``finished`` event: {status, verdict, model, metrics, endpoint, exit, closing}."""
    model = position.facts(_MODEL_STEP).get("model")
    metrics = _metrics(position)
    note = workspace.root / "endpoint.json"
    endpoint = json.loads(note.read_bytes()) if note.exists() else None
    code = 4 if status == "rejected" else 0
    data = {
        "status": status,
        "verdict": position.verdict,
        "model": model,
        "metrics": metrics,
        "endpoint": endpoint["url"] if endpoint else None,
        "exit": code,
    }
    return {**data, "closing": _lines(run, position, data)}


def _metrics(position: Position) -> list[dict[str, Any]]:
    """The scorer's metrics on the most severe part of the data that was scored."""
    rows = [
        metric.model_dump(mode="json")
        for _, outcome in position.outcomes(position.registry)
        for metric in outcome.metrics
        if metric.model == "scorer"
    ]
    for partition in ("test", "validation", "oof"):
        chosen = [row for row in rows if row["partition"] == partition]
        if chosen:
            return chosen
    return []


def _lines(run: RunFolder, position: Position, data: dict[str, Any]) -> list[str]:
    lines = [""]
    if data["status"] == "rejected":
        last = [d for gate in position.gates.values() for d in gate.decisions if d.decision == "reject"]
        if last:
            lines.append(f'Rejected at gate {last[-1].gate} by {last[-1].by}: "{last[-1].reason}"')
    if data["verdict"]:
        lines.append(f"Verdict: {data['verdict']}.")
        lines += [f"  {_text(reason)}" for reason in position.json("verdict.json")["reasons"]]
    conditions = [d.conditions for gate in position.gates.values() for d in gate.decisions if d.conditions]
    if conditions:
        lines.append(f'  Approved with conditions: "{conditions[-1]}"')
    facts = position.facts(_MODEL_STEP)
    rows: list[tuple[str, str]] = []
    if data["model"]:
        rows.append(
            ("model", f"{data['model']}, {show(facts.get('p50_ms'), 'ms')} a row, {show(facts['bytes'], 'bytes')}")
        )
    primary = facts.get("metric")
    for metric in data["metrics"]:
        if metric["metric"] == primary and metric["value"] is not None:
            interval = ""
            if metric["lower"] is not None:
                interval = f" ({show(metric['lower'])} to {show(metric['upper'])})"
            label, value = facts["metric_label"], show(metric["value"])
            where = f"{metric['n']:,} {metric['partition']} rows"
            rows.append(("measured", f"{label} {value}{interval} on {where}"))
    if data["endpoint"]:
        rows.append(("endpoint", f"{data['endpoint']}   try: phasegate show endpoint"))
    if (run.dossier / "index.html").exists():
        rows.append(("dossier", f"phasegate open   (or: {run.dossier / 'index.html'})"))
    rows.append(("next", _next(position, data)))
    return lines + [f"  {label:<10} {text}" for label, text in rows]


def _next(position: Position, data: dict[str, Any]) -> str:
    if data["status"] == "rejected":
        return "phasegate show tells what stood against it"
    phases = [phase.name for phase in position.registry.phases if phase.gated]
    open_gates = [name for name in phases if not position.gate(name).decisions]
    if open_gates:
        return f"phasegate resume goes on to {open_gates[0]}"
    if data["endpoint"]:
        return "phasegate monitor --data NEW.csv"
    return "phasegate serve starts the endpoint"


def _text(sentence: dict[str, Any]) -> str:
    from tools.wording import render

    return render(sentence["template"], sentence["facts"])
