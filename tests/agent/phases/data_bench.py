"""Runs the data steps one after the other on a file, with recommended answers, as a run would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.advisors.expert import Expert
from agent.job import Call, WorkerJob, plain
from agent.phases.intake import feasibility, source
from agent.phases.preparation import discovery, leakage, split
from agent.steps import Step
from tools.records import Outcome

STEPS: tuple[Step, ...] = (source.STEP, feasibility.STEP, discovery.STEP, split.STEP, leakage.STEP)


class Bench:
    """A run of the data steps; also what is known at each point of it."""

    def __init__(self, folder: Path, path: Path, answers: Mapping[str, Any] | None = None, test: Path | None = None):
        self.seed = 0
        self.folder = folder
        self.given = dict(answers or {})
        self.decisions: dict[str, Any] = dict(self.given)
        self.files: dict[str, Path] = {"source": path}
        if test is not None:
            self.files["source_test"] = test
        self.outcomes: dict[str, Outcome] = {}
        self.asked: dict[str, Any] = {}
        self.rules: dict[str, str] = {}

    def run(self, until: str = "preparation.leakage") -> Bench:
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
        call = Call(
            step=step.id,
            body="",
            inputs={name: str(self.files[name]) for need in step.needs if (name := need.rstrip("?")) in self.files},
            out=str(out),
            decisions={
                key: value
                for key, value in self.decisions.items()
                if key in step.decisions or (prefixes and key.startswith(prefixes))
            },
            needs=step.needs,
            declared=step.decisions,
            makes=step.makes,
            seed=0,
            threads=1,
            recorded={},
            guarded="",
        )
        outcome = step.run(WorkerJob(call, lambda message: None))
        for name in step.makes:
            assert (out / name).exists(), f"{step.id} did not make {name}"
            self.files[name] = out / name
        json.dumps(plain(outcome), allow_nan=False)
        return outcome

    def _ask(self, asks: Any) -> None:
        for ask in asks:
            if ask.setting or not ask.when(self):
                continue
            for subject in list(ask.subjects(self)) if ask.subjects else [""]:
                name = ask.id.removesuffix("*") + subject
                evidence = ask.evidence(self)
                if ask.subjects:
                    evidence = {"subject": subject, **evidence["subjects"][subject]}
                advice = Expert().recommend(ask, (), evidence)
                self.asked[name] = advice
                if advice.made:
                    self.rules[name] = str(advice.rule)
                if name not in self.given:
                    assert advice.made, f"nothing recommended for {name}"
                    options = [option.value for option in (ask.choices(self) if ask.choices else ask.options)]
                    picked = advice.value if isinstance(advice.value, list) else [advice.value]
                    assert not options or advice.value is None or set(picked) <= set(options), (name, advice.value)
                    self.decisions[name] = advice.value

    # --- what is known ---

    def answer(self, question: str, default: Any = None) -> Any:
        value = self.decisions.get(question)
        return default if value is None else value

    def answers(self, prefix: str) -> dict[str, Any]:
        return {key[len(prefix) :]: value for key, value in self.decisions.items() if key.startswith(prefix)}

    def json(self, artifact: str) -> Any:
        return json.loads(self.files[artifact].read_text())

    def facts(self, step: str) -> Mapping[str, Any]:
        return self.outcomes[step].facts if step in self.outcomes else {}

    def has(self, artifact: str) -> bool:
        return artifact in self.files
