"""The scorer: same bits at every batch size, honest probabilities, and nothing loaded that was not approved."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tools.serving.making import Made, linear, make_scorer
from tools.data.sources import read_table
from tools.serving.assembling import BATCHES, Decision, Member
from tools.serving.predicting import score_by_parts, score_frame
from tools.serving.service.scorer import CALIBRATIONS, MissingColumns, Scorer, ScorerError, _in_blocks

HEADER = "age,income,city,since,member,note,target\n"
WORDS = ["good", "bad", "slow", "quick", "kind", "late"]
CITIES = ("Graz", "Linz", "Wien")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    lines = [
        f"{rng.integers(18, 90) if i % 7 else ''},{rng.lognormal(8, 1):.2f},{CITIES[rng.integers(3)]},"
        f"2024-{1 + i % 12:02d}-{1 + i % 28:02d},{'yes' if i % 2 else 'no'},"
        f"{' '.join(rng.choice(WORDS, 6))} x{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]},"
        f"{'yes' if rng.random() < 0.3 else 'no'}"
        for i in range(1500)
    ]
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def made(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    frame, reading = read_table(table)
    return make_scorer(tmp_path_factory.mktemp("scorer"), frame, reading, "target")


def copy(made: Made, folder: Path, **changes: Any) -> Path:
    manifest = {**json.loads((made.folder / "scorer.json").read_text()), **changes}
    for member in made.scorer.manifest["members"]:
        (folder / member["file"]).write_bytes((made.folder / member["file"]).read_bytes())
    (folder / "scorer.json").write_text(json.dumps(manifest))
    return folder


def test_training_rows_and_raw_rows_give_the_same_matrix(made: Made, table: Path) -> None:
    frame, _ = read_table(table)
    raw = pd.read_csv(table, dtype=str, keep_default_na=False)
    typed, _ = made.scorer.matrix({name: frame[name].to_numpy() for name in made.scorer.needed}, len(frame))
    text, faults = made.scorer.matrix({name: raw[name].tolist() for name in made.scorer.needed}, len(raw))
    assert not faults
    np.testing.assert_array_equal(typed, made.matrix.x)
    np.testing.assert_array_equal(text, made.matrix.x)


def test_scores_are_the_same_bits_at_every_batch_size(made: Made, table: Path) -> None:
    frame = read_table(table)[0].head(1000)
    whole = score_frame(made.scorer, frame).probabilities
    assert whole is not None
    for size in BATCHES:
        parts = [part.probabilities for part in score_by_parts(made.scorer, frame.head(40 * size), size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[: 40 * size])  # type: ignore[arg-type]


def test_a_member_that_depends_on_the_batch_is_called_in_fixed_blocks() -> None:
    def fickle(x: np.ndarray) -> np.ndarray:
        return x[:, :1] + len(x)

    x = np.arange(5000, dtype=np.float32).reshape(-1, 1)
    whole = _in_blocks(fickle, x, 1, 16)
    for size in BATCHES:
        parts = [_in_blocks(fickle, x[start : start + size], 1, 16) for start in range(0, 5000, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_onnx_and_plain_arrays_of_one_model_agree(made: Made, tmp_path: Path, table: Path) -> None:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    x = np.nan_to_num(made.matrix.x)
    model = LogisticRegression(max_iter=500).fit(x, np.arange(len(x)) % 2)
    content = to_onnx(model, x[:1], options={"zipmap": False}, target_opset={"": 21, "ai.onnx.ml": 3})
    frame, reading = read_table(table)
    onnx = make_scorer(tmp_path / "o", frame, reading, "target", members=[Member(content.SerializeToString())])
    arrays = linear(x)
    zero = np.zeros(x.shape[1])
    arrays |= {
        "shift": zero,
        "scale": zero + 1,
        "fill": zero,
        "weight": model.coef_,
        "offset": model.intercept_,
    }
    plain = make_scorer(tmp_path / "p", frame, reading, "target", members=[Member(arrays)])
    one, other = onnx.scorer.predict(x), plain.scorer.predict(x)
    np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(one.sum(axis=1), 1.0, atol=1e-15)
    for size in (1, 2, 7):
        parts = [onnx.scorer.predict(x[start : start + size]) for start in range(0, 70, size)]
        np.testing.assert_array_equal(np.concatenate(parts)[:70], one[:70])


def test_members_are_averaged_by_weight(made: Made, tmp_path: Path, table: Path) -> None:
    frame, reading = read_table(table)
    x = made.matrix.x
    members = [Member(linear(x, seed=1), 3.0), Member(linear(x, seed=2), 1.0)]
    both = make_scorer(tmp_path, frame, reading, "target", members=members).scorer
    first, second = both.member_outputs(x)
    np.testing.assert_allclose(both.predict(x), 0.75 * first + 0.25 * second, atol=1e-15)


def test_positive_is_at_or_above_the_threshold(made: Made, tmp_path: Path, table: Path) -> None:
    frame, reading = read_table(table)
    p = made.scorer.predict(made.matrix.x)[:, 1]
    threshold = float(p[17])
    scorer = make_scorer(tmp_path, frame, reading, "target", decision=Decision(threshold=threshold)).scorer
    predicted = score_frame(scorer, frame).prediction
    assert predicted[17] == "yes"
    assert [text == "yes" for text in predicted] == (p >= threshold).tolist()


def test_calibrations_compute_their_documented_formulas() -> None:
    p = np.array([[0.9, 0.1], [0.2, 0.8], [1.0, 0.0]])
    sigmoid = CALIBRATIONS["sigmoid"]({"a": [2.0], "b": [0.5]})(p)
    expected = 1 / (1 + math.exp(-(2 * math.log(0.8 / 0.2) + 0.5)))
    assert sigmoid[1, 1] == pytest.approx(expected, abs=1e-15)
    np.testing.assert_allclose(CALIBRATIONS["sigmoid"]({"a": [1.0], "b": [0.0]})(p), p, atol=2e-7)
    isotonic = CALIBRATIONS["isotonic"]({"x": [[0.0, 0.5, 1.0]], "y": [[0.0, 0.2, 1.0]]})(p)
    np.testing.assert_allclose(isotonic[:, 1], [0.04, 0.68, 0.0], atol=1e-15)
    three = CALIBRATIONS["isotonic"]({"x": [[0.0, 1.0]] * 3, "y": [[0.0, 1.0], [0.0, 0.5], [0.0, 1.0]]})
    np.testing.assert_allclose(three(np.array([[0.2, 0.4, 0.4]])), [[0.25, 0.25, 0.5]], atol=1e-15)


def test_rows_in_the_refer_band_ask_for_a_person(tmp_path: Path, table: Path) -> None:
    frame, reading = read_table(table)
    scorer = make_scorer(tmp_path, frame, reading, "target", decision=Decision(refer=(0.4, 0.6))).scorer
    scores = score_frame(scorer, frame)
    assert scores.referred is not None and scores.probabilities is not None
    p = scores.probabilities[:, 1]
    assert scores.referred.tolist() == ((p >= 0.4) & (p <= 0.6)).tolist()
    assert 0 < scores.referred.sum() < len(frame)


def test_a_log_target_is_taken_back(tmp_path: Path, table: Path) -> None:
    frame, reading = read_table(table)
    plain = make_scorer(tmp_path / "a", frame, reading, "income", classes=()).scorer
    logged = make_scorer(tmp_path / "b", frame, reading, "income", (), decision=Decision(transform="log1p")).scorer
    values = score_frame(plain, frame).values
    assert values is not None
    np.testing.assert_allclose(score_frame(logged, frame).values, np.expm1(values), rtol=1e-12)  # type: ignore[arg-type]


def test_classes_beyond_two_take_the_most_probable(tmp_path: Path, table: Path) -> None:
    frame, reading = read_table(table)
    scores = score_frame(make_scorer(tmp_path, frame, reading, "city", CITIES).scorer, frame)
    assert scores.probabilities is not None
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1.0, atol=1e-12)
    assert scores.prediction == [CITIES[code] for code in scores.probabilities.argmax(axis=1)]


def test_an_unreadable_row_has_no_prediction_and_others_are_untouched(made: Made, table: Path) -> None:
    raw = pd.read_csv(table, dtype=str, keep_default_na=False).head(5)
    columns = {name: raw[name].tolist() for name in made.scorer.needed}
    before = made.scorer.score(columns, 5)
    columns["age"][2], columns["since"][2] = "old", "soon"
    after = made.scorer.score(columns, 5)
    assert after.prediction[2] is None
    assert after.errors[2] == "age: 'old' is not a number; since: 'soon' is not a date"
    keep = [0, 1, 3, 4]
    np.testing.assert_array_equal(after.probabilities[keep], before.probabilities[keep])  # type: ignore[index]
    assert [after.errors[row] for row in keep] == [None] * 4


def test_no_rows_give_no_predictions(made: Made) -> None:
    assert made.scorer.score({name: [] for name in made.scorer.needed}, 0).prediction == []


def test_a_missing_column_is_named(made: Made) -> None:
    with pytest.raises(MissingColumns, match="income"):
        made.scorer.score({name: [] for name in made.scorer.needed if name != "income"}, 0)


def test_the_same_inputs_give_the_same_bytes(made: Made, tmp_path: Path, table: Path) -> None:
    frame, reading = read_table(table)
    again = make_scorer(tmp_path, frame, reading, "target")
    for name in ("scorer.json", "member-0.npz"):
        assert (again.folder / name).read_bytes() == (made.folder / name).read_bytes()


def test_no_single_value_of_the_training_table_is_shipped(tmp_path: Path, table: Path) -> None:
    lines = table.read_text().splitlines()
    lines[1] = "54,123456.78,Canaryville,2024-01-01,yes,canaryword among good bad words,no"
    (tmp_path / "t.csv").write_text("\n".join(lines))
    frame, reading = read_table(tmp_path / "t.csv")
    folder = make_scorer(tmp_path / "s", frame, reading, "target").folder
    held = b"".join(path.read_bytes() for path in sorted(folder.iterdir())).lower()
    assert b"canary" not in held and b"123456" not in held


def test_a_changed_member_is_refused_before_it_is_parsed(made: Made, tmp_path: Path) -> None:
    folder = copy(made, tmp_path)
    content = bytearray((folder / "member-0.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "member-0.npz").write_bytes(content)
    with pytest.raises(ScorerError, match=r"member-0\.npz"):
        Scorer.load(folder)


def test_a_changed_description_is_refused_where_its_hash_is_known(made: Made, tmp_path: Path) -> None:
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made.folder.iterdir()}
    assert Scorer.load(made.folder, files).sha256 == files["scorer.json"]
    with pytest.raises(ScorerError, match=r"scorer\.json"):
        Scorer.load(copy(made, tmp_path, threshold=0.1), files)
    with pytest.raises(ScorerError):
        Scorer.load(made.folder, {})


@pytest.mark.parametrize(
    "member",
    [
        {"file": "member-0.npz", "format": "pickle"},
        {"file": "../scorer/member-0.npz", "format": "arrays"},
        {"file": "absent.npz", "format": "arrays"},
    ],
)
def test_only_listed_formats_and_plain_names_are_loaded(made: Made, tmp_path: Path, member: dict[str, Any]) -> None:
    known = made.scorer.manifest["members"][0]
    with pytest.raises(ScorerError):
        Scorer.load(copy(made, tmp_path, members=[{**known, **member}]))


def test_an_unknown_version_is_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="version 2"):
        Scorer.load(copy(made, tmp_path, version=2))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("german_credit/german.data", ""),
        ("insurance_fraud/insurance_claims.csv", "fraud_reported"),
        ("ames_housing/AmesHousing.csv", "SalePrice"),
        ("telco_churn/Telco-Customer-Churn.csv", "Churn"),
        ("bike_hourly/hour.csv", "cnt"),
        ("clothing_reviews/reviews.parquet", "Recommended IND"),
    ],
)
def test_real_tables_score_alike_from_frames_and_files(
    shared: Callable[[str], Path], tmp_path: Path, name: str, target: str
) -> None:
    from tools.serving.service.tabular import read_rows

    path = shared(name)
    frame, reading = read_table(path)
    target = target or str(frame.columns[-1])
    made = make_scorer(tmp_path, frame, reading, target, classes=())
    rows = read_rows(path, made.scorer.manifest["reading"], made.scorer.needed, target)
    x, faults = made.scorer.matrix(rows.columns, rows.count)
    assert not faults
    np.testing.assert_array_equal(x, made.matrix.x)
    whole = made.scorer.predict(x[:1000])
    for size in (1, 2, 7):
        parts = [made.scorer.predict(x[start : start + size]) for start in range(0, 20 * size, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[: 20 * size])
