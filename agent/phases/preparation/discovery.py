"""Step 1.2, discovery and profiling: what the table holds, without relating anything to the target."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Finding, Outcome
from tools.wording import Fact, Sentence, inert, plural, say

if TYPE_CHECKING:
    from tools.data.profiling import Profile

TOLD = 3
"""Findings that the summary quotes."""
MOST_NOTES = 9


def run(job: Job) -> Outcome:
    """Profile the table and rank what was found."""
    from tools.data.profile_findings import profile_findings
    from tools.data.profiling import profile
    from tools.data.reading import Reading
    from tools.data.targets import check_target

    frame = job.frame("table.parquet")
    reading = job.load("reading.json", Reading)
    target = str(job.answer("data.target"))
    task = check_target(frame[target], job.answer("data.problem_type"), name=target)
    found = profile(frame, reading, target, task, seed=job.seed)
    job.save_json("profile.json", found)
    return report(found, profile_findings(found, reading))


def report(found: Profile, findings: tuple[Finding, ...]) -> Outcome:
    """The findings that matter most, in one line; the rest below."""
    columns = found.columns
    missing = sum(column.missing for column in columns)
    cells = found.rows * len(columns)
    facts: dict[str, Fact] = {
        "rows": found.rows,
        "columns": len(columns),
        "findings": len(findings),
        "warnings": sum(finding.level == "warn" for finding in findings),
        "missing_share": missing / cells if cells else 0.0,
        "personal": sum(column.personal is not None for column in columns),
        "identifiers": sum(column.role == "identifier" for column in columns),
        "constants": sum(column.role == "constant" for column in columns),
        "duplicates": found.duplicates.rows,
        "near_duplicates": found.near.rows,
        "shifts": len(found.shifts),
        "unlabelled": found.target.missing if found.target else 0,
    }
    notes = tuple(finding.text for finding in findings[TOLD : TOLD + MOST_NOTES])
    return Outcome(summary=_summary(findings), notes=notes, facts=facts, findings=findings)


def _summary(findings: tuple[Finding, ...]) -> Sentence:
    """The number of findings and the foremost of them, as one sentence over all their facts."""
    parts: list[str] = []
    facts: dict[str, Fact] = {"findings": len(findings), "word": plural(len(findings), "finding")}
    for letter, finding in zip(ascii_lowercase, findings[:TOLD], strict=False):
        template = finding.text.template
        for name, value in finding.text.facts.items():
            template = template.replace("{" + name + "}", "{" + f"{letter}_{name}" + "}")
            template = template.replace("{" + name + "|", "{" + f"{letter}_{name}" + "|")
            facts[f"{letter}_{name}"] = value
        parts.append(template)
    if not parts:
        return say("nothing that needs attention")
    return say("{findings|int} {word}: " + "; ".join(parts), **facts)


# --- questions ---


def _columns(known: Known) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = known.json("profile.json")["columns"]
    return columns


def _options(known: Known) -> tuple[Option, ...]:
    return tuple(Option(column["name"]) for column in _columns(known))


def _drop_evidence(known: Known) -> dict[str, Any]:
    columns = _columns(known)
    group = _group_evidence(known)["column"]
    personal = {column["name"] for column in columns if column["personal"]}
    return {
        "identifiers": [
            column["name"]
            for column in columns
            if column["role"] == "identifier" and column["name"] != group and column["name"] not in personal
        ],
        "constants": [column["name"] for column in columns if column["role"] == "constant"],
        "weights": [
            name
            for pattern in known.json("profile.json")["patterns"]
            if pattern["kind"] == "weight"
            for name in pattern["columns"]
        ],
    }


def personal_subjects(known: Known) -> list[str]:
    """Columns with personal data."""
    return [column["name"] for column in _columns(known) if column["personal"]]


def _personal_evidence(known: Known) -> dict[str, Any]:
    return {
        "subjects": {
            column["name"]: {"kind": column["personal"], "by": column["personal_by"]}
            for column in _columns(known)
            if column["personal"]
        }
    }


def _group_evidence(known: Known) -> dict[str, Any]:
    prefixed = [column for column in _columns(known) if column["prefix"]]
    if prefixed:
        column = prefixed[0]
        return {
            "column": column["name"],
            "mark": column["prefix"],
            "groups": column["prefix_groups"],
            "by": "prefix",
            "dates": bool(_time_evidence(known)["column"]),
        }
    personal = set(personal_subjects(known))
    keys = [item for item in known.json("peek.json")["groups"] if item["column"] not in personal]
    keys = [item for item in keys if item["column"] != known.answer("data.target")]
    if keys:
        return {"column": keys[0]["column"], "reason": keys[0]["reason"], "by": "key"}
    return {"column": None, "by": None}


def _time_evidence(known: Known) -> dict[str, Any]:
    from tools.data.leakage_names import dated_later

    target = str(known.answer("data.target"))
    profile = known.json("profile.json")
    column = profile["order_column"]
    if column is None or dated_later(column, target):
        return {"column": None, "later": column, "shifts": len(profile["shifts"]), "first": None, "last": None}
    found = next(item for item in profile["columns"] if item["name"] == column)
    counted = found["numbers"] if found["first"] is None else None
    return {
        "column": column,
        "later": None,
        "shifts": len(profile["shifts"]),
        "first": str(round(counted["minimum"])) if counted else found["first"],
        "last": str(round(counted["maximum"])) if counted else found["last"],
    }


def _absent(known: Known) -> list[dict[str, Any]]:
    """Columns of words in which a mark read as missing may mean "none"."""
    found: list[dict[str, Any]] = known.json("reading.json").get("absent") or []
    target = known.answer("data.target")
    return [each for each in found if each["column"] != target]


def _absent_options(known: Known) -> tuple[Option, ...]:
    """All columns of words: those with marks first, which a later table of the same project may lack."""
    marked = {each["column"]: f'{each["cells"]:,} cells say "{inert(each["mark"])}"' for each in _absent(known)}
    words = [column["name"] for column in known.json("reading.json")["columns"] if column["type"] == "text"]
    names = [*marked, *(name for name in words if name not in marked and name != known.answer("data.target"))]
    return tuple(Option(name, reason=marked.get(name, "")) for name in names)


def _absent_evidence(known: Known) -> dict[str, Any]:
    found = _absent(known)
    likely = [each for each in found if each["likely"]]
    shown = next((each for each in likely if each["zero"]), (likely or found or [{}])[0])
    return {
        "likely": [each["column"] for each in likely],
        "columns": len(likely),
        "column": shown.get("column"),
        "mark": shown.get("mark"),
        "zero": shown.get("zero"),
        "in_numbers": any(each["in_numbers"] for each in found),
    }


def _unlabelled(known: Known) -> dict[str, Any]:
    target = known.json("profile.json")["target"] or {}
    return {"rows": target.get("missing", 0), "target": target.get("column")}


STEP = Step(
    id="preparation.discovery",
    guidance="1.2",
    title="discovery and profiling",
    run=run,
    needs=("table.parquet", "reading.json"),
    decisions=("data.target", "data.problem_type"),
    makes=("profile.json",),
    libraries=("pandas", "pyarrow", "numpy"),
    after=(
        Ask(
            "data.drop",
            "Which columns should be left out from the start?",
            "columns",
            choices=_options,
            evidence=_drop_evidence,
        ),
        Ask(
            "data.personal.*",
            'What should be done with the personal data in "{subject}"?',
            "choice",
            options=(
                Option("drop", "leave the column out"),
                Option("hash", "keep it as a code that can't be read"),
                Option("generalise", "keep it in coarse form"),
                Option("keep", "keep it as it is"),
            ),
            evidence=_personal_evidence,
            subjects=personal_subjects,
            nullable=False,
        ),
        Ask(
            "data.group",
            "Do several rows belong to one entity (a customer, a patient)? Which column names it?",
            "column",
            choices=_options,
            evidence=_group_evidence,
        ),
        Ask("data.time", "Which column says when a row happened?", "column", choices=_options, evidence=_time_evidence),
        Ask(
            "data.absent",
            'In which of these columns does a mark such as "NA" mean "none" rather than "unknown"?',
            "columns",
            choices=_absent_options,
            evidence=_absent_evidence,
            when=lambda known: bool(_absent(known)),
        ),
        Ask(
            "data.unlabelled",
            "What should be done with rows that have no label?",
            "choice",
            options=(
                Option("set_aside", "leave them out and count them"),
                Option("stop", "stop: they should not be there"),
            ),
            evidence=_unlabelled,
            when=lambda known: _unlabelled(known)["rows"] > 0,
        ),
    ),
)
