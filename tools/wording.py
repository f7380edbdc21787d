"""Sentences whose numbers are facts: templates, formats, and the cleaning of text that comes from data.

A template holds no literal digit. Each number stands in it as ``{name|format}`` and is filled from named facts, so
that every figure a person reads can be traced to the evidence that carries it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

Fact = bool | int | float | str | None
"""What a sentence or a table may rest on; lists are several facts."""

_SLOT = re.compile(r"\{([A-Za-z0-9_.]+)(?:\|([a-z]+))?\}")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Sentence(BaseModel):
    """A template and the facts that fill it; ``str()`` renders it as plain text."""

    model_config = ConfigDict(frozen=True)

    template: str
    facts: dict[str, Fact] = Field(default_factory=dict)

    def __str__(self) -> str:
        return render(self.template, self.facts)


def say(template: str, **facts: Fact) -> Sentence:
    """Make a sentence; every slot of the template must have its fact.

    Raises:
        KeyError: a slot names a fact that was not given.
    """
    missing = [name for name, _ in slots(template) if name not in facts]
    if missing:
        raise KeyError(f"no fact for {', '.join(missing)} in {template!r}")
    return Sentence(template=template, facts=facts)


def slots(template: str) -> list[tuple[str, str]]:
    """The (fact, format) pairs of a template in order of appearance; format is '' where none is stated."""
    return [(match[1], match[2] or "") for match in _SLOT.finditer(template)]


def render(template: str, facts: Mapping[str, Fact]) -> str:
    """Fill a template with formatted, inert facts."""
    return _SLOT.sub(lambda match: show(facts[match[1]], match[2] or ""), template)


def show(value: Fact, style: str = "") -> str:
    """Format one fact. Styles: int, num, pct, ratio, sec, ms, bytes, text; '' picks by type."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not math.isfinite(value):
        return "unknown"
    if not style:
        style = "int" if isinstance(value, int) else "num"
    return FORMATS[style](float(value))


def _significant(value: float) -> str:
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 1000:
        # four digits stand without a comma: they are as often a year or a time of day as an amount
        return f"{value:,.0f}" if magnitude >= 9999.5 else f"{value:.0f}"
    if magnitude >= 100:
        return f"{value:.0f}"
    if magnitude >= 10:
        return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
    if float(value).is_integer():
        return f"{value:.0f}"
    if magnitude >= 1:
        return f"{value:.2f}"
    if magnitude >= 0.001:
        return f"{value:.3f}"
    # a power of ten only where the zeros could no longer be counted
    return f"{value:.{1 - math.floor(math.log10(magnitude))}f}" if magnitude >= 1e-5 else f"{value:.2g}"


def _percent(value: float) -> str:
    percent = value * 100
    if percent == 0 or percent == 100:
        return f"{percent:.0f} %"
    if 99.5 <= abs(percent) < 100:
        return f"{percent:.1f} %" if abs(percent) < 99.95 else "over 99.9 %"  # never rounded to all
    if abs(percent) >= 10:
        return f"{percent:.0f} %"
    if abs(percent) < 0.1:
        return "under 0.1 %" if percent > 0 else "above -0.1 %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def _milliseconds(value: float) -> str:
    if value >= 100 or (value >= 1 and float(value).is_integer()):
        return f"{value:.0f} ms"
    return f"{value:.1f} ms" if value >= 1 else f"{value:.2g} ms"


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


FORMATS: dict[str, Callable[[float], str]] = {
    "int": lambda value: f"{value:,.0f}",
    "num": _significant,
    "pct": _percent,
    "ratio": lambda value: f"{value:.2f}",
    "sec": lambda value: f"{value:.0f} s" if value >= 10 else f"{value:.1f} s",
    "ms": _milliseconds,
    "bytes": _bytes,
    "text": str,
}
"""Format name to function; a new format is one line here."""


def inert(text: str, limit: int = 120) -> str:
    """Text from data, made harmless for any display: no control, bidi or zero-width characters, bounded length."""
    shown = "".join(" " if char in "\t\r\n" else char for char in text)
    shown = "".join(char for char in shown if char == " " or unicodedata.category(char) not in _INVISIBLE)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in quotes, joined for a sentence; past ``most`` the rest is counted in words that hold no digit."""
    shown = [f'"{inert(name)}"' for name in names]
    if len(shown) > most:
        shown = [*shown[:most], "others"]
    if len(shown) <= 1:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """The word for a count: ``plural(1, "row")`` is "row", ``plural(2, "row")`` "rows"."""
    return one if count == 1 else (many or one + "s")
