"""The vault: test rows lie sealed from the split until the holdout, and every opening is on record.

A sealed artifact is never staged for a step, save the one that may open it; opening appends ``test_opened`` before a
byte is read. Openings are counted per test set over all runs of the workspace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workspace.ledger import Entry

SEALED = frozenset({"source", "source_test", "table.parquet", "test.parquet"})
"""Artifacts that no step after the split may read, save the opener."""

SEALING_STEP = "preparation.split"
OPENING_STEP = "validation.holdout"


@dataclass(frozen=True)
class Opening:
    """One recorded opening of a test set."""

    test_sha256: str
    model_sha256: str
    purpose: str


def openings(entries: Iterable[Entry], test_sha256: str) -> list[Opening]:
    """The recorded openings of a test set, in order; the same model counts once (a resumed step opens nothing new)."""
    found: list[Opening] = []
    for entry in entries:
        if entry.type == "test_opened" and entry.data["test_sha256"] == test_sha256:
            opening = Opening(test_sha256, entry.data["model_sha256"], entry.data["purpose"])
            if opening.model_sha256 not in {known.model_sha256 for known in found}:
                found.append(opening)
    return found
