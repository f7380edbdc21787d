"""Step 3.4, robustness: what noise, gaps, odd values and a bounded adversary do to the decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Finding, Outcome
from tools.wording import Fact, Sentence, inert, listed, plural, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.robustness import RobustnessReport

ID = "validation.robustness"
LEANING = 0.1
"""Share of decisions that hang on one column alone from which the column is named."""


def run(job: Job) -> Outcome:
    """Disturb the opened rows and count what changes."""
    from tools.data.splitting import SplitReport
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.opened import read_opened
    from tools.evaluation.robustness import disturb
    from tools.serving.service.scorer import Scorer

    criteria = job.load("criteria.json", Criteria)
    scorer = Scorer.load(job.path("scorer/"))
    opened = read_opened(
        job.frame("opened.parquet"), job.frame("test_scores.parquet"), scorer.classes,
        job.load("split.json", SplitReport).scheme,
    )  # fmt: skip
    report = disturb(
        scorer, job.frame("train.parquet"), opened.frame, opened.y, criteria.primary.metric, criteria.robustness,
        costs=criteria.costs, protected=criteria.fairness.protected, alpha=criteria.alpha, seed=job.seed,
        progress=lambda done, total: job.progress(done, total),
    )  # fmt: skip
    job.save_json("robustness.json", report)
    return outcome(report, criteria)


def outcome(report: RobustnessReport, criteria: Criteria) -> Outcome:
    """What the disturbances did, in words."""
    from tools.evaluation.robustness import most_harmful, of_numbers, robustness_check

    noise = report.of("noise")[0]
    worst = report.of("worst case")[0]
    gap = most_harmful(report.of("missing"))
    numbers = of_numbers(report.metric)
    what = "predictions" if numbers else "decisions"
    facts: dict[str, Fact] = {
        "noise_size": noise.size,
        "noise_changed": noise.changed,
        "noise_lower": noise.lower,
        "noise_upper": noise.upper,
        "worst_reach": worst.size,
        "worst_changed": worst.changed,
        "worst_rows": worst.rows,
        "rows": report.rows,
        "undisturbed": report.undisturbed,
        "leaning_column": gap.column if gap else None,
        "leaning_changed": gap.changed if gap else None,
        "errors": sum(trial.errors for trial in report.trials),
    }
    verb = "moves" if numbers else "changes"
    template = f"small noise {verb} {{noise|pct}} of the {what}" + (" by over a quarter of their spread" * numbers)
    used: dict[str, Fact] = {"noise": noise.changed}
    if gap is not None and gap.changed > 0:
        template += f'; without "{{column}}" {{gap|pct}} would {verb[:-1]}'
        used |= {"column": inert(gap.column or ""), "gap": gap.changed}
    return Outcome(
        summary=say(template, **used),
        notes=tuple(_notes(report, what)),
        facts=facts,
        findings=tuple(_findings(report)),
        checks=(robustness_check(report, criteria.robustness),),
    )


def _notes(report: RobustnessReport, what: str) -> list[Sentence]:
    from tools.evaluation.metrics import METRICS
    from tools.evaluation.robustness import of_numbers

    worst = report.of("worst case")[0]
    notes = [
        say(
            f"a bounded search {'moves' if of_numbers(report.metric) else 'flips'} {{changed|pct}} of {{rows|int}}"
            " predictions by shifting numbers by up to {reach|pct} of their spread; the worst case may be worse",
            changed=worst.changed, rows=worst.rows, reach=worst.size,
        )
    ]  # fmt: skip
    for trial in report.of("noise"):
        if trial.metric is not None and report.undisturbed is not None:
            notes.append(
                say(
                    "noise of {size|pct} of each column's spread: {metric} {after|num} instead of {before|num}",
                    size=trial.size, metric=METRICS[report.metric].label, after=trial.metric,
                    before=report.undisturbed,
                )
            )  # fmt: skip
    leaning = [trial for trial in report.of("missing") if trial.changed >= LEANING]
    if leaning:
        ranked = sorted(leaning, key=lambda trial: (-trial.changed, str(trial.column)))
        noun = plural(len(ranked), "column carries", "columns carry")
        notes.append(
            say(
                f"{{count|int}} {noun} a tenth of the {what} or more each: {{names}}",
                count=len(ranked), names=listed([trial.column or "" for trial in ranked], 4),
            )
        )  # fmt: skip
    silent = _silent(report)
    if silent:
        notes.append(
            say(
                "a slip of a factor {factor|int} in {names} would not be noticed by the range check and changes"
                f" {{most|pct}} of the {what} or less",
                factor=int(silent[0][1]), names=listed([name for name, _, _ in silent], 4),
                most=max(changed for _, _, changed in silent),
            )
        )  # fmt: skip
    unseen = report.of("unseen level")
    if unseen:
        notes.append(
            say("levels never seen are scored as unknown; at most {most|pct} change",
                most=max(trial.changed for trial in unseen))
        )  # fmt: skip
    notes += [
        say('dealing out "{column}" anew changes {changed|pct}: the model uses it', column=inert(trial.column or ""),
            changed=trial.changed)
        for trial in report.of("swap")
    ]  # fmt: skip
    return notes


def _silent(report: RobustnessReport) -> list[tuple[str, float, float]]:
    """Columns in which a slip by ten changes something yet stays within the range seen in training."""
    slips = [trial for trial in report.of("unit slip") if trial.size == 10]
    return [(trial.column or "", 10.0, trial.changed) for trial in slips if not trial.caught and trial.changed > 0]


def _findings(report: RobustnessReport) -> list[Finding]:
    silent = _silent(report)
    if not silent:
        return []
    names = tuple(name for name, _, _ in silent)
    return [
        Finding(
            id="quality.unit_slips",
            step=ID,
            kind="quality",
            columns=names,
            level="info",
            text=say("a value in another unit would pass the range check in {names}", names=listed(names)),
            action="name the unit in the schema, or watch the drift alarm of these columns",
        )
    ]


STEP = Step(
    id=ID,
    guidance="3.4",
    title="robustness",
    run=run,
    needs=("opened.parquet", "test_scores.parquet", "train.parquet", "split.json", "criteria.json", "scorer/"),
    makes=("robustness.json",),
    libraries=("numpy", "scipy", "pandas", "onnxruntime"),
)
