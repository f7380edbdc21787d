"""Who may import whom, on paper (the contracts in pyproject.toml) and in a running interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = {"textual", "mlflow", "sklearn", "pandas", "xgboost", "lightgbm", "openai", "optuna", "matplotlib", "onnx"}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after a statement."""
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_import_directions_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [sys.executable, str(program), "--no-logo"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["agent.session", "tui.cli"])
def test_what_every_face_starts_with_loads_no_heavy_library(module: str) -> None:
    assert loaded_by(f"import {module}") & HEAVY == set()


def test_declaring_the_steps_loads_no_heavy_library() -> None:
    assert loaded_by("import agent.registry") & HEAVY == set()


def test_the_program_starts_in_a_folder_that_has_packages_of_the_same_names(tmp_path: Path) -> None:
    for package in ("agent", "tools", "prompts", "workspace", "tui"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("raise ImportError('a stranger')\n", encoding="utf-8")
    program = Path(sys.executable).with_name("phasegate")
    assert program.exists(), "not installed: make install"
    done = subprocess.run([program, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "preparation" in done.stdout or "phase" in done.stdout


def test_the_deployed_code_needs_none_of_our_packages() -> None:
    """Imported the way it is shipped: as package `service`, from its own folder, with nothing of ours in reach."""
    service = REPOSITORY / "tools" / "serving" / "service"
    modules = sorted(path.stem for path in service.glob("*.py") if path.stem not in ("__init__", "__main__"))
    assert modules, f"no code in {service}"
    code = (
        f"import sys; sys.path = [part for part in sys.path if 'site-packages' in part or 'lib/python' in part "
        f"or part.endswith('.zip')]; sys.path.insert(0, {str(service.parent)!r})\n"
        + "".join(f"import service.{name}\n" for name in modules)
        + "own = {'agent', 'tools', 'workspace', 'prompts', 'tui'} & {name.partition('.')[0] for name in sys.modules}\n"
        + "print(*sorted(own))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
