"""What a step is: declaration of needs, decisions and results, the questions around it, and the job it is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from tools.records import Outcome

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

    R = TypeVar("R", bound=BaseModel)

AnswerType = Literal[
    "text", "choice", "several", "number", "integer", "boolean", "column", "columns", "mapping", "list"
]
PhaseName = Literal["intake", "preparation", "experimentation", "validation", "deployment"]


class Kind(StrEnum):
    """How a step relates to the world (DESIGN: derive, observe, effect)."""

    DERIVE = "derive"
    OBSERVE = "observe"
    EFFECT = "effect"


@dataclass(frozen=True)
class Option:
    """One closed answer to a choice."""

    value: Any
    label: str = ""
    reason: str = ""


class Known(Protocol):
    """What is known at a point of the run, for questions and rules; read-only and cheap (no frames)."""

    seed: int

    def answer(self, question: str, default: Any = None) -> Any:
        """The decided value of a question, or ``default`` where it is undecided or declared unknown."""

    def answers(self, prefix: str) -> dict[str, Any]:
        """Decided values of all questions under a prefix, by the rest of the id (``data.leakage.`` to column)."""

    def json(self, artifact: str) -> Any:
        """A JSON artifact that an earlier step made."""

    def facts(self, step: str) -> Mapping[str, Any]:
        """The facts of a step's outcome; empty where it has not run."""

    def has(self, artifact: str) -> bool:
        """Whether an earlier step made this artifact."""


def _nothing(known: Known) -> dict[str, Any]:
    return {}


def always(known: Known) -> bool:
    """The condition of a question that always comes up."""
    return True


def never(known: Known) -> bool:
    """The condition of what never happens."""
    return False


@dataclass(frozen=True)
class Ask:
    """A question that a step needs answered, before its body or after it."""

    id: str
    """Dotted and stable. Ending in ``.*`` it is asked once per subject, which takes the star's place."""
    prompt: str
    """What is asked, as a sentence; ``{subject}`` stands for the subject."""
    type: AnswerType
    options: tuple[Option, ...] = ()
    choices: Callable[[Known], tuple[Option, ...]] | None = None
    """Options that depend on what is known; takes the place of ``options``."""
    evidence: Callable[[Known], dict[str, Any]] = _nothing
    """What the advisor's rules look at; with subjects, a dict per subject is expected under ``subjects``."""
    subjects: Callable[[Known], Sequence[str]] | None = None
    when: Callable[[Known], bool] = always
    """Asked only where this holds."""
    moot: Callable[[Known], bool] = never
    """Where this holds the run can't go on whatever is answered, and nobody is asked; a step to come says why."""
    nullable: bool = True
    """Whether ``null`` (declared unknown) is an answer."""
    minimum: float | None = None
    maximum: float | None = None
    needs_reason: tuple[Any, ...] = ()
    """Values that count only with a written reason."""
    setting: bool = False
    """Taken where it is given, never asked."""


class Job(Protocol):
    """What a running step may touch: staged inputs, decisions, a seed, an empty folder, a way to tell progress."""

    seed: int
    """A stream of its own, derived from the run's seed and the step's id."""
    threads: int
    out: Path
    """Empty folder; each file that the step makes is written here under its declared name."""

    def path(self, artifact: str) -> Path:
        """A declared input as a read-only file.

        Raises:
            UndeclaredInput: the step did not declare it.
        """

    def has(self, artifact: str) -> bool:
        """Whether a declared optional input (``name?``) is there."""

    def frame(self, artifact: str) -> pd.DataFrame:
        """A declared Parquet input."""

    def json(self, artifact: str) -> Any:
        """A declared JSON input."""

    def load(self, artifact: str, model: type[R]) -> R:
        """A declared JSON input, validated."""

    def answer(self, question: str, default: Any = None) -> Any:
        """A declared decision's value; ``default`` where undecided or declared unknown."""

    def answers(self, prefix: str) -> dict[str, Any]:
        """All decided values under a declared prefix, by the rest of the id."""

    def outcome(self, step: str) -> Outcome:
        """The outcome of an earlier step, declared in ``needs`` as ``<step>.outcome``."""

    def save_frame(self, artifact: str, frame: pd.DataFrame) -> None:
        """Write a declared Parquet result with fixed settings."""

    def save_json(self, artifact: str, value: Any) -> None:
        """Write a declared JSON result: sorted keys, floats by repr, pydantic models dumped."""

    def save_text(self, artifact: str, text: str) -> None:
        """Write a declared text result."""

    def progress(self, done: float, total: float, note: str = "", search: Mapping[str, Any] | None = None) -> None:
        """Tell how far the step is; a search tells the trials since it last told."""

    def elapsed(self) -> float:
        """Seconds since the command began; to be asked inside an observation only."""

    def observe(self, name: str, measure: Callable[[], Any]) -> Any:
        """A measurement that can't be recomputed to the bit: measured once, recorded, read back on replay."""


@dataclass(frozen=True)
class Step:
    """One node of the graph."""

    id: str
    """``<phase>.<name>``; the node's name."""
    guidance: str
    """Number of the guidance's activity, such as "1.6"; empty for what the guidance does not count."""
    title: str
    run: Callable[[Job], Outcome]
    kind: Kind = Kind.DERIVE
    needs: tuple[str, ...] = ()
    """Artifacts by file name, ``<step>.outcome`` for an earlier step's outcome; a trailing ``?`` makes one optional."""
    decisions: tuple[str, ...] = ()
    """Question ids that the body reads; ``data.leakage.*`` takes all under the prefix."""
    makes: tuple[str, ...] = ()
    """File names that the body writes; unique over all steps. A trailing ``?`` makes one optional."""
    libraries: tuple[str, ...] = ()
    """Distributions whose versions the result depends on."""
    before: tuple[Ask, ...] = ()
    after: tuple[Ask, ...] = ()

    @property
    def phase(self) -> str:
        """The phase that the step belongs to."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Rule:
    """One declared piece of expertise: what to recommend for a question, when, and why."""

    id: str
    question: str
    guidance: str
    """The line of the guidance that it comes from."""
    when: Callable[[Mapping[str, Any]], bool]
    choose: Callable[[Mapping[str, Any]], Any]
    reason: str
    """A wording template over the question's evidence (``{name|format}``)."""
