from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.modeling.tables import CLASSES, rows, target
from tools.modeling.exporting import TOLERANCE, apart, export, onnx_bytes, run_onnx
from tools.modeling.families import FAMILIES
from tools.modeling.families.base import Layout, Problem, Size, just_below, rounded_down
from tools.modeling.fitting import fit
from tools.records import Task
from tools.serving.service.arrays import evaluate, read, write

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
PAIRS = [(name, task) for name, family in FAMILIES.items() for task in TASKS if task in family.tasks]
LAYOUT = Layout(6, (5,))
SMALL = {"n_estimators": 20}


def fitted(name: str, task: Task, **params: Any) -> Any:
    x, signal = rows()
    return fit(name, Problem(task, CLASSES[task]), LAYOUT, x, target(task, signal), {**SMALL, **params}, 3)


def odd_rows() -> Any:
    """Rows as trained on, rows far outside, and a row of missing values only."""
    x, _ = rows()
    far = rows(300, seed=9)[0] * 3
    far[:, 5] = np.where(np.isnan(far[:, 5]), np.nan, np.round(far[:, 5]))
    return np.concatenate([x, far, np.full((2, 6), np.nan, dtype=np.float32)])


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_a_models_plain_form_and_its_onnx_file_agree_with_it_on_every_row(
    name: str, task: Task, tmp_path: Path
) -> None:
    model, x = fitted(name, task), odd_rows()
    said = model.predict(x).reshape(len(x), -1)
    scale = 1.0 if CLASSES[task] else float(np.std(said))
    assert np.abs(evaluate(model.arrays(), x) - said).max() / scale < TOLERANCE
    member, parity = export(model, tmp_path, "m", x)
    assert member.format == "onnx"
    assert parity.max_difference <= TOLERANCE
    assert parity.labels_differing == 0
    assert parity.rows == len(x)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_a_row_scores_the_same_to_the_bit_alone_and_among_others(name: str, task: Task, tmp_path: Path) -> None:
    model, x = fitted(name, task), odd_rows()
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx_bytes(model.arrays(), 6))
    write(tmp_path / "m.npz", model.arrays())
    held = read(tmp_path / "m.npz")
    whole, plain = run_onnx(path, x), evaluate(held, x)
    for size in (1, 2, 7):
        for start in range(0, 70, size):
            part = x[start : start + size]
            assert np.array_equal(evaluate(held, part), plain[start : start + size])
        assert np.array_equal(run_onnx(path, x[:size]), whole[:size])


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_the_same_rows_and_seed_give_the_same_file(name: str, task: Task) -> None:
    one, two = fitted(name, task).arrays(), fitted(name, task).arrays()
    assert onnx_bytes(one, 6) == onnx_bytes(two, 6)
    assert list(one) == list(two)


@pytest.mark.parametrize("name", ["linear", "forest", "histgb", "xgb", "lgbm"])
def test_every_family_learns_a_signal_that_is_there(name: str) -> None:
    x, signal = rows(600, missing=0.0)
    y = target("binary", signal)
    model = fit(name, Problem("binary", 2), LAYOUT, x[:400], y[:400], {"n_estimators": 60}, 0)
    right = (model.predict(x[400:])[:, 1] >= 0.5) == (y[400:] == 1)
    assert right.mean() > 0.75


@pytest.mark.parametrize("name", ["linear", "forest", "xgb", "lgbm", "histgb"])
def test_a_class_without_training_rows_gets_probability_zero_in_model_and_file(name: str, tmp_path: Path) -> None:
    x, signal = rows()
    y = target("multiclass", signal)
    kept = y != 1
    model = fit(name, Problem("multiclass", 4), LAYOUT, x[kept], y[kept], SMALL, 0)
    said = model.predict(x)
    assert said.shape == (len(x), 4)
    assert (said[:, 1] == 0).all()
    assert export(model, tmp_path, "m", x)[0].format == "onnx"


def test_rows_of_one_class_only_give_a_model_that_always_says_it(tmp_path: Path) -> None:
    x, _ = rows(50)
    model = fit("xgb", Problem("binary", 2), LAYOUT, x, np.ones(50, dtype=np.int64), SMALL, 0)
    assert (model.predict(x) == np.array([0.0, 1.0])).all()
    assert export(model, tmp_path, "m", x)[1].holds


@pytest.mark.parametrize("name", ["histgb", "xgb", "lgbm"])
def test_boosters_that_minimise_the_absolute_error_export_as_well(name: str, tmp_path: Path) -> None:
    model, x = fitted(name, "regression", loss="absolute"), odd_rows()
    assert export(model, tmp_path, "m", x)[0].format == "onnx"


def test_counts_are_never_predicted_below_zero() -> None:
    x, signal = rows()
    y = np.maximum(0.0, np.round(signal * 3))
    model = fit("linear", Problem("regression"), LAYOUT, x, y, {"penalty": 1.0}, 0)
    assert model.predict(odd_rows()).min() >= 0


def test_a_threshold_rounded_down_sends_every_float32_the_way_the_double_did() -> None:
    doubles = np.random.default_rng(0).normal(size=2000)
    near = doubles.astype(np.float32)
    for x in (near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))):
        assert np.array_equal(x.astype(np.float64) <= doubles, x <= rounded_down(doubles))
        assert np.array_equal(x < near, x <= just_below(near))


@pytest.mark.parametrize(
    ("name", "task"), [("xgb", "binary"), ("lgbm", "binary"), ("xgb", "multiclass"), ("lgbm", "multiclass")]
)
def test_contributions_of_a_boosted_model_add_up_to_its_margin(name: str, task: Task) -> None:
    model, (x, _) = fitted(name, task), rows()
    parts = model.contributions(x)
    said = np.clip(model.predict(x), 1e-12, 1.0)
    margin = np.log(said[:, -1] / said[:, 0]) if task == "binary" else None
    assert parts.shape == x.shape
    if margin is not None:
        rest = margin - parts.sum(axis=1)  # the expected margin, the same for every row
        assert np.ptp(rest) < 1e-3
    else:
        assert not np.allclose(parts, model.contributions(x, 0))


def test_plain_arrays_are_written_the_same_and_refuse_pickled_objects(tmp_path: Path) -> None:
    held = fitted("forest", "binary").arrays()
    write(tmp_path / "a.npz", held)
    write(tmp_path / "b.npz", held)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    raw = io.BytesIO()
    np.savez(raw, bad=np.array([{"a": 1}], dtype=object))
    raw.seek(0)
    with pytest.raises(ValueError, match="allow_pickle"):
        read(raw)


def test_standard_settings_lie_inside_the_space_that_is_searched() -> None:
    size = Size(5000, 20, 2)
    for family in FAMILIES.values():
        space = family.space(size)
        for params in family.portfolio(size):
            assert set(params) == set(space)
            for name, value in params.items():
                held = space[name]
                inside = value in held.values if hasattr(held, "values") else held.low <= float(value) <= held.high
                assert inside, (family.name, name)


def test_boosters_search_the_ranges_of_the_guidance() -> None:
    for name in ("xgb", "lgbm", "histgb"):
        space: Any = FAMILIES[name].space(Size(5000, 20, 2))
        assert (space["n_estimators"].low, space["n_estimators"].high) == (50, 300)
        assert (space["max_depth"].low, space["max_depth"].high) == (3, 10)
        assert (space["learning_rate"].low, space["learning_rate"].high, space["learning_rate"].log) == (
            0.01,
            0.3,
            True,
        )


def test_what_does_not_agree_in_onnx_ships_as_plain_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.modeling import exporting

    model, x = fitted("xgb", "binary"), odd_rows()
    truth = exporting.onnx_bytes

    def twisted(held: Any, width: int) -> bytes:
        return truth({**held, "value": held["value"] * 1.01}, width)

    monkeypatch.setattr(exporting, "onnx_bytes", twisted)
    member, parity = export(model, tmp_path, "m", x)
    assert member.format == "arrays"
    assert parity.holds
    assert not (tmp_path / "m.onnx").exists()


def test_far_out_in_a_long_tail_a_difference_is_measured_by_the_value_itself() -> None:
    said = np.array([[1.0], [5000.0]])
    assert apart(said, said + np.array([[0.0], [0.01]]), spread=1.0) == pytest.approx(2e-6)
    assert apart(said, said + np.array([[0.01], [0.0]]), spread=1.0) == pytest.approx(0.01)
