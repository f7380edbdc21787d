"""A fitted model as a scorer folder; every row's parity is checked twice, member by member and through the scorer."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.data.cleaning import CleaningPlan
from tools.features.plan import FeaturePlan
from tools.modeling.exporting import TOLERANCE, Parity, apart, export
from tools.modeling.families.base import Rows
from tools.modeling.models import Model
from tools.records import Record, Task
from tools.serving.assembling import Decision, Member, assemble_scorer
from tools.serving.service.arrays import read
from tools.serving.service.scorer import Scorer


class ShippedMember(Record):
    """One member of the scorer."""

    format: str
    weight: float
    parity: Parity


class Shipped(Record):
    """A scorer folder that was written and checked."""

    members: tuple[ShippedMember, ...]
    parity: Parity
    """Of the whole: the scorer's uncalibrated output against the fitted model."""
    bytes: int
    """Size of all files."""


def ship(
    folder: Path,
    model: Model,
    x: Rows,
    *,
    task: Task,
    target: str,
    classes: Sequence[str],
    reading: Mapping[str, Any],
    cleaning: CleaningPlan,
    features: FeaturePlan,
    threshold: float | None = None,
    calibration: Mapping[str, Any] | None = None,
    refer: tuple[float, float] | None = None,
) -> tuple[Scorer, Shipped]:
    """Write a scorer folder and check it on every given row.

    Args:
        folder: made if need be.
        model: fitted members with weights.
        x: matrix rows on which the files must agree with the model [n, f].
        task: kind of the task.
        target: name of the target column.
        classes: class texts in declared order; empty for numbers.
        reading: ``reading.json`` as plain data.
        cleaning: the cleaning plan.
        features: the feature plan.
        threshold: of two classes; None for others.
        calibration: as ``scorer.json`` holds it.
        refer: probabilities between which a person decides.

    Raises:
        ValueError: the scorer's output differs from the model's.
    """
    members, shipped = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (fitted, weight) in enumerate(zip(model.members, model.weights, strict=True)):
            entry, parity = export(fitted, Path(scratch), f"member-{number}", x)
            path = Path(scratch) / entry.file
            content = path.read_bytes() if entry.format == "onnx" else read(path)
            members.append(Member(content, weight))
            shipped.append(ShippedMember(format=entry.format, weight=weight, parity=parity))
    scorer = assemble_scorer(
        folder,
        task=task,
        target=target,
        classes=classes,
        positive=classes[-1] if task == "binary" else None,
        reading=reading,
        cleaning=cleaning,
        features=features,
        members=members,
        decision=Decision(threshold=threshold, calibration=calibration, refer=refer),
        probe=x[:1000],
    )
    outputs = scorer.member_outputs(x)
    total = sum(weight for weight in model.weights)
    found = np.sum([w / total * out for w, out in zip(model.weights, outputs, strict=True)], axis=0)
    expected = model.predict(x).reshape(len(x), -1) / total
    spread = 1.0 if classes else max(float(expected.std()), 1e-12)
    difference = apart(expected, found, spread)
    if not difference <= 10 * TOLERANCE:
        raise ValueError(f"the scorer's output differs from the model's by {difference}")
    flips = int((found.argmax(axis=1) != expected.argmax(axis=1)).sum()) if classes else 0
    size = sum(path.stat().st_size for path in folder.iterdir())
    whole = Parity(rows=len(x), max_difference=difference, labels_differing=flips)
    return scorer, Shipped(members=tuple(shipped), parity=whole, bytes=size)
