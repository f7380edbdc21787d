"""Where the run stands, what it noticed, what it may use and has used, and its documents."""

from __future__ import annotations

from agent.conversation.parts import Grid, Part, Reply, Text, marked, said
from agent.conversation.view import SessionView, not_yet, record
from agent.errors import AgentError, UsageError
from tools.wording import inert, plural, show


def reply_status(view: SessionView) -> Reply:
    """The run's state in the words of ``phasegate status``."""
    if view.root is not None:
        from agent.status import status_of, told

        return said("\n".join(f"    {inert(line, 300)}" for line in told(status_of(view.root, view.run))))
    position = view.position
    last = list(position.steps)[-1:]
    lines = [f"Run {marked(position.run)}."] if position.run else []
    lines.append(f"The last finished step is {marked(last[0])}." if last else "No step has finished yet.")
    if position.verdict:
        lines.append(f"The verdict is {marked(position.verdict)}.")
    return said(*lines)


def reply_findings(view: SessionView) -> Reply:
    """All findings, the gravest first, each with its step."""
    rank = {"block": 0, "warn": 1, "info": 2}
    found = [
        (step, finding)
        for step, outcome in view.position.outcomes(view.position.registry)
        for finding in outcome.findings
    ]
    if not found:
        return said("No step has noticed anything so far." if view.position.steps else "No step has finished yet.")
    rows = tuple(
        (finding.level, step.title, inert(", ".join(finding.columns), 80), inert(str(finding.text), 300))
        for step, finding in sorted(found, key=lambda pair: rank[pair[1].level])
    )
    return Reply((Grid(("level", "step", "columns", "finding"), rows, "findings"),))


def reply_budget(view: SessionView) -> Reply:
    """Trials and time: what was planned, what has been used."""
    position = view.position
    parts: list[Part] = []
    trials, seconds = position.answer("search.trials"), position.answer("search.max_seconds")
    planned = []
    if trials is not None:
        planned.append(f"{show(trials)} {plural(trials, 'trial')} over all model families")
    if seconds is not None:
        planned.append(f"{show(float(seconds), 'sec')} of wall time up to gate experimentation")
    parts.append(Text(f"Planned: {' and '.join(planned)}." if planned else "No budget was decided so far."))
    tried = record(position, "trials.json")
    if tried is None:
        parts.append(Text(not_yet(position, "trials.json", "account of trials")))
    else:
        stopped = "; the clock stopped the search" if tried["stopped_by_clock"] else ""
        parts.append(Text(f"Used: {show(len(tried['trials']))} of {show(tried['allowed'])} allowed trials{stopped}."))
    if position.steps:
        total = sum(one.seconds for one in position.steps.values() if not one.cached)
        parts.append(Text(f"The finished steps took {show(total, 'sec')} together."))
        rows = tuple(
            (position.registry.steps[name].title, "from cache" if one.cached else show(float(one.seconds), "sec"))
            for name, one in position.steps.items()
            if name in position.registry.steps
        )
        parts.append(Grid(("step", "time"), rows, "time by step"))
    return Reply(tuple(parts))


def reply_show(view: SessionView, stem: str) -> Reply:
    """A deliverable as it stands in the dossier; Markdown that was escaped when it was written."""
    if view.root is None:
        return said("There is no workspace here, so there is no dossier.")
    from agent.showing import deliverable

    try:
        found = deliverable(view.root, view.run, stem)
    except UsageError as missing:
        reason = marked(missing.message)
        if "There is no deliverable" in missing.message:
            reason = f"{marked(stem)} is not there yet: the dossier is made when a phase ends."
        return said(reason)
    if stem == "questions":
        lines = tuple((inert(line, 400),) for line in str(found["text"]).splitlines())
        return Reply((Grid(("decisions",), lines),))
    return said(str(found["text"]))


def reply_diff(view: SessionView, what: str) -> Reply:
    """What differs from another run, or in a document from what it said before."""
    if view.root is None:
        return said("There is no workspace here, so there is nothing to compare with.")
    from agent.pieces import difference

    try:
        found = difference(view.root, view.run, what)
    except AgentError as problem:
        return said(marked(str(problem)))
    rows = tuple((inert(line, 400),) for line in str(found["text"]).splitlines())
    return Reply((Grid((inert(found["title"], 200),), rows),))
