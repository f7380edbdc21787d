"""Step 3.3, fairness: groups of the protected columns compared on the test rows; representation and data quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job, Step
from tools.records import Finding, Outcome
from tools.wording import Fact, Sentence, inert, listed, plural, say

if TYPE_CHECKING:
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.fairness import Attribute, FairnessReport, Group, Rate

ID = "validation.fairness"


def run(job: Job) -> Outcome:
    """Compare the groups."""
    import pandas as pd

    from tools.data.splitting import SplitReport
    from tools.data.targets import target_values
    from tools.evaluation import fairness
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.opened import read_opened
    from tools.serving.service.scorer import Scorer

    criteria = job.load("criteria.json", Criteria)
    scorer = Scorer.load(job.path("scorer/"))
    rows, train = job.frame("opened.parquet"), job.frame("train.parquet")
    opened = read_opened(
        rows, job.frame("test_scores.parquet"), scorer.classes, job.load("split.json", SplitReport).scheme
    )
    columns = [name for name in criteria.fairness.protected if name in rows.columns]
    attributes = fairness.assess(
        fairness.group_frame(train, opened.frame, columns, criteria.fairness.minimum_rows),
        opened.y,
        opened.predictions,
        criteria.task,
        criteria.fairness,
        alpha=criteria.alpha,
        units=opened.units,
    )
    both = pd.concat([train, opened.frame], ignore_index=True)
    both = both[both[scorer.target].notna()].reset_index(drop=True)
    report = fairness.FairnessReport(
        favourable=_favourable(criteria, scorer.classes),
        ratio=criteria.fairness.ratio,
        attributes=attributes,
        representation=fairness.representation(
            train, opened.frame, columns, minimum_rows=criteria.fairness.minimum_rows
        ),
        measurement=fairness.measurement(
            both, target_values(both[scorer.target], criteria.task, scorer.classes), columns, scorer.needed,
            criteria.task, criteria.fairness,
        ),
        tests=sum(
            rate.p_holm is not None
            for attribute in attributes
            for group in attribute.groups
            for rate in group.rates
        ),
    )  # fmt: skip
    job.save_json("fairness.json", report)
    absent = [name for name in criteria.fairness.protected if name not in rows.columns]
    return outcome(report, criteria, absent)


def outcome(report: FairnessReport, criteria: Criteria, absent: list[str]) -> Outcome:
    """What the comparison shows, in words."""
    from tools.evaluation.fairness import checks

    made = checks(report.attributes, criteria.fairness)
    return Outcome(
        summary=_summary(report, criteria),
        notes=tuple(_notes(report, absent)),
        facts=_facts(report),
        findings=tuple(_findings(report)),
        checks=made,
    )


def _summary(report: FairnessReport, criteria: Criteria) -> Sentence:
    single = [attribute for attribute in report.attributes if not attribute.crossed]
    if not single:
        return say("no protected column was stated, so no groups were compared")
    failed = [
        f"{attribute.name}: {group.name}"
        for attribute in single
        for group in attribute.groups
        if group.status == "fail"
    ]
    small = [
        f"{attribute.name}: {group.name}"
        for attribute in single
        for group in attribute.groups
        if group.status == "insufficient"
    ]
    judged = sum(
        group.status != "insufficient" and not group.reference for attribute in single for group in attribute.groups
    )
    if failed:
        noun = plural(len(failed), "group differs", "groups differ")
        return say(
            f"{{failed|int}} {noun} from the largest by more than the tolerated {{ratio|ratio}}: {{names}}",
            failed=len(failed), ratio=report.ratio, names=listed(failed, 3),
        )  # fmt: skip
    if small and not judged:
        return say(
            "no group could be compared with the largest of its column: {small|int} too small to judge, {names}",
            small=len(small), names=listed(small, 3),
        )  # fmt: skip
    compared = plural(judged, "group was", "groups were") + " compared with the largest of"
    compared += plural(judged, " its column", " their columns")
    if small:
        return say(
            f"{{judged|int}} {compared}, none differs by more than tolerated; {{small|int}} too small to judge:"
            " {names}",
            judged=judged, small=len(small), names=listed(small, 3),
        )  # fmt: skip
    return say(
        f"{{judged|int}} {compared}; no ratio lies beyond {{ratio|ratio}} by more than chance",
        judged=judged, ratio=report.ratio,
    )  # fmt: skip


def _notes(report: FairnessReport, absent: list[str]) -> list[Sentence]:
    notes: list[Sentence] = []
    if report.favourable and report.attributes:
        notes.append(say("the favourable decision is {what}", what=report.favourable))
    notes += [text for attribute in report.attributes if not attribute.crossed and (text := _worst(attribute))]
    notes += _crossed_notes(report)
    if report.tests:
        notes.append(
            say(
                "{tests|int} ratios were held against the tolerance; Holm corrects for their number", tests=report.tests
            )
        )
    uneven = sorted({entry.column for entry in report.representation if entry.p < 0.01})
    if uneven:
        notes.append(say("{columns}: the groups' shares differ between training and test rows", columns=listed(uneven)))
    notes += _measurement_notes(report)
    if absent:
        notes.append(say("{columns} stated as protected but not in the table", columns=listed(absent)))
    return notes


def _worst(attribute: Attribute) -> Sentence | None:
    from tools.evaluation.fairness import farthest

    found = farthest([group for group in attribute.groups if group.status != "insufficient"])
    if found is None:
        return None
    group, rate = found
    return say(
        '"{attribute}: {group}": {rate} {value|num}, {ratio|ratio} times the largest group\'s ({lower|ratio} to'
        " {upper|ratio})",
        attribute=inert(attribute.name), group=inert(group.name), rate=rate.name.replace("_", " "), value=rate.value,
        ratio=rate.ratio, lower=rate.lower, upper=rate.upper,
    )  # fmt: skip


MOST_CROSSED = 3
"""Intersections that are named; the rest are counted."""


def _crossed_notes(report: FairnessReport) -> list[Sentence]:
    """The intersections of two columns in which a group fails: the farthest by name, the others by number."""
    from tools.evaluation.fairness import farthest

    failed = [
        (attribute, group)
        for attribute in report.attributes
        if attribute.crossed
        for group in attribute.groups
        if group.status == "fail"
    ]
    if not failed:
        return []
    by_distance = sorted(failed, key=lambda pair: -_distance(farthest([pair[1]])))
    names = [f"{attribute.name}: {group.name}" for attribute, group in by_distance[:MOST_CROSSED]]
    rest = len(failed) - len(names)
    template = "where two columns meet, {groups|int} " + plural(len(failed), "group differs", "groups differ")
    template += " too: {names}" + (" and {rest|int} more" if rest else "")
    facts: dict[str, Fact] = {"groups": len(failed), "names": ", ".join(f'"{inert(name)}"' for name in names)}
    return [say(template, **facts, **({"rest": rest} if rest else {}))]


def _distance(found: tuple[Group, Rate] | None) -> float:
    import math

    return 0.0 if found is None else abs(math.log(found[1].ratio or 1.0))


MISSING_GAP = 0.05
"""Difference in the share of missing cells between two groups from which it is said."""


def _measurement_notes(report: FairnessReport) -> list[Sentence]:
    notes = []
    for column in dict.fromkeys(entry.column for entry in report.measurement):
        groups = [entry for entry in report.measurement if entry.column == column and entry.rows >= 100]
        if len(groups) < 2:
            continue
        most = max(groups, key=lambda entry: entry.missing_cells)
        least = min(groups, key=lambda entry: entry.missing_cells)
        if most.missing_cells - least.missing_cells >= MISSING_GAP:
            notes.append(
                say(
                    "{column}: {most} lacks {high|pct} of its cells, {least} {low|pct}; poorer data can mean poorer"
                    " decisions",
                    column=inert(column), most=most.group, high=most.missing_cells, least=least.group,
                    low=least.missing_cells,
                )
            )  # fmt: skip
    return notes


def _findings(report: FairnessReport) -> list[Finding]:
    found = []
    alone = {attribute.name for attribute in report.attributes if attribute.status == "fail" and not attribute.crossed}
    for attribute in report.attributes:
        if attribute.status == "fail" and not (attribute.crossed and alone & set(attribute.columns)):
            text = _worst(attribute)
            assert text is not None  # a failed attribute has a judged group
            found.append(
                Finding(
                    id=f"representation.{attribute.name}",
                    step=ID,
                    kind="representation",
                    columns=attribute.columns,
                    level="warn",
                    text=text,
                    action="weigh another threshold or mitigation at gate experimentation, or justify the difference",
                )
            )
    return found


def _facts(report: FairnessReport) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"ratio": report.ratio, "tests": report.tests, "favourable": report.favourable}
    for attribute in report.attributes:
        for group in attribute.groups:
            stem = f"{attribute.name}.{group.name}"
            facts[f"{stem}.rows"] = group.rows
            facts[f"{stem}.status"] = group.status
            facts[f"{stem}.rows_missing"] = group.rows_missing
            for rate in group.rates:
                facts[f"{stem}.{rate.name}"] = rate.value
                if rate.tested and rate.ratio is not None:
                    facts[f"{stem}.{rate.name}.ratio"] = rate.ratio
                    facts[f"{stem}.{rate.name}.lower"] = rate.lower
                    facts[f"{stem}.{rate.name}.upper"] = rate.upper
    facts["groups_failed"] = sum(g.status == "fail" for a in report.attributes for g in a.groups)
    facts["groups_open"] = sum(g.status == "insufficient" for a in report.attributes if not a.crossed for g in a.groups)
    return facts


def _favourable(criteria: Criteria, classes: tuple[str, ...]) -> str:
    if criteria.task != "binary" or len(classes) != 2:
        return ""
    name = classes[1] if criteria.fairness.favourable == "positive" else classes[0]
    return f'to be classed as "{inert(name)}"'


STEP = Step(
    id=ID,
    guidance="3.3",
    title="fairness",
    run=run,
    needs=("opened.parquet", "test_scores.parquet", "train.parquet", "split.json", "criteria.json", "scorer/"),
    makes=("fairness.json",),
    libraries=("numpy", "scipy", "pandas"),
)
