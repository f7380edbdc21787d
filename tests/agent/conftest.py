"""Fixtures of the agent's tests: toy steps in place of the product's, and workers that import nothing heavy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.registry import Registry, registry
from tests.agent.papers import papered
from tests.agent.toy import toy

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def toy_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find our packages from any folder and import the toy steps only."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr("agent.worker._LIBRARIES", ("tests.agent.toy",))


@pytest.fixture
def toy_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The toy registry in place of the product's, wherever the product asks for its own."""
    monkeypatch.setitem(sys.modules, "agent.phases", SimpleNamespace(PHASES=toy().phases))
    registry.cache_clear()
    yield registry()
    registry.cache_clear()


@pytest.fixture
def root(tmp_path: Path, toy_worker: None, toy_registry: Registry) -> Path:
    """Where a toy workspace goes."""
    return tmp_path / "ws"


@pytest.fixture
def papers(tmp_path: Path, toy_worker: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a workspace of the toy with documents goes."""
    monkeypatch.setattr("agent.worker._LIBRARIES", ("tests.agent.papers",))
    monkeypatch.setitem(sys.modules, "agent.phases", SimpleNamespace(PHASES=papered().phases))
    registry.cache_clear()
    yield tmp_path / "ws"
    registry.cache_clear()
