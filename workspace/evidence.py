"""The numbers and facts of a run by id: what a gate, a document or a sentence rests on.

Ids: ``<step>/<fact>``, ``<step>/summary.<fact>``, ``<step>/note.<n>.<fact>``, ``<step>/<finding id>.<fact>``,
``<step>/<check id>.value``, ``<step>/<metric id>.{value,lower,upper}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def facts_of(step: str, outcome: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """All (id, value) pairs of one step's outcome record."""
    for name, value in outcome.get("facts", {}).items():
        yield f"{step}/{name}", value
    for name, value in outcome["summary"]["facts"].items():
        yield f"{step}/summary.{name}", value
    for number, note in enumerate(outcome.get("notes", ())):
        for name, value in note["facts"].items():
            yield f"{step}/note.{number}.{name}", value
    for finding in outcome.get("findings", ()):
        for name, value in finding["text"]["facts"].items():
            yield f"{step}/{finding['id']}.{name}", value
    for check in outcome.get("checks", ()):
        yield f"{step}/{check['id']}.value", check["value"]
        for name, value in ((check.get("measured") or {}).get("facts") or {}).items():
            yield f"{step}/{check['id']}.{name}", value
    for metric in outcome.get("metrics", ()):
        for part in ("value", "lower", "upper", "n"):
            yield f"{step}/{metric['id']}.{part}", metric[part]


class EvidenceStore:
    """Evidence of all steps of a run."""

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {}

    def take(self, step: str, outcome: Mapping[str, Any]) -> None:
        """Put a step's outcome in, in place of an earlier one of the same step."""
        for known in [known for known in self._facts if known.startswith(f"{step}/")]:
            del self._facts[known]
        self._facts.update(facts_of(step, outcome))

    def __getitem__(self, evidence: str) -> Any:
        return self._facts[evidence]

    def __contains__(self, evidence: object) -> bool:
        return evidence in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._facts))

    def __len__(self) -> int:
        return len(self._facts)
