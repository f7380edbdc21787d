"""Rules for discovery: what to leave out, personal data, groups, time, unlabelled rows."""

from __future__ import annotations

from agent.steps import Rule

PRIVACY = "Privacy by Design: Implement data privacy from the beginning, not as an afterthought"
QUALITY = 'Data Quality First: "Garbage in, garbage out" - prioritize data quality over model complexity'
LEAKAGE = "Data Leakage: Strict train/test separation, temporal validation"

RULES: tuple[Rule, ...] = (
    Rule(
        "absent.zero",
        "data.absent",
        QUALITY,
        lambda evidence: bool(evidence["likely"]) and evidence["zero"] is not None,
        lambda evidence: evidence["likely"],
        '"{column}" says "{mark}" exactly where "{zero}" is zero, so it means "none"; likely columns: {columns|int}',
    ),
    Rule(
        "absent.blank",
        "data.absent",
        QUALITY,
        lambda evidence: bool(evidence["likely"]),
        lambda evidence: evidence["likely"],
        'the table leaves unknown values blank and writes "{mark}" in columns of words only, as in "{column}"',
    ),
    Rule(
        "absent.unknown",
        "data.absent",
        QUALITY,
        lambda evidence: bool(evidence["in_numbers"]),
        lambda evidence: [],
        '"{mark}" stands in columns of numbers too, where it can only mean that a value is unknown',
    ),
    Rule(
        "absent.unsure",
        "data.absent",
        QUALITY,
        lambda evidence: True,
        lambda evidence: [],
        'nothing in the table says what "{mark}" in "{column}" means; unknown is the safer reading',
    ),
    Rule(
        "drop.weights",
        "data.drop",
        QUALITY,
        lambda evidence: bool(evidence.get("weights")),
        lambda evidence: list(dict.fromkeys([*evidence["identifiers"], *evidence["constants"], *evidence["weights"]])),
        "a survey's weight ({weights}) is no property of a case; identifiers and constants teach nothing either",
    ),
    Rule(
        "drop.both",
        "data.drop",
        QUALITY,
        lambda evidence: bool(evidence["identifiers"] and evidence["constants"]),
        lambda evidence: [*evidence["identifiers"], *evidence["constants"]],
        "a model can only memorise what is different in every row ({identifiers}), and learns nothing from what never "
        "changes ({constants})",
    ),
    Rule(
        "drop.identifiers",
        "data.drop",
        QUALITY,
        lambda evidence: bool(evidence["identifiers"]),
        lambda evidence: list(evidence["identifiers"]),
        "a model can only memorise what is different in every row: {identifiers}",
    ),
    Rule(
        "drop.constants",
        "data.drop",
        QUALITY,
        lambda evidence: bool(evidence["constants"]),
        lambda evidence: list(evidence["constants"]),
        "nothing can be learned from what never changes: {constants}",
    ),
    Rule(
        "drop.nothing",
        "data.drop",
        QUALITY,
        lambda evidence: True,
        lambda evidence: [],
        "no column is an identifier or a constant",
    ),
    Rule(
        "personal.drop",
        "data.personal.*",
        PRIVACY,
        lambda evidence: True,
        lambda evidence: "drop",
        "{kind}, by its {by}: no model needs it as it is",
    ),
    Rule(
        "group.prefix",
        "data.group",
        LEAKAGE,
        lambda evidence: evidence["by"] == "prefix",
        lambda evidence: evidence["column"],
        'before "{mark}" its texts repeat: {groups|int} groups of rows that belong together',
    ),
    Rule(
        "group.key",
        "data.group",
        LEAKAGE,
        lambda evidence: evidence["by"] == "key",
        lambda evidence: evidence["column"],
        "{reason}, so several rows belong to one entity",
    ),
    Rule(
        "group.none",
        "data.group",
        LEAKAGE,
        lambda evidence: evidence["by"] is None,
        lambda evidence: None,
        "no column looks like a key that repeats",
    ),
    Rule(
        "time.date",
        "data.time",
        LEAKAGE,
        lambda evidence: evidence["column"] is not None,
        lambda evidence: evidence["column"],
        "it dates every row, from {first} to {last}",
    ),
    Rule(
        "time.later",
        "data.time",
        LEAKAGE,
        lambda evidence: evidence["column"] is None and evidence["later"] is not None,
        lambda evidence: None,
        '"{later}" is the only candidate, and by its name it is written down after the outcome',
    ),
    Rule(
        "time.none",
        "data.time",
        LEAKAGE,
        lambda evidence: evidence["column"] is None,
        lambda evidence: None,
        "no complete date says when a row happened",
    ),
    Rule(
        "unlabelled.aside",
        "data.unlabelled",
        QUALITY,
        lambda evidence: True,
        lambda evidence: "set_aside",
        '{rows|int} rows have no value in "{target}"; a filled-in label would be invented',
    ),
)
