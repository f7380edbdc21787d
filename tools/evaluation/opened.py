"""The opened test rows as phase 3 works with them: truth, predictions, what ties rows together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.splitting import SplitScheme, group_codes, time_positions
from tools.evaluation import bootstrap
from tools.evaluation.metrics import Predictions
from tools.evaluation.scoring import Scored, read_scores


@dataclass(frozen=True)
class Opened:
    """Test rows that have a label and a score, in order."""

    frame: pd.DataFrame
    """As in the table, the target included."""
    y: NDArray[Any]
    predictions: Predictions
    groups: NDArray[Any] | None
    """Entity of each row, where the split keeps entities together."""
    order: NDArray[Any] | None
    """Position in time, where the split follows time."""
    left_out: int

    @property
    def units(self) -> NDArray[np.intp] | None:
        """Rows that are alike, as codes; None where all rows are independent."""
        if self.groups is None and self.order is None:
            return None
        return bootstrap.design(self.y, by_class=False, groups=self.groups, order=self.order).units


def opened_rows(frame: pd.DataFrame, scored: Scored, scheme: SplitScheme) -> Opened:
    """Join opened rows with their scores and with what the split's scheme ties together."""
    kept = frame.iloc[scored.kept].reset_index(drop=True)
    groups = order = None
    if scheme.kind == "grouped" and scheme.column is not None and scheme.column in kept.columns:
        groups = group_codes(kept[scheme.column], scheme.prefix)
    elif scheme.kind == "time":
        order = time_positions(kept, scheme.column)
    return Opened(kept, scored.y, scored.predictions, groups, order, scored.left_out)


def read_opened(frame: pd.DataFrame, scores: pd.DataFrame, classes: Sequence[str], scheme: SplitScheme) -> Opened:
    """From ``opened.parquet`` and ``test_scores.parquet``."""
    return opened_rows(frame, read_scores(scores, classes), scheme)
