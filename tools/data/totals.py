"""Rows at the end of a table that sum up the others, which are no rows of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.inference import file_decimal, number_styles
from tools.data.layout import TOTAL
from tools.data.reading import Assumption, ColumnReading, read_cells
from tools.wording import Sentence, plural, say

MOST = 3
"""Rows at the end that are looked at."""
FEWEST = 5
"""Rows above from which a sum is no coincidence."""
LABELLED, BARE = 1e-4, 1e-6
"""How near a sum must come, in parts of it: where a word says that it is one, and where none does."""


class Totals:
    """Which rows at the end are totals, and what is told of it."""

    def __init__(self, rows: int = 0, label: str | None = None, doubtful: str | None = None) -> None:
        self.rows = rows
        self.label = label
        self.doubtful = doubtful
        """A word that says so over figures that do not add up."""

    def assumed(self) -> list[Assumption]:
        """The assumption, where rows are left out."""
        if not self.rows:
            return []
        evidence = say(
            "the last {rows} the sum or mean of the rows above"
            + (', as "{label}" says' if self.label else ", without a value anywhere else"),
            rows=plural(self.rows, "row holds", "rows hold"),
            label=self.label,
        )
        return [Assumption(what="totals", value="drop", evidence=evidence)]

    def warnings(self) -> list[Sentence]:
        """What has to be known whatever is decided."""
        if self.rows:
            return [
                say(
                    "{rows|int} {word} of totals at the end left out; source.totals: keep takes {them} in",
                    rows=self.rows,
                    word=plural(self.rows, "row"),
                    them=plural(self.rows, "it", "them"),
                )
            ]
        if self.doubtful:
            return [
                say(
                    'the last row says "{label}" but no column adds up to it, so it is kept as a row',
                    label=self.doubtful,
                )
            ]
        return []


def find_totals(columns: Sequence[pd.Series], decimal: str | None = None) -> Totals:
    """Look for totals in the last rows of raw or typed columns.

    Args:
        columns: ``str`` columns are raw cells, others values.
        decimal: the stated decimal mark.
    """
    height = len(columns[0]) if columns else 0
    found = Totals()
    numbers: list[NDArray[np.float64] | None] | None = None
    while found.rows < MOST and height - found.rows > FEWEST:
        last = height - 1 - found.rows
        label, bare = _label(columns, last), _only_figures(columns, last)
        if label is None and not bare:
            break
        if numbers is None:
            mark = decimal or file_decimal([column for column in columns if column.dtype == "str"])
            numbers = [_numbers(column, mark) for column in columns]
        if not _adds_up(numbers, last, LABELLED if label else BARE, every=label is None):
            return found if found.rows or label is None else Totals(doubtful=label)
        found = Totals(found.rows + 1, found.label or label)
    return found


def _label(columns: Sequence[pd.Series], last: int) -> str | None:
    """The word for a total in a row, where it stands nowhere else in its column."""
    for column in columns:
        if column.dtype != "str":
            continue
        cell = column.iloc[last]
        if isinstance(cell, str) and TOTAL.fullmatch(cell.strip()) and not (column.iloc[:last] == cell).any():
            return cell.strip()
    return None


def _only_figures(columns: Sequence[pd.Series], last: int) -> bool:
    """Whether a row lacks a value in a column that otherwise has all."""
    for column in columns:
        cell = column.iloc[last]
        blank = pd.isna(cell) or (isinstance(cell, str) and not cell.strip())
        if not blank:
            continue
        above = column.iloc[:last]
        if not above.isna().any() and not (above.dtype == "str" and (above.str.strip() == "").any()):
            return True
    return False


def _numbers(column: pd.Series, decimal: str) -> NDArray[np.float64] | None:
    """The column's numbers, missing where a cell holds none; None where it is no column of numbers."""
    if column.dtype != "str":
        numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
        return column.to_numpy(dtype=np.float64, na_value=np.nan) if numeric else None
    texts = column.where(column.str.strip() != "", None)
    present = int(texts.notna().sum())
    for style in number_styles(decimal):
        read = read_cells(ColumnReading(name="", position=1, type="number", **style), texts)
        if present and read.unreadable.sum() <= 0.05 * present:
            return read.values.to_numpy(dtype=np.float64)
    return None


def _adds_up(numbers: Sequence[NDArray[np.float64] | None], last: int, near: float, every: bool) -> bool:
    """Whether figures of a row are the sums, or the means, of those above: one of them, or every one."""
    sums: list[bool] = []
    for values in numbers:
        if values is None or not np.isfinite(values[last]):
            continue
        above = values[:last][np.isfinite(values[:last])]
        total = float(above.sum()) if len(above) else 0.0
        if not total:
            continue
        close = near * float(np.abs(above).sum())
        told = float(values[last])
        sums.append(abs(told - total) <= close or abs(told - total / len(above)) <= close / len(above))
    return bool(sums) and (all(sums) if every else any(sums))
