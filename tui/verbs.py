"""What each verb of the command line does, over the agent; every error leaves through one place."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agent.errors import UsageError, Waiting, describe

if TYPE_CHECKING:
    from agent.answers import Answers


def guarded(as_json: bool, debug: bool, work: Callable[[], int | None]) -> None:
    """Carry a verb out and end with its exit code; an error is one sentence, never a traceback."""
    try:
        _check_advisor()
        code = work() or 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _tell(error, as_json, debug)
    raise typer.Exit(code)


def _check_advisor() -> None:
    wanted = os.environ.get("PHASEGATE_ADVISOR", "expert")
    if wanted != "expert":
        raise UsageError(
            f"PHASEGATE_ADVISOR={wanted}: this version has the expert advisor only.",
            hint="Unset it, or set it to expert.",
        )


def _tell(error: Exception, as_json: bool, debug: bool) -> int:
    problem = describe(error)
    if debug:
        import traceback

        traceback.print_exception(error)
    hint = problem.hint
    if problem.code == 1:
        hint = f"This is a defect of Phasegate; the report is {_report(error)}."
    if as_json:
        record = {"code": problem.code, "message": problem.message, "hint": hint}
        for name in ("file", "line", "column"):
            value = getattr(problem, name)
            if value is not None:
                record[name] = value
        print(json.dumps({"error": record}, ensure_ascii=False))
    elif isinstance(error, Waiting):
        print(f"{problem.message}\n  {hint}" if hint else problem.message, file=sys.stderr)
    else:
        print(f"{problem.message} {hint}".strip(), file=sys.stderr)
    return problem.code


def _report(error: Exception) -> str:
    """Write what a developer needs to a file and return its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="phasegate-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"phasegate {version()}, Python {sys.version}\n\n")
        file.write("".join(traceback.format_exception(error)))
        file.write(getattr(error, "trace", ""))
        return file.name


def version() -> str:
    """The installed version."""
    import importlib.metadata

    return importlib.metadata.version("phasegate")


# runs


def run(
    data: str,
    *,
    answers: Path | None,
    workspace: Path,
    accept_recommended: bool,
    until: str | None,
    seed: int,
    test: Path | None,
    observations: Path | None,
    flags: Mapping[str, Any],
    settings: Sequence[str],
    as_json: bool,
) -> int:
    """Start a run and walk it."""
    import asyncio

    from agent.headless import Headless, check_answers
    from agent.replay import borrow
    from agent.session import Session
    from agent.sources import Source

    given = _given(answers, flags, settings)
    _check_phase(until)
    check_answers(given)
    source = Source(data, test, _source_settings(given))
    source.check()
    show = _show(as_json)
    headless = Headless(given, accept_recommended=accept_recommended, show=show)

    async def walk() -> int:
        borrowed = borrow(observations, workspace) if observations else None
        async with Session.start(workspace, source, seed=seed, until=until, borrowed=borrowed) as session:
            return await headless.drive(session)

    try:
        return asyncio.run(walk())
    finally:
        show.close()


def resume(
    workspace: Path,
    name: str | None,
    *,
    answers: Path | None,
    accept_recommended: bool,
    until: str | None,
    observations: Path | None,
    settings: Sequence[str],
    as_json: bool,
) -> int:
    """Go on with a run."""
    import asyncio

    from agent.headless import Headless, check_answers
    from agent.replay import borrow
    from agent.session import Session

    given = _given(answers, {}, settings)
    _check_phase(until)
    check_answers(given)
    show = _show(as_json)
    headless = Headless(given, accept_recommended=accept_recommended, show=show)

    async def walk() -> int:
        borrowed = borrow(observations, workspace) if observations else None
        async with Session.resume(workspace, name, until=until, borrowed=borrowed) as session:
            return await headless.drive(session)

    try:
        return asyncio.run(walk())
    finally:
        show.close()


def _show(as_json: bool) -> Any:
    from tui.console import Account, JsonLines

    return JsonLines() if as_json else Account(version())


def _given(file: Path | None, flags: Mapping[str, Any], settings: Sequence[str]) -> Answers:
    """The answers file with flags put over it."""
    from agent.answers import Answers, Given, read_answers

    answers = read_answers(file) if file else Answers()
    over = {name: Given(value=value, source="flag") for name, value in flags.items()}
    over |= {name: Given(value=value, source="flag") for name, value in _pairs(settings).items()}
    return answers.with_answers(over)


def _pairs(settings: Sequence[str]) -> dict[str, Any]:
    from agent import yaml12

    pairs = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign or not name:
            raise UsageError(f'"{setting}" is not of the form ID=VALUE.', hint="Such as --set split.test_size=0.2")
        pairs[name.strip()] = yaml12.scalar(value)
    return pairs


def _source_settings(given: Answers) -> dict[str, Any]:
    return {
        name.removeprefix("source."): answer.value
        for name, answer in given.answers.items()
        if name.startswith("source.") and answer.value != "recommended"
    }


def _check_phase(name: str | None) -> None:
    from agent.answers import GATES

    if name is not None and name not in GATES:
        raise UsageError(f"There is no phase {name}.", hint=f"Phases: {', '.join(GATES)}.")


def questions(data: str, target: str | None, answers: Path | None, settings: Sequence[str], as_json: bool) -> int:
    """Print a complete answers file."""
    import asyncio

    from agent.asking import question_file, question_table
    from agent.headless import check_answers
    from agent.sources import Source

    given = _given(answers, {"data.target": target} if target else {}, settings)
    check_answers(given)
    source = Source(data, None, _source_settings(given))
    source.check()
    rows = asyncio.run(question_table(source, given))
    print(
        json.dumps(rows, ensure_ascii=False, indent=1) if as_json else question_file(rows), end="\n" if as_json else ""
    )
    return 0


# looking


def status(workspace: Path, name: str | None, as_json: bool) -> int:
    """Say where a run stands."""
    from agent.status import status_of, told

    found = status_of(workspace, name)
    print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False) if as_json else "\n".join(told(found)))
    return 0


def show(workspace: Path, name: str | None, wanted: str | None, as_json: bool) -> int:
    """Show a run, or one of its deliverables."""
    from agent.showing import deliverable, overview

    if wanted:
        found = deliverable(workspace, name, wanted)
        print(json.dumps(found, ensure_ascii=False) if as_json else found["text"])
        return 0
    found = overview(workspace, name)
    lines = found.pop("lines")
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines))
    return 0


def open_dossier(workspace: Path, name: str | None, as_json: bool) -> int:
    """Open the dossier in a browser."""
    from agent.showing import open_dossier as open_page

    page = open_page(workspace, name, browser=sys.stdout.isatty() and not as_json)
    print(json.dumps({"dossier": str(page)}) if as_json else str(page))
    return 0


def doctor(workspace: Path, as_json: bool) -> int:
    """Say what this machine has for the work."""
    from agent.doctor import examine

    lines = examine(workspace)
    if as_json:
        print(json.dumps([line.model_dump() for line in lines]))
    else:
        for line in lines:
            advice = f"  ({line.advice})" if line.advice else ""
            print(f"{line.state:<8}{line.name:<18}{line.value}{advice}")
    return 0


def replay(workspace: Path, name: str | None, remeasure: bool, as_json: bool) -> int:
    """Do a run again in an empty store and compare."""
    import asyncio

    from agent.replay import quiet
    from agent.replay import replay as again

    found = asyncio.run(again(workspace, name, quiet, remeasure=remeasure))
    if as_json:
        print(json.dumps(found.model_dump(mode="json")))
    else:
        for difference in found.differing:
            print(f"{difference.step}: {difference.artifact} came out otherwise")
        for difference in found.remeasured:
            print(f"{difference.step}: {difference.artifact} was measured anew and differs")
        same = "every derived artifact is the same" if not found.differing else "not the same"
        print(f"{found.executed} of {found.steps} steps carried out again; {same}.")
    return 5 if found.differing else 0


def predict(workspace: Path, name: str | None, data: str, out: Path, as_json: bool) -> int:
    """Score new rows."""
    from agent.prediction import predict as score

    found = score(workspace, name, data, out)
    if as_json:
        print(json.dumps({"rows": found["rows"], "failed": found["failed"], "out": str(out)}))
    else:
        print("\n".join([*found["lines"], f"written to {out}"]))
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
        print("stop   phasegate stop")
    return 0


def monitor(workspace: Path, name: str | None, data: str, fail_on_alarm: bool, as_json: bool) -> int:
    """Look at new rows; with ``fail_on_alarm`` an alarm ends with 4."""
    from agent.watching import monitor as look

    found = look(workspace, name, data)
    lines = found.pop("lines")
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines))
    return 4 if fail_on_alarm and found["alarms"] else 0


def retrain(workspace: Path, name: str | None, data: str, as_json: bool) -> int:
    """Train a challenger on new data and hold it against the champion."""
    import asyncio

    from agent.retraining import retrain as again

    show = _show(as_json)
    try:
        return asyncio.run(again(workspace, name, data, show))
    finally:
        show.close()


def stop(workspace: Path, as_json: bool) -> int:
    """Stop the endpoint."""
    from agent.serving import stop as end

    ended = end(workspace)
    if as_json:
        print(json.dumps({"stopped": ended}))
    else:
        print("The endpoint is stopped." if ended else "No endpoint was running.")
    return 0


def graph(as_json: bool) -> int:
    """Draw the graph."""
    from agent.drawing import drawn, edges

    print(json.dumps(edges(), indent=1) if as_json else drawn())
    return 0


def decide(
    workspace: Path, name: str | None, gate: str, decision: dict[str, Any], settings: Sequence[str], as_json: bool
) -> int:
    """Record a decision on the open gate."""
    from agent.answers import GATES, GateAnswer
    from agent.deciding import decide as record

    if gate not in GATES:
        raise UsageError(f"There is no gate {gate}.", hint=f"Gates: {', '.join(GATES)}.")
    if decision["decision"] not in {"approve", "revise", "reject"}:
        raise UsageError(f"{decision['decision']} is no decision.", hint="Use approve, revise or reject.")
    for field in ("by", "reason"):
        if not decision[field].strip():
            raise UsageError(f"--{field} is empty.", hint="A decision needs a name and a reason.")
    answer = GateAnswer(**decision, set=_pairs(settings))
    told = record(workspace, name, gate, answer)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(told["lines"]))
    return 0


def verify(workspace: Path, name: str | None, head: str | None, as_json: bool) -> int:
    """Check the workspace against its record."""
    from agent.verification import verify as check

    report = check(workspace, name, head)
    if as_json:
        print(json.dumps(report.model_dump(mode="json", exclude_none=True), ensure_ascii=False))
    else:
        for problem in report.problems:
            print(f"{problem.file}: {problem.text}")
        print(f"{report.checked} files and entries checked; {'all as recorded' if report.ok else 'not as recorded'}.")
        print(f"head {report.head}")
    return 0 if report.ok else 5


def later(name: str) -> int:
    """Refuse a verb that this version does not have."""
    raise UsageError(f"`phasegate {name}` is not part of this version.", hint="`phasegate --help` lists what is.")
