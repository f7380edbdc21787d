"""Tries the service of a bundle in process: its pages, its golden rows, its refusals; no socket, no clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tools.evaluation.stress import battery
from tools.records import Record
from tools.serving.service.app import create_app
from tools.serving.service.limits import Limits

TOKEN = "tried in process"
PAGES = ("/version", "/schema", "/model-card", "/metrics")
GUARDED = ("/predict", "/explain", *PAGES)


class ApiColumn(Record):
    """A column that a request must hold."""

    name: str
    type: str


class Refusal(Record):
    """What a malformed request gets."""

    name: str
    status: int
    title: str
    column: str | None


class ApiReport(Record):
    """What the service answered (``api.json``)."""

    version: int = 1
    model: str
    columns: tuple[ApiColumn, ...]
    routes: dict[str, int]
    """Address to the status of a proper request."""
    golden_rows: int
    golden_equal: int
    """Golden rows whose reply was the recorded one to the bit, asked for together and one by one."""
    guarded: int
    without_token: int
    """Guarded addresses that answer 401 without the token."""
    refusals: tuple[Refusal, ...]
    explained: str | None
    """The column that moves the golden rows' answers most, summed over rows."""
    example_request: dict[str, Any]
    example_reply: dict[str, Any]
    rows_limit: int
    body_limit_bytes: int


def try_service(bundle: Path) -> ApiReport:
    """Ask the service of a bundle everything once.

    Args:
        bundle: the bundle's folder.
    """
    return asyncio.run(_try(bundle))


async def _try(bundle: Path) -> ApiReport:
    app = create_app(bundle, TOKEN)
    app.state.service.open()
    golden = json.loads((bundle / "golden.json").read_text(encoding="utf-8"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client:
            routes = {path: (await client.get(path)).status_code for path in ("/livez", "/readyz", *PAGES)}
            schema = (await client.get("/schema")).json()
            equal = await _golden(client, golden)
            explained = await client.post("/explain", json={"rows": golden["rows"]})
            routes["/explain"] = explained.status_code
            example = await client.post("/predict", json=schema["request"])
            routes["/predict"] = example.status_code
            refusals = []
            for name, body in battery(golden["rows"][0]).items():
                reply = await client.post("/predict", content=body)
                refusals.append(_refusal(name, reply))
            closed = 0
            for path in GUARDED:
                method = "POST" if path in ("/predict", "/explain") else "GET"
                reply = await client.request(method, path, headers={"Authorization": "Bearer wrong"})
                closed += reply.status_code == 401
    finally:
        app.state.service.close()
    limits = Limits()
    return ApiReport(
        model=example.json()["model"],
        columns=tuple(ApiColumn(name=one["name"], type=one["type"]) for one in schema["columns"] if one["needed"]),
        routes=routes,
        golden_rows=len(golden["rows"]),
        golden_equal=equal,
        guarded=len(GUARDED),
        without_token=closed,
        refusals=tuple(refusals),
        explained=_strongest(explained.json()),
        example_request=schema["request"],
        example_reply=example.json(),
        rows_limit=limits.rows,
        body_limit_bytes=limits.body_bytes,
    )


async def _golden(client: httpx.AsyncClient, golden: Mapping[str, Any]) -> int:
    together = (await client.post("/predict", json={"rows": golden["rows"]})).json()["predictions"]
    equal = 0
    for row, wanted, found in zip(golden["rows"], golden["expected"], together, strict=True):
        alone = (await client.post("/predict", json={"rows": [row]})).json()["predictions"][0]
        equal += alone == wanted == found
    return equal


def _refusal(name: str, reply: httpx.Response) -> Refusal:
    content = reply.json()
    errors = content.get("errors") or [{}]
    return Refusal(
        name=name,
        status=reply.status_code,
        title=content.get("title", ""),
        column=errors[0].get("column"),
    )


def _strongest(explained: Mapping[str, Any]) -> str | None:
    total: dict[str, float] = {}
    for one in explained.get("explanations", ()):
        for reason in one["reasons"]:
            total[reason["column"]] = total.get(reason["column"], 0.0) + abs(reason["effect"])
    return min(total, key=lambda name: (-total[name], name)) if total else None
