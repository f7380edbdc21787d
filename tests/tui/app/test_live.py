from __future__ import annotations

import time
from typing import Any

import pytest
from rich.cells import cell_len

from tests.tui.app.scripted import told
from tui.app.live import Search, draw_search

FAMILIES = ("linear model", "LightGBM", "histogram gradient boosting")


def progress(*scores: float | None, first: int = 1, total: int = 30, higher: bool = True) -> Any:
    """A telling of trials with these scores, numbered from ``first``."""
    best: float | None = None
    trials = []
    for number, score in enumerate(scores, start=first):
        if score is not None:
            best = score if best is None else (max if higher else min)(best, score)
        trials.append(
            {
                "number": number,
                "family": FAMILIES[number % 3],
                "params": "penalty 8.66, depth 3",
                "score": score,
                "state": "pruned" if score is None else "complete",
                "best": best,
                "seconds": 0.4,
            }
        )
    search = {"metric": "ROC AUC", "greater_is_better": higher, "trials": trials}
    done = first + len(scores) - 1
    return told("progress", "experimentation.tuning", done=done, total=total, note="best ROC AUC 0.8", search=search)


def search(*scores: float | None, **more: Any) -> Search:
    found = Search()
    found.take(progress(*scores, **more).event.data)
    return found


def lines(found: Search, width: int = 60, height: int = 30, spent: float = 10.0) -> list[str]:
    return draw_search(found, width, height, spent).plain.split("\n")


def test_the_best_trial_stands_first_with_a_word_and_the_newest_after_it() -> None:
    table = lines(search(0.7, 0.9, None, 0.8), height=9)[2:]
    assert table[0].split() == ["trial", "score", "family", "settings", "time"]
    assert table[1].split()[:3] == ["2", "best", "0.9"]
    assert [row.split()[0] for row in table[2:]] == ["4", "3", "1"]
    assert "given up" in table[3]
    assert sum("best" in row for row in table) == 1


def test_of_a_loss_the_lowest_is_best() -> None:
    assert lines(search(47.2, 43.1, 44.0, higher=False), height=9)[3].split()[:3] == ["2", "best", "43.1"]


def test_it_tells_how_far_it_is_how_long_it_took_and_what_is_left() -> None:
    assert lines(search(0.7, 0.8, 0.9), spent=10.0)[:2] == [
        "3 of 30 trials · 10 s · 90 s left",
        "best ROC AUC 0.9, linear model",
    ]


def test_the_curve_is_drawn_where_there_is_room_for_it() -> None:
    assert any("best ROC AUC so far" in row for row in lines(search(0.7, 0.8, 0.9)))
    assert not any("so far" in row for row in lines(search(0.7, 0.8, 0.9), height=12))


@pytest.mark.parametrize("width", [24, 34, 44, 64, 120])
@pytest.mark.parametrize("height", [3, 10, 24])
def test_it_keeps_to_its_room(width: int, height: int) -> None:
    drawn = lines(search(*(0.5 + n / 1000 for n in range(60))), width, height)
    assert len(drawn) <= height
    assert all(cell_len(row) <= width for row in drawn)


def test_trials_that_are_told_in_several_goes_are_one_search() -> None:
    found = search(0.7, 0.8)
    found.take(progress(0.9, first=3).event.data)
    assert [trial.number for trial in found.trials] == [1, 2, 3]
    assert found.best is not None and found.best.number == 3


def test_progress_without_trials_only_moves_the_counts() -> None:
    found = search(0.7)
    found.take({"done": 2.0, "total": 30.0, "note": ""})
    assert (found.done, len(found.trials)) == (2.0, 1)


def test_a_long_search_is_drawn_within_a_frame() -> None:
    found = search(*(0.5 + n / 1e5 for n in range(5000)), total=5000)
    began = time.process_time()
    for _ in range(5):
        draw_search(found, 64, 40, 1.0)
    assert (time.process_time() - began) / 5 < 0.05
