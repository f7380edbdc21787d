"""The verbs that use the approved model: predict, serve, stop, monitor."""

from __future__ import annotations

import json
from pathlib import Path

from tui.ending import placed


def predict(workspace: Path, name: str | None, data: str, out: Path, as_json: bool) -> int:
    """Score new rows."""
    from agent.prediction import predict as score

    found = score(workspace, name, data, out)
    if as_json:
        print(json.dumps({"rows": found["rows"], "failed": found["failed"], "out": str(out)}))
    else:
        print(placed("\n".join([*found["lines"], f"written to {out}"]), workspace))
    return 0


def serve(workspace: Path, name: str | None, port: int | None, as_json: bool) -> int:
    """Start the approved bundle on this machine."""
    from agent.serving import serve as start

    endpoint = start(workspace, name, port)
    if as_json:
        print(json.dumps(endpoint))
    else:
        print(f"{endpoint['url']} serves run {endpoint['run']} (process {endpoint['pid']}).")
        print(f"token  {workspace / 'endpoint.token'}")
        print(placed("stop   phasegate stop", workspace))
    return 0


def monitor(workspace: Path, name: str | None, data: str, fail_on_alarm: bool, as_json: bool) -> int:
    """Look at new rows; with ``fail_on_alarm`` an alarm ends with 4."""
    from agent.watching import monitor as look

    found = look(workspace, name, data)
    lines = found.pop("lines")
    print(json.dumps(found, ensure_ascii=False) if as_json else placed("\n".join(lines), workspace))
    return 4 if fail_on_alarm and found["alarms"] else 0


def stop(workspace: Path, as_json: bool) -> int:
    """Stop the endpoint."""
    from agent.serving import stop as end

    ended = end(workspace)
    if as_json:
        print(json.dumps({"stopped": ended}))
    else:
        print("The endpoint is stopped." if ended else "No endpoint was running.")
    return 0
