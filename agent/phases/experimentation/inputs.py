"""What the modelling steps share: how a job's artifacts become training rows, folds and the chosen model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.steps import Job

if TYPE_CHECKING:
    from tools.modeling.baselines import BaselineReport
    from tools.modeling.ensembling import ModelMember
    from tools.modeling.training import Training

TRAINING = ("train_matrix.parquet", "train_target.parquet", "features.json", "split.json", "criteria.json")
"""Needs of every step that looks at training rows."""
VALIDATION = ("validation_matrix.parquet", "validation_target.parquet")


def training_of(job: Job, classes: int) -> Training:
    """The training rows of a job that declares `TRAINING`."""
    from tools.data.splitting import SplitReport
    from tools.evaluation.criteria import Criteria
    from tools.modeling.training import load_training

    return load_training(
        job.path("train_matrix.parquet"),
        job.path("features.json"),
        job.path("train_target.parquet"),
        job.load("criteria.json", Criteria).task,
        classes,
        job.load("split.json", SplitReport).scheme,
    )


def validation_of(job: Job, classes: int) -> Training:
    """The validation rows of a job that declares `VALIDATION` too; rows of an unknown class are left out."""
    import numpy as np

    from tools.data.splitting import SplitReport
    from tools.evaluation.criteria import Criteria
    from tools.modeling.training import load_training

    held = load_training(
        job.path("validation_matrix.parquet"),
        job.path("features.json"),
        job.path("validation_target.parquet"),
        job.load("criteria.json", Criteria).task,
        classes,
        job.load("split.json", SplitReport).scheme,
    )
    return held if not classes else held.take(np.flatnonzero(held.y >= 0).astype(np.int64))


def baseline_of(job: Job) -> BaselineReport:
    """The baseline's report, which knows the classes."""
    from tools.modeling.baselines import BaselineReport

    return job.load("baseline.json", BaselineReport)


def members_of(job: Job) -> tuple[ModelMember, ...]:
    """What the final model is made of, from the ensemble's report and the decision about it."""
    from tools.modeling.ensembling import Ensemble

    held = job.load("ensemble.json", Ensemble)
    return held.chosen(bool(job.answer("ensemble.accept", held.recommended)))


def naming(members: tuple[ModelMember, ...]) -> str:
    """The final model as a person reads it."""
    if len(members) == 1:
        return members[0].label
    return " + ".join(member.label for member in members)
