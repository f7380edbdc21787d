"""Gates: what a gate shows, and the one function that records a decision on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.answers import GateAnswer
from agent.conditions import COMPARE, parse_condition
from agent.decisions import Carried, GateDecision
from agent.errors import AnswersDoNotFit, Rejected, Waiting
from agent.position import Position, StepRecord
from agent.registry import Phase
from agent.steps import Kind
from tools.records import Check, Finding, Outcome
from tools.wording import plural, render
from workspace.files import canonical_json, sha256_bytes
from workspace.ledger import Entry, Ledger


class ShownCheck(BaseModel):
    """A check as a gate shows it."""

    model_config = ConfigDict(frozen=True)
    id: str
    title: str
    status: str
    blocking: bool
    value: Any
    criterion: str
    measured: str


class ShownStep(BaseModel):
    """A step as a gate shows it."""

    model_config = ConfigDict(frozen=True)
    id: str
    guidance: str
    title: str
    summary: str


class GateRequest(BaseModel):
    """Everything that a gate puts on the table."""

    model_config = ConfigDict(frozen=True)
    gate: str
    title: str
    visit: int
    evidence: str
    verdict: str | None
    recommendation: Literal["approve", "approve with conditions", "revise", "reject"]
    why: str
    steps: tuple[ShownStep, ...]
    checks: tuple[ShownCheck, ...]
    findings: tuple[str, ...]
    deliverables: tuple[str, ...]
    changed: tuple[str, ...]
    """Titles of the steps whose result differs from what was last seen at this gate."""
    resume_command: str


def evidence_hash(position: Position, phase: Phase) -> str:
    """The hash of what a gate shows: keys and artifacts of the phase's steps, and the verdict."""
    return evidence_of(position.steps, phase)


def evidence_of(records: Mapping[str, StepRecord], phase: Phase) -> str:
    """The hash of what a gate shows after these steps, by id."""
    return sha256_bytes(canonical_json({"gate": phase.name, "steps": _shown(records, phase)}))


def _shown(records: Mapping[str, StepRecord], phase: Phase) -> dict[str, str]:
    shown = {}
    for step in phase.steps:
        record = records.get(step.id)
        if record is not None:
            # an effect is brought about again at each resume: what it says of the world then is no new evidence
            told = {} if step.kind is Kind.EFFECT else record.artifacts
            files = {name: row["sha256"] for name, row in told.items()}
            shown[step.id] = sha256_bytes(canonical_json({"key": record.key, "files": files}))
    return shown


def checks_of(position: Position, phase: Phase) -> list[Check]:
    """The checks of a phase's steps, each id once (the last step to speak of it counts)."""
    found: dict[str, Check] = {}
    for _, outcome in position.outcomes(phase.steps):
        found.update({check.id: check for check in outcome.checks})
    return list(found.values())


def request(position: Position, phase: Phase, extra: Sequence[Check] = ()) -> GateRequest:
    """Put a gate's evidence together; ``extra`` are checks that rest on the whole workspace, not on the run."""
    outcomes = position.outcomes(phase.steps)
    checks = [*checks_of(position, phase), *extra]
    verdict = position.verdict if phase.name in {"validation", "deployment"} else None
    recommendation, why = _recommend(checks, verdict if phase.name == "validation" else None)
    evidence = evidence_hash(position, phase)
    return GateRequest(
        gate=phase.name,
        title=phase.title,
        visit=len(position.gate(phase.name).decisions) + 1,
        evidence=evidence,
        verdict=verdict,
        recommendation=recommendation,
        why=why,
        steps=tuple(
            ShownStep(id=step.id, guidance=step.guidance, title=step.title, summary=str(outcome.summary))
            for step, outcome in outcomes
        ),
        checks=tuple(shown_check(check) for check in checks),
        findings=tuple(str(finding.text) for finding in _findings(outcomes) if finding.level != "info"),
        deliverables=_deliverables(position, phase),
        changed=_changed(position, phase),
        resume_command=f"phasegate decide {phase.name} approve --by NAME --reason TEXT --evidence {evidence[:8]}",
    )


def shown_check(check: Check) -> ShownCheck:
    """A check in words."""
    return ShownCheck(
        id=check.id,
        title=check.title or check.id,
        status=check.status,
        blocking=check.blocking,
        value=check.value,
        criterion=check.criterion,
        measured=str(check.measured) if check.measured else "" if check.value is None else str(check.value),
    )


def _findings(outcomes: list[tuple[Any, Outcome]]) -> list[Finding]:
    rank = {"block": 0, "warn": 1, "info": 2}
    return sorted((finding for _, outcome in outcomes for finding in outcome.findings), key=lambda f: rank[f.level])


def _deliverables(position: Position, phase: Phase) -> tuple[str, ...]:
    names = position.folder(f"documents-{phase.name}/")
    stems = {name.rsplit("/", 1)[-1].split(".")[0] for name in names}
    return tuple(sorted(stem for stem in stems if stem[:2].isdigit()))


def _changed(position: Position, phase: Phase) -> tuple[str, ...]:
    seen = position.gate(phase.name).shown
    if not seen:
        return ()
    now = _shown(position.steps, phase)
    return tuple(step.title for step in phase.steps if step.id in now and now[step.id] != seen.get(step.id))


def _recommend(
    checks: list[Check], verdict: str | None
) -> tuple[Literal["approve", "approve with conditions", "revise", "reject"], str]:
    failed = [check for check in checks if check.status == "fail" and check.blocking]
    if verdict == "no-go":
        return "reject", "the verdict is no-go"
    if verdict == "inconclusive":
        return "approve with conditions", "the verdict is inconclusive: what is open must be watched by a person"
    if failed:
        return "revise", f"{', '.join(check.title or check.id for check in failed)} failed"
    if any(check.status == "fail" for check in checks):
        return "approve", "what failed does not block; read it first"
    if any(check.status != "pass" for check in checks):
        return "approve", "nothing failed; the warnings are worth a look"
    return "approve", "every check passes" if checks else "nothing stands against it"


def opened(ledger: Ledger, position: Position, phase: Phase, shown: GateRequest) -> Entry | None:
    """Record that a gate is open with this evidence; nothing where that is on record already."""
    state = position.gate(phase.name)
    if state.open and state.opened == shown.evidence:
        return None
    return ledger.append(
        "gate_opened",
        gate=phase.name,
        evidence=shown.evidence,
        verdict=shown.verdict,
        recommendation=shown.recommendation,
        why=shown.why,
        checks={check.id: check.status for check in shown.checks},
        shown=_shown(position.steps, phase),
    )


def passed(position: Position, phase: Phase) -> bool:
    """Whether the gate's last decision approves what the gate shows now."""
    decisions = position.gate(phase.name).decisions
    return (
        bool(decisions)
        and decisions[-1].decision == "approve"
        and decisions[-1].evidence == evidence_hash(position, phase)
    )


def approved_before(position: Position, phase: Phase) -> GateDecision | None:
    """An approval on record of exactly what the gate shows now."""
    now = evidence_hash(position, phase)
    for decision in reversed(position.gate(phase.name).decisions):
        if decision.decision == "approve" and decision.evidence == now:
            return decision
    return None


def needs_note(position: Position, phase: Phase) -> bool:
    """Whether passing the gate again is news: something was revised since its last decision."""
    return position.gate(phase.name).decided_seq < position.revised_seq


def pass_unchanged(ledger: Ledger, position: Position, phase: Phase, before: GateDecision) -> Entry:
    """Record that a gate was passed again, since it shows what was approved before."""
    data = before.model_copy(update={"source": "unchanged"}).model_dump(mode="json")
    return ledger.append("gate_decided", **data)


def carry_over(ledger: Ledger, position: Position, phase: Phase, before: GateDecision, origin: Carried) -> Entry:
    """Record that a fork passes a gate, since it shows what a person approved in the run that it was forked from."""
    now = {"source": "fork", "evidence": evidence_hash(position, phase), "carried": origin}
    return ledger.append("gate_decided", expecting=ledger.head, **before.model_copy(update=now).model_dump(mode="json"))


def record_decision(
    ledger: Ledger,
    position: Position,
    phase: Phase,
    shown: GateRequest,
    answer: GateAnswer,
    *,
    source: Literal["file", "command", "person"],
    settled: Mapping[str, Any],
) -> Entry:
    """Record a person's decision on an open gate. Nothing else in the product writes one.

    Args:
        ledger: the run's record; its head must be the one that ``position`` was read from.
        position: where the run stands.
        phase: the phase whose gate it is.
        shown: what the gate shows now.
        answer: the decision as given.
        source: where it was given.
        settled: ``answer.set`` with each value checked against its question.

    Raises:
        AnswersDoNotFit: the gate is not open, was decided meanwhile, or shows other evidence; an override of an
            unknown check.
        Waiting: ``only_if`` is false, or conditions or overrides are missing.
        Rejected: overrides are missing at a no-go.
    """
    _check_open(position, phase, shown, answer)
    if answer.decision == "approve":
        _check_approval(position, phase, shown, answer)
    decision = GateDecision(
        gate=phase.name,
        decision=answer.decision,
        by=answer.by,
        reason=answer.reason,
        evidence=shown.evidence,
        bound=answer.evidence is not None,
        recommendation=shown.recommendation,
        verdict=shown.verdict,
        override=answer.override,
        conditions=answer.conditions,
        set=dict(settled),
        source=source,
    )
    return ledger.append("gate_decided", expecting=ledger.head, **decision.model_dump(mode="json"))


def _check_open(position: Position, phase: Phase, shown: GateRequest, answer: GateAnswer) -> None:
    state = position.gate(phase.name)
    if answer.set and answer.decision != "revise":
        raise AnswersDoNotFit(f"Changed answers go with revise, not with {answer.decision}.")
    if not state.open:
        if state.decisions:
            last = state.decisions[-1]
            done = {"approve": "approved", "reject": "rejected", "revise": "sent back"}[last.decision]
            raise AnswersDoNotFit(
                f"Gate {phase.name} is not open: {last.by} {done} it at {state.decided_at}.",
                hint="`phasegate status` shows where the run stands.",
            )
        raise AnswersDoNotFit(
            f"Gate {phase.name} is not open yet.", hint="`phasegate status` shows where the run stands."
        )
    if state.opened != shown.evidence:
        raise AnswersDoNotFit(
            f"Gate {phase.name} was opened on evidence {str(state.opened)[:8]}, and steps were done again since.",
            hint="`phasegate resume` opens it on what is there now.",
        )
    named = None if answer.evidence is None else answer.evidence.replace(" ", "")
    if named is not None and not (len(named) >= 4 and shown.evidence.startswith(named)):
        raise AnswersDoNotFit(
            f"Gate {phase.name} shows evidence {shown.evidence[:8]}, not {answer.evidence}: it has changed since.",
            hint=f"Look again (phasegate show), then decide with --evidence {shown.evidence[:8]}",
        )


def _check_approval(position: Position, phase: Phase, shown: GateRequest, answer: GateAnswer) -> None:
    known = {check.id: check for check in shown.checks}
    for name in answer.override:
        if name not in known:
            raise AnswersDoNotFit(
                f"There is no check {name} at gate {phase.name}.", hint=f"Checks: {', '.join(sorted(known)) or 'none'}."
            )
    refusal = Rejected if shown.verdict == "no-go" else Waiting
    if answer.only_if and not holds(answer.only_if, shown, position):
        raise refusal(
            f"The recorded approval of gate {phase.name} holds only if {answer.only_if}; it does not.",
            hint="Look at the gate, then decide.",
        )
    failed = [check.id for check in shown.checks if check.blocking and check.status == "fail"]
    lacking = [name for name in failed if name not in answer.override]
    if lacking:
        raise refusal(
            f"Gate {phase.name} can't be approved as it is: {', '.join(lacking)} failed and"
            f" {plural(len(lacking), 'blocks', 'block')}.",
            hint=f"Mend it (revise), reject, or override in writing:"
            f" {' '.join(f'--override {name}' for name in lacking)} --reason TEXT",
        )
    if shown.verdict == "inconclusive" and phase.name == "validation" and not answer.conditions:
        raise Waiting(
            "The verdict is inconclusive: an approval needs conditions.", hint="Give them with --conditions TEXT"
        )


def idle_overrides(shown: GateRequest, answer: GateAnswer) -> list[str]:
    """Overrides of checks that did not fail: worth a warning."""
    failed = {check.id for check in shown.checks if check.status == "fail"}
    return [name for name in answer.override if name not in failed]


def holds(text: str, shown: GateRequest, position: Position) -> bool:
    """Whether a condition holds at a gate; an unknown name makes it false."""
    checks = {check.id: check.status for check in shown.checks}
    metrics = _metrics(position)
    for name, operator, literal in parse_condition(text):
        if name == "recommendation":
            value: Any = shown.recommendation
        elif name.startswith("checks."):
            value = checks.get(name.removeprefix("checks."))
        else:
            _, metric, part = name.split(".")
            value = metrics.get(metric, {}).get(part)
        if value is None or not COMPARE[operator](value, literal):
            return False
    return True


def _metrics(position: Position) -> dict[str, dict[str, float | None]]:
    """The scorer's metrics (before there is one, the baseline's), the most severe partition first."""
    order = {"test": 3, "validation": 2, "oof": 1, "train": 0}
    found: dict[str, tuple[tuple[int, int], dict[str, float | None]]] = {}
    for _, outcome in position.outcomes(position.registry):
        for row in outcome.metrics:
            rank = (int(row.model == "scorer"), order[row.partition])
            if row.metric not in found or rank >= found[row.metric][0]:
                found[row.metric] = (rank, {"value": row.value, "lower": row.lower, "upper": row.upper})
    return {name: values for name, (_, values) in found.items()}


def finding_line(finding: Finding) -> str:
    """A finding as one line of plain text."""
    return render(finding.text.template, finding.text.facts)
