"""What follows a deployment step outside the store: the signature on the bundle, and the endpoint that stays up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

from agent import experiments
from agent.execution import Executor
from agent.process import call
from agent.recording import run_record
from agent.serving import launch
from workspace.files import readable_json

_TRACKED = "validation.review"
"""Once this step is done a run has all its metrics, and the experiment store is told while the rest goes on."""
_TRACKING_SECONDS = 60.0
_SIGNED = "deployment.packaging"
_STARTED = "deployment.infrastructure"
_ATTESTATION = "bundle/attestation.dsse.json"
_LAST = "deployment.documents"
_PAGE = "documents-deployment/index.html"


def config_folder() -> Path:
    """The user's own folder, outside every workspace: the signing key lies there."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "phasegate"


class Effects:
    """Brings about, for one run, what its steps call for outside the store; idempotent."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._tracking: subprocess.Popen[bytes] | None = None

    async def follow(self, step: str) -> None:
        """Bring about what a finished step calls for; what is so already is left alone."""
        executor = self._executor
        if step == _SIGNED:
            await asyncio.to_thread(_sign, executor)
        elif step == _STARTED and executor.position.answer("deployment.start") == "yes":
            await asyncio.to_thread(launch, executor.workspace, executor.run)
        elif step == _TRACKED and step in executor.executed:
            self._tracking = experiments.begin(executor.workspace, executor.run, executor.position)

    async def close_dossier(self) -> None:
        """Write the dossier's first page once more: with the last gate's decision and the ledger's head."""
        await asyncio.to_thread(_close_dossier, self._executor)

    async def track(self) -> None:
        """See that the experiment store has been told of what this passage made."""
        executor = self._executor
        if self._tracking is None and executor.executed:
            self._tracking = experiments.begin(executor.workspace, executor.run, executor.position)
        if self._tracking is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._tracking.wait, _TRACKING_SECONDS)

    def stop(self) -> None:
        """End what still runs beside the run; the endpoint is meant to last and stays."""
        if self._tracking is not None and self._tracking.poll() is None:
            self._tracking.kill()


def _close_dossier(executor: Executor) -> None:
    position = executor.position
    record = position.steps.get(_LAST)
    decided = sum(len(gate.decisions) for gate in position.gates.values())
    known = position.extra.get(_PAGE)
    if record is None or (known is not None and known["for"] == record.key and known["decided"] == decided):
        return
    step = position.registry.steps[_LAST]
    with tempfile.TemporaryDirectory(prefix="phasegate-dossier-") as folder:
        base = Path(folder)
        for name, sha256 in executor.inputs(step).items():
            target = base / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(executor.workspace.store.read(sha256))
        (base / "record.json").write_bytes(readable_json(run_record(position, step.phase, closed=True)))
        page = base / "page.html"
        call("agent.effects:write_page", folder=folder, phase=step.phase, head=executor.ledger.head, out=str(page))
        stored = executor.workspace.store.put(page)
    row = {"sha256": stored.sha256, "bytes": stored.bytes, "for": record.key, "decided": decided}
    executor.record("artifact_committed", step=_LAST, artifacts={_PAGE: row})


def write_page(folder: str, phase: str, head: str, out: str) -> None:
    """What the rendering process does."""
    from agent.phases.writing import material
    from tools.reporting.dossier import index_page

    base = Path(folder)
    found = material(phase, lambda name: base / name if (base / name).exists() else None)
    Path(out).write_text(index_page(found, phase, head), encoding="utf-8", newline="\n")


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
