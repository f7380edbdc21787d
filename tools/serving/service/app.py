"""The HTTP service: predict, explain, health, metrics, version, schema, model card."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from .deployed import Deployed, NotReady, replies
from .explain import reasons
from .fallback import Breaker, fallback_replies
from .front import Front, problem_response
from .limits import Limits, parse_json, read_body, rows_of
from .metrics import Metrics
from .predictionlog import PredictionLog
from .problems import CellError, Problem
from .scorer import ScorerError
from .watch import Watch

INLINE_ROWS = 64
"""Up to this many rows are scored in the event loop; more go to a thread so that others are answered meanwhile."""
EXPLAINED_ROWS = 20

log = logging.getLogger("phasegate.service")


class Service:
    """One loaded bundle and what it needs to answer."""

    def __init__(self, folder: Path, limits: Limits, log_folder: Path | None) -> None:
        self.folder = folder
        self.limits = limits
        self.log_folder = log_folder
        self.deployed: Deployed | None = None
        self.metrics: Metrics | None = None
        self.reason = "The service is starting."
        self.breaker = Breaker()
        self.in_work = 0
        self._watch: Watch | None = None
        self._log: PredictionLog | None = None

    def open(self) -> None:
        """Load the bundle and reproduce its golden rows; on failure the service stays up and says why."""
        try:
            deployed = Deployed.load(self.folder)
            deployed.check_golden()
            self._watch = Watch(deployed.reference) if deployed.reference else None
            self._log = PredictionLog(self.log_folder) if self.log_folder else None
            self.metrics = Metrics(deployed.model)
            self.metrics.ready.set(1)
            self.deployed = deployed
        except (NotReady, ScorerError, OSError, ValueError, KeyError) as wrong:
            self.reason = str(wrong)
            log.error("not ready: %s", wrong)

    def close(self) -> None:
        """End writing the log."""
        self.deployed = None
        self.reason = "The service is stopping."
        if self._log:
            self._log.close()
            self._log = None

    def ready(self) -> Deployed:
        """The bundle.

        Raises:
            Problem: 503 before it is loaded.
        """
        if self.deployed is None:
            raise Problem(503, self.reason, headers={"Retry-After": "1"})
        return self.deployed

    async def predict(self, body: bytes, request_id: str) -> dict[str, Any]:
        """Answer ``POST /predict``.

        Raises:
            Problem: the body or a row can't be taken.
        """
        deployed = self.ready()
        rows = rows_of(parse_json(body), deployed.columns, self.limits)
        columns = self._columns(deployed, rows)
        answers, fell_back = await self._score(deployed, columns, len(rows))
        self._note(deployed, columns, answers, fell_back, request_id)
        return {"predictions": answers, "model": deployed.model, "fallback": fell_back}

    async def explain(self, body: bytes) -> dict[str, Any]:
        """Answer ``POST /explain``: per row how far each column moves the prediction from a typical value's.

        Raises:
            Problem: the body or a row can't be taken, or the model fails.
        """
        deployed = self.ready()
        limits = Limits(self.limits.body_bytes, min(EXPLAINED_ROWS, self.limits.rows), self.limits.characters)
        rows = rows_of(parse_json(body), deployed.columns, limits)
        columns = self._columns(deployed, rows)
        answers, fell_back = await self._score(deployed, columns, len(rows))
        if fell_back:
            raise Problem(503, "The model can't answer now, so there is nothing to explain.")
        found = await asyncio.to_thread(reasons, deployed.scorer, columns, len(rows))
        return {
            "explanations": [
                {**answer, "reasons": [{"column": name, "effect": effect} for name, effect in one]}
                for answer, one in zip(answers, found, strict=True)
            ],
            "method": "effect: how far the prediction moves when the column takes its typical value instead",
            "model": deployed.model,
        }

    @staticmethod
    def _columns(deployed: Deployed, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """The needed columns of the rows.

        Raises:
            Problem: 422 where a row lacks one.
        """
        needed = deployed.scorer.needed
        absent = [
            CellError(index, name, "is needed; give null where it is unknown")
            for index, row in enumerate(rows)
            for name in needed
            if name not in row
        ]
        if absent:
            raise Problem(422, "Some rows lack columns that the model needs.", absent)
        return {name: [row[name] for row in rows] for name in needed}

    async def _score(
        self, deployed: Deployed, columns: Mapping[str, list[Any]], rows: int
    ) -> tuple[list[dict[str, Any]], bool]:
        """Score rows, or fall back where the model fails.

        Raises:
            Problem: 422 naming the cells that can't be read.
        """
        if self.breaker.allows():
            try:
                if rows <= INLINE_ROWS:
                    scores = deployed.scorer.score(columns, rows, strict=True)
                else:
                    scores = await asyncio.to_thread(deployed.scorer.score, columns, rows, strict=True)
                if scores.faults:
                    raise Problem(
                        422,
                        "Some values are not what their column holds; GET /schema says what that is.",
                        [CellError(fault.row, fault.column, fault.reason) for fault in scores.faults],
                    )
                answers = replies(scores, deployed.scorer)
                if not all(_finite(answer) for answer in answers):
                    raise ArithmeticError("the model gave a number that is not finite")
            except Problem:
                raise
            except Exception:
                # Whatever a model does wrong, the caller gets an answer that says it is not the model's.
                log.exception("the model failed")
                self.breaker.failed()
            else:
                self.breaker.succeeded()
                return answers, False
        return fallback_replies(deployed.fallback, rows), True

    def _note(
        self,
        deployed: Deployed,
        columns: Mapping[str, list[Any]],
        answers: Sequence[Mapping[str, Any]],
        fell_back: bool,
        request_id: str,
    ) -> None:
        assert self.metrics is not None
        self.metrics.rows.inc(len(answers))
        self.metrics.fallbacks.inc(fell_back)
        for answer in answers:
            if "probabilities" in answer:
                self.metrics.predictions.labels(str(answer["prediction"])).inc()
        if self._watch:
            typed = {name: reader.read(columns[name], True, []) for name, reader in deployed.scorer.readers.items()}
            self._watch.add(typed, len(answers))
            if self._log:
                at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
                self._log.write(
                    {
                        "id": f"{request_id}-{index}",
                        "at": at,
                        "model": deployed.model,
                        "fallback": fell_back,
                        "features": self._watch.logged(typed, index),
                        **answer,
                    }
                    for index, answer in enumerate(answers)
                )

    def scrape(self) -> bytes:
        """Metrics for Prometheus, with drift of the last window brought up to date."""
        self.ready()
        assert self.metrics is not None
        self.metrics.in_work.set(self.in_work)
        if self._watch:
            self._watch.tell(self.metrics)
        return self.metrics.text()


def _finite(answer: Mapping[str, Any]) -> bool:
    numbers = [*answer.get("probabilities", {}).values()] or [answer["prediction"]]
    return all(isinstance(number, float) and math.isfinite(number) for number in numbers)


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content, allow_nan=False), status, media_type="application/json")


def create_app(folder: Path, token: str, *, limits: Limits | None = None, log_folder: Path | None = None) -> FastAPI:
    """Build the service for a bundle.

    Args:
        folder: the bundle.
        token: what callers must send; never empty.
        limits: bounds of requests.
        log_folder: where the prediction log lies; None for no log.

    Raises:
        ValueError: the token is empty.
    """
    if not token:
        raise ValueError("the service needs a token")
    service = Service(folder, limits or Limits(), log_folder)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Loaded beside the event loop, so that /livez answers from the first moment.
        opening = asyncio.create_task(asyncio.to_thread(service.open))
        yield
        await opening
        service.close()

    app = FastAPI(
        title="Phasegate scorer",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.service = service
    app.add_middleware(Front, service=service, token=token)

    @app.exception_handler(Problem)
    async def on_problem(_: Request, wrong: Problem) -> Response:
        return problem_response(wrong)

    @app.exception_handler(HTTPException)
    async def on_http(_: Request, wrong: HTTPException) -> Response:
        return problem_response(Problem(wrong.status_code, "See the runbook for what each address takes."))

    @app.exception_handler(Exception)
    async def on_defect(_: Request, wrong: Exception) -> Response:
        return problem_response(Problem(500, f"A defect of the service ({type(wrong).__name__}); see its log."))

    async def body_of(request: Request) -> bytes:
        service.ready()
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise Problem(415, "Send Content-Type: application/json.")
        return await read_body(request.stream(), request.headers, service.limits)

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        return _json(await service.predict(await body_of(request), request.state.request_id))

    @app.post("/explain")
    async def explain(request: Request) -> Response:
        return _json(await service.explain(await body_of(request)))

    @app.get("/livez")
    async def livez() -> Response:
        return _json({"status": "alive"})

    @app.get("/readyz")
    async def readyz() -> Response:
        return _json({"status": "ready", "model": service.ready().model})

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(service.scrape(), media_type="text/plain; version=0.0.4; charset=utf-8")

    pages: dict[str, Callable[[], Any]] = {
        "/version": lambda: service.ready().version(),
        "/schema": lambda: service.ready().schema,
        "/model-card": lambda: service.ready().card,
    }
    for path, content in pages.items():
        app.add_api_route(path, _page(content), methods=["GET"])
    return app


def _page(content: Callable[[], Any]) -> Callable[[], Any]:
    async def page() -> Response:
        return _json(content())

    return page


def serve(folder: Path, token: str, *, host: str, port: int, log_folder: Path | None) -> None:
    """Run the service until a signal; SIGTERM lets requests in work finish first."""
    import uvicorn

    uvicorn.run(
        create_app(folder, token, log_folder=log_folder),
        host=host,
        port=port,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        backlog=512,
    )
