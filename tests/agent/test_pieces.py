from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agent.errors import UsageError, Waiting
from agent.forking import fork
from agent.pieces import cells, difference, piece
from agent.replay import quiet
from tests.agent.driving import APPROVE, TABLE, answers, walk
from tests.agent.papers import papered


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "phasegate.toml").write_text("layout = 1\n")
    run = tmp_path / "runs" / "0001-heron"
    dossier = run / "dossier"
    dossier.mkdir(parents=True)
    (run / "ledger.jsonl").write_text("{}\n")
    (run / "manifest.json").write_text('{"version": 1}')
    (run / "metrics.json").write_text(json.dumps([{"step": "s", "metric": "auc", "value": 0.7}]))
    (run / "findings.json").write_text(json.dumps([{"level": "warn", "columns": ["a", "b"], "text": "t"}]))
    index = [
        {"stem": "03-eda-notebook", "file": "03-eda-notebook.ipynb", "title": "Exploration"},
        {"stem": "13-model-card", "file": "13-model-card.html", "title": "Model card"},
        {"stem": "15-endpoint", "file": "15-endpoint.html", "title": "Endpoint", "reason_if_missing": "not started"},
    ]
    (dossier / "index.json").write_text(json.dumps(index))
    (dossier / "13-model-card.html").write_text("<p>")
    (dossier / "13-model-card.md").write_text("# Card")
    notebook = {"cells": [{"cell_type": "markdown", "source": ["# A\n", "b"]}]}
    (dossier / "03-eda-notebook.ipynb").write_text(json.dumps(notebook))
    return tmp_path


def test_a_report_comes_with_the_page_of_the_dossier(root: Path) -> None:
    shown = piece(root, None, "model-card")
    assert (shown["kind"], shown["title"], shown["text"]) == ("markdown", "Model card", "# Card")
    assert shown["page"].endswith("13-model-card.html")


def test_a_notebook_comes_as_cells(root: Path) -> None:
    shown = piece(root, None, "eda-notebook")
    assert shown["cells"] == [{"kind": "markdown", "source": "# A\nb", "outputs": []}]
    assert shown["page"] is None


def test_metrics_findings_and_manifest_come_as_records(root: Path) -> None:
    metrics = piece(root, None, "metrics")
    assert metrics["rows"][0][metrics["columns"].index("value")] == 0.7
    findings = piece(root, None, "findings")
    assert findings["rows"][0][findings["columns"].index("columns")] == "a, b"
    assert piece(root, None, "manifest")["data"] == {"version": 1}


@pytest.mark.parametrize(("wanted", "words"), [("endpoint", "not started"), ("poem", "no deliverable poem")])
def test_what_is_not_there_is_said(root: Path, wanted: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        piece(root, None, wanted)


@pytest.mark.parametrize(("damage", "words"), [(None, "not made yet"), (b"{", "not readable")])
def test_a_record_that_is_absent_or_damaged_is_said(root: Path, damage: bytes | None, words: str) -> None:
    path = root / "runs/0001-heron/metrics.json"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(UsageError, match=words):
        piece(root, None, "metrics")


def test_outputs_are_text_and_images_are_named() -> None:
    outputs = [
        {"output_type": "stream", "text": ["a\n", "b\n"]},
        {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "<Figure>"}},
        {"output_type": "execute_result", "data": {"text/plain": "3"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "no"},
    ]
    made = cells({"cells": [{"cell_type": "code", "source": "x", "outputs": outputs}]})
    assert made[0]["outputs"] == ["a\nb\n", "[image: png]", "3", "ValueError: no"]
    assert cells([]) == []


def ran(root: Path, *experimentation: object) -> None:
    gates = {"preparation": APPROVE, "experimentation": list(experimentation), "validation": APPROVE}
    walk(root, answers({"toy.weight": 2}, gates), table=TABLE, steps=papered())


@pytest.mark.integration
def test_a_fork_is_compared_with_the_run_that_it_left(papers: Path) -> None:
    ran(papers, APPROVE)
    with pytest.raises(Waiting):
        asyncio.run(fork(papers, None, "experimentation", {"toy.weight": 3}, quiet))
    shown = difference(papers, None)
    assert shown["kind"] == "diff"
    assert "toy.weight" in shown["text"]
    assert shown["text"].splitlines()[0].startswith("0001-heron → 0002-")
    assert difference(papers, None, "0001-heron") == shown


@pytest.mark.integration
def test_a_document_is_shown_against_what_it_said_before_a_revision(papers: Path) -> None:
    ran(papers, {**APPROVE, "decision": "revise", "set": {"toy.weight": 5}}, APPROVE)
    lines = difference(papers, None, "08-best-model")["text"].splitlines()
    assert lines[:2] == ["--- before the last change", "+++ as it stands"]
    assert any(line.startswith("-") and "2" in line for line in lines[2:])
    assert any(line.startswith("+") and "5" in line for line in lines[2:])


@pytest.mark.integration
def test_where_there_is_nothing_to_compare_with_that_is_said(papers: Path) -> None:
    ran(papers, APPROVE)
    with pytest.raises(UsageError, match="only run"):
        difference(papers, None)
    with pytest.raises(UsageError, match="has not changed"):
        difference(papers, None, "08-best-model")
