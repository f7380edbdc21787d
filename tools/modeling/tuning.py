"""The search for settings: Optuna's TPE over several families at once, pruned by fold, the same for the same seed.

The search is a pure function of the rows, the seed and the number of trials: trial ``i`` draws from a sampler that is
seeded by (seed, i), and which family it goes to depends only on the trials before it. So a search that a clock stopped
after ``n`` trials is repeated exactly by asking for ``n``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tools.modeling.crossval import fitter, loss_of
from tools.modeling.families import FAMILIES
from tools.modeling.families.base import Choice, Number, Params, Space, Value
from tools.modeling.imbalance import imbalance_choice
from tools.modeling.training import Training, substream
from tools.records import Record

RANDOM_TRIALS = 6
"""Trials of a family before TPE models them; until then it draws at random."""
PRUNE_AFTER = 2
"""Folds after which a trial that has lost each of them to its family's best is given up."""
CYCLE = (0, 0, 1, 0, 1, 2)
"""Ranks of the families that trials go to in turn once each has had its first."""


class Trial(Record):
    """One setting that was tried."""

    number: int
    family: str
    params: dict[str, Value]
    state: Literal["complete", "pruned", "failed"]
    folds: tuple[float, ...]
    """Loss by fold, as far as it got (lower is better)."""
    loss: float | None
    """Mean over the folds; None where it was not finished."""


class Trials(Record):
    """``trials.json``: everything that was tried, in order."""

    version: int = 1
    metric: str
    rows: int
    """Rows that the search looked at."""
    training_rows: int
    folds: int
    allowed: int
    """Trials that the budget allowed."""
    stopped_by_clock: bool
    trials: tuple[Trial, ...]


class TunedFamily(Record):
    """The best setting of one family."""

    family: str
    label: str
    params: dict[str, Value]
    loss: float
    default_loss: float
    """Loss of the family's first standard setting."""
    trials: int
    number: int
    """The trial that it comes from."""


class Tuned(Record):
    """Step 2.2's result (``tuned.json``), best family first."""

    version: int = 1
    metric: str
    families: tuple[TunedFamily, ...]


@dataclass
class Search:
    """A search that is stepped trial by trial."""

    training: Training
    families: Sequence[str]
    metric: str
    seed: int
    threads: int = 1
    done: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._folds = self.training.folds()
        self._studies: dict[str, Any] = {}
        self._queue = _opening(self.families, self.training)

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self._folds)

    @property
    def best(self) -> Trial | None:
        """The best finished trial."""
        finished = [trial for trial in self.done if trial.loss is not None]
        return min(finished, key=lambda trial: (trial.loss, trial.number)) if finished else None

    def step(self, stop: Callable[[], bool] | None = None) -> Trial | None:
        """Run the next trial.

        Args:
            stop: asked after each fold; where it says so the trial is given up and leaves no trace.

        Returns:
            The trial; None where it was given up.
        """
        number = len(self.done)
        family, standard = self._next(number)
        study, asked = self._ask(family, standard, number)
        params = self._suggest(asked, family)
        if standard is not None:
            params = standard
        best = self._best_of(family)
        losses: list[float] = []
        state: Literal["complete", "pruned", "failed"] = "complete"
        fit_fold = fitter(self.training, family, params, substream(self.seed, "fit", family), self.threads)
        for fold, (inside, outside) in enumerate(self._folds):
            try:
                model = fit_fold(self.training.x[inside], self.training.y[inside], fold)
                predicted = model.predict(self.training.x[outside])
                lost = loss_of(self.metric, self.training.problem, self.training.y[outside], predicted)
            except (ValueError, FloatingPointError):
                state = "failed"
                break
            if not np.isfinite(lost):
                state = "failed"
                break
            losses.append(lost)
            if stop is not None and stop():
                study.tell(asked, state=_state("fail"))
                return None
            last = fold == len(self._folds) - 1
            if best is not None and not last and len(losses) >= PRUNE_AFTER:
                if all(one >= other for one, other in zip(losses, best.folds, strict=False)):
                    state = "pruned"
                    break
        mean = float(np.mean(losses)) if state == "complete" else None
        trial = Trial(number=number, family=family, params=params, state=state, folds=tuple(losses), loss=mean)
        self._tell(study, asked, trial)
        self.done.append(trial)
        return trial

    def _next(self, number: int) -> tuple[str, Params | None]:
        """Family and, where it is a standard setting, its parameters."""
        if number < len(self._queue):
            return self._queue[number]
        ranked = self._ranking()
        turn = (number - len(self._queue)) % len(CYCLE)
        return ranked[min(CYCLE[turn], len(ranked) - 1)], None

    def _ranking(self) -> list[str]:
        def standing(family: str) -> tuple[float, int]:
            best = self._best_of(family)
            return (np.inf if best is None or best.loss is None else best.loss, self.families.index(family))

        return sorted(self.families, key=standing)

    def _best_of(self, family: str) -> Trial | None:
        finished = [trial for trial in self.done if trial.family == family and trial.loss is not None]
        return min(finished, key=lambda trial: (trial.loss, trial.number)) if finished else None

    def _study(self, family: str) -> Any:
        import optuna

        if family not in self._studies:
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            self._studies[family] = optuna.create_study(direction="minimize", study_name=family)
        return self._studies[family]

    def _ask(self, family: str, params: Params | None, number: int) -> tuple[Any, Any]:
        import optuna

        study = self._study(family)
        study.sampler = optuna.samplers.TPESampler(
            seed=substream(self.seed, "trial", number), n_startup_trials=RANDOM_TRIALS
        )
        if params is not None:
            study.enqueue_trial({name: params[name] for name in self._space(family) if name in params})
        return study, study.ask()

    def _suggest(self, asked: Any, family: str) -> Params:
        params: Params = {}
        with warnings.catch_warnings():
            # a standard setting may lie outside the range that this table's size gives
            warnings.simplefilter("ignore", UserWarning)
            for name, held in self._space(family).items():
                if isinstance(held, Choice):
                    params[name] = asked.suggest_categorical(name, list(held.values))
                elif held.whole:
                    params[name] = int(asked.suggest_int(name, int(held.low), int(held.high), log=held.log))
                else:
                    params[name] = float(asked.suggest_float(name, held.low, held.high, log=held.log))
        return params

    def _space(self, family: str) -> Space:
        size = self.training.size
        space = dict(FAMILIES[family].space(size))
        balance = imbalance_choice(size, FAMILIES[family].takes_weights, self.training.problem.task)
        return space if balance is None else space | {"imbalance": balance}

    def _tell(self, study: Any, asked: Any, trial: Trial) -> None:
        for fold, lost in enumerate(trial.folds):
            asked.report(lost, fold)
        if trial.state == "complete":
            study.tell(asked, trial.loss)
        else:
            study.tell(asked, state=_state("prune" if trial.state == "pruned" else "fail"))

    def tuned(self) -> Tuned:
        """The best setting of each family that has a finished trial, best first."""
        found = []
        for family in self.families:
            best = self._best_of(family)
            if best is None or best.loss is None:
                continue
            own = [trial for trial in self.done if trial.family == family]
            first = next((trial.loss for trial in own if trial.loss is not None), best.loss)
            found.append(
                TunedFamily(
                    family=family,
                    label=FAMILIES[family].label,
                    params=best.params,
                    loss=best.loss,
                    default_loss=first,
                    trials=len(own),
                    number=best.number,
                )
            )
        return Tuned(metric=self.metric, families=tuple(sorted(found, key=lambda one: (one.loss, one.family))))


def _opening(families: Sequence[str], training: Training) -> list[tuple[str, Params]]:
    """Standard settings, the first of every family before the second of any."""
    size = training.size
    queue: list[tuple[str, Params]] = []
    portfolios = {family: FAMILIES[family].portfolio(size) for family in families}
    for rank in range(max(len(entries) for entries in portfolios.values())):
        for family in families:
            if rank < len(portfolios[family]):
                params = dict(portfolios[family][rank])
                if imbalance_choice(size, FAMILIES[family].takes_weights, training.problem.task) is not None:
                    params["imbalance"] = "none"
                queue.append((family, params))
    return queue


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return {"prune": TrialState.PRUNED, "fail": TrialState.FAIL}[name]


__all__ = ["Number", "Search", "Trial", "Trials", "Tuned", "TunedFamily"]
