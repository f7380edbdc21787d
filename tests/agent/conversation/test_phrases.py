from __future__ import annotations

import pytest

from agent.conversation.intents import COMMANDS, understand
from agent.conversation.meanings import (
    AnswerTo,
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
    Profile,
    SetValue,
    Show,
    StatusOf,
    Vocabulary,
    WhatIf,
    Why,
)
from tests.agent.conversation.scenes import KNOWN, gate, question

MEANT: tuple[tuple[str, Intent], ...] = (
    ("/why", Why()),
    ("/why split.kind", Why("split.kind")),
    ("why", Why()),
    ("Why?", Why()),
    ("why this?", Why()),
    ("why that", Why()),
    ("but why so?", Why()),
    ("why is this recommended?", Why()),
    ("why do you recommend that", Why()),
    ("why do you ask?", Why()),
    ("what's the reason", Why()),
    ("why split.kind", Why("split.kind")),
    ("who decided split.kind?", Why("split.kind")),
    ("why was data.drop chosen", Why("data.drop")),
    ("/show model-card", Show("13-model-card")),
    ("/show 13-model-card", Show("13-model-card")),
    ("/SHOW Model Card", Show("13-model-card")),
    ("show me the model card", Show("13-model-card")),
    ("open the go no go", Show("14-go-no-go")),
    ("please show the data quality report", Show("02-data-quality-report")),
    ("can I see the model card?", Show("13-model-card")),
    ("let me read the model card", Show("13-model-card")),
    ("/profile age", Profile("age")),
    ("/profile AGE", Profile("age")),
    ('/profile "age"', Profile("age")),
    ("/profile account balance", Profile("account balance")),
    ("what about age", Profile("age")),
    ("What about AGE?", Profile("age")),
    ("how about the column amount", Profile("amount")),
    ("tell me about amount", Profile("amount")),
    ("tell me more about the account balance", Profile("account balance")),
    ("describe age", Profile("age")),
    ("show me age", Profile("age")),
    ("what is in amount?", Profile("amount")),
    ("what does age look like?", Profile("age")),
    ("what about known?", Profile("known?")),
    ("/compare", Compare()),
    ("compare", Compare()),
    ("compare the models", Compare()),
    ("which model is best", Compare()),
    ("which one is the best?", Compare()),
    ("what's the best model?", Compare()),
    ("how do the models compare", Compare()),
    ("show me the models", Compare()),
    ("/explain row 17", Explain(17)),
    ("/explain 17", Explain(17)),
    ("explain row 17", Explain(17)),
    ("please explain row #17", Explain(17)),
    ("why row 0?", Explain(0)),
    ("what about row 3", Explain(3)),
    ("/what-if", WhatIf()),
    ("/what-if threshold=0.3", WhatIf(0.3)),
    ("/what-if 0.3", WhatIf(0.3)),
    ("/what-if threshold = .3", WhatIf(0.3)),
    ("/what-if 30 %", WhatIf(0.3)),
    ("what if the threshold were 0.3", WhatIf(0.3)),
    ("what if the threshold was at 0.3?", WhatIf(0.3)),
    ("what if the decision threshold were 1", WhatIf(1.0)),
    ("what if threshold=0.25", WhatIf(0.25)),
    ("what would 0.4 do?", WhatIf(0.4)),
    ("what would a threshold of 40 % do", WhatIf(0.4)),
    ("how about a threshold of 0.4", WhatIf(0.4)),
    ("/set split.test_size=0.3", SetValue("split.test_size", 0.3)),
    ("/set split.kind = time", SetValue("split.kind", "time")),
    ("/set data.drop+=id", SetValue("data.drop", "id", append=True)),
    ("/set data.drop += id", SetValue("data.drop", "id", append=True)),
    ("/set data.drop=[id, age]", SetValue("data.drop", ["id", "age"])),
    ("/set data.leakage.a=b=drop", SetValue("data.leakage.a=b", "drop")),
    ("/set split.kind=null", SetValue("split.kind", None)),
    ("set split.kind=time", SetValue("split.kind", "time")),
    ("/back", Back()),
    ("undo", Back()),
    ("go back", Back()),
    ("undo the last answer", Back()),
    ("take that back", Back()),
    ("/fork preparation", ForkAt("preparation")),
    ("/fork 2", ForkAt("experimentation")),
    ("fork at gate validation", ForkAt("validation")),
    ("/diff", Differ()),
    ("/diff 0001-heron", Differ("0001-heron")),
    ("/diff model card", Differ("13-model-card")),
    ("what changed in the model card?", Differ("13-model-card")),
    ("/budget", Budget()),
    ("how long did it take?", Budget()),
    ("how much time is left?", Budget()),
    ("/status", StatusOf()),
    ("where are we?", StatusOf()),
    ("/findings", Findings()),
    ("what did you find?", Findings()),
    ("show me the findings", Findings()),
    ("/export", Export()),
    ("/export notes on it.md", Export("notes on it.md")),
    ("export the transcript to talk.md", Export("talk.md")),
    ("/help", Help()),
    ("/help what-if", Help("what-if")),
    ("what can I do?", Help()),
    ("?", Help()),
    ("help", Help()),
)

NOT_MEANT = (
    "",
    "   ",
    "hello",
    "age",
    "ok",
    "yes",
    "no",
    "thanks",
    "as recommended",
    "the weather is fine",
    "what about the weather",
    "show me the moon",
    "describe everything",
    "which model is worst",
    "explain row seventeen",
    "explain row -1",
    "explain row 1.5",
    "explain the rows 1 to 9",
    "what if the threshold were high",
    "what if the threshold were 3",
    "what if the costs were 3",
    "why colour",
    "fork",
    "/fork at the river",
    "/profile",
    "/profile agee",
    "/show",
    "/explain",
    "/explain row 99999999999999999999",
    "/what-if cost=3",
    "/what-if 1.2",
    "/set",
    "/set split.kind",
    "/set split.kind=",
    "/set nothing.such=1",
    "/compare everything",
    "/statu",
    "/",
    "/ why",
    "//why",
    "set the table",
    "delete everything",
    "show me baseline",  # a column and a deliverable
    "rm -rf /",
    "why " * 200,
)


@pytest.mark.parametrize(("line", "meaning"), MEANT, ids=[line for line, _ in MEANT])
def test_a_line_means_what_it_says(line: str, meaning: Intent) -> None:
    assert understand(line, None, KNOWN) == meaning
    assert understand(f"  {line} ", None, KNOWN) == meaning


@pytest.mark.parametrize("line", NOT_MEANT)
def test_what_is_not_understood_is_said_so_and_nothing_is_guessed(line: str) -> None:
    understood = understand(line, None, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert understood.text.strip() == line.strip()
    assert understood.message.endswith(".")
    assert understood.suggestions


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(MEANT) >= 55
    assert len(MEANT) + len(NOT_MEANT) >= 105
    assert len(NOT_MEANT) >= 25
    assert {type(meaning) for _, meaning in MEANT} == {
        one for one in Intent.__subclasses__() if one is not HowToDecide
    }, "every intent can be said"


def test_every_command_has_a_line_that_calls_it_by_name() -> None:
    called = {line[1:].split()[0] for line, _ in MEANT if line.startswith("/") and line[1:2].islower()}
    assert called == set(COMMANDS)


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("/profil age", "/profile"),
        ("/profile agee", "/profile age"),
        ("/show modelcard", "/show model-card"),
        ("/set split.knd=time", "/set split.kind=VALUE"),
        ("/help comparee", "/help compare"),
        ("age", "/profile age"),
        ("do a comparison, compare them all", "/compare"),
        ("give me the model card please", "/show 13-model-card"),
    ],
)
def test_what_comes_nearest_is_named(line: str, near: str) -> None:
    understood = understand(line, None, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert near in understood.suggestions


def test_a_line_that_could_mean_two_things_is_not_understood_and_names_both() -> None:
    understood = understand("show me baseline", None, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert set(understood.suggestions) == {"/show 05-baseline", "/profile baseline"}
    asked = question("column", options=("status", "age"))
    understood = understand("status", asked, KNOWN)
    assert isinstance(understood, NotUnderstood)
    assert set(understood.suggestions) == {"/status", '"status"'}
    assert understand('"status"', asked, KNOWN) == AnswerTo(asked.id, "status")
    assert understand("/status", asked, KNOWN) == StatusOf()


def test_two_columns_that_differ_in_case_are_told_apart_or_not_understood() -> None:
    known = Vocabulary(columns=("Age", "AGE"))
    assert understand("/profile AGE", None, known) == Profile("AGE")
    assert isinstance(understand("/profile age", None, known), NotUnderstood)


def test_two_ids_that_a_setting_could_mean_are_not_chosen_between() -> None:
    known = Vocabulary(questions=("data.leakage.a", "data.leakage.a=b"))
    assert isinstance(understand("/set data.leakage.a=b=drop", None, known), NotUnderstood)


DECIDING = (
    "approve",
    "Approve.",
    "ok",
    "OK!",
    "yes",
    "no",
    "y",
    "reject",
    "revise",
    "I approve",
    "ok, approve it",
    "approve with conditions: manual review",
    "approved by me, Ada",
    "go ahead",
    "continue",
    "looks good to me",
    "as recommended",
    "ok, take it",
    "lgtm",
    "ship it",
    "override data.leakage and approve",
    "/approve",
    "/reject because it is bad",
    "/decide preparation approve --by Ada",
)


@pytest.mark.parametrize("line", DECIDING)
def test_words_of_decision_at_a_gate_are_told_where_it_is_decided_and_decide_nothing(line: str) -> None:
    assert understand(line, gate(), KNOWN) == HowToDecide()


def test_nothing_that_is_typed_at_a_gate_becomes_an_answer() -> None:
    for line in [*DECIDING, *NOT_MEANT, '"approve"', "preparation", "true", "0.5", "null", "recommended"]:
        assert not isinstance(understand(line, gate(), KNOWN), AnswerTo), line


def test_at_a_gate_one_can_still_ask() -> None:
    for line, meaning in MEANT:
        assert understand(line, gate(), KNOWN) == meaning


@pytest.mark.parametrize("line", ["approve", "Reject!", "i approve it", "/approve"])
def test_without_a_gate_words_of_decision_decide_nothing_either(line: str) -> None:
    assert understand(line, None, KNOWN) == HowToDecide()
    assert understand(line, question("text"), KNOWN) == HowToDecide()
    assert understand(line, question("choice", options=("a", "b")), KNOWN) == HowToDecide()


def test_hostile_text_is_inert_in_what_is_said_of_it() -> None:
    for line in ("\x1b[31mred\x07", "/\x1b]0;title\x07", "/profile \x1b[2J", "what about \u202egnp\u202c\x9b1m"):
        understood = understand(line, None, KNOWN)
        assert isinstance(understood, NotUnderstood)
        told = understood.message + "".join(understood.suggestions)
        assert not any(char in told for char in "\x1b\x07\x9b\u202e\u202c")


def test_a_column_that_cannot_be_typed_goes_by_its_harmless_name() -> None:
    known = Vocabulary(columns=("a\x1b[31mb", "[link](http://x)"))
    assert understand("/profile a[31mb", None, known) == Profile("a\x1b[31mb")
    assert understand("/profile [link](http://x)", None, known) == Profile("[link](http://x)")


def test_a_long_line_takes_no_time_to_refuse() -> None:
    for line in ("ok " * 50_000, "what would " * 20_000, "," * 100_000, "/set " + "=" * 3_000, "[" * 100_000):
        assert not isinstance(understand(line, gate(), KNOWN), AnswerTo)
