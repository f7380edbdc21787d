"""The command line: verbs, flags and exit codes of CONTRACT.md; each verb is a few lines over the agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.environment import quiet
from tui import looking, model_verbs, running
from tui.ending import WORKSPACE, guarded
from tui.options import Accept, Answers, AnyRun, AnyWorkspace, Debug, Json, Observations, Run, Set, Until, Workspace

app = typer.Typer(
    name="phasegate",
    help="From a table and a business goal to a validated, documented, deployed, monitored model. "
    "Nothing passes a phase gate without a person's recorded approval.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def run(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table: file, folder of Parquet, or database address.")],
    target: Annotated[str | None, typer.Option("--target", metavar="COL", help="The column to predict.")] = None,
    goal: Annotated[str | None, typer.Option("--goal", metavar="TEXT", help="What problem the model solves.")] = None,
    answers: Answers = None,
    workspace: Workspace = WORKSPACE,
    accept_recommended: Accept = False,
    until: Until = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Root of all randomness.")] = 0,
    trials: Annotated[int | None, typer.Option("--trials", metavar="N", help="Trials in all, over families.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", metavar="S", help="Wall time to gate experimentation.")
    ] = None,
    test: Annotated[Path | None, typer.Option("--test", metavar="FILE", help="A second file: the test rows.")] = None,
    observations: Observations = None,
    settings: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Start a run on a table.

    It reads DATA, asks what only a person can know, and walks the phases from gate to gate.

    Without --answers it stops at the first question (exit 3); `phasegate questions DATA` writes a file to fill in.
    """
    given: dict[str, Any] = {
        "data.target": target,
        "requirements.problem": goal,
        "search.trials": trials,
        "search.max_seconds": max_seconds,
    }
    guarded(
        as_json,
        debug,
        lambda: running.run(
            data,
            answers=answers,
            workspace=workspace,
            accept_recommended=accept_recommended,
            until=until,
            seed=seed,
            test=test,
            observations=observations,
            flags={key: value for key, value in given.items() if value is not None},
            settings=settings or [],
            as_json=as_json,
        ),
        workspace,
    )


@app.command()
def resume(
    answers: Answers = None,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    accept_recommended: Accept = False,
    until: Until = None,
    observations: Observations = None,
    settings: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Go on with a run where it stopped.

    After an answer, a decision, a signal or a crash; what is done is not done again.
    """
    guarded(
        as_json,
        debug,
        lambda: running.resume(
            workspace,
            run,
            answers=answers,
            accept_recommended=accept_recommended,
            until=until,
            observations=observations,
            settings=settings or [],
            as_json=as_json,
        ),
        workspace,
    )


@app.command()
def fork(
    gate: Annotated[str, typer.Option("--at", metavar="GATE", help="The gate to go back to.")],
    settings: Set = None,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Go back to a gate in a run of its own.

    It repeats a run's answers, but for the changed ones, redoes only what depends on them, and stops at the gate.
    """
    guarded(as_json, debug, lambda: running.fork(workspace, run, gate, settings or [], as_json), workspace)


@app.command()
def diff(
    left: Annotated[str, typer.Argument(metavar="RUN", help="A run, or `latest`.")],
    right: Annotated[str, typer.Argument(metavar="RUN", help="The run to hold against it.")],
    workspace: Workspace = WORKSPACE,
    run: AnyRun = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what differs between two runs.

    Decisions, gates, verdict, metrics, checks, steps and deliverables; what is the same is counted.
    """
    guarded(as_json, debug, lambda: looking.diff(workspace, left, right, as_json), workspace)


@app.command()
def questions(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table, as for `run`.")],
    target: Annotated[str | None, typer.Option("--target", metavar="COL", help="The column to predict.")] = None,
    answers: Answers = None,
    settings: Set = None,
    workspace: AnyWorkspace = WORKSPACE,
    run: AnyRun = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write an answers file to fill in.

    Every question with its recommended answer and the reason, to standard output; it runs as it is once the gate
    approvals are filled in.
    """
    guarded(as_json, debug, lambda: running.questions(data, target, answers, settings or [], as_json))


@app.command()
def decide(
    gate: Annotated[str, typer.Argument(metavar="GATE", help="preparation, experimentation, validation, deployment.")],
    decision: Annotated[str, typer.Argument(metavar="approve|revise|reject", help="The decision.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    evidence: Annotated[
        str | None,
        typer.Option("--evidence", metavar="PREFIX", help="First digits of the evidence that was seen."),
    ] = None,
    conditions: Annotated[
        str | None, typer.Option("--conditions", metavar="TEXT", help="Conditions of the approval.")
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option("--override", metavar="CHECK", help="Pass a failed check; repeatable.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="With revise: the changed answer; repeatable.")
    ] = None,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Record a decision on the open gate.

    It runs nothing: `phasegate resume` goes on.
    """
    guarded(
        as_json,
        debug,
        lambda: running.decide(
            workspace,
            run,
            gate,
            {
                "decision": decision,
                "by": by,
                "reason": reason,
                "evidence": evidence,
                "conditions": conditions,
                "override": tuple(override or ()),
            },
            settings or [],
            as_json,
        ),
        workspace,
    )


@app.command()
def status(workspace: Workspace = WORKSPACE, run: Run = None, as_json: Json = False, debug: Debug = False) -> None:
    """Say where a run stands."""
    guarded(as_json, debug, lambda: looking.status(workspace, run, as_json), workspace)


@app.command()
def show(
    deliverable: Annotated[
        str | None, typer.Argument(metavar="[DELIVERABLE]", help="Such as model-card or 02-data-quality-report.")
    ] = None,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show a run, or one of its deliverables.

    Without a name: every step with its finding, the gates, and the names of the deliverables.
    """
    guarded(as_json, debug, lambda: looking.show(workspace, run, deliverable, as_json), workspace)


@app.command("open")
def open_dossier(
    workspace: Workspace = WORKSPACE, run: Run = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Open the dossier in a browser.

    It prints where the dossier lies.
    """
    guarded(as_json, debug, lambda: looking.open_dossier(workspace, run, as_json), workspace)


@app.command()
def look(
    data: Annotated[str, typer.Argument(metavar="FILE", help="A table, as for `run`.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="How to read it (source.…); repeatable.")
    ] = None,
    workspace: AnyWorkspace = WORKSPACE,
    run: AnyRun = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say in seconds what a file holds.

    Its size, how it was read, which column may be the target, what needs care, and each column with a small sketch.
    Nothing is asked and nothing is written; of personal data no value is shown.

    With --json: {version, name, rows, columns: [{name, position, type, role, missing, missing_share, distinct,
    personal, protected, level, sketch, start, end, minimum, median, maximum, levels: [{value, rows}], words}],
    findings: [{kind, level, columns, text, action}], targets: [{column, task, reason}], reading: {format, encoding,
    separator, header, skipped_lines, notes}}. `sketch` counts rows in bins of one width from `start` to `end` (dates
    in days since 1970); the outer bins hold what lies beyond.
    """
    guarded(as_json, debug, lambda: looking.look(data, settings or [], as_json))


@app.command()
def doctor(workspace: Workspace = WORKSPACE, run: AnyRun = None, as_json: Json = False, debug: Debug = False) -> None:
    """Say what this machine has and lacks."""
    guarded(as_json, debug, lambda: looking.doctor(workspace, as_json), workspace)


@app.command()
def replay(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Which run; the latest without it.")] = None,
    remeasure: Annotated[bool, typer.Option("--remeasure", help="Measure anew, and only report what differs.")] = False,
    workspace: Workspace = WORKSPACE,
    same: AnyRun = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Do a run again and compare.

    In an empty store, from its data, answers and observations; every derived artifact must come out the same.
    """
    guarded(as_json, debug, lambda: running.replay(workspace, run or same, remeasure, as_json), workspace)


@app.command()
def graph(workspace: AnyWorkspace = WORKSPACE, run: AnyRun = None, as_json: Json = False, debug: Debug = False) -> None:
    """Draw steps, questions and gates in order."""
    guarded(as_json, debug, lambda: looking.graph(as_json))


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="A head that must stand in the chain, kept elsewhere.")
    ] = None,
    workspace: Workspace = WORKSPACE,
    run: Run = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check every byte against the record.

    Ledger, artifacts, manifest, documents and bundle; the first difference is named.
    """
    guarded(as_json, debug, lambda: looking.verify(workspace, run, head, as_json), workspace)


@app.command()
def tui(
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="A table to begin with.")] = None,
    workspace: Workspace = WORKSPACE,
    run: AnyRun = None,
    as_json: Annotated[bool, typer.Option("--json", hidden=True)] = False,
    debug: Debug = False,
) -> None:
    """Open the full-screen terminal.

    With DATA it begins a run; with --workspace it goes on with the run there; else it begins at home, where recent
    projects stand and a new one is begun.
    """
    guarded(as_json, debug, lambda: running.terminal(workspace, run, data), workspace)


def _later(name: str) -> None:
    def command(
        arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
        as_json: Json = False,
    ) -> None:
        guarded(as_json, False, lambda: running.later(name))

    command.__doc__ = "Not part of this version."
    app.command(name, hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(command)


app.add_typer(model_verbs.app)

for _name in ("eject", "outbound", "purge"):
    _later(_name)


def main() -> None:
    """The console script; usage errors end with 2, like all bad input."""
    quiet()
    app()
