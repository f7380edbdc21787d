"""What belongs to the moment: what an open question is about, and what was decided so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.conversation.column_view import reply_profile
from agent.conversation.parts import Bars, Grid, Part, Text, marked
from agent.conversation.pictures import picture
from agent.conversation.view import SessionView, columns, record
from agent.position import Position
from agent.questions import Question
from agent.wording import shown_value
from tools.wording import Sentence, inert, show

Parts = tuple[Part, ...]
_ABOUT_COLUMNS = ("data.leakage.", "data.personal.")
_WHO = {
    "person": "you",
    "recommended": "as advised",
    "revision": "changed at a gate",
    "flag": "command line",
    "file": "answers file",
}
_OFFERED = 12


def about(view: SessionView, question: Question) -> Parts:
    """The evidence that an open question rests on; its offered answers with their reasons where there is no other."""
    position = view.position
    found = ABOUT[question.id](position) if question.id in ABOUT else ()
    column = _column(position, question)
    if not found and column is not None:
        found = reply_profile(view, column).parts
    return found or _offered(question)


def _column(position: Position, question: Question) -> str | None:
    prefix = next((each for each in _ABOUT_COLUMNS if question.id.startswith(each)), None)
    if prefix is not None:
        name = question.id.removeprefix(prefix)
        return name if name in columns(position) else None
    if question.type == "column" and question.recommended in columns(position):
        return str(question.recommended)
    return None


def _offered(question: Question) -> Parts:
    return _listed([(choice.label, choice.reason) for choice in question.options if choice.reason])


def _listed(rows: list[tuple[str, str]]) -> Parts:
    """Names with what is said of them: sentences, which a table would cut."""
    told = [f"- **{marked(name, 60)}**: {marked(text, 300)}" for name, text in rows[:_OFFERED]]
    return (Text("\n".join(told)),) if told else ()


def _candidates(position: Position) -> Parts:
    held = record(position, "peek.json")
    return _listed([(str(one["column"]), str(one["reason"])) for one in (held or {}).get("targets", ())])


def _classes(position: Position) -> Parts:
    held, target = record(position, "peek.json"), position.answer("data.target")
    found = next((one for one in (held or {}).get("columns", ()) if one["name"] == target), None)
    if not found or not found["classes"]:
        return ()
    rows = tuple((inert(str(name), 40), float(count), show(count)) for name, count in found["classes"].items())
    return (Bars(f"rows by {inert(str(target), 40)}", rows[:_OFFERED]),)


def _families(position: Position) -> Parts:
    held = record(position, "candidates.json")
    return _listed(
        [
            (str(one["label"]), _sentences(one["reasons_for"] if one["suited"] else one["reasons_against"]))
            for one in (held or {}).get("candidates", ())
        ]
    )


def _sentences(told: list[Mapping[str, Any]]) -> str:
    return "; ".join(str(Sentence.model_validate(one)) for one in told)


def _calibrations(position: Position) -> Parts:
    held = record(position, "errors.json")
    rows = tuple(
        (inert(str(one["kind"])), show(one["log_loss"], "num"), show(one["brier"], "num"), show(one["slope"], "ratio"))
        for one in (held or {}).get("calibrations", ())
    )
    beside = picture(position, "experimentation.error_analysis")[-1:]
    return (Grid(("calibration", "log loss", "Brier", "slope"), rows), *beside) if rows else ()


def _of(step: str) -> Callable[[Position], Parts]:
    return lambda position: picture(position, step)


ABOUT: Mapping[str, Callable[[Position], Parts]] = {
    "data.target": _candidates,
    "data.problem_type": _classes,
    "data.positive_class": _classes,
    "cleaning.missing": _of("preparation.discovery"),
    "search.families": _families,
    "ensemble.accept": _of("experimentation.cross_validation"),
    "decision.calibration": _calibrations,
    "decision.threshold": _of("experimentation.error_analysis"),
    "decision.mitigation": _of("experimentation.error_analysis"),
}
"""Question to the evidence it rests on, where that is more than its offered answers."""


def history(position: Position) -> Grid:
    """What was decided and by whom, the latest first: questions and gates."""
    rows = [
        (
            inert(decision.id, 80),
            inert(shown_value(decision.value), 160),
            inert(decision.by or _WHO.get(decision.source, decision.source), 60),
            inert(decision.reason or "", 300),
        )
        for decision in position.decisions.values()
        if not (decision.value is None and decision.source == "recommended")
    ]
    rows += [
        (f"gate {inert(gate.gate)}", gate.decision, inert(gate.by, 60), inert(gate.reason, 300))
        for state in position.gates.values()
        for gate in state.decisions
        if gate.source != "unchanged"
    ]
    return Grid(("decision", "value", "who", "reason"), tuple(reversed(rows)))
