"""Assembles a scorer folder: plans, members, calibration and threshold as plain files, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.data.cleaning import CleaningPlan
from tools.features.plan import FeaturePlan
from tools.records import Task
from tools.serving.service import arrays as plain
from tools.serving.service.scorer import CALIBRATIONS, FORMATS, MANIFEST, Scorer, _in_blocks

BATCHES = (1, 2, 7, 1000)
"""Batch sizes that must give the same bits."""
BLOCK = 16
"""Rows per call of a member whose results depend on their number."""


@dataclass(frozen=True)
class Member:
    """One model of a scorer: an ONNX file's bytes, or plain arrays (``tools.serving.service.arrays``)."""

    content: bytes | Mapping[str, NDArray[Any]]
    weight: float = 1.0

    @property
    def format(self) -> Literal["onnx", "arrays"]:
        """Which of the two."""
        return "onnx" if isinstance(self.content, bytes) else "arrays"

    def encoded(self) -> bytes:
        """The file's bytes; the same for the same model."""
        if isinstance(self.content, bytes):
            return self.content
        out = io.BytesIO()
        np.savez(out, allow_pickle=False, **{name: self.content[name] for name in sorted(self.content)})
        return out.getvalue()


@dataclass(frozen=True)
class Decision:
    """How outputs become predictions; chosen on out-of-fold predictions."""

    threshold: float | None = None
    calibration: Mapping[str, Any] | None = None
    """As in ``scorer.json``: kind none, sigmoid or isotonic with its arrays; None for none."""
    refer: tuple[float, float] | None = None
    transform: Literal["log1p"] | None = None


def assemble_scorer(
    folder: Path,
    *,
    task: Task,
    target: str,
    classes: Sequence[str],
    positive: str | None,
    reading: Mapping[str, Any],
    cleaning: CleaningPlan,
    features: FeaturePlan,
    members: Sequence[Member],
    decision: Decision | None = None,
    probe: NDArray[np.float32] | None = None,
) -> Scorer:
    """Write a scorer folder and load it back.

    Args:
        folder: made if need be; files of an older scorer in it are overwritten.
        task: kind of the task.
        target: name of the target column.
        classes: class texts in declared order, the positive one last where there are two; empty for regression.
        positive: the positive class, or None.
        reading: ``reading.json`` as plain data.
        cleaning: the cleaning plan; only its rules for needed columns are shipped, without the reasons.
        features: the feature plan.
        members: models on the plan's matrix; weights are normalised to sum to one.
        decision: threshold, calibration, refer band, target transform.
        probe: some rows of the matrix, to find members whose results depend on the batch size.

    Raises:
        ValueError: no member, a weight that is not positive, or a calibration that is not known.
    """
    decision = decision or Decision()
    total = sum(member.weight for member in members)
    if not members or not all(member.weight > 0 for member in members):
        raise ValueError("A scorer needs members with positive weights.")
    calibration = dict(decision.calibration or {"kind": "none"})
    if calibration["kind"] not in CALIBRATIONS:
        raise ValueError(f"There is no calibration {calibration['kind']!r}.")
    folder.mkdir(parents=True, exist_ok=True)
    needed = {name for encoder in features.encoders for name in encoder.columns}
    described = []
    for number, member in enumerate(members):
        content = member.encoded()
        name = f"member-{number}.{'onnx' if member.format == 'onnx' else 'npz'}"
        (folder / name).write_bytes(content)
        described.append(
            {
                "file": name,
                "format": member.format,
                "weight": float(member.weight / total),
                "sha256": hashlib.sha256(content).hexdigest(),
                "block": _block(member, content, probe, len(classes) or 1),
            }
        )
    refer = None if decision.refer is None else {"lower": decision.refer[0], "upper": decision.refer[1]}
    manifest = {
        "version": 1,
        "task": task,
        "target": target,
        "classes": list(classes),
        "positive": positive,
        "threshold": decision.threshold,
        "calibration": calibration,
        "refer": refer,
        "transform": decision.transform,
        "members": described,
        "reading": _shipped_reading(reading, needed),
        "cleaning": cleaning.spec(needed),
        "features": features.spec(),
        "inputs": _inputs(features, reading),
    }
    text = json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return Scorer.load(folder)


def _block(member: Member, content: bytes, probe: NDArray[np.float32] | None, outputs: int) -> int | None:
    """None where padding a single row is enough for equal bits at every batch size, else a fixed block."""
    if probe is None or not len(probe):
        return None
    predict = FORMATS[member.format](content)
    rows = probe[: max(BATCHES)]
    whole = _in_blocks(predict, rows, outputs, None)
    for size in BATCHES:
        parts = [
            _in_blocks(predict, rows[start : start + size], outputs, None)
            for start in range(0, min(len(rows), size * 40), size)
        ]
        if not np.array_equal(np.concatenate(parts), whole[: sum(map(len, parts))], equal_nan=True):
            return BLOCK
    return None


SHIPPED = ("format", "encoding", "separator", "header", "skipped_lines", "version")
"""Parts of the reading that a later file is read by; what was noticed in the training file stays behind."""


def _shipped_reading(reading: Mapping[str, Any], needed: set[str]) -> dict[str, Any]:
    columns = [
        dict(column)
        if column["name"] in needed
        else {key: column.get(key) for key in ("name", "position", "type", "renamed_from")}
        for column in reading["columns"]
    ]
    return {**{key: reading[key] for key in SHIPPED if key in reading}, "columns": columns}


def _inputs(features: FeaturePlan, reading: Mapping[str, Any]) -> list[dict[str, Any]]:
    types = {column["name"]: column["type"] for column in reading["columns"]}
    return [{**entry.model_dump(mode="json"), "type": types.get(entry.name, entry.type)} for entry in features.inputs]


__all__ = ["BATCHES", "Decision", "Member", "assemble_scorer", "plain"]
