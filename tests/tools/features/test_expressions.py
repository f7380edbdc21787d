"""The language of features: what it reads, what it computes, and that it neither leaks rows nor runs code."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.data.typed import typed_columns
from tools.errors import InputError
from tools.features.expressions import COMPARISONS, FUNCTIONS, Column, source, walk
from tools.features.fitting import fit_features
from tools.features.formulas import MOST_HISTORY, Unfit, fitted
from tools.features.grammar import parse
from tools.features.plan import FeaturePlan, apply_plan
from tools.serving.service.expressions import FUNCTIONS as COMPUTED
from tools.serving.service.expressions import SPECIAL, evaluate

TYPES = {
    "a": "number",
    "b": "integer",
    "capital-gain": "number",
    "capital": "number",
    "net, gross": "number",
    "ratio": "number",
    "ok": "boolean",
    "up": "boolean",
    "d": "date",
    "e": "date",
    "t": "text",
    "shop": "text",
}
PAGE = Path(__file__).parents[3] / "docs" / "features.md"


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 400, rows), unit="D")
    frame = pd.DataFrame(
        {
            "a": random.normal(size=rows),
            "b": random.integers(-3, 9, rows).astype(float),
            "capital-gain": random.gamma(2, 100, rows),
            "capital": random.normal(size=rows),
            "net, gross": random.normal(size=rows),
            "ratio": random.normal(size=rows),
            "ok": random.random(rows) < 0.5,
            "up": random.random(rows) < 0.3,
            "d": days,
            "e": days + pd.to_timedelta(random.integers(-9, 40, rows), unit="D"),
            "t": pd.Series(random.choice(["late again", "on time", "LATE", "none"], rows), dtype="str"),
            "shop": pd.Series(random.choice(list("ABCDEFGH"), rows), dtype="str"),
        }
    )
    frame.loc[random.random(rows) < 0.1, "a"] = np.nan
    frame.loc[random.random(rows) < 0.1, "shop"] = None
    return frame


def computed(text: str, frame: pd.DataFrame, fit_on: pd.DataFrame | None = None, least: int = 1) -> np.ndarray:
    """An expression's values, by way of the JSON that is shipped."""
    train = frame if fit_on is None else fit_on
    proposal = parse(text, TYPES)
    tree = json.loads(json.dumps(fitted(proposal, typed_columns(train), len(train), least), allow_nan=False))
    columns = typed_columns(frame)
    return evaluate(tree, [columns[name] for name in proposal.columns], len(frame))


def names(text: str) -> list[str]:
    return [node.name for node in walk(parse(text, TYPES).root) if isinstance(node, Column)]


# ── reading ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("ratio(a, b)", ["a", "b"]),
        ("ratio(ratio, a)", ["ratio", "a"]),
        ("product(capital-gain, capital)", ["capital-gain", "capital"]),
        ("difference(net, gross, a)", ["net, gross", "a"]),
        ("log1p(`capital-gain`)", ["capital-gain"]),
        (" a>3 ", ["a"]),
        ("ok == not(up)", ["ok", "up"]),
        ('t == "late"', ["t"]),
        ("all(a > 1, d < e, ok)", ["a", "d", "e", "ok"]),
        ("lag(a, 1, by=shop, order=d)", ["a", "shop", "d"]),
        ("lag(ratio(a, b), 2, order=d)", ["a", "b", "d"]),
        ("mean_by(log1p(absolute(a)), any(ok, up))", ["a", "ok", "up"]),
    ],
)
def test_columns_are_named_as_in_the_source(text: str, columns: list[str]) -> None:
    assert names(text) == columns


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it ends where"),
        ("a", "a column or a value by itself"),
        ("month(d", '")" is missing'),
        ("ratio(a, b) c", '"c" is left over'),
        ("ratio(a)", "ratio takes 2 arguments and was given 1"),
        ("sum(a)", "sum takes 2 or more arguments"),
        ("ratoi(a, b)", 'no function "ratoi", did you mean ratio?'),
        ("ratio(a, capitol)", 'no column "capitol"; did you mean "capital"?'),
        ("log1p(t)", 'log1p takes numbers, and was given "t", which holds text'),
        ("days_between(d, a)", "takes dates"),
        ("difference(d, a)", "computes with a date and a number"),
        ("t < shop", "texts have no order"),
        ("d > 3", "compares dates with numbers"),
        ('d > "yesterday"', "is not a date"),
        ("lag(a, 1)", "needs an order"),
        ("lag(a, 0, order=d)", "a whole number from 1 to 50"),
        ("lag(a, b, order=d)", "a whole number from 1 to 50"),
        ("lag(a, 1, order=d, order=e)", "given twice"),
        ("ratio(1, 2)", "names no column"),
        ("log1p(1e999)", "too large"),
        ('contains(t, "")', "in double quotes"),
        ("contains(t, `", "has no end"),
        ("if_missing(" * 30 + "a" + ")" * 30, "stand within one another"),
        ("log1p(a" + " " * 1000 + ")", "longer than"),
        ("__import__('os').system('ls')", "no function"),
        ("a.__class__", "left over"),
    ],
)
def test_what_is_not_the_language_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(text, TYPES)
    assert says in str(refused.value)
    assert refused.value.code == 8


def expressions() -> st.SearchStrategy[str]:
    """Expressions of the language, of numbers and of yes or no."""
    number = st.sampled_from(["a", "b", "`capital-gain`", "`net, gross`", "2", "-0.5", "ok"])
    flag = st.sampled_from(["ok", "up", "if_missing(shop)", 'contains(t, "late")', 'shop != "A"', "d < e"])

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        two = st.sampled_from(["ratio", "difference", "product", "sum"])
        one = st.sampled_from(["log1p", "sqrt", "absolute", "count_by", "if_missing"])
        return st.one_of(
            st.builds("{0}({1}, {2})".format, two, inner, inner),
            st.builds("{0}({1})".format, one, inner),
            st.builds("bins({0}, {1})".format, inner, st.integers(2, 9)),
            st.builds("mean_by({0}, shop)".format, inner),
            st.builds("lag({0}, {1}, by=shop, order=d)".format, inner, st.integers(1, 3)),
            st.builds("({0} {1} {2})".format, inner, st.sampled_from(COMPARISONS), inner),
            st.builds("all({0}, {1})".format, flag, flag),
            st.builds("any(not({0}), {1})".format, flag, flag),
            st.builds("sum(month(d), {0})".format, inner),
            st.builds("sum(days_between(d, e), words(t), {0})".format, inner),
        )

    return wider(st.recursive(number, wider, max_leaves=6)).map(lambda text: f"product(1, sum({text}, product(a, 0)))")


@given(expressions())
def test_the_one_spelling_of_an_expression_reads_as_the_same_expression(text: str) -> None:
    proposal = parse(text, TYPES)
    assert parse(str(proposal), TYPES) == proposal
    assert source(proposal.root) == str(proposal)


# ── computing ───────────────────────────────────────────────────────────────

SMALL = pd.DataFrame(
    {
        "a": [1.0, np.nan, 3.0, -4.0],
        "b": [2.0, 0.0, 0.0, 8.0],
        "ok": [1.0, 0.0, np.nan, 1.0],
        "up": [0.0, 0.0, 1.0, np.nan],
        "d": pd.to_datetime(["2024-01-01", "2024-01-03", "NaT", "2024-02-29 13:00"], format="ISO8601"),
        "e": pd.to_datetime(["2024-01-02", "2024-01-01", "2024-01-01", "2024-03-01 13:00"], format="ISO8601"),
        "t": pd.Series(["Late again", "on time", None, "x"], dtype="str"),
        "shop": pd.Series(["A", "B", "A", None], dtype="str"),
    }
)
NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ratio(a, b)", [0.5, NAN, NAN, -0.5]),
        ("sum(a, b, 1)", [4, NAN, 4, 5]),
        ("absolute(a)", [1, NAN, 3, 4]),
        ("sqrt(a)", [1, NAN, 3**0.5, NAN]),
        ("log1p(b)", [np.log(3), 0, 0, np.log(9)]),
        ("difference(e, d)", [1, -2, NAN, 1]),
        ("days_between(d, e)", [1, -2, NAN, 1]),
        ("month(d)", [1, 1, NAN, 2]),
        ("weekday(d)", [1, 3, NAN, 4]),
        ("hour(d)", [0, 0, NAN, 13]),
        ("words(t)", [2, 2, NAN, 1]),
        ("characters(t)", [10, 7, NAN, 1]),
        ('contains(t, "LATE")', [1, 0, NAN, 0]),
        ("if_missing(t)", [0, 0, 1, 0]),
        ("a >= 1", [1, NAN, 1, 0]),
        ('shop == "A"', [1, 0, 1, NAN]),
        ('shop != "A"', [0, 1, 0, NAN]),
        ('d < "2024-01-03"', [1, 0, NAN, 0]),
        ("all(ok, up)", [0, 0, NAN, NAN]),
        ("any(ok, up)", [1, 0, 1, 1]),
        ("not(up)", [1, 1, 0, NAN]),
        ("count_by(shop)", [2, 1, 2, NAN]),
        ("mean_by(b, shop)", [1, 0, 1, NAN]),
        ("bins(b, 2)", [1, 1, 1, 1]),
        ("lag(b, 1, by=shop, order=e)", [0, NAN, NAN, NAN]),
        ("lag(b, 1, order=e)", [0, NAN, NAN, 2]),
        ("ratio(sum(a, 1), product(2, b))", [0.5, NAN, NAN, -3 / 16]),
    ],
)
def test_each_function_computes_what_the_page_says(text: str, expected: list[float]) -> None:
    np.testing.assert_allclose(computed(text, SMALL), expected, rtol=1e-12)


def test_the_page_lists_every_function_and_what_is_listed_is_computed() -> None:
    listed = re.findall(r"^\| `(\w+)\(", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == list(FUNCTIONS)
    taken = {"bins", "count_by", "mean_by", "lag", "contains"}
    assert set(COMPUTED) == (set(FUNCTIONS) - taken) | set(COMPARISONS)
    assert set(SPECIAL) == {"column", "constant", "lookup", "bin", "before", "contains"}


def test_the_examples_of_the_page_are_of_the_language() -> None:
    block = re.search(r"```phasegate\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    types = {"debt": "number", "income": "number", "net pay": "number", "age": "number", "sales": "number"}
    types |= {"opened": "date", "closed": "date", "day": "date", "merchant": "text", "shop": "text", "note": "text"}
    examples = [line.split("#")[0].strip() for line in block[1].splitlines()]
    assert len(examples) >= 8
    for example in examples:
        assert parse(example, types).label


def test_few_rows_of_a_group_are_not_named_and_a_long_history_is_not_shipped() -> None:
    frame = table(200)
    frame.loc[:2, "shop"] = "Mrs Miller"
    tree = fitted(parse("count_by(shop)", TYPES), typed_columns(frame), 200, 5)
    assert "Mrs Miller" not in json.dumps(tree)
    assert computed("count_by(shop)", frame, least=5)[0] == 0
    long = pd.concat([frame] * (MOST_HISTORY // 200 + 1), ignore_index=True)
    with pytest.raises(Unfit, match="training rows"):
        fitted(parse("lag(a, 1, order=d)", TYPES), typed_columns(long), len(long), 5)


# ── promises ────────────────────────────────────────────────────────────────


@settings(max_examples=60, deadline=None)
@given(expressions(), st.integers(0, 3), st.integers(0, 60))
def test_adding_validation_rows_never_changes_training_features(text: str, seed: int, more: int) -> None:
    """One plan for training rows alone and with others behind them, before them and each by itself: the same bits."""
    train, later = table(60, seed), table(more + 1, seed + 100)
    alone = computed(text, train)
    both = pd.concat([train, later], ignore_index=True)
    np.testing.assert_array_equal(computed(text, both, fit_on=train)[:60], alone)
    turned = pd.concat([later, train], ignore_index=True)
    np.testing.assert_array_equal(computed(text, turned, fit_on=train)[len(later) :], alone)
    single = [computed(text, train.iloc[[row]].reset_index(drop=True), fit_on=train)[0] for row in range(5)]
    np.testing.assert_array_equal(single, alone[:5])


@given(st.integers(0, 99))
def test_a_lag_looks_back_only(seed: int) -> None:
    """Whatever happens to later rows, a lag of earlier rows stays."""
    frame = table(80, seed)
    changed = frame.copy()
    late = frame["d"] > frame["d"].median()
    changed.loc[late, ["a", "b"]] = 99.0
    for lag in ("lag(a, 1, order=d)", "lag(sum(a, b), 2, by=shop, order=d)"):
        np.testing.assert_array_equal(computed(lag, frame)[~late], computed(lag, changed)[~late])


def test_a_plan_with_expressions_gives_the_same_matrix_from_its_shipped_form() -> None:
    train = table(300)
    texts = ["ratio(a, b)", "count_by(shop)", "lag(a, 1, by=shop, order=d)", "bins(capital-gain, 4)", "a > b"]
    plan, x = fit_features(train, excluded={}, proposals=[parse(text, TYPES) for text in texts])
    held = FeaturePlan.model_validate_json(plan.model_dump_json())
    used = [entry.name for entry in held.inputs]
    np.testing.assert_array_equal(apply_plan(held, typed_columns(train, used), len(train)), x)
    assert sum(feature.op == "formula" for feature in held.features) == len(texts)


@contextmanager
def nothing_runs() -> Iterator[list[str]]:
    """What an interpreter would do on the way to running foreign code, seen by Python's own audit events."""
    seen: list[str] = []
    watching = True
    wanted = ("compile", "exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "code.__new__")

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if watching and event.startswith(wanted):
            seen.append(event)

    sys.addaudithook(hook)
    try:
        yield seen
    finally:
        watching = False


SIGNS = ("(", ")", ",", " ", "`", '"', "=", "by=", "order=", "1", "-2.5e3", "\x00", "é", "%s", "\n", "''")
HOSTILE = ("__import__('os').system('true')", "eval(", "exec(", "lambda:", "().__class__", "{0.__class__}")
PIECES = st.sampled_from([*TYPES, *FUNCTIONS, *COMPARISONS, *SIGNS, *HOSTILE])


def test_no_text_runs_code() -> None:
    columns = typed_columns(table(30))
    parse("ratio(a, b)", TYPES)
    with nothing_runs() as seen:
        read: list[int] = []

        @settings(max_examples=1000, deadline=None, database=None)
        @given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=60), expressions()))
        def fuzz(text: str) -> None:
            before = len(seen)
            try:
                proposal = parse(text, TYPES)
                tree = fitted(proposal, columns, 30, 1)
            except InputError as refused:
                assert refused.code == 8 and str(refused)
            except Unfit as unfit:
                assert unfit.why.template
            else:
                json.dumps(tree, allow_nan=False)
                values = evaluate(tree, [columns[name] for name in proposal.columns], 30)
                assert values.shape == (30,) and values.dtype == np.float64
                read.append(1)
            assert seen[before:] == []

        fuzz()
    assert len(read) > 100


def test_the_watch_sees_code_that_runs() -> None:
    with nothing_runs() as seen:
        eval("1 + 1")
    assert "compile" in seen
