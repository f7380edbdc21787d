"""Step 1.4, cleaning: a declarative plan fitted on training rows, what it changed, and the clean rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Check, Finding, Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    import pandas as pd

    from tools.data.cleaning import Changes, CleaningPlan, Roles
    from tools.data.splitting import SplitReport

STEP_ID = "preparation.cleaning"
FLAT_VALUES = 2
"""Different values up to which a column that is mostly one value is a mark, not an amount."""
VALUE_RULES = ("respell", "placeholder", "clip", "fill", "hash", "generalise")


def run(job: Job) -> Outcome:
    """Fit the plan, apply it to training and validation rows, and write down what changed."""
    import yaml

    from tools.data.cleaning import clean_parts, fit_cleaning, readable
    from tools.data.leakage import Leakage, leakage_check
    from tools.data.splitting import SplitReport

    train, validation = job.frame("train.parquet"), job.frame("validation.parquet")
    plan = fit_cleaning(
        train,
        roles_of(job, job.load("split.json", SplitReport), list(train.columns)),
        missing=job.answer("cleaning.missing") or "flag",
        outliers=job.answer("cleaning.outliers") or "keep",
        duplicates=job.answer("cleaning.duplicates") or "keep",
    )
    train_clean, validation_clean, changes = clean_parts(plan, train, validation)
    job.save_json("cleaning.json", plan)
    job.save_json("changes.json", changes)
    text = yaml.safe_dump(readable(plan, changes), sort_keys=False, allow_unicode=True, width=110)
    job.save_text("cleaning.yaml", text)
    job.save_frame("train_clean.parquet", train_clean)
    job.save_frame("validation_clean.parquet", validation_clean)
    dropped = [column.name for column in plan.columns if column.use == "drop"]
    leaks = leakage_check(job.load("leakage.json", Leakage), job.answers("data.leakage."), dropped)
    return report(plan, changes, train_clean, str(job.answer("data.target")), leaks)


def roles_of(job: Job, split: SplitReport, columns: list[str]) -> Roles:
    """What each column is for, from the decisions taken so far."""
    from tools.data.cleaning import Roles
    from tools.data.profiling import Profile

    target = str(job.answer("data.target"))
    drop: dict[str, Sentence] = {
        str(name): say("left out by decision") for name in job.answer("data.drop") or () if name != target
    }
    for name, verdict in job.answers("data.leakage.").items():
        if verdict == "drop" and name != target:
            drop[name] = say("it may give the outcome away and is not known in time")
    if split.kind == "given" and split.column is not None:
        drop[split.column] = say("it says which part of the split a row belongs to")
    # what was found personal and is left undecided is treated as personal
    found = job.load("train_profile.json", Profile).columns
    personal: dict[str, Any] = {column.name: "drop" for column in found if column.personal}
    personal |= job.answers("data.personal.")
    personal.pop(target, None)
    kept = [*(job.answer("requirements.protected") or ())]
    if split.scheme.kind in ("grouped", "time") and split.scheme.column is not None:
        kept.append(split.scheme.column)
    return Roles(
        target=target,
        none=tuple(str(name) for name in job.answer("data.absent") or () if name != target),
        kept=tuple(dict.fromkeys(str(name) for name in kept if name in columns and name != target)),
        drop=drop,
        personal=personal,
    )


def report(plan: CleaningPlan, changes: Changes, train: pd.DataFrame, target: str, leaks: Check) -> Outcome:
    """What cleaning changed, in words."""
    dropped = [column for column in plan.columns if column.use == "drop"]
    touched = [change for change in changes.changes if change.rule in VALUE_RULES and change.rows]
    others = train.drop(columns=[target])
    absent = others.isna().sum()
    facts: dict[str, Fact] = {
        "rows_before": changes.rows_before,
        "rows": changes.rows_after,
        "repeated": changes.rows_before - changes.rows_after,
        "columns": len(others.columns),
        "dropped": len(dropped),
        "cells": sum(change.rows for change in touched),
        "touched": len({change.column for change in touched}),
        "gaps": int(absent.sum()),
        "gap_columns": int((absent > 0).sum()),
        "missing": plan.missing,
        "outliers": plan.outliers,
        "duplicates": plan.duplicates,
    }
    notes: list[Sentence] = []
    if facts["gaps"]:
        worst = str(absent.idxmax())
        notes.append(
            say(
                '"{column}" has most gaps: {share|pct} of its training rows',
                column=worst,
                share=float(absent[worst] / max(1, len(train))),
            )
        )
    for change in sorted(touched, key=lambda change: -change.rows)[:3]:
        notes.append(
            say(
                '"{column}": {cells|int} {values|text} changed, ' + change.why.template,
                column=change.column,
                cells=change.rows,
                values=plural(change.rows, "value"),
                **change.why.facts,
            )
        )
    held = [column.name for column in plan.columns if column.use == "keep" and column.why is not None]
    if held:
        notes.append(
            say("{columns|text} {word|text} kept for audit, grouping or order only; no model sees {it|text}",
                columns=listed(held), word=plural(len(held), "is", "are"), it=plural(len(held), "it", "them"))
        )  # fmt: skip
    return Outcome(
        summary=_summary(facts, [column.name for column in dropped]),
        notes=tuple(notes),
        facts=facts,
        findings=_findings(plan, changes),
        checks=(leaks,),
    )


def _summary(facts: dict[str, Fact], dropped: list[str]) -> Sentence:
    """The most consequential changes in one line."""
    parts: list[str] = []
    given: dict[str, Fact] = dict(facts)
    if dropped:
        parts.append("{names|text} left out")
        given["names"] = listed(dropped, 3)
    if facts["repeated"]:
        parts.append("{repeated|int} repeated training {lines|text} dropped")
        given["lines"] = plural(int(facts["repeated"] or 0), "row")
    if facts["cells"]:
        parts.append("{cells|int} {values|text} changed in {touched|int} {where|text}")
        given["values"] = plural(int(facts["cells"] or 0), "value")
        given["where"] = plural(int(facts["touched"] or 0), "column")
    if facts["gaps"]:
        how = "kept as such and marked" if facts["missing"] == "flag" else "kept as such"
        parts.append(f"{{gaps|int}} missing {{holes|text}} in {{gap_columns|int}} {{gapped|text}} {how}")
        given["holes"] = plural(int(facts["gaps"] or 0), "value")
        given["gapped"] = plural(int(facts["gap_columns"] or 0), "column")
    if not parts:
        parts.append("nothing to mend: {rows|int} training rows and {columns|int} columns stay as they are")
    return say("; ".join(parts), **given)


def _findings(plan: CleaningPlan, changes: Changes) -> tuple[Finding, ...]:
    """Values that stand for "unknown", which the source's owner should confirm."""
    counts = {change.column: change.rows for change in changes.changes if change.rule == "placeholder"}
    return tuple(
        Finding(
            id=f"quality.{column.name}",
            step=STEP_ID,
            kind="quality",
            columns=(column.name,),
            level="warn",
            text=say(
                '{rows|int} training rows of "{column}" hold {mark|text}, far from all others: taken as unknown',
                rows=counts.get(column.name, 0), column=column.name, mark=str(rule.why.facts.get("mark")),
            ),
            action="Ask the data's owner what the value stands for.",
        )
        for column in plan.columns
        for rule in column.rules
        if rule.rule == "placeholder"
    )  # fmt: skip


# ── questions ───────────────────────────────────────────────────────────────


def left_out(known: Known) -> set[str]:
    """Columns that decisions taken so far leave out."""
    names = {str(name) for name in known.answer("data.drop") or ()}
    names |= {name for name, verdict in known.answers("data.leakage.").items() if verdict == "drop"}
    return names | {name for name, answer in known.answers("data.personal.").items() if answer == "drop"}


def kept_columns(known: Known) -> list[dict[str, Any]]:
    """Profiles of the columns that stay."""
    gone = left_out(known)
    columns: list[dict[str, Any]] = known.json("train_profile.json")["columns"]
    return [column for column in columns if column["name"] not in gone]


def missing_evidence(known: Known) -> dict[str, Any]:
    """How many columns have gaps, and the largest share."""
    meant = set(known.answer("data.absent") or ())
    gaps = [column for column in kept_columns(known) if column["missing"] and column["name"] not in meant]
    worst = max(gaps, key=lambda column: column["missing_share"], default=None)
    return {
        "columns": len(gaps),
        "worst": worst["name"] if worst else None,
        "share": worst["missing_share"] if worst else 0.0,
    }


def outlier_evidence(known: Known) -> dict[str, Any]:
    """The column whose extreme lies furthest outside its quartiles, in interquartile ranges."""
    worst, name, flat = 0.0, None, None
    for column in kept_columns(known):
        numbers = column.get("numbers")
        if not numbers or column["role"] != "number" or column["code"]:
            continue
        spread = numbers["upper_quartile"] - numbers["lower_quartile"]
        if spread > 0:
            beyond = max(numbers["maximum"] - numbers["upper_quartile"], numbers["lower_quartile"] - numbers["minimum"])
            if beyond / spread > worst:
                worst, name = beyond / spread, column["name"]
        elif numbers["maximum"] > numbers["minimum"] and column["distinct"] > FLAT_VALUES and flat is None:
            flat = column["name"]
    return {"worst": name, "distance": worst, "flat": flat}


def duplicate_evidence(known: Known) -> dict[str, Any]:
    """Training rows that repeat another, as their profile counted them."""
    profile = known.json("train_profile.json")
    repeats = profile["duplicates"]
    return {
        "whole": repeats["whole_rows"],
        "alike": repeats["rows"],
        "chance": repeats["chance"],
        "rows": profile["rows"],
    }


MISSING = Ask(
    id="cleaning.missing",
    prompt="What should be done where a value is missing?",
    type="choice",
    options=(
        Option(
            "flag",
            "keep it missing, and mark it",
            "each model handles gaps its own way and sees that one was there",
        ),
        Option("keep", "keep it missing", "each model handles gaps its own way"),
        Option("median", "fill in the median", "numbers get their median, categories their most frequent level"),
        Option("most_frequent", "fill in the most frequent value", "for numbers too"),
        Option("constant", "fill in a constant", 'zero for numbers, "missing" as a level of its own'),
    ),
    evidence=missing_evidence,
)
OUTLIERS = Ask(
    id="cleaning.outliers",
    prompt="What should be done with numbers far outside the usual range?",
    type="choice",
    options=(
        Option("keep", "keep them as they are", "they may be real, and trees do not mind"),
        Option(
            "clip",
            "clip what lies far out to the usual range",
            "one value then can't pull a model",
        ),
    ),
    evidence=outlier_evidence,
)
DUPLICATES = Ask(
    id="cleaning.duplicates",
    prompt="What should be done with training rows that repeat another one in every column?",
    type="choice",
    options=(
        Option("keep", "keep them", "each row is a case of its own"),
        Option("drop", "drop the repetitions", "the same case was recorded twice and must not count double"),
    ),
    evidence=duplicate_evidence,
)

STEP = Step(
    id=STEP_ID,
    guidance="1.4",
    title="cleaning",
    run=run,
    needs=("train.parquet", "validation.parquet", "split.json", "leakage.json", "train_profile.json"),
    decisions=(
        "data.target",
        "data.drop",
        "data.absent",
        "data.personal.*",
        "data.leakage.*",
        "requirements.protected",
        "cleaning.missing",
        "cleaning.outliers",
        "cleaning.duplicates",
    ),
    makes=(
        "cleaning.json",
        "cleaning.yaml",
        "changes.json",
        "train_clean.parquet",
        "validation_clean.parquet",
    ),
    libraries=("pandas", "numpy", "pyyaml"),
    before=(MISSING, OUTLIERS, DUPLICATES),
)
