"""Criteria are fixed to the bit, bounds are judged by their limits, and the verdict follows from the checks alone."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tools.errors import InputError
from tools.evaluation.criteria import (
    Criteria,
    Requirement,
    fingerprint,
    judge,
    judge_gain,
    parse_policy,
    requirements,
    rows_to_settle,
)
from tools.evaluation.verdict import Settling, decide
from tools.records import Check, Status
from tools.wording import say


def check(id: str, status: Status, blocking: bool = False) -> Check:
    return Check(
        id=id, status=status, blocking=blocking, value=0.7, criterion="ROC AUC ≥ 0.7", title=id,
        measured=say("ROC AUC {value|num}", value=0.7),
    )  # fmt: skip


def all_pass() -> list[Check]:
    return [
        check("holdout.metric", "pass", True), check("holdout.gain", "pass", True), check("calibration", "pass"),
        check("data.rows", "pass"), check("data.leakage", "pass", True), check("fairness.sex", "pass", True),
        check("latency", "pass", True), check("robustness", "pass"), check("fairness.sex.f", "pass"),
    ]  # fmt: skip


def with_status(id: str, status: Status) -> list[Check]:
    return [each.model_copy(update={"status": status}) if each.id == id else each for each in all_pass()]


def test_any_change_of_a_criterion_changes_the_fingerprint() -> None:
    base = Criteria(task="binary", primary=Requirement(metric="roc_auc", bound=0.7))
    others = [
        base.model_copy(update={"alpha": 0.1}),
        base.model_copy(update={"primary": Requirement(metric="roc_auc", bound=0.71)}),
        base.model_copy(update={"fairness": base.fairness.model_copy(update={"ratio": 0.75})}),
    ]
    prints = [fingerprint(each) for each in (base, *others)]
    assert len(set(prints)) == len(prints)
    assert fingerprint(Criteria.model_validate_json(base.model_dump_json())) == prints[0]


@pytest.mark.parametrize(
    ("lower", "upper", "status"), [(0.70, 0.8, "pass"), (0.69, 0.8, "insufficient"), (0.5, 0.69, "fail")]
)
def test_a_bound_is_reached_by_the_limit_not_by_the_estimate(lower: float, upper: float, status: str) -> None:
    assert judge("roc_auc", lower, upper, 0.7) == status
    assert judge("log_loss", 1 - upper, 1 - lower, 0.3000000001) == status


def test_too_few_rows_leave_even_a_clear_value_open() -> None:
    assert judge("roc_auc", 0.9, 0.99, 0.7, conclusive=False) == "insufficient"


def test_a_gain_of_zero_is_no_gain() -> None:
    assert [judge_gain(0.01, 0.1), judge_gain(-0.01, 0.1), judge_gain(0.0, 0.0)] == ["pass", "insufficient", "fail"]


def test_rows_to_settle_grow_with_the_square_of_the_missing_width() -> None:
    assert rows_to_settle(0.75, 0.65, 0.70, 200) == 800
    assert rows_to_settle(0.70, 0.65, 0.70, 200) is None


@pytest.mark.parametrize(
    ("answer", "kind", "value"),
    [(None, "none", None), ("none", "none", None), ("accept_all", "accept_all", None),
     ("reject_all", "reject_all", None), ("always:good", "always", "good"), ("column:old score", "column", "old score"),
     ("old_decision", "column", "old_decision"), ({"column": "x"}, "column", "x")],
)  # fmt: skip
def test_todays_policy_has_a_typed_form(answer: Any, kind: str, value: str | None) -> None:
    found = parse_policy(answer)
    assert (found.kind, found.value) == (kind, value)


def test_a_guard_rail_needs_a_number_and_a_metric_that_fits() -> None:
    assert requirements({"roc_auc": 0.7}, "binary")[0].text == "ROC AUC ≥ 0.7"
    with pytest.raises(InputError, match="needs a number"):
        requirements({"roc_auc": "high"}, "binary")
    with pytest.raises(InputError, match="does not fit"):
        requirements({"rmse": 1.0}, "binary")


def test_go_needs_every_decisive_check() -> None:
    assert decide(all_pass(), "x").verdict == "go"
    assert decide(all_pass()[1:], "x").verdict == "inconclusive"  # the metric was not measured


@pytest.mark.parametrize("id", ["holdout.metric", "holdout.gain", "data.leakage", "fairness.sex", "latency"])
def test_a_failed_blocking_check_is_no_go(id: str) -> None:
    found = decide(with_status(id, "fail"), "x")
    assert (found.verdict, found.recommendation) == ("no-go", "reject")
    assert found.reasons[0].facts["title"] == id


@pytest.mark.parametrize("id", ["holdout.metric", "holdout.gain", "data.rows", "fairness.sex", "calibration"])
def test_an_open_decisive_check_is_inconclusive_with_conditions(id: str) -> None:
    found = decide(with_status(id, "insufficient"), "x")
    assert (found.verdict, found.recommendation) == ("inconclusive", "approve with conditions")


def test_bad_calibration_is_inconclusive_and_a_warning_is_not() -> None:
    assert decide(with_status("calibration", "fail"), "x").verdict == "inconclusive"
    assert decide(with_status("calibration", "warn"), "x").verdict == "go"


def test_a_groups_own_check_counts_through_its_column() -> None:
    assert decide(with_status("fairness.sex.f", "insufficient"), "x").verdict == "go"


def test_robustness_is_told_but_does_not_decide() -> None:
    found = decide(with_status("robustness", "fail"), "x")
    assert found.verdict == "go" and any(r.facts["title"] == "robustness" for r in found.reasons)


def test_the_verdict_never_gets_better_when_a_check_gets_worse() -> None:
    rank = {"go": 2, "inconclusive": 1, "no-go": 0}
    order: tuple[Status, ...] = ("pass", "warn", "insufficient", "fail")
    for each, (better, worse) in itertools.product(all_pass(), itertools.pairwise(order)):
        a, b = decide(with_status(each.id, better), "x"), decide(with_status(each.id, worse), "x")
        assert rank[a.verdict] >= rank[b.verdict], (each.id, better, worse)


def test_of_two_checks_with_one_id_the_later_counts() -> None:
    found = decide([*with_status("latency", "fail"), check("latency", "pass", True)], "x")
    assert found.verdict == "go" and [c.id for c in found.checks].count("latency") == 1


def test_rows_that_would_settle_an_open_check_are_in_its_words() -> None:
    settling = [
        Settling(check="fairness.sex", subject="f", rows=130),
        Settling(check="calibration", subject="x", rows=9),
    ]
    found = decide(with_status("fairness.sex", "insufficient"), "x", settling)
    assert "130" in str(found.reasons[0]) and "of f" in str(found.reasons[0])
    assert [entry.rows for entry in found.rows_to_settle] == [130]


def test_one_cause_is_told_once_and_a_cause_of_its_own_beside_it() -> None:
    failing = [
        check("fairness.sex", "fail", True), check("fairness.sex.f", "fail"), check("fairness.sex+age", "fail"),
        check("fairness.race+age", "fail"), check("robustness", "fail"),
    ]  # fmt: skip
    told = [str(reason) for reason in decide([*all_pass()[:5], *failing], "0" * 64).reasons]
    assert [text.partition(":")[0] for text in told] == ["fairness.sex", "fairness.race+age", "robustness"]
    assert told[0].endswith("not met") and told[-1].endswith("which advises but does not block")
