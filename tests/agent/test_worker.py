"""The process that carries steps out: what crosses to it and back, and how it dies."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import OutOfResources, StepFailed
from agent.job import Call
from agent.worker import Worker, seen_out
from tests.agent.test_session import gone
from tools.errors import InputError

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("toy_worker")]

REPOSITORY = Path(__file__).resolve().parents[2]


def call(folder: Path, body: str, **more: Any) -> Call:
    out = folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    fields: dict[str, Any] = {
        "step": "preparation.x",
        "body": f"tests.agent.bodies:{body}",
        "inputs": {},
        "out": str(out),
        "decisions": {},
        "needs": (),
        "declared": ("q.a", "q.road"),
        "makes": ("made.json",),
        "seed": 7,
        "threads": 1,
        "recorded": {},
        "guarded": str(folder),
    }
    return Call(**{**fields, **more})


def with_worker(folder: Path, work: Callable[[Worker], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        worker = Worker(folder / "cache", ("tests.agent.bodies",))
        try:
            return await work(worker)
        finally:
            await worker.close()

    return asyncio.run(main())


def once(folder: Path, body: str, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    async def work(worker: Worker) -> Any:
        return await worker.call(call(folder, body, **more), heard.append)

    return with_worker(folder, work), heard


def test_a_call_returns_its_outcome_and_tells_progress_and_observations_in_order(tmp_path: Path) -> None:
    result, heard = once(tmp_path, "speak", decisions={"q.a": "yes"})
    assert result["outcome"]["facts"] == {"seen": 42}
    assert result["seconds"] >= 0
    assert [(each["kind"], each.get("note", each.get("value"))) for each in heard] == [
        ("progress", "first"),
        ("observation", 42),
        ("progress", "second"),
    ]
    assert (
        tmp_path / "out" / "made.json"
    ).read_text() == '{\n "answer": "yes",\n "nan": null,\n "seed": 7,\n "seen": 42\n}\n'


def test_what_was_observed_before_is_not_measured_again(tmp_path: Path) -> None:
    result, heard = once(tmp_path, "speak", recorded={"seen": 41})
    assert result["outcome"]["facts"] == {"seen": 41}
    assert [each["kind"] for each in heard] == ["progress", "progress"]


def test_a_refusal_crosses_with_all_that_it_says(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no date") as caught:
        once(tmp_path, "refuse")
    error = caught.value
    assert (error.hint, error.code, error.file, error.line, error.column) == ("Mend it.", 2, "t.csv", 3, "when")


def test_a_defect_crosses_with_its_trace(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="KeyError") as caught:
        once(tmp_path, "break_down")
    assert caught.value.code == 1
    assert "bodies.py" in caught.value.trace


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("run_out", "disk is full"),
        ("run_out_of_memory", "Memory is used up"),
        ("be_killed", "killed by the system"),
    ],
)
def test_what_the_machine_lacks_is_no_defect(tmp_path: Path, body: str, says: str) -> None:
    with pytest.raises(OutOfResources, match=says) as caught:
        once(tmp_path, body)
    assert caught.value.code == 7
    assert caught.value.hint


def test_one_worker_serves_call_after_call_whatever_became_of_them(tmp_path: Path) -> None:
    async def work(worker: Worker) -> list[str]:
        ended = []
        for body in ("speak", "refuse", "be_killed", "break_down", "speak"):
            try:
                await worker.call(call(tmp_path, body), lambda message: None)
                ended.append("done")
            except (InputError, OutOfResources, StepFailed) as error:
                ended.append(type(error).__name__)
        return ended

    assert with_worker(tmp_path, work) == ["done", "InputError", "OutOfResources", "StepFailed", "done"]


def test_a_call_is_killed_in_milliseconds_with_all_that_it_started(tmp_path: Path) -> None:
    async def work(worker: Worker) -> tuple[float, list[int]]:
        pids: list[int] = []
        begun = asyncio.Event()

        def listen(message: dict[str, Any]) -> None:
            pids.extend([int(message["done"]), int(message["total"])])
            begun.set()

        task = asyncio.create_task(worker.call(call(tmp_path, "wait_with_a_child"), listen))
        await begun.wait()
        began = time.monotonic()
        worker.kill()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        took = time.monotonic() - began
        again = await worker.call(call(tmp_path, "speak"), lambda message: None)
        assert again["outcome"]["facts"] == {"seen": 42}
        return took, pids

    took, pids = with_worker(tmp_path, work)
    assert took < 0.1
    assert all(gone(pid) for pid in pids)


@pytest.mark.parametrize("victim", ["driver", "worker"])
def test_a_call_never_outlives_the_processes_above_it(tmp_path: Path, victim: str) -> None:
    script = (
        "import asyncio\nfrom pathlib import Path\nfrom agent.worker import Worker\n"
        "from tests.agent.test_worker import call\n"
        "async def main():\n"
        f"    folder = Path({str(tmp_path)!r})\n"
        "    worker = Worker(folder / 'cache', ())\n"
        "    await worker.start()\n"
        "    def listen(message):\n"
        "        print(worker._process.pid, int(message['done']), int(message['total']), flush=True)\n"
        "    try:\n        await worker.call(call(folder, 'wait_with_a_child'), listen)\n"
        "    except Exception as error:\n        print(type(error).__name__, flush=True)\n"
        "asyncio.run(main())\n"
    )
    driver = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with driver:
        assert driver.stdout is not None
        pids = [int(pid) for pid in driver.stdout.readline().split()]
        assert len(pids) == 3
        if victim == "driver":
            driver.kill()
        else:
            os.kill(pids[0], signal.SIGKILL)
            assert driver.stdout.readline() == "StepFailed\n"
        assert all(gone(pid) for pid in pids)


def test_of_a_process_whose_child_outlives_it_for_a_moment_no_pipe_stays_open() -> None:
    pipe = asyncio.subprocess.PIPE

    async def scene() -> None:
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", "sleep 0.3 & echo ready; exec sleep 60", stdin=pipe, stdout=pipe
        )
        assert process.stdout is not None
        await process.stdout.readline()
        process.kill()
        while process.returncode is None:
            await asyncio.sleep(0)
        await seen_out(process)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(scene())
        gc.collect()
    assert [str(each.message) for each in told] == []


@pytest.mark.parametrize("road", ["plain", "bytes", "dots", "link", "descriptor", "relative"])
def test_an_artifact_that_was_not_declared_can_not_be_opened(tmp_path: Path, road: str) -> None:
    target = tmp_path / "objects" / "ab" / "cd"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"test rows")
    with pytest.raises(StepFailed, match="not a declared input"):
        once(tmp_path, "steal", decisions={"q.a": str(target), "q.road": road})


def test_a_declared_input_can_be_opened_also_where_it_really_lies(tmp_path: Path) -> None:
    target = tmp_path / "objects" / "ab" / "cd"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"{}")
    staged = tmp_path / "in.json"
    staged.symlink_to(target)
    result, _ = once(tmp_path, "read_staged", inputs={"in.json": str(staged)}, needs=("in.json",))
    assert result["outcome"]["summary"]["template"] == "read"


@pytest.mark.parametrize("what", ["path", "has", "answer", "answers", "make"])
def test_a_step_that_reaches_for_what_it_did_not_declare_is_a_defect(tmp_path: Path, what: str) -> None:
    with pytest.raises(StepFailed, match="declare"):
        once(tmp_path, "reach", decisions={"q.a": what})
