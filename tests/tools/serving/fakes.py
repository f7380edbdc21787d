"""A small real scorer and bundle for serving tests: two numbers, a text, a boolean and a date; linear arrays."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

READING: dict[str, Any] = {
    "version": 1,
    "format": "csv",
    "columns": [
        {"name": "amount", "position": 1, "type": "number"},
        {"name": "age", "position": 2, "type": "integer"},
        {"name": "region", "position": 3, "type": "text"},
        {"name": "member", "position": 4, "type": "boolean", "true": ["yes"], "false": ["no"]},
        {"name": "since", "position": 5, "type": "date", "date_format": "iso"},
        {"name": "note", "position": 6, "type": "text"},
        {"name": "bad", "position": 7, "type": "text"},
    ],
}
LEVELS = ["north", "south", "west"]
NEEDED = ["amount", "age", "region", "member", "since"]


def write_scorer(folder: Path, task: str = "binary") -> Path:
    """A scorer folder whose model is a weighted sum of the inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {"binary": 1, "multiclass": 3, "regression": 1}[task]
    stream = np.random.default_rng(4)
    arrays: dict[str, Any] = {
        "kind": np.array("linear"),
        "link": np.array({"binary": "logistic", "multiclass": "softmax", "regression": "identity"}[task]),
        "column": np.array([0, 1, 2, 2, 3, 4]),
        "code": np.array([np.nan, np.nan, 0.0, 1.0, np.nan, np.nan]),
        "shift": np.array([50.0, 40.0, 0.0, 0.0, 0.0, 19000.0]),
        "scale": np.array([25.0, 12.0, 1.0, 1.0, 1.0, 500.0]),
        "fill": np.array([50.0, 40.0, 0.0, 0.0, 0.0, 19000.0]),
        "weight": stream.normal(0, 1, (outputs, 6)),
        "offset": np.zeros(outputs),
    }
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    (folder / "member-0.npz").write_bytes(out.getvalue())
    classes = {"binary": ["good", "bad"], "multiclass": ["a", "b", "c"], "regression": []}[task]
    encoders, features = [], []
    for place, name in enumerate(NEEDED):
        category = name == "region"
        encoders.append(
            {
                "op": "category" if category else "number",
                "columns": [name],
                "first": place,
                "outputs": 1,
                "params": {"levels": {level: i for i, level in enumerate(LEVELS)}, "other": None} if category else {},
            }
        )
        features.append(
            {
                "name": f"f{place:03d}",
                "label": name,
                "kind": "category" if category else "number",
                "columns": [name],
                "op": "category" if category else "number",
                "levels": LEVELS if category else [],
            }
        )
    types = {column["name"]: column["type"] for column in READING["columns"]}
    typical: dict[str, tuple[Any, Any, Any]] = {
        "amount": (48.5, 3.25, 112.0),
        "age": (40.0, 18.0, 79.0),
        "region": ("north", None, None),
        "member": (1.0, 0.0, 1.0),
        "since": (19000.5, 18000.0, 19800.0),
    }
    manifest = {
        "version": 1,
        "task": task,
        "target": "bad",
        "classes": classes,
        "positive": "bad" if task == "binary" else None,
        "threshold": 0.4 if task == "binary" else None,
        "calibration": {"kind": "none"},
        "refer": None,
        "transform": None,
        "members": [
            {
                "file": "member-0.npz",
                "format": "arrays",
                "weight": 1.0,
                "sha256": hashlib.sha256(out.getvalue()).hexdigest(),
                "block": None,
            }
        ],
        "reading": READING,
        "cleaning": {"columns": [{"name": name, "type": types[name], "use": "keep", "rules": []} for name in NEEDED]},
        "features": {"encoders": encoders, "features": features},
        "inputs": [
            {
                "name": name,
                "type": types[name],
                "missing": 0.1 if name == "amount" else 0.0,
                "typical": typical[name][0],
                "low": typical[name][1],
                "high": typical[name][2],
                "levels": LEVELS if name == "region" else [],
            }
            for name in NEEDED
        ],
    }
    (folder / "scorer.json").write_text(json.dumps(manifest, sort_keys=True))
    return folder


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Requests' rows that the scorer takes."""
    stream = np.random.default_rng(seed)
    return [
        {
            "amount": round(float(stream.normal(50, 20)), 2),
            "age": int(stream.integers(18, 80)),
            "region": str(stream.choice(LEVELS)),
            "member": bool(stream.random() < 0.5),
            "since": f"20{int(stream.integers(19, 24))}-0{int(stream.integers(1, 9))}-15",
        }
        for _ in range(count)
    ]
