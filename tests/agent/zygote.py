"""A process that has imported everything, and forks a driver of a toy run for each line that it reads.

A line is ``<action> <workspace> <entries> <milliseconds>``: ``start`` or ``resume`` a run and kill its whole process
group so many milliseconds after its ledger has grown by so many entries (0: let it end); ``SIGTERM`` and ``SIGINT``
start one and send it that signal then; ``race`` lets two processes decide one gate. The reply is one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def prepare() -> None:
    """Import what a driver needs, and put the toy's steps in place of the product's."""
    import agent.worker
    from agent.registry import registry
    from tests.agent.toy import toy

    agent.worker._LIBRARIES = ("tests.agent.toy",)
    sys.modules["agent.phases"] = SimpleNamespace(PHASES=toy().phases)  # type: ignore[assignment]
    registry.cache_clear()
    for name in ("langgraph.checkpoint.sqlite.aio", "langgraph.graph", "agent.deciding", "tests.agent.driving"):
        importlib.import_module(name)


def drive(action: str, root: Path) -> int:
    from tests.agent.driving import APPROVE, BOTH, TABLE, answers, walk

    revise = {**APPROVE, "decision": "revise", "set": {"toy.label": "b"}}
    gates = {"preparation": [APPROVE, APPROVE], "experimentation": [revise, APPROVE]}
    seconds = 600 if "long" in root.name else 0.05
    recorded = answers({"toy.seconds": seconds}, gates=gates if "revise" in root.name else BOTH)
    return walk(root, recorded, table=None if action == "resume" else TABLE).exit


def decide(root: Path, decision: str) -> int:
    from agent.answers import GateAnswer
    from agent.deciding import decide as record
    from agent.errors import describe

    try:
        record(root, None, "preparation", GateAnswer(decision=decision, by=decision, reason="race"))
    except Exception as error:
        return describe(error).code
    return 0


def forked(work: Any, *arguments: Any) -> int:
    child = os.fork()
    if child == 0:
        os.setsid()
        code = 99
        try:
            code = work(*arguments)
        finally:
            os._exit(code)
    return child


def length(root: Path) -> int:
    """How many entries the newest run's ledger holds."""
    ledgers = sorted(root.glob("runs/0*/ledger.jsonl"))
    return ledgers[-1].read_bytes().count(b"\n") if ledgers else 0


def group(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state not in {"Z", "X"}:
            found.append(int(path.parent.name))
    return found


def serve(action: str, root: Path, entries: int, delay: float) -> dict[str, Any]:
    if action == "race":
        children = [forked(decide, root, decision) for decision in ("approve", "reject")]
        return {"codes": [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]}
    until = length(root) + entries
    child = forked(drive, action, root)
    if entries:
        while length(root) < until and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            time.sleep(0.0005)
        time.sleep(delay)
        if action in signal.Signals.__members__:
            began = time.monotonic()
            os.kill(child, signal.Signals[action])
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return {"code": code, "seconds": time.monotonic() - began, "left": group(child)}
        os.killpg(child, signal.SIGKILL)
    return {"code": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}


def main() -> None:
    prepare()
    for line in sys.stdin:
        action, root, entries, delay = line.split()
        print(json.dumps(serve(action, Path(root), int(entries), float(delay) / 1000)), flush=True)


if __name__ == "__main__":
    main()
