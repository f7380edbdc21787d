from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.answers import Answers
from agent.errors import AgentError, AnswersDoNotFit, Waiting
from agent.headless import check_answers
from tests.agent.driving import APPROVE, BOTH, TABLE, answers, count, entries, walk

REVISE: dict[str, Any] = {"decision": "revise", "by": "Ada", "reason": "other label", "set": {"toy.label": "b"}}


@pytest.mark.usefixtures("toy_registry")
@pytest.mark.parametrize(
    ("given", "gates", "kind", "code"),
    [
        ({"toy.facto": 1}, {}, AnswersDoNotFit, 8),
        ({"toy.label": "c"}, {}, AnswersDoNotFit, 8),
        ({"toy.factor": "1"}, {}, AnswersDoNotFit, 8),
        ({}, {"preparation": {**REVISE, "set": {"toy.labl": "b"}}}, AnswersDoNotFit, 8),
        ({}, {"preparation": {**REVISE, "set": {"toy.label": "c"}}}, AnswersDoNotFit, 8),
        ({}, {"preparation": {**APPROVE, "set": {"toy.label": "b"}}}, AnswersDoNotFit, 8),
        ({}, {"preparation": {**REVISE, "override": ["toy.low"]}}, AnswersDoNotFit, 8),
        ({}, {"preparation": {**APPROVE, "decision": "reject", "conditions": "none"}}, AnswersDoNotFit, 8),
        ({}, {"preparation": {**APPROVE, "only_if": "import os"}}, AnswersDoNotFit, 8),
    ],
)
def test_what_can_not_fit_is_found_before_any_work(
    given: dict[str, Any], gates: dict[str, Any], kind: type[AgentError], code: int
) -> None:
    with pytest.raises(kind) as caught:
        check_answers(answers(given, gates))
    assert caught.value.code == code
    assert caught.value.message


@pytest.mark.usefixtures("toy_registry")
def test_what_may_fit_passes_the_check() -> None:
    only_if = {**APPROVE, "only_if": "recommendation == approve and checks.toy.low == pass"}
    check_answers(answers({"toy.factor": "recommended"}, {"preparation": [REVISE, only_if]}))
    check_answers(Answers())


@pytest.mark.integration
def test_an_answer_that_was_known_but_not_needed_is_a_warning(root: Path) -> None:
    from dataclasses import replace

    from agent.registry import Registry
    from tests.agent.toy import toy

    def never(known: Any) -> bool:
        return False

    def hide(step: Any) -> Any:
        return replace(
            step, before=tuple(replace(ask, when=never) if ask.id == "toy.factor" else ask for ask in step.before)
        )

    steps = Registry(tuple(replace(phase, steps=tuple(hide(step) for step in phase.steps)) for phase in toy().phases))
    run = walk(root, answers(gates=BOTH), table=TABLE, steps=steps)
    assert run.exit == 0
    assert ["toy.factor" in event.data["text"] for event in run.told("warning")] == [True]


@pytest.mark.integration
def test_the_answers_of_later_phases_are_no_matter_of_a_run_that_is_to_stop_before_them(root: Path) -> None:
    from dataclasses import replace

    from agent.registry import Registry
    from agent.steps import Ask
    from tests.agent.toy import toy

    first, second, third = toy().phases
    asking = replace(third.steps[0], before=(Ask("toy.later", "Later?", "text"),))
    steps = Registry((first, second, replace(third, steps=(asking, *third.steps[1:]))))
    run = walk(root, answers({"toy.later": "x"}, gates=BOTH), table=TABLE, steps=steps, until="preparation")
    assert run.exit == 0
    assert run.told("warning") == []


@pytest.mark.integration
def test_the_decisions_of_a_gate_are_taken_visit_by_visit(root: Path) -> None:
    run = walk(root, answers(gates={"preparation": [REVISE, {**REVISE, "set": {"toy.label": "a"}}]}), table=TABLE)
    assert isinstance(run.error, Waiting)
    assert "Gate 1 (preparation) waits for a person." in run.error.message
    assert "phasegate decide preparation approve" in run.error.hint
    taken = [entry.data["set"] for entry in entries(root) if entry.type == "gate_decided"]
    assert taken == [{"toy.label": "b"}, {"toy.label": "a"}]
    again = walk(root, answers(gates={"preparation": [REVISE, REVISE, APPROVE], "experimentation": APPROVE}))
    assert again.exit == 0
    assert count(root)["gate_decided"] == 4


@pytest.mark.integration
def test_a_recorded_approval_counts_for_one_visit_and_one_evidence_only(root: Path) -> None:
    """A gate that shows something new after its one recorded decision was taken waits for a person."""
    gates = {"preparation": APPROVE, "experimentation": REVISE}
    run = walk(root, answers(gates=gates), table=TABLE)
    assert isinstance(run.error, Waiting)
    assert "Gate 1 (preparation)" in run.error.message


@pytest.mark.integration
def test_a_recorded_approval_of_other_evidence_is_stale(root: Path) -> None:
    run = walk(root, answers(gates={"preparation": {**APPROVE, "evidence": "00000000"}}), table=TABLE)
    assert isinstance(run.error, AnswersDoNotFit)
    assert run.exit == 8
    assert count(root)["gate_decided"] == 0
