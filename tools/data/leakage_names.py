"""Names of columns that speak of what is known only after the outcome. No values needed."""

from __future__ import annotations

from tools.data.privacy_names import words

OUTCOME_WORDS = frozenset(
    {
        "result", "results", "outcome", "resolution", "resolved", "closed", "closing", "closure", "settled",
        "settlement", "final", "actual", "payout", "recovered", "recovery", "recoveries", "refund", "refunded",
        "cancelled", "canceled", "cancellation", "returned", "discharge", "discharged", "duration", "elapsed",
        "completed", "completion", "verdict", "decision", "after", "afterwards", "followup", "ended", "verified",
        "investigation", "investigated", "chargeback", "writeoff", "death",
    }
)  # fmt: skip
"""Words of names that mostly stand for what is known only once the outcome is."""
LATER_WORDS = frozenset({"status", "update", "updated", "modified", "changed", "last", "latest", "end"})
"""Words of dates that are written down after what the row is about."""
DULL_WORDS = frozenset(
    {
        "is", "has", "id", "of", "the", "flag", "ind", "indicator", "total", "mean", "average", "number", "count",
        "type", "name", "class", "code", "level", "group", "rate", "ratio", "share", "index", "value", "amount",
        "price", "cost", "sale", "sales", "income", "score", "rating", "date", "time", "day", "month", "year", "hour",
    }
)  # fmt: skip
"""Words that a column may share with the target without telling anything of it."""


def outcome_word(name: str) -> str | None:
    """The word in a column's name that speaks of the time after the outcome."""
    return next((word for word in words(name) if word in OUTCOME_WORDS), None)


def shared_word(name: str, target: str) -> str | None:
    """A telling word that a column's name has in common with the target's."""
    telling = set(words(target)) - DULL_WORDS
    return next((word for word in words(name) if word in telling and len(word) > 2), None)


def dated_later(name: str, target: str) -> bool:
    """Whether a date's name says that it is written down after the outcome: ``status_date``, ``last_update``."""
    return bool(outcome_word(name) or shared_word(name, target) or LATER_WORDS & set(words(name)))


def belongs_to(name: str, leak: str) -> bool:
    """Whether a column's name says that it goes with another: ``claim_closed_date`` with ``claim_closed``."""
    whole, part = words(name), words(leak)
    return name != leak and len(part) > 1 and set(part) <= set(whole)
