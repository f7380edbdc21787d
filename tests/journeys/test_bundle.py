"""The bundle of a finished run, alone: in an environment made of its own requirements, Phasegate absent."""

from __future__ import annotations

import contextlib
import csv
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.program import CREDIT, Program, alone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TOKEN = "a token of this test"
SEEDS = 20


def table() -> list[dict[str, str]]:
    with (CREDIT / "credit.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def typed(row: dict[str, str]) -> dict[str, Any]:
    """A row as a client sends it: numbers as numbers, no target."""
    return {name: int(value) if value.isdigit() else value for name, value in row.items() if name != "risk"}


@pytest.fixture(scope="module")
def bundle(credit: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's files and nothing else of the workspace."""
    return Path(shutil.copytree(credit.run / "bundle", tmp_path_factory.mktemp("elsewhere") / "bundle"))


def bare(**more: str) -> dict[str, str]:
    """An environment in which nothing of this checkout or its interpreter can be found."""
    dropped = ("PYTHON", "VIRTUAL_ENV", "PHASEGATE", "PYTEST")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(dropped)}, **more}


@pytest.fixture(scope="module")
def python(bundle: Path, common: Path) -> Path:
    """An interpreter with exactly the bundle's requirements."""
    environment = common / "bare"
    program = environment / "bin" / "python"
    with alone(common / "bare.lock"):
        if not (environment / "complete").exists():
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "-q", "--clear", "--python", sys.executable, str(environment)], check=True)
            install = [*uv, "pip", "install", "-q", "--python", str(program), "-r", str(bundle / "requirements.txt")]
            done = subprocess.run(install, env=bare(), capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"no package index here: {done.stderr.strip().splitlines()[-1]}")
            (environment / "complete").touch()
    return program


class Service:
    """A running service, asked over one connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *stopped: object) -> None:
        self._connection.close()

    def ask(self, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection.request("GET" if body is None else "POST", path, content, headers)
        reply = self._connection.getresponse()
        data = reply.read().decode()
        return reply.status, json.loads(data) if "json" in str(reply.headers["Content-Type"]) else data

    def alarms(self) -> set[tuple[str, str]]:
        """(column, what) of the alarms that Prometheus would see."""
        found = set()
        for line in self.ask("/metrics")[1].splitlines():
            if line.startswith("phasegate_drift_alarm{") and line.endswith(" 1.0"):
                labels = dict(part.split("=") for part in line[line.index("{") + 1 : line.index("}")].split(","))
                found.add((labels["column"].strip('"'), labels["what"].strip('"')))
        return found


@pytest.fixture
def service(bundle: Path, python: Path, tmp_path: Path) -> Iterator[Service]:
    """A freshly started service of the bundle, ready."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "service", "--port", str(port), "--log", str(tmp_path / "log")]
    with (tmp_path / "service.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=bundle, env=bare(PHASEGATE_TOKEN=TOKEN), stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert process.poll() is None, (tmp_path / "service.log").read_text("utf-8")
            with contextlib.suppress(OSError), Service(port) as asked:
                if asked.ask("/readyz")[0] == 200:
                    break
            time.sleep(0.05)
        with Service(port) as asked:
            yield asked
    finally:
        process.terminate()
        assert process.wait(15) in {0, -15, 143}


def test_the_environment_holds_the_requirements_and_nothing_of_ours(bundle: Path, python: Path) -> None:
    names = ("agent", "tools", "tui", "workspace", "phasegate", "sklearn")
    code = f"import importlib.util as find; print([name for name in {names} if find.find_spec(name)])"
    done = subprocess.run([python, "-c", code], cwd=bundle, env=bare(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_is_scored_like_the_predict_verb_scores_it(
    credit: Program, bundle: Path, python: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "bundle.csv", tmp_path / "phasegate.csv"
    command = [str(python), "-m", "service", "--predict", str(CREDIT / "credit.csv"), "--out", str(one)]
    done = subprocess.run(command, cwd=bundle, env=bare(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    credit("predict", "--data", CREDIT / "credit.csv", "--out", other)
    assert one.read_bytes() == other.read_bytes()


def test_the_service_answers_with_the_same_bits_and_a_refusal_names_the_column(
    credit: Program, service: Service, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    credit("predict", "--data", CREDIT / "credit.csv", "--out", out)
    with out.open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert service.ask("/predict", {"rows": []}, token="no")[0] == 401
    rows = [typed(row) for row in table()]
    for size in (1, 7, 250):
        status, reply = service.ask("/predict", {"rows": rows[:size]})
        assert (status, reply["fallback"]) == (200, False)
        for found, wanted in zip(reply["predictions"], expected[:size], strict=True):
            assert found["prediction"] == wanted["prediction"]
            assert found["probabilities"] == {name: float(wanted[f"p_{name}"]) for name in ("good", "bad")}
    status, problem = service.ask("/predict", {"rows": [{**rows[0], "amount": "much"}]})
    assert (400 <= status < 500, problem["errors"][0]["column"]) == (True, "amount")


def test_500_requests_with_a_column_shifted_after_250_raise_the_alarm_that_names_it(service: Service) -> None:
    rows = [typed(row) for row in table()]
    random.Random(1).shuffle(rows)
    for number, row in enumerate(rows[:500]):
        if number == 250:
            assert service.alarms() == set()
        sent = {**row, "duration": row["duration"] + 18} if number >= 250 else row
        assert service.ask("/predict", {"rows": [sent]})[0] == 200
    assert {column for column, _ in service.alarms()} == {"duration"}


def test_500_undisturbed_requests_raise_no_alarm(service: Service) -> None:
    rows = [typed(row) for row in table()]
    random.Random(2).shuffle(rows)
    for number, row in enumerate(rows[:500]):
        assert service.ask("/predict", {"rows": [row]})[0] == 200
        if number == 250:
            assert service.alarms() == set()
    assert service.alarms() == set()
    assert "phasegate_drift_rows 250.0" in service.ask("/metrics")[1]


def test_over_20_seeds_the_watch_is_silent_on_undisturbed_requests_and_names_a_shifted_column(bundle: Path) -> None:
    """The shipped watch over the real reference, in process: the same 500 rows, as they are and shifted after 250."""
    from tools.serving.service.drift import Reference
    from tools.serving.service.watch import Watch

    reference = Reference.from_dict(json.loads((bundle / "monitoring" / "reference.json").read_bytes()))
    rows = [typed(row) for row in table()]
    names = [column.name for column in reference.columns]
    silent, named = 0, 0
    for seed in range(SEEDS):
        chosen = random.Random(seed).sample(rows, 500)
        alarms: dict[str, set[str]] = {}
        for case, shift in (("plain", 0), ("shifted", 18)):
            watch, alarms[case] = Watch(reference), set()
            for begin in range(0, 500, 25):
                part = chosen[begin : begin + 25]
                values = {name: [row[name] for row in part] for name in names}
                if begin >= 250:
                    values["duration"] = [value + shift for value in values["duration"]]
                watch.add(values, len(part))
                alarms[case] |= {drift.column for drift in watch.judge() if drift.alarms}
        silent += alarms["plain"] == set()
        named += alarms["shifted"] == {"duration"}
    assert (silent, named) == (SEEDS, SEEDS)
