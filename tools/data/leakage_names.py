"""Names of columns that speak of what is known only after the outcome. No values needed."""

from __future__ import annotations

from tools.data.privacy_names import words

OUTCOME_WORDS = frozenset(
    {
        "status", "result", "results", "outcome", "resolution", "resolved", "closed", "closing", "closure", "settled",
        "settlement", "final", "actual", "paid", "payout", "recovered", "recovery", "recoveries", "refund", "refunded",
        "cancelled", "canceled", "cancellation", "returned", "discharge", "discharged", "duration", "elapsed",
        "completed", "completion", "verdict", "decision", "after", "post", "followup", "feedback", "ended", "end",
        "verified", "investigation", "investigated", "chargeback", "writeoff", "collections", "collection", "delay",
        "complaint", "death", "cause",
    }
)  # fmt: skip
"""Words of names that mostly stand for what is known only once the outcome is."""
DULL_WORDS = frozenset(
    {
        "is",
        "has",
        "id",
        "of",
        "the",
        "flag",
        "ind",
        "indicator",
        "total",
        "number",
        "type",
        "name",
        "class",
        "sale",
        "price",
    }
)


def outcome_words(name: str, target: str) -> str | None:
    """The word in a column's name that speaks of the time after the outcome, or that it shares with the target."""
    named = words(name)
    for word in named:
        if word in OUTCOME_WORDS:
            return word
    shared = [word for word in named if word in set(words(target)) - DULL_WORDS and len(word) > 2]
    return shared[0] if shared else None
