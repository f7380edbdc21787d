"""The baselines of step 1.7 on other rows: each that can score raw rows, and the one that gains are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tools.evaluation.metrics import Predictions, gain
from tools.evaluation.scoring import as_predictions, score_rows
from tools.serving.service.scorer import MANIFEST, Scorer


def baseline_predictions(folder: Path, rows: pd.DataFrame) -> dict[str, Predictions]:
    """Predictions of every baseline in a folder of scorers (``baseline/<name>/scorer.json``), by name.

    Args:
        folder: holds one scorer folder per baseline.
        rows: raw, typed rows as in the table.
    """
    return {
        path.parent.name: as_predictions(score_rows(Scorer.load(path.parent), rows))
        for path in sorted(folder.glob(f"*/{MANIFEST}"))
    }


def baseline_labels(report: Mapping[str, Any]) -> dict[str, str]:
    """Names of the baselines in ``baseline.json`` to what a person reads."""
    return {str(model["name"]): str(model["label"]) for model in report.get("models", ())}


def judged_baseline(report: Mapping[str, Any], names: Mapping[str, Any], metric: str) -> str:
    """The baseline that a gain is measured against: the best out of fold among those that can score these rows.

    Args:
        report: ``baseline.json``.
        names: baselines that have predictions, by name.
        metric: the primary metric.

    Returns:
        Its name, or "" where there is none.
    """
    if report.get("best") in names:
        return str(report["best"])
    best, value = "", None
    for model in report.get("models", ()):
        measured = (model["metrics"].get(metric) or {}).get("value")
        if model["name"] in names and measured is not None and (value is None or gain(metric, measured, value) > 0):
            best, value = str(model["name"]), float(measured)
    return best or next(iter(names), "")
