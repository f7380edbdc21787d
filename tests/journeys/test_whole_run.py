"""The credit example from the table to an approved, served model: what it leaves is what CONTRACT.md promises."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import STRANGERS
from tests.journeys.program import (
    CREDIT,
    GATES,
    Program,
    derived,
    ledger,
    manifest,
    sha256,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STEPS = {
    "preparation": "1.1 success_metrics 1.2 discovery 1.6 split 1.2 leakage 1.3 exploration 1.4 cleaning 1.5 features "
    "1.7 baseline",
    "experimentation": "2.1 algorithms 2.2 tuning 2.3 cross_validation 2.4 ensembles 2.5 interpretation "
    "2.6 error_analysis 2.7 optimisation",
    "validation": "3.1 holdout 3.2 ab_design 3.3 fairness 3.4 robustness 3.5 stress 3.6 business 3.7 review",
    "deployment": "4.1 packaging 4.2 api 4.3 infrastructure 4.4 monitoring 4.5 ab_rollout 4.6 performance "
    "4.7 retraining",
}
"""CONTRACT.md, Steps."""
STEMS = (
    "01-problem-statement 02-data-quality-report 03-eda-notebook 04-feature-pipeline 05-baseline "
    "06-experiment-dashboard 07-model-comparison 08-best-model 09-validation-metrics 10-error-analysis "
    "11-test-results 12-bias-assessment 13-model-card 14-go-no-go 15-endpoint 16-monitoring-dashboard "
    "17-retraining-schedule 18-runbook 19-slas"
).split()
"""CONTRACT.md, Files."""
EVENTS = set(
    "run_started step_started progress step_finished question_asked question_answered gate_opened gate_decided stopped "
    "failed finished".split()
)
ENTRIES = (EVENTS - {"progress"}) | {"test_opened", "observation", "artifact_committed", "llm_call", "warning"}


def promised() -> list[tuple[str, str]]:
    """(id, guidance number) of the contract's 29 steps in order."""
    found = []
    for phase, told in STEPS.items():
        words = told.split()
        found += [(f"{phase}.{name}", number) for number, name in zip(words[::2], words[1::2], strict=True)]
    return found


@pytest.fixture(scope="module")
def told(credit: Program, common: Path) -> list[dict[str, Any]]:
    """The events of the finished run."""
    return [json.loads(line) for line in (common / "credit.jsonl").read_text("utf-8").splitlines()]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_29_steps_stand_in_the_manifest_in_order_each_done(credit: Program) -> None:
    assert len(promised()) == 29
    steps = manifest(credit.run)["steps"]
    assert [(step["id"], step["guidance"]) for step in steps if step["guidance"]] == promised()
    assert {step["status"] for step in steps} == {"done"}
    assert {step["kind"] for step in steps} == {"derive", "observe", "effect"}
    for step in steps:
        assert set(step) == {"id", "guidance", "kind", "key", "status", "seconds", "artifacts"}
        for row in step["artifacts"]:
            stored = credit.workspace / "objects" / row["sha256"][:2] / row["sha256"][2:]
            assert (sha256(stored), stored.stat().st_size) == (row["sha256"], row["bytes"])


def test_the_manifest_says_what_run_seed_and_source_it_was_and_ends_at_the_head_of_the_record(credit: Program) -> None:
    found = manifest(credit.run)
    assert set(found) == {"version", "run", "seed", "date", "source", "steps", "head"}
    assert (found["version"], found["run"], found["seed"]) == (1, credit.run.name, 0)
    assert found["source"] == {"sha256": sha256(CREDIT / "credit.csv"), "rows": 1000}
    assert found["head"] == ledger(credit.run)[-1]["hash"]
    assert (credit.workspace / "runs" / "latest").readlink() == Path(credit.run.name)


def test_the_record_holds_only_types_that_the_contract_knows(credit: Program) -> None:
    entries = ledger(credit.run)
    assert {entry["type"] for entry in entries} <= ENTRIES
    assert [entry["gate"] for entry in entries if entry["type"] == "gate_decided"] == list(GATES)
    types = [entry["type"] for entry in entries]
    assert types.count("test_opened") == 1
    assert types.index("test_opened") > types.index("gate_decided", types.index("gate_decided") + 1)
    assert not (credit.run / "pending.json").exists()


def test_all_19_deliverables_are_there_and_the_index_says_their_hashes(credit: Program) -> None:
    index = json.loads((credit.run / "dossier" / "index.json").read_bytes())
    assert [row["stem"] for row in index] == STEMS
    for row in index:
        assert set(row) == {"stem", "file", "sha256", "title", "reason_if_missing"}
        assert row["reason_if_missing"] is None, row
        assert sha256(credit.run / "dossier" / row["file"]) == row["sha256"]
        assert row["file"].startswith(row["stem"])
    assert (credit.run / "dossier" / "index.html").exists()


def test_every_deliverable_is_shown_by_its_name_with_or_without_the_number(credit: Program) -> None:
    assert "13-model-card" in credit("show").out
    card = credit("show", "model-card").out
    assert card == credit("show", "13-model-card").out
    assert len(card) > 1000
    assert credit("show", "endpoint", "--json").json["stem"] == "15-endpoint"
    assert "model-crad" in credit("show", "model-crad", code=2).err


def test_status_says_that_it_is_done_with_verdict_and_model(credit: Program) -> None:
    status = credit("status", "--json").json
    assert set(status) == {"run", "state", "phase", "step", "pending", "verdict", "model", "endpoint"}
    assert (status["run"], status["state"], status["phase"]) == (credit.run.name, "done", "deployment")
    assert status["verdict"] in {"go", "inconclusive"}
    assert (status["pending"], status["endpoint"]) == (None, None)
    assert status["model"]


def test_the_events_have_the_contracts_form_and_tell_the_same_story_as_the_record(
    credit: Program, told: list[dict[str, Any]]
) -> None:
    assert {event["type"] for event in told} <= EVENTS
    assert [event["seq"] for event in told] == list(range(len(told)))
    assert {(event["v"], event["run"]) for event in told} == {(1, credit.run.name)}
    assert told[0]["type"] == "run_started"
    last = told[-1]
    assert last["type"] == "finished"
    assert {"verdict", "model", "metrics", "endpoint", "exit"} <= set(last)
    assert last["exit"] == 0
    done = [event for event in told if event["type"] == "step_finished"]
    assert all({"summary", "artifacts", "cached", "step"} <= set(event) for event in done)
    entries = ledger(credit.run)
    heads = {entry["gate"]: entry["hash"] for entry in entries if entry["type"] == "gate_decided"}
    assert {event["gate"]: event["head"] for event in told if event["type"] == "gate_decided"} == heads
    for kind in ("step_finished", "question_answered", "gate_decided"):
        recorded = [(e.get("step"), e.get("id"), e.get("gate")) for e in entries if e["type"] == kind]
        assert [(e.get("step"), e.get("id"), e.get("gate")) for e in told if e["type"] == kind] == recorded, kind


def test_metrics_and_findings_have_the_contracts_form(credit: Program) -> None:
    metrics = json.loads((credit.run / "metrics.json").read_bytes())
    for row in metrics:
        assert {"id", "step", "partition", "model", "metric", "value", "lower", "upper", "level", "method", "n"} == set(
            row
        )
        assert row["partition"] in {"train", "oof", "validation", "test"}
        if row["lower"] is not None and row["upper"] is not None:
            assert row["lower"] <= row["value"] <= row["upper"], row
    assert len({row["id"] for row in metrics}) == len(metrics)
    scored = {row["metric"]: row for row in metrics if row["partition"] == "test" and row["model"] == "scorer"}
    assert 0.7 < scored["roc_auc"]["value"] < 0.9
    assert scored["roc_auc"]["n"] == 200
    for finding in json.loads((credit.run / "findings.json").read_bytes()):
        assert {"id", "step", "kind", "columns", "level", "text", "evidence"} <= set(finding)
        assert finding["level"] in {"block", "warn", "info"}


def test_the_published_split_names_partitions_by_row_and_holds_no_data(credit: Program) -> None:
    import pyarrow.parquet as pq

    split = pq.read_table(credit.run / "split.parquet").to_pydict()
    assert set(split) == {"row", "partition"}
    assert split["row"] == list(range(1000))
    assert {name: split["partition"].count(name) for name in set(split["partition"])} == {
        "train": 640,
        "validation": 160,
        "test": 200,
    }


def test_predict_keeps_rows_and_order_and_never_reads_the_target(credit: Program, tmp_path: Path) -> None:
    table = rows(CREDIT / "credit.csv")
    out = tmp_path / "out.csv"
    credit("predict", "--data", CREDIT / "credit.csv", "--out", out)
    scored = rows(out)
    assert list(scored[0]) == ["prediction", "p_good", "p_bad", "error"]
    assert len(scored) == len(table)
    for row in scored:
        assert row["error"] == ""
        assert row["prediction"] in {"good", "bad"}
        assert abs(float(row["p_good"]) + float(row["p_bad"]) - 1) < 1e-9
    accuracy = sum(row["prediction"] == truth["risk"] for row, truth in zip(scored, table, strict=True)) / 1000
    assert accuracy > 0.55

    order = list(range(1000))
    random.Random(4).shuffle(order)
    names = [name for name in table[0] if name != "risk"]
    shuffled, again = tmp_path / "shuffled.csv", tmp_path / "again.csv"
    with shuffled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*names, "branch"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**table[place], "branch": "north"} for place in order)
    said = credit("predict", "--data", shuffled, "--out", again)
    assert "branch" in said.out
    assert rows(again) == [scored[place] for place in order]


def test_predict_says_what_is_wrong_with_a_row_and_refuses_a_file_without_a_needed_column(
    credit: Program, tmp_path: Path
) -> None:
    table = rows(CREDIT / "credit.csv")[:5]
    names = list(table[0])
    table[2]["duration"] = "half a year"
    data, out = tmp_path / "five.csv", tmp_path / "out.csv"
    with data.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(table)
    assert credit("predict", "--data", data, "--out", out, "--json").json["failed"] == 1
    scored = rows(out)
    assert [row["error"] == "" for row in scored] == [True, True, False, True, True]
    assert "duration" in scored[2]["error"]
    assert {scored[2][name] for name in ("prediction", "p_good", "p_bad")} == {""}
    with data.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [name for name in names if name != "amount"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)
    assert "amount" in credit("predict", "--data", data, "--out", out, code=2).err


def test_a_run_from_its_own_answers_elsewhere_makes_the_same_bytes(credit: Program, fresh: Program) -> None:
    """Another folder, time zone, locale and hash seed; the measurements are taken from the first run."""
    answers = fresh.workspace.parent / "answers.yaml"
    shutil.copy(credit.run / "answers.yaml", answers)
    arguments = ("run", CREDIT / "credit.csv", "--answers", answers, "--observations", credit.run)
    fresh(*arguments, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="17")
    assert derived(fresh.run) == derived(credit.run)
    measured = {step["id"]: step["status"] for step in manifest(fresh.run)["steps"] if step["kind"] == "observe"}
    assert set(measured.values()) == {"cached"}
    assert (fresh.run / "answers.yaml").read_bytes() == answers.read_bytes()


def test_a_run_begun_in_a_folder_with_packages_of_our_names_imports_none_of_them(
    credit: Program, stranger: Path
) -> None:
    assert {path.name for path in stranger.iterdir() if path.is_dir()} == set(STRANGERS)
    credit("status", cwd=stranger)
    credit("verify", cwd=stranger)
    assert not (stranger / "imported").exists()
