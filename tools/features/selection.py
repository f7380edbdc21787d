"""Which made features are worth keeping: none that is empty, constant, or a copy of another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.wording import Sentence, say

LEAST_PRESENT = 10
"""A feature with fewer values than this in the training rows says nothing that could be relied on."""


@dataclass(frozen=True)
class Selection:
    """Indices that are kept, in order, and the reason for each that is not."""

    kept: tuple[int, ...]
    dropped: dict[int, Sentence]


def select(x: NDArray[np.float32], labels: Sequence[str], derived: Sequence[bool] = ()) -> Selection:
    """Select features by the training matrix alone, without the target.

    Args:
        x: features [n, f] of the training rows.
        labels: readable names, for the reasons.
        derived: whether a feature is computed from a column; of two equal ones the column itself stays.
    """
    kept: list[int] = []
    dropped: dict[int, Sentence] = {}
    seen: dict[bytes, int] = {}
    made = list(derived) or [False] * x.shape[1]
    for index in sorted(range(x.shape[1]), key=lambda index: made[index]):
        values = x[:, index]
        present = values[~np.isnan(values)]
        least = min(LEAST_PRESENT, len(values))
        if len(present) == 0:
            dropped[index] = say("no training row has a value")
        elif len(present) < least:
            dropped[index] = say("only {count|int} training rows have a value", count=len(present))
        elif len(present) == len(values) and bool((values == values[0]).all()):
            dropped[index] = say("it is the same in every training row")
        else:
            # adding zero makes -0 and 0 the same bytes
            key = hashlib.sha256(np.ascontiguousarray(values + np.float32(0)).tobytes()).digest()
            if key in seen:
                dropped[index] = say('it equals "{other|text}" in every training row', other=labels[seen[key]])
            else:
                seen[key] = index
                kept.append(index)
    return Selection(tuple(sorted(kept)), dropped)
