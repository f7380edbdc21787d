from __future__ import annotations

import numpy as np
import pytest

from tests.tools.modeling.tables import training
from tools.modeling.families.base import Layout, Problem, Size
from tools.modeling.fitting import fit
from tools.modeling.imbalance import balanced_rows, class_weights, imbalance_choice, synthetic_rows
from tools.modeling.training import substream
from tools.modeling.tuning import Search

FAMILIES = ("linear", "lgbm")


def search(seed: int = 1, trials: int = 9) -> Search:
    held = Search(training("binary", 300), FAMILIES, "roc_auc", seed)
    for _ in range(trials):
        held.step()
    return held


@pytest.mark.integration
def test_the_search_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, two, other = search(), search(), search(seed=2)
    assert one.done == two.done
    assert one.tuned() == two.tuned()
    assert [trial.params for trial in one.done] != [trial.params for trial in other.done]


@pytest.mark.integration
def test_a_search_stopped_after_some_trials_is_repeated_exactly_by_asking_for_so_many() -> None:
    assert search(trials=6).done == search(trials=9).done[:6]


def test_standard_settings_come_first_one_family_after_the_other() -> None:
    held = search(trials=3)
    assert [trial.family for trial in held.done] == ["linear", "lgbm", "lgbm"]
    assert held.done[0].params == {"penalty": 1.0}


def test_a_trial_that_loses_its_first_folds_is_given_up() -> None:
    held = Search(training("binary", 300, folds=5), ("lgbm",), "roc_auc", 0)
    held.step()
    # a rival that nothing can beat
    best = held.done[0].model_copy(update={"folds": (-1.0,) * 5, "loss": -1.0})
    held.done[0] = best
    trial = held.step()
    assert trial is not None
    assert trial.state == "pruned"
    assert len(trial.folds) == 2
    assert held.tuned().families[0].number == 0


def test_a_trial_that_the_clock_cuts_short_leaves_no_trace() -> None:
    held = search(trials=2)
    before = list(held.done)
    assert held.step(lambda: True) is None
    assert held.done == before


def test_seeds_of_named_parts_differ_and_are_the_same_on_every_machine() -> None:
    assert substream(0, "a") == substream(0, "a")
    assert len({substream(0, "a"), substream(0, "b"), substream(1, "a"), substream(0, "a", 1)}) == 4


# ── imbalance ───────────────────────────────────────────────────────────────


def rare(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, 3)).astype(np.float32)
    x[:, 2] = generator.integers(0, 3, n)
    y = (np.arange(n) % 10 == 0).astype(np.int64)
    x[generator.random((n, 3)) < 0.05] = np.nan
    return x, y


def test_weights_give_every_class_the_same_total() -> None:
    _, y = rare()
    weights = class_weights(y)
    assert weights[y == 1].sum() == pytest.approx(weights[y == 0].sum())
    assert weights.sum() == pytest.approx(len(y))


def test_smote_appends_rows_of_the_rare_class_and_touches_no_other() -> None:
    x, y = rare()
    layout = Layout(3, (2,))
    more_x, more_y, _ = balanced_rows("smote", layout, x, y, None, 0)
    assert np.array_equal(more_x[: len(x)], x, equal_nan=True)
    assert set(more_y[len(y) :]) == {1}
    assert (more_y == 1).sum() == (more_y == 0).sum()
    codes = more_x[len(x) :, 2]
    assert set(np.unique(codes[~np.isnan(codes)])) <= {0.0, 1.0, 2.0, 3.0}  # levels, nothing between
    again, _ = synthetic_rows(layout, x, y, 0)
    assert np.array_equal(again, more_x[len(x) :], equal_nan=True)


def test_balanced_classes_leave_nothing_to_the_search() -> None:
    assert imbalance_choice(Size(1000, 5, 2, 0.4), True, "binary") is None
    found = imbalance_choice(Size(1000, 5, 2, 0.1), True, "binary")
    assert found is not None
    assert found.values == ("none", "weights", "smote")
    large = imbalance_choice(Size(100_000, 5, 2, 0.1), True, "binary")
    assert large is not None
    assert "smote" not in large.values


def test_weighting_raises_the_probabilities_of_the_rare_class() -> None:
    x, y = rare()
    problem, layout = Problem("binary", 2), Layout(3, (2,))
    plain = fit("linear", problem, layout, x, y, {"imbalance": "none"}, 0).predict(x)
    weighed = fit("linear", problem, layout, x, y, {"imbalance": "weights"}, 0).predict(x)
    assert plain[:, 1].mean() == pytest.approx(0.1, abs=0.02)
    assert weighed[:, 1].mean() == pytest.approx(0.5, abs=0.05)
