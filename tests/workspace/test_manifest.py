from __future__ import annotations

import json
from pathlib import Path

from workspace.manifest import ArtifactRow, Manifest, SourceRow, StepRow


def test_the_manifest_on_disk_has_the_form_of_the_contract(tmp_path: Path) -> None:
    step = StepRow(
        id="preparation.split",
        guidance="1.6",
        kind="derive",
        key="k",
        status="done",
        seconds=0.5,
        artifacts=[ArtifactRow(name="train.parquet", sha256="a", bytes=3)],
    )
    source = SourceRow(sha256="s", rows=None)
    manifest = Manifest(run="0001-heron", seed=0, date="2026-01-01", source=source, steps=[step], head="h")
    manifest.write(tmp_path / "manifest.json")
    data = (tmp_path / "manifest.json").read_bytes()
    assert data == manifest.content()
    found = json.loads(data)
    assert set(found) == {"version", "run", "seed", "date", "source", "steps", "head"}
    assert set(found["steps"][0]) == {"id", "guidance", "kind", "key", "status", "seconds", "artifacts"}
    assert found["steps"][0]["artifacts"] == [{"name": "train.parquet", "sha256": "a", "bytes": 3}]
    assert Manifest.model_validate_json(data) == manifest
