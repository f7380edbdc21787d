"""The worker's side of a step: the job that the step's body is handed, and the guard around what it may open."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict

from tools.records import Outcome
from workspace.files import readable_json

if TYPE_CHECKING:
    import pandas as pd

M = TypeVar("M", bound=BaseModel)


class UndeclaredInput(Exception):
    """A step reached for something that it did not declare; a defect."""


class Call(BaseModel):
    """One call of a step, as it crosses to the worker."""

    model_config = ConfigDict(frozen=True)

    step: str
    body: str
    """Where the step's body stands: ``module:function``."""
    inputs: dict[str, str]
    """Artifact name to staged path."""
    out: str
    decisions: dict[str, Any]
    needs: tuple[str, ...]
    declared: tuple[str, ...]
    """Question ids and prefixes that the step declares."""
    makes: tuple[str, ...]
    seed: int
    threads: int
    recorded: dict[str, Any]
    """Observations of an earlier passage, by name."""
    began: float = 0.0
    """When the command began, in seconds since 1970; for budgets, inside an observation only."""
    guarded: str
    """Folder in which nothing but the staged inputs may be opened."""


class WorkerJob:
    """Implements :class:`agent.steps.Job` in a worker."""

    def __init__(self, call: Call, send: Callable[[dict[str, Any]], None]) -> None:
        self._call = call
        self._send = send
        self.seed = call.seed
        self.threads = call.threads
        self.out = Path(call.out)

    def path(self, artifact: str) -> Path:
        """A declared input as a read-only file or, for a name ending in a slash, folder."""
        try:
            return Path(self._call.inputs[artifact])
        except KeyError:
            raise UndeclaredInput(f"{self._call.step} did not declare {artifact}") from None

    def has(self, artifact: str) -> bool:
        """Whether a declared optional input is there."""
        if artifact not in self._call.inputs and f"{artifact}?" not in self._call.needs:
            raise UndeclaredInput(f"{self._call.step} did not declare {artifact}")
        return artifact in self._call.inputs

    def frame(self, artifact: str) -> pd.DataFrame:
        """A declared Parquet input."""
        import pandas as pd

        return pd.read_parquet(self.path(artifact))

    def json(self, artifact: str) -> Any:
        """A declared JSON input."""
        return json.loads(self.path(artifact).read_bytes())

    def load(self, artifact: str, model: type[M]) -> M:
        """A declared JSON input, validated."""
        return model.model_validate_json(self.path(artifact).read_bytes())

    def outcome(self, step: str) -> Outcome:
        """The outcome of a declared earlier step."""
        return self.load(f"{step}.outcome", Outcome)

    def answer(self, question: str, default: Any = None) -> Any:
        """A declared decision's value; ``default`` where undecided or declared unknown."""
        prefixed = any(name.endswith("*") and question.startswith(name[:-1]) for name in self._call.declared)
        if question not in self._call.declared and not prefixed:
            raise UndeclaredInput(f"{self._call.step} did not declare the decision {question}")
        value = self._call.decisions.get(question)
        return default if value is None else value

    def answers(self, prefix: str) -> dict[str, Any]:
        """All decided values under a declared prefix, by the rest of the id."""
        if f"{prefix}*" not in self._call.declared:
            raise UndeclaredInput(f"{self._call.step} did not declare the decisions {prefix}*")
        return {
            key[len(prefix) :]: value
            for key, value in sorted(self._call.decisions.items())
            if key.startswith(prefix) and value is not None
        }

    def save_frame(self, artifact: str, frame: pd.DataFrame) -> None:
        """Write a declared Parquet result with fixed settings and without the library's own metadata."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, self._target(artifact), compression="zstd")

    def save_json(self, artifact: str, value: Any) -> None:
        """Write a declared JSON result: sorted keys, floats by repr, NaN as null."""
        self._target(artifact).write_bytes(readable_json(plain(value)))

    def save_text(self, artifact: str, text: str) -> None:
        """Write a declared text result as UTF-8."""
        self._target(artifact).write_text(text, encoding="utf-8", newline="\n")

    def progress(self, done: float, total: float, note: str = "", search: Mapping[str, Any] | None = None) -> None:
        """Tell how far the step is; a search tells the trials since it last told."""
        more = {} if search is None else {"search": plain(search)}
        self._send({"kind": "progress", "done": done, "total": total, "note": note, **more})

    def observe(self, name: str, measure: Callable[[], Any]) -> Any:
        """A measurement: the recorded one where there is one, else measured now and recorded."""
        if name in self._call.recorded:
            return self._call.recorded[name]
        value = plain(measure())
        self._send({"kind": "observation", "name": name, "value": value})
        return value

    def elapsed(self) -> float:
        """Seconds since the command began; to be asked inside an observation only."""
        return time.time() - self._call.began

    def _target(self, artifact: str) -> Path:
        folder = next((name for name in self._call.makes if name.endswith("/") and artifact.startswith(name)), None)
        if folder is None and artifact not in {name.removesuffix("?") for name in self._call.makes}:
            raise UndeclaredInput(f"{self._call.step} does not declare that it makes {artifact}")
        path = self.out / artifact
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def plain(value: Any) -> Any:
    """A value as JSON types: records dumped, tuples as lists, NaN and infinities as null."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "item") and callable(value.item) and not isinstance(value, str | bytes):
        return plain(value.item())
    return value


def guard(folder: str, allowed: set[str]) -> None:
    """Refuse, from now on in this process, to open any file of a folder that was not staged.

    Python's own opens are seen here; libraries that open files in C read only paths that the job handed out.
    """
    root = os.path.join(os.path.realpath(folder), "objects") + os.sep
    staged = {os.path.realpath(path) for path in allowed}

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if path.startswith(root) and path not in staged:
                raise UndeclaredInput(f"{path} is not a declared input of this step")

    sys.addaudithook(watch)
