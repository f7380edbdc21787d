from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answers import Answers, GateAnswer, Given, dump_answers, read_answers, recalled
from agent.errors import AgentError, AnswersDoNotFit, UsageError

TEXT = st.text(max_size=30)
WRITTEN = TEXT.map(lambda text: f"x{text}".strip())
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
GIVEN = st.builds(
    Given, value=VALUE, reason=st.none() | TEXT, by=st.none() | TEXT, source=st.sampled_from(["file", "person"])
)
VISIT = st.builds(
    GateAnswer,
    decision=st.sampled_from(["approve", "revise", "reject"]),
    by=WRITTEN,
    reason=WRITTEN,
    only_if=st.none() | TEXT,
    override=st.lists(TEXT, max_size=2).map(tuple),
    conditions=st.none() | TEXT,
    evidence=st.none() | TEXT,
    set=st.dictionaries(TEXT, VALUE, max_size=2),
)


def written(folder: Path, text: str) -> Path:
    path = folder / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@given(
    st.dictionaries(st.text(min_size=1, max_size=30), GIVEN, max_size=4),
    st.dictionaries(st.sampled_from(["preparation", "deployment"]), st.lists(VISIT, min_size=1, max_size=2).map(tuple)),
)
@settings(deadline=None, max_examples=40)
def test_what_a_run_writes_of_its_answers_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, Given], gates: dict[str, tuple[GateAnswer, ...]]
) -> None:
    before = Answers.model_validate({"answers": answers, "gates": gates})
    path = written(tmp_path_factory.mktemp("answers"), dump_answers(before))
    assert read_answers(path) == before


def test_an_answer_is_a_value_or_a_value_with_its_reason(tmp_path: Path) -> None:
    path = written(
        tmp_path, "answers:\n  a: 1\n  b: {value: drop, reason: known only later, by: Ada}\n  c: {x: 1}\n  d:\n"
    )
    answers = read_answers(path).answers
    assert answers["a"] == Given(value=1)
    assert answers["b"] == Given(value="drop", reason="known only later", by="Ada")
    assert answers["c"] == Given(value={"x": 1})
    assert answers["d"] == Given(value=None)


def test_a_gate_has_one_decision_or_one_a_visit(tmp_path: Path) -> None:
    one = "{decision: approve, by: Ada, reason: fine}"
    single = read_answers(written(tmp_path, f"gates:\n  validation: {one}\n")).gates["validation"]
    several = read_answers(written(tmp_path, f"gates:\n  validation: [{one}, {one}]\n")).gates["validation"]
    assert len(single) == 1
    assert several == (*single, *single)


@pytest.mark.parametrize("text", ["", "version: 1\n", "answers:\ngates:\n", "\ufeffversion: 1\n", '{"version": 1}'])
def test_an_empty_answers_file_answers_nothing(tmp_path: Path, text: str) -> None:
    assert read_answers(written(tmp_path, text)) == Answers()


@pytest.mark.parametrize(
    ("text", "kind", "code", "says"),
    [
        ("answers: [", UsageError, 2, "line 1"),
        ("answers:\n  a: 1\n  a: 2\n", UsageError, 2, 'line 3: the key "a" stands twice'),
        ("version: 2\n", AnswersDoNotFit, 8, "version"),
        ("answer: {}\n", AnswersDoNotFit, 8, "answer"),
        ("- 1\n", AnswersDoNotFit, 8, "the file"),
        ("answers: 5\n", AnswersDoNotFit, 8, "answers"),
        ("answers: {1: a}\n", AnswersDoNotFit, 8, "answers"),
        ("gates: {shipping: {decision: approve, by: a, reason: b}}\n", AnswersDoNotFit, 8, "shipping"),
        ("gates: {validation: {decision: maybe, by: a, reason: b}}\n", AnswersDoNotFit, 8, "decision"),
        ("gates: {validation: {decision: approve, reason: b}}\n", AnswersDoNotFit, 8, "by"),
        ("gates: {validation: {decision: approve, by: a, reason: '  '}}\n", AnswersDoNotFit, 8, "reason"),
        ("gates: {validation: {decision: approve, by: ' ', reason: b}}\n", AnswersDoNotFit, 8, "by"),
        ("gates: {validation: {decision: approve, by: a, reason: b, overide: [x]}}\n", AnswersDoNotFit, 8, "overide"),
        ("answers: " + "[" * 3000, UsageError, 2, "answers.yaml"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, text: str, kind: type[AgentError], code: int, says: str
) -> None:
    with pytest.raises(kind) as caught:
        read_answers(written(tmp_path, text))
    assert caught.value.code == code
    assert says in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_not_there_or_not_text_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.yaml", tmp_path / "binary.yaml", tmp_path):
        with pytest.raises(UsageError) as caught:
            read_answers(path)
        assert caught.value.code == 2


def test_a_flag_goes_over_the_file() -> None:
    answers = Answers.model_validate({"answers": {"a": 1, "b": 2}})
    over = answers.with_answers({"b": Given(value=3, source="flag")})
    assert {name: (given.value, given.source) for name, given in over.answers.items()} == {
        "a": (1, "file"),
        "b": (3, "flag"),
    }
    assert answers.answers["b"].value == 2


def test_what_a_run_was_given_is_remembered_and_what_is_given_now_goes_over_it(tmp_path: Path) -> None:
    path = tmp_path / "given.yaml"
    first = Answers.model_validate(
        {
            "answers": {"a": 1, "b": {"value": None, "reason": "nobody knows"}},
            "gates": {"preparation": {"decision": "approve", "by": "Ada", "reason": "read"}},
        }
    )
    assert recalled(path, first) == first
    later = recalled(path, Answers(answers={"a": Given(value=2, source="flag")}))
    assert {name: given.value for name, given in later.answers.items()} == {"a": 2, "b": None}
    assert later.answers["b"].reason == "nobody knows"
    assert recalled(path, Answers()).answers == later.answers


def test_no_approval_is_remembered(tmp_path: Path) -> None:
    gates = {"preparation": {"decision": "approve", "by": "Ada", "reason": "read"}}
    recalled(tmp_path / "given.yaml", Answers.model_validate({"answers": {"a": 1}, "gates": gates}))
    assert recalled(tmp_path / "given.yaml", Answers()).gates == {}
    assert "Ada" not in (tmp_path / "given.yaml").read_text("utf-8")
