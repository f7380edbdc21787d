"""Step 2.2, tuning: a search over the chosen families, pruned by fold; a function of seed and number of trials."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from agent.phases.experimentation.inputs import TRAINING, baseline_of, training_of
from agent.steps import Job, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, say

if TYPE_CHECKING:
    from tools.modeling.tuning import Search, Trial, Trials, Tuned

STEP_ID = "experimentation.tuning"
DEFAULT_TRIALS = 30
"""Where neither trials nor seconds were decided."""
MOST_TRIALS = 5000
FIXED = 8.0
"""Seconds that the steps after the search take whatever is fitted: intervals, importances, export, documents."""
EVERY = 0.15
"""Seconds between two tellings of the search; trials that end meanwhile are told together."""
REFITS = 5
"""Fits on all rows that follow: for the importances, before and after the refit, and two to spare."""


def run(job: Job) -> Outcome:
    """Search; where a clock limits it, the number of trials that it allowed is an observation."""
    from tools.evaluation.criteria import Criteria
    from tools.modeling.candidates import Candidates
    from tools.modeling.comparing import selection_metric
    from tools.modeling.training import SEARCH_ROWS, substream
    from tools.modeling.tuning import Search, Trials

    criteria, baseline = job.load("criteria.json", Criteria), baseline_of(job)
    everything = training_of(job, len(baseline.classes))
    training = everything.sample(SEARCH_ROWS, substream(job.seed, "rows"))
    families = job.load("candidates.json", Candidates).chosen
    metric = selection_metric(criteria)
    trials, seconds = job.answer("search.trials"), job.answer("search.max_seconds")
    wanted = int(trials) if trials is not None else (DEFAULT_TRIALS if seconds is None else MOST_TRIALS)

    def search() -> Search:
        return Search(training, families, metric, substream(job.seed, "search"), job.threads)

    done = search()
    clocked = False
    if seconds is not None:
        under_clock = search()
        allowed = int(
            job.observe(
                "trials", lambda: _against_the_clock(job, under_clock, wanted, float(seconds), len(everything.y))
            )
        )
        clocked = allowed < wanted
        wanted = allowed
        if len(under_clock.done) == allowed:
            done = under_clock
    telling = Telling(job, done, wanted)
    while len(done.done) < wanted:
        done.step()
        telling.trial()
    telling.rest()
    tuned = done.tuned()
    report = Trials(
        metric=metric,
        rows=len(training.y),
        training_rows=len(everything.y),
        folds=done.folds,
        allowed=wanted,
        stopped_by_clock=clocked,
        trials=tuple(done.done),
    )
    job.save_json("trials.json", report)
    job.save_json("tuned.json", tuned)
    return describe(report, tuned)


def _against_the_clock(job: Job, search: Search, wanted: int, seconds: float, rows: int) -> int:
    """Run trials until what follows the search would no longer fit; at least one, whatever the clock says.

    What follows is estimated from the fits so far: each family's folds on fresh rows, and refits of one of them on
    all rows.
    """
    from tools.modeling.training import OOF_ROWS

    elapsed = job.elapsed()
    started = time.monotonic()
    taken: dict[str, float] = {}
    searched = len(search.training.y)
    telling = Telling(job, search, wanted)

    def following() -> float:
        folds = sum(taken.values()) * search.folds * min(rows, OOF_ROWS) / searched
        return FIXED + folds + REFITS * max(taken.values(), default=0.0) * rows / searched

    def over() -> bool:
        return bool(search.done) and elapsed + time.monotonic() - started + following() > seconds

    while len(search.done) < wanted and not over():
        before = time.monotonic()
        trial = search.step(over)
        if trial is None:
            break
        one = (time.monotonic() - before) / max(1, len(trial.folds))
        taken[trial.family] = max(one, taken.get(trial.family, 0.0))
        telling.trial()
    telling.rest()
    return len(search.done)


class Telling:
    """Tells the trials as they end; several at once where they are quick, so that whoever listens keeps up.

    It reads a clock, and nothing of what it tells enters an artifact.
    """

    def __init__(self, job: Job, search: Search, wanted: int) -> None:
        self._job = job
        self._search = search
        self._wanted = wanted
        self._told = len(search.done)
        self._seconds: list[float] = []
        self._began = self._last = time.monotonic()

    def trial(self) -> None:
        """A trial has ended."""
        after = time.monotonic()
        self._seconds.append(after - self._began)
        self._began = after
        if after - self._last >= EVERY or self._told == 0:
            self.rest()

    def rest(self) -> None:
        """Tell what has not been told."""
        from tools.evaluation.metrics import METRICS
        from tools.wording import show

        found, search = self._search.done[self._told :], self._search
        if not found:
            return
        metric, best = METRICS[search.metric], search.best
        note = ""
        if best is not None and best.loss is not None:
            note = f"best {metric.label} {show(self._score(best.loss), 'num')}, {best.family}"
        so_far = min((one.loss for one in search.done[: self._told] if one.loss is not None), default=None)
        trials = []
        for one, seconds in zip(found, self._seconds, strict=False):
            if one.loss is not None:
                so_far = one.loss if so_far is None else min(so_far, one.loss)
            trials.append(self._row(one, so_far, seconds))
        self._told, self._seconds, self._last = len(search.done), [], time.monotonic()
        told = {"metric": metric.label, "greater_is_better": metric.greater_is_better, "trials": trials}
        self._job.progress(len(search.done), self._wanted, note, told)

    def _score(self, loss: float) -> float:
        from tools.evaluation.metrics import METRICS

        return 1.0 - loss if METRICS[self._search.metric].greater_is_better else loss

    def _row(self, trial: Trial, best: float | None, seconds: float) -> dict[str, Any]:
        from tools.modeling.families import FAMILIES
        from tools.wording import show

        return {
            "number": trial.number + 1,
            "family": FAMILIES[trial.family].label,
            "params": ", ".join(f"{name} {show(value)}" for name, value in trial.params.items()),
            "state": trial.state,
            "score": None if trial.loss is None else self._score(trial.loss),
            "best": None if best is None else self._score(best),
            "seconds": round(seconds, 3),
        }


def describe(report: Trials, tuned: Tuned) -> Outcome:
    """The search in words."""
    from tools.errors import InputError
    from tools.evaluation.metrics import METRICS

    if not tuned.families:
        raise InputError(
            "No setting of the chosen model families could be fitted on these rows.",
            hint="Choose other families in search.families, or look at the features.",
        )
    found = METRICS[report.metric]
    better = found.greater_is_better

    def value(loss: float) -> float:
        return 1.0 - loss if better else loss

    best = tuned.families[0]
    pruned = sum(trial.state == "pruned" for trial in report.trials)
    failed = sum(trial.state == "failed" for trial in report.trials)
    gain = best.default_loss - best.loss
    facts: dict[str, Fact] = {
        "trials": len(report.trials),
        "pruned": pruned,
        "failed": failed,
        "families": len(tuned.families),
        "metric": report.metric,
        "metric_label": found.label,
        "best_family": best.label,
        "best": value(best.loss),
        "default": value(best.default_loss),
        "tuning_gain": gain,
        "rows": report.rows,
        "folds": report.folds,
        "stopped_by_clock": report.stopped_by_clock,
    }
    summary = say(
        "{trials|int} settings tried, {pruned|int} given up early; best {metric} {best|num} by {family}",
        trials=len(report.trials),
        pruned=pruned,
        metric=found.label,
        best=facts["best"],
        family=best.label,
    )
    notes: list[Sentence] = []
    if gain > 0:
        notes.append(
            say(
                "tuning {family} gained {gain|num} over its standard setting, measured on the folds it was chosen by",
                family=best.label,
                gain=gain,
            )
        )
    else:
        notes.append(say("no setting of {family} beat its standard one", family=best.label))
    if report.stopped_by_clock:
        notes.append(say("the clock stopped the search after {trials|int} settings", trials=report.allowed))
    if report.rows < report.training_rows:
        notes.append(
            say(
                "searched on a sample of {rows|int} of {all|int} training rows, in {folds|int} folds",
                rows=report.rows,
                all=report.training_rows,
                folds=report.folds,
            )
        )
    if failed:
        notes.append(say("{failed|int} settings could not be fitted", failed=failed))
    return Outcome(summary=summary, notes=tuple(notes), facts=facts)


STEP = Step(
    id=STEP_ID,
    guidance="2.2",
    title="tuning",
    run=run,
    needs=(*TRAINING, "baseline.json", "candidates.json"),
    decisions=("search.trials", "search.max_seconds"),
    makes=("trials.json", "tuned.json"),
    libraries=("numpy", "pandas", "scikit-learn", "xgboost-cpu", "lightgbm", "imbalanced-learn", "optuna"),
)
