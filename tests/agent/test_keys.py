from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent import keys
from agent.keys import code_hash, step_key, substream
from agent.steps import Step
from tests.agent.toy import toy

REPOSITORY = Path(__file__).resolve().parents[2]
STEP = toy().steps["preparation.total"]
TREE = {
    "tools/__init__.py": "",
    "tools/data/__init__.py": "",
    "tools/data/reading.py": "from tools.data import parsing\n",
    "tools/data/parsing.py": "X = 1\n",
    "tools/data/words.txt": "yes no\n",
    "tools/data/unused.py": "Y = 1\n",
    "tools/reporting/__init__.py": "",
    "tools/reporting/templates/page.html": "<p>",
    "tools/near/__init__.py": "",
    "tools/near/one.py": "from . import two\nfrom .three import thing\n",
    "tools/near/two.py": "",
    "tools/near/three.py": "thing = 1\n",
    "prompts/__init__.py": "",
    "prompts/ask.md": "Ask.",
    "agent/__init__.py": "",
    "agent/steps.py": "",
    "agent/phases/__init__.py": "from agent.phases.preparation import other\n",
    "agent/phases/preparation/__init__.py": "",
    "agent/phases/preparation/inputs.py": "import tools.near.one\n",
    "agent/phases/preparation/other.py": "Z = 1\n",
    "agent/phases/preparation/step.py": (
        "import pandas\nfrom agent.steps import Step\nfrom agent.phases.preparation.inputs import these\n"
        "def run(job):\n    from tools.data.reading import read\n    import prompts\n"
    ),
}


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], str]]:
    """Change a file of a source tree of its own and return the hash of its step's code."""
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def find_spec(top: str) -> SimpleNamespace | None:
        folder = tmp_path / top
        return SimpleNamespace(submodule_search_locations=[str(folder)]) if folder.is_dir() else None

    monkeypatch.setattr(keys, "importlib", SimpleNamespace(util=SimpleNamespace(find_spec=find_spec)))

    def edited(name: str, text: str) -> str:
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        code_hash.cache_clear()
        keys._source.cache_clear()
        return code_hash("agent.phases.preparation.step")

    yield edited
    code_hash.cache_clear()
    keys._source.cache_clear()


@pytest.mark.parametrize(
    "name",
    [
        "agent/phases/preparation/step.py",
        "agent/phases/preparation/inputs.py",
        "tools/data/reading.py",
        "tools/data/parsing.py",
        "tools/data/__init__.py",
        "tools/data/words.txt",
        "tools/near/one.py",
        "tools/near/two.py",
        "tools/near/three.py",
        "prompts/ask.md",
    ],
)
def test_a_change_in_what_a_step_imports_changes_its_code(edit: Callable[[str, str], str], name: str) -> None:
    before = edit("", "")
    assert edit(name, f"{TREE[name]}\n# changed\n") != before
    assert edit(name, TREE[name]) == before


@pytest.mark.parametrize(
    "name",
    [
        "tools/data/unused.py",
        "tools/reporting/__init__.py",
        "tools/reporting/templates/page.html",
        "tools/data/__pycache__/reading.cpython-311.pyc",
        "agent/steps.py",
        "agent/phases/__init__.py",
        "agent/phases/preparation/other.py",
    ],
)
def test_a_change_in_what_it_does_not_import_changes_nothing(edit: Callable[[str, str], str], name: str) -> None:
    before = edit("", "")
    assert edit(name, f"{TREE.get(name, '')}\n# changed\n") == before


def key(step: Step = STEP, **other: Any) -> str:
    fields: dict[str, Any] = {
        "inputs": {"table.json": "a" * 64},
        "decisions": {"toy.column": "a", "toy.factor": 2},
        "seed": 0,
    }
    return step_key(step, **{**fields, **other})


def test_the_same_inputs_decisions_seed_and_code_give_the_same_key() -> None:
    assert key() == key(decisions={"toy.factor": 2, "toy.column": "a"})
    assert len(key()) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"inputs": {"table.json": "b" * 64}},
        {"inputs": {"table.jso": "a" * 64}},
        {"decisions": {"toy.column": "a", "toy.factor": 3}},
        {"decisions": {"toy.column": "a", "toy.factor": "2"}},
        {"decisions": {"toy.column": "a", "toy.factor": None}},
        {"decisions": {"toy.column": "a"}},
        {"seed": 1},
    ],
)
def test_each_input_decision_and_the_seed_change_the_key(other: dict[str, Any]) -> None:
    assert key(**other) != key()


def test_the_steps_id_and_the_version_of_a_library_change_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key(replace(STEP, id="preparation.sum")) != key()
    with_library = replace(STEP, libraries=("numpy",))
    before = key(with_library)
    assert before != key()
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.0" if name == "numpy" else real(name))
    keys._version.cache_clear()
    try:
        assert key(with_library) != before
    finally:
        keys._version.cache_clear()


def test_each_named_part_of_a_run_has_a_stream_of_its_own() -> None:
    streams = {
        substream(0, "a"),
        substream(0, "b"),
        substream(1, "a"),
        substream(0, "a", 1),
        substream(0, "a", "b"),
        substream(0, "ab"),
    }
    assert len(streams) == 6
    assert all(0 <= stream < 2**32 for stream in streams)
    assert substream(0, "a") == substream(0, "a")


def test_hashing_code_imports_none_of_it() -> None:
    code = (
        "import sys; from agent.keys import code_hash; code_hash('agent.phases.preparation.cleaning');"
        "bad = {'pandas', 'sklearn', 'numpy', 'agent.phases'} & set(sys.modules); print(sorted(bad))"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
