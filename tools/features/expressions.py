"""The declared language of features: what an expression is made of, which functions there are, how it reads.

``tools.features.grammar`` reads the text, ``tools.features.formulas`` fits it to training rows, and the shipped
``service.expressions`` computes it. Nothing of it is ever evaluated as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "flag", "date", "text"]
"""What a value is: flag is yes or no, and may stand wherever a number may."""
KINDS: Mapping[str, Kind] = {
    "number": "number",
    "integer": "number",
    "boolean": "flag",
    "date": "date",
    "text": "text",
}
"""Type of a column to the kind of its values."""
_PLAIN = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Function:
    """What a function takes and gives.

    An argument is a kind; ``any``; ``ordered`` (numbers or dates, all of one kind); or a literal: ``steps`` (a whole
    number from 1 to 50), ``quoted`` (a text in double quotes).
    """

    takes: tuple[str, ...]
    gives: Kind
    label: str
    """What a person reads, with the arguments' labels by place."""
    what: str
    """What it computes, for the grammar page."""
    repeats: bool = False
    """Whether the last argument may stand more than once."""
    named: tuple[str, ...] = ()
    """Arguments given by name: ``by`` (any) may be left out, ``order`` (numbers or dates) may not."""


FUNCTIONS: Mapping[str, Function] = {
    "ratio": Function(("number", "number"), "number", "{0} / {1}", "a divided by b; missing where b is 0"),
    "difference": Function(("ordered", "ordered"), "number", "{0} - {1}", "a less b; of dates the days between them"),
    "product": Function(("number", "number"), "number", "{0} × {1}", "a times b"),
    "sum": Function(("number", "number"), "number", "{0} + {1}", "a plus b plus any further ones", repeats=True),
    "absolute": Function(("number",), "number", "size of {0}", "a without its sign"),
    "log1p": Function(
        ("number",), "number", "log of {0} plus one", "natural logarithm of 1 + a; missing at -1 or less"
    ),
    "sqrt": Function(("number",), "number", "square root of {0}", "square root of a; missing below 0"),
    "bins": Function(
        ("number", "steps"), "number", "bin of {0} (of {1})", "which of n bins of equal training counts a lies in"
    ),
    "days_between": Function(("date", "date"), "number", "days from {0} to {1}", "days from the first to the second"),
    "year": Function(("date",), "number", "year of {0}", "year of a date"),
    "month": Function(("date",), "number", "month of {0}", "month of a date, 1 to 12"),
    "weekday": Function(("date",), "number", "weekday of {0}", "day of the week, 1 (Monday) to 7"),
    "hour": Function(("date",), "number", "hour of {0}", "hour of the day, 0 to 23"),
    "characters": Function(("text",), "number", "length of {0}", "characters of a text"),
    "words": Function(("text",), "number", "words in {0}", "words of a text, as spaces part them"),
    "contains": Function(("text", "quoted"), "flag", "{0} contains {1}", "whether a text holds another, in any case"),
    "if_missing": Function(("any",), "flag", "{0} is missing", "whether there is no value"),
    "all": Function(("flag", "flag"), "flag", "{0} and {1}", "whether every one holds", repeats=True),
    "any": Function(("flag", "flag"), "flag", "{0} or {1}", "whether at least one holds", repeats=True),
    "not": Function(("flag",), "flag", "not {0}", "whether it does not hold"),
    "count_by": Function(
        ("any",), "number", "training rows with the same {0}", "how many training rows have this value; 0 where few do"
    ),
    "mean_by": Function(
        ("number", "any"), "number", "mean {0} by {1}", "mean of a over the training rows with this value of b"
    ),
    "lag": Function(
        ("number", "steps"),
        "number",
        "{0}, {1} back",
        "the n-th last value of a among the training rows that lie strictly before this row in the order",
        named=("by", "order"),
    ),
}
"""Name to function."""
COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")
_JOINED = {"sum": " + ", "all": " and ", "any": " or "}


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Value:
    """A number or a text as written; a date stands as its days since 1970-01-01."""

    value: float | str
    kind: Kind
    text: str
    """As a person reads it."""


@dataclass(frozen=True)
class Call:
    """A function or comparison with its arguments."""

    name: str
    arguments: tuple[Node, ...]
    kind: Kind
    by: Node | None = None
    order: Node | None = None


Node = Column | Value | Call


@dataclass(frozen=True)
class Proposal:
    """A proposed feature that was read and whose types fit."""

    root: Call

    def __str__(self) -> str:
        return source(self.root)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it is made from, in the order in which they stand."""
        return tuple(dict.fromkeys(node.name for node in walk(self.root) if isinstance(node, Column)))

    @property
    def kind(self) -> Literal["number", "flag"]:
        """What the feature is."""
        return "flag" if self.root.kind == "flag" else "number"

    @property
    def label(self) -> str:
        """What a person reads."""
        return label(self.root)


def walk(node: Node) -> Iterator[Node]:
    """The node and all that it is made of."""
    yield node
    if isinstance(node, Call):
        for inner in (*node.arguments, node.by, node.order):
            if inner is not None:
                yield from walk(inner)


def quoted(name: str) -> str:
    """A column's name as it stands in an expression: in backquotes where it is not a plain word."""
    return name if _PLAIN.fullmatch(name) and name not in FUNCTIONS else "`" + name.replace("`", "``") + "`"


def source(node: Node) -> str:
    """The expression in its one spelling; reading it again gives the same expression."""
    if isinstance(node, Column):
        return quoted(node.name)
    if isinstance(node, Value):
        return node.text
    if node.name in COMPARISONS:
        left, right = (
            f"({source(one)})" if isinstance(one, Call) and one.name in COMPARISONS else source(one)
            for one in node.arguments
        )
        return f"{left} {node.name} {right}"
    parts = [source(argument) for argument in node.arguments]
    parts += [f"{name}={source(one)}" for name, one in (("by", node.by), ("order", node.order)) if one is not None]
    return f"{node.name}({', '.join(parts)})"


def label(node: Node) -> str:
    """What a person reads for an expression."""
    if isinstance(node, Column):
        return node.name
    if isinstance(node, Value):
        return node.text
    parts = [f"({label(one)})" if isinstance(one, Call) else label(one) for one in node.arguments]
    if node.name in COMPARISONS:
        return f"{parts[0]} {node.name} {parts[1]}"
    if node.name in _JOINED:
        return _JOINED[node.name].join(parts)
    said = FUNCTIONS[node.name].label.format(*parts)
    if node.order is not None:
        said += f" by {label(node.order)}"
    return said if node.by is None else f"{said}, of the same {label(node.by)}"
