"""The profile of the training rows alone: what everything after the split knows of the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.profiling import Profile, profile, target_profile
from tools.data.reading import Reading


def training_profile(
    frame: pd.DataFrame,
    train: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    reading: Reading,
    whole: Profile,
    *,
    seed: int = 0,
) -> Profile:
    """The profile of the training rows alone, on which everything after the split rests.

    Args:
        frame: all rows.
        train: positions of the training rows, ascending.
        unlabelled: positions of rows without a label that belong to no test; what is blank in them tells of leakage.
        reading: how the rows were read.
        whole: the profile of the whole table. Which columns are personal is taken from it: that is a verdict on a
            column, on which people have decided, and no figure.
        seed: of the sample on which relations are looked for.
    """
    target = whole.target
    rows = frame.iloc[train].reset_index(drop=True)
    name, task = (target.column, target.task) if target is not None else (None, None)
    found = profile(rows, reading, name, task, seed=seed)
    columns = []
    for column in found.columns:
        before = whole.column(column.name)
        if before.personal and not column.personal:
            hidden = {"personal": before.personal, "personal_by": before.personal_by, "top": ()}
            column = column.model_copy(update=hidden)
        columns.append(column)
    if target is not None:
        target = target_profile(frame.iloc[np.union1d(train, unlabelled)], target.column, target.task)
    return found.model_copy(update={"columns": tuple(columns), "target": target})
