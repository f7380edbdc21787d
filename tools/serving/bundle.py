"""Assembles the bundle: scorer, service code, schema, golden rows, pins, container and cluster files, manifest."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

# The service's sources are copied, so they are imported here too: a change of one changes the keys of all steps that
# assemble a bundle.
from tools.serving import service
from tools.serving.container import (
    DOCKERIGNORE,
    alert_rules,
    compose,
    dockerfile,
    grafana_files,
    prometheus,
    to_yaml,
)
from tools.serving.kubernetes import manifest_files
from tools.serving.pinned import pins, requirements_text
from tools.serving.sbom import sbom_text
from tools.serving.service import __main__ as _entry  # noqa: F401 - see above
from tools.serving.service import app as _app  # noqa: F401 - see above
from tools.serving.service import predict as _predict  # noqa: F401 - see above
from tools.serving.service import router as _router  # noqa: F401 - see above
from tools.serving.service.deployed import (
    CARD,
    FALLBACK,
    GOLDEN,
    MANIFEST,
    REFERENCE,
    SCHEMA,
    SCORER,
    replies,
)
from tools.serving.service.explain import json_cell
from tools.serving.service.limits import Limits
from tools.serving.service.scorer import Scorer

GOLDEN_ROWS = 12


@dataclass(frozen=True)
class Prior:
    """What is answered when the model fails: class shares or the mean of the training rows."""

    shares: tuple[float, ...] = ()
    """Per class in declared order; empty for regression."""
    mean: float | None = None


@dataclass(frozen=True)
class Contents:
    """Everything in a bundle beside scorer and code."""

    name: str
    prior: Prior
    personal: Collection[str] = ()
    """Columns with personal data: golden rows and schema show at most their median."""
    card: Mapping[str, Any] = field(default_factory=dict)
    lineage: Mapping[str, str] = field(default_factory=dict)
    """Name of each artifact that the model rests on to its SHA-256."""
    reference: bytes | None = None
    """``monitoring/reference.json``; without it the service watches nothing."""
    latency_p95_ms: float = 100.0
    error_rate: float = 0.01
    memory_mb: int = 512


@dataclass(frozen=True)
class Assembled:
    """What was assembled."""

    model: str
    bundle: str
    """SHA-256 of the manifest, which lists the hashes of all other files."""
    files: tuple[str, ...]
    bytes: int


def assemble(folder: Path, scorer: Path, contents: Contents) -> Assembled:
    """Write a whole bundle.

    Args:
        folder: made if need be; must be empty.
        scorer: the scorer's folder.
        contents: what goes in beside scorer and code.

    Raises:
        ScorerError: the scorer can't be loaded.
    """
    name = dns_label(contents.name)
    loaded = _place_service(folder, scorer, contents)
    found = pins()
    _write(folder / "requirements.txt", requirements_text(found))
    _write(folder / "sbom.json", sbom_text(name, loaded.sha256, found))
    _write(folder / "Dockerfile", dockerfile())
    _write(folder / ".dockerignore", DOCKERIGNORE)
    _write(folder / "compose.yaml", compose(name))
    _write(folder / "README.md", README.format(name=name))
    deploy = folder / "deploy"
    _write(deploy / "prometheus.yml", prometheus())
    _write(deploy / "alerts.yml", to_yaml(alert_rules(contents.latency_p95_ms, contents.error_rate)))
    for file, text in grafana_files(name).items():
        _write(deploy / "grafana" / file, text)
    for file, text in manifest_files(name, loaded.sha256, memory_mb=contents.memory_mb).items():
        _write(deploy / "kubernetes" / file, text)
    return _seal(folder, name, loaded, contents.lineage)


def assemble_service(folder: Path, scorer: Path, contents: Contents) -> Assembled:
    """Write just what the service needs to run, for a measurement: no container files, no bill of materials."""
    loaded = _place_service(folder, scorer, contents)
    return _seal(folder, dns_label(contents.name), loaded, contents.lineage)


def _place_service(folder: Path, scorer: Path, contents: Contents) -> Scorer:
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(service.__file__).parent
    for file in sorted(source.glob("*.py")):
        _copy(file, folder / "service" / file.name)
    for file in sorted(path for path in scorer.rglob("*") if path.is_file()):
        _copy(file, folder / SCORER / file.relative_to(scorer))
    loaded = Scorer.load(folder / SCORER)
    rows = golden_rows(loaded.manifest, contents.personal)
    _write_json(folder / SCHEMA, schema(loaded.manifest, rows[0], contents.personal))
    _write_json(folder / GOLDEN, golden(loaded, rows))
    _write_json(folder / FALLBACK, fallback(loaded, contents.prior))
    _write_json(folder / CARD, dict(contents.card))
    if contents.reference is not None:
        (folder / REFERENCE).parent.mkdir(parents=True, exist_ok=True)
        (folder / REFERENCE).write_bytes(contents.reference)
    return loaded


def _seal(folder: Path, name: str, loaded: Scorer, lineage: Mapping[str, str]) -> Assembled:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    hashes = {place: hashlib.sha256(path.read_bytes()).hexdigest() for place, path in sorted(files.items())}
    _write_json(
        folder / MANIFEST,
        {
            "version": 1,
            "name": name,
            "phasegate": own_version(),
            "model": loaded.sha256,
            "task": loaded.task,
            "lineage": dict(lineage),
            "files": hashes,
        },
    )
    return Assembled(
        model=loaded.sha256,
        bundle=hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
        files=(*hashes, MANIFEST),
        bytes=sum(path.stat().st_size for path in files.values()),
    )


def golden_rows(manifest: Mapping[str, Any], personal: Collection[str] = ()) -> list[dict[str, Any]]:
    """Made-up rows that touch typical, low, high, missing and every known level; none is a row of the data.

    Args:
        manifest: ``scorer.json``.
        personal: columns of which only the typical value is used.
    """
    rows = []
    for number in range(GOLDEN_ROWS):
        row: dict[str, Any] = {}
        for place, entry in enumerate(manifest["inputs"]):
            plain = entry["name"] in personal
            choices = ["typical"] if plain else ["typical", "low", "high"]
            value = entry[choices[(number + place) % len(choices)] if number else "typical"]
            if value is None:
                value = entry["typical"]
            if entry["levels"] and number and not plain:
                value = entry["levels"][(number + place) % len(entry["levels"])]
            if number == GOLDEN_ROWS - 1 and entry["missing"] > 0:
                value = None
            row[entry["name"]] = json_cell(entry["type"], value)
        rows.append(row)
    return rows


def golden(scorer: Scorer, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The golden rows with the replies that the service must reproduce bit for bit before it is ready."""
    columns = {name: [row.get(name) for row in rows] for name in scorer.needed}
    scores = scorer.score(columns, len(rows), strict=True)
    kept = [index for index, error in enumerate(scores.errors) if error is None]
    answers = replies(scores, scorer)
    return {
        "version": 1,
        "rows": [rows[index] for index in kept],
        "expected": [answers[index] for index in kept],
    }


def schema(manifest: Mapping[str, Any], example: Mapping[str, Any], personal: Collection[str] = ()) -> dict[str, Any]:
    """What a request may hold and what a reply means, for ``GET /schema``."""
    inputs = {entry["name"]: entry for entry in manifest["inputs"]}
    columns = []
    for column in manifest["reading"]["columns"]:
        entry = inputs.get(column["name"])
        one: dict[str, Any] = {"name": column["name"], "type": column["type"], "needed": entry is not None}
        if entry is not None:
            one["nullable"] = True
            if entry["levels"] and column["name"] not in personal:
                one["levels"] = list(entry["levels"])
        columns.append(one)
    limits = Limits()
    return {
        "version": 1,
        "task": manifest["task"],
        "target": manifest["target"],
        "classes": list(manifest["classes"]),
        "positive": manifest["positive"],
        "threshold": manifest["threshold"],
        "columns": columns,
        "request": {"rows": [dict(example)]},
        "limits": {"rows": limits.rows, "body_bytes": limits.body_bytes, "characters": limits.characters},
        "rules": (
            "Numbers, booleans and texts come as JSON numbers, booleans and strings, dates as ISO strings, unknown "
            "values as null. A needed column must be there; one that is not needed is ignored; an unknown one is "
            "refused."
        ),
    }


def fallback(scorer: Scorer, prior: Prior) -> dict[str, Any]:
    """The reply when the model fails: the prior, decided by the model's own threshold."""
    if scorer.task == "regression":
        return {"version": 1, "prediction": prior.mean}
    import numpy as np

    shares = np.array([prior.shares], dtype=np.float64)
    code = int(scorer.decide(shares)[0])
    return {
        "version": 1,
        "prediction": scorer.classes[code],
        "probabilities": dict(zip(scorer.classes, prior.shares, strict=True)),
    }


def dns_label(name: str) -> str:
    """A name that Kubernetes and Compose take: lower case, digits and hyphens, at most 40 characters."""
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return label if label and label[0].isalpha() else f"model-{label}".strip("-")


def own_version() -> str:
    """Version of Phasegate; "0" where it runs uninstalled."""
    try:
        return metadata.version("phasegate")
    except metadata.PackageNotFoundError:
        return "0"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_json(path: Path, content: Any) -> None:
    _write(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


README = """\
# {name}

A model and the service that answers with it. Nothing else is needed but Python and the libraries of
`requirements.txt`.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt
    PHASEGATE_TOKEN=change-me .venv/bin/python -m service --port 8080
    curl -s -H "Authorization: Bearer change-me" -H "Content-Type: application/json" \\
         -d "$(python3 -c 'import json; print(json.dumps(json.load(open("schema.json"))["request"]))')" \\
         http://127.0.0.1:8080/predict
    .venv/bin/python -m service --predict rows.csv --out predictions.csv

With containers: `PHASEGATE_TOKEN=change-me GRAFANA_PASSWORD=change-me docker compose up` (service on 8080, Grafana on
3000). On Kubernetes: see `deploy/kubernetes/`.

`manifest.json` lists the SHA-256 of every file; `golden.json` holds rows that the service must reproduce bit for bit
before it is ready; `schema.json` says what a request may hold.
"""
