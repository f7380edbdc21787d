"""``phasegate monitor``: new rows against the model's own reference, and against their labels where they have come."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from agent.errors import UsageError
from agent.prediction import check_approved, lay_out
from agent.process import call
from agent.status import position_of
from workspace.project import Workspace

_NEEDED = ("bundle/", "scorer/")
_RECORDS = ("criteria.json", "reading.json", "holdout.json")


def monitor(root: Path, name: str | None, data: str) -> dict[str, Any]:
    """Look at new rows.

    Returns:
        {rows, alarms: [{id, kind, severity, subject, text, action}], drift, performance, lines}.

    Raises:
        UsageError: there is no bundle, or the model is not approved.
        InputError: the data can't be read.
    """
    workspace = Workspace.open(root)
    position = position_of(workspace, workspace.run(name))
    check_approved(position)
    if not position.folder("bundle/"):
        raise UsageError(
            "There is no bundle to monitor yet: packaging has not run.", hint="Go on with: phasegate resume"
        )
    with tempfile.TemporaryDirectory(prefix="phasegate-monitor-") as folder:
        for prefix in _NEEDED:
            lay_out(workspace, position, prefix, Path(folder))
        for record in _RECORDS:
            sha256 = position.find(record)
            if sha256:
                (Path(folder) / record).write_bytes(workspace.store.read(sha256))
        found = call(
            "agent.watching:look",
            folder=folder,
            data=data,
            target=position.answer("data.target"),
            seed=position.seed,
            protected=position.answer("requirements.protected", []),
            holdout=_holdout(position),
        )
    return dict(found)


def _holdout(position: Any) -> dict[str, list[float | None]]:
    """The scorer's test metrics: name to value, lower, upper."""
    outcome = position.outcome("validation.holdout")
    rows = outcome.metrics if outcome else ()
    return {row.metric: [row.value, row.lower, row.upper] for row in rows if row.model == "scorer"}


def look(
    folder: str,
    data: str,
    target: str,
    seed: int,
    protected: list[str],
    holdout: dict[str, list[float | None]],
) -> dict[str, Any]:
    """What the monitoring process does."""
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.scoring import score_labelled
    from tools.monitoring.alerts import alerts
    from tools.monitoring.drift import assess
    from tools.monitoring.performance import assess as assess_performance
    from tools.monitoring.reference import DriftReference
    from tools.serving.service.scorer import Scorer

    base = Path(folder)
    reference = DriftReference.model_validate_json((base / "bundle" / "monitoring" / "reference.json").read_bytes())
    frame, lines = _read(base, data)
    drift = assess(reference, frame)
    performance = None
    if target in frame.columns and frame[target].notna().any():
        criteria = Criteria.model_validate_json((base / "criteria.json").read_bytes())
        scored, _ = score_labelled(Scorer.load(base / "scorer"), frame, target)
        bounds = {name: (row[0], row[1], row[2]) for name, row in holdout.items()}
        groups = {name: frame[name].to_numpy()[scored.kept] for name in protected if name in frame.columns}
        performance = assess_performance(scored.y, scored.predictions, criteria, bounds, groups=groups, seed=seed)
    found = alerts(drift, performance)
    lines += [f"{alert.severity}: {alert.text}. Then: {alert.action}." for alert in found]
    if not drift.judged:
        lines.append(f"{len(frame):,} rows are too few to judge drift; {reference.smallest:,} are needed.")
    elif not found:
        lines.append("No alarm.")
    lines += [str(metric.text) for metric in performance.metrics if not metric.worse] if performance else []
    return {"rows": len(frame), "alarms": found, "drift": drift, "performance": performance, "lines": lines}


def _read(base: Path, data: str) -> tuple[Any, list[str]]:
    """New rows with the types of the old ones, and what was noticed while reading."""
    from tools.data.databases import extract, is_database
    from tools.data.opening import address_of
    from tools.data.reading import Reading
    from tools.data.sources import read_like

    reading = Reading.model_validate_json((base / "reading.json").read_bytes())
    path = Path(data)
    data = address_of(path) or data
    if is_database(data) or path.is_dir():
        path = extract(data, None, base / "new.parquet")
    elif not path.exists():
        from tools.errors import InputError

        raise InputError(f"No file at {data}.", hint="Give the path of a table with new rows.", file=path.name)
    frame, notes = read_like(path, reading, name=path.name, partial=True)
    return frame, [f"{len(frame):,} new rows read", *(str(note) for note in notes)]
