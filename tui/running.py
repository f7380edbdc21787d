"""The verbs that carry a run on: run, resume, fork, questions, decide, replay, retrain."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import UsageError
from tui.ending import WORKSPACE, pairs, placed, version

if TYPE_CHECKING:
    from agent.answers import Answers


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
    show = _show(as_json, workspace)
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
    show = _show(as_json, workspace)
    headless = Headless(given, accept_recommended=accept_recommended, show=show)

    async def walk() -> int:
        borrowed = borrow(observations, workspace) if observations else None
        async with Session.resume(workspace, name, until=until, borrowed=borrowed) as session:
            return await headless.drive(session)

    try:
        return asyncio.run(walk())
    finally:
        show.close()


def terminal(workspace: Path, name: str | None, data: str | None) -> int:
    """Open the full-screen terminal on a table, or on a run."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The full-screen terminal needs a terminal, and this is none.", hint="`phasegate run` works anywhere."
        )
    from tui.app.app import PhasegateApp

    home = data is None and name is None and workspace == WORKSPACE
    PhasegateApp(workspace, data, name, home=home).run()
    return 0


def fork(workspace: Path, name: str | None, gate: str, settings: Sequence[str], as_json: bool) -> int:
    """Repeat a run up to a gate, with some answers changed."""
    import asyncio

    from agent.forking import fork as begin

    changed = pairs(settings)
    show = _show(as_json, workspace)
    try:
        return asyncio.run(begin(workspace, name, gate, changed, show))
    finally:
        show.close()


def _show(as_json: bool, workspace: Path) -> Any:
    from tui.console import Account, JsonLines

    return JsonLines() if as_json else Account(version(), workspace)


def _given(file: Path | None, flags: Mapping[str, Any], settings: Sequence[str]) -> Answers:
    """The answers file with flags put over it."""
    from agent.answers import Answers, Given, read_answers

    answers = read_answers(file) if file else Answers()
    over = {name: Given(value=value, source="flag") for name, value in flags.items()}
    over |= {name: Given(value=value, source="flag") for name, value in pairs(settings).items()}
    return answers.with_answers(over)


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
    answer = GateAnswer(**decision, set=pairs(settings))
    told = record(workspace, name, gate, answer)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(placed("\n".join(told["lines"]), workspace))
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


def retrain(workspace: Path, name: str | None, data: str, as_json: bool) -> int:
    """Train a challenger on new data and hold it against the champion."""
    import asyncio

    from agent.retraining import retrain as again

    show = _show(as_json, workspace)
    try:
        return asyncio.run(again(workspace, name, data, show))
    finally:
        show.close()


def later(name: str) -> int:
    """Refuse a verb that this version does not have."""
    raise UsageError(f"`phasegate {name}` is not part of this version.", hint="`phasegate --help` lists what is.")
