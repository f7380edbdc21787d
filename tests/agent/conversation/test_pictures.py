from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.conversation.parts import Bars, Curve, Grid, Part
from agent.conversation.pictures import MOST, PICTURES, picture
from agent.registry import registry
from tests.agent.conversation.scenes import position
from tools.records import Outcome
from tools.wording import say


def held(value: float, lower: float, upper: float) -> dict[str, float]:
    return {"value": value, "lower": lower, "upper": upper}


CRITERIA = {"primary": {"metric": "roc_auc", "bound": 0.7}, "limits": {"latency_p95_ms": 50.0}}
SPLIT = {"train": {"classes": {"bad": 192, "good": 448}, "starts": None, "ends": None, "rows": 640, "share": 0.64}}
LEAKAGE = {
    "suspects": [{"column": "duration", "score": {"metric": "roc_auc", **held(0.97, 0.95, 0.98)}}],
    "strengths": {
        "duration": {"metric": "roc_auc", **held(0.97, 0.95, 0.98)},
        "age": {"metric": "roc_auc", **held(0.54, 0.5, 0.58)},
        "balance": {"metric": "roc_auc", **held(0.55, 0.5, 0.6)},
    },
}


def drawn(folder: Path, step: str, artifacts: dict[str, Any], **facts: Any) -> tuple[Part, ...]:
    outcomes = {step: Outcome(summary=say("done"), facts=facts)}
    return picture(position(folder, artifacts, outcomes=outcomes), step)


def labels(part: Part) -> list[str]:
    assert isinstance(part, Bars)
    return [label for label, _, _ in part.rows]


def test_every_picture_is_of_a_step_of_the_product() -> None:
    assert set(PICTURES) <= set(registry().steps)


def test_a_step_that_has_not_run_has_no_picture(tmp_path: Path) -> None:
    assert picture(position(tmp_path, {}), "preparation.split") == ()


def test_the_split_shows_the_classes_of_the_training_rows_only(tmp_path: Path) -> None:
    sealed = {"classes": {"bad": 60, "good": 140}, "starts": None, "ends": None, "rows": 200, "share": 0.2}
    (bars,) = drawn(tmp_path, "preparation.split", {"split.json": {"parts": {**SPLIT, "test": sealed}}})
    assert bars == Bars("training rows by class", (("bad", 192.0, "192  30 %"), ("good", 448.0, "448  70 %")))


def test_missing_values_are_drawn_where_there_are_any_the_most_first(tmp_path: Path) -> None:
    shares = {"age": 0.0, "income": 0.02, "telephone": 0.4}
    columns = [{"name": name, "missing_share": share} for name, share in shares.items()]
    (bars,) = drawn(tmp_path, "preparation.discovery", {"profile.json": {"columns": columns}})
    assert labels(bars) == ["telephone", "income"]
    assert drawn(tmp_path / "none", "preparation.discovery", {"profile.json": {"columns": columns[:1]}}) == ()


def test_a_suspected_column_stands_beside_the_strongest_of_the_others(tmp_path: Path) -> None:
    (bars,) = drawn(tmp_path, "preparation.leakage", {"leakage.json": LEAKAGE})
    assert labels(bars) == ["duration (suspected)", "balance", "age"]
    assert bars.rows[0][1:] == (0.97, "0.970 (0.950 to 0.980)")  # type: ignore[union-attr]


def test_without_a_suspicion_leakage_has_no_picture(tmp_path: Path) -> None:
    assert drawn(tmp_path, "preparation.leakage", {"leakage.json": {**LEAKAGE, "suspects": []}}) == ()


@pytest.mark.parametrize(("best", "shown"), [(0.8, (0.7, 0.8, 0.8)), (0.2, (0.3, 0.2, 0.2))])
def test_the_search_shows_its_best_so_far_in_the_metrics_own_direction(
    tmp_path: Path, best: float, shown: tuple[float, ...]
) -> None:
    trials = [{"number": number, "loss": loss} for number, loss in enumerate((0.3, 0.2, None, 0.25))]
    family = {"label": "linear model", "trials": 4, "loss": 0.2, "params": {"penalty": 1.0}}
    files = {"trials.json": {"trials": trials, "metric": "x"}, "tuned.json": {"families": [family]}}
    line, table = drawn(tmp_path, "experimentation.tuning", files, best=best)
    assert isinstance(line, Curve) and isinstance(table, Grid)
    assert line.x == (1.0, 2.0, 4.0)
    assert line.y == pytest.approx(shown)
    assert table.rows == (("linear model", "4", f"{best:.3f}", "penalty 1"),)


def test_the_holdout_stands_beside_what_is_required_with_its_interval(tmp_path: Path) -> None:
    files = {
        "criteria.json": CRITERIA,
        "holdout.json": {
            "primary": held(0.79, 0.72, 0.85),
            "comparisons": [{"partition": "oof", **held(0.8, 0.76, 0.83)}],
            "gains": [],
            "calibration": None,
        },
    }
    (bars,) = drawn(tmp_path, "validation.holdout", files)
    assert bars.rows == (  # type: ignore[union-attr]
        ("test", 0.79, "0.790 (0.720 to 0.850)"),
        ("required", 0.7, "0.700"),
        ("training, out of fold", 0.8, "0.800 (0.760 to 0.830)"),
    )


def test_a_group_that_is_too_small_says_so_beside_its_rate(tmp_path: Path) -> None:
    groups = [
        {"name": name, "rows": rows, "status": status, "rates": [{"name": "selection_rate", "value": value}]}
        for name, rows, status, value in (("men", 138, "pass", 0.4), ("women", 62, "insufficient", 0.43))
    ]
    attribute = {"name": "sex", "crossed": False, "groups": groups}
    (bars,) = drawn(tmp_path, "validation.fairness", {"fairness.json": {"attributes": [attribute]}})
    assert [text for _, _, text in bars.rows] == [  # type: ignore[union-attr]
        "40 %, 138 rows",
        "43 %, 62 rows, too few to judge",
    ]


def test_the_latency_stands_beside_its_limit(tmp_path: Path) -> None:
    loads = [{"rps": 20.0, "p95_ms": 4.7}, {"rps": 200.0, "p95_ms": None}]
    (bars,) = drawn(tmp_path, "validation.stress", {"criteria.json": CRITERIA, "stress.json": {"loads": loads}})
    assert labels(bars) == ["20 a second", "required"]


def test_names_from_data_are_inert_and_many_are_cut(tmp_path: Path) -> None:
    columns = [{"name": f"\x1b]0;pwned\x07{number}" + "x" * 90, "missing_share": 0.1} for number in range(MOST + 5)]
    (bars,) = drawn(tmp_path, "preparation.discovery", {"profile.json": {"columns": columns}})
    assert len(labels(bars)) == MOST
    assert all(label.isprintable() and len(label) <= 40 for label in labels(bars))


def test_what_is_no_longer_in_the_store_has_no_picture(tmp_path: Path) -> None:
    found = position(tmp_path, {"split.json": {"parts": SPLIT}})
    sha256 = found.find("split.json")
    assert sha256 is not None
    file = tmp_path / "objects" / sha256[:2] / sha256[2:]
    file.parent.chmod(0o755)
    file.chmod(0o644)
    file.unlink()
    assert picture(found, "preparation.split") == ()


def test_pictures_need_none_of_the_heavy_libraries() -> None:
    told = "print([name for name in ('numpy', 'pandas', 'sklearn') if name in sys.modules])"
    code = f"import sys, agent.conversation.pictures; {told}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
