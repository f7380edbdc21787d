"""What the expert recommends for cleaning, and why."""

from __future__ import annotations

from agent.steps import Rule

GUIDANCE = "Data cleaning and preprocessing"
FLAGGED = 0.01
"""Share of missing values from which a mark says something (as ``tools.features.fitting``)."""
FAR = 20.0
"""Interquartile ranges outside the quartiles from which one value can pull a linear model."""

RULES: tuple[Rule, ...] = (
    Rule(
        id="cleaning.missing.none",
        question="cleaning.missing",
        guidance=GUIDANCE,
        when=lambda evidence: not evidence.get("columns"),
        choose=lambda evidence: "keep",
        reason="No value is missing; should one be later, each model copes with it in its own way.",
    ),
    Rule(
        id="cleaning.missing.rare",
        question="cleaning.missing",
        guidance=GUIDANCE,
        when=lambda evidence: evidence["share"] < FLAGGED,
        choose=lambda evidence: "keep",
        reason='Few training rows miss a value (at most {share|pct}, in "{worst}"): too few for a mark to say much.',
    ),
    Rule(
        id="cleaning.missing.flag",
        question="cleaning.missing",
        guidance=GUIDANCE,
        when=lambda evidence: True,
        choose=lambda evidence: "flag",
        reason='{columns|int} columns have gaps ("{worst}": {share|pct}); that a value is missing may tell something.',
    ),
    Rule(
        id="cleaning.outliers.far",
        question="cleaning.outliers",
        guidance=GUIDANCE,
        when=lambda evidence: evidence.get("distance", 0.0) >= FAR,
        choose=lambda evidence: "clip",
        reason=('"{worst}" reaches {distance|int} times its usual spread: one such row would pull a linear model.'),
    ),
    Rule(
        id="cleaning.outliers.flat",
        question="cleaning.outliers",
        guidance=GUIDANCE,
        when=lambda evidence: evidence.get("flat") is not None,
        choose=lambda evidence: "keep",
        reason=(
            'No number reaches far beyond its usual spread; "{flat}" is mostly one value and has none, and what is '
            "rare there may be what matters."
        ),
    ),
    Rule(
        id="cleaning.outliers.keep",
        question="cleaning.outliers",
        guidance=GUIDANCE,
        when=lambda evidence: True,
        choose=lambda evidence: "keep",
        reason="No number lies so far out that it would pull a model; what is unusual may be real.",
    ),
    Rule(
        id="cleaning.duplicates.chance",
        question="cleaning.duplicates",
        guidance=GUIDANCE,
        when=lambda evidence: evidence.get("whole", 0) > 0 and bool(evidence.get("chance")),
        choose=lambda evidence: "keep",
        reason=(
            "{whole|int} training rows repeat another, as chance makes them with so few combinations: each is its own "
            "case."
        ),
    ),
    Rule(
        id="cleaning.duplicates.recorded_twice",
        question="cleaning.duplicates",
        guidance=GUIDANCE,
        when=lambda evidence: evidence.get("whole", 0) > 0,
        choose=lambda evidence: "drop",
        reason=(
            "{whole|int} of {rows|int} training rows repeat another one whole: recorded twice, they would count double."
        ),
    ),
    Rule(
        id="cleaning.duplicates.alike",
        question="cleaning.duplicates",
        guidance=GUIDANCE,
        when=lambda evidence: evidence.get("alike", 0) > 0,
        choose=lambda evidence: "keep",
        reason=(
            "{alike|int} training rows look like another, but their identifiers differ: they are cases of their own."
        ),
    ),
    Rule(
        id="cleaning.duplicates.none",
        question="cleaning.duplicates",
        guidance=GUIDANCE,
        when=lambda evidence: True,
        choose=lambda evidence: "keep",
        reason="No training row repeats another.",
    ),
)
