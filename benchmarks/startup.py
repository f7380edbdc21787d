"""CPU of `--help` and `status`, against an interpreter that does nothing.

    .venv/bin/python benchmarks/startup.py [WORKSPACE]

Without a workspace only `--help` is measured. The goal is under 0.5 s of CPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPEATS = 5


def cpu(command: list[str]) -> float:
    """The least CPU time, user and system, of some runs of a command, in seconds."""
    times = []
    for _ in range(REPEATS):
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = os.times()
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        times.append(
            after.children_user - before.children_user + after.children_system - before.children_system,
        )
    return min(times)


def main(workspace: str | None) -> None:
    program = str(Path(sys.executable).with_name("phasegate"))
    reference = cpu([sys.executable, "-c", "pass"])
    print(f"{'python -c pass':24} {reference:6.2f} s CPU")
    commands = {"phasegate --help": [program, "--help"]}
    if workspace:
        commands["phasegate status"] = [program, "status", "--workspace", workspace]
    for name, command in commands.items():
        seconds = cpu(command)
        print(f"{name:24} {seconds:6.2f} s CPU   {seconds / reference:5.1f} times the reference")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
