"""The service: what it answers, what it refuses, and how it fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.serving.fakes import NEEDED, rows
from tools.serving.service.fallback import Breaker
from tools.serving.service.limits import Limits
from tools.serving.service.scorer import Scorer

Make = Callable[..., Any]


def problem(reply: Any, status: int) -> dict[str, Any]:
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = reply.json()
    assert set(content) == {"type", "title", "status", "detail", "errors"}
    assert content["status"] == status
    return content


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_row_through_the_service_gives_the_bits_of_the_scorer(
    client: Make, bundles: Callable[[str], Path], task: str
) -> None:
    given = rows(100, seed=2)
    reply = client(task).predict(given)
    assert reply.status_code == 200
    answer = reply.json()
    assert set(answer) == {"predictions", "model", "fallback"}
    assert answer["fallback"] is False
    scorer = Scorer.load(bundles(task) / "scorer")
    scores = scorer.score({name: [row[name] for row in given] for name in NEEDED}, 100, strict=True)
    assert answer["model"] == scorer.sha256
    for index, one in enumerate(answer["predictions"]):
        if task == "regression":
            assert scores.values is not None
            assert one == {"prediction": scores.values[index]}
        else:
            assert scores.probabilities is not None
            assert one["prediction"] == scores.prediction[index]
            assert list(one["probabilities"]) == list(scorer.classes)
            assert list(one["probabilities"].values()) == scores.probabilities[index].tolist()
    alone = client(task).predict(given[:1]).json()["predictions"]
    assert alone == answer["predictions"][:1]


def test_without_the_token_there_is_nothing_but_health(client: Make) -> None:
    one = client()
    for path in ("/metrics", "/version", "/schema", "/model-card", "/predict", "/nowhere"):
        for token in (None, "", "wrong", "correct hors", "correct horse2"):
            reply = one.request("POST" if path == "/predict" else "GET", path, token=token)
            assert problem(reply, 401)["title"] == "A token is needed"
            assert reply.headers["www-authenticate"] == "Bearer"
    assert one.get("/livez", token=None).status_code == 200
    assert one.get("/readyz", token=None).status_code == 200


def test_each_page_says_what_it_should(client: Make, bundles: Callable[[str], Path]) -> None:
    one = client()
    manifest = json.loads((bundles("binary") / "manifest.json").read_text())
    version = one.get("/version").json()
    assert version["model"] == manifest["model"]
    assert version["lineage"] == {"split.json": "ab"}
    schema = one.get("/schema").json()
    assert [column["name"] for column in schema["columns"] if column["needed"]] == NEEDED
    assert one.request("POST", "/predict", json=schema["request"]).status_code == 200
    assert one.get("/model-card").status_code == 200
    one.predict(rows(3))
    text = one.get("/metrics").text
    assert "phasegate_rows_total 4.0" in text
    assert 'phasegate_requests_total{path="/predict",status="200"} 2.0' in text


def test_the_target_and_unused_columns_are_ignored_and_unknown_ones_refused(client: Make) -> None:
    one, given = client(), rows(1)
    plain = one.predict(given).json()["predictions"]
    more = [{**given[0], "bad": "yes", "note": "whatever"}]
    assert one.predict(more).json()["predictions"] == plain
    content = problem(one.predict([{**given[0], "ammount": 3}]), 422)
    assert content["errors"] == [{"row": 0, "column": "ammount", "message": "is not a known column"}]


def test_each_wrong_cell_is_named_and_none_is_echoed(client: Make) -> None:
    given = rows(3)
    given[0]["amount"] = "30.0-secret"
    given[1]["age"] = True
    given[2]["region"] = 5
    del given[2]["since"]
    one = client()
    assert problem(one.predict(given), 422)["errors"] == [
        {"row": 2, "column": "since", "message": "is needed; give null where it is unknown"}
    ]
    given[2]["since"] = "yesterday"
    content = problem(one.predict(given), 422)
    assert {(error["row"], error["column"]) for error in content["errors"]} == {
        (0, "amount"),
        (1, "age"),
        (2, "region"),
        (2, "since"),
    }
    assert "secret" not in json.dumps(content)
    assert "yesterday" not in json.dumps(content)


ROW = json.dumps(rows(1)[0])
ODD = {
    "empty": b"",
    "not json": b"{rows: 1}",
    "not utf-8": b'{"rows": [{"region": "\xff"}]}',
    "byte-order mark": b"\xef\xbb\xbf{}",
    "null": b"null",
    "list": b"[]",
    "number": b"1",
    "no rows": b'{"row": []}',
    "no row": b'{"rows": []}',
    "rows twice": b'{"rows": [], "rows": []}',
    "row is a list": b'{"rows": [[1, 2]]}',
    "deep list": b"[" * 100_000,
    "deep rows": b'{"rows": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep cell": ROW.replace('"amount": ', '"amount": ' + "[" * 500 + "]" * 500 + ', "x": ').encode(),
}
CELLS = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "1e999": "1e999",
    "4,000 digits": "9" * 4000,
    "5,000 digits": "-" + "9" * 5000,
    "true": "true",
    "text": '"30"',
    "list": "[1]",
    "object": "{}",
    "twice": '1, "amount": 2',
    "beyond float32": "1e39",
}


@pytest.mark.parametrize("name", list(ODD))
def test_odd_bodies_are_refused_as_problems(client: Make, name: str) -> None:
    reply = client().post(ODD[name])
    assert 400 <= reply.status_code < 500
    problem(reply, reply.status_code)


@pytest.mark.parametrize("name", list(CELLS))
def test_odd_cells_are_refused_naming_the_column(client: Make, name: str) -> None:
    row = rows(1)[0]
    del row["amount"]
    body = '{"rows": [{"amount": ' + CELLS[name] + ", " + json.dumps(row)[1:] + "]}"
    content = problem(client().post(body.encode()), 422)
    assert [(error["row"], error["column"]) for error in content["errors"]] == [(0, "amount")]
    assert "999" not in json.dumps(content)


def test_lone_surrogates_are_refused_in_values_and_names(client: Make) -> None:
    one, row = client(), rows(1)[0]
    body = json.dumps({"rows": [{**row, "region": "\ud800"}]}).encode()
    assert problem(one.post(body), 422)["errors"][0]["column"] == "region"
    body = json.dumps({"rows": [{**row, "\ud800": 1}]}).encode()
    assert problem(one.post(body), 422)["errors"][0]["column"] == "?"


def test_limits_hold_before_the_body_is_read(client: Make) -> None:
    one = client(limits=Limits(body_bytes=2000, rows=5, characters=20, body_seconds=0.2))
    problem(one.post(b"x" * 2001), 413)
    problem(one.post(b"{}", headers={"Content-Length": "10000000"}), 413)
    problem(one.post(b"{}", headers={"Content-Length": "+5"}), 411)
    problem(one.predict(rows(6)), 413)
    problem(one.predict([{**rows(1)[0], "region": "x" * 21}]), 422)
    problem(one.post(b"{}", headers={"Content-Type": "text/plain"}), 415)
    problem(one.get("/predict"), 405)
    problem(one.get("/nowhere"), 404)

    async def trickle() -> Any:
        import asyncio

        while True:
            yield b" "
            await asyncio.sleep(0.05)

    problem(one.request("POST", "/predict", content=trickle()), 408)


def test_more_requests_than_it_can_take_are_told_to_come_back(client: Make) -> None:
    one = client(limits=Limits(at_once=1))
    one.service.in_work = 1
    reply = one.predict(rows(1))
    assert problem(reply, 503)["detail"] == "Too many requests are in work."
    assert reply.headers["retry-after"] == "1"
    one.service.in_work = 0
    assert one.predict(rows(1)).status_code == 200


def test_it_is_ready_only_after_the_golden_rows_reproduce(
    client: Make, bundles: Callable[[str], Path], tmp_path: Path
) -> None:
    starting = client(ready=False)
    assert starting.get("/livez").status_code == 200
    problem(starting.get("/readyz"), 503)
    problem(starting.predict(rows(1)), 503)
    folder = tmp_path / "bundle"
    shutil.copytree(bundles("binary"), folder)
    golden = json.loads((folder / "golden.json").read_text())
    first = golden["expected"][3]["probabilities"]
    first["bad"] = float(np.nextafter(first["bad"], 1))
    (folder / "golden.json").write_text(json.dumps(golden))
    changed = client(folder=folder)
    assert "golden.json is not the file" in problem(changed.get("/readyz"), 503)["detail"]
    manifest = json.loads((folder / "manifest.json").read_text())
    import hashlib

    manifest["files"]["golden.json"] = hashlib.sha256((folder / "golden.json").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "Golden row 4 does not reproduce" in problem(client(folder=folder).get("/readyz"), 503)["detail"]


def test_a_changed_member_is_never_loaded(client: Make, bundles: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(bundles("binary"), folder)
    member = folder / "scorer" / "member-0.npz"
    content = bytearray(member.read_bytes())
    content[-40] ^= 1
    member.write_bytes(content)
    assert (
        "member-0.npz is not the file that was approved" in problem(client(folder=folder).get("/readyz"), 503)["detail"]
    )


def test_a_failing_model_is_replaced_by_the_prior_and_the_reply_says_so(
    client: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = client()
    calls = []

    def fail(*_: Any, **__: Any) -> Any:
        calls.append(1)
        raise MemoryError

    monkeypatch.setattr(one.service.deployed.scorer, "predict", fail)
    for _ in range(8):
        answer = one.predict(rows(2)).json()
        assert answer["fallback"] is True
        assert answer["predictions"] == [{"prediction": "good", "probabilities": {"good": 0.7, "bad": 0.3}}] * 2
    assert len(calls) == 5
    problem(one.request("POST", "/explain", json={"rows": rows(1)}), 503)
    assert "phasegate_fallbacks_total 8.0" in one.get("/metrics").text


def test_the_breaker_tries_again_after_a_pause() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, pause=10, clock=lambda: now[0])
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    now[0] = 10.0
    assert breaker.allows()
    breaker.succeeded()
    breaker.failed()
    assert breaker.allows()


def test_explain_names_the_column_that_moves_the_prediction(client: Make) -> None:
    one = client()
    typical = one.get("/schema").json()["request"]["rows"][0]
    given = {**typical, "amount": typical["amount"] + 80}
    answer = one.request("POST", "/explain", json={"rows": [typical, given]}).json()
    assert answer["explanations"][0]["reasons"] == []
    assert [reason["column"] for reason in answer["explanations"][1]["reasons"]] == ["amount"]
    both = one.predict([typical, given]).json()["predictions"]
    difference = both[1]["probabilities"]["bad"] - both[0]["probabilities"]["bad"]
    assert answer["explanations"][1]["reasons"][0]["effect"] == difference
    problem(one.request("POST", "/explain", json={"rows": rows(21)}), 413)
