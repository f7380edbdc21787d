"""Re-verify a run's ledger and artifacts with nothing but Python's standard library.

    python docs/verify_chain.py phasegate/runs/latest [HEAD]

HEAD is a hash that somebody wrote down outside this machine. Without it a consistent rewriting of the whole chain
can't be seen: a chain that vouches for itself proves only that nobody was careless.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path


def digest(entry: dict[str, object]) -> str:
    """SHA-256 of an entry without its hash: sorted keys, no spaces, UTF-8, no ASCII escapes."""
    rest = {key: value for key, value in entry.items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def problems(run: Path, head: str = "") -> list[str]:
    """Everything that does not fit, in words; empty where all does."""
    found: list[str] = []
    hashes = ["0" * 64]
    lines = (run / "ledger.jsonl").read_text(encoding="utf-8", errors="surrogatepass").split("\n")
    if lines.pop():
        found.append("ledger.jsonl: its last entry was cut short")
    for number, line in enumerate(lines):
        entry = json.loads(line)
        if entry["seq"] != number or entry["prev"] != hashes[-1] or entry["hash"] != digest(entry):
            found.append(f"ledger.jsonl: the chain breaks at entry {number}")
            break
        hashes.append(entry["hash"])
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    if manifest["head"] != hashes[-1]:
        found.append("manifest.json: its head is not the ledger's last hash")
    if head and not any(known.startswith(head) for known in hashes[1:]):
        found.append(f"ledger.jsonl: {head} is not in the chain")
    for step in manifest["steps"]:
        for artifact in step["artifacts"]:
            stored = run.parent.parent / "objects" / artifact["sha256"][:2] / artifact["sha256"][2:]
            if not stored.is_file() or hashlib.sha256(stored.read_bytes()).hexdigest() != artifact["sha256"]:
                found.append(f"{step['id']}: {artifact['name']} is missing or changed")
    return found


if __name__ == "__main__":
    wrong = problems(Path(sys.argv[1]), *sys.argv[2:3])
    print("\n".join(wrong) or "The chain holds, and every artifact is what it was.")
    sys.exit(5 if wrong else 0)
