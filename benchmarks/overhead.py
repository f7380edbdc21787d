"""What orchestration costs in a finished run: wall time that is neither a step's own computing nor a one-time import.

    .venv/bin/python benchmarks/overhead.py WORKSPACE

Read from the run's manifest and ledger. Each step's `seconds` are its body's own, taken inside the worker. Waiting for
a person (from a question or gate to its answer, when longer than a second) counts for nobody. Two processes import
once: the run's own imports the graph before its first step starts, the worker imports the libraries, for which its
first step waits. Each wait counts as import at most as long as the same imports take now, alone, in a fresh process;
what they take longer, side by side, counts as orchestration. The goal is under 10 %.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

PATIENCE = 1.0
"""Seconds; a longer pause before an answer is a person's."""

WORKER = "import importlib, agent.worker\nfor name in agent.worker._LIBRARIES: importlib.import_module(name)"
RUN = "import agent.checkpoint, agent.graph, langgraph.checkpoint.sqlite.aio, langgraph.graph, langgraph.types"


@dataclass(frozen=True)
class Shares:
    """Seconds of a run by what they were spent on."""

    wall: float
    tools: float
    imports: float
    waiting: float
    between: dict[str, float]
    """By step: from its start to its end in the ledger, less its own computing."""

    @property
    def orchestration(self) -> float:
        """What remains."""
        return self.wall - self.tools - self.imports - self.waiting

    @property
    def share(self) -> float:
        """Orchestration as a part of the time that the run was at work."""
        return self.orchestration / (self.wall - self.waiting)


def shares(manifest: dict[str, Any], ledger: list[dict[str, Any]], own_import: float, worker_import: float) -> Shares:
    """Divide a run's wall time.

    Args:
        manifest: the run's `manifest.json`.
        ledger: its entries in order.
        own_import: seconds that the one-time imports of the run's process take.
        worker_import: seconds that those of the worker take.
    """
    at = [datetime.fromisoformat(entry["at"]).timestamp() for entry in ledger]
    own = {step["id"]: step["seconds"] for step in manifest["steps"] if step["status"] == "done"}
    started: dict[str, float] = {}
    between: dict[str, float] = {}
    waiting = 0.0
    for number, entry in enumerate(ledger):
        kind = entry["type"]
        if kind == "step_started":
            started[entry["step"]] = at[number]
        elif kind == "step_finished" and entry["step"] in started and entry["step"] in own:
            between[entry["step"]] = at[number] - started[entry["step"]] - own[entry["step"]]
        elif kind in ("question_answered", "gate_decided", "run_started", "step_started") and number:
            pause = at[number] - at[number - 1]
            if pause > PATIENCE and ledger[number - 1]["type"] in ("gate_opened", "question_asked", "stopped"):
                waiting += pause
    before = next((at[n] - at[n - 1] for n, entry in enumerate(ledger) if n and entry["type"] == "step_started"), 0.0)
    first = next(iter(between.values()), 0.0)
    return Shares(
        wall=at[-1] - at[0],
        tools=sum(own.values()),
        imports=max(0.0, min(before, own_import)) + max(0.0, min(first, worker_import)),
        waiting=waiting,
        between=between,
    )


def fresh(imports: str) -> float:
    """Wall seconds that imports take in a fresh process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", imports], check=True, cwd=Path(__file__).resolve().parents[1])
    return time.perf_counter() - began


def main(workspace: str) -> None:
    run = Path(workspace) / "runs" / "latest"
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    lines = (run / "ledger.jsonl").read_text(encoding="utf-8").split("\n")
    found = shares(manifest, [json.loads(line) for line in lines if line], fresh(RUN), fresh(WORKER))
    print(f"{'run':28} {manifest['run']}")
    print(f"{'wall time':28} {found.wall:7.1f} s")
    print(f"{'steps, their own computing':28} {found.tools:7.1f} s   {found.tools / found.wall:6.1%}")
    print(f"{'one-time imports':28} {found.imports:7.1f} s   {found.imports / found.wall:6.1%}")
    if found.waiting:
        print(f"{'waiting for a person':28} {found.waiting:7.1f} s   {found.waiting / found.wall:6.1%}")
    print(f"{'orchestration':28} {found.orchestration:7.1f} s   {found.share:6.1%} of the time at work")
    print("\nmost of it around")
    for step, seconds in sorted(found.between.items(), key=lambda pair: -pair[1])[:5]:
        print(f"  {step:34} {seconds:6.2f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
