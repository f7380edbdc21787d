from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import gates
from agent.answers import GateAnswer
from agent.conditions import parse_condition
from agent.errors import AgentError, AnswersDoNotFit, Rejected, Waiting
from agent.gates import GateRequest, evidence_hash, holds, idle_overrides, record_decision, request
from agent.position import Position
from agent.registry import Phase, Registry
from agent.steps import Job, Kind, Step
from tools.records import Check, MetricValue, Outcome
from tools.wording import say
from workspace.files import canonical_json
from workspace.ledger import Ledger
from workspace.store import Store

CHECKS = (
    Check(id="calibration", status="pass", blocking=False, value=0.1, criterion=""),
    Check(id="data.leakage", status="fail", blocking=True, value=2, criterion=""),
    Check(id="robustness", status="fail", blocking=False, value=None, criterion=""),
)


def body(job: Job) -> Outcome:
    return Outcome(summary=say("done"))


class Table:
    """A gate with its ledger, without any run behind it."""

    def __init__(self, folder: Path, kind: Kind = Kind.DERIVE) -> None:
        step = Step("validation.review", "3.7", "review", body, kind, makes=("verdict.json",))
        self.phase = Phase("validation", "3 Validation", (step,))
        self.store = Store(folder / "objects")
        self.position = Position(Registry((self.phase,)), self.store)
        self.ledger = Ledger(folder / "ledger.jsonl")

    def finish(self, key: str = "k", verdict: str = "go", checks: tuple[Check, ...] = (), value: float = 0.8) -> None:
        metric = MetricValue(
            id="m",
            step="validation.review",
            partition="test",
            model="scorer",
            metric="roc_auc",
            value=value,
            lower=0.7,
            n=9,
        )
        outcome = Outcome(summary=say("reviewed"), checks=checks, metrics=(metric,)).model_dump(mode="json")
        files = {"outcome.json": outcome, "verdict.json": {"verdict": verdict}}
        artifacts = {}
        for name, content in files.items():
            stored = self.store.put_bytes(canonical_json(content))
            artifacts[name] = {"sha256": stored.sha256, "bytes": stored.bytes}
        data: dict[str, Any] = {
            "step": "validation.review",
            "key": key,
            "artifacts": artifacts,
            "seconds": 0.0,
            "cached": False,
        }
        self.position.take(self.ledger.append("step_finished", **data))

    def open(self) -> GateRequest:
        shown = request(self.position, self.phase)
        entry = gates.opened(self.ledger, self.position, self.phase, shown)
        if entry is not None:
            self.position.take(entry)
        return shown

    def decide(self, decision: str = "approve", **more: Any) -> None:
        answer = GateAnswer(decision=decision, by="Ada", reason="I read it.", **more)
        shown = request(self.position, self.phase)
        entry = record_decision(
            self.ledger, self.position, self.phase, shown, answer, source="command", settled=answer.set
        )
        self.position.take(entry)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path)
    yield made
    made.ledger.close()


def refused(table: Table, kind: type[AgentError], says: str, decision: str = "approve", **more: Any) -> AgentError:
    """A decision is refused, and nothing is written."""
    before = table.ledger.path.read_bytes()
    with pytest.raises(kind) as caught:
        table.decide(decision, **more)
    assert says in str(caught.value)
    assert table.ledger.path.read_bytes() == before
    return caught.value


# evidence


def test_the_evidence_changes_with_key_artifacts_and_verdict_and_with_nothing_else(table: Table) -> None:
    table.finish()
    first = evidence_hash(table.position, table.phase)
    table.finish()
    assert evidence_hash(table.position, table.phase) == first
    for changed in ({"key": "other"}, {"verdict": "no-go"}, {"checks": CHECKS}, {"value": 0.81}):
        table.finish(**changed)
        assert evidence_hash(table.position, table.phase) != first


def test_what_an_effect_finds_when_it_is_brought_about_again_is_no_new_evidence(tmp_path: Path) -> None:
    table = Table(tmp_path, Kind.EFFECT)
    with table.ledger:
        table.finish(value=0.8)
        first = evidence_hash(table.position, table.phase)
        table.finish(value=0.9)
        assert evidence_hash(table.position, table.phase) == first
        table.finish(key="other")
        assert evidence_hash(table.position, table.phase) != first


def test_opening_a_gate_again_on_the_same_evidence_is_no_second_entry(table: Table) -> None:
    table.finish()
    for _ in range(2):
        table.open()
    assert [entry.type for entry in table.ledger.entries].count("gate_opened") == 1
    table.finish(key="other")
    table.open()
    assert [entry.type for entry in table.ledger.entries].count("gate_opened") == 2


def test_an_approval_passes_the_gate_for_exactly_what_it_showed(table: Table) -> None:
    table.finish()
    table.open()
    assert not gates.passed(table.position, table.phase)
    table.decide()
    assert gates.passed(table.position, table.phase)
    table.finish(key="other")
    assert not gates.passed(table.position, table.phase)
    assert gates.approved_before(table.position, table.phase) is None
    table.finish()
    assert gates.approved_before(table.position, table.phase) is not None


# refusals


def test_a_gate_that_was_never_opened_can_not_be_decided(table: Table) -> None:
    table.finish()
    assert refused(table, AnswersDoNotFit, "is not open yet").code == 8


@pytest.mark.parametrize(("first", "word"), [("approve", "approved"), ("reject", "rejected")])
def test_a_gate_that_was_decided_meanwhile_says_who_and_when(table: Table, first: str, word: str) -> None:
    table.finish()
    table.open()
    table.decide(first)
    when = table.ledger.entries[-1].at
    assert refused(table, AnswersDoNotFit, f"Ada {word} it at {when}").code == 8


@pytest.mark.parametrize("named", ["0000", "ffffffff", "abc", "", "    ", "ab  "])
def test_evidence_that_is_not_what_the_gate_shows_is_refused(table: Table, named: str) -> None:
    table.finish()
    shown = table.open()
    assert not shown.evidence.startswith(("0000", "ffff"))
    assert refused(table, AnswersDoNotFit, shown.evidence[:8], evidence=named).code == 8


def test_evidence_may_be_named_by_its_first_digits_in_groups(table: Table) -> None:
    table.finish()
    shown = table.open()
    table.decide(evidence=f"{shown.evidence[:4]} {shown.evidence[4:8]}")
    entry = table.ledger.entries[-1]
    assert (entry.data["bound"], entry.data["evidence"]) == (True, shown.evidence)


def test_an_answer_without_evidence_is_recorded_as_not_bound_to_it(table: Table) -> None:
    table.finish()
    table.open()
    table.decide()
    assert table.ledger.entries[-1].data["bound"] is False


def test_steps_done_again_since_the_gate_was_opened_need_a_new_look(table: Table) -> None:
    table.finish()
    table.open()
    table.finish(key="other")
    refused(table, AnswersDoNotFit, "steps were done again since")
    table.open()
    table.decide()


def test_changed_answers_go_with_revise_only(table: Table) -> None:
    table.finish()
    table.open()
    for decision in ("approve", "reject"):
        refused(table, AnswersDoNotFit, "go with revise", decision, set={"toy.factor": 3})


def test_a_failed_blocking_check_needs_an_override_that_names_it(table: Table) -> None:
    table.finish(checks=CHECKS)
    table.open()
    assert refused(table, Waiting, "data.leakage failed and blocks").code == 3
    refused(table, Waiting, "data.leakage failed and blocks", override=("robustness",))
    table.decide(override=("data.leakage",))
    assert table.ledger.entries[-1].data["override"] == ["data.leakage"]


def test_the_advice_names_every_check_that_would_need_an_override(table: Table) -> None:
    failed = [check.model_copy(update={"status": "fail", "blocking": True}) for check in CHECKS[:2]]
    table.finish(checks=tuple(failed))
    table.open()
    names = [check.id for check in failed]
    refusal = refused(table, Waiting, f"{names[0]}, {names[1]} failed and block")
    assert f"--override {names[0]} --override {names[1]} --reason" in refusal.hint


def test_an_override_of_a_check_that_is_not_there_is_refused(table: Table) -> None:
    table.finish(checks=CHECKS)
    table.open()
    assert refused(table, AnswersDoNotFit, "no check data.leak ", override=("data.leak",)).code == 8


def test_an_override_of_a_check_that_did_not_fail_is_worth_a_warning(table: Table) -> None:
    table.finish(checks=CHECKS)
    shown = table.open()
    answer = GateAnswer(decision="approve", by="a", reason="b", override=("calibration", "data.leakage"))
    assert idle_overrides(shown, answer) == ["calibration"]


def test_an_inconclusive_verdict_needs_conditions(table: Table) -> None:
    table.finish(verdict="inconclusive")
    assert table.open().recommendation == "approve with conditions"
    assert refused(table, Waiting, "needs conditions").code == 3
    table.decide(conditions="a review after a month")
    assert table.ledger.entries[-1].data["conditions"] == "a review after a month"


@pytest.mark.parametrize("more", [{}, {"only_if": "recommendation == approve", "override": ("data.leakage",)}])
def test_at_a_no_go_what_would_wait_is_a_rejection(table: Table, more: dict[str, Any]) -> None:
    table.finish(verdict="no-go", checks=CHECKS)
    assert table.open().recommendation == "reject"
    assert refused(table, Rejected, "", **more).code == 4
    table.decide(override=("data.leakage",))


def test_a_rejection_or_a_revision_needs_no_overrides(table: Table) -> None:
    table.finish(verdict="no-go", checks=CHECKS)
    table.open()
    table.decide("revise")
    assert table.position.gate("validation").open
    table.decide("reject")
    assert not table.position.gate("validation").open


# only_if


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recommendation == approve", True),
        ('recommendation == "approve"', True),
        ("recommendation != approve", False),
        ("metrics.roc_auc.value >= 0.8", True),
        ("metrics.roc_auc.value > 0.8", False),
        ("metrics.roc_auc.lower>=.7", True),
        ("metrics.roc_auc.lower >= 0.7 and checks.calibration == pass", True),
        ("metrics.roc_auc.lower >= 0.7   and\n checks.calibration == fail", False),
        ("checks.nothing == pass", False),
        ("checks.nothing != pass", False),
        ("metrics.f1.value < 2", False),
        ("metrics.roc_auc.upper < 2", False),
    ],
)
def test_a_condition_is_compared_and_what_is_unknown_makes_it_false(table: Table, text: str, expected: bool) -> None:
    table.finish(checks=CHECKS[:1])
    assert holds(text, table.open(), table.position) is expected


def test_the_id_of_a_check_may_hold_a_sign_of_comparison() -> None:
    assert parse_condition("checks.fairness.age.<30 == pass") == [("checks.fairness.age.<30", "==", "pass")]


def test_an_approval_counts_only_if_its_condition_holds(table: Table) -> None:
    table.finish()
    table.open()
    refused(table, Waiting, "holds only if", only_if="metrics.roc_auc.lower >= 0.9")
    table.decide(only_if="metrics.roc_auc.lower >= 0.7")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "approve",
        "recommendation",
        "recommendation ==",
        "== approve",
        "verdict == go",
        "metrics.roc_auc >= 0.7",
        "metrics.roc_auc.mean >= 0.7",
        "metrics..value >= 0.7",
        "__import__('os').system('touch /tmp/x') == 0",
        "recommendation.__class__ == str",
        "recommendation == approve or recommendation == reject",
        "recommendation == approve and",
        "and recommendation == approve",
        "not recommendation == approve",
        "recommendation != 3",
        "recommendation == approved",
        "recommendation < reject",
        "checks. == pass",
        "checks.data.leakage == passed",
        "checks.data.leakage >= 1",
        "metrics.roc_auc.value != nan",
        "metrics.roc_auc.value < inf",
        "metrics.roc_auc.value != high",
        "(lambda: 1)() == 1",
        "\x1b[2J == 1",
    ],
)
def test_what_is_not_a_condition_is_refused(text: str) -> None:
    with pytest.raises(AnswersDoNotFit, match="is not a condition") as caught:
        parse_condition(text)
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    "text", ["a" + " " * 200_000, "recommendation" + " =" * 100_000, "checks." + "x" * 200_000, " and " * 50_000]
)
def test_a_hostile_condition_takes_no_time(text: str) -> None:
    began = time.process_time()
    try:
        parse_condition(text)
    except AnswersDoNotFit:
        pass
    assert time.process_time() - began < 1
