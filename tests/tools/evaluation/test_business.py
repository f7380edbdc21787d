"""Business value: costs by hand, savings paired, break-even by hand, and today's policy in each of its forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tools.errors import InputError
from tools.evaluation.business import Alternative, break_even, evaluate, row_costs, todays_policy
from tools.evaluation.criteria import Criteria, Policy, Requirement
from tools.evaluation.metrics import Costs, Predictions

CLASSES = ("good", "bad")
FRAME = pd.DataFrame({"old": pd.Series(["bad", "good", "bad", "good"], dtype="str"), "score": [1.0, 2.0, 3.0, 4.0]})


def criteria(**changes: object) -> Criteria:
    base = Criteria(
        task="binary", primary=Requirement(metric="roc_auc"), false_negative_cost=5.0, costs_stated=True, unit="loan"
    )
    return base.model_copy(update=changes)


def labels(*codes: int) -> Predictions:
    return Predictions(labels=np.array(codes))


def test_costs_are_counted_by_hand() -> None:
    y = np.array([1, 1, 0, 0])
    assert row_costs(y, labels(0, 1, 1, 0), "binary", Costs(2.0, 5.0)).tolist() == [5.0, 0.0, 2.0, 0.0]
    assert row_costs(y, labels(0, 1, 1, 0), "multiclass", Costs()).tolist() == [1.0, 0.0, 1.0, 0.0]
    numbers = row_costs(np.array([1.0, 5.0]), Predictions(values=np.array([3.0, 4.0])), "regression", Costs(), 2.5)
    assert numbers.tolist() == [5.0, 2.5]


def test_break_even_is_the_ratio_at_which_both_cost_the_same() -> None:
    y = np.array([1] * 10 + [0] * 20)
    model = labels(*([1] * 8 + [0] * 2 + [1] * 4 + [0] * 16))  # 2 missed, 4 false alarms
    nobody = labels(*[0] * 30)  # 10 missed
    ratio = break_even(y, model, nobody)
    assert ratio == pytest.approx(0.5)  # 4 + 2 r = 10 r
    assert break_even(y, model, model) is None


def test_every_form_of_todays_policy_decides_as_it_says() -> None:
    def decided(policy: Policy) -> list[int]:
        found = todays_policy(policy, FRAME, "binary", CLASSES)
        assert found is not None and found.predictions.labels is not None
        return [int(code) for code in found.predictions.labels]

    assert todays_policy(Policy(), FRAME, "binary", CLASSES) is None
    assert decided(Policy(kind="accept_all")) == [0, 0, 0, 0]
    assert decided(Policy(kind="reject_all")) == [1, 1, 1, 1]
    assert decided(Policy(kind="always", value="bad")) == [1, 1, 1, 1]
    assert decided(Policy(kind="column", value="old")) == [1, 0, 1, 0]
    forecast = todays_policy(Policy(kind="column", value="score"), FRAME, "regression", ())
    assert forecast is not None and forecast.predictions.values is not None
    assert forecast.predictions.values.tolist() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("policy", "said"),
    [(Policy(kind="column", value="nope"), '"nope"'), (Policy(kind="always", value="ugly"), '"ugly"'),
     (Policy(kind="column", value="score"), "no class")],
)  # fmt: skip
def test_a_policy_that_cannot_be_is_refused_by_name(policy: Policy, said: str) -> None:
    with pytest.raises(InputError, match=said):
        todays_policy(policy, FRAME, "binary", CLASSES)


def test_a_saving_is_paired_and_turns_with_the_costs() -> None:
    random = np.random.default_rng(0)
    y = (random.random(2000) < 0.3).astype(np.int64)
    model = Predictions(labels=np.where(random.random(2000) < 0.8, y, 1 - y))
    nobody = Alternative("today", "accept all", labels(*[0] * 2000))
    report = evaluate(y, model, (nobody,), criteria())
    today = report.policy("today")
    assert today is not None and today.saving is not None and today.saving.lower is not None
    assert today.cost.value == pytest.approx(5 * y.mean())
    assert today.saving.lower > 0
    cheap = next(s for s in report.sensitivity if s.cost == "false_negative" and s.factor == 0.5)
    dear = next(s for s in report.sensitivity if s.cost == "false_negative" and s.factor == 2.0)
    assert cheap.saving < today.saving.value < dear.saving  # type: ignore[operator]
    # at the break-even ratio the saving is nothing
    even = evaluate(y, model, (nobody,), criteria(false_negative_cost=today.break_even))
    assert even.policies[1].saving is not None and even.policies[1].saving.value == pytest.approx(0.0, abs=1e-9)
