"""The benchmarks divide time rightly: planted seconds come out where they were put."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.overhead import shares

START = datetime(2026, 1, 1, tzinfo=UTC)


def entry(second: float, kind: str, **data: Any) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=second)).isoformat(), "type": kind, **data}


LEDGER = [
    entry(0.0, "run_started"),
    entry(0.5, "step_started", step="a"),
    entry(5.5, "step_finished", step="a"),  # 2 of its own, 2.5 of imports, 0.5 of orchestration
    entry(5.5, "step_started", step="b"),
    entry(9.0, "step_finished", step="b"),  # 3 of its own, 0.5 of orchestration
    entry(9.0, "gate_opened"),
    entry(69.0, "gate_decided"),  # a person thought for a minute
    entry(69.5, "finished"),
]
MANIFEST = {
    "steps": [
        {"id": "a", "seconds": 2.0, "status": "done"},
        {"id": "b", "seconds": 3.0, "status": "done"},
        {"id": "c", "seconds": 40.0, "status": "cached"},
    ]
}


def test_a_run_is_divided_into_work_imports_waiting_and_orchestration() -> None:
    found = shares(MANIFEST, LEDGER, own_import=0.3, worker_import=2.5)
    assert (found.wall, found.tools, found.waiting) == (69.5, 5.0, 60.0)
    assert found.imports == pytest.approx(2.8)
    assert found.orchestration == pytest.approx(1.7)
    assert found.share == pytest.approx(1.7 / 9.5)
    assert found.between == {"a": pytest.approx(3.0), "b": pytest.approx(0.5)}


def test_an_import_counts_no_more_than_was_waited_before_and_in_the_first_step() -> None:
    assert shares(MANIFEST, LEDGER, own_import=60.0, worker_import=60.0).imports == pytest.approx(0.5 + 3.0)


def test_an_answer_that_comes_at_once_is_no_waiting() -> None:
    quick = [*LEDGER[:6], entry(9.2, "gate_decided"), entry(9.7, "finished")]
    assert shares(MANIFEST, quick, own_import=0.3, worker_import=2.5).waiting == 0.0
