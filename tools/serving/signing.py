"""Signs a bundle with a local key and verifies it: an in-toto statement over all files in a DSSE envelope."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

ATTESTATION = "attestation.dsse.json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://phasegate.dev/bundle/v1"
"""Names the kind of predicate; nothing is fetched from it."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Verification:
    """What a check of a bundle found."""

    ok: bool
    signer: str
    """Key id that signed; empty where there is no valid signature."""
    problems: tuple[tuple[str, str], ...]
    """(file, changed | added | missing | signature)."""


def private_key(path: Path) -> CryptoSigner:
    """The signing key, made (Ed25519, readable by its owner only) if it is not there.

    Args:
        path: file in the user's config folder.

    Raises:
        PermissionError: others can read an existing key.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others; run chmod 600 on it.")
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} is not an Ed25519 key.")
    return CryptoSigner(key, SSlibKey.from_crypto(key.public_key()))


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle but the attestation, by path; compiled Python is no part of it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ATTESTATION and "__pycache__" not in path.parts
    }


def statement(folder: Path, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """The in-toto statement over all files."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": value}} for name, value in digests(folder).items()],
        "predicateType": PREDICATE_TYPE,
        "predicate": dict(predicate),
    }


def sign(folder: Path, key_path: Path, predicate: Mapping[str, Any] | None = None) -> Path:
    """Sign a bundle; writes ``attestation.dsse.json`` into it and returns its path.

    Ed25519 signatures are deterministic: the same files, predicate and key give the same bytes.

    Args:
        folder: the bundle.
        key_path: private key, made if it is not there.
        predicate: what the signature also vouches for, such as the run and the ledger's head.
    """
    signer = private_key(key_path)
    payload = json.dumps(statement(folder, predicate or {}), sort_keys=True, separators=(",", ":")).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    content = {
        **envelope.to_dict(),
        "publicKey": {"keyid": signer.public_key.keyid, **signer.public_key.to_dict()},
    }
    path = folder / ATTESTATION
    path.write_text(json.dumps(content, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    return path


def verify(folder: Path, key_path: Path | None = None) -> Verification:
    """Check a bundle against its attestation: signature first, then every file.

    Args:
        folder: the bundle; nothing of it is run.
        key_path: private key whose public part must have signed. Without it the key in the attestation is used, which
            proves that nothing changed since, not who signed.
    """
    if key_path is not None and not key_path.exists():
        return Verification(False, "", ((ATTESTATION, "signature"),))
    try:
        content = json.loads((folder / ATTESTATION).read_text(encoding="utf-8"))
        stated = content.pop("publicKey")
        keyid = stated.pop("keyid")
        key = private_key(key_path).public_key if key_path else SSlibKey.from_dict(keyid, stated)
        envelope = Envelope.from_dict(content)
        envelope.verify([key], 1)
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError("not an in-toto statement")
        subjects = json.loads(envelope.payload)["subject"]
        signed = {one["name"]: one["digest"]["sha256"] for one in subjects}
    except FileNotFoundError:
        return Verification(False, "", ((ATTESTATION, "missing"),))
    except (VerificationError, ValueError, KeyError, TypeError, AttributeError):
        return Verification(False, "", ((ATTESTATION, "signature"),))
    found = digests(folder)
    problems = [
        (name, "missing" if name not in found else "added" if name not in signed else "changed")
        for name in sorted({*signed, *found})
        if signed.get(name) != found.get(name)
    ]
    return Verification(not problems, key.keyid, tuple(problems))
