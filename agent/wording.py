"""Small words that every face needs: values, hashes and counts as a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tools.evaluation.verdict import told_by
from tools.wording import inert, plural, show

_STATUS = {
    "pass": ("passes", "pass"),
    "warn": ("warns", "warn"),
    "fail": ("fails", "fail"),
    "insufficient": ("has too little evidence", "have too little evidence"),
}


def shown_value(value: Any) -> str:
    """A decided value on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{inert(str(key))} {shown_value(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(shown_value(item) for item in value) or "none"
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, float) and 1e-4 <= abs(value) < 1e6:
        return f"{value:.6g}"  # as it was stated, not as a measured number
    return show(value)


def inert_text(text: str, limit: int = 120) -> str:
    """Text from data, harmless for a terminal."""
    return inert(text, limit)


def percent(share: float) -> str:
    """A share as a percentage; never rounded to none or all."""
    return show(share, "pct")


def count(number: int, word: str) -> str:
    """So many of something: ``count(2, "row")`` is "2 rows"."""
    return f"{number:,} {plural(number, word)}"


def short_hash(sha256: str) -> str:
    """The first eight digits of a hash in two groups."""
    return f"{sha256[:4]} {sha256[4:8]}"


def count_words(checks: Iterable[Mapping[str, Any]]) -> str:
    """How many checks passed, warned, failed, could not be judged."""
    counts = Counter(check["status"] for check in checks)
    if not counts:
        return "no checks"
    told = [f"{counts[status]} {plural(counts[status], *words)}" for status, words in _STATUS.items() if counts[status]]
    return f"{counts.total()} {plural(counts.total(), 'check')}: {', '.join(told)}"


def foremost(checks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The checks without those that a wider one among them tells: a group where its column is there."""
    listed = list(checks)
    ids = {check["id"] for check in listed}
    return [check for check in listed if not told_by(check["id"], ids - {check["id"]})]
