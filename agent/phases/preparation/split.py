"""Step 1.6, split: training, validation and test rows; the test rows go to the vault.

What later steps need of the profile is made anew here, of the training rows alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.phases.preparation.discovery import report as discovered
from agent.steps import Ask, Job, Known, Option, Step
from tools.errors import InputError
from tools.records import Check, Finding, Outcome
from tools.wording import Fact, Sentence, inert, listed, plural, say

if TYPE_CHECKING:
    from tools.data.profiling import Profile
    from tools.data.splitting import SplitReport

DEFAULT_TEST, DEFAULT_VALIDATION = 0.2, 0.16
NEAR_SHARE, NEAR_ROWS = 0.01, 5
"""Rows nearly equal to one of another part below which nothing is said."""
LOG_DAYS, LOG_ORDER = 90, 0.95
"""Days that a log spans at least; agreement of date and row order from which the table is one anyway."""


def run(job: Job) -> Outcome:
    """Deal the rows, write the parts, and look for overlap while the test rows can still be seen."""
    import numpy as np
    import pandas as pd

    from tools.data.partitioning import describe, split
    from tools.data.profile_findings import profile_findings
    from tools.data.profiling import Profile
    from tools.data.reading import Reading
    from tools.data.splitting import PARTS
    from tools.data.targets import check_target, classes_of
    from tools.data.training_profile import training_profile

    frame = job.frame("table.parquet")
    profile = job.load("profile.json", Profile)
    target = str(job.answer("data.target"))
    task = check_target(frame[target], job.answer("data.problem_type"), name=target)
    classes = classes_of(frame[target], task, job.answer("data.positive_class") if task == "binary" else None)
    unlabelled = int(frame[target].isna().sum())
    if unlabelled and job.answer("data.unlabelled", "set_aside") == "stop":
        raise InputError(
            f'{unlabelled:,} {plural(unlabelled, "row")} have no value in "{inert(target)}".',
            hint="Mend the data, or set data.unlabelled to set_aside.",
            column=target,
        )
    plan = _plan(job, profile)
    made = split(frame, target, task, classes, plan)
    places, names = [], []
    for part in PARTS:
        rows = made.rows(part)
        job.save_frame(f"{part}.parquet", frame.iloc[rows].reset_index(drop=True))
        places.append(rows)
        names += [part] * len(rows)
    table = pd.DataFrame({"row": np.concatenate(places), "partition": pd.Series(names, dtype="str")})
    job.save_frame("split.parquet", table.sort_values("row", kind="stable").reset_index(drop=True))
    reading = job.load("reading.json", Reading)
    seen = training_profile(frame, made.rows("train"), made.unlabelled(frame, plan), reading, profile, seed=job.seed)
    job.save_json("train_profile.json", seen)
    job.save_json("train_findings.json", discovered(seen, profile_findings(seen, reading)))
    job.save_json("split.json", made.report)
    return report(made.report, describe(made.report))


def _plan(job: Job, profile: Profile) -> Any:
    from tools.data.partitioning import SplitPlan

    peek = job.json("peek.json")
    default = "random" if job.answer("data.problem_type") == "regression" else "stratified"
    kind = str(job.answer("split.kind", default))
    # stratifying needs classes; for a number it is the same as dealing at random
    kind = "random" if kind == "stratified" and job.answer("data.problem_type") == "regression" else kind
    column = job.answer("split.column")
    if column is None and kind == "grouped":
        column = job.answer("data.group")
    if column is None and kind == "time":
        column = job.answer("data.time")
    dropped = {name for name, verdict in job.answers("data.personal.").items() if verdict == "drop"}
    dropped |= set(job.answer("data.drop", ()))
    prefix = next((item.prefix for item in profile.columns if item.name == column), None)
    return SplitPlan(
        kind=kind,
        test_size=float(job.answer("split.test_size", DEFAULT_TEST)),
        validation_size=float(job.answer("split.validation_size", DEFAULT_VALIDATION)),
        column=column if kind in ("grouped", "time", "given") else None,
        prefix=prefix if kind == "grouped" else None,
        gap=float(job.answer("split.gap", 0.0)) if kind == "time" else 0.0,
        tie=tuple(name for name in profile.features() if name not in dropped),
        test_rows=int(peek["test_rows"]),
        seed=job.seed,
    )


def report(made: SplitReport, summary: Sentence) -> Outcome:
    """Sizes, what was tied together, and what lies on both sides."""
    parts = made.parts
    facts: dict[str, Fact] = {
        "train_rows": parts["train"].rows,
        "validation_rows": parts["validation"].rows,
        "test_rows": parts["test"].rows,
        "unlabelled": made.unlabelled,
        "between": made.between,
        "tied": made.tied,
        "groups": made.groups,
        "folds": made.scheme.folds,
    }
    notes = list(made.notes)
    if parts["test"].rows:
        notes.append(say("the {rows|int} test rows are sealed until the holdout", rows=parts["test"].rows))
    else:
        notes.append(say("no test rows are held back, so the run ends before validation"))
    for part in parts.values():
        if part.starts is not None and part is parts["test"]:
            notes.append(say("test rows run from {start} to {end}", start=part.starts, end=part.ends))
    if made.unlabelled:
        notes.append(
            say(
                "{rows|int} {word} without a label set aside",
                rows=made.unlabelled,
                word=plural(made.unlabelled, "row"),
            )
        )
    if made.between:
        notes.append(say("{rows|int} {word} in the gap left out", rows=made.between, word=plural(made.between, "row")))
    if made.tied and made.kind in ("random", "stratified", "grouped"):
        notes.append(say("{rows|int} rows have exact copies, which were kept with them on one side", rows=made.tied))
    least = min((rows for rows in parts["train"].classes.values()), default=None)
    if least is not None and least < made.scheme.folds and made.scheme.kind == "stratified":
        notes.append(
            say(
                "the rarest class has {rows|int} training rows, so resampling uses fewer folds than the usual "
                "{folds|int}",
                rows=least,
                folds=made.scheme.folds,
            )
        )
    return Outcome(
        summary=summary,
        notes=tuple(notes),
        facts=facts,
        findings=_findings(made),
        checks=(_duplicates(made),),
    )


_WORDS = {"train": "training", "validation": "validation", "test": "test"}


def _findings(made: SplitReport) -> tuple[Finding, ...]:
    found = []
    for overlap in made.overlaps:
        few = overlap.what == "near rows" and (overlap.share < NEAR_SHARE or overlap.rows < NEAR_ROWS)
        if not overlap.rows or few:
            continue
        found.append(
            Finding(
                id=f"duplicate.{overlap.what.replace(' ', '_')}.{overlap.left}.{overlap.right}",
                step="preparation.split",
                kind="duplicate",
                level="warn" if overlap.what != "near rows" else "info",
                columns=(overlap.column,) if overlap.column else (),
                text=say(
                    "{rows|int} of the {right} rows ({share|pct}) {have} {kind} among the {left} rows",
                    rows=overlap.rows,
                    right=_WORDS[overlap.right],
                    share=overlap.share,
                    have=plural(overlap.rows, "has", "have"),
                    left=_WORDS[overlap.left],
                    kind={"rows": "an equal", "near rows": "a nearly equal one", "entities": "one of the same entity"}[
                        overlap.what
                    ],
                ),
                action="Read scores on these rows with care.",
            )
        )
    return tuple(found)


def _duplicates(made: SplitReport) -> Check:
    """Equal rows or entities on both sides of the split."""
    shared = sum(item.rows for item in made.overlaps if item.what in ("rows", "entities"))
    entity = any(item.rows for item in made.overlaps if item.what == "entities")
    return Check(
        id="data.duplicates",
        status="fail" if entity else "warn" if shared else "pass",
        blocking=entity,
        value=shared,
        criterion="no equal row and no entity on both sides of the split",
        title="rows on both sides",
        measured=say("{rows|int} {word} with an equal on another side", rows=shared, word=plural(shared, "row"))
        if shared
        else say("none"),
    )


# --- questions ---


def _kind_evidence(known: Known) -> dict[str, Any]:
    peek, profile = known.json("peek.json"), known.json("profile.json")
    given = [item["column"] for item in peek["given"] if item["column"] != known.answer("data.target")]
    return {
        "test_rows": peek["test_rows"],
        "given": given[0] if given else None,
        "group": known.answer("data.group"),
        "time": known.answer("data.time"),
        "shifts": listed([shift["column"] for shift in profile["shifts"]], 4),
        "logged": _is_log(profile, known.answer("data.time")),
        "shift_count": len(profile["shifts"]),
        "shift_word": plural(len(profile["shifts"]), "changes", "change"),
        "task": known.answer("data.problem_type"),
    }


def _is_log(profile: dict[str, Any], time: str | None) -> bool:
    """Whether the rows are events in the order of this date: sorted by it, or several on most dates over months."""
    column = next((item for item in profile["columns"] if item["name"] == time), None)
    if column is None or not column["numbers"]:
        return False
    span = column["numbers"]["maximum"] - column["numbers"]["minimum"]
    several = span >= LOG_DAYS and profile["rows"] >= 2 * column["distinct"]
    return several or (profile["order_column"] == time and (profile["order_agreement"] or 0.0) >= LOG_ORDER)


def _size_evidence(known: Known) -> dict[str, Any]:
    found = known.json("feasibility.json")
    return {
        "test_size": found["test_size"],
        "test_rows": found["test_rows"],
        "validation_size": found["validation_size"],
        "chosen": known.answer("split.test_size"),
        "given": known.answer("split.kind") == "given",
    }


def _column_evidence(known: Known) -> dict[str, Any]:
    evidence = _kind_evidence(known)
    return {"kind": known.answer("split.kind"), "given": evidence["given"]}


def _needs_column(known: Known) -> bool:
    kind = known.answer("split.kind")
    if kind == "given":
        return not known.json("peek.json")["test_rows"]
    return (kind == "grouped" and known.answer("data.group") is None) or (
        kind == "time" and known.answer("data.time") is None
    )


def _options(known: Known) -> tuple[Option, ...]:
    return tuple(Option(column["name"]) for column in known.json("profile.json")["columns"])


STEP = Step(
    id="preparation.split",
    guidance="1.6",
    title="train, validation and test split",
    run=run,
    needs=("table.parquet", "reading.json", "profile.json", "peek.json"),
    decisions=(
        "data.target",
        "data.problem_type",
        "data.positive_class",
        "data.drop",
        "data.personal.*",
        "data.group",
        "data.time",
        "data.unlabelled",
        "split.kind",
        "split.column",
        "split.test_size",
        "split.validation_size",
        "split.gap",
    ),
    makes=(
        "train.parquet",
        "validation.parquet",
        "test.parquet",
        "split.parquet",
        "split.json",
        "train_profile.json",
        "train_findings.json",
    ),
    libraries=("pandas", "pyarrow", "numpy", "scipy"),
    before=(
        Ask(
            "split.kind",
            "How should the rows be split?",
            "choice",
            options=(
                Option("random", "at random"),
                Option("stratified", "at random, each class in its share"),
                Option("grouped", "whole groups on one side"),
                Option("time", "the latest rows as the test"),
                Option("given", "as a column or a test file says"),
            ),
            evidence=_kind_evidence,
        ),
        Ask(
            "split.column",
            "By which column?",
            "column",
            choices=_options,
            evidence=_column_evidence,
            when=_needs_column,
        ),
        Ask(
            "split.test_size",
            "Which share of the rows should be held back as the test?",
            "number",
            minimum=0,
            maximum=0.8,
            evidence=_size_evidence,
            when=lambda known: known.answer("split.kind") != "given",
        ),
        Ask(
            "split.validation_size",
            "Which share of the rows should serve for validation?",
            "number",
            minimum=0.01,
            maximum=0.8,
            evidence=_size_evidence,
        ),
        Ask(
            "split.gap",
            "How many days (or units of the column) should lie between the parts?",
            "number",
            minimum=0,
            when=lambda known: known.answer("split.kind") == "time",
        ),
    ),
)
