"""What a refused request gets back: problem JSON (RFC 9457) with the rows and columns at fault, never the payload."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

MOST_ERRORS = 50
"""Errors listed in one reply; the detail says when there are more."""

TITLES = {
    400: "The body is not what this address takes",
    401: "A token is needed",
    404: "There is nothing at this address",
    405: "This address takes another method",
    408: "The body came too slowly",
    411: "The length of the body is not valid",
    413: "The body is too large",
    415: "The body must be JSON",
    422: "Some rows can't be scored",
    429: "Too many requests at once",
    500: "The service failed",
    503: "The service is not ready",
}


@dataclass(frozen=True)
class CellError:
    """One thing wrong in one row."""

    row: int | None
    """0-based place in ``rows``; None where the request as a whole is meant."""
    column: str | None
    message: str


class Problem(Exception):
    """A request that is refused, or a service that can't answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[CellError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """The reply's body, as RFC 9457 with ``errors`` as an extension; ASCII, so that odd names do no harm."""
        more = len(self.errors) - MOST_ERRORS
        return json.dumps(
            {
                "type": "about:blank",
                "title": TITLES.get(self.status, "The request failed"),
                "status": self.status,
                "detail": f"{self.detail} ({more} more not listed)" if more > 0 else self.detail,
                "errors": [asdict(error) for error in self.errors[:MOST_ERRORS]],
            }
        ).encode("ascii")


def shown(name: str, longest: int = 80) -> str:
    """A column name of a request, harmless for any display: printable, of bounded length."""
    kept = "".join(char if char.isprintable() else "?" for char in name[: longest + 1])
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"
