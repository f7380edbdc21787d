"""Time and memory of discovery on a large table, against `pandas.read_parquet` and `describe` on the same table.

    .venv/bin/python benchmarks/profiling.py flights.parquet --target arr_delay
    … --peer skrub=/path/to/its/python --peer ydata=/path/to/its/python

Each runs in a process of their own. Discovery is what a run does up to its profile: reading the source, and
`preparation.discovery`, with their seconds as the run's manifest states them. The goal for 336,776 rows by 19 columns
is under 20 s and 2 GB.

A peer is a library of the kind in an environment of its own; its whole process is set against that of `phasegate look`,
which gives all findings that need no target: reading, report and all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DESCRIBE = "import sys, pandas; frame = pandas.read_parquet(sys.argv[1]); frame.describe(include='all')"
PEERS = {
    "skrub": "import sys, pandas, skrub; skrub.TableReport(pandas.read_parquet(sys.argv[1]), verbose=0).html()",
    "ydata": "import sys, pandas, ydata_profiling; "
    "ydata_profiling.ProfileReport(pandas.read_parquet(sys.argv[1]), progress_bar=False).to_html()",
}
"""What a peer is asked for: its full report of the table, as HTML."""
STEPS = ("intake.source", "intake.feasibility", "preparation.discovery")


def measured(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, peak memory in MB of the largest process of the command's tree, and exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * unit / 1e6, process.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data")
    parser.add_argument("--target", required=True)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help=f"{' or '.join(PEERS)}")
    arguments = parser.parse_args()

    reference, reference_memory, code = measured([sys.executable, "-c", DESCRIBE, arguments.data])
    if code:
        sys.exit(f"pandas can't read {arguments.data}")
    print(f"{'pandas read + describe':24} {reference:7.1f} s   {reference_memory:7,.0f} MB")

    program = str(Path(sys.executable).with_name("phasegate"))
    look, look_memory, code = measured([program, "look", arguments.data])
    if code:
        sys.exit(f"phasegate look ended with {code}")
    print(f"{'phasegate look':24} {look:7.1f} s   {look_memory:7,.0f} MB   {look / reference:5.2f} times the reference")
    for peer in arguments.peer:
        name, _, python = peer.partition("=")
        if name not in PEERS:
            sys.exit(f"{name} is no peer that can be measured: choose {' or '.join(PEERS)}")
        seconds, memory, code = measured([python, "-c", PEERS[name], arguments.data])
        if code:
            sys.exit(f"{name} ended with {code}")
        print(f"{name:24} {seconds:7.1f} s   {memory:7,.0f} MB   {seconds / look:5.2f} times phasegate look")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "run", arguments.data, "--target", arguments.target, "--accept-recommended"]
        _, memory, code = measured([*command, "--until", "preparation", "--workspace", folder])
        manifest = Path(folder) / "runs" / "latest" / "manifest.json"
        if not manifest.exists():
            sys.exit(f"the run ended with {code} before its first step")
        steps = {step["id"]: step["seconds"] for step in json.loads(manifest.read_text(encoding="utf-8"))["steps"]}
    for name in STEPS:
        if name in steps:
            print(f"{name:24} {steps[name]:7.1f} s   {steps[name] / reference:5.2f} times the reference")
    total = sum(steps.get(name, 0.0) for name in STEPS)
    print(f"{'discovery in all':24} {total:7.1f} s   {total / reference:5.2f} times the reference")
    print(f"{'largest process, phase 1':24} {memory:17,.0f} MB   {memory / reference_memory:5.2f} times the reference")


if __name__ == "__main__":
    main()
