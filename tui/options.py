"""The flags that several verbs share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="Folder of the project.")]
Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="Which run; the latest without it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a defect.")]
Answers = Annotated[Path | None, typer.Option("--answers", metavar="FILE", help="Recorded answers (YAML or JSON).")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="Answer one question; repeatable.")]
Accept = Annotated[
    bool,
    typer.Option("--accept-recommended", help="Take the advice where no answer is recorded. Gates still wait."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="PHASE", help="Stop after this phase's gate.")]
Observations = Annotated[
    Path | None,
    typer.Option("--observations", metavar="RUN_DIR", help="Take that run's observations, measure nothing."),
]
AnyWorkspace = Annotated[Path, typer.Option("--workspace", metavar="DIR", hidden=True)]
AnyRun = Annotated[str | None, typer.Option("--run", metavar="ID", hidden=True)]
"""Every verb takes the two, so that a script can put them behind any; these verbs look at neither."""
