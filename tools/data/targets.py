"""The target: class texts, declared class order, codes, which task it is, and whether it can be learned at all."""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.errors import InputError
from tools.records import Task
from tools.wording import inert, listed, plural

MINIMUM_ROWS = 30
"""Labelled rows below which no split leaves enough to fit and to test."""
MINIMUM_CLASS_ROWS = 5
"""Rows of a class below which it can't lie in training folds, validation and test at once."""
MANY_CLASSES = 100
"""Distinct texts past which a text target is an identifier or prose, not a class."""
FEW_NUMBERS = 10
"""Distinct whole numbers up to which a numeric target is read as classes."""

POSITIVE_PAIRS: tuple[tuple[str, str], ...] = (
    ("yes", "no"),
    ("y", "n"),
    ("true", "false"),
    ("t", "f"),
    ("ja", "nein"),
    ("oui", "non"),
    ("si", "no"),
    ("sí", "no"),
    ("1", "0"),
    ("1", "-1"),
    ("positive", "negative"),
    ("pos", "neg"),
    ("bad", "good"),
    ("fail", "pass"),
    ("failed", "passed"),
    ("fraud", "legitimate"),
    ("spam", "ham"),
    ("sick", "healthy"),
    ("malignant", "benign"),
    ("abnormal", "normal"),
    ("anomaly", "normal"),
)
"""Pairs of labels whose first is, by convention, the event that one looks for."""


def class_text(value: object) -> str:
    """The text of a class as predictions and answers show it (CONTRACT, Predictions).

    Text as it is; whole numbers without a point; ``True`` and ``False``; dates in ISO form.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "True" if value else "False"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if math.isfinite(number) and number.is_integer() else repr(number)
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return str(value)


def class_texts(series: pd.Series) -> pd.Series:
    """Class text of each row, missing where the label is; same index."""
    codes, uniques = pd.factorize(series, use_na_sentinel=True)
    texts = np.asarray([class_text(value) for value in uniques.tolist()] + [None], dtype=object)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        texts = np.asarray([class_text(value) for value in pd.DatetimeIndex(uniques)] + [None], dtype=object)
    return pd.Series(texts[codes], index=series.index, dtype="str")


def classes_of(series: pd.Series, task: Task, positive: str | None = None) -> tuple[str, ...]:
    """The classes in declared order: sorted by text, and for a binary task the positive class last.

    Args:
        series: the target column; missing labels are left out.
        task: for regression there are no classes.
        positive: class text of the positive class; None leaves the order of the texts.

    Raises:
        InputError: ``positive`` is not one of the classes.
    """
    if task == "regression":
        return ()
    classes = sorted(class_texts(series).dropna().unique().tolist())
    if task == "binary" and positive is not None:
        wanted = class_text(positive)
        if wanted not in classes:
            raise InputError(
                f'The positive class "{inert(wanted)}" does not occur in the target.',
                hint=f"Set data.positive_class to one of {listed(classes)}.",
                code=8,
            )
        classes = [name for name in classes if name != wanted] + [wanted]
    return tuple(classes)


def encode(series: pd.Series, classes: Sequence[str]) -> NDArray[np.int64]:
    """Codes 0..k-1 of each row's class, -1 where the label is missing or not declared.

    Args:
        series: n labels of any type.
        classes: the declared order.
    """
    position = {name: code for code, name in enumerate(classes)}
    codes = class_texts(series).map(position)
    return np.asarray(codes.fillna(-1), dtype=np.int64)


def target_values(series: pd.Series, task: Task, classes: Sequence[str]) -> NDArray[np.int64] | NDArray[np.float64]:
    """The target as models take it: class codes, or float64 for regression (NaN where missing)."""
    if task == "regression":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    return encode(series, classes)


def find_column(name: str, columns: Sequence[str], *, role: str = "Column") -> str:
    """The column of this name.

    Raises:
        InputError: there is none; the hint offers the nearest name and lists the columns.
    """
    if name in columns:
        return name
    lowered = {column.strip().casefold(): column for column in reversed(columns)}
    near = lowered.get(name.strip().casefold())
    if near is None:
        close = difflib.get_close_matches(name.strip().casefold(), list(lowered), n=1, cutoff=0.6)
        near = lowered[close[0]] if close else None
    shown = ", ".join(inert(column, 40) for column in columns[:20]) + (", …" if len(columns) > 20 else "")
    guess = f'Did you mean "{inert(near)}"? ' if near is not None else ""
    raise InputError(f'{role} "{inert(name)}" not found.', hint=f"{guess}Columns: {shown}.", column=name)


def propose_task(series: pd.Series) -> Task | None:
    """The task that the values suggest; None where they suggest none (one value, or texts that are no classes)."""
    present = series.dropna()
    distinct = int(present.nunique())
    if distinct < 2:
        return None
    if distinct == 2:
        return "binary"
    if pd.api.types.is_numeric_dtype(present.dtype):
        whole = bool((present == present.round()).all())
        if whole and distinct <= FEW_NUMBERS and present.value_counts().min() >= MINIMUM_CLASS_ROWS:
            return "multiclass"
        return "regression"
    if pd.api.types.is_datetime64_any_dtype(present.dtype) or distinct > MANY_CLASSES:
        return None
    return "multiclass"


def propose_positive(counts: dict[str, int]) -> tuple[str, str] | None:
    """The class to call positive in a binary target, with the kind of reason: ``word``, ``rarer`` or ``tie``.

    Args:
        counts: rows by class text, two classes.
    """
    if len(counts) != 2:
        return None
    plain = {name.strip(" '\"").casefold(): name for name in counts}
    for yes, no in POSITIVE_PAIRS:
        if yes in plain and no in plain:
            return plain[yes], "word"
    (first, few), (second, more) = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    return (first, "rarer") if few < more else (second, "tie")


def check_target(series: pd.Series, task: str | None, *, name: str | None = None, part: bool = False) -> Task:
    """Whether this target can be learned as this task.

    Args:
        series: the target column of all rows.
        task: the wanted task; None takes what the values propose.
        name: the column's name for messages; the series' own by default.
        part: whether these are the rows of one part only, which may hold fewer of a class.

    Returns:
        The task, once nothing speaks against it.

    Raises:
        InputError: one value only, too few rows, a class with too few rows, or a task that does not fit or is not
            offered.
    """
    column = str(series.name) if name is None else name
    shown = f'"{inert(column)}"'
    if task in ("ranking", "clustering"):
        raise InputError(
            f"A {task} task is not offered yet.",
            hint="Choose binary, multiclass or regression for data.problem_type.",
        )
    present = series.dropna()
    counts = class_texts(present).value_counts()
    if not part:
        _enough_rows(len(present), shown, column)
    if len(counts) < 2:
        raise InputError(
            f"The target {shown} has one value ({listed([str(text) for text in counts.index])}): nothing to learn.",
            hint="Choose another target, or rows in which it differs.",
            column=column,
        )
    chosen = task or propose_task(series)
    if chosen is None:
        raise InputError(
            f"The target {shown} holds {len(counts):,} different values that are neither numbers nor classes.",
            hint="Choose another target.",
            column=column,
        )
    if chosen == "regression":
        if not pd.api.types.is_numeric_dtype(present.dtype):
            raise InputError(
                f"The target {shown} is not a number, so regression can't predict it.",
                hint="Set data.problem_type to binary or multiclass, or choose another target.",
                column=column,
            )
        return "regression"
    if chosen == "binary" and len(counts) != 2:
        raise InputError(
            f"The target {shown} has {len(counts):,} values; a binary task needs two.",
            hint="Set data.problem_type to multiclass or regression.",
            column=column,
        )
    if len(counts) > MANY_CLASSES:
        raise InputError(
            f"The target {shown} has {len(counts):,} different values, too many for classes.",
            hint="Set data.problem_type to regression, or choose another target.",
            column=column,
        )
    if not part:
        _enough_per_class(counts, shown, column)
    return "multiclass" if chosen == "multiclass" else "binary"


def _enough_rows(rows: int, shown: str, column: str) -> None:
    if rows < MINIMUM_ROWS:
        raise InputError(
            f"{rows:,} {plural(rows, 'row')} with a value in {shown} {plural(rows, 'is', 'are')} too few to train.",
            hint=f"At least {MINIMUM_ROWS} labelled rows are needed; some hundreds give useful intervals.",
            column=column,
        )


def _enough_per_class(counts: pd.Series, shown: str, column: str) -> None:
    rare: Iterable[str] = [str(text) for text, count in counts.items() if count < MINIMUM_CLASS_ROWS]
    names = sorted(rare)
    if not names:
        return
    if len(names) == 1:
        rows = int(counts[names[0]])
        said = f'Class "{inert(names[0])}" of the target {shown} has {rows} {plural(rows, "row")}'
    else:
        said = f"The classes {listed(names)} of the target {shown} have too few rows"
    raise InputError(
        f"{said}: it cannot be split into training, validation and test."
        if len(names) == 1
        else f"{said} to be split into training, validation and test.",
        hint=f"Each class needs at least {MINIMUM_CLASS_ROWS} rows: add rows, merge the class with another, "
        "or leave its rows out.",
        column=column,
    )
