from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from agent.answers import GATES
from agent.conversation.intents import understand
from agent.conversation.meanings import (
    Back,
    Budget,
    Compare,
    Differ,
    Explain,
    Export,
    Findings,
    ForkAt,
    Help,
    HowToDecide,
    Intent,
    NotUnderstood,
    Pending,
    Profile,
    SetValue,
    Show,
    StatusOf,
    WhatIf,
    Why,
)
from agent.conversation.parts import Bars, Curve, ExportTranscript, Fork, Grid, OpenGate, Set, Undo, marked
from agent.conversation.replies import reply, reply_not_understood
from agent.conversation.view import SessionView, vocabulary
from agent.conversation.what_if import curve
from agent.decisions import GateDecision
from agent.gates import GateRequest
from agent.position import Position
from tests.agent.conversation.scenes import NUMBER, drawn, gate, leaves, position, question, sayable, words
from tools.records import Finding, Outcome
from tools.wording import say

EVERY: tuple[Intent, ...] = (
    Why(),
    Why("split.kind"),
    Show("13-model-card"),
    Profile("age"),
    Compare(),
    Explain(3),
    WhatIf(),
    WhatIf(0.3),
    SetValue("split.test_size", 0.3),
    Back(),
    ForkAt("preparation"),
    Differ(),
    Budget(),
    StatusOf(),
    Findings(),
    Export(),
    Help(),
    Help("why"),
    HowToDecide(),
)


def points(shift: int = 0) -> list[dict[str, Any]]:
    found = []
    for step in range(11):
        tp, fp = 40 - 3 * step - shift, 50 - 5 * step
        found.append(
            {
                "threshold": step / 10,
                "tp": tp,
                "fp": fp,
                "fn": 40 - tp,
                "tn": 50 - fp,
                "cost": 0.137 + step / 97,
                "selection_rate": (tp + fp) / 90,
            }
        )
    return found


CURVE: dict[str, Any] = {
    "version": 1,
    "model": "linear model",
    "calibration": "none",
    "rows": 90,
    "costs_stated": True,
    "false_positive_cost": 1.0,
    "false_negative_cost": 4.0,
    "points": points(),
    "groups": [
        {"column": "sex", "level": "man", "rows": 60, "points": points()},
        {"column": "sex", "level": "woman", "rows": 30, "points": points(7)},
        {"column": "sex", "level": "other", "rows": 12, "points": points(9)},
    ],
    "recommended": {"none": {"threshold": 0.2, "basis": "cost", "cost": 0.1, "cost_at_half": 0.2}},
}
SCENE = {
    "threshold_curve.json": CURVE,
    "baseline.json": {"classes": ["paid", "lost"], "metric": "roc_auc", "models": []},
    "criteria.json": {"fairness": {"minimum_rows": 20}},
}


def column(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "position": 1,
        "type": "integer",
        "role": "number",
        "rows": 777,
        "missing": 0,
        "missing_share": 0.0,
        "distinct": 53,
        "top": [],
        "numbers": {
            "minimum": 19.0,
            "lower_quartile": 27.0,
            "median": 33.0,
            "upper_quartile": 42.0,
            "maximum": 75.0,
            "mean": 35.546,
            "deviation": 11.37,
        },
        "first": None,
        "last": None,
        "personal": None,
        "protected": None,
        **more,
    }


READING = {"columns": [{"name": "age"}, {"name": "mail"}, {"name": "risk"}]}
PROFILE: dict[str, Any] = {
    "rows": 777,
    "columns": [column("age"), column("mail", personal="e-mail address", top=[{"value": "a@b", "rows": 3}])],
    "target": {"classes": {"bad": 231, "good": 546}},
}
EXPLORATION: dict[str, Any] = {
    "rows": 555,
    "target": "risk",
    "focus": "bad",
    "class_counts": {"bad": 166, "good": 389},
    "target_histogram": None,
    "associations": [["age", 0.111]],
    "telling": [],
    "pairs": [],
    "withheld": [{"column": "mail", "reason": "it carries personal data"}],
    "views": [
        {
            "column": "age",
            "kind": "number",
            "distinct": 44,
            "missing_share": 0.0,
            "minimum": 21.0,
            "median": 34.0,
            "maximum": 66.0,
            "levels": [
                {"label": "", "start": 21.0, "rows": 81, "rate": 0.41, "lower": 0.31, "upper": 0.52},
                {"label": "", "start": 40.0, "rows": 92, "rate": 0.22, "lower": 0.14, "upper": 0.32},
            ],
            "histogram": None,
        }
    ],
}


def view(place: Position, pending: Pending = None) -> SessionView:
    return SessionView(place, pending=pending)


def decided(place: Position, name: str) -> None:
    place.gate(name).decisions.append(
        GateDecision(
            gate=name,
            decision="approve",
            by="Ada",
            reason="I read it",
            evidence="0",
            bound=True,
            recommendation="approve",
        )
    )


def tables(place: Position, intent: Intent) -> dict[str, Grid]:
    return {part.title: part for part in reply(intent, view(place)).parts if isinstance(part, Grid)}


@pytest.mark.parametrize("intent", EVERY, ids=repr)
@pytest.mark.parametrize("pending", [None, question("choice", ("a", "b")), gate()], ids=["nothing", "question", "gate"])
def test_every_intent_has_a_reply_from_the_first_moment_on(tmp_path: Path, intent: Intent, pending: Pending) -> None:
    answer = reply(intent, view(position(tmp_path, {}), pending))
    assert words(answer).strip()
    if not isinstance(pending, GateRequest):
        assert not isinstance(answer.action, Set), "with nothing decided and no gate open there is nothing to change"


@pytest.mark.parametrize(
    ("intent", "step"),
    [
        (Compare(), "1.7 baseline"),
        (WhatIf(0.3), "2.6 error analysis"),
        (Explain(3), "2.7 optimisation"),
        (Budget(), "2.2 tuning"),
    ],
)
def test_what_is_not_there_yet_is_said_with_the_step_that_makes_it(tmp_path: Path, intent: Intent, step: str) -> None:
    answer = reply(intent, view(position(tmp_path, {})))
    assert f"step {step} makes it" in words(answer)


# ── what if ─────────────────────────────────────────────────────────────────


def test_a_threshold_is_answered_from_the_stored_point(tmp_path: Path) -> None:
    place = position(tmp_path, SCENE, {"decision.threshold": 0.2})
    grids = tables(place, WhatIf(0.5))
    point = CURVE["points"][5]
    assert grids["counts at 0.5"].columns == ("", 'predicted "lost"', 'predicted "paid"')
    assert grids["counts at 0.5"].rows == (
        ('is "lost"', str(point["tp"]), str(point["fn"])),
        ('is "paid"', str(point["fp"]), str(point["tn"])),
    )
    assert grids["beside today's"].columns == ("", "at 0.5", "at 0.2 (decided)")
    assert [row[:3] for row in grids["by group"].rows] == [
        ("sex", "man", "60"),
        ("sex", "woman", "30"),
        ("sex", "other", "12"),
    ]
    assert [row[-1] for row in grids["by group"].rows] == ["", "", "too few rows to judge"]


def test_a_threshold_between_two_stored_ones_takes_the_nearest_and_says_so(tmp_path: Path) -> None:
    place = position(tmp_path, SCENE)
    told = words(reply(WhatIf(0.33), view(place)))
    assert "0.33 is not on the stored curve; the nearest stored threshold is 0.3." in told
    assert "not on the stored curve" not in words(reply(WhatIf(0.3), view(place)))


def test_the_slider_reads_the_same_points(tmp_path: Path) -> None:
    held = curve(position(tmp_path, SCENE))
    assert held is not None
    assert (held.recommended, held.decided, held.today) == (0.2, None, 0.2)
    assert held.at(0.0).threshold == 0.0
    assert held.at(0.44).threshold == 0.4
    assert held.at(1.0) == held.points[-1]
    (ratio,) = held.ratios(0.2)
    rates = [group["points"][2]["selection_rate"] for group in CURVE["groups"][:2]]
    assert (ratio.lowest, ratio.highest) == ("woman", "man"), "groups that are too small are not compared"
    assert ratio.ratio == pytest.approx(rates[1] / rates[0])
    assert curve(position(tmp_path / "other", {})) is None


def test_where_a_problem_has_no_threshold_it_is_said(tmp_path: Path) -> None:
    place = position(tmp_path, {"errors.json": {}})
    assert "only a problem with two classes has one" in reply(WhatIf(0.3), view(place)).text


@pytest.mark.parametrize("threshold", [None, 0.0, 0.3, 0.7, 1.0])
def test_every_number_of_a_what_if_stands_in_the_evidence(tmp_path: Path, threshold: float | None) -> None:
    place = position(tmp_path, SCENE, {"decision.threshold": 0.2})
    answer = reply(WhatIf(threshold), view(place))
    held = curve(place)
    assert held is not None
    ratios = [one.ratio for one in held.ratios(0.2 if threshold is None else threshold)]
    told = words(answer)
    assert set(_numbers(told)) <= sayable(SCENE, ratios, 0.2)
    assert set(drawn(answer)) <= {float(leaf) for leaf in leaves(CURVE) if not isinstance(leaf, str)}


def _numbers(told: str) -> list[str]:
    return NUMBER.findall(told)


# ── columns and the vault ───────────────────────────────────────────────────

DATA = {"reading.json": READING, "profile.json": PROFILE}
SPLIT = {**DATA, "test.parquet": b"sealed", "split.parquet": b""}


def test_before_the_split_a_column_is_shown_without_the_target(tmp_path: Path) -> None:
    place = position(tmp_path, DATA, {"data.target": "risk"})
    told = words(reply(Profile("age"), view(place)))
    assert "777 rows of the file" in told
    assert set(_numbers(told)) <= sayable(PROFILE["columns"])
    told = words(reply(Profile("risk"), view(place)))
    assert "is the target" in told
    assert not {"231", "546"} & set(_numbers(told))


def test_between_the_split_and_the_opening_only_training_rows_are_shown(tmp_path: Path) -> None:
    place = position(tmp_path, SPLIT, {"data.target": "risk"})
    told = words(reply(Profile("age"), view(place)))
    assert "step 1.3 exploration makes it" in told
    assert not set(_numbers(told)) & sayable(PROFILE["columns"][0]["numbers"])
    place = position(tmp_path / "explored", {**SPLIT, "exploration.json": EXPLORATION}, {"data.target": "risk"})
    for name in ("age", "risk", "mail"):
        told = words(reply(Profile(name), view(place)))
        assert "777" not in told
        assert set(_numbers(told)) <= sayable(EXPLORATION, "0 to 1"), name


def test_once_the_vault_is_open_the_whole_file_is_shown_again(tmp_path: Path) -> None:
    artifacts = {**SPLIT, "exploration.json": EXPLORATION}
    opened = position(tmp_path / "a", {**artifacts, "opened.parquet": b"sealed"})
    assert "777" in words(reply(Profile("age"), view(opened)))
    older = position(tmp_path / "b", {**artifacts, "opened.parquet": b"rows of an older split"})
    assert "777" not in words(reply(Profile("age"), view(older))), "another split has other test rows"


def test_personal_values_are_never_shown(tmp_path: Path) -> None:
    told = words(reply(Profile("mail"), view(position(tmp_path / "a", DATA))))
    assert "personal data" in told and "a@b" not in told
    place = position(tmp_path / "b", {**SPLIT, "exploration.json": EXPLORATION})
    assert "not shown: it carries personal data" in words(reply(Profile("mail"), view(place)))


# ── reasons and decisions ───────────────────────────────────────────────────


def test_why_tells_the_recommendation_its_rule_and_its_line_of_the_guidance(tmp_path: Path) -> None:
    answer = reply(Why(), view(position(tmp_path, {}), question("choice", ("a", "b"))))
    told = words(answer)
    assert "Recommended: a. Reason: the data say so." in told
    assert "split.stratified" in told and "guidance" in told
    assert [row[0] for part in answer.parts if isinstance(part, Grid) for row in part.rows] == ["a", "b"]


def test_why_tells_who_decided_what(tmp_path: Path) -> None:
    place = position(tmp_path, {}, {"split.kind": "time"})
    told = words(reply(Why("split.kind"), view(place)))
    assert "Decided by Ada: time (answered in the terminal)." in told
    assert "Nothing is decided there yet" in words(reply(Why("split.gap"), view(place)))


def test_why_at_a_gate_tells_the_recommendation_and_what_did_not_pass(tmp_path: Path) -> None:
    answer = reply(Why(), view(position(tmp_path, {}), gate()))
    assert "the recommendation is to revise: latency failed" in words(answer)
    assert answer.action == OpenGate("experimentation")


def test_words_of_decision_open_the_gates_screen_and_nothing_else(tmp_path: Path) -> None:
    place = position(tmp_path, {})
    for line in ("approve", "ok", "yes", "/approve", "reject"):
        meaning = understand(line, gate(), vocabulary(view(place)))
        assert isinstance(meaning, HowToDecide)
        answer = reply(meaning, view(place, gate()))
        assert answer.text.startswith("Nothing was decided.")
        assert answer.action == OpenGate("experimentation")
    assert not place.gates, "the position is as it was"


def test_no_reply_can_decide_a_gate(tmp_path: Path) -> None:
    place = position(tmp_path, SCENE, {"split.test_size": 0.2})
    for intent in EVERY:
        action = reply(intent, view(place, gate())).action
        assert action is None or isinstance(action, Undo | Fork | Set | OpenGate | ExportTranscript)


def test_another_value_is_checked_before_it_is_offered(tmp_path: Path) -> None:
    place = position(tmp_path, {}, {"split.test_size": 0.2, "data.drop": ["id"]})
    answer = reply(SetValue("split.test_size", 0.3), view(place, gate("preparation")))
    assert answer.action == Set("split.test_size", 0.3)
    assert "would be 0.3; it is 0.2" in words(answer) and "revision of gate preparation" in words(answer)
    assert "over 0.8" in words(reply(SetValue("split.test_size", 0.9), view(place)))
    for wrong in (0.9, "a lot", True, float("nan"), [0.3], {"a": 1}):
        assert reply(SetValue("split.test_size", wrong), view(place)).action is None
    assert "already" in words(reply(SetValue("split.test_size", 0.2), view(place)))


def test_a_value_is_put_at_the_end_of_a_list_and_only_of_a_list(tmp_path: Path) -> None:
    place = position(tmp_path, {}, {"split.test_size": 0.2, "data.drop": ["id"]})
    assert reply(SetValue("data.drop", "age", append=True), view(place)).action == Set("data.drop", ["id", "age"])
    assert reply(SetValue("data.drop", "id", append=True), view(place)).action is None
    refused = reply(SetValue("split.test_size", 0.1, append=True), view(place))
    assert refused.action is None and "is no list" in words(refused)


def test_a_value_that_needs_a_reason_says_so(tmp_path: Path) -> None:
    place = position(tmp_path, {}, {"data.leakage.age": "drop"})
    answer = reply(SetValue("data.leakage.age", "release"), view(place))
    assert answer.action == Set("data.leakage.age", "release", needs_reason=True)
    assert "only with a written reason" in words(answer)


def test_the_last_answer_is_taken_back_unless_its_gate_was_decided(tmp_path: Path) -> None:
    place = position(tmp_path, {}, {"data.drop": [], "split.kind": "time"})
    assert reply(Back(), view(place)).action == Undo("split.kind")
    decided(place, "preparation")
    answer = reply(Back(), view(place))
    assert answer.action is None and "/fork preparation" in words(answer)


def test_a_run_forks_at_a_decided_gate_only(tmp_path: Path) -> None:
    place = position(tmp_path, {})
    assert reply(ForkAt("preparation"), view(place)).action is None
    decided(place, "preparation")
    answer = reply(ForkAt("preparation"), view(place))
    assert answer.action == Fork("preparation")
    assert 'Ada decided (approve, "I read it")' in words(answer)


def test_a_budget_tells_what_was_planned_and_what_was_used(tmp_path: Path) -> None:
    trials = {"trials": [{}] * 17, "allowed": 17, "stopped_by_clock": True}
    place = position(tmp_path, {"trials.json": trials}, {"search.trials": 40, "search.max_seconds": 90})
    told = words(reply(Budget(), view(place)))
    assert "Planned: 40 trials over all model families and 90 s of wall time" in told
    assert "Used: 17 of 17 allowed trials; the clock stopped the search." in told


def test_findings_come_gravest_first(tmp_path: Path) -> None:
    found = tuple(
        Finding(id=f"quality.{level}", step="s", kind="quality", level=level, text=say(f"a {level}"))
        for level in ("info", "block", "warn")
    )
    outcome = Outcome(summary=say("done"), findings=found)
    place = position(tmp_path, {}, outcomes={"preparation.discovery": outcome})
    assert [row[0] for row in tables(place, Findings())["findings"].rows] == ["block", "warn", "info"]


# ── hostile names ───────────────────────────────────────────────────────────

HOSTILE = (
    "[click](http://evil.example)",
    "<script>alert(1)</script>",
    "www.evil.example",
    "https://evil.example/x",
    "[@click=app.quit]quit[/]",
    "\x1b[2J\x1b]0;owned\x07",
    "`x` **bold** _it_",
    "# heading",
    "a|b",
    "- item",
    "1. item",
    "&lt;b&gt;",
    "![i](http://evil.example/i.png)",
    "user@evil.example",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(tmp_path: Path, name: str) -> None:
    exploration = {**EXPLORATION, "target": name, "focus": name, "views": [{**EXPLORATION["views"][0], "column": name}]}
    exploration |= {"associations": [[name, 0.1]], "withheld": [], "class_counts": {name: 166}}
    artifacts = {
        "reading.json": {"columns": [{"name": name}]},
        "profile.json": {"columns": [column(name, protected=name, top=[{"value": name, "rows": 3}])]},
        "threshold_curve.json": {
            **CURVE,
            "model": name,
            "groups": [{"column": name, "level": name, "rows": 60, "points": points()}] * 2,
        },
        "baseline.json": {"classes": [name, f"{name}!"], "metric": "roc_auc", "models": []},
    }
    before = position(tmp_path / "a", artifacts, {f"data.leakage.{name}": name})
    after = position(
        tmp_path / "b",
        {**artifacts, "exploration.json": exploration, "test.parquet": b""},
        {"data.target": "x", f"data.leakage.{name}": name},
    )
    asked = question("choice", (name, "b")).model_copy(update={"prompt": name, "why": name, "id": name, "rule": name})
    decided(before, "preparation")
    before.gate("preparation").decisions[-1] = (
        before.gate("preparation").decisions[-1].model_copy(update={"by": name, "reason": name})
    )
    intents = (
        Profile(name),
        WhatIf(0.3),
        Compare(),
        Why(f"data.leakage.{name}"),
        Why(),
        Back(),
        SetValue(f"data.leakage.{name}", "keep"),
        ForkAt("preparation"),
        Export(name),
        Help(),
        HowToDecide(),
    )
    for place in (before, after):
        for pending in (None, asked, gate().model_copy(update={"why": name})):
            for intent in intents:
                _inert(reply(intent, view(place, pending)))
    _inert(reply_not_understood(_refused(name)))


def _refused(name: str) -> NotUnderstood:
    understood = understand(f"/profile {name}x", None, vocabulary(SessionView(position(Path("/nowhere"), {}))))
    assert isinstance(understood, NotUnderstood)
    return understood


def _inert(answer: Any) -> None:
    told = words(answer) + answer.text
    assert not any(char in told for char in "\x1b\x07\x00")
    allowed = {"paragraph_open", "paragraph_close", "inline"}
    plain = {"text", "text_special", "softbreak", "code_inline", "strong_open", "strong_close"}
    for token in MarkdownIt("gfm-like").parse(answer.text):
        assert token.type in allowed, token
        for inner in token.children or ():
            assert inner.type in plain, inner


def test_marked_text_reads_as_it_was() -> None:
    for name in ("a_b", "1. x", "- x", "x.y.z", "100 %", "<b>", "a\\b"):
        (inline,) = [token for token in MarkdownIt("gfm-like").parse(marked(name)) if token.type == "inline"]
        assert "".join(child.content for child in inline.children or ()) == name


def test_the_vocabulary_holds_what_the_run_knows(tmp_path: Path) -> None:
    known = vocabulary(view(position(tmp_path, DATA, {"data.leakage.age": "drop"}), question("text")))
    assert known.columns == ("age", "mail", "risk")
    assert known.questions[:2] == ("toy.asked", "data.leakage.age")
    assert "split.test_size" in known.questions and not any(name.endswith("*") for name in known.questions)
    assert known.gates == GATES
    assert ("13-model-card", "Model card") in known.deliverables and len(known.deliverables) == 20


def test_parts_hold_as_many_cells_as_columns(tmp_path: Path) -> None:
    place = position(tmp_path, {**SCENE, **DATA}, {"split.kind": "time"})
    for intent in EVERY:
        for part in reply(intent, view(place)).parts:
            if isinstance(part, Grid):
                assert all(len(row) == len(part.columns) for row in part.rows)
            if isinstance(part, Curve):
                assert len(part.x) == len(part.y)
            if isinstance(part, Bars):
                assert all(label for label, _, _ in part.rows)
