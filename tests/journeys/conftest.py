"""What the journeys share: one finished run of the credit example, made once for all test processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.journeys.program import CREDIT, Program, alone

STRANGERS = ("agent", "tools", "prompts", "workspace", "tui", "service")


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of this session see."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def stranger(common: Path) -> Path:
    """A folder with packages of the same names as ours; whoever imports one of them leaves a trace."""
    folder = common / "strangers"
    for name in STRANGERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "__init__.py").write_text(
            f"open({str(folder / 'imported')!r}, 'a').write({name!r})\nraise ImportError('a stranger')\n", "utf-8"
        )
    return folder


@pytest.fixture(scope="session")
def credit(common: Path, stranger: Path) -> Program:
    """The credit example's finished run, whole, begun in a folder of strangers; nobody may change it."""
    program = Program(common / "credit" / "phasegate", common / "config")
    told = common / "credit.jsonl"
    with alone(common / "credit.lock"):
        if not told.exists():
            arguments = ("run", CREDIT / "credit.csv", "--answers", CREDIT / "answers.yaml", "--json")
            told.write_text(program(*arguments, cwd=stranger).out, "utf-8")
    return program


@pytest.fixture
def fresh(tmp_path: Path, common: Path) -> Program:
    """A program over a workspace that is not there yet."""
    return Program(tmp_path / "phasegate", common / "config")


@pytest.fixture
def known(credit: Program, tmp_path: Path) -> Program:
    """A program over a copy of the finished credit workspace: what was computed there is found done."""
    return credit.copy(tmp_path / "phasegate")
