"""The toy with a third phase, a question in the second, a metric, and documents that bear the run's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent.registry import Phase, Registry
from agent.steps import Ask, Job, Step
from tests.agent.toy import toy
from tools.records import MetricValue, Outcome
from tools.wording import say

STEMS = {"preparation": "01-problem-statement", "experimentation": "08-best-model", "validation": "13-model-card"}


def weigh(job: Job) -> Outcome:
    """Score the total, times a weight."""
    value = job.json("total.json")["value"] * job.answer("toy.weight", 1)
    job.save_json("weighed.json", value)
    row: dict[str, Any] = {"step": "experimentation.weigh", "partition": "oof", "model": "scorer", "n": 2}
    metrics = (
        MetricValue(id="m.gain", metric="gain", value=value, lower=value - 1, upper=value + 1, **row),
        MetricValue(id="m.rows", metric="rows", value=2.0, **row),
    )
    return Outcome(summary=say("weighed"), metrics=metrics)


def judge(job: Job) -> Outcome:
    """Repeat what was weighed."""
    job.save_json("judged.json", job.json("weighed.json"))
    return Outcome(summary=say("judged"))


def _paper(job: Job, phase: str, *artifacts: str) -> Outcome:
    record = job.json("record.json")
    lines = [f"# Run {record['run']['id']}", ""]
    lines += [f"- {row['id']} = {row['value']}" for row in record["decisions"]]
    lines += [f"- {row['gate']}: {row['decision']} by {row['by']}" for row in record["gates"]]
    lines += [f"- {name}: {job.json(name)}" for name in artifacts]
    folder = job.out / f"documents-{phase}"
    folder.mkdir()
    (folder / f"{STEMS[phase]}.md").write_text("\n".join(lines) + "\n", "utf-8")
    return Outcome(summary=say("written"))


def first_paper(job: Job) -> Outcome:
    """Write what phase 1 found."""
    return _paper(job, "preparation", "total.json")


def second_paper(job: Job) -> Outcome:
    """Write what phase 2 found."""
    return _paper(job, "experimentation", "weighed.json")


def third_paper(job: Job) -> Outcome:
    """Write what phase 3 found."""
    return _paper(job, "validation", "judged.json")


def papered() -> Registry:
    """The toy's phases, each closed by documents."""
    intake, first, second = toy().phases
    weight = Ask("toy.weight", "Weighed how?", "number", minimum=0)
    weighing = Step(
        "experimentation.weigh",
        "2.3",
        "weighing",
        weigh,
        needs=("total.json",),
        decisions=("toy.weight",),
        makes=("weighed.json",),
        before=(weight,),
    )
    judging = Step("validation.judge", "3.1", "judging", judge, needs=("weighed.json",), makes=("judged.json",))
    papers = {
        phase: Step(
            f"{phase}.documents",
            "",
            "documents",
            body,
            needs=("record.json", needed),
            makes=(f"documents-{phase}/",),
        )
        for phase, body, needed in (
            ("preparation", first_paper, "total.json"),
            ("experimentation", second_paper, "weighed.json"),
            ("validation", third_paper, "judged.json"),
        )
    }
    return Registry(
        (
            intake,
            replace(first, steps=(*first.steps, papers["preparation"])),
            replace(second, steps=(*second.steps, weighing, papers["experimentation"])),
            Phase("validation", "3 Validation", (judging, papers["validation"])),
        )
    )
