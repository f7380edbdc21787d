"""The verdict: go, inconclusive or no-go from the criteria of step 1.1 and every check so far (TRUST, section 7).

Go: every decisive check passes (or warns, for those that may). No-go: a blocking check failed. Otherwise inconclusive,
with the rows that would settle it. Which checks are decisive is data, below; nothing here weighs or averages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from tools.records import Check, Record
from tools.wording import Fact, Sentence, inert, say

Word = Literal["go", "inconclusive", "no-go"]
GateAdvice = Literal["approve", "approve with conditions", "reject"]

DECISIVE: tuple[str, ...] = (
    "holdout.metric", "holdout.gain", "holdout.guardrail.", "data.rows", "data.leakage", "calibration", "fairness.",
    "latency", "size", "throughput", "memory",
)  # fmt: skip
"""Checks (or beginnings of their ids) that must not be open or failed for a go; others are listed, and stop a go only
where they are blocking and fail."""
REQUIRED: tuple[str, ...] = ("holdout.metric", "holdout.gain")
"""Checks without which there is no go, even where nothing failed."""


class Settling(Record):
    """Rows that would settle an open check."""

    check: str
    subject: str
    """What the rows must be of, such as a group's name; "test data" for all."""
    rows: int
    """Further rows."""


class Verdict(Record):
    """Step 3.7's result (``verdict.json``)."""

    version: int = 1
    verdict: Word
    reasons: tuple[Sentence, ...]
    """Failed and open checks in words, the gravest first; at a go, what carries it."""
    rows_to_settle: tuple[Settling, ...]
    checks: tuple[Check, ...]
    """Each check once, in the order met; of two with one id the later."""
    recommendation: GateAdvice
    """For the gate."""
    why: Sentence
    criteria_sha256: str


def decide(checks: Iterable[Check], criteria_sha256: str, settling: Sequence[Settling] = ()) -> Verdict:
    """Compute the verdict.

    Args:
        checks: of all steps so far, in order; a later one replaces an earlier one of the same id.
        criteria_sha256: of the criteria that they were held against.
        settling: rows that would settle open checks.
    """
    latest: dict[str, Check] = {}
    for check in checks:
        latest.pop(check.id, None)
        latest[check.id] = check
    listed = tuple(latest.values())
    failed = [check for check in listed if check.status == "fail"]
    blocking = [check for check in failed if check.blocking]
    missing = [name for name in REQUIRED if name not in latest]
    opened = [
        check
        for check in listed
        if decisive(check) and (check.status == "insufficient" or (check.status == "fail" and not check.blocking))
    ]
    word: Word = "no-go" if blocking else "inconclusive" if opened or missing else "go"
    open_ids = {check.id for check in opened}
    needed = tuple(entry for entry in settling if entry.check in open_ids and entry.rows > 0)
    reasons = [reason(check, needed) for check in (*blocking, *opened)]
    reasons += [say("{check} was not measured", check=name) for name in missing]
    told = {check.id for check in (*blocking, *opened)}
    reasons += [reason(check, needed) for check in failed if check.id not in told and not told_by(check.id, told)]
    if word == "go":
        reasons = [reason(latest[name], needed) for name in REQUIRED if name in latest] + reasons
    return Verdict(
        verdict=word,
        reasons=tuple(reasons),
        rows_to_settle=needed,
        checks=listed,
        recommendation=ADVICE[word],
        why=_why(word, len(blocking), len(opened) + len(missing)),
        criteria_sha256=criteria_sha256,
    )


def told_by(check: str, told: set[str]) -> bool:
    """Whether a check adds nothing to those told: a group to its column's, two columns crossed to either one's."""
    if any(check.startswith(f"{other}.") for other in told):
        return True
    kind, _, columns = check.partition(".")
    return kind == "fairness" and any(f"fairness.{column}" in told for column in columns.split("+"))


ADVICE: Mapping[Word, GateAdvice] = {
    "go": "approve",
    "inconclusive": "approve with conditions",
    "no-go": "reject",
}


def decisive(check: Check) -> bool:
    """Whether a check counts for go; a group's own check counts through its column's."""
    if check.id.startswith("fairness."):
        return check.blocking
    return any(check.id == name or (name.endswith(".") and check.id.startswith(name)) for name in DECISIVE)


def reason(check: Check, settling: Sequence[Settling] = ()) -> Sentence:
    """A check in words: what was measured, what is required, and what would settle it."""
    template = "{title}"
    given: dict[str, Fact] = {"title": check.title or check.id}
    if check.measured is not None:
        template += ": " + check.measured.template
        given.update(check.measured.facts)
    template += "; required: {criterion}"
    given["criterion"] = check.criterion
    if check.status == "insufficient":
        template += "; too little evidence"
    elif check.status == "fail":
        template += "; not met" if check.blocking else "; not met, which advises but does not block"
    wanted = [entry for entry in settling if entry.check == check.id]
    if len(wanted) == 1:
        template += ", about {settle_rows|int} more rows of {settle_of} would settle it"
        given["settle_rows"], given["settle_of"] = wanted[0].rows, wanted[0].subject
    elif wanted:
        for k, entry in enumerate(wanted[:3]):
            name = "abc"[k]
            joint = ", about" if k == 0 else " and" if k == min(len(wanted), 3) - 1 else ","
            template += f"{joint} {{settle_rows_{name}|int}} more rows of {{settle_of_{name}}}"
            given[f"settle_rows_{name}"], given[f"settle_of_{name}"] = entry.rows, inert(entry.subject)
        template += " would settle it"
    return say(template, **given)


def _why(word: Word, failed: int, opened: int) -> Sentence:
    if word == "go":
        return say("every criterion fixed before a model existed is met")
    if word == "inconclusive":
        noun = "check is" if opened == 1 else "checks are"
        return say(f"nothing required failed, but {{opened|int}} {noun} open", opened=opened)
    noun = "blocking check" if failed == 1 else "blocking checks"
    return say(f"{{failed|int}} {noun} failed", failed=failed)
