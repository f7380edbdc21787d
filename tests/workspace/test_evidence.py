from __future__ import annotations

from typing import Any

import pytest

from tools.records import Check, Finding, MetricValue, Outcome
from tools.wording import say
from workspace.evidence import EvidenceStore


def outcome(rows: int) -> dict[str, Any]:
    return Outcome(
        summary=say("{rows|int} rows", rows=rows),
        notes=(say("{share|pct} missing", share=0.5),),
        facts={"columns": 4},
        findings=(Finding(id="quality.a", step="s.t", kind="quality", level="info", text=say("{n} gaps", n=7)),),
        checks=(
            Check(
                id="data.rows", status="pass", blocking=True, value=rows, criterion="", measured=say("{seen}", seen=8)
            ),
        ),
        metrics=(
            MetricValue(
                id="auc",
                step="s.t",
                partition="oof",
                model="scorer",
                metric="roc_auc",
                value=0.7,
                lower=0.6,
                upper=0.8,
                n=90,
            ),
        ),
    ).model_dump(mode="json")


def test_every_number_of_a_step_is_found_under_its_id() -> None:
    store = EvidenceStore()
    store.take("s.t", outcome(10))
    assert {name: store[name] for name in store} == {
        "s.t/columns": 4,
        "s.t/summary.rows": 10,
        "s.t/note.0.share": 0.5,
        "s.t/quality.a.n": 7,
        "s.t/data.rows.value": 10,
        "s.t/data.rows.seen": 8,
        "s.t/auc.value": 0.7,
        "s.t/auc.lower": 0.6,
        "s.t/auc.upper": 0.8,
        "s.t/auc.n": 90,
    }


def test_a_step_that_is_done_again_leaves_nothing_of_what_it_said_before() -> None:
    store = EvidenceStore()
    store.take("s.t", outcome(10))
    store.take("s.tail", outcome(3))
    store.take("s.t", Outcome(summary=say("{other}", other=1)).model_dump(mode="json"))
    assert [name for name in store if name.startswith("s.t/")] == ["s.t/summary.other"]
    assert "s.tail/summary.rows" in store


def test_what_no_step_said_is_no_evidence() -> None:
    store = EvidenceStore()
    assert len(store) == 0
    assert "s.t/columns" not in store
    with pytest.raises(KeyError):
        store["s.t/columns"]
