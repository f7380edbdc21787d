"""What follows a deployment step outside the store: the signature on the bundle, and the endpoint that stays up."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from agent.execution import Executor
from agent.serving import launch

_SIGNED = "deployment.packaging"
_STARTED = "deployment.infrastructure"
_ATTESTATION = "bundle/attestation.dsse.json"


def config_folder() -> Path:
    """The user's own folder, outside every workspace: the signing key lies there."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "phasegate"


async def follow(executor: Executor, step: str) -> None:
    """Bring about what a finished step calls for; what is so already is left alone."""
    if step == _SIGNED:
        await asyncio.to_thread(_sign, executor)
    elif step == _STARTED and executor.position.answer("deployment.start") == "yes":
        await asyncio.to_thread(launch, executor.workspace, executor.run)


def _sign(executor: Executor) -> None:
    """Sign the published bundle, and put the signature on record.

    The signature vouches for all files, for the run and for the ledger's head: an auditor who keeps the envelope can
    tell a ledger that was cut off or rewritten later.
    """
    from tools.serving.signing import sign

    position = executor.position
    key = position.steps[_SIGNED].key
    if _ATTESTATION in position.beside(_ATTESTATION):
        return
    folder = config_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    bundle = executor.run.root / "bundle"
    path = sign(bundle, folder / "signing.pem", {"run": executor.run.id, "ledger_head": executor.ledger.head})
    stored = executor.workspace.store.put(path)
    row = {"sha256": stored.sha256, "bytes": stored.bytes, "for": key}
    executor.record("artifact_committed", step=_SIGNED, artifacts={_ATTESTATION: row})
