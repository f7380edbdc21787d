"""The condition of a recorded approval (``only_if``): a small language that is parsed and compared, never executed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from agent.errors import AnswersDoNotFit
from tools.wording import inert

_METRIC = re.compile(r"metrics\.[^.]+\.(value|lower|upper)")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>")
_WORDS = {
    "recommendation": ("approve", "approve with conditions", "revise", "reject"),
    "checks": ("pass", "warn", "fail", "insufficient"),
}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def parse_condition(text: str) -> list[tuple[str, str, Any]]:
    """Parse ``NAME op LITERAL and …`` into (name, operator, literal) triples.

    Raises:
        AnswersDoNotFit: it is not of that form.
    """
    clauses = []
    for part in " ".join(text.split()).split(" and "):
        operator = next(reversed(list(_OPERATOR.finditer(part))), None)  # a check's id may hold one, a word may not
        clause = operator and _clause(part[: operator.start()].strip(), operator[0], part[operator.end() :].strip())
        if not clause:
            raise AnswersDoNotFit(
                f'"{inert(part)}" is not a condition.',
                hint="Compare recommendation or checks.ID with one of its words (== !=), or "
                "metrics.NAME.value|lower|upper with a number.",
            )
        clauses.append(clause)
    return clauses


def _clause(name: str, operator: str, literal: str) -> tuple[str, str, Any] | None:
    kind, _, rest = name.partition(".")
    word = literal.strip("\"'")
    if name == "recommendation" or (kind == "checks" and rest):
        return (name, operator, word) if word in _WORDS[kind] and operator in {"==", "!="} else None
    try:
        number = float(literal)
    except ValueError:
        return None
    return (name, operator, number) if _METRIC.fullmatch(name) and math.isfinite(number) else None
