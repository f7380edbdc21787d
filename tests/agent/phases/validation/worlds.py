"""Small worlds for phase 3: a table, its split, a linear scorer and baselines on disk, and a way to run a step."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agent.job import Call, WorkerJob
from agent.steps import Step
from tests.tools.data.readings import reading_of
from tools.data.profiling import profile
from tools.data.splitting import Part, SplitReport, SplitScheme
from tools.evaluation.criteria import Criteria
from tools.records import Outcome
from workspace.files import readable_json


def write_scorer(
    folder: Path,
    weights: Mapping[str, float | Mapping[str, float]],
    frame: pd.DataFrame,
    *,
    task: str = "binary",
    target: str = "y",
    classes: Sequence[str] = ("no", "yes"),
    offset: float = 0.0,
    threshold: float | None = 0.5,
) -> Path:
    """A scorer that is a weighted sum: a number per numeric column, a mapping of level to weight per text column."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(weights)
    column, code, weight, encoders, features, inputs = [], [], [], [], [], []
    for place, name in enumerate(names):
        given = weights[name]
        text = isinstance(given, Mapping)
        levels = sorted(given) if isinstance(given, Mapping) else []
        if isinstance(given, Mapping):
            for k, level in enumerate(levels):
                column.append(place)
                code.append(float(k))
                weight.append(given[level])
        else:
            column.append(place)
            code.append(np.nan)
            weight.append(float(given))
        kind = "category" if text else "number"
        params = {"levels": {level: k for k, level in enumerate(levels)}, "other": None} if text else {}
        encoders.append({"op": kind, "columns": [name], "first": place, "outputs": 1, "params": params})
        features.append(
            {"name": f"f{place:03d}", "label": name, "kind": kind, "columns": [name], "op": kind, "levels": levels}
        )
        inputs.append(
            {"name": name, "type": "text" if text else "number", "missing": 0.0, "typical": None,
             "low": None if text else float(frame[name].min()), "high": None if text else float(frame[name].max()),
             "levels": levels}
        )  # fmt: skip
    size = len(column)
    arrays: dict[str, Any] = {
        "kind": np.array("linear"),
        "link": np.array("identity" if task == "regression" else "logistic"),
        "column": np.array(column),
        "code": np.array(code),
        "shift": np.zeros(size),
        "scale": np.ones(size),
        "fill": np.zeros(size),
        "weight": np.array([weight]),
        "offset": np.array([offset]),
    }
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **{key: arrays[key] for key in sorted(arrays)})
    (folder / "member-0.npz").write_bytes(out.getvalue())
    columns = [
        {"name": name, "position": k + 1, "type": "text" if isinstance(weights[name], Mapping) else "number"}
        for k, name in enumerate(names)
    ]
    manifest = {
        "version": 1, "task": task, "target": target, "classes": [] if task == "regression" else list(classes),
        "positive": None if task == "regression" else classes[-1],
        "threshold": threshold if task == "binary" else None, "calibration": {"kind": "none"}, "refer": None,
        "transform": None,
        "members": [{"file": "member-0.npz", "format": "arrays", "weight": 1.0, "block": None,
                     "sha256": hashlib.sha256(out.getvalue()).hexdigest()}],
        "reading": {"version": 1, "format": "csv", "columns": columns},
        "cleaning": {"columns": [{**entry, "use": "keep", "rules": []} for entry in columns]},
        "features": {"encoders": encoders, "features": features}, "inputs": inputs,
    }  # fmt: skip
    (folder / "scorer.json").write_text(json.dumps(manifest, sort_keys=True))
    return folder


@dataclass
class World:
    """Artifacts by name, as files in a folder."""

    folder: Path
    criteria: Criteria
    inputs: dict[str, Path] = field(default_factory=dict)

    def put(self, name: str, value: Any) -> None:
        """A frame, a record or plain data as an artifact."""
        path = self.folder / name.replace("/", "_")
        if isinstance(value, pd.DataFrame):
            value.to_parquet(path)
        else:
            dumped = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
            path.write_bytes(readable_json(dumped))
        self.inputs[name] = path

    def run(self, step: Step, decisions: Mapping[str, Any] | None = None, seed: int = 7) -> Outcome:
        """Run a step's body as the worker does; what it makes becomes input of the next."""
        out = self.folder / f"out-{step.id}"
        out.mkdir(parents=True, exist_ok=True)
        staged = {
            need: str(self.inputs[need]) for need in (n.removesuffix("?") for n in step.needs) if need in self.inputs
        }
        missing = [need for need in step.needs if not need.endswith("?") and need not in staged]
        assert not missing, f"{step.id} needs {missing}"
        call = Call(
            step=step.id,
            body=f"{step.run.__module__}:{step.run.__name__}",
            inputs=staged,
            out=str(out),
            decisions=dict(decisions or {}),
            needs=step.needs,
            declared=step.decisions,
            makes=step.makes,
            seed=seed,
            threads=1,
            recorded={},
            guarded=str(self.folder / "x"),
        )
        outcome = step.run(WorkerJob(call, lambda event: None))
        for name in step.makes:
            self.inputs[name] = out / name
            assert (out / name).exists(), f"{step.id} did not make {name}"
        self.put(f"{step.id}.outcome", outcome)
        return outcome

    def read(self, name: str) -> Any:
        """A JSON artifact."""
        return json.loads(self.inputs[name].read_bytes())


def split_report(frame: pd.DataFrame, partition: np.ndarray[Any, Any], kind: Any, column: str | None) -> SplitReport:
    """A split report with what phase 3 reads of it."""
    parts = {
        name: Part(rows=int((partition == name).sum()), share=float((partition == name).mean()))
        for name in ("train", "validation", "test")
    }
    return SplitReport(kind=kind, column=column, parts=parts, scheme=SplitScheme(kind=kind, folds=5, column=column))


def make_world(
    folder: Path,
    frame: pd.DataFrame,
    criteria: Criteria,
    weights: Mapping[str, float | Mapping[str, float]],
    baseline: Mapping[str, float | Mapping[str, float]],
    *,
    offset: float = 0.0,
    baseline_offset: float = 0.0,
    threshold: float | None = 0.5,
    kind: str = "stratified",
    column: str | None = None,
    test_share: float = 0.5,
    target: str = "y",
    classes: Sequence[str] = ("no", "yes"),
) -> World:
    """Split a frame (its last rows are the test rows) and write everything that phase 3 needs before its first step."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World(folder, criteria)
    n, cut = len(frame), round(len(frame) * (1 - test_share))
    partition = np.array(["train"] * cut + ["test"] * (n - cut))
    world.put("criteria.json", criteria)
    world.put("train.parquet", frame.iloc[:cut].reset_index(drop=True))
    world.put("test.parquet", frame.iloc[cut:].reset_index(drop=True))
    world.put("train_profile.json", profile(frame.iloc[:cut], reading_of(frame), target, criteria.task))
    world.put("split.parquet", pd.DataFrame({"row": np.arange(n), "partition": partition}))
    world.put("split.json", split_report(frame, partition, kind, column))
    task: Any = criteria.task
    world.inputs["scorer/"] = write_scorer(
        folder / "scorer", weights, frame, task=task, target=target, classes=classes, offset=offset, threshold=threshold
    )
    write_scorer(
        folder / "baseline" / "simple", baseline, frame, task=task, target=target, classes=classes,
        offset=baseline_offset, threshold=threshold,
    )  # fmt: skip
    world.inputs["baseline/"] = folder / "baseline"
    world.put("baseline.json", {"best": "simple", "models": []})
    from tools.wording import say

    for step in EARLIER:
        world.put(f"{step}.outcome", Outcome(summary=say("nothing to say")))
    return world


EARLIER = (
    "intake.feasibility", "preparation.success_metrics", "preparation.discovery", "preparation.split",
    "preparation.leakage", "preparation.cleaning", "preparation.features", "preparation.baseline",
    "experimentation.cross_validation", "experimentation.error_analysis", "experimentation.optimisation",
    "validation.stress",
)  # fmt: skip


def credit_frame(n: int, seed: int, *, strength: float = 1.5, gap: float = 0.0, base: float = -0.8) -> pd.DataFrame:
    """Loans whose outcome follows two numbers; `gap` lowers the score of one group without changing its outcome."""
    random = np.random.default_rng(seed)
    amount, age = random.normal(0, 1, n), random.uniform(20, 75, n).round()
    group = random.choice(["f", "m"], n, p=[0.4, 0.6])
    score = base + strength * amount
    y = random.random(n) < 1 / (1 + np.exp(-score))
    noise = random.normal(0, 1, n)
    return pd.DataFrame(
        {
            "amount": amount, "noise": noise, "age": age, "sex": pd.Series(group, dtype="str"),
            "seen": amount - gap * (group == "f"), "y": pd.Series(np.where(y, "yes", "no"), dtype="str"),
        }
    )  # fmt: skip
