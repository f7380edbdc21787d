"""What a step's result depends on, as one hash: inputs, decisions, seed, code and libraries."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agent.steps import Step
from workspace.files import canonical_json, sha256_bytes, sha256_file

_FOLLOWED = ("tools", "prompts", "agent.phases")
"""Packages whose sources decide what a step computes; the agent's machinery only carries it out."""
_TABLE = "agent.phases"
"""It lists all steps and computes nothing: followed, it would tie every step to every other."""
_PREFIXES = tuple(f"{package}." for package in _FOLLOWED)


def step_key(step: Step, inputs: Mapping[str, str], decisions: Mapping[str, Any], seed: int) -> str:
    """The key of a step: SHA-256 over everything that it declares.

    Args:
        step: the declaration.
        inputs: SHA-256 by artifact name.
        decisions: value by question id.
        seed: the run's root seed.
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
            }
        )
    )


def substream(seed: int, *names: str | int) -> int:
    """A seed of its own for a named part of a run: 32 bits of SHA-256 over the root seed and the names."""
    digest = hashlib.sha256("\x1f".join([str(seed), *map(str, names)]).encode()).digest()
    return int.from_bytes(digest[:4], "big")


@cache
def code_hash(module: str) -> str:
    """Hash over a module's source and those that it imports from ``tools``, ``prompts`` and the steps, transitively."""
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
        waiting.extend(_imports(name, path, seen[name]))
        if path.name == "__init__.py":
            for beside in _files_of(path.parent):
                seen[f"{name}/{beside.relative_to(path.parent)}"] = sha256_file(beside)
    return sha256_bytes(canonical_json(seen))


def _files_of(package: Path) -> Iterator[Path]:
    """A package's files that are not code (templates, schemas, prompts), without those of packages inside it."""
    for path in sorted(package.iterdir()):
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _files_of(path)


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


@cache
def _imports(module: str, path: Path, sha256: str) -> tuple[str, ...]:
    """The first-party modules that a file imports; read once for each content (``sha256``), as many steps share it."""
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
    names = {".".join(name.split(".")[:count]) for name in found for count in range(1, name.count(".") + 2)}
    return tuple(sorted(name for name in names if f"{name}.".startswith(_PREFIXES) and name != _TABLE))


@cache
def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)
