"""A comparison of two runs in words: aligned lines of plain text, old value to new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agent.comparing import Answer, CheckChange, Comparison, Side
from agent.decisions import GateDecision
from agent.wording import shown_value
from tools.records import MetricValue
from tools.wording import inert, plural, show

_SOURCES = {
    "file": "answers file",
    "flag": "command line",
    "recommended": "as recommended",
    "person": "in person",
    "revision": "revision",
}
_DECIDED = {"approve": "approved", "revise": "sent back", "reject": "rejected"}
_LABEL = 34


def told(found: Comparison) -> list[str]:
    """A comparison as lines of plain text."""
    left, right = found.left.run, found.right.run
    lines = [f"{left} → {right}", *(f"  {_side(side)}" for side in (found.left, found.right))]
    if found.left.source != found.right.source:
        lines.append("  the two start from other data")
    if found.left.seed != found.right.seed:
        lines.append(f"  seed {found.left.seed} → {found.right.seed}")
    for title, rows in (
        ("Decisions", _decision_lines(found)),
        ("Gates", _gate_lines(found)),
        ("Verdict", _verdict_lines(found)),
        ("Scorer", _metric_lines(found)),
        ("Checks", [_row(_check(each), *_check_sides(each)) for each in found.checks]),
        ("Steps", _step_lines(found)),
        ("Deliverables", _document_lines(found)),
    ):
        lines += ["", title, *(f"  {row}" for row in rows or ["the same"])]
    return lines


def _side(side: Side) -> str:
    forked = f", forked from {side.forked['run']} at gate {side.forked['gate']}" if side.forked else ""
    return f"{side.run}: {side.state}{forked}"


def _row(label: str, left: str, right: str) -> str:
    return f"{inert(label):<{_LABEL}} {left} → {right}"


def _decision_lines(found: Comparison) -> list[str]:
    if not found.decisions:
        return []
    both = [each for each in found.decisions if each.left and each.right]
    rows = [_row(each.id, _answered(each.left), _answered(each.right)) for each in both]
    rows += _only(
        found, [each.id for each in found.decisions if not each.right], [e.id for e in found.decisions if not e.left]
    )
    return [*rows, f"{found.same_decisions} {plural(found.same_decisions, 'answer')} the same"]


def _only(found: Comparison, left: Iterable[str], right: Iterable[str]) -> list[str]:
    """A line for each run that names what the other does not have."""
    told = ((found.left.run, list(left)), (found.right.run, list(right)))
    return [f"only in {run}: {', '.join(map(inert, names))}" for run, names in told if names]


def _answered(answer: Answer | None) -> str:
    if answer is None:
        return "not asked"
    value = "unknown" if answer.value is None else shown_value(answer.value)
    who = inert(answer.by or _SOURCES.get(answer.source, answer.source))
    reason = f': "{inert(answer.reason)}"' if answer.reason else ""
    return f"{value} ({who}{reason})"


def _gate_lines(found: Comparison) -> list[str]:
    rows = []
    for each in found.gates:
        reasons = each.left is not None and each.right is not None
        rows.append(_row(each.gate, _gate(each.left, reasons), _gate(each.right, reasons)))
    return rows


def _gate(decision: GateDecision | None, reasons: bool) -> str:
    """A gate's decision; with its words where both runs have one."""
    if decision is None:
        return "not decided"
    told = f"{_DECIDED[decision.decision]} by {inert(decision.by)}"
    if decision.carried:
        told += f" in run {decision.carried.run}"
    if decision.override:
        told += f", overriding {', '.join(map(inert, decision.override))}"
    if reasons and decision.conditions:
        told += f', on condition "{inert(decision.conditions)}"'
    return f'{told}: "{inert(decision.reason)}"' if reasons else told


def _verdict_lines(found: Comparison) -> list[str]:
    if found.left.verdict == found.right.verdict:
        return [f"{found.left.verdict} in both" if found.left.verdict else "none yet in either"]
    return [f"{found.left.verdict or 'none yet'} → {found.right.verdict or 'none yet'}"]


def _metric_lines(found: Comparison) -> list[str]:
    if not found.metrics:
        return ["no metric of a scorer that both runs have"]
    rows = [] if found.same_rows else ["data or split differ: the figures rest on other rows"]
    same: dict[str, list[str]] = {}
    for pair in found.metrics:
        if pair.same:
            same.setdefault(pair.partition, []).append(pair.metric)
            continue
        sign = "+" if pair.difference is not None and pair.difference > 0 else ""
        change = f"   difference {sign}{show(pair.difference)}" if pair.difference is not None else ""
        rows.append(_row(f"{pair.metric}, {pair.partition}", _measured(pair.left), _measured(pair.right)) + change)
    return [*rows, *(f"the same on {partition}: {', '.join(names)}" for partition, names in same.items())]


def _measured(row: MetricValue) -> str:
    interval = "" if row.lower is None else f" ({show(row.lower)} to {show(row.upper)})"
    return f"{show(row.value)}{interval}"


def _check(each: CheckChange) -> str:
    return each.title if len(each.title) < _LABEL else each.id


def _check_sides(each: CheckChange) -> tuple[str, str]:
    sides = ((each.left, each.measured_left), (each.right, each.measured_right))
    first, second = (f"{status or 'not there'}{f' ({measured})' if measured else ''}" for status, measured in sides)
    return first, second


def _step_lines(found: Comparison) -> list[str]:
    rows = [f"{found.same_steps} {plural(found.same_steps, 'step')} with the same key"]
    redone = [each.id for each in found.steps if each.change == "redone"]
    if redone:
        rows.append(f"done otherwise: {', '.join(redone)}")
    return rows + _only(found, _phases(found, "only left"), _phases(found, "only right"))


def _phases(found: Comparison, change: str) -> list[str]:
    """Steps that one run has, counted by phase."""
    counts = Counter(each.id.partition(".")[0] for each in found.steps if each.change == change)
    return [f"{count} {plural(count, 'step')} of {phase}" for phase, count in counts.items()]


def _document_lines(found: Comparison) -> list[str]:
    rows = [f"{found.same_deliverables} the same but for the run's name"] if found.same_deliverables else []
    for each in found.deliverables:
        if each.only is None:
            rows.append(f"{each.stem:<{_LABEL}} {each.removed} {plural(each.removed, 'line')} out, {each.added} in")
    only = {side: [each.stem for each in found.deliverables if each.only == side] for side in ("left", "right")}
    return rows + _only(found, only["left"], only["right"]) or ["none in either"]
