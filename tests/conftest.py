"""Fixtures for all tests: where the shared data lie, and what no test may do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Path of a shared data file below ``data/``; skips the test where it is absent."""

    def find(name: str) -> Path:
        path = SHARED / "data" / name
        if not path.exists():
            pytest.skip(f"no shared data here: {name}")
        return path

    return find


@pytest.fixture(scope="session")
def badinput() -> Callable[[str], Path]:
    """Path of a bad-input file; skips the test where it is absent."""

    def find(name: str) -> Path:
        path = SHARED / "badinput" / name
        if not path.exists():
            pytest.skip(f"no bad-input file here: {name}")
        return path

    return find
