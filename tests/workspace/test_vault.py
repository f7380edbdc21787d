from __future__ import annotations

from pathlib import Path

from workspace.ledger import Ledger
from workspace.vault import SEALED, openings


def test_every_opening_of_a_test_set_for_another_model_counts(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        for test, model in (("t1", "m1"), ("t1", "m2"), ("t2", "m1")):
            ledger.append("test_opened", test_sha256=test, model_sha256=model, purpose="validation.holdout")
    assert [opening.model_sha256 for opening in openings(ledger.entries, "t1")] == ["m1", "m2"]
    assert [opening.model_sha256 for opening in openings(ledger.entries, "t2")] == ["m1"]
    assert openings(ledger.entries, "t3") == []


def test_opening_again_for_the_same_model_is_no_second_opening(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        for _ in range(2):
            ledger.append("test_opened", test_sha256="t", model_sha256="m", purpose="validation.holdout")
    assert len(openings(ledger.entries, "t")) == 1


def test_every_file_that_can_hold_test_rows_is_sealed() -> None:
    assert {"source", "source_test", "table.parquet", "test.parquet"} <= SEALED
