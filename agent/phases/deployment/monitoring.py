"""Step 4.4, monitoring: what is watched, and whether the alarm is silent when it should be and names a shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Check, Finding, Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    import pandas as pd

    from tools.monitoring.drift import DriftReference
    from tools.monitoring.trial import MonitoringReport

ID = "deployment.monitoring"


def run(job: Job) -> Outcome:
    """Try the alarm on the model's own rows, and hold the test rows against the reference."""
    from tools.monitoring.dashboard import build
    from tools.monitoring.drift import DriftReference, assess
    from tools.monitoring.trial import BATCH, SILENT_BATCHES, MonitoringReport, shifted, silent

    text = (job.path("bundle/") / "monitoring" / "reference.json").read_bytes()
    reference = DriftReference.model_validate_json(text)
    own = _own_rows(job, reference)
    now = assess(reference, job.frame("opened.parquet"))
    report = MonitoringReport(
        reference=reference,
        batch_rows=BATCH,
        silent_batches=SILENT_BATCHES,
        false_alarms=silent(reference, own, job.seed),
        trials=shifted(reference, own, job.seed),
        test_rows=now,
        dashboard=build(reference, now),
    )
    job.save_json("monitoring.json", report)
    return outcome(report)


def _own_rows(job: Job, reference: DriftReference) -> pd.DataFrame:
    import pandas as pd

    names = [column.name for column in reference.columns]
    parts = [job.frame("train.parquet")[names], job.frame("validation.parquet")[names]]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def outcome(report: MonitoringReport) -> Outcome:
    """How the model is watched, in words."""
    missed = [trial.column for trial in report.trials if trial.named < trial.batches]
    named = len(report.trials) - len(missed)
    moved = report.test_rows.alarmed
    facts: dict[str, Fact] = {
        "columns": len(report.reference.columns),
        "unwatched": len(report.reference.unmonitored),
        "reference_rows": report.reference.rows,
        "alpha": report.reference.alpha,
        "window": report.reference.window,
        "smallest": report.reference.smallest,
        "batch_rows": report.batch_rows,
        "silent_batches": report.silent_batches,
        "false_alarms": report.false_alarms,
        "tried": len(report.trials),
        "named": named,
        "moved": len(moved),
        "test_rows": report.test_rows.rows,
    }
    return Outcome(
        summary=_summary(facts, missed),
        notes=tuple(_notes(report, missed, moved)),
        facts=facts,
        findings=_findings(report, moved),
        checks=(
            Check(
                id="monitoring.silence",
                status="pass" if report.false_alarms == 0 else "warn",
                blocking=False,
                value=report.false_alarms,
                criterion="no undisturbed batch alarms",
                title="false drift alarms on the model's own data",
                measured=say(
                    "{alarms|int} of {batches|int} batches of {rows|int} rows",
                    alarms=report.false_alarms,
                    batches=report.silent_batches,
                    rows=report.batch_rows,
                ),
            ),
        ),
    )


def _summary(facts: dict[str, Fact], missed: list[str]) -> Sentence:
    template = (
        "{columns|int} {word} watched; {false_alarms|int} of {silent_batches|int} undisturbed batches alarm, "
        "a shift was tried in {tried|int} and named in {named|int}"
    )
    count = facts["columns"]
    used = {name: facts[name] for name in ("columns", "false_alarms", "silent_batches", "named", "tried")}
    if len(missed) == 1:
        template += ', not in "{missed}"'
        used["missed"] = missed[0]
    return say(template, word=plural(count if isinstance(count, int) else 0, "column"), **used)


def _notes(report: MonitoringReport, missed: list[str], moved: tuple[str, ...]) -> list[Sentence]:
    notes = [
        say(
            "a batch needs {smallest|int} rows; the live endpoint looks at the last {window|int} requests",
            smallest=report.reference.smallest,
            window=report.reference.window,
        )
    ]
    if len(missed) > 1:  # a single one stands in the summary
        notes.append(
            say(
                "a shift of {names} is not always seen in {rows|int} rows; larger batches see it",
                names=listed(missed),
                rows=report.batch_rows,
            )
        )
    if not report.test_rows.judged:
        notes.append(
            say("the {rows|int} test rows are too few to be held against the reference", rows=report.test_rows.rows)
        )
    elif moved:
        first = report.test_rows.alarms[0]
        notes.append(say("in the test rows, " + first.text.template, **first.text.facts))
    else:
        widest = max(report.test_rows.columns, key=lambda one: one.distance, default=None)
        if widest is not None:
            notes.append(
                say(
                    'the test rows raise no alarm; "{column}" lies farthest from the reference ({distance|ratio} of '
                    "{limit|ratio})",
                    column=widest.column,
                    distance=widest.distance,
                    limit=widest.threshold,
                )
            )
    return notes


def _findings(report: MonitoringReport, moved: tuple[str, ...]) -> tuple[Finding, ...]:
    if not moved:
        return ()
    return (
        Finding(
            id="shift.test_rows",
            step=ID,
            kind="shift",
            columns=moved,
            level="warn",
            text=say(
                "{names} {word} already moved between the model's own rows and the test rows",
                names=listed(moved),
                word=plural(len(moved), "has", "have"),
            ),
            action="expect the alarm soon after deployment; plan an early retraining",
        ),
    )


STEP = Step(
    id=ID,
    guidance="4.4",
    title="monitoring",
    run=run,
    needs=("bundle/", "train.parquet", "validation.parquet", "opened.parquet"),
    makes=("monitoring.json",),
    libraries=("numpy", "pandas"),
)
