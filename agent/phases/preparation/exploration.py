"""Step 1.3, exploration: what a person would look at first, on training rows, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, say

if TYPE_CHECKING:
    from tools.data.exploring import Exploration

PERSONAL = "it carries personal data"
DROPPED = "it was dropped"
LEAST_TOLD = 30
"""Rows of a level from which its rate is worth a sentence."""


def run(job: Job) -> Outcome:
    """Describe the training rows."""
    from tools.data.exploring import Target, explore
    from tools.data.targets import classes_of, target_values
    from tools.evaluation.criteria import Criteria

    task = job.load("criteria.json", Criteria).task
    name = str(job.answer("data.target"))
    frame = job.frame("train.parquet")
    frame = frame[frame[name].notna()].reset_index(drop=True)
    classes = classes_of(frame[name], task, job.answer("data.positive_class"))
    focus = ""
    if classes:
        # binary: the class looked for; else the rarest, which a reader would miss first
        counts = dict.fromkeys(classes, 0) | _class_counts(frame[name])
        focus = classes[-1] if task == "binary" else min(classes, key=lambda each: (counts[each], each))
    withheld = _withheld(job, name)
    rows = frame.drop(columns=[name])
    target = Target(task, name, target_values(frame[name], task, classes).astype(float), classes, focus)
    view = explore(rows, target, withheld)
    job.save_json("exploration.json", view)
    return report(view)


def report(view: Exploration) -> Outcome:
    """What the exploration shows, in words."""
    ranked = view.associations
    facts: dict[str, Fact] = {
        "rows": view.rows,
        "columns": view.columns,
        "withheld": len(view.withheld),
        "base_rate": view.overall.rate,
        "target": view.target,
        "focus": view.focus,
        "strongest": ranked[0][0] if ranked else None,
        "association": ranked[0][1] if ranked else None,
        "silent": len(ranked) - len(view.telling),
        "pairs": len(view.pairs),
    }
    if not ranked:
        summary = say(
            'no column of the {rows|int} training rows varies beside "{target}"',
            rows=view.rows,
            target=view.target,
        )
        return Outcome(summary=summary, facts=facts)
    values = dict(ranked)
    told: dict[str, Fact] = {"target": view.target}
    template = 'no column tells anything about "{target}" on its own that chance would not'
    if view.telling:
        first = view.telling[0]
        told |= {"first": first, "first_value": values[first]}
        template = 'only "{first}" tells something about "{target}" on its own (association {first_value|ratio})'
    if len(view.telling) > 1:
        second = view.telling[1]
        told |= {"second": second, "second_value": values[second]}
        template = (
            '"{first}" tells most about "{target}" (association {first_value|ratio}), '
            'then "{second}" ({second_value|ratio})'
        )
    summary = say(template, **told)
    return Outcome(summary=summary, notes=tuple(_notes(view, facts)), facts=facts)


def _notes(view: Exploration, facts: dict[str, Fact]) -> list[Sentence]:
    notes = []
    spread = _widest(view)
    if spread is not None:
        notes.append(spread)
    if view.pairs:
        first = view.pairs[0]
        notes.append(
            say(
                '"{left}" and "{right}" move together (rank correlation {value|ratio}): one may do for both',
                left=first.left,
                right=first.right,
                value=first.spearman,
            )
        )
    skewed = next((each for each in view.views if each.kind == "number" and abs(each.skewness or 0.0) > 2), None)
    if skewed is not None:
        notes.append(
            say(
                '"{column}" is skewed: half of its values lie below {median|num}, the largest is {maximum|num}',
                column=skewed.column,
                median=skewed.median,
                maximum=skewed.maximum,
            )
        )
    if facts["silent"]:
        notes.append(
            say(
                "{silent|int} of {columns|int} columns "
                + (
                    "shows nothing by itself beyond chance; with others it may"
                    if facts["silent"] == 1
                    else "show nothing by themselves beyond chance; with others they may"
                ),
                silent=facts["silent"],
                columns=view.columns,
            )
        )
    if view.withheld:
        notes.append(
            say("{withheld|int} columns are not shown: personal data, or dropped", withheld=len(view.withheld))
            if len(view.withheld) > 1
            else say(
                '"{column}" is not shown: {reason}',
                column=view.withheld[0].column,
                reason=view.withheld[0].reason,
            )
        )
    if view.skipped:
        notes.append(
            say(
                "{skipped|int} columns beyond the first {columns|int} were not drawn",
                skipped=view.skipped,
                columns=view.columns,
            )
        )
    return notes


def _widest(view: Exploration) -> Sentence | None:
    """The strongest column with named levels: where the target is most and least frequent."""
    for each in view.views:
        levels = [level for level in each.levels if level.rate is not None and level.rows >= LEAST_TOLD and level.label]
        if each.kind not in ("levels", "steps") or len(levels) < 2 or each.column not in view.telling:
            continue
        low = min(levels, key=lambda level: (level.rate or 0.0, level.label))
        high = max(levels, key=lambda level: (level.rate or 0.0, level.label))
        facts: dict[str, Fact] = {
            "column": each.column,
            "low": low.label,
            "high": high.label,
            "low_rate": low.rate,
            "high_rate": high.rate,
            "target": view.target,
            "focus": view.focus,
        }
        if view.task == "regression":
            return say(
                'the mean of "{target}" runs from {low_rate|num} ("{column}" = {low}) to {high_rate|num} ({high})',
                **facts,
            )
        return say(
            '"{focus}" is found in {low_rate|pct} of rows with "{column}" = {low}, in {high_rate|pct} with {high}',
            **facts,
        )
    return None


def _class_counts(series: object) -> dict[str, int]:
    from tools.data.targets import class_texts

    counts = class_texts(series).value_counts()  # type: ignore[arg-type]
    return {str(name): int(count) for name, count in counts.items()}


def _withheld(job: Job, target: str) -> dict[str, str]:
    """Columns that are not to be shown: personal ones unless a person keeps them, dropped ones."""
    from tools.data.profiling import Profile

    handled = job.answers("data.personal.")
    columns = job.load("train_profile.json", Profile).columns
    found = {each.name: PERSONAL for each in columns if each.personal and handled.get(each.name) != "keep"}
    found |= {str(column): PERSONAL for column, action in handled.items() if action not in ("keep", None)}
    found |= {str(column): DROPPED for column in job.answer("data.drop") or ()}
    found |= {str(column): DROPPED for column, action in job.answers("data.leakage.").items() if action == "drop"}
    found.pop(target, None)
    return found


STEP = Step(
    id="preparation.exploration",
    guidance="1.3",
    title="exploration",
    run=run,
    needs=("train.parquet", "criteria.json", "train_profile.json"),
    decisions=("data.target", "data.positive_class", "data.drop", "data.personal.*", "data.leakage.*"),
    makes=("exploration.json",),
    libraries=("pandas", "numpy", "scipy"),
)
