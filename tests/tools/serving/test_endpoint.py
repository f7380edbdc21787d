"""The endpoint as a process: started, checked to the bit, found again, stopped; a stranger's pid is left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.tools.serving.fakes import NEEDED, rows
from tools.serving import endpoint, process
from tools.serving.service.deployed import replies
from tools.serving.service.scorer import Scorer

pytestmark = pytest.mark.integration


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "workspace"
    folder.mkdir()
    yield folder
    endpoint.stop(folder)


def test_it_starts_answers_to_the_bit_and_stops(bundles: Callable[[str], Path], workspace: Path) -> None:
    bundle = bundles("binary")
    before = sorted(path for path in bundle.rglob("*"))
    started = endpoint.start(bundle, workspace, run="0001-heron")
    assert endpoint.start(bundle, workspace, run="0001-heron") == started
    assert endpoint.running(workspace) == started
    record = json.loads((workspace / "endpoint.json").read_text())
    assert {"url", "pid", "run", "model_sha256", "started"} <= set(record)
    assert (workspace / "endpoint.token").stat().st_mode & 0o777 == 0o600
    assert os.getsid(started.pid) != os.getsid(0)
    given = rows(120)
    scorer = Scorer.load(bundle / "scorer")
    scores = scorer.score({name: [row[name] for row in given] for name in NEEDED}, 120, strict=True)
    token = endpoint.token_of(workspace)
    smoke = endpoint.smoke_test(started.url, token, given, replies(scores, scorer))
    assert smoke.ok
    assert smoke.model == started.model_sha256
    wrong = replies(scores, scorer)
    wrong[70] = {**wrong[70], "prediction": "?"}
    assert endpoint.smoke_test(started.url, token, given, wrong).different == (70,)
    assert endpoint.stop(workspace)
    assert not endpoint.stop(workspace)
    assert process.process_start(started.pid) != started.process
    assert not (workspace / "endpoint.json").exists()
    assert sorted(path for path in bundle.rglob("*")) == before


def test_a_reused_pid_is_neither_taken_for_the_endpoint_nor_ended(workspace: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    try:
        record = endpoint.Endpoint("http://127.0.0.1:1", stranger.pid, "r", "m", "then", "another start")
        (workspace / "endpoint.json").write_text(json.dumps(asdict(record)))
        assert endpoint.running(workspace) is None
        assert not endpoint.stop(workspace)
        assert stranger.poll() is None
        real = process.process_start(stranger.pid)
        assert real is not None
        (workspace / "endpoint.json").write_text(json.dumps(asdict(replace(record, process=real))))
        assert endpoint.running(workspace) is not None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_bundle_that_is_not_ready_is_reported_and_leaves_no_process(
    bundles: Callable[[str], Path], workspace: Path, tmp_path: Path
) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(bundles("binary"), broken)
    (broken / "golden.json").write_text("{}")
    with pytest.raises(endpoint.EndpointError, match=r"golden\.json is not the file"):
        endpoint.start(broken, workspace, run="r")
    assert endpoint.recorded(workspace) is None


def test_a_request_in_work_is_finished_after_sigterm(bundles: Callable[[str], Path], tmp_path: Path) -> None:
    found: list[int] = []
    with endpoint.probing(bundles("binary"), tmp_path) as probe:
        assert probe.cold_start_seconds > 0
        assert (process.memory_bytes(probe.pid) or 0) > 10_000_000

        def ask() -> None:
            import http.client

            body = json.dumps({"rows": rows(500)}).encode()
            connection = http.client.HTTPConnection("127.0.0.1", int(probe.url.rpartition(":")[2]), timeout=10)
            connection.putrequest("POST", "/predict")
            connection.putheader("Authorization", f"Bearer {probe.token}")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            connection.send(body[:1000])
            time.sleep(0.5)
            connection.send(body[1000:])
            found.append(connection.getresponse().status)
            connection.close()

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.2)
        os.kill(probe.pid, signal.SIGTERM)
        asking.join()
    assert found == [200]


def test_a_probe_ends_with_the_process_that_started_it(bundles: Callable[[str], Path], tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, os, signal\n"
        "from tools.serving.endpoint import probing\n"
        "with probing(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])) as probe:\n"
        "    print(probe.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundles("binary")), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    pid = int(done.stdout)
    until = time.monotonic() + 10
    while process.process_start(pid) is not None and time.monotonic() < until:
        time.sleep(0.05)
    assert process.process_start(pid) is None


def test_without_a_token_it_refuses_to_start(bundles: Callable[[str], Path]) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PHASEGATE_TOKEN"}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "service", "--port", "8999"],
        cwd=bundles("binary"),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "PHASEGATE_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
