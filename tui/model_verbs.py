"""The verbs that use the approved model: predict, serve, stop, monitor, retrain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui import operating, running
from tui.ending import WORKSPACE, guarded
from tui.options import AnyRun, Debug, Json, Run, Workspace

app = typer.Typer(rich_markup_mode=None)


@app.command()
def predict(
    data: Annotated[str, typer.Option("--data", metavar="FILE", help="Rows to score, in any readable form.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write: .csv, .tsv, .parquet, .jsonl.")],
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Score new rows with the approved model.

    Rows and their order are kept; a row that can't be scored says why.
    """
    guarded(as_json, debug, lambda: operating.predict(workspace, run, data, out, as_json), workspace)


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="Port on loopback; a free one without it.")
    ] = None,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Start the approved model as an endpoint.

    On this machine, on loopback, with a token.
    """
    guarded(as_json, debug, lambda: operating.serve(workspace, run, port, as_json), workspace)


@app.command()
def monitor(
    data: Annotated[str, typer.Option("--data", metavar="FILE", help="New rows, with labels where they have come.")],
    fail_on_alarm: Annotated[bool, typer.Option("--fail-on-alarm", help="End with 4 where something alarms.")] = False,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Look at new rows for drift and decay.

    They are compared with the rows that the model learned from and, where labels have come, with its test.
    """
    guarded(as_json, debug, lambda: operating.monitor(workspace, run, data, fail_on_alarm, as_json), workspace)


@app.command()
def retrain(
    data: Annotated[str, typer.Option("--data", metavar="FILE", help="New labelled rows.")],
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a challenger on new rows.

    It is held against the model in service on the same sealed rows. A worse one is refused (exit 4); one that is no
    worse waits at gate validation for a person (exit 3).
    """
    guarded(as_json, debug, lambda: running.retrain(workspace, run, data, as_json), workspace)


@app.command()
def stop(workspace: Workspace = WORKSPACE, run: AnyRun = None, as_json: Json = False, debug: Debug = False) -> None:
    """Stop the endpoint."""
    guarded(as_json, debug, lambda: operating.stop(workspace, as_json), workspace)
