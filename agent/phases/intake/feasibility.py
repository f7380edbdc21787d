"""Intake: can this data answer the question, and with what precision?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.errors import InputError
from tools.records import Check, Outcome
from tools.wording import Fact, Sentence, inert, plural, say

if TYPE_CHECKING:
    from tools.data.feasibility import Feasibility, Group

METRIC_WORDS = {"roc_auc": "an AUC", "accuracy": "an accuracy"}
_LONG = re.compile(r"-?\d+\.\d{4,}")


def run(job: Job) -> Outcome:
    """Check that the target can be learned, and work out what a test can confirm."""
    from tools.data.feasibility import feasibility
    from tools.data.targets import check_target, classes_of, find_column

    kind = job.answer("data.problem_type")
    target = job.answer("data.target")
    if target is None:
        raise InputError(
            "There is no target column, so nothing can be predicted; clustering is not offered yet.",
            hint="Name a column with --target or data.target.",
        )
    frame = job.frame("table.parquet")
    name = find_column(str(target), list(frame.columns), role="Target column")
    if len(frame.columns) == 1:
        raise InputError(
            f'The table has no column but the target "{inert(name)}", so there is nothing to predict it from.',
            hint="Add columns that are known at the moment of prediction (for a series, earlier values and the date).",
            column=name,
        )
    task = check_target(frame[name], kind, name=name)
    positive = job.answer("data.positive_class") if task == "binary" else None
    classes = classes_of(frame[name], task, positive)
    threshold = job.answer("requirements.success_threshold")
    found = feasibility(
        frame,
        name,
        task,
        positive=classes[-1] if task == "binary" else None,
        protected=[column for column in job.answer("requirements.protected", ()) if column in frame.columns],
        requirement=float(threshold) if threshold is not None else None,
        test_rows=job.json("peek.json")["test_rows"] or None,
    )
    job.save_json("feasibility.json", found)
    return report(found, name, given=bool(job.json("peek.json")["test_rows"]))


def report(found: Feasibility, target: str, *, given: bool = False) -> Outcome:
    """What a test of the proposed size, or of the given rows, can say."""
    facts: dict[str, Fact] = {
        "rows": found.rows,
        "labelled": found.labelled,
        "base_rate": found.base_rate,
        "test_size": found.test_size,
        "test_rows": found.test_rows,
        "half_width": found.half_width,
        "assumed": found.assumed,
        "smallest_confirmable": found.smallest_confirmable,
        "smallest_class": found.classes[found.least_class] if found.least_class is not None else None,
        "groups": len(found.groups),
        "groups_enough": sum(group.enough for group in found.groups),
    }
    return Outcome(
        summary=_summary(found), notes=tuple(_notes(found, target, given)), facts=facts, checks=(_rows_check(found),)
    )


def _summary(found: Feasibility) -> Sentence:
    if found.metric == "rmse":
        return say(
            "with {rows|int} test rows a root mean squared error would be known to ± {width|pct} of its value",
            rows=found.test_rows,
            width=found.half_width,
        )
    template = "with {rows|int} test rows {metric} of {assumed|ratio} would be known to ± {width|ratio}"
    if found.smallest_confirmable is not None:
        template += "; a requirement of {can|ratio} can be confirmed"
        template += ", {cannot|ratio} cannot" if found.first_unconfirmable is not None else ""
    else:
        template += "; no useful requirement can be confirmed"
    return say(
        template,
        rows=found.test_rows,
        metric=METRIC_WORDS[found.metric],
        assumed=found.assumed,
        width=found.half_width,
        can=found.smallest_confirmable,
        cannot=found.first_unconfirmable,
    )


def _notes(found: Feasibility, target: str, given: bool) -> list[Sentence]:
    notes = [
        say(
            "the test rows were given: {rows|int}, {share|pct} of all"
            if given
            else "hold back {share|pct} of the rows ({rows|int}) as the test",
            share=found.test_size,
            rows=found.test_rows,
        )
    ]
    if found.stated is not None and found.stated.confirmed:
        notes.append(
            say(
                "the stated requirement of {value|ratio} is within reach of this test",
                value=found.stated.requirement,
            )
        )
    elif found.stated is not None and found.stated.performance_needed is not None:
        notes.append(
            say(
                "to confirm the stated {value|ratio}, the model must measure {needed|ratio} or more on the test",
                value=found.stated.requirement,
                needed=found.stated.performance_needed,
            )
        )
    elif found.stated is not None:
        notes.append(
            say(
                "no result on so few rows could confirm the stated {value|ratio}",
                value=found.stated.requirement,
            )
        )
    if found.labelled < found.rows:
        without = found.rows - found.labelled
        notes.append(
            say(
                '{rows|int} {word} without a value in "{target}" can\'t be used',
                rows=without,
                word=plural(without, "row"),
                target=target,
            )
        )
    if found.least_class is not None and (found.least_class_test_rows or 0) < 30:
        notes.append(
            say(
                'class "{name}" would have {rows|int} {word} in the test: too few to judge it by itself',
                name=found.least_class,
                rows=found.least_class_test_rows,
                word=plural(found.least_class_test_rows or 0, "row"),
            )
        )
    return notes + _group_notes(found.groups)


def _group_notes(groups: tuple[Group, ...]) -> list[Sentence]:
    """Which groups the test can judge, and what the others lack, in one line each."""
    notes = []
    enough = [group for group in groups if group.enough]
    if enough:
        facts: dict[str, Fact] = {f"group_{key}": _named(group) for key, group in zip("abcd", enough, strict=False)}
        template = "can be judged: " + ", ".join(f"{{{name}}}" for name in facts)
        notes.append(say(template + _others(facts, len(enough) - len(facts)), **facts))
    short = [group for group in groups if not group.enough]
    if short:
        parts, facts = [], {}
        for key, group in zip("abc", short, strict=False):
            have = {"rows": group.test_rows, "positives": group.test_positives, "negatives": group.test_negatives}
            parts.append(f"{{group_{key}}} ({{have_{key}|int}} {group.lacking}, {{needed_{key}|int}} needed)")
            facts[f"group_{key}"] = _named(group)
            facts[f"have_{key}"] = have[group.lacking or "rows"]
            facts[f"needed_{key}"] = group.needed
        template = "too small to judge, as far as the test can be foreseen: " + ", ".join(parts)
        notes.append(say(template + _others(facts, len(short) - len(parts)), **facts))
    return notes


def _others(facts: dict[str, Fact], count: int) -> str:
    """The end of a list that was cut, its fact added."""
    if count <= 0:
        return ""
    facts["others"] = count
    return " and {others|int} more"


def _named(group: Group) -> str:
    return f'"{inert(group.column)}: {inert(group.level)}"'


def _rows_check(found: Feasibility) -> Check:
    """Whether the test will hold enough outcomes of each kind for a conclusion."""
    rarer = min(found.classes.values()) / found.labelled if found.task == "binary" and found.labelled else 1.0
    outcomes = round(rarer * found.test_rows)
    return Check(
        id="data.rows",
        status="pass" if found.enough else "insufficient",
        blocking=False,
        value=outcomes,
        criterion="at least 30 test rows of each outcome" if found.task == "binary" else "at least 30 test rows",
        title="rows for a test",
        measured=say(
            "{rows|int} test rows, {outcomes|int} of the rarer outcome"
            if found.task == "binary"
            else "{rows|int} test rows",
            rows=found.test_rows,
            outcomes=outcomes,
        ),
    )


STEP = Step(
    id="intake.feasibility",
    guidance="",
    title="can this data answer the question",
    run=run,
    needs=("table.parquet", "peek.json"),
    decisions=(
        "data.target",
        "data.problem_type",
        "data.positive_class",
        "requirements.protected",
        "requirements.success_threshold",
    ),
    makes=("feasibility.json",),
    libraries=("pandas", "numpy"),
)
