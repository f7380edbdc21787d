"""Runs phases 1 and 2 on a file, step by step, with recommended answers, as a run would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from agent.job import Call, WorkerJob
from agent.phases.experimentation import (
    algorithms,
    cross_validation,
    ensembles,
    error_analysis,
    interpretation,
    optimisation,
    tuning,
)
from agent.phases.preparation import baseline, cleaning, features, success_metrics
from agent.steps import Step
from tests.agent.phases.data_bench import STEPS as DATA
from tests.agent.phases.data_bench import Bench
from tools.records import Outcome
from workspace.files import readable_json

STEPS: tuple[Step, ...] = (
    *DATA[:2],
    success_metrics.STEP,
    *DATA[2:],
    cleaning.STEP,
    features.STEP,
    baseline.STEP,
    algorithms.STEP,
    tuning.STEP,
    cross_validation.STEP,
    ensembles.STEP,
    interpretation.STEP,
    error_analysis.STEP,
    optimisation.STEP,
)


class ModelBench(Bench):
    """The bench of the data steps, carried on to the scorer."""

    recorded: Mapping[str, Any] = MappingProxyType({"latency": {"p50_ms": 0.1, "p95_ms": 0.2, "rows": 300.0}})
    """Observations, so that two runs can be compared to the bit."""

    def run(self, until: str = "experimentation.optimisation") -> ModelBench:
        for step in STEPS:
            self._ask(step.before)
            self.outcomes[step.id] = self._body(step)
            self._ask(step.after)
            if step.id == until:
                break
        return self

    def _body(self, step: Step) -> Outcome:
        out = self.folder / step.id
        out.mkdir(parents=True)
        prefixes = tuple(name[:-1] for name in step.decisions if name.endswith("*"))
        needs = [need.removesuffix("?") for need in step.needs]
        call = Call(
            step=step.id,
            body="",
            inputs={name: str(self.files[name]) for name in needs if name in self.files},
            out=str(out),
            decisions={
                key: value
                for key, value in self.decisions.items()
                if key in step.decisions or (prefixes and key.startswith(prefixes))
            },
            needs=step.needs,
            declared=step.decisions,
            makes=step.makes,
            seed=7,
            threads=1,
            recorded=dict(self.recorded),
            guarded="",
        )
        outcome = step.run(WorkerJob(call, lambda message: None))
        for made in step.makes:
            name = made.removesuffix("?")
            assert made.endswith("?") or (out / name).exists(), f"{step.id} did not make {name}"
            if (out / name).exists():
                self.files[name] = out / name
        path = self.folder / f"{step.id}.outcome"
        path.write_bytes(readable_json(outcome.model_dump(mode="json")))
        self.files[path.name] = path
        return outcome


def loans(path: Path, rows: int = 420, signal: float = 2.0, seed: int = 0) -> Path:
    """A binary table: income and history decide (where signal is above zero), colour does not."""
    generator = np.random.default_rng(seed)
    income = generator.normal(0, 1, rows)
    history = generator.choice(["good", "fair", "poor"], rows)
    worse = np.select([history == "poor", history == "fair"], [1.0, 0.2], -0.6)
    odds = signal * (worse - income)
    sex = generator.choice(["woman", "man"], rows)
    frame = pd.DataFrame(
        {
            "income": np.round(30 + 8 * income, 2),
            "history": history,
            "age": generator.integers(20, 70, rows),
            "colour": generator.choice(["red", "green", "blue"], rows),
            "sex": sex,
            "default": np.where(generator.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )
    frame.loc[::17, "income"] = np.nan
    frame.to_csv(path, index=False)
    return path


def prices(path: Path, rows: int = 420, seed: int = 0) -> Path:
    """A regression table: size and quarter decide."""
    generator = np.random.default_rng(seed)
    size = generator.uniform(20, 200, rows)
    quarter = generator.choice(["north", "south", "east"], rows)
    price = 1000 * size * np.where(quarter == "north", 1.5, 1.0) + generator.normal(0, 8000, rows)
    frame = pd.DataFrame(
        {
            "size": np.round(size, 1),
            "quarter": quarter,
            "floor": generator.integers(0, 6, rows),
            "price": np.round(np.maximum(price, 5000)),
        }
    )
    frame.to_csv(path, index=False)
    return path


LOANS = {
    "data.target": "default",
    "data.positive_class": "yes",
    "data.problem_type": "binary",
    "requirements.protected": ["sex"],
    "requirements.false_negative_cost": 4.0,
    "requirements.false_positive_cost": 1.0,
    "search.families": ["linear", "lgbm"],
    "search.trials": 5,
}
PRICES = {
    "data.target": "price",
    "data.problem_type": "regression",
    "search.families": ["linear", "lgbm"],
    "search.trials": 5,
}
