"""Time and memory of discovery on a large table, against `pandas.read_parquet` and `describe` on the same table.

    .venv/bin/python benchmarks/profiling.py flights.parquet --target arr_delay

Both run in a process of their own. Discovery is what a run does up to its profile: reading the source, and
`preparation.discovery`, with their seconds as the run's manifest states them. The goal for 336,776 rows by 19 columns
is under 20 s and 2 GB.
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
STEPS = ("intake.source", "intake.feasibility", "preparation.discovery")


def measured(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, peak memory in MB of the largest process of the command's tree, and exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * unit / 1e6, process.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data")
    parser.add_argument("--target", required=True)
    arguments = parser.parse_args()

    reference, reference_memory, code = measured([sys.executable, "-c", DESCRIBE, arguments.data])
    if code:
        sys.exit(f"pandas can't read {arguments.data}")
    print(f"{'pandas read + describe':24} {reference:7.1f} s   {reference_memory:7,.0f} MB")

    program = str(Path(sys.executable).with_name("phasegate"))
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
