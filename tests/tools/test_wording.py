"""Numbers read as a person writes them: no empty digits, no powers of ten before they are needed."""

from __future__ import annotations

import pytest

from tools.wording import show


@pytest.mark.parametrize(
    ("value", "style", "shown"),
    [
        (0.05, "pct", "5 %"),
        (0.0504, "pct", "5 %"),
        (0.054, "pct", "5.4 %"),
        (0.999, "pct", "99.9 %"),
        (0.99999, "pct", "over 99.9 %"),
        (0.000031, "num", "0.000031"),
        (-0.000028, "num", "-0.000028"),
        (8.1e-08, "num", "8.1e-08"),
        (546.9, "num", "547"),
        (2015.0, "num", "2015"),
        (26511.4, "num", "26,511"),
        (2015, "int", "2,015"),
    ],
)
def test_a_number_holds_the_digits_that_say_something(value: float, style: str, shown: str) -> None:
    assert show(value, style) == shown
