"""The feature plan as data: what goes into a model, made from which columns and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tools.records import Record
from tools.serving.service.plan import Encoder as Interpreter
from tools.wording import Sentence

ColumnType = Literal["number", "integer", "boolean", "date", "text"]
FeatureKind = Literal["number", "category", "flag"]


class Input(Record):
    """A cleaned column that the plan reads, with what was usual in the training rows."""

    name: str
    type: ColumnType
    missing: float = Field(ge=0, le=1)
    """Share of training rows without a value."""
    typical: float | str | None
    """Median, or the most frequent level; dates in days since 1970-01-01. None for free text."""
    low: float | None = None
    """1 % quantile of numbers and dates."""
    high: float | None = None
    """99 % quantile."""
    levels: tuple[str, ...] = ()
    """Known levels of a category, rare ones left out."""


class Encoding(Record):
    """One operation of the plan: writes matrix columns ``first`` to ``first + outputs``."""

    op: str
    """A key of ``service.plan.ENCODERS``."""
    columns: tuple[str, ...]
    first: int
    outputs: int
    params: dict[str, Any] = Field(default_factory=dict)


class Feature(Record):
    """One column of the matrix."""

    name: str
    """Safe name in plan order: f000, f001, …"""
    label: str
    """What a person reads, such as "age" or "month of signup_date"."""
    kind: FeatureKind
    """category: integer codes ≥ 0; flag: 0 or 1; missing and unseen are NaN."""
    columns: tuple[str, ...]
    """Columns of the table that it is made from."""
    op: str
    levels: tuple[str, ...] = ()
    """Text of each code of a category."""


class LeftOut(Record):
    """A column or feature, and why it is not in the plan (or, of those that were tried, why it is)."""

    name: str
    why: Sentence


class FeaturePlan(Record):
    """Version 1: inputs, encoders and features in matrix order. Fitted on training rows only."""

    version: int = 1
    rows: int
    """Training rows that it was fitted on."""
    inputs: tuple[Input, ...]
    encoders: tuple[Encoding, ...]
    features: tuple[Feature, ...]
    left_out: tuple[LeftOut, ...] = ()
    tried: tuple[LeftOut, ...] = ()
    """Proposed features that stay, with what the paired test said of each."""

    @property
    def names(self) -> tuple[str, ...]:
        """Safe names in matrix order."""
        return tuple(feature.name for feature in self.features)

    def spec(self) -> dict[str, Any]:
        """What the interpreter needs, and what is shipped: plain data without the reasons."""
        return self.model_dump(mode="json", exclude={"left_out", "tried"})


def apply_plan(plan: FeaturePlan, columns: Mapping[str, NDArray[Any]], rows: int) -> NDArray[np.float32]:
    """The matrix [rows, features] of cleaned typed columns (``tools.data.typed.typed_columns``)."""
    return Interpreter(plan.spec()).matrix(columns, rows)


def numbered(features: list[Feature]) -> tuple[Feature, ...]:
    """Features with their safe names."""
    width = max(3, len(str(len(features))))
    return tuple(
        feature.model_copy(update={"name": f"f{position:0{width}d}"}) for position, feature in enumerate(features)
    )
