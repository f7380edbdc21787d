"""Proposed features as declared forms, such as ``ratio(debt, income)``: parsed, never evaluated as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tools.errors import InputError
from tools.wording import inert

FORMS: Mapping[str, tuple[int, str]] = {
    "ratio": (2, "{0} / {1}"),
    "difference": (2, "{0} - {1}"),
    "product": (2, "{0} × {1}"),
    "log1p": (1, "log of {0} plus one"),
    "if_missing": (1, "{0} is missing"),
}
"""Form to its number of columns and its readable name."""
_OPERATION = {"if_missing": "missing"}


@dataclass(frozen=True)
class Proposal:
    """One proposed feature."""

    form: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.form}({', '.join(self.columns)})"

    @property
    def op(self) -> str:
        """The operation of the feature plan."""
        return _OPERATION.get(self.form, self.form)

    @property
    def label(self) -> str:
        """What a person reads."""
        return FORMS[self.form][1].format(*self.columns)


def parse(text: str, types: Mapping[str, str]) -> Proposal:
    """Read one proposal; column names stand as in the source, whatever characters they hold.

    Args:
        text: such as ``difference(incident_date, policy_bind_date)``.
        types: column types by name; arithmetic takes numbers, booleans and dates.

    Raises:
        InputError: the form is not known, or a column is not there or not of a type that it can compute with.
    """
    form, opened, inside = text.strip().partition("(")
    form = form.strip()
    known = ", ".join(FORMS)
    quoted = f'The proposed feature "{inert(text)}"'
    if not opened or not inside.endswith(")") or form not in FORMS:
        raise InputError(
            f"{quoted} is not one of the known forms.",
            hint=f"Known forms: {known}; such as ratio(a, b).",
            code=8,
        )
    wanted = FORMS[form][0]
    found = _split(inside[:-1], wanted, types)
    if found is None:
        raise InputError(
            f"{quoted} does not name {wanted} column{'s' if wanted > 1 else ''} of the table.",
            hint="Name columns as in the source, with a comma between them.",
            code=8,
        )
    for name in found:
        if types[name] == "text" and form != "if_missing":
            raise InputError(
                f'{quoted} computes with "{inert(name)}", which holds text.',
                code=8,
                column=name,
            )
        if types[name] == "date" and form != "difference" and form != "if_missing":
            raise InputError(
                f'{quoted} computes with "{inert(name)}", which holds dates.',
                hint="Dates can be subtracted: difference(later, earlier).",
                code=8,
                column=name,
            )
    return Proposal(form, found)


def _split(inside: str, wanted: int, types: Mapping[str, str]) -> tuple[str, ...] | None:
    """Split at the comma that leaves two known columns (a column's own name may hold commas)."""
    if wanted == 1:
        return (inside.strip(),) if inside.strip() in types else None
    for place, char in enumerate(inside):
        left, right = inside[:place].strip(), inside[place + 1 :].strip()
        if char == "," and left in types and right in types:
            return left, right
    return None
