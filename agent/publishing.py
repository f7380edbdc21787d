"""The files of a run that others read: manifest, metrics, findings, split, dossier, bundle; all follow the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.gates import finding_line
from agent.position import Position
from agent.registry import Registry
from tools.records import Finding
from tools.reporting.contents import DELIVERABLES
from workspace.files import readable_json, sha256_file, write_atomic
from workspace.manifest import ArtifactRow, Manifest, SourceRow, StepRow
from workspace.project import RunFolder, Workspace

_COPIES = ("split.parquet",)
"""Artifacts that also stand in the run's folder under their own name."""
INDEX = "index.json"
"""The dossier's table of deliverables; made of the artifacts, not one of them."""
FOLDERS = {"dossier": "documents-", "bundle": "bundle/"}
"""Folder of the run to the prefix of the artifacts that fill it."""


def publish(workspace: Workspace, run: RunFolder, registry: Registry, position: Position, head: str) -> None:
    """Bring the run's files in line with where the run stands."""
    for path, data in run_files(workspace, run, registry, position).items():
        _write_changed(path, data)
    for folder, wanted in folders_of(run, position).items():
        _fill(workspace, folder, wanted)
    manifest(run, registry, position, head).write(run.manifest)


def run_files(workspace: Workspace, run: RunFolder, registry: Registry, position: Position) -> dict[Path, bytes]:
    """The single files of a run that follow from its ledger, with the bytes that they must hold."""
    metrics: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for _, outcome in position.outcomes(registry):
        metrics += [metric.model_dump(mode="json") for metric in outcome.metrics]
        findings += [shown_finding(finding) for finding in outcome.findings]
    files = {
        run.root / "metrics.json": readable_json(metrics),
        run.root / "findings.json": readable_json(findings),
    }
    dossier = folders_of(run, position).get(run.dossier)
    if dossier:
        files[run.dossier / INDEX] = readable_json(_index(dossier))
    for name in _COPIES:
        sha256 = position.find(name)
        if sha256:
            files[run.root / name] = workspace.store.read(sha256)
    return files


def _index(wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the dossier's ``index.json``: every deliverable, there or missing with its reason."""
    return [
        {
            "stem": each.stem,
            "file": each.main if each.main in wanted else None,
            "sha256": wanted.get(each.main),
            "title": each.title,
            "reason_if_missing": None
            if each.main in wanted
            else f"made at the end of phase {each.phase}, which this run has not reached",
        }
        for each in DELIVERABLES
    ]


def folders_of(run: RunFolder, position: Position) -> dict[Path, dict[str, str]]:
    """The folders of a run that artifacts fill: file name to hash; of several steps the later one's file counts."""
    folders: dict[Path, dict[str, str]] = {}
    for folder, prefix in FOLDERS.items():
        wanted: dict[str, str] = {}
        for record in (position.steps.get(step.id) for step in position.registry):
            for name, row in sorted(record.artifacts.items()) if record else ():
                if name.startswith(prefix):
                    wanted[name.partition("/")[2]] = row["sha256"]
        wanted |= {name.partition("/")[2]: sha256 for name, sha256 in position.beside(prefix).items()}
        folders[run.root / folder] = wanted
    return folders


def shown_finding(finding: Finding) -> dict[str, Any]:
    """A finding in the form of ``findings.json``."""
    return {
        "id": finding.id,
        "step": finding.step,
        "kind": finding.kind,
        "columns": list(finding.columns),
        "level": finding.level,
        "text": finding_line(finding),
        "evidence": finding.text.facts,
        "action": finding.action,
    }


def manifest(run: RunFolder, registry: Registry, position: Position, head: str) -> Manifest:
    """The run's manifest as things stand."""
    return Manifest(
        run=run.id,
        seed=position.seed,
        date=position.started_at,
        source=SourceRow(sha256=position.started["source"]["sha256"], rows=position.facts("intake.source").get("rows")),
        steps=[
            StepRow(
                id=step.id,
                guidance=step.guidance,
                kind=step.kind.value,
                key=record.key,
                status="cached" if record.cached else "done",
                seconds=record.seconds,
                artifacts=[ArtifactRow(name=name, **row) for name, row in sorted(record.artifacts.items())],
            )
            for step in registry
            if (record := position.steps.get(step.id)) is not None
        ],
        head=head,
    )


def _write_changed(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        write_atomic(path, data)


def _fill(workspace: Workspace, folder: Path, wanted: dict[str, str]) -> None:
    """Make a folder hold exactly these files."""
    for name, sha256 in wanted.items():
        target = folder / name
        if not target.exists() or sha256_file(target) != sha256:
            write_atomic(target, workspace.store.read(sha256))
    kept = {*wanted, INDEX} if wanted else set()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(folder).as_posix() not in kept:
            path.unlink()
