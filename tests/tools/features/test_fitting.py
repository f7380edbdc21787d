"""The feature plan: what each kind of column becomes, what is left out and why."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from tools.data.typed import typed_columns
from tools.errors import InputError
from tools.features.fitting import MOST_LEVELS, fit_features
from tools.features.grammar import parse
from tools.features.matrix import Matrix, as_matrix, load_matrix, matrix_frame
from tools.features.plan import FeaturePlan, apply_plan
from tools.features.selection import select
from tools.wording import say


def made(frame: pd.DataFrame, *proposals: str, **options: object) -> tuple[FeaturePlan, Matrix]:
    from tools.data.typed import column_type

    types = {name: column_type(frame[name]) for name in frame.columns}
    forms = [parse(text, types) for text in proposals]
    plan, x = fit_features(frame, excluded={}, proposals=forms, **options)  # type: ignore[arg-type]
    return plan, as_matrix(plan, x)


def column(matrix: Matrix, label: str) -> np.ndarray:
    return matrix.x[:, matrix.labels.index(label)]


def texts(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")


def applied(plan: FeaturePlan, frame: pd.DataFrame) -> Matrix:
    return as_matrix(plan, apply_plan(plan, typed_columns(frame), len(frame)))


def test_numbers_enter_as_they_are_and_gaps_get_a_flag() -> None:
    values = np.arange(100, dtype=np.float64)
    values[:5] = np.nan
    _, matrix = made(pd.DataFrame({"price[EUR]": values}))
    assert matrix.labels == ("price[EUR]", "price[EUR] is missing")
    assert matrix.names == ("f000", "f001")
    np.testing.assert_array_equal(matrix.x[:, 0], values.astype(np.float32))
    np.testing.assert_array_equal(matrix.x[:, 1], np.isnan(values).astype(np.float32))


def test_no_flag_without_the_strategy_or_for_a_handful_of_gaps() -> None:
    few = np.arange(1000, dtype=np.float64)
    few[:9] = np.nan
    assert made(pd.DataFrame({"a": few}))[1].labels == ("a",)
    many = np.where(np.arange(1000) % 3 == 0, np.nan, np.arange(1000.0))
    assert made(pd.DataFrame({"a": many}), flags=False)[1].labels == ("a",)


def test_levels_get_codes_by_text_and_rare_and_unseen_ones_share_the_last() -> None:
    frame = pd.DataFrame({"c": texts([*["b"] * 50, *["a"] * 48, "rare", None])})
    plan, matrix = made(frame)
    assert matrix.levels[0] == ("a", "b", "any other")
    assert matrix.categorical == (0,)
    later = applied(plan, pd.DataFrame({"c": texts(["a", "b", "rare", "never seen", None])}))
    np.testing.assert_array_equal(later.x[:, 0], np.array([0, 1, 2, 2, np.nan], dtype=np.float32))
    assert "rare" not in plan.model_dump_json()


def test_without_rare_levels_an_unseen_one_is_missing() -> None:
    plan, _ = made(pd.DataFrame({"c": texts(["a", "b"] * 50)}))
    assert np.isnan(applied(plan, pd.DataFrame({"c": texts(["z"])})).x[0, 0])


def test_many_levels_are_capped_and_their_frequency_is_told() -> None:
    names = [f"level {i:03d}" for i in range(80)]
    frame = pd.DataFrame({"c": texts([name for i, name in enumerate(names) for _ in range(10 + i)])})
    plan, matrix = made(frame)
    assert len(matrix.levels[0]) == MOST_LEVELS + 1
    share = column(applied(plan, pd.DataFrame({"c": texts([names[79], "new"])})), "how common the c is")
    assert share.tolist() == [np.float32(89 / len(frame)), 0.0]


def test_a_column_of_identifiers_and_a_constant_are_left_out_with_a_reason() -> None:
    frame = pd.DataFrame(
        {
            "id": texts([f"K-{i}" for i in range(100)]),
            "one": 1.0,
            "x": np.arange(100.0),
            "copy": np.arange(100.0),
        }
    )
    plan, matrix = made(frame)
    assert matrix.labels == ("x",)
    reasons = {entry.name: str(entry.why) for entry in plan.left_out}
    assert set(reasons) == {"id", "one", "copy"}
    assert '"x"' in reasons["copy"]


def test_dates_become_parts_that_match_the_calendar() -> None:
    moments = pd.DatetimeIndex(pd.date_range("2023-12-30 05:00", periods=400, freq="37h").astype("datetime64[us]"))
    frame = pd.DataFrame({"d": moments})
    _, matrix = made(frame)
    np.testing.assert_array_equal(column(matrix, "month of d"), moments.month)
    np.testing.assert_array_equal(column(matrix, "weekday of d"), moments.day_of_week + 1)
    np.testing.assert_array_equal(column(matrix, "hour of d"), moments.hour)
    np.testing.assert_array_equal(column(matrix, "year of d"), moments.year)
    elapsed = (moments - moments[0]).total_seconds() / 86400
    np.testing.assert_allclose(column(matrix, "days of d since the first training row"), elapsed, rtol=1e-6)
    np.testing.assert_allclose(
        column(matrix, "season of d (sine)"), np.sin(2 * math.pi * (moments.month - 1) / 12), atol=1e-6
    )


def test_whole_days_give_no_hour() -> None:
    _, matrix = made(pd.DataFrame({"d": pd.date_range("1960-01-01", periods=900).astype("datetime64[us]")}))
    assert not [label for label in matrix.labels if "hour" in label or "time of day" in label]
    assert column(matrix, "year of d").min() == 1960


def test_words_are_weighted_as_scikit_learn_does() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    rng = np.random.default_rng(0)
    words = [f"{a}{b}{c}" for a in "klmn" for b in "aei" for c in "rst"]
    docs = [
        " ".join(rng.choice(words, rng.integers(5, 12))) + " zz" + "".join(chr(97 + int(d)) for d in f"{i:03d}")
        for i in range(300)
    ]
    plan, matrix = made(pd.DataFrame({"t": texts(docs)}))
    vocabulary = plan.encoders[0].params["words"]
    assert set(vocabulary) == set(words)
    reference = TfidfVectorizer(vocabulary=vocabulary, token_pattern=r"[^\W\d_]{2,}").fit(docs).transform(docs)
    np.testing.assert_allclose(matrix.x[:, :-1], reference.toarray(), atol=1e-6)
    assert matrix.x[0, -1] == len(docs[0].split())


def test_a_short_text_column_with_few_levels_is_a_category_not_prose() -> None:
    frame = pd.DataFrame({"t": texts(["we had a great time", "never came back to us"] * 50)})
    assert made(frame)[1].categorical == (0,)


def test_proposed_forms_compute_what_they_say() -> None:
    frame = pd.DataFrame({"a, b": [1.0, 2.0, 3.0, np.nan] * 5, "c": [2.0, 0.0, -5.0, 1.0] * 5})
    _, matrix = made(
        frame,
        "ratio(a, b, c)",
        "difference(a, b, c)",
        "product(a, b, c)",
        "log1p(c)",
        "if_missing(a, b)",
        flags=False,
    )
    first = matrix.x[:4, 2:]
    expected = [
        [0.5, -1.0, 2.0, math.log(3), 0.0],
        [np.nan, 2.0, 0.0, 0.0, 0.0],
        [-0.6, 8.0, -15.0, np.nan, 0.0],
        [np.nan, np.nan, np.nan, math.log(2), 1.0],
    ]
    np.testing.assert_allclose(first, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "cosine(a)",
        "ratio(a)",
        "ratio(a, nowhere)",
        "a / b",
        "log1p(t)",
        "__import__('os')",
        "ratio(a, d)",
        "log1p(a",
    ],
)
def test_anything_but_a_declared_form_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(text, {"a": "number", "b": "number", "t": "text", "d": "date"})
    assert refused.value.code == 8


def test_a_proposal_over_an_excluded_column_is_not_made() -> None:
    frame = pd.DataFrame({"a": np.arange(50.0), "sex": np.arange(50.0) % 2})
    proposal = parse("product(a, sex)", {"a": "number", "sex": "number"})
    plan, _ = fit_features(frame, excluded={"sex": say("protected")}, proposals=[proposal])
    assert [feature.label for feature in plan.features] == ["a"]
    assert "sex" not in {entry.name for entry in plan.inputs}


def test_too_large_products_are_missing_not_infinite() -> None:
    frame = pd.DataFrame({"a": np.geomspace(1, 3e38, 50)})
    _, matrix = made(frame, "product(a, a)")
    assert np.isfinite(matrix.x[~np.isnan(matrix.x)]).all()
    assert np.isnan(matrix.x[-1, 1])


def test_selection_tells_a_constant_with_gaps_from_a_constant() -> None:
    gaps = np.where(np.arange(40) % 2 == 0, np.nan, 1.0)
    x = np.stack([np.ones(40), gaps, np.full(40, np.nan), -0.0 * np.ones(40)], axis=1).astype(np.float32)
    assert select(x, ["one", "gaps", "empty", "zero"]).kept == (1,)


def test_the_matrix_comes_back_from_parquet_bit_for_bit(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=60), "c": texts(["u", "v", "w"] * 20)})
    plan, matrix = made(frame)
    matrix_frame(matrix).to_parquet(folder / "m.parquet")
    (folder / "features.json").write_text(plan.model_dump_json())
    again = load_matrix(folder / "m.parquet", folder / "features.json")
    np.testing.assert_array_equal(again.x, matrix.x)
    assert (again.names, again.levels, again.sources) == (matrix.names, matrix.levels, matrix.sources)


def test_the_same_rows_give_the_same_plan_bytes() -> None:
    frame = pd.DataFrame({"a": np.arange(60.0), "c": texts(["u", "v", "w"] * 20)})
    assert made(frame)[0].model_dump_json() == made(frame)[0].model_dump_json()
