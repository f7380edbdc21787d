"""The service as a process of the operating system: started, told apart from others, measured, ended."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

HOST = "127.0.0.1"
DRAIN_SECONDS = 15.0


def process_start(pid: int) -> str | None:
    """When a process was started, in the system's own words; None where there is no such process.

    On Linux clock ticks since boot with the boot's id, elsewhere what ``ps`` says. A zombie counts as gone.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        return None if fields[0] == "Z" else f"{boot}:{fields[19]}"
    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, started = found.partition(" ")
    return None if not found or state.startswith("Z") else started.strip()


def memory_bytes(pid: int) -> int | None:
    """Resident memory of a process; None where it can't be read."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    text = found.stdout.strip()
    return int(text) * 1024 if text.isdigit() else None


def free_port(first: int | None = None) -> int:
    """A free port on loopback: the first free one from ``first`` on (a hundred are tried), or any."""
    for port in range(first, first + 100) if first else ():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def launch(
    bundle: Path,
    token: str,
    port: int,
    *,
    log: Path,
    predictions: Path | None = None,
    python: str | None = None,
    detached: bool = True,
) -> subprocess.Popen[bytes]:
    """Start the service without waiting until it is ready.

    Args:
        bundle: the bundle's folder.
        token: what callers must send.
        port: port on loopback.
        log: file for what the service prints.
        predictions: folder of the prediction log; None for no log.
        python: interpreter; without one the running one.
        detached: in a session of its own, outliving this process; else it ends with this process, however that ends.
    """
    environment = {
        key: value
        for key, value in os.environ.items()
        if key in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
    }
    environment |= {"PHASEGATE_TOKEN": token, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    if predictions is not None:
        environment["PHASEGATE_LOG"] = str(predictions.resolve())
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # The working folder is the bundle, where `service` is the only package of that name.
        return subprocess.Popen(
            [python or sys.executable, "-m", "service", "--port", str(port), *([] if detached else ["--with-stdin"])],
            cwd=bundle,
            env=environment,
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=handle,
            stderr=handle,
            start_new_session=detached,
            close_fds=True,
        )
    finally:
        os.close(handle)


def end(process: subprocess.Popen[bytes], seconds: float = DRAIN_SECONDS) -> None:
    """End a process that ``launch`` started, gently, then for good."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdin is not None:
            process.stdin.close()
