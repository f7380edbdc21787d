"""How a frame made in a test would have been read."""

from __future__ import annotations

import pandas as pd

from tools.data.reading import ColumnReading, Reading


def reading_of(frame: pd.DataFrame) -> Reading:
    """The reading of a table whose columns have these types."""

    def kind(dtype: object) -> str:
        text = str(dtype)
        return "date" if "datetime" in text else "integer" if "int" in text else "number" if "float" in text else "text"

    columns = tuple(
        ColumnReading(name=name, position=place, type=kind(frame[name].dtype))
        for place, name in enumerate(frame.columns, start=1)
    )
    return Reading(format="frame", rows=len(frame), columns=columns)
