"""The smoke test of a bundle: a short-lived start, golden rows and table rows compared to the bit."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tools.records import Record
from tools.serving.endpoint import probing, smoke_test
from tools.serving.process import memory_bytes
from tools.serving.requests import ask_for
from tools.serving.service.scorer import Scorer


class SmokeReport(Record):
    """What the start showed (``infrastructure.json``)."""

    version: int = 1
    started: bool
    rows: int = 0
    """Rows asked for: golden rows and table rows."""
    different: int = 0
    """Rows whose answer differs from offline scoring in any bit."""
    left_out: int = 0
    cold_start_seconds: float | None = None
    memory_bytes: int | None = None
    model: str | None = None


def smoke(bundle: Path, frame: pd.DataFrame, scratch: Path) -> SmokeReport:
    """Start a bundle, ask for rows, stop it.

    Args:
        bundle: the bundle's folder.
        frame: rows as in ``table.parquet``.
        scratch: folder for the log.

    Raises:
        EndpointError: it does not start or refuses a row that offline scoring takes.
    """
    asked = ask_for(frame, Scorer.load(bundle / "scorer"))
    golden = json.loads((bundle / "golden.json").read_text(encoding="utf-8"))
    with probing(bundle, scratch) as probe:
        found = smoke_test(
            probe.url, probe.token, [*golden["rows"], *asked.rows], [*golden["expected"], *asked.expected]
        )
        memory = memory_bytes(probe.pid)
    return SmokeReport(
        started=True,
        rows=found.rows,
        different=len(found.different),
        left_out=asked.left_out,
        cold_start_seconds=probe.cold_start_seconds,
        memory_bytes=memory,
        model=found.model,
    )
