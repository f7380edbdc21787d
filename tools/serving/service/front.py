"""What every request passes before the service: token, load, request id, counting; no body is read here."""

from __future__ import annotations

import hmac
import time
import uuid
from typing import Protocol

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .limits import Limits
from .metrics import Metrics
from .problems import Problem

OPEN = frozenset({"/livez", "/readyz"})
"""Addresses that need no token."""
SCORING = frozenset({"/predict", "/explain"})


class Load(Protocol):
    """What the front needs to know of the service."""

    limits: Limits
    metrics: Metrics | None
    in_work: int


class Front:
    """What every request passes first: token, load, request id, counting. Nothing of a body is read here."""

    def __init__(self, app: ASGIApp, service: Load, token: str) -> None:
        self.app, self.service, self.token = app, service, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it at the door."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, service = scope["path"], self.service
        headers = {key: value for key, value in scope["headers"] if key == b"authorization"}
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        refusal = self._refusal(path, headers.get(b"authorization", b""))
        try:
            if refusal:
                await problem_response(refusal)(scope, receive, answered)
                return
            service.in_work += path in SCORING
            try:
                await self.app(scope, receive, answered)
            finally:
                service.in_work -= path in SCORING
        finally:
            if service.metrics:
                service.metrics.answered(path, status, time.perf_counter() - started)
                if 400 <= status < 500:
                    service.metrics.refused.inc()

    def _refusal(self, path: str, given: bytes) -> Problem | None:
        if path in OPEN:
            return None
        scheme, _, token = given.partition(b" ")
        # Both sides are compared whole whatever their content, so that time tells nothing of the token.
        right = hmac.compare_digest(token.strip(), self.token)
        if scheme.lower() != b"bearer" or not right:
            return Problem(401, "Send the header Authorization: Bearer TOKEN.", headers={"WWW-Authenticate": "Bearer"})
        if path in SCORING and self.service.in_work >= self.service.limits.at_once:
            return Problem(503, "Too many requests are in work.", headers={"Retry-After": "1"})
        return None


def problem_response(problem: Problem) -> Response:
    """A problem as an HTTP response."""
    return Response(problem.body(), problem.status, problem.headers, media_type="application/problem+json")
