"""How much of a request is read and what shape it must have: size, time, rows, text length, strict JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .problems import CellError, Problem, shown


@dataclass(frozen=True)
class Limits:
    """Bounds of one request and of the service."""

    body_bytes: int = 4_000_000
    rows: int = 1000
    characters: int = 10_000
    """Of one text."""
    body_seconds: float = 10.0
    """In which a body must have come."""
    at_once: int = 64
    """Requests in work; further ones get 503 with Retry-After."""


@dataclass(frozen=True)
class Duplicate:
    """Stands for the value of a key that was given more than once."""


async def read_body(chunks: AsyncIterator[bytes], headers: Mapping[str, str], limits: Limits) -> bytes:
    """Read a body of bounded size in bounded time.

    The stated length is refused before anything is read; a body without one is cut off as it grows.

    Raises:
        Problem: 408 too slow, 411 length not valid, 413 too large.
    """
    stated = headers.get("content-length")
    if stated is not None:
        if not (stated.isascii() and stated.isdigit()) or len(stated) > 18:
            raise Problem(411, "Content-Length must be a whole number.")
        if int(stated) > limits.body_bytes:
            raise Problem(413, f"A body may have up to {limits.body_bytes} bytes.")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in chunks:
                size += len(chunk)
                if size > limits.body_bytes:
                    raise Problem(413, f"A body may have up to {limits.body_bytes} bytes.")
                parts.append(chunk)
    except TimeoutError:
        raise Problem(408, f"The body must come within {limits.body_seconds:g} seconds.") from None
    return b"".join(parts)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = Duplicate() if key in found else value
    return found


def _integer(text: str) -> int | float:
    # int() refuses more than 4,300 digits; as a float such a number is infinite, and refused by its column.
    return int(text) if len(text) < 300 else float(text)


def parse_json(body: bytes) -> Any:
    """Parse a body as JSON; a key given twice becomes a :class:`Duplicate`, a number out of range infinite.

    Raises:
        Problem: 400 where the body is not JSON, not UTF-8, or nested too deeply.
    """
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_pairs, parse_int=_integer)
    except UnicodeDecodeError:
        raise Problem(400, "The body must be UTF-8.") from None
    except RecursionError:
        raise Problem(400, "The body is nested too deeply.") from None
    except ValueError as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(400, f"The body is not valid JSON{place}.") from None


def rows_of(content: Any, columns: Sequence[str], limits: Limits) -> list[dict[str, Any]]:
    """The rows of ``{"rows": [{column: value}]}``, with every name known and every value a scalar.

    Args:
        content: the parsed body.
        columns: every name that may stand in a row, including those that scoring doesn't use.
        limits: bounds of rows and texts.

    Raises:
        Problem: 400 for another shape, 413 for too many rows, 422 naming rows and columns.
    """
    if not isinstance(content, dict):
        raise Problem(400, 'The body must be an object: {"rows": [{column: value}]}.')
    extra = [key for key in content if key != "rows"]
    if extra:
        raise Problem(
            400,
            'The only key is "rows".',
            [CellError(None, shown(key), "is not a known key") for key in extra],
        )
    if isinstance(content.get("rows"), Duplicate):
        raise Problem(400, '"rows" is given twice.')
    rows = content.get("rows")
    if not isinstance(rows, list):
        raise Problem(400, '"rows" must be a list of objects.')
    if not rows:
        raise Problem(422, '"rows" is empty.')
    if len(rows) > limits.rows:
        raise Problem(413, f"A request may have up to {limits.rows} rows.")
    known = set(columns)
    errors: list[CellError] = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            errors.append(CellError(index, None, "is not an object"))
            continue
        for name, value in row.items():
            reason = "is not a known column" if name not in known else _wrong(value, limits)
            if reason:
                errors.append(CellError(index, shown(name), reason))
    if errors:
        raise Problem(422, "Some values can't be taken; GET /schema says what each column holds.", errors)
    return rows


def _wrong(value: Any, limits: Limits) -> str:
    return next((reason for test, reason in _REFUSED if test(value, limits)), "")


_REFUSED: tuple[tuple[Callable[[Any, Limits], bool], str], ...] = (
    (lambda value, limits: isinstance(value, Duplicate), "is given twice"),
    (lambda value, limits: isinstance(value, list | dict), "must be a single value"),
    (lambda value, limits: isinstance(value, str) and len(value) > limits.characters, "is too long a text"),
    (lambda value, limits: isinstance(value, str) and not _valid(value), "is not valid text"),
)


def _valid(text: str) -> bool:
    """Whether a text can be encoded: a lone surrogate can't."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
