from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AnswersDoNotFit
from agent.position import Position
from agent.questions import Choice, Question, build, check_static, decide, open_questions
from agent.registry import Phase, Registry
from agent.steps import AnswerType, Ask, Job, Option, Step
from tests.agent.driving import Counsel
from tests.agent.toy import toy
from tools.records import Outcome
from tools.wording import say
from workspace.ledger import Entry
from workspace.store import Store


def question(kind: AnswerType, *options: Any, **more: Any) -> Question:
    fields: dict[str, Any] = {
        "id": "q.one",
        "step": "preparation.x",
        "prompt": "What?",
        "recommended": None,
        "has_recommendation": False,
        "why": "",
        "rule": None,
        "nullable": True,
    }
    choices = tuple(Choice(value=option, label=str(option), reason="") for option in options)
    return Question(type=kind, options=choices, **{**fields, **more})


def taken(asked: Question, value: Any, reason: str | None = None) -> Any:
    return decide(asked, value, source="file", by=None, reason=reason).value


@pytest.mark.parametrize(
    ("kind", "options", "value", "kept"),
    [
        ("text", (), "words", "words"),
        ("text", (), 12, "12"),
        ("choice", ("a", "b"), "b", "b"),
        ("choice", (1, 2), 2, 2),
        ("choice", (), "anything", "anything"),
        ("several", ("a", "b"), ["b", "a"], ["b", "a"]),
        ("several", ("a", "b"), [], []),
        ("number", (), 3, 3),
        ("number", (), 0.5, 0.5),
        ("integer", (), 7, 7),
        ("boolean", (), True, True),
        ("column", ("price[EUR]", "x"), "price[EUR]", "price[EUR]"),
        ("columns", ("x", "y"), ["y"], ["y"]),
        ("mapping", (), {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        ("list", (), (1, "x"), [1, "x"]),
    ],
)
def test_an_answer_of_the_questions_type_is_taken(
    kind: AnswerType, options: tuple[Any, ...], value: Any, kept: Any
) -> None:
    assert taken(question(kind, *options), value) == kept


@pytest.mark.parametrize(
    ("kind", "options", "value", "says"),
    [
        ("text", (), ["a"], "is not a text"),
        ("text", (), True, "is not a text"),
        ("choice", ("drop", "keep"), "drp", "did you mean drop"),
        ("choice", (True, False), 1, "is not among the options"),
        ("choice", (1, 2), True, "is not among the options"),
        ("several", ("a", "b"), "a", "is not a list"),
        ("several", ("a", "b"), ["a", "c"], "is not among the options"),
        ("number", (), "3", "is not a number"),
        ("number", (), True, "is not a number"),
        ("number", (), math.inf, "is not a number"),
        ("number", (), math.nan, "is not a number"),
        ("integer", (), 3.0, "is not a whole number"),
        ("integer", (), True, "is not a whole number"),
        ("boolean", (), 1, "is neither true nor false"),
        ("boolean", (), "yes", "is neither true nor false"),
        ("column", ("x",), "y", "is not among the options"),
        ("column", ("x",), 3, "is not a column's name"),
        ("columns", ("x",), ["y"], "is not among the options"),
        ("mapping", (), ["a"], "is not a mapping"),
        ("mapping", (), {"psi": math.inf}, "finite"),
        ("mapping", (), {"when": b"bytes"}, "finite"),
        ("list", (), "ab", "is not a list"),
        ("list", (), [math.nan], "finite"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_in_words(
    kind: AnswerType, options: tuple[Any, ...], value: Any, says: str
) -> None:
    with pytest.raises(AnswersDoNotFit, match=says) as caught:
        taken(question(kind, *options), value)
    assert caught.value.code == 8
    assert "q.one" in caught.value.message
    assert all(str(option) in caught.value.hint for option in options if not isinstance(option, bool))


def test_a_number_stays_within_its_bounds() -> None:
    asked = question("number", minimum=0, maximum=1)
    assert [taken(asked, value) for value in (0, 0.5, 1)] == [0, 0.5, 1]
    for value, says in ((-0.1, "is under 0"), (1.1, "is over 1")):
        with pytest.raises(AnswersDoNotFit, match=says):
            taken(asked, value)


def test_null_declares_an_answer_unknown_where_the_question_allows_it() -> None:
    assert taken(question("number"), None) is None
    with pytest.raises(AnswersDoNotFit, match="can't be left unknown"):
        taken(question("number", nullable=False), None)


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_an_answer_that_needs_a_reason_counts_only_with_one(reason: str | None) -> None:
    asked = question("choice", "drop", "release", needs_reason=("release",))
    assert taken(asked, "release", "measured before the outcome") == "release"
    assert taken(asked, "drop") == "drop"
    with pytest.raises(AnswersDoNotFit, match="written reason"):
        taken(asked, "release", reason)


def test_a_decision_keeps_what_was_recommended_and_why() -> None:
    asked = question("choice", "a", "b", recommended="a", has_recommendation=True, why="it is safer", rule="r.1")
    decision = decide(asked, "b", source="person", by="Ada", reason="I know better")
    assert (decision.value, decision.recommended, decision.why, decision.rule) == ("b", "a", "it is safer", "r.1")
    assert (decision.source, decision.by, decision.reason) == ("person", "Ada", "I know better")


# before any work


def per_column() -> Registry:
    def body(job: Job) -> Outcome:
        return Outcome(summary=say("done"))

    ask = Ask(
        "data.leakage.*",
        "What of {subject}?",
        "choice",
        options=(Option("drop"), Option("keep"), Option("release")),
        subjects=lambda known: ("price[EUR]", "b\x1b[0m"),
        needs_reason=("release",),
    )
    hidden = Ask("data.never", "Never?", "text", when=lambda known: False)
    setting = Ask("source.header", "Header?", "boolean", setting=True)
    step = Step("preparation.one", "", "one", body, before=(setting, hidden, ask))
    return Registry((Phase("preparation", "1", (step,)),))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("toy.facto", 2, 'Did you mean "toy.factor"?'),
        ("nothing.like.it", 2, "phasegate questions"),
        ("toy.factor", "two", "is not a number"),
        ("toy.factor", 51, "is over 50"),
        ("toy.label", "c", "is not among the options"),
        ("toy.column", None, "can't be left unknown"),
    ],
)
def test_a_recorded_answer_is_checked_before_any_work(name: str, value: Any, says: str) -> None:
    with pytest.raises(AnswersDoNotFit) as caught:
        check_static(toy(), name, value)
    assert says in str(caught.value)


def test_a_recorded_answer_that_only_the_data_can_judge_passes_for_now() -> None:
    check_static(toy(), "toy.column", "no such column")
    check_static(toy(), "toy.factor", "recommended")
    check_static(per_column(), "data.leakage.*", "drop")
    check_static(per_column(), "data.leakage.price[EUR]", "release", "known at the time")


def test_a_recorded_answer_without_the_reason_that_it_needs_is_found_before_any_work() -> None:
    with pytest.raises(AnswersDoNotFit, match="written reason"):
        check_static(per_column(), "data.leakage.price[EUR]", "release")


# which questions are open


def test_a_question_is_asked_once_per_subject_until_each_has_an_answer(tmp_path: Path) -> None:
    registry = per_column()
    position = Position(registry, Store(tmp_path))
    step = registry.steps["preparation.one"]
    asked = list(open_questions(step, "before", position, Counsel({})))
    assert [found.id for found in asked] == ["data.leakage.price[EUR]", "data.leakage.b\x1b[0m"]
    decision = decide(asked[0], "drop", source="file", by=None, reason=None)
    position.take(Entry(0, "", "", "question_answered", decision.model_dump(), ""))
    assert [found.id for found in open_questions(step, "before", position, Counsel({}))] == ["data.leakage.b\x1b[0m"]


def test_a_name_from_the_data_is_inert_in_the_prompt(tmp_path: Path) -> None:
    registry = per_column()
    _, ask = list(registry.asks())[2]
    built = build(registry.steps["preparation.one"], ask, "b\x1b[0m", Position(registry, Store(tmp_path)), Counsel({}))
    assert built.prompt == "What of b[0m?"


def test_the_record_of_a_question_leaves_the_name_type_to_the_ledger() -> None:
    told = question("choice", "a").told()
    assert told["answer_type"] == "choice"
    assert "type" not in told
