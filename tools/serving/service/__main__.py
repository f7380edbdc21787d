"""``python -m service``: serves the bundle that this package lies in, or scores a file with it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 2 wrong use or bad input)."""
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve this model over HTTP, or score a file with it.",
        epilog="The token that callers must send is read from the environment variable PHASEGATE_TOKEN.",
    )
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (8080)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
    parser.add_argument(
        "--log",
        type=Path,
        default=os.environ.get("PHASEGATE_LOG") or None,
        metavar="DIR",
        help="folder of the prediction log (none unless given here or in PHASEGATE_LOG)",
    )
    parser.add_argument("--predict", type=Path, metavar="IN", help="score this file instead of serving")
    parser.add_argument("--out", type=Path, metavar="OUT", help="where the predictions of --predict go")
    parser.add_argument("--with-stdin", action="store_true", help="stop when standard input ends")
    given = parser.parse_args(arguments)
    if (given.predict is None) != (given.out is None):
        parser.error("--predict and --out go together")
    if given.predict is not None:
        from .predict import predict_file

        return predict_file(BUNDLE / "scorer", given.predict, given.out)
    token = os.environ.get("PHASEGATE_TOKEN", "")
    if not token:
        print(
            "Set PHASEGATE_TOKEN to the token that callers must send; without one nothing is served.",
            file=sys.stderr,
        )
        return 2
    if not 0 < given.port < 65536:
        parser.error("--port must lie between 1 and 65535")
    from .app import serve

    if given.with_stdin:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    serve(BUNDLE, token, host=given.host, port=given.port, log_folder=given.log)
    return 0


def _stop_with_stdin() -> None:
    """End with whoever started this process: its end of the pipe closes however it ends."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
