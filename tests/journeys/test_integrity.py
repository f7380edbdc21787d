"""What ``verify`` finds, what a head kept elsewhere finds, and that a replay makes every artifact again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.program import Program, artifact, ledger, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def flip(path: Path, place: float = 0.5) -> None:
    """Change one bit of one byte."""
    data = bytearray(path.read_bytes())
    data[int(place * (len(data) - 1))] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def problems(program: Program, *arguments: str, code: int) -> list[dict[str, Any]]:
    report = program("verify", "--json", *arguments, code=code).json
    assert report["ok"] is (code == 0)
    return list(report["problems"])


Find = Callable[[Program], Path]
PLACES: dict[str, Find] = {
    "the record": lambda p: p.run / "ledger.jsonl",
    "the manifest": lambda p: p.run / "manifest.json",
    "the metrics": lambda p: p.run / "metrics.json",
    "the findings": lambda p: p.run / "findings.json",
    "the published split": lambda p: p.run / "split.parquet",
    "the dossier's first page": lambda p: p.run / "dossier" / "index.html",
    "the model card": lambda p: next((p.run / "dossier").glob("13-model-card.*")),
    "the notebook": lambda p: next((p.run / "dossier").glob("03-eda-notebook.*")),
    "the table of documents": lambda p: p.run / "dossier" / "index.json",
    "the served code": lambda p: p.run / "bundle" / "service" / "app.py",
    "the served model": lambda p: p.run / "bundle" / "scorer" / "scorer.json",
    "the signature": lambda p: p.run / "bundle" / "attestation.dsse.json",
    "the source": lambda p: _object(p, str(manifest(p.run)["source"]["sha256"])),
    "the vault": lambda p: artifact(p.workspace, p.run, "test.parquet"),
    "the criteria": lambda p: artifact(p.workspace, p.run, "criteria.json"),
    "the training matrix": lambda p: artifact(p.workspace, p.run, "train_matrix.parquet"),
    "the verdict": lambda p: artifact(p.workspace, p.run, "verdict.json"),
    "an outcome": lambda p: artifact(p.workspace, p.run, "outcome.json"),
}


def _object(program: Program, sha256: str) -> Path:
    return program.workspace / "objects" / sha256[:2] / sha256[2:]


def test_a_finished_workspace_passes(credit: Program) -> None:
    assert problems(credit, code=0) == []
    head = ledger(credit.run)[-1]["hash"]
    assert head in credit("verify").out


@pytest.fixture(scope="module")
def spoiled(credit: Program, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """One copy for all tests of this kind: each mends what it spoiled."""
    return credit.copy(tmp_path_factory.mktemp("spoiled") / "phasegate")


@pytest.mark.parametrize("what", PLACES)
def test_one_changed_bit_is_found_and_its_file_named(spoiled: Program, what: str) -> None:
    path = PLACES[what](spoiled)
    before = path.read_bytes()
    flip(path)
    try:
        found = spoiled("verify", code=5)
        name = path.relative_to(spoiled.workspace).as_posix()
        assert [line for line in found.out.splitlines() if line.startswith(f"{name}:")], found.out
        told = problems(spoiled, code=5)
        assert name in {problem["file"] for problem in told}
        assert {problem["what"] for problem in told} <= {"changed", "added", "missing", "swapped", "chain"}
    finally:
        path.write_bytes(before)


def test_the_first_bad_entry_is_named_wherever_the_record_was_changed(spoiled: Program) -> None:
    path = spoiled.run / "ledger.jsonl"
    before = path.read_bytes()
    lines = before.splitlines(keepends=True)
    for number in (0, len(lines) // 3, len(lines) - 1):
        spoilt = bytearray(lines[number])
        spoilt[len(spoilt) // 2] ^= 1
        path.write_bytes(b"".join([*lines[:number], bytes(spoilt), *lines[number + 1 :]]))
        told = problems(spoiled, code=5)
        assert [(p["what"], p["seq"]) for p in told if p["file"].endswith("ledger.jsonl")] == [("chain", number)]
    path.write_bytes(before)


def test_what_is_missing_added_or_in_anothers_place_is_told_so(spoiled: Program) -> None:
    dossier = spoiled.run / "dossier"
    one, other = next(dossier.glob("01-*.html")), next(dossier.glob("14-*.html"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    (dossier / "20-more.html").write_text("<p>More</p>", "utf-8")
    card = next(dossier.glob("13-model-card.*"))
    kept = card.read_bytes()
    card.unlink()
    told = {Path(problem["file"]).name: problem["what"] for problem in problems(spoiled, code=5)}
    assert told == {one.name: "swapped", other.name: "swapped", "20-more.html": "added", card.name: "missing"}
    one.write_bytes(first)
    other.write_bytes(second)
    card.write_bytes(kept)
    (dossier / "20-more.html").unlink()
    assert problems(spoiled, code=0) == []


def test_a_head_that_was_kept_tells_a_record_that_was_rewritten_to_the_last_hash(spoiled: Program) -> None:
    """A chain whose head lies only beside it proves nothing; the head that was printed does."""
    printed = next(line.split()[1] for line in spoiled("verify").out.splitlines() if line.startswith("head "))
    early = ledger(spoiled.run)[100]["hash"]
    assert problems(spoiled, "--head", printed, code=0) == []
    assert problems(spoiled, "--head", early, code=0) == []
    wrong = problems(spoiled, "--head", "0" * 63 + "1", code=5)
    assert [problem["what"] for problem in wrong] == ["chain"]

    record, table = spoiled.run / "ledger.jsonl", spoiled.run / "manifest.json"
    before = {path: path.read_bytes() for path in (record, table)}
    head = _rewrite(record, "Model owner", "Somebody else")
    table.write_bytes(before[table].replace(printed.encode(), head.encode()))
    assert problems(spoiled, code=0) == []  # whole in itself, and false
    caught = problems(spoiled, "--head", printed, code=5)
    assert [problem["file"] for problem in caught if problem["what"] == "chain"] == [
        record.relative_to(spoiled.workspace).as_posix()
    ]

    # cut off after a whole entry, manifest and all: only the head that was kept knows that there was more
    lines = before[record].splitlines(keepends=True)
    record.write_bytes(b"".join(lines[:-1]))
    table.write_bytes(before[table].replace(printed.encode(), json.loads(lines[-2])["hash"].encode()))
    assert [p["what"] for p in problems(spoiled, "--head", printed, code=5)][-1] == "chain"
    for path, data in before.items():
        path.write_bytes(data)
    assert problems(spoiled, code=0) == []


def _rewrite(record: Path, old: str, new: str) -> str:
    """Change a word in the gates' decisions and make the chain whole again; returns its new head."""
    before, lines = "0" * 64, []
    for line in record.read_bytes().splitlines():
        entry = json.loads(line)
        if entry["type"] == "gate_decided" and entry["by"] == old:
            entry["by"] = new
        entry["prev"] = before
        body = {key: value for key, value in entry.items() if key != "hash"}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        entry["hash"] = before = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    record.write_bytes(b"\n".join(lines) + b"\n")
    return before


def test_a_replay_in_an_empty_store_makes_every_derived_artifact_again(credit: Program) -> None:
    found = credit("replay", "--json").json
    assert found["differing"] == []
    kinds = {step["id"]: step["kind"] for step in manifest(credit.run)["steps"]}
    assert found["steps"] == len(kinds)
    assert found["executed"] == sum(kind != "observe" for kind in kinds.values())  # measurements are taken over


def test_a_replay_of_a_run_whose_source_was_changed_ends_with_5(spoiled: Program) -> None:
    path = PLACES["the source"](spoiled)
    before = path.read_bytes()
    flip(path)
    try:
        told = spoiled("replay", code=5)
        assert "changed" in told.err
    finally:
        path.write_bytes(before)
