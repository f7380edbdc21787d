"""Recorded answers: the file format, its checks, and the file that a run writes of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from agent import yaml12
from agent.errors import AnswersDoNotFit, UsageError
from workspace.files import write_atomic

VERSION = 1
"""1: first layout."""

GATES = ("preparation", "experimentation", "validation", "deployment")
RECOMMENDED = "recommended"
Source = Literal["file", "flag", "recommended", "person", "revision"]


Written = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that says something: blanks alone are none."""


class Given(BaseModel):
    """An answer to a question, as given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Any = None
    reason: str | None = None
    by: str | None = None
    source: Source = "file"


class GateAnswer(BaseModel):
    """A decision for one visit of a gate, as given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Literal["approve", "revise", "reject"]
    by: Written
    reason: Written
    only_if: str | None = None
    override: tuple[str, ...] = ()
    conditions: str | None = None
    evidence: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class Answers(BaseModel):
    """Everything that was recorded for a run, or is given to one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    answers: dict[str, Given] = Field(default_factory=dict)
    gates: dict[Literal["preparation", "experimentation", "validation", "deployment"], tuple[GateAnswer, ...]] = Field(
        default_factory=dict
    )

    @field_validator("answers", mode="before")
    @classmethod
    def _plain_values(cls, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            return value
        return {key: item if _is_given(item) else {"value": item} for key, item in value.items()}

    @field_validator("gates", mode="before")
    @classmethod
    def _one_visit(cls, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            return value
        return {key: item if isinstance(item, list | tuple) else [item] for key, item in value.items()}

    def to(self, question: str) -> Given | None:
        """The answer to a question: to this very one, else to the pattern that it belongs to."""
        given = self.answers.get(question)
        if given is None:
            patterns = (key for key in self.answers if key.endswith(".*") and question.startswith(key[:-1]))
            given = self.answers.get(next(patterns, ""))
        return given

    def with_answers(self, more: dict[str, Given]) -> Answers:
        """These answers with others put over them."""
        return self.model_copy(update={"answers": {**self.answers, **more}})


def _is_given(item: Any) -> bool:
    return isinstance(item, Given) or (
        isinstance(item, dict) and "value" in item and set(item) <= {"value", "reason", "by", "source"}
    )


def read_answers(path: Path) -> Answers:
    """Read an answers file (YAML 1.2 core schema or JSON).

    Raises:
        UsageError: the file can't be read or is not well-formed.
        AnswersDoNotFit: its content is not of the format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"No answers file at {path}.", hint="`phasegate questions DATA` writes one.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}.", hint="It must be a UTF-8 text file.") from None
    try:
        content = yaml12.load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not well-formed YAML"
        raise UsageError(f"{path}{place}: {problem}.", hint="Mend the file.") from None
    try:
        return Answers.model_validate(content if content is not None else {})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AnswersDoNotFit(
            f"{path}: {place or 'the file'}: {first['msg']}.", hint="`phasegate questions DATA` shows the format."
        ) from None


def dump_answers(answers: Answers) -> str:
    """The file's text, from which :func:`read_answers` reads the same answers."""
    gates = {
        gate: [{key: _plain(item) for key, item in visit.model_dump(exclude_defaults=True).items()} for visit in visits]
        for gate, visits in answers.gates.items()
    }
    return yaml12.dump(
        {
            "version": answers.version,
            "answers": {
                key: {
                    name: _plain(item)
                    for name, item in given.model_dump().items()
                    if item is not None or name == "value"
                }
                for key, given in answers.answers.items()
            },
            "gates": gates,
        }
    )


def recalled(path: Path, now: Answers) -> Answers:
    """Answers given now, over those that the run was given before, which are kept for the next time.

    Gates are not remembered: an approval counts only while it is handed in.

    Args:
        path: where the run keeps them.
        now: the answers given now.

    Raises:
        UsageError: the file can't be read.
        AnswersDoNotFit: its content is not of the format.
    """
    before = read_answers(path) if path.exists() else Answers()
    together = now.model_copy(update={"answers": {**before.answers, **now.answers}})
    if together.answers != before.answers:
        write_atomic(path, dump_answers(Answers(answers=together.answers)).encode())
    return together


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
