"""A/B design: sizes agree with statsmodels, the size has the stated power, the shipped analysis computes the same."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from tools.evaluation.abtest import (
    AASimulation,
    ABDesign,
    analysis_code,
    days,
    mean_size,
    share_size,
    simulate_aa,
    two_sided_p,
)


def design(kind: str = "share", per_arm: int = 100) -> ABDesign:
    simulation = AASimulation(simulations=1, per_arm=2, alarms=0, rate=0, lower=0, upper=1, nominal=0.05)
    return ABDesign(
        kind=kind,
        outcome="wrong decision", unit="loan", base=0.3, spread=0.46, smallest_effect=0.05, relative_effect=0.17,
        alpha=0.05, power=0.8, per_arm=per_arm, total=2 * per_arm, traffic=None, days=None,
        guardrails=("latency_ms",), simulation=simulation, seed=0,
    )  # fmt: skip


def test_the_size_for_shares_agrees_with_the_published_example() -> None:
    # Fleiss, Levin and Paik (2003), table A.4: 0.60 against 0.70, alpha 0.01 two-sided, power 0.95, corrected: 827;
    # without the correction 4.14 gives n' with n = n'/4 (1 + sqrt(1 + 4/(n' d)))^2
    plain = share_size(0.60, 0.10, 0.01, 0.95)
    corrected = plain / 4 * (1 + np.sqrt(1 + 4 / (plain * 0.10))) ** 2
    assert corrected == pytest.approx(827, abs=1.5)


def test_the_size_for_means_agrees_with_statsmodels() -> None:
    theirs = NormalIndPower().solve_power(effect_size=0.2, alpha=0.05, power=0.8)
    assert mean_size(5.0, 1.0) == pytest.approx(theirs, abs=1)


def test_the_size_has_the_power_that_it_states() -> None:
    n = share_size(0.3, -0.06)
    random = np.random.default_rng(0)
    a, b = random.binomial(n, 0.3, 4000) / n, random.binomial(n, 0.24, 4000) / n
    pooled = (a + b) / 2
    found = np.abs(a - b) / np.sqrt(pooled * (1 - pooled) * 2 / n) > 1.96
    assert found.mean() == pytest.approx(0.8, abs=0.025)


def test_days_are_whole_weeks() -> None:
    assert days(1000, 100) == 14 and days(10, 1000) == 7 and days(10, None) is None


@pytest.mark.parametrize("kind", ["share", "mean"])
def test_both_arms_alike_ring_as_often_as_stated(kind: str) -> None:
    random = np.random.default_rng(1)
    outcomes = (random.random(300) < 0.2).astype(float) * (1.0 if kind == "share" else random.exponential(3, 300))
    found = simulate_aa(outcomes, kind, 800, seed=3)  # type: ignore[arg-type]
    assert found.simulations == 2000 and found.sound


def test_p_values_agree_with_statsmodels() -> None:
    random = np.random.default_rng(2)
    a, b = (random.random((1, 400)) < 0.3).astype(float), (random.random((1, 400)) < 0.36).astype(float)
    theirs = proportions_ztest([a.sum(), b.sum()], [400, 400])[1]
    assert two_sided_p(a, b, "share")[0] == pytest.approx(theirs)
    means = CompareMeans(DescrStatsW(a[0]), DescrStatsW(b[0])).ztest_ind(usevar="unequal")[1]
    assert two_sided_p(a, b, "mean")[0] == pytest.approx(means, rel=0.02)


def write_log(path: Path, arms: dict[str, np.ndarray], repeats: int = 1) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["unit", "arm", "outcome", "latency_ms"])
        for arm, values in arms.items():
            for unit, value in enumerate(values):
                for _ in range(repeats):
                    writer.writerow([f"{arm}-{unit}", arm, value, 2.0 + unit % 3])
    return path


@pytest.mark.parametrize("kind", ["share", "mean"])
def test_the_shipped_analysis_computes_the_same_p_value(kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    a, b = ((random.random(300) < share).astype(float) for share in (0.4, 0.25))
    (tmp_path / "ab_analysis.py").write_text(analysis_code(design(kind)))
    script = runpy.run_path(str(tmp_path / "ab_analysis.py"))
    found = script["analyse"](str(write_log(tmp_path / "log.csv", {"champion": a, "challenger": b})))
    assert found["outcome"]["p"] == pytest.approx(two_sided_p(a[None], b[None], kind)[0], rel=1e-9)  # type: ignore[arg-type]
    assert found["conclusion"] == "the challenger is better"
    assert found["guardrails"]["latency_ms"]["difference"] == pytest.approx(0.0, abs=1e-9)


def test_the_shipped_analysis_counts_a_unit_once_and_minds_the_split(tmp_path: Path) -> None:
    (tmp_path / "ab_analysis.py").write_text(analysis_code(design(per_arm=30)))
    script = runpy.run_path(str(tmp_path / "ab_analysis.py"))
    same = np.array([0.0, 1.0] * 40)
    often = script["analyse"](str(write_log(tmp_path / "a.csv", {"champion": same, "challenger": same}, repeats=9)))
    assert often["outcome"]["units"] == [80, 80] and often["conclusion"] == "no difference shown"
    uneven = script["analyse"](str(write_log(tmp_path / "b.csv", {"champion": same, "challenger": same[:30]})))
    assert "not split as planned" in uneven["conclusion"]
    few = script["analyse"](str(write_log(tmp_path / "c.csv", {"champion": same[:20], "challenger": same[:20]})))
    assert "not enough units" in few["conclusion"]


def test_the_shipped_analysis_needs_nothing_but_python() -> None:
    imports = [line.split()[1] for line in analysis_code(design()).splitlines() if line.startswith("import ")]
    assert sorted(imports) == ["csv", "json", "math", "sys"]
