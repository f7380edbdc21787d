"""Life after the gates: the endpoint, monitoring, and a challenger that has to be better before it may wait."""

from __future__ import annotations

import csv
import http.client
import json
import random
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.program import CREDIT, Program, ledger, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def credit_rows() -> list[dict[str, str]]:
    with (CREDIT / "credit.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def typed(row: dict[str, str]) -> dict[str, Any]:
    """A row as a client sends it: numbers as numbers, no target."""
    return {name: int(value) if value.isdigit() else value for name, value in row.items() if name != "risk"}


def ask(url: str, path: str, token: str = "", body: Any = None) -> tuple[int, str, Any]:
    """One request: status, content type, JSON body."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(
        "GET" if body is None else "POST",
        path,
        None if body is None else json.dumps(body),
        {**headers, "Content-Type": "application/json"},
    )
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    kind = str(reply.headers.get("Content-Type"))
    return reply.status, kind, json.loads(data) if "json" in kind else data.decode()


@pytest.fixture(scope="module")
def served(credit: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A copy of the finished workspace with its endpoint up."""
    program = credit.copy(tmp_path_factory.mktemp("served") / "phasegate")
    assert "http://127.0.0.1:" in program("serve").out
    yield program
    program("stop", code=None)


def endpoint(program: Program) -> tuple[str, str]:
    record = json.loads((program.workspace / "endpoint.json").read_bytes())
    return str(record["url"]), (program.workspace / "endpoint.token").read_text("utf-8").strip()


def test_serve_records_the_endpoint_and_keeps_its_token_to_the_owner(served: Program) -> None:
    record = json.loads((served.workspace / "endpoint.json").read_bytes())
    assert {"url", "pid", "run", "model_sha256", "started"} <= set(record)
    assert record["run"] == served.run.name
    assert stat.S_IMODE((served.workspace / "endpoint.token").stat().st_mode) == 0o600
    assert served("status", "--json").json["endpoint"]["url"] == record["url"]
    assert served("serve", "--json").json["pid"] == record["pid"]  # it runs already, and is left alone
    assert served("verify").code == 0


def test_the_endpoint_answers_like_the_predict_verb_to_the_bit(served: Program, tmp_path: Path) -> None:
    url, token = endpoint(served)
    rows = credit_rows()[:100]
    out = tmp_path / "out.csv"
    served("predict", "--data", write(tmp_path / "in.csv", rows), "--out", out)
    with out.open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    status, _, reply = ask(url, "/predict", token, {"rows": [typed(row) for row in rows]})
    assert status == 200
    assert reply["fallback"] is False
    one_by_one = [ask(url, "/predict", token, {"rows": [typed(row)]})[2]["predictions"][0] for row in rows[:20]]
    assert one_by_one == reply["predictions"][:20]
    for found, wanted in zip(reply["predictions"], expected, strict=True):
        assert found["prediction"] == wanted["prediction"]
        assert {name: repr(value) for name, value in found["probabilities"].items()} == {
            name: repr(float(wanted[f"p_{name}"])) for name in ("good", "bad")
        }


def test_the_endpoint_needs_the_token_but_for_its_health_and_says_what_it_serves(served: Program) -> None:
    url, token = endpoint(served)
    body = {"rows": [typed(credit_rows()[0])]}
    assert ask(url, "/livez")[0] == ask(url, "/readyz")[0] == 200
    for wrong in ("", "wrong", token + "x"):
        status, kind, problem = ask(url, "/predict", wrong, body)
        assert (status, kind) == (401, "application/problem+json")
        assert {"type", "title", "status", "detail"} <= set(problem)
    record = json.loads((served.workspace / "endpoint.json").read_bytes())
    version = ask(url, "/version", token)[2]
    assert record["model_sha256"] in json.dumps(version)
    made = {row["name"]: row["sha256"] for step in manifest(served.run)["steps"] for row in step["artifacts"]}
    lineage = {name: made[name] for name in ("split.parquet", "trials.json", "holdout.json", "verdict.json")}
    assert lineage.items() <= version["lineage"].items()  # from here one walks by hashes to all that led here
    for path in ("/metrics", "/schema", "/model-card"):
        assert ask(url, path, token)[0] == 200
    assert ask(url, "/explain", token, body)[0] == 200


def test_bad_requests_are_told_with_row_and_column_and_never_echoed(served: Program) -> None:
    url, token = endpoint(served)
    row = typed(credit_rows()[0])
    for spoilt in ({**row, "duration": "secret words"}, {**row, "duration": True}, {**row, "no_such_column": 1}):
        status, kind, problem = ask(url, "/predict", token, {"rows": [row, spoilt]})
        assert 400 <= status < 500
        assert kind == "application/problem+json"
        assert problem["errors"][0]["row"] == 1
        assert problem["errors"][0]["column"] in {"duration", "no_such_column"}
        assert "secret words" not in json.dumps(problem)


def test_stop_ends_the_endpoint_and_a_second_stop_finds_none(credit: Program, tmp_path: Path) -> None:
    program = credit.copy(tmp_path / "phasegate")
    program("serve")
    url, _ = endpoint(program)
    assert "stopped" in program("stop").out
    with pytest.raises(OSError, match="refused"):
        ask(url, "/livez")
    assert not (program.workspace / "endpoint.json").exists()
    assert program("status", "--json").json["endpoint"] is None
    assert "No endpoint" in program("stop").out


def test_monitor_is_silent_on_the_same_kind_of_rows_and_alarms_on_a_shifted_column(
    credit: Program, tmp_path: Path
) -> None:
    rows = credit_rows()
    random.Random(3).shuffle(rows)
    same = write(tmp_path / "same.csv", rows[:500])
    quiet = credit("monitor", "--data", same, "--fail-on-alarm", "--json").json
    assert quiet["alarms"] == []
    assert quiet["rows"] == 500
    later = [{**row, "duration": str(int(row["duration"]) + 18)} for row in rows[:500]]
    shifted = write(tmp_path / "shifted.csv", later)
    loud = credit("monitor", "--data", shifted, "--fail-on-alarm", "--json", code=4).json
    assert {alarm["subject"] for alarm in loud["alarms"] if alarm["kind"] != "performance"} == {"duration"}
    assert credit("monitor", "--data", shifted).code == 0  # without the flag it only tells
    assert "duration" in credit("monitor", "--data", shifted).out


def test_monitor_notices_that_the_labels_no_longer_follow_the_model(credit: Program, tmp_path: Path) -> None:
    rows = credit_rows()
    labels = [row["risk"] for row in rows]
    random.Random(5).shuffle(labels)
    data = write(tmp_path / "labels.csv", [{**row, "risk": label} for row, label in zip(rows, labels, strict=True)])
    told = credit("monitor", "--data", data, "--fail-on-alarm", "--json", code=4).json
    assert any("ROC AUC" in alarm["text"] or "roc_auc" in alarm["subject"] for alarm in told["alarms"])


def test_a_challenger_that_learned_nothing_is_refused_with_4_and_the_champion_stays(
    known: Program, tmp_path: Path
) -> None:
    champion = known.run
    rows = credit_rows()
    labels = [row["risk"] for row in rows]
    random.Random(6).shuffle(labels)
    worse = write(tmp_path / "worse.csv", [{**row, "risk": label} for row, label in zip(rows, labels, strict=True)])
    refused = known("retrain", "--data", worse, code=4)
    assert champion.name in refused.err
    assert known.run != champion
    decided = [e["gate"] for e in ledger(known.run) if e["type"] == "gate_decided"]
    assert decided == ["preparation", "experimentation"]
    assert known.run.name in refused.err
    out = tmp_path / "out.csv"
    known("predict", "--run", champion.name, "--data", CREDIT / "credit.csv", "--out", out)
    assert "not passed" in known("serve", "--run", known.run.name, code=2).err
    assert known("verify").code == 0


def test_a_challenger_that_has_learned_a_changed_world_waits_at_gate_validation_for_a_person(
    known: Program, tmp_path: Path
) -> None:
    """The bank renamed its account levels: the model in service reads them wrong, a retrained one reads them right."""
    champion = known.run
    rows = credit_rows()
    levels = sorted({row["checking_account"] for row in rows})
    renamed = dict(zip(levels, [*levels[2:], *levels[:2]], strict=True))
    changed = [{**row, "checking_account": renamed[row["checking_account"]]} for row in rows]
    waits = known("retrain", "--data", write(tmp_path / "changed.csv", changed), code=3)
    assert known.run.name in waits.err
    assert known.run != champion
    pending = known.pending()
    assert (pending["type"], pending["id"]) == ("gate", "validation")
    check = next(check for check in pending["checks"] if check["id"] == "challenger")
    assert (check["status"], check["blocking"]) == ("pass", True)
    assert champion.name in check["measured"]
    decided = [e["gate"] for e in ledger(known.run) if e["type"] == "gate_decided"]
    assert decided == ["preparation", "experimentation"]  # no recorded approval promotes a retrained model
    assert "not passed" in known("serve", code=2).err
    known("predict", "--run", champion.name, "--data", CREDIT / "credit.csv", "--out", tmp_path / "out.csv")
