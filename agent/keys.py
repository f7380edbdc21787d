"""What a step's result depends on, as one hash: inputs, decisions, seed, code and libraries."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agent.steps import Step
from workspace.files import canonical_json, sha256_bytes, sha256_file

_FOLLOWED = ("tools", "prompts")
"""Packages whose sources decide what a step computes; the agent's machinery only carries it out."""


def step_key(
    step: Step, inputs: Mapping[str, str], decisions: Mapping[str, Any], seed: int, threads: int | None = None
) -> str:
    """The key of a step: SHA-256 over everything that it declares.

    Args:
        step: the declaration.
        inputs: SHA-256 by artifact name.
        decisions: value by question id.
        seed: the run's root seed.
        threads: only for steps whose result depends on the number.
    """
    return sha256_bytes(
        canonical_json(
            {
                "step": step.id,
                "inputs": dict(inputs),
                "decisions": dict(decisions),
                "seed": seed,
                "code": code_hash(step.run.__module__),
                "libraries": {name: _version(name) for name in sorted(step.libraries)},
                "threads": threads,
            }
        )
    )


def substream(seed: int, *names: str | int) -> int:
    """A seed of its own for a named part of a run: 32 bits of SHA-256 over the root seed and the names."""
    digest = hashlib.sha256("\x1f".join([str(seed), *map(str, names)]).encode()).digest()
    return int.from_bytes(digest[:4], "big")


@cache
def code_hash(module: str) -> str:
    """Hash over the sources that a module imports from ``tools`` and ``prompts``, transitively, and its own."""
    seen: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        path = _source(name)
        if path is None:
            continue
        seen[name] = sha256_file(path)
        waiting.extend(_imports(name, path))
        if path.name == "__init__.py":
            for beside in sorted(path.parent.rglob("*")):
                if beside.is_file() and beside.suffix not in {".py", ".pyc"}:
                    seen[f"{name}/{beside.relative_to(path.parent)}"] = sha256_file(beside)
    return sha256_bytes(canonical_json(seen))


@cache
def _source(module: str) -> Path | None:
    """The file of a first-party module, found without importing anything below its top package."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    base = Path(spec.submodule_search_locations[0]).joinpath(*rest)
    for path in (base.with_suffix(".py") if rest else base / "__init__.py", base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _imports(module: str, path: Path) -> list[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
                base = f"{parent}.{base}" if base else parent
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    names = {name for name in found if name.split(".")[0] in _FOLLOWED}
    names.update(".".join(name.split(".")[:count]) for name in list(names) for count in range(1, name.count(".") + 1))
    return sorted(names)


@cache
def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)
