"""The documents are true: generated pages are current, links lead somewhere, quoted commands do what is quoted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from docs import verify_chain
from docs.generate import pages
from tests.contracts.documents import (
    REPOSITORY,
    DocumentIsWrong,
    Quoted,
    checkout,
    documents,
    environment,
    quoted,
    run,
    unmatched,
)

# Generated pages


@pytest.mark.parametrize("name", ["cli.md", "answers.md"])
def test_a_generated_page_is_what_the_program_says(name: str) -> None:
    page = REPOSITORY / "docs" / name
    assert page.exists() and page.read_text(encoding="utf-8") == pages()[name], "out of date: run `make docs`"


# Links and commands, without running anything


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_each_link_of_a_document_leads_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    broken = [
        link
        for link in links
        if "://" not in link
        and not link.startswith(("#", "mailto:"))
        and not (document.parent / link.partition("#")[0]).exists()
    ]
    assert broken == []


def spoken() -> list[tuple[str, str]]:
    """Every `phasegate …` of the documents: in console blocks and in running text, with where it stands."""
    found = []
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for match in re.finditer(r"(?:^\$ |`)(?:\.venv/bin/)?phasegate (?P<rest>[^`\n]+)", text, re.M):
            line = text.count("\n", 0, match.start()) + 1
            found.append((f"{document.relative_to(REPOSITORY)}:{line}", match["rest"]))
    return found


def test_the_documents_name_only_verbs_and_options_that_exist() -> None:
    from tui.cli import app

    root: Any = typer.main.get_command(app)
    unknown = []
    for place, rest in spoken():
        try:
            words = shlex.split(rest.rstrip("\\ "))
        except ValueError:
            words = rest.split()
        words = words[: next((i for i, word in enumerate(words) if word in ("|", ">", "&&", "…")), len(words))]
        verb = next((word for word in words if not word.startswith("-")), None)
        options = {word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 2}
        if verb is None or verb not in root.commands:
            known = {name for parameter in root.params for name in parameter.opts} | {"--help", "--version"}
            unknown += [f"{place}: phasegate {rest}"] if verb is not None or options - known else []
            continue
        known = {name for parameter in root.commands[verb].params for name in parameter.opts} | {"--help"}
        unknown += [f"{place}: {verb} {option}" for option in sorted(options - known)]
    assert unknown == []


# Quoted sessions


def quotes() -> list[Path]:
    return [document for document in documents() if quoted(document)]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("document", quotes(), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_what_a_document_quotes_is_what_happens(document: Path, tmp_path: Path) -> None:
    session = quoted(document)
    folder = tmp_path / "phasegate"
    folder.mkdir()
    checkout(folder, bare=any(quote.command.startswith("make ") for quote in session))
    env = environment(tmp_path / "home")
    try:
        for quote in session:
            run(quote, folder, env)
    finally:
        # A document that fails half-way must not leave its endpoint running.
        for workspace in {path.parent for path in folder.rglob("endpoint.json")}:
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [str(Path(sys.executable).with_name("phasegate")), "stop", "--workspace", str(workspace)],
                    cwd=folder,
                    env=env,
                    capture_output=True,
                    timeout=60,
                    check=False,
                )


# The reader of quoted sessions


def document_of(folder: Path, *lines: str) -> Path:
    path = folder / "page.md"
    path.write_text("\n".join(["# Page", "", *lines, ""]), encoding="utf-8")
    return path


def test_a_command_is_read_with_its_output_and_exit_code(tmp_path: Path) -> None:
    page = document_of(tmp_path, "```console", "$ false \\", "    --now", "so it …", "(exit 1)", "$ true", "```")
    assert quoted(page) == [
        Quoted(page, 4, "false --now", ("so it …",), 1),
        Quoted(page, 8, "true", (), 0),
    ]


def test_a_block_that_is_declared_not_run_is_left_out(tmp_path: Path) -> None:
    page = document_of(tmp_path, "<!-- not run: needs a network -->", "```console", "$ git clone x", "```")
    assert quoted(page) == []


def test_a_block_must_begin_with_a_command(tmp_path: Path) -> None:
    with pytest.raises(DocumentIsWrong):
        quoted(document_of(tmp_path, "```console", "some output", "```"))


def test_quoted_lines_must_be_printed_in_their_order() -> None:
    printed = "one 12 rows\ntwo\n   three   spaced\n"
    assert unmatched(("one … rows", "…", "three spaced"), printed) is None
    assert unmatched(("two", "one … rows"), printed) == "one … rows"
    assert unmatched(("four",), printed) == "four"


def test_a_session_that_goes_another_way_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    env = environment(tmp_path / "home")
    run(Quoted(page, 1, "echo 3 rows && exit 3", ("… rows",), 3), tmp_path, env)
    with pytest.raises(DocumentIsWrong, match="ends with 3"):
        run(Quoted(page, 1, "exit 3", (), 0), tmp_path, env)
    with pytest.raises(DocumentIsWrong, match="does not print"):
        run(Quoted(page, 1, "echo columns", ("rows",), 0), tmp_path, env)


# The script of docs/verify.md


def small_run(folder: Path) -> Path:
    """A run of three ledger entries and one artifact, written as `docs/verify.md` says."""
    content = b"age\n31\n"
    sha256 = hashlib.sha256(content).hexdigest()
    stored = folder / "objects" / sha256[:2] / sha256[2:]
    stored.parent.mkdir(parents=True)
    stored.write_bytes(content)
    lines, before = [], "0" * 64
    for number, kind in enumerate(("run_started", "step_finished", "finished")):
        entry: dict[str, object] = {"v": 1, "seq": number, "prev": before, "at": "t", "type": kind, "naïve": "ü"}
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps({**entry, "hash": before}, ensure_ascii=False))
    run = folder / "runs" / "0001-heron"
    run.mkdir(parents=True)
    (run / "ledger.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    step = {"id": "intake.source", "artifacts": [{"name": "table.csv", "sha256": sha256, "bytes": len(content)}]}
    (run / "manifest.json").write_text(json.dumps({"head": before, "steps": [step]}), encoding="utf-8")
    return run


def test_the_chain_script_passes_an_untouched_run(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    head = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["head"]
    assert verify_chain.problems(run) == []
    assert verify_chain.problems(run, head[:12]) == []
    assert verify_chain.problems(run, "f" * 64) != []


@pytest.mark.parametrize("entry", [0, 1, 2])
def test_the_chain_script_finds_a_changed_entry(tmp_path: Path, entry: int) -> None:
    ledger = small_run(tmp_path) / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8").splitlines()
    lines[entry] = lines[entry].replace("ü", "u")
    ledger.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert f"ledger.jsonl: the chain breaks at entry {entry}" in verify_chain.problems(ledger.parent)


def test_the_chain_script_finds_a_truncated_ledger(tmp_path: Path) -> None:
    ledger = small_run(tmp_path) / "ledger.jsonl"
    ledger.write_text("".join(ledger.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert verify_chain.problems(ledger.parent) == ["manifest.json: its head is not the ledger's last hash"]


def test_the_chain_script_finds_a_changed_artifact(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    stored = next(path for path in (tmp_path / "objects").rglob("*") if path.is_file())
    stored.write_bytes(stored.read_bytes().replace(b"31", b"32"))
    assert verify_chain.problems(run) == ["intake.source: table.csv is missing or changed"]


def test_the_chain_script_fits_in_fifty_lines_of_code() -> None:
    lines = (REPOSITORY / "docs" / "verify_chain.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 50


def test_the_chain_rule_of_the_program_is_the_one_documented(tmp_path: Path) -> None:
    from workspace.ledger import Ledger

    run = tmp_path / "runs" / "0001-heron"
    with contextlib.closing(Ledger(run / "ledger.jsonl", clock=lambda: "2026-01-01T00:00:00+00:00")) as ledger:
        ledger.append("run_started", note="Größe \u2028 \U0001f6b2", number=0.1)
        ledger.append("warning", text="…")
        (run / "manifest.json").write_text(json.dumps({"head": ledger.head, "steps": []}), encoding="utf-8")
    assert verify_chain.problems(run) == []
