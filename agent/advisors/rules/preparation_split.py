"""Rules for the split: its kind and its sizes."""

from __future__ import annotations

from agent.steps import Rule

LEAKAGE = "Data Leakage: Strict train/test separation, temporal validation"
SPLIT = "Train/validation/test splitting"
SHIFT = "Distribution Shift: Monitor data drift, implement adaptive learning"

RULES: tuple[Rule, ...] = (
    Rule(
        "split.test_file",
        "split.kind",
        SPLIT,
        lambda evidence: bool(evidence["test_rows"]),
        lambda evidence: "given",
        "a test file was given ({test_rows|int} rows)",
    ),
    Rule(
        "split.given",
        "split.kind",
        SPLIT,
        lambda evidence: evidence["given"] is not None,
        lambda evidence: "given",
        '"{given}" says which part each row belongs to',
    ),
    Rule(
        "split.grouped",
        "split.kind",
        LEAKAGE,
        lambda evidence: evidence["group"] is not None,
        lambda evidence: "grouped",
        'rows with the same "{group}" must lie on one side, or the model only has to know them again',
    ),
    Rule(
        "split.time",
        "split.kind",
        SHIFT,
        lambda evidence: evidence["time"] is not None and bool(evidence["shifts"]),
        lambda evidence: "time",
        '{shifts} {shift_word} along "{time}"; the model will meet later rows than it learned from',
    ),
    Rule(
        "split.log",
        "split.kind",
        SHIFT,
        lambda evidence: evidence["time"] is not None and evidence["logged"],
        lambda evidence: "time",
        'the rows are a log over "{time}"; the model will meet later rows than it learned from',
    ),
    Rule(
        "split.number",
        "split.kind",
        SPLIT,
        lambda evidence: evidence["task"] == "regression",
        lambda evidence: "random",
        "nothing speaks for an order or groups, and a number has no classes to keep in proportion",
    ),
    Rule(
        "split.drift",
        "split.kind",
        SHIFT,
        lambda evidence: evidence["shift_count"] > 0,
        lambda evidence: "stratified",
        "each class keeps its share; but {shifts} {shift_word} along the file: if its order is that of time, choose "
        "time",
    ),
    Rule(
        "split.stratified",
        "split.kind",
        SPLIT,
        lambda evidence: True,
        lambda evidence: "stratified",
        "nothing speaks for an order or groups; each class keeps its share",
    ),
    Rule(
        "split.column.given",
        "split.column",
        SPLIT,
        lambda evidence: evidence["kind"] == "given" and evidence["given"] is not None,
        lambda evidence: evidence["given"],
        "its values name the parts",
    ),
    Rule(
        "split.column.order",
        "split.column",
        SPLIT,
        lambda evidence: evidence["kind"] == "time",
        lambda evidence: None,
        "without a date the order of the rows in the file stands for time",
    ),
    Rule(
        "split.test_size",
        "split.test_size",
        SPLIT,
        lambda evidence: True,
        lambda evidence: evidence["test_size"],
        "about {test_rows|int} test rows: see what they can confirm under feasibility",
    ),
    Rule(
        "split.validation.given",
        "split.validation_size",
        SPLIT,
        lambda evidence: evidence["given"],
        lambda evidence: 0.16,
        "used only where the given split names no validation rows",
    ),
    Rule(
        "split.validation_size",
        "split.validation_size",
        SPLIT,
        lambda evidence: True,
        lambda evidence: round(
            (1 - (evidence["test_size"] if evidence["chosen"] is None else min(evidence["chosen"], 0.8))) / 5, 4
        ),
        "a fifth of what is not held back",
    ),
    Rule(
        "split.gap", "split.gap", SPLIT, lambda evidence: True, lambda evidence: 0, "no delay between parts was stated"
    ),
)
