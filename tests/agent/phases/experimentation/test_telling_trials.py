from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agent.phases.experimentation import tuning
from tools.modeling.tuning import Trial


class Hears:
    """A job that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float, str, Any]] = []

    def progress(self, done: float, total: float, note: str = "", search: Any = None) -> None:
        self.told.append((done, total, note, search))


class Searches:
    """A search that is where its trials are."""

    metric = "roc_auc"

    def __init__(self) -> None:
        self.done: list[Trial] = []

    @property
    def best(self) -> Trial | None:
        return min((one for one in self.done if one.loss is not None), key=lambda one: one.loss or 0.0, default=None)

    def end(self, loss: float | None) -> None:
        state: Any = "pruned" if loss is None else "complete"
        self.done.append(
            Trial(number=len(self.done), family="linear", params={"penalty": 8.66132}, state=state, folds=(), loss=loss)
        )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still until it is set."""
    found = SimpleNamespace(now=100.0)
    monkeypatch.setattr(tuning, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


def told(clock: SimpleNamespace, *trials: tuple[float | None, float]) -> list[tuple[float, float, str, Any]]:
    """What is told of trials with these losses and seconds."""
    job, search = Hears(), Searches()
    telling = tuning.Telling(job, search, 30)  # type: ignore[arg-type]
    for loss, seconds in trials:
        clock.now += seconds
        search.end(loss)
        telling.trial()
    telling.rest()
    return job.told


def test_a_trial_is_told_with_its_family_settings_score_best_so_far_and_seconds(clock: SimpleNamespace) -> None:
    ((done, total, note, search),) = told(clock, (0.25, 0.5))
    assert (done, total, note) == (1, 30, "best ROC AUC 0.750, linear")
    assert (search["metric"], search["greater_is_better"]) == ("ROC AUC", True)
    assert search["trials"] == [
        {
            "number": 1, "family": "linear model", "params": "penalty 8.66", "state": "complete", "score": 0.75,
            "best": 0.75, "seconds": 0.5,
        }
    ]  # fmt: skip


def test_the_best_so_far_is_that_of_the_time_of_each_trial(clock: SimpleNamespace) -> None:
    rows = [row for _, _, _, search in told(clock, (0.3, 1), (None, 1), (0.2, 1), (0.4, 1)) for row in search["trials"]]
    assert [row["best"] for row in rows] == [0.7, 0.7, 0.8, 0.8]
    assert [row["score"] for row in rows] == [0.7, None, 0.8, 0.6]


def test_quick_trials_are_told_together_and_none_is_lost(clock: SimpleNamespace) -> None:
    heard = told(clock, *((0.5, 0.01) for _ in range(100)))
    assert 2 < len(heard) < 12
    numbers = [row["number"] for _, _, _, search in heard for row in search["trials"]]
    assert numbers == list(range(1, 101))
