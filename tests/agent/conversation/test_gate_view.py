from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.conversation.gate_view import Beside, beside, change, curve_note, gate_view, question_of
from agent.conversation.what_if import ThresholdCurve, curve
from agent.errors import AnswersDoNotFit
from agent.position import Position
from tests.agent.conversation.scenes import NUMBER, position, sayable
from tests.agent.conversation.test_replies import CURVE, SCENE
from tools.records import Check, Outcome
from tools.wording import say

DECIDED = {
    "data.target": "risk",
    "split.kind": "stratified",
    "data.leakage.due": "no",
    "search.trials": 60,
    "decision.threshold": 0.2,
    "deployment.target": "local",
}
SPLIT = Outcome(
    summary=say("{train} / {test} rows", train=640, test=200),
    checks=(
        Check(id="split.sealed", status="pass", blocking=True, value=200, criterion="sealed", title="Test | sealed"),
        Check(id="split.overlap", status="warn", blocking=False, value=3, criterion="none"),
    ),
)


def seen(found: Position) -> Any:
    return SimpleNamespace(registry=found.registry, position=found)


def held(folder: Path, **more: Any) -> ThresholdCurve:
    found = curve(position(folder, {**SCENE, "threshold_curve.json": {**CURVE, **more}}, {"decision.threshold": 0.2}))
    assert found is not None
    return found


# what a revision may change


def test_a_gate_offers_the_answers_of_its_own_phase_and_of_those_before(tmp_path: Path) -> None:
    found = position(tmp_path, {}, DECIDED)
    first = [each.id for each in gate_view(seen(found), "preparation").changeable]
    second = [each.id for each in gate_view(seen(found), "experimentation").changeable]
    assert first == ["data.target", "split.kind", "data.leakage.due"]
    assert second == [*first, "search.trials", "decision.threshold"]


def test_an_answer_is_offered_with_its_question_and_as_a_person_reads_it(tmp_path: Path) -> None:
    found = position(tmp_path, {}, {"data.leakage.d\x1b[1mue": "no", "data.drop": ["id", "phone"], "split.gap": None})
    shown = {each.id: each for each in gate_view(seen(found), "preparation").changeable}
    assert shown["data.drop"].value == "id, phone"
    assert shown["split.gap"].value == "unknown"
    prompt = shown["data.leakage.d\x1b[1mue"].prompt
    assert prompt.endswith("known at the moment of prediction?") and '"d' in prompt
    assert "\x1b" not in prompt and "{subject}" not in prompt


def test_a_decision_that_no_question_stands_behind_is_not_offered(tmp_path: Path) -> None:
    found = position(tmp_path, {}, {"toy.asked": 1})
    assert gate_view(seen(found), "deployment").changeable == ()


# the threshold


@pytest.mark.parametrize("gate", ["preparation", "validation", "deployment"])
def test_the_threshold_moves_at_the_second_gate_and_nowhere_else(tmp_path: Path, gate: str) -> None:
    found = seen(position(tmp_path, SCENE, {"decision.threshold": 0.2}))
    there = gate_view(found, "experimentation").curve
    assert there is not None and there.today == 0.2
    assert gate_view(found, gate).curve is None


def test_a_run_without_a_stored_curve_has_no_threshold_to_move(tmp_path: Path) -> None:
    assert gate_view(seen(position(tmp_path, {})), "experimentation").curve is None


def test_a_threshold_stands_line_by_line_beside_today_s(tmp_path: Path) -> None:
    found = held(tmp_path)
    rows = {row.label: row for row in beside(found, found.at(0.5))}
    then, today = CURVE["points"][5], CURVE["points"][2]
    assert rows["threshold"] == Beside("threshold", "0.5", "0.2")
    for label, key in (
        ('"lost", predicted so', "tp"),
        ('"lost", missed', "fn"),
        ('"paid", false alarm', "fp"),
        ('"paid", predicted so', "tn"),
    ):
        assert rows[label] == Beside(label, str(then[key]), str(today[key]))
    assert rows["expected cost per row"].asked != rows["expected cost per row"].today


def test_each_side_of_a_ratio_names_the_groups_that_lie_furthest_apart_there(tmp_path: Path) -> None:
    def group(level: str, low: float, high: float) -> dict[str, Any]:
        points = [{**point, "selection_rate": low if point["threshold"] < 0.4 else high} for point in CURVE["points"]]
        return {"column": "sex", "level": level, "rows": 60, "points": points}

    found = held(tmp_path, groups=[group("man", 0.5, 0.2), group("woman", 0.4, 0.4)])
    rows = {row.label: row for row in beside(found, found.at(0.5))}
    ratio = rows["selection rates by sex"]
    assert ratio.today.endswith("woman / man") and "0.8" in ratio.today
    assert ratio.asked.endswith("man / woman") and "0.5" in ratio.asked


def test_groups_too_small_to_judge_are_not_compared(tmp_path: Path) -> None:
    found = held(tmp_path, groups=[{**CURVE["groups"][0]}, {**CURVE["groups"][2]}])
    assert not [row for row in beside(found, found.at(0.5)) if row.label.startswith("selection rates")]


def test_every_number_beside_today_s_stands_in_the_stored_curve(tmp_path: Path) -> None:
    found = held(tmp_path)
    for threshold in (0.0, 0.3, 0.7, 1.0):
        ratios = [one.ratio for one in (*found.ratios(threshold), *found.ratios(found.today))]
        told = "\n".join(f"{row.asked} {row.today}" for row in beside(found, found.at(threshold)))
        assert set(NUMBER.findall(told)) <= sayable(CURVE, ratios)


def test_the_names_of_classes_and_groups_are_harmless(tmp_path: Path) -> None:
    names = {"classes": ["paid\x1b[0m", "lost\x9b2J"], "metric": "roc_auc", "models": []}
    groups = [{**group, "column": "sex\x1b]8", "level": f"{group['level']}\x07"} for group in CURVE["groups"]]
    files = {**SCENE, "baseline.json": names, "threshold_curve.json": {**CURVE, "groups": groups}}
    found = curve(position(tmp_path, files))
    assert found is not None
    told = "".join(row.label + row.asked + row.today for row in beside(found, found.at(0.5)))
    assert "sex" in told and not [sign for sign in told if ord(sign) < 32 or 127 <= ord(sign) < 160]


def test_the_curve_says_on_which_rows_and_costs_it_rests(tmp_path: Path) -> None:
    stated = curve_note(held(tmp_path / "stated"))
    assert "90 training rows, out of fold" in stated
    assert "a false alarm costs 1, a miss 4, as stated" in stated
    assert "no costs were stated, so every error counts one" in curve_note(held(tmp_path / "not", costs_stated=False))


# where a check comes from


def test_a_check_leads_to_its_step_its_finding_and_the_documents_that_show_it(tmp_path: Path) -> None:
    documents = {
        "documents-preparation/02-data-quality-report.md": b"| check | state |\n| test \\| SEALED | pass |\n",
        "documents-preparation/04-feature-pipeline.md": b"Test | sealed is told here, in no table",
        "documents-preparation/notebook.ipynb": b"| Test \\| sealed |",
    }
    found = position(tmp_path, documents, outcomes={"preparation.split": SPLIT})
    origins = gate_view(seen(found), "preparation").origins
    assert origins is not None and set(origins) == {"split.sealed", "split.overlap"}
    sealed = origins["split.sealed"]
    assert sealed.step.startswith("1.6 ") and "split" in sealed.step
    assert sealed.finding == "640 / 200 rows"
    assert sealed.deliverables == ("02-data-quality-report",)
    assert origins["split.overlap"].deliverables == (), "a check without a title is looked for by its id"


def test_a_gate_does_not_lead_to_the_checks_of_another_phase(tmp_path: Path) -> None:
    found = position(tmp_path, {}, outcomes={"preparation.split": SPLIT})
    assert gate_view(seen(found), "experimentation").origins == {}


# the questions of a revision


def test_a_decided_question_is_asked_again_with_its_options_and_its_answer(tmp_path: Path) -> None:
    found = position(tmp_path, {}, {"deployment.target": "container"})
    question, value = question_of(seen(found), "deployment.target")
    assert value == "container"
    assert [option.value for option in question.options] == ["local", "container", "kubernetes"]


@pytest.mark.parametrize("name", ["toy.asked", "deployment.target", "decision.mitigation"])
def test_a_question_that_is_not_there_or_not_decided_can_not_be_asked_again(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyError):
        question_of(seen(position(tmp_path, {})), name)


def test_a_change_shows_the_answer_that_it_takes_and_the_one_that_holds(tmp_path: Path) -> None:
    found = seen(position(tmp_path, {}, {"deployment.target": "container"}))
    taken = change(found, "deployment.target", "kubernetes")
    assert (taken.value, taken.shown, taken.before, taken.same) == ("kubernetes", "kubernetes", "container", False)
    assert change(found, "deployment.target", "container").same
    assert found.position.decisions["deployment.target"].value == "container", "only shown, nothing is taken"


def test_a_change_of_what_has_not_come_up_has_nothing_before_it(tmp_path: Path) -> None:
    ahead = change(seen(position(tmp_path, {})), "search.trials", 80)
    assert (ahead.value, ahead.before, ahead.same) == (80, None, False)


@pytest.mark.parametrize(("name", "value"), [("toy.asked", 1), ("deployment.target", "moon"), ("search.trials", 0)])
def test_a_change_that_the_decision_would_not_take_is_refused_at_once(tmp_path: Path, name: str, value: Any) -> None:
    found = seen(position(tmp_path, {}, {"deployment.target": "local", "data.target": "risk"}))
    with pytest.raises(AnswersDoNotFit):
        change(found, name, value)
