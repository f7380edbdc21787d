"""What lies in the bundle beside the code: scorer, schema, golden rows, fallback, model card, reference, manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .drift import Reference
from .scorer import Scorer, Scores

MANIFEST = "manifest.json"
SCORER = "scorer"
SCHEMA = "schema.json"
GOLDEN = "golden.json"
FALLBACK = "fallback.json"
CARD = "model-card.json"
REFERENCE = "monitoring/reference.json"


class NotReady(Exception):
    """The bundle can't serve; the message is a sentence."""


@dataclass(frozen=True)
class Deployed:
    """A bundle, loaded and checked against its own manifest."""

    scorer: Scorer
    model: str
    """SHA-256 of the scorer's description, which holds the hashes of its members."""
    schema: Mapping[str, Any]
    columns: tuple[str, ...]
    """Every name that a row may have, in the source's order; scoring needs only some."""
    golden: Mapping[str, Any]
    fallback: Mapping[str, Any]
    card: Mapping[str, Any]
    reference: Reference | None
    manifest: Mapping[str, Any]
    bundle: str
    """SHA-256 of the manifest."""

    @classmethod
    def load(cls, folder: Path) -> Deployed:
        """Load a bundle.

        Raises:
            NotReady: a file is missing or is not the one that the manifest lists.
            ScorerError: the scorer can't be used.
        """
        raw = _read(folder, MANIFEST, None)
        manifest = json.loads(raw)
        hashes: dict[str, str] = manifest["files"]

        def part(name: str) -> Any:
            return json.loads(_read(folder, name, hashes.get(name, "")))

        scorer = Scorer.load(
            folder / SCORER,
            expected={
                name.removeprefix(f"{SCORER}/"): value
                for name, value in hashes.items()
                if name.startswith(f"{SCORER}/")
            },
        )
        schema = part(SCHEMA)
        return cls(
            scorer=scorer,
            model=scorer.sha256,
            schema=schema,
            columns=tuple(column["name"] for column in schema["columns"]),
            golden=part(GOLDEN),
            fallback=part(FALLBACK),
            card=part(CARD),
            reference=Reference.from_dict(part(REFERENCE)) if REFERENCE in hashes else None,
            manifest=manifest,
            bundle=hashlib.sha256(raw).hexdigest(),
        )

    def check_golden(self) -> None:
        """Score the golden rows and compare with what was recorded when the bundle was made, bit for bit.

        Raises:
            NotReady: a row differs; the service must not answer.
        """
        rows = self.golden["rows"]
        columns = {name: [row.get(name) for row in rows] for name in self.scorer.needed}
        found = replies(self.scorer.score(columns, len(rows), strict=True), self.scorer)
        for index, (now, then) in enumerate(zip(found, self.golden["expected"], strict=True)):
            if now != then:
                raise NotReady(
                    f"Golden row {index + 1} does not reproduce on this machine; the scorer or a library differs."
                )

    def version(self) -> dict[str, Any]:
        """What ``GET /version`` says: the hashes from which one walks back to data, decisions and tests."""
        return {
            "phasegate": self.manifest["phasegate"],
            "model": self.model,
            "bundle": self.bundle,
            "lineage": self.manifest["lineage"],
        }


def replies(scores: Scores, scorer: Scorer) -> list[dict[str, Any]]:
    """Scores as the service answers them: class and probabilities, or a number; ``referred`` where a band is set."""
    out: list[dict[str, Any]] = []
    for index, prediction in enumerate(scores.prediction):
        reply: dict[str, Any] = {"prediction": prediction}
        if scores.probabilities is not None:
            reply["probabilities"] = dict(zip(scorer.classes, scores.probabilities[index].tolist(), strict=True))
        if scores.referred is not None:
            reply["referred"] = bool(scores.referred[index])
        out.append(reply)
    return out


def _read(folder: Path, name: str, sha256: str | None) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError:
        raise NotReady(f"{name} is missing from the bundle.") from None
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise NotReady(f"{name} is not the file that the manifest lists.")
    return content
