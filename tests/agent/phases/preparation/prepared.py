"""Runs the cleaning and features steps on a real file as a run would: profile, split, recommended answers, bodies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.advisors.expert import Expert
from agent.job import Call, WorkerJob
from agent.phases.preparation import cleaning, features
from agent.steps import Step
from tools.data.leakage import Leakage
from tools.data.partitioning import SplitPlan, split
from tools.data.profiling import profile
from tools.data.sources import read_table
from tools.data.targets import classes_of
from tools.data.training_profile import training_profile
from tools.evaluation.criteria import Criteria, Requirement
from tools.records import Outcome, Task


@dataclass
class Prepared:
    """What is known after the split, and what the two steps then made in ``folder``."""

    folder: Path
    decisions: dict[str, Any]
    seed: int = 0
    recommended: dict[str, tuple[Any, str, str | None]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def answer(self, question: str, default: Any = None) -> Any:
        value = self.decisions.get(question)
        return default if value is None else value

    def answers(self, prefix: str) -> dict[str, Any]:
        found = {key: value for key, value in self.decisions.items() if key.startswith(prefix)}
        return {key[len(prefix) :]: value for key, value in found.items() if value is not None}

    def json(self, artifact: str) -> Any:
        return json.loads((self.folder / artifact).read_text())

    def facts(self, step: str) -> dict[str, Any]:
        return {}

    def has(self, artifact: str) -> bool:
        return (self.folder / artifact).exists()

    def ask(self, step: Step) -> None:
        """Answer the step's questions as the expert recommends, where nothing was decided."""
        for ask in step.before:
            if ask.when(self):
                advice = Expert().recommend(ask, ask.options, ask.evidence(self))
                assert advice.made
                self.recommended[ask.id] = (advice.value, advice.why, advice.rule)
                self.decisions.setdefault(ask.id, advice.value)

    def run(self, step: Step) -> Outcome:
        self.ask(step)
        self.outcomes[step.id] = step.run(self.job(step))
        return self.outcomes[step.id]

    def job(self, step: Step) -> WorkerJob:
        staged = {name.removesuffix("?"): str(self.folder / name.removesuffix("?")) for name in step.needs}
        declared = [name.removesuffix("*") for name in step.decisions]
        return WorkerJob(
            Call(
                step=step.id,
                body="",
                inputs=staged,
                out=str(self.folder),
                decisions={key: value for key, value in self.decisions.items() if key.startswith(tuple(declared))},
                needs=step.needs,
                declared=step.decisions,
                makes=step.makes,
                seed=0,
                threads=1,
                recorded={},
                guarded=str(self.folder),
            ),
            lambda message: None,
        )


def prepare(folder: Path, path: Path, target: str, task: Task, **decisions: Any) -> Prepared:
    """Everything up to cleaning; decisions by id with ``__`` for a point."""
    decided = {key.replace("__", "."): value for key, value in decisions.items()} | {"data.target": target}
    frame, reading = read_table(path)
    target = target or str(frame.columns[-1])
    decided["data.target"] = target
    classes = classes_of(frame[target], task, decided.get("data.positive_class"))
    kind = decided.pop("split.kind", "random" if task == "regression" else "stratified")
    column = decided.pop("split.column", None)
    plan = SplitPlan(kind=kind, test_size=0.2, validation_size=0.16, column=column)
    made = split(frame, target, task, classes, plan)
    for part in ("train", "validation"):
        frame.iloc[made.rows(part)].reset_index(drop=True).to_parquet(folder / f"{part}.parquet")
    seen = profile(frame, reading, target, task)
    of_training = training_profile(frame, made.rows("train"), made.unlabelled(frame, plan), reading, seen)
    (folder / "train_profile.json").write_text(of_training.model_dump_json())
    (folder / "leakage.json").write_text(Leakage(rows=len(made.rows("train"))).model_dump_json())
    (folder / "split.json").write_text(made.report.model_dump_json())
    metric = "rmse" if task == "regression" else "roc_auc"
    criteria = Criteria(task=task, primary=Requirement(metric=metric))
    (folder / "criteria.json").write_text(criteria.model_dump_json())
    return Prepared(folder, decided)


def run_both(prepared: Prepared) -> Prepared:
    """Run cleaning, then features."""
    prepared.run(cleaning.STEP)
    prepared.run(features.STEP)
    return prepared
