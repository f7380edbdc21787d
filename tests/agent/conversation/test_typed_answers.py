from __future__ import annotations

from typing import Any

import pytest

from agent.conversation.intents import understand
from agent.conversation.meanings import AnswerTo, Explain, NotUnderstood, Profile, WhatIf, Why
from agent.questions import Question
from tests.agent.conversation.scenes import KNOWN, question

KINDS = question(
    "choice",
    ("drop", "keep", "release"),
    {"drop": "no, drop it", "keep": "yes, keep it", "release": "yes, and I state why"},
    needs_reason=("release",),
    nullable=False,
)
CLASSES = question("choice", (1, 2, "Bad", "bad"))
SEVERAL = question("several", ("linear", "forest", "xgb"))
SHARE = question("number", minimum=0.0, maximum=1.0, recommended=0.2)
DAYS = question("number", minimum=0.0)
TRIALS = question("integer", minimum=1, maximum=5000, recommended=30)
BOOLEAN = question("boolean", recommended=True)
COLUMN = question("column", ("Age", "amount", "account balance", None), {None: "none of them"})
COLUMNS = question("columns", ("age", "amount", "a and b", "a, b", "b"))
TEXT = question("text")
ADVISED = question("text", recommended="a loan")
MAPPING = question("mapping")
LIST = question("list")

FITS: tuple[tuple[Question, str, Any], ...] = (
    (KINDS, "drop", "drop"),
    (KINDS, "DROP", "drop"),
    (KINDS, "no, drop it", "drop"),
    (KINDS, "No", "drop"),
    (KINDS, "take keep", "keep"),
    (KINDS, "I choose keep.", "keep"),
    (KINDS, "as recommended", "recommended"),
    (KINDS, "ok, take it", "recommended"),
    (KINDS, "Ok take it!", "recommended"),
    (KINDS, "take the recommendation", "recommended"),
    (KINDS, '"keep"', "keep"),
    (CLASSES, "1", 1),
    (CLASSES, "bad", "bad"),
    (CLASSES, "Bad", "Bad"),
    (CLASSES, "unknown", None),
    (CLASSES, "I don't know", None),
    (SEVERAL, "forest", ["forest"]),
    (SEVERAL, "linear, XGB", ["linear", "xgb"]),
    (SEVERAL, "linear, forest and xgb", ["linear", "forest", "xgb"]),
    (SEVERAL, "[linear, xgb]", ["linear", "xgb"]),
    (SEVERAL, "all of them", ["linear", "forest", "xgb"]),
    (SEVERAL, "none", []),
    (SHARE, "0.3", 0.3),
    (SHARE, ".3", 0.3),
    (SHARE, "1", 1),
    (SHARE, "30 %", 0.3),
    (SHARE, "set it to 0.25", 0.25),
    (SHARE, "recommended", "recommended"),
    (DAYS, "365", 365),
    (DAYS, "1e3", 1000.0),
    (TRIALS, "60", 60),
    (BOOLEAN, "yes", True),
    (BOOLEAN, "No.", False),
    (BOOLEAN, "true", True),
    (COLUMN, "age", "Age"),
    (COLUMN, "ACCOUNT BALANCE", "account balance"),
    (COLUMN, "the column amount", "amount"),
    (COLUMN, "none of them", None),
    (COLUMNS, "age, amount", ["age", "amount"]),
    (COLUMNS, "a and b", ["a and b"]),
    (COLUMNS, "a, b", ["a, b"]),
    (COLUMNS, 'age, "a and b"', ["age", "a and b"]),
    (COLUMNS, "AGE", ["age"]),
    (TEXT, "A clerk decides by hand.", "A clerk decides by hand."),
    (TEXT, '"why"', "why"),
    (TEXT, "Approve all of them by hand", "Approve all of them by hand"),
    (TEXT, "unknown", None),
    (ADVISED, "as recommended", "recommended"),
    (MAPPING, "{recall: 0.5}", {"recall": 0.5}),
    (LIST, "[0.1, 0.5]", [0.1, 0.5]),
    (LIST, "none", []),
)

MISFITS: tuple[tuple[Question, str], ...] = (
    (KINDS, "yes"),  # two options begin so
    (KINDS, "dro"),
    (KINDS, "unknown"),  # it can't be left unknown
    (KINDS, "ok"),
    (KINDS, "keep or drop"),
    (KINDS, "maybe keep"),
    (CLASSES, "BAD"),  # two classes in another case
    (CLASSES, "3"),
    (SEVERAL, "linear, tree"),
    (SHARE, "1.5"),
    (SHARE, "-0.1"),
    (SHARE, "about 0.3"),
    (SHARE, "0,3"),
    (SHARE, "nan"),
    (SHARE, "inf"),
    (SHARE, "1e999"),
    (SHARE, "yes"),
    (DAYS, "30 %"),  # a share of what?
    (DAYS, "1,000"),
    (DAYS, "as recommended"),  # there is no recommendation
    (DAYS, "a year"),
    (TRIALS, "0.5"),
    (TRIALS, "9999"),
    (BOOLEAN, "perhaps"),
    (BOOLEAN, "1"),
    (COLUMN, "colour"),
    (COLUMNS, "age, colour"),
    (TEXT, "ok"),
    (TEXT, "yes"),
    (TEXT, "is that so?"),
    (TEXT, "show the whole thing"),
    (TEXT, "as recommended"),
    (MAPPING, "recall 0.5"),
    (MAPPING, "[1]"),
    (LIST, "{a: 1}"),
    (LIST, "[&a 1, *a]"),
)


@pytest.mark.parametrize(("asked", "line", "value"), FITS, ids=[f"{asked.type}: {line}" for asked, line, _ in FITS])
def test_a_line_that_clearly_fits_the_open_question_is_its_answer(asked: Question, line: str, value: Any) -> None:
    understood = understand(line, asked, KNOWN)
    assert isinstance(understood, AnswerTo)
    assert understood.question == asked.id
    assert (understood.value, type(understood.value)) == (value, type(value))


@pytest.mark.parametrize(("asked", "line"), MISFITS, ids=[f"{asked.type}: {line}" for asked, line in MISFITS])
def test_a_line_that_does_not_clearly_fit_is_no_answer(asked: Question, line: str) -> None:
    assert isinstance(understand(line, asked, KNOWN), NotUnderstood)


def test_every_type_of_answer_is_in_both_tables() -> None:
    types = {"text", "choice", "several", "number", "integer", "boolean", "column", "columns", "mapping", "list"}
    assert {asked.type for asked, *_ in FITS} == types
    assert {asked.type for asked, _ in MISFITS} == types


def test_a_value_out_of_range_is_refused_with_the_bound() -> None:
    understood = understand("1.5", SHARE, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert "over 1" in understood.message


def test_a_reason_can_be_typed_with_a_choice_and_is_asked_for_where_it_is_needed() -> None:
    assert understand("keep because it is known before", KINDS, KNOWN) == AnswerTo(
        "toy.asked", "keep", "it is known before"
    )
    assert understand("release", KINDS, KNOWN) == AnswerTo("toy.asked", "release", None, needs_reason=True)
    assert understand("release because we checked", KINDS, KNOWN) == AnswerTo("toy.asked", "release", "we checked")


def test_with_a_question_open_one_can_still_ask() -> None:
    for asked in (KINDS, SHARE, COLUMN, COLUMNS, TEXT):
        assert understand("why?", asked, KNOWN) == Why()
        assert understand("what about amount?", asked, KNOWN) == Profile("amount")
        assert understand("explain row 3", asked, KNOWN) == Explain(3)
        assert understand("what if the threshold were 0.3", asked, KNOWN) == WhatIf(0.3)


def test_the_nearest_things_to_type_are_named() -> None:
    understood = understand("hm", KINDS, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert "as recommended" in understood.suggestions
    understood = understand("is it so?", TEXT, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert '"is it so?"' in understood.suggestions
