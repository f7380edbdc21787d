"""How a source is to be read, where the person says so; what is not said is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import pydantic

from tools.data.inference import StatedType
from tools.data.reading import ColumnType
from tools.errors import InputError
from tools.records import Record
from tools.wording import inert


class SourceSettings(Record):
    """How to read, where the person says so; what is not said is found."""

    separator: str | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    header: bool | None = None
    names: tuple[str, ...] | None = None
    missing: tuple[str, ...] | dict[str, tuple[str, ...]] | None = None
    """Marks that replace the usual ones: for all columns, or by column."""
    sheet: str | int | None = None
    ragged: Literal["error", "skip"] | None = None
    quote: str | None = None
    """What protects a field that holds a separator."""
    skip: int | None = None
    """Lines with content above the table."""
    totals: Literal["drop", "keep"] | None = None
    """What becomes of rows of totals at the end."""
    types: dict[str, str] | None = None
    """Column to number, integer, boolean, date or text; "date %d/%m/%Y" says how it is written."""
    table: str | None = None
    query: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> SourceSettings:
        """Settings from answers, ``source.`` taken off their ids.

        Raises:
            InputError: a value that can't be meant.
        """
        known = {key: value for key, value in (settings or {}).items() if key in cls.model_fields and value is not None}
        if isinstance(known.get("names"), str):
            known["names"] = [name.strip() for name in known["names"].split(",")]
        if isinstance(known.get("missing"), str):
            known["missing"] = [known["missing"]]
        if isinstance(known.get("header"), str):
            known["header"] = {"yes": True, "true": True, "no": False, "false": False}.get(
                known["header"], known["header"]
            )
        for mark in ("separator", "quote"):
            if not isinstance(known.get(mark, ""), str):
                raise InputError(f"source.{mark} must be a text.", hint="Put it in quotation marks.", code=8)
        if isinstance(known.get("skip"), str) and known["skip"].isdecimal():
            known["skip"] = int(known["skip"])
        known["separator"] = {"tab": "\t", "\\t": "\t", "blank": " ", "space": " "}.get(
            known.get("separator") or "", known.get("separator")
        )
        if known["separator"] is not None and len(known["separator"].strip(" ") or " ") != 1:
            raise InputError("source.separator must be one character.", hint='Use ",", ";", "|" or tab.', code=8)
        if known["separator"]:
            known["separator"] = known["separator"].strip(" ") or " "
        if known["separator"] in ("\n", "\r", '"') or len(known.get("quote") or '"') != 1:
            raise InputError("source.separator and source.quote must be two different characters.", code=8)
        if known.get("quote") in ("\n", "\r", known["separator"] or ""):
            raise InputError("source.separator and source.quote must be two different characters.", code=8)
        if isinstance(known.get("skip"), bool) or (isinstance(known.get("skip"), int) and known["skip"] < 0):
            raise InputError("source.skip must be a count of lines.", hint="Use 0 to skip none.", code=8)
        try:
            made = cls(**known)
            for column, said in (made.types or {}).items():
                stated_type(column, said)
            return made
        except pydantic.ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"][:1])
            raise InputError(
                f"The setting source.{place} can't be used: {error.errors()[0]['msg'].lower()}.",
                hint="Mend it in the answers file or leave it out.",
                code=8,
            ) from None


def stated_type(column: str, said: str) -> StatedType:
    """What ``source.types`` says of one column.

    Raises:
        InputError: no type is called so.
    """
    kind, _, form = said.strip().partition(" ")
    known: dict[str, ColumnType] = {each: each for each in get_args(ColumnType)}
    if kind not in known or (form and kind != "date"):
        raise InputError(
            f'source.types: "{inert(column)}" can\'t be of type "{inert(said)}".',
            hint=f'Use {", ".join(known)}, or such as "date %d/%m/%Y".',
            code=8,
            column=column,
        )
    return StatedType(known[kind], form.strip() or None)
