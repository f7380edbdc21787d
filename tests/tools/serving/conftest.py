"""Bundles of small real scorers, and a client that talks to the service without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tools.serving.fakes import write_scorer
from tools.serving.bundle import Contents, Prior, assemble
from tools.serving.service.app import create_app
from tools.serving.service.limits import Limits

TOKEN = "correct horse"
PRIORS = {
    "binary": Prior(shares=(0.7, 0.3)),
    "multiclass": Prior(shares=(0.5, 0.3, 0.2)),
    "regression": Prior(mean=3.5),
}


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def bundle(task: str = "binary") -> Path:
        if task not in made:
            folder = tmp_path_factory.mktemp(task)
            scorer = write_scorer(folder / "scorer", task)
            assemble(
                folder / "bundle",
                scorer,
                Contents("Credit loans", PRIORS[task], lineage={"split.json": "ab"}),
            )
            made[task] = folder / "bundle"
        return made[task]

    return bundle


class Client:
    """Sends requests to an app in process, one event loop for all."""

    def __init__(self, folder: Path, limits: Limits | None = None, log: Path | None = None) -> None:
        self.app = create_app(folder, TOKEN, limits=limits, log_folder=log)
        self.service = self.app.state.service
        self.loop = asyncio.new_event_loop()

    def request(self, method: str, path: str, token: str | None = TOKEN, **more: Any) -> httpx.Response:
        headers = {
            **({"Authorization": f"Bearer {token}"} if token is not None else {}),
            **more.pop("headers", {}),
        }

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await client.request(method, path, headers=headers, **more)

        return self.loop.run_until_complete(send())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def predict(self, rows: Any, **more: Any) -> httpx.Response:
        return self.request("POST", "/predict", json={"rows": rows}, **more)

    def post(self, body: bytes, path: str = "/predict", **more: Any) -> httpx.Response:
        headers = {"Content-Type": "application/json", **more.pop("headers", {})}
        return self.request("POST", path, content=body, headers=headers, **more)


@pytest.fixture
def client(bundles: Callable[[str], Path]) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(
        task: str = "binary",
        *,
        folder: Path | None = None,
        limits: Limits | None = None,
        log: Path | None = None,
        ready: bool = True,
    ) -> Client:
        one = Client(folder or bundles(task), limits, log)
        if ready:
            one.service.open()
        made.append(one)
        return one

    yield make
    for one in made:
        one.service.close()
        one.loop.close()
