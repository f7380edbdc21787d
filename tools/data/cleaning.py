"""The cleaning plan: rules per column as data, fitted on training rows, and the ledger of what they changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.data.cleaning_rules import (
    CleaningRule,
    DuplicateStrategy,
    MissingStrategy,
    OutlierStrategy,
    PersonalTreatment,
    fit_rules,
)
from tools.data.typed import ColumnType, column_type, frame_of, typed_columns
from tools.records import Record
from tools.serving.service.plan import Cleaner
from tools.wording import Sentence, say


class ColumnCleaning(Record):
    """What happens to one column."""

    name: str
    type: ColumnType
    use: Literal["keep", "drop"]
    why: Sentence | None = None
    """Why it is dropped, or kept though it was to be dropped."""
    rules: tuple[CleaningRule, ...] = ()


class CleaningPlan(Record):
    """Version 1: rules per column in table order (``cleaning.json``)."""

    version: int = 1
    rows: int
    """Training rows that it was fitted on, before duplicates were dropped."""
    missing: MissingStrategy
    outliers: OutlierStrategy
    duplicates: DuplicateStrategy
    columns: tuple[ColumnCleaning, ...]

    @property
    def kept(self) -> tuple[str, ...]:
        """Columns of the clean frames."""
        return tuple(column.name for column in self.columns if column.use == "keep")

    def spec(self, only: Collection[str] | None = None) -> dict[str, Any]:
        """What the interpreter needs, and what is shipped: kept columns (or those named), without the reasons."""
        shown = [
            {
                "name": column.name,
                "type": column.type,
                "use": column.use,
                "rules": [{"rule": rule.rule, "params": rule.params} for rule in column.rules],
            }
            for column in self.columns
            if column.use == "keep" and (only is None or column.name in only)
        ]
        return {"version": self.version, "columns": shown}


class Change(Record):
    """One entry of the ledger of changes."""

    rule: str
    column: str | None
    rows: int
    """Training rows that it touched (for a dropped column: all of them)."""
    validation_rows: int
    why: Sentence


class Changes(Record):
    """Version 1: everything that cleaning changed (``changes.json``)."""

    version: int = 1
    rows_before: int
    rows_after: int
    kept: tuple[int, ...]
    """Positions in ``train.parquet`` (0-based) of the rows of ``train_clean.parquet``, in order."""
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Roles:
    """What columns are for, from the decisions."""

    target: str
    none: tuple[str, ...] = ()
    """Columns of words in which no value means that there is none, which is a level of its own."""
    kept: tuple[str, ...] = ()
    """Columns that the work itself needs (group, time, protected ones): never dropped, at most hashed."""
    drop: Mapping[str, Sentence] = field(default_factory=dict)
    """Columns to drop, with the reason."""
    personal: Mapping[str, PersonalTreatment] = field(default_factory=dict)


def fit_cleaning(
    train: pd.DataFrame,
    roles: Roles,
    *,
    missing: MissingStrategy,
    outliers: OutlierStrategy,
    duplicates: DuplicateStrategy,
) -> CleaningPlan:
    """Make the cleaning plan from training rows; the target is left as it is and decides nothing.

    Args:
        train: training rows with the table's columns and types.
        roles: target, columns to drop, personal columns.
        missing: keep, flag (kept, and marked by a feature), or what fills gaps.
        outliers: keep, or clip columns with far values (see ``CLIP_SHARES`` and ``FENCE``).
        duplicates: whether repeated training rows are dropped.
    """
    columns = []
    for name in train.columns:
        kind = column_type(train[name])
        if name == roles.target:
            columns.append(ColumnCleaning(name=name, type=kind, use="keep"))
            continue
        use, why = _use(name, roles)
        rules: list[CleaningRule] = []
        if use == "keep":
            rules = fit_rules(
                train[name],
                kind,
                roles.personal.get(name, "keep"),
                missing,
                outliers,
                name in roles.kept,
                none=name in roles.none,
            )
        columns.append(ColumnCleaning(name=name, type=kind, use=use, why=why, rules=tuple(rules)))
    return CleaningPlan(
        rows=len(train), missing=missing, outliers=outliers, duplicates=duplicates, columns=tuple(columns)
    )


def _use(name: str, roles: Roles) -> tuple[Literal["keep", "drop"], Sentence | None]:
    if name in roles.kept:
        if name in roles.drop or roles.personal.get(name) == "drop":
            return "keep", say("kept for grouping, order or audit; no model sees it")
        return "keep", None
    if name in roles.drop:
        return "drop", roles.drop[name]
    if roles.personal.get(name) == "drop":
        return "drop", say("personal data")
    return "keep", None


def repeated(train: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that repeat an earlier one in every column of the source, target included."""
    return train.duplicated(keep="first").to_numpy(dtype=bool)


def clean(plan: CleaningPlan, rows: pd.DataFrame) -> pd.DataFrame:
    """Apply the plan to rows of the table; no row is dropped, the index starts anew."""
    return _cleaned(plan, rows)[0]


def _cleaned(plan: CleaningPlan, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[tuple[str, int], int]]:
    counts: dict[tuple[str, int], int] = {}

    def touched(name: str, number: int, count: int) -> None:
        counts[name, number] = count

    kept = list(plan.kept)
    columns = Cleaner(plan.spec()).apply(typed_columns(rows, kept), touched)
    return frame_of(columns, rows), counts


def clean_parts(
    plan: CleaningPlan, train: pd.DataFrame, validation: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, Changes]:
    """Clean training and validation rows, and write down what changed.

    Returns:
        Clean training rows (duplicates dropped where the plan says so), clean validation rows (all of them), changes.
    """
    again = repeated(train) if plan.duplicates == "drop" else np.zeros(len(train), dtype=bool)
    kept = np.flatnonzero(~again)
    train_clean, on_train = _cleaned(plan, train.iloc[kept])
    validation_clean, on_validation = _cleaned(plan, validation)
    changes: list[Change] = []
    if again.any():
        why = say("the row repeats an earlier one in every column")
        changes.append(Change(rule="duplicates", column=None, rows=int(again.sum()), validation_rows=0, why=why))
    for column in plan.columns:
        if column.use == "drop":
            why = column.why or say("not wanted")
            changes.append(
                Change(rule="drop", column=column.name, rows=len(kept), validation_rows=len(validation), why=why)
            )
        for number, rule in enumerate(column.rules):
            changes.append(
                Change(
                    rule=rule.rule,
                    column=column.name,
                    rows=on_train[column.name, number],
                    validation_rows=on_validation[column.name, number],
                    why=rule.why,
                )
            )
    return (
        train_clean,
        validation_clean,
        Changes(rows_before=len(train), rows_after=len(kept), kept=tuple(kept.tolist()), changes=tuple(changes)),
    )


def readable(plan: CleaningPlan, changes: Changes) -> dict[str, Any]:
    """The plan as a person reads it (``cleaning.yaml``): columns with something to say only."""
    counts = {(change.column, change.rule): change.rows for change in changes.changes}
    columns: dict[str, Any] = {}
    for column in plan.columns:
        if column.use == "drop":
            columns[column.name] = {"drop": str(column.why or "")}
        elif column.rules:
            columns[column.name] = [
                {
                    rule.rule: rule.params,
                    "why": str(rule.why),
                    "rows": counts.get((column.name, rule.rule), 0),
                }
                for rule in column.rules
            ]
    return {
        "version": plan.version,
        "fitted_on_training_rows": plan.rows,
        "missing": plan.missing,
        "outliers": plan.outliers,
        "duplicates": plan.duplicates,
        "repeated_training_rows_dropped": changes.rows_before - changes.rows_after,
        "columns": columns,
    }
