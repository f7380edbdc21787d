"""What a document may rest on: outcomes, JSON artifacts and the run's record, each figure reachable by an evidence id.

Evidence ids:
    ``<step>/<fact>``                          a fact of the step's outcome
    ``<step>/summary.<fact>``                  a fact of its finding; ``<step>/notes.<position>.<fact>`` of a note
    ``<step>/<finding id>.<fact>``             a fact of a finding's sentence
    ``<step>/<check id>.value`` (``.criterion``, ``.title``, ``.status``, ``.<fact>``)
    ``<step>/<metric id>.value`` (``.lower``, ``.upper``, ``.n``, ``.level``, ``.method``)
    ``<artifact.json>#<JSON pointer>``         a value of an artifact (RFC 6901), with ``|count`` the number of its
                                               items and with ``|key`` the last key of the pointer itself
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.records import Outcome, Record
from tools.reporting.sections import Line, Piece, Value, Words
from tools.wording import Fact, Sentence, inert, show

_SLOT = re.compile(r"\{([A-Za-z0-9_.]+)(?:\|([a-z]+))?\}")


class RunFacts(Record):
    """Which run this is, on what."""

    id: str
    seed: int
    source: str
    """Name of the source as a person knows it, such as "credit.csv"; no path, no password."""
    sha256: str
    rows: int | None = None


class DecisionFacts(Record):
    """An answered question."""

    id: str
    value: Any = None
    source: str = ""
    """Who or what gave the value: a file, a flag, a person, the recommendation."""
    by: str | None = None
    reason: str | None = None
    recommended: Any = None
    why: str = ""
    """The advisor's reason for what it recommended."""


class GateFacts(Record):
    """A decided gate."""

    gate: str
    decision: str
    by: str
    reason: str | None = None
    conditions: str | None = None
    overrides: tuple[str, ...] = ()
    evidence: str = ""
    recommendation: str = ""


class RunRecord(Record):
    """``record.json``: the decisions and gates so far, without clock times. Version 1: the first."""

    version: int = 1
    run: RunFacts
    decisions: tuple[DecisionFacts, ...] = ()
    gates: tuple[GateFacts, ...] = ()


class UnknownEvidence(KeyError):
    """A document asked for evidence that no outcome, artifact or record holds."""


@dataclass(frozen=True)
class Node:
    """A place in the evidence: walk it like the JSON it stands for; what is absent is a node that is not there."""

    id: str
    value: Any = None
    there: bool = True

    def __getitem__(self, key: str | int) -> Node:
        """The value below; a node that is not there where the key is unknown."""
        below = self.id + ("" if "#" in self.id else "#") + "/" + _escape(str(key))
        if isinstance(self.value, Mapping) and key in self.value:
            return Node(below, self.value[key])
        if isinstance(self.value, list | tuple) and isinstance(key, int) and -1 < key < len(self.value):
            return Node(below, self.value[key])
        return Node(below, None, there=False)

    def at(self, path: str) -> Node:
        """The value under a dotted path of plain keys, such as ``primary.bound``."""
        node = self
        for key in path.split("."):
            node = node[int(key)] if isinstance(node.value, list | tuple) and key.isdigit() else node[key]
        return node

    def __iter__(self) -> Iterator[Node]:
        """The items of a list, or the values of an object in their order."""
        if isinstance(self.value, Mapping):
            return (self[key] for key in self.value)
        return (self[index] for index in range(len(self.value or ())))

    def __bool__(self) -> bool:
        """Whether there is something: absent, null and empty are not; zero and false are."""
        return self.there and self.value is not None and self.value not in ("", [], {}, ())

    def __len__(self) -> int:
        return len(self.value) if isinstance(self.value, Mapping | list | tuple) else 0

    @property
    def key(self) -> Node:
        """The name under which this node stands, as evidence (column names are often keys)."""
        return Node(f"{self.id}|key", _unescape(self.id.rpartition("/")[2]))

    @property
    def count(self) -> Node:
        """How many items the node holds, as evidence."""
        return Node(f"{self.id}|count", len(self))

    @property
    def text(self) -> str:
        """The value as plain text, for comparing and sorting; documents show it through ``as_``."""
        return "" if self.value is None else str(self.value)

    @property
    def number(self) -> float | None:
        """The value as a number; None where it is none."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        return float(self.value)

    def as_(self, style: str = "") -> Value:
        """The value as a piece of a document."""
        return Value(evidence=self.id, raw=self.value, shown=_shown(self.value, style))


@dataclass(frozen=True)
class Material:
    """All that a document may rest on."""

    record: RunRecord
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """By step id, in the order of the guidance."""
    artifacts: Mapping[str, Any] = field(default_factory=dict)
    """Parsed JSON artifacts by file name."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Other artifacts (notebook, bundle) by name."""

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Every figure and text of the outcomes by its evidence id."""
        found: dict[str, Fact] = {}
        for step, outcome in self.outcomes.items():
            found.update({f"{step}/{name}": fact for name, fact in outcome.facts.items()})
            found.update({f"{step}/summary.{name}": fact for name, fact in outcome.summary.facts.items()})
            for place, note in enumerate(outcome.notes):
                found.update({f"{step}/notes.{place}.{name}": fact for name, fact in note.facts.items()})
            for finding in outcome.findings:
                base = f"{step}/{finding.id}"
                found.update({f"{base}.{name}": fact for name, fact in finding.text.facts.items()})
                found[f"{base}.action"] = finding.action
                found.update({f"{base}.columns.{place}": name for place, name in enumerate(finding.columns)})
            for check in outcome.checks:
                base = f"{step}/{check.id}"
                if check.measured is not None:
                    found.update({f"{base}.{name}": fact for name, fact in check.measured.facts.items()})
                found.update({f"{base}.{name}": getattr(check, name) for name in ("value", "criterion", "title")})
                found.update({f"{base}.status": check.status, f"{base}.id": check.id})
            for metric in outcome.metrics:
                names = ("value", "lower", "upper", "n", "level", "method", "metric", "model")
                found.update({f"{step}/{metric.id}.{name}": getattr(metric, name) for name in names})
        return found

    def resolve(self, evidence: str) -> Any:
        """The value behind an evidence id.

        Raises:
            UnknownEvidence: nothing carries this id.
        """
        if evidence in self.facts:
            return self.facts[evidence]
        path, _, part = evidence.rpartition("|") if evidence.endswith(("|count", "|key")) else (evidence, "", "")
        name, _, pointer = path.partition("#")
        if name != "record.json" and name not in self.artifacts:
            raise UnknownEvidence(evidence)
        value = self.json(name)
        keys = [_unescape(key) for key in pointer.split("/")[1:]]
        for key in keys:
            try:
                value = value[int(key)] if isinstance(value, list | tuple) else value[key]
            except (KeyError, IndexError, TypeError, ValueError):
                raise UnknownEvidence(evidence) from None
        if part == "count":
            return len(value or ())
        return keys[-1] if part == "key" else value

    def json(self, name: str) -> Any:
        """An artifact's parsed JSON; the run's record under ``record.json``; None where it is not there."""
        if name == "record.json":
            return self._record
        return self.artifacts.get(name)

    @cached_property
    def _record(self) -> dict[str, Any]:
        return self.record.model_dump(mode="json")

    def has(self, artifact: str) -> bool:
        """Whether an artifact is there."""
        return artifact in self.artifacts or artifact in self.files

    def node(self, artifact: str) -> Node:
        """The root of a JSON artifact; a node that is not there where the run has not made it."""
        value = self.json(artifact)
        return Node(artifact, value, there=value is not None)

    def fact(self, evidence: str) -> Node:
        """A fact of an outcome; a node that is not there where it is unknown."""
        return Node(evidence, self.facts.get(evidence), there=evidence in self.facts)

    def number(self, evidence: str, style: str = "") -> Value:
        """The one door for figures: an evidence id and a format to a piece of a document.

        Raises:
            UnknownEvidence: nothing carries this id.
        """
        value = self.resolve(evidence)
        return Value(evidence=evidence, raw=value, shown=_shown(value, style))

    def summary(self, step: str) -> Line | None:
        """A step's finding as a line; None where it has not run."""
        outcome = self.outcomes.get(step)
        return None if outcome is None else self.sentence(f"{step}/summary", outcome.summary)

    def notes(self, step: str) -> list[Line]:
        """A step's further lines."""
        outcome = self.outcomes.get(step)
        if outcome is None:
            return []
        return [self.sentence(f"{step}/notes.{place}", note) for place, note in enumerate(outcome.notes)]

    def sentence(self, base: str, sentence: Sentence) -> Line:
        """A sentence whose facts carry the evidence id ``<base>.<fact>``."""
        nodes = {name: Node(f"{base}.{name}", fact) for name, fact in sentence.facts.items()}
        return line(sentence.template, **nodes)

    def said(self, node: Node) -> Line:
        """A sentence that stands in an artifact (``{template, facts}``), or plain text there."""
        if isinstance(node.value, Mapping) and "template" in node.value:
            facts = node["facts"]
            return line(str(node.value["template"]), **{name: facts[name] for name in facts.value or {}})
        return (node.as_("long"),)

    def decision(self, question: str) -> Node:
        """The recorded decision on a question: id, value, source, by, reason, recommended, why."""
        for place, decision in enumerate(self.record.decisions):
            if decision.id == question:
                return self.node("record.json")["decisions"][place]
        return Node(f"record.json#/decisions/{_escape(question)}", None, there=False)

    def answer(self, question: str) -> Node:
        """The decided value of a question; a node that is not there where it is undecided."""
        return self.decision(question)["value"]


def line(template: str, **pieces: Piece | Node | None) -> Line:
    """Fill a template that holds no digit with evidence; ``None`` and absent nodes read "unknown".

    Raises:
        KeyError: a slot names nothing that was given.
    """
    parts: list[Piece] = []
    end = 0
    for match in _SLOT.finditer(template):
        parts.append(Words(text=template[end : match.start()]))
        filler = pieces[match[1]]
        if isinstance(filler, Node):
            parts.append(filler.as_(match[2] or ""))
        else:
            parts.append(filler if filler is not None else Words(text="unknown"))
        end = match.end()
    parts.append(Words(text=template[end:]))
    return tuple(part for part in parts if not (isinstance(part, Words) and not part.text))


def _shown(value: Any, style: str) -> str:
    if style in STYLES:
        return STYLES[style](value)
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item, style) for item in value) if value else "none"
    if isinstance(value, Mapping):
        return "; ".join(f"{inert(str(key))}: {_shown(item, style)}" for key, item in value.items()) or "none"
    if isinstance(value, str) and style not in ("", "text"):
        return inert(value)
    return show(value, style)


def _words(value: Any) -> str:
    """Names of the code as words: ``hist_gradient_boosting`` reads "hist gradient boosting"."""
    return inert(str(value).replace("_", " ")) if value not in (None, "") else "unknown"


def _brief(value: Any) -> str:
    """The first characters of a hash, enough to recognise it."""
    return "" if value is None else inert(str(value))[:12]


def _long(value: Any) -> str:
    """A decided value, whole and as it was stated: a number is not rounded as a measured one is."""
    if isinstance(value, str):
        return inert(value, limit=2000)
    if isinstance(value, list | tuple):
        return ", ".join(map(_long, value)) or "none"
    if isinstance(value, Mapping):
        return "; ".join(f"{inert(str(key))}: {_long(item)}" for key, item in value.items()) or "none"
    return f"{value:.6g}" if isinstance(value, float) and 1e-4 <= abs(value) < 1e6 else show(value)


def _question(value: Any) -> str:
    """A question's id without the group it belongs to: ``requirements.label_meaning`` reads "label meaning"."""
    group, _, rest = str(value).partition(".")
    return _words(rest or group)


ORIGINS = {
    "file": "from the answers file",
    "flag": "on the command line",
    "person": "by a person",
    "recommended": "as recommended",
    "default": "by default",
}
"""Where a decision came from, as documents say it."""


def _origin(value: Any) -> str:
    return ORIGINS.get(str(value), _words(value))


STYLES: Mapping[str, Callable[[Any], str]] = {
    "words": _words,
    "hash": _brief,
    "long": _long,
    "origin": _origin,
    "question": _question,
}
"""Formats beyond those of ``tools.wording``."""


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _unescape(key: str) -> str:
    return key.replace("~1", "/").replace("~0", "~")
