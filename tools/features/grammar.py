"""Reads a feature expression by recursive descent, and checks the type of every part of it."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Mapping
from typing import NoReturn

from tools.errors import InputError
from tools.features.expressions import COMPARISONS, FUNCTIONS, KINDS, Call, Column, Function, Node, Proposal, Value
from tools.wording import inert

LONGEST = 1000
"""Characters of an expression."""
DEEPEST = 12
"""Expressions within expressions."""
MOST_STEPS = 50
"""Largest number of bins, and of rows that a lag looks back."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WORD = re.compile(r"[^\W\d]\w*")
_CALL = re.compile(r"([^\W\d]\w*)\s*\(")
_NAMED = re.compile(r"(by|order)\s*=(?!=)")
_SPACE = re.compile(r"\s*")
_SAYS = {"number": "numbers", "flag": "yes-or-no values", "date": "dates", "text": "text"}
_EXAMPLE = "Known functions: {}; such as ratio(a, b) or a > 3."


def parse(text: str, types: Mapping[str, str]) -> Proposal:
    """Read one proposed feature.

    Args:
        text: such as ``ratio(debt, income)``; the grammar is in ``docs/features.md``. A column's name stands as in the
            source, in backquotes where it could be read otherwise.
        types: column types by name (number, integer, boolean, date, text).

    Raises:
        InputError: it is not an expression of the language, names what is not there, or its types do not fit.
    """
    if len(text) > LONGEST:
        raise InputError(
            f"A proposed feature is longer than {LONGEST} characters.", hint="Propose a shorter one.", code=8
        )
    return _Reader(text, types).proposal()


class _Reader:
    """One reading of one text."""

    def __init__(self, text: str, types: Mapping[str, str]) -> None:
        self.text = text
        self.types = types
        self.names = sorted(types, key=len, reverse=True)
        self.place = 0
        self.depth = 0

    # ── the grammar ─────────────────────────────────────────────────────────

    def proposal(self) -> Proposal:
        root = self.expression()
        if self.place < len(self.text):
            self.fail(f'"{self.rest()}" is left over')
        if not isinstance(root, Call):
            self.fail(
                "it is a column or a value by itself", hint="Columns enter by themselves; propose what they lack."
            )
        if root.kind not in ("number", "flag"):
            self.fail(f"it gives {_SAYS[root.kind]}, where a feature is a number or a yes or no")
        found = Proposal(root)
        if not found.columns:
            self.fail("it names no column, so it would be the same in every row")
        return found

    def expression(self) -> Node:
        """A comparison, or what could stand on either side of one."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} expressions stand within one another")
        left = self.operand()
        self.space()
        sign = next((one for one in COMPARISONS if self.text.startswith(one, self.place)), None)
        if sign is not None:
            self.place += len(sign)
            left = self.comparison(sign, left, self.operand())
        self.space()
        self.depth -= 1
        return left

    def operand(self) -> Node:
        self.space()
        first = self.text[self.place : self.place + 1]
        if first == "":
            self.fail("it ends where a column, a value or a function should stand")
        if first == "`":
            return self.column(self.between("`"))
        if first == '"':
            inside = self.between('"')
            return Value(inside, "text", '"' + inside.replace('"', '""') + '"')
        name, number, call = self.longest(), _NUMBER.match(self.text, self.place), _CALL.match(self.text, self.place)
        if call is not None and len(name or "") <= len(call[1]):
            return self.call(call[1], call.end())
        if number is not None and len(number[0]) >= len(name or ""):
            self.place = number.end()
            return self.number(number[0])
        if name is not None:
            self.place += len(name)
            return self.column(name)
        if first == "(":
            self.place += 1
            held = self.expression()
            self.take(")")
            return held
        self.unknown()

    def call(self, name: str, after: int) -> Call:
        function = FUNCTIONS.get(name)
        if function is None:
            close = difflib.get_close_matches(name, FUNCTIONS, 1)
            self.fail(f'there is no function "{inert(name)}"' + (f", did you mean {close[0]}?" if close else ""))
        self.place = after
        arguments: list[Node] = []
        named: dict[str, Node] = {}
        while True:
            self.space()
            given = _NAMED.match(self.text, self.place) if function.named else None
            if given is not None and given[1] in named:
                self.fail(f"{given[1]} is given twice")
            if given is not None:
                self.place = given.end()
                named[given[1]] = self.expression()
            elif named:
                self.fail(f'"{self.rest()}" stands after the named arguments')
            else:
                arguments.append(self.expression())
            self.space()
            if not self.text.startswith(",", self.place):
                break
            self.place += 1
        self.take(")")
        return self.checked(name, function, tuple(arguments), named)

    # ── types ───────────────────────────────────────────────────────────────

    def checked(self, name: str, function: Function, arguments: tuple[Node, ...], named: Mapping[str, Node]) -> Call:
        wanted = list(function.takes)
        if function.repeats and len(arguments) > len(wanted):
            wanted += [wanted[-1]] * (len(arguments) - len(wanted))
        if len(arguments) != len(wanted):
            count = f"{len(wanted)}{' or more' if function.repeats else ''}"
            self.fail(f"{name} takes {count} argument{'s' if len(wanted) > 1 else ''} and was given {len(arguments)}")
        for argument, kind in zip(arguments, wanted, strict=True):
            self.fits(name, argument, kind)
        if "ordered" in wanted and (arguments[0].kind == "date") != (arguments[1].kind == "date"):
            self.fail(f"{name} computes with a date and a number")
        if "order" in function.named and "order" not in named:
            self.fail(f"{name} needs an order, such as {name}(a, 1, by=group, order=time)")
        if "order" in named:
            self.fits(name, named["order"], "ordered")
        return Call(name, arguments, function.gives, named.get("by"), named.get("order"))

    def fits(self, name: str, node: Node, wanted: str) -> None:
        if wanted == "steps":
            if not isinstance(node, Value) or not isinstance(node.value, float) or not _steps(node.value):
                self.fail(f"{name} takes a whole number from 1 to {MOST_STEPS} there")
        elif wanted == "quoted":
            if not isinstance(node, Value) or node.kind != "text" or not node.value:
                self.fail(f'{name} takes a text in double quotes there, such as "late"')
        else:
            allowed = {"any": set(_SAYS), "ordered": {"number", "flag", "date"}, "number": {"number", "flag"}}
            if node.kind not in allowed.get(wanted, {wanted}):
                what = f'"{inert(node.name)}", which holds' if isinstance(node, Column) else "what gives"
                needs = "numbers or dates" if wanted == "ordered" else _SAYS[wanted]
                self.fail(f"{name} takes {needs}, and was given {what} {_SAYS[node.kind]}", node)

    def comparison(self, sign: str, left: Node, right: Node) -> Call:
        left, right = self.dated(left, right), self.dated(right, left)
        kinds = {"number" if one.kind == "flag" else one.kind for one in (left, right)}
        if len(kinds) > 1:
            self.fail(f"{sign} compares {_SAYS[left.kind]} with {_SAYS[right.kind]}", left)
        if kinds == {"text"} and sign not in ("==", "!="):
            self.fail(f"texts have no order: {sign} compares numbers or dates", left)
        return Call(sign, (left, right), "flag")

    def dated(self, node: Node, other: Node) -> Node:
        """A quoted date as a date, where it is compared with one."""
        if other.kind != "date" or not isinstance(node, Value) or not isinstance(node.value, str):
            return node
        try:
            moment = dt.datetime.fromisoformat(node.value).replace(tzinfo=dt.UTC)
        except ValueError:
            self.fail(f'"{inert(node.value)}" is not a date as in "2024-12-31"')
        return Value(moment.timestamp() / 86_400, "date", node.text)

    # ── the text ────────────────────────────────────────────────────────────

    def longest(self) -> str | None:
        """The longest known column whose name stands here and ends here."""
        for name in self.names:
            end = self.place + len(name)
            if name and self.text.startswith(name, self.place):
                joined = end < len(self.text) and _word(name[-1]) and _word(self.text[end])
                if not joined:
                    return name
        return None

    def column(self, name: str) -> Column:
        if name not in self.types:
            close = difflib.get_close_matches(name, self.types, 1)
            meant = f'; did you mean "{inert(close[0])}"?' if close else ""
            self.fail(f'there is no column "{inert(name)}"{meant}', hint="Name columns as in the source.")
        return Column(name, KINDS[self.types[name]])

    def number(self, text: str) -> Value:
        value = float(text)
        if not math.isfinite(value):
            self.fail(f"{text} is too large a number")
        return Value(value, "number", text)

    def between(self, mark: str) -> str:
        """What stands between two marks; the mark itself is written twice."""
        start, place, found = self.place, self.place + 1, []
        while place < len(self.text):
            if self.text[place] != mark:
                found.append(self.text[place])
                place += 1
            elif self.text.startswith(mark * 2, place):
                found.append(mark)
                place += 2
            else:
                self.place = place + 1
                return "".join(found)
        self.place = start
        self.fail(f"what begins with {mark} has no end")

    def take(self, wanted: str) -> None:
        self.space()
        if not self.text.startswith(wanted, self.place):
            self.fail(f'"{wanted}" is missing' + (f' before "{self.rest()}"' if self.place < len(self.text) else ""))
        self.place += len(wanted)

    def space(self) -> None:
        found = _SPACE.match(self.text, self.place)
        self.place = found.end() if found else self.place

    def rest(self) -> str:
        return inert(self.text[self.place : self.place + 40])

    def unknown(self) -> NoReturn:
        run = re.compile(r"[^,()<>=!]+").match(self.text, self.place)
        if run is not None and run[0].strip():
            self.column(run[0].strip())
        self.fail(f'"{self.rest()}" is not a column, a value or a function')

    def fail(self, what: str, node: Node | None = None, hint: str | None = None) -> NoReturn:
        column = node.name if isinstance(node, Column) else None
        raise InputError(
            f'The proposed feature "{inert(self.text)}" cannot be made, at character {self.place + 1}: {what}.',
            hint=hint or _EXAMPLE.format(", ".join(FUNCTIONS)),
            code=8,
            column=column,
        )


def _word(char: str) -> bool:
    return _WORD.match(char) is not None or char.isalnum() or char == "_"


def _steps(value: float) -> bool:
    return value.is_integer() and 1 <= value <= MOST_STEPS
