"""Every byte that `verify` answers for, changed one at a time in a finished toy run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.registry import Phase, Registry
from agent.steps import Job, Step
from agent.verification import Report, verify
from tests.agent.driving import APPROVE, BOTH, TABLE, answers, derived, entries, newest, walk
from tests.agent.toy import toy
from tools.records import Outcome
from tools.wording import say
from workspace.errors import NotFound
from workspace.ledger import Ledger, entry_hash
from workspace.project import Workspace

pytestmark = pytest.mark.integration


def write(job: Job) -> Outcome:
    """Write two documents."""
    job.save_text("documents-preparation/01-one.md", "one")
    job.save_text("documents-preparation/02-two.md", "two")
    return Outcome(summary=say("wrote"))


def with_documents() -> Registry:
    step = Step("preparation.documents", "", "documents", write, makes=("documents-preparation/",))
    first, second, third = toy().phases
    return Registry((first, Phase("preparation", second.title, (*second.steps, step)), third))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished run, made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        patch.setattr("agent.worker._LIBRARIES", ("tests.agent.toy",))
        root = tmp_path_factory.mktemp("pristine") / "ws"
        assert walk(root, answers(gates=BOTH), table=TABLE, steps=with_documents()).exit == 0
    yield root


@pytest.fixture
def ws(pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to damage."""
    monkeypatch.setattr("agent.verification.registry", with_documents)
    return Path(shutil.copytree(pristine, tmp_path / "ws", symlinks=True))


def flipped(path: Path, position: int, mask: int = 1) -> Callable[[], None]:
    """Change one byte and return what takes the change back."""
    path.chmod(0o644)
    data = path.read_bytes()
    changed = bytearray(data)
    changed[position] ^= mask
    path.write_bytes(changed)

    def undo() -> None:
        path.write_bytes(data)

    return undo


def names(report: Report) -> set[tuple[str, str]]:
    return {(problem.file, problem.what) for problem in report.problems}


def test_a_run_as_it_was_left_is_sound(ws: Path) -> None:
    report = verify(ws)
    assert (report.ok, report.problems) == (True, [])
    assert report.head == entries(ws)[-1].hash
    assert report.checked > 40


def test_a_changed_byte_in_any_artifact_is_found_and_its_file_named(ws: Path) -> None:
    objects = sorted(path for path in (ws / "objects").rglob("*") if path.is_file())
    assert len(objects) > 10
    for path in objects:
        undo = flipped(path, path.stat().st_size // 2)
        report = verify(ws)
        assert not report.ok
        assert path.relative_to(ws).as_posix() in {problem.file for problem in report.problems}
        undo()
    assert verify(ws).ok


def test_a_changed_byte_in_any_line_of_the_ledger_is_found_and_the_entry_named(ws: Path) -> None:
    ledger = newest(ws).ledger
    position = 0
    for number, line in enumerate(ledger.read_bytes().splitlines(keepends=True)):
        for place in (position, position + len(line) // 2, position + len(line) - 1):
            undo = flipped(ledger, place)
            report = verify(ws)
            assert [(p.file, p.what, p.seq) for p in report.problems] == [
                (ledger.relative_to(ws).as_posix(), "chain", number)
            ]
            undo()
        position += len(line)
    assert verify(ws).ok


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json", "findings.json", "dossier/01-one.md"])
@pytest.mark.parametrize("mask", [0x01, 0x20])
def test_a_changed_byte_in_a_file_of_the_run_is_found_wherever_it_stands(ws: Path, name: str, mask: int) -> None:
    path = newest(ws).root / name
    size = path.stat().st_size
    for position in sorted({0, size - 1, *range(0, size, max(1, size // 12))}):
        undo = flipped(path, position, mask)
        assert names(verify(ws)) == {(path.relative_to(ws).as_posix(), "changed")}
        undo()
    assert verify(ws).ok


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json", "findings.json", "dossier/01-one.md"])
def test_a_missing_file_of_the_run_is_found(ws: Path, name: str) -> None:
    path = newest(ws).root / name
    path.unlink()
    assert names(verify(ws)) == {(path.relative_to(ws).as_posix(), "missing")}


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"head": 5}', b'{"head": null, "steps": []}']
)
def test_a_manifest_of_any_content_is_found_and_breaks_nothing(ws: Path, content: bytes) -> None:
    newest(ws).manifest.write_bytes(content)
    assert names(verify(ws)) == {(newest(ws).manifest.relative_to(ws).as_posix(), "changed")}


def test_documents_that_changed_places_or_were_added_are_found(ws: Path) -> None:
    folder = newest(ws).dossier
    one, two = folder / "01-one.md", folder / "02-two.md"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    (folder / "03-three.md").write_text("three")
    (folder / ".hidden.tmp").write_text("left")
    (newest(ws).root / "bundle").mkdir()
    (newest(ws).root / "bundle" / "model.bin").write_text("a stranger")
    base = newest(ws).root.relative_to(ws).as_posix()
    assert names(verify(ws)) == {
        (f"{base}/dossier/01-one.md", "swapped"),
        (f"{base}/dossier/02-two.md", "swapped"),
        (f"{base}/dossier/03-three.md", "added"),
        (f"{base}/dossier/.hidden.tmp", "added"),
        (f"{base}/bundle/model.bin", "added"),
    }


def test_an_artifact_that_is_missing_swapped_or_added_is_found(ws: Path) -> None:
    store = Workspace.open(ws).store
    made = derived(ws)
    missing = store.locate(made["preparation.label/label.txt"])
    first, second = store.locate(made["preparation.total/total.json"]), store.locate(made["intake.source/table.json"])
    contents = first.read_bytes(), second.read_bytes()
    missing.unlink()
    for path, data in zip((second, first), contents, strict=True):
        path.chmod(0o644)
        path.write_bytes(data)
    stranger = ws / "objects" / "ab" / "deep" / "stranger"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("not by its hash")
    found = names(verify(ws))
    assert {
        (path.relative_to(ws).as_posix(), what)
        for path, what in (
            (missing, "missing"),
            (first, "changed"),
            (second, "changed"),
            (stranger, "added"),
        )
    } <= found


def test_every_damage_is_told_not_only_the_first(ws: Path) -> None:
    store = Workspace.open(ws).store
    flipped(store.locate(derived(ws)["preparation.label/label.txt"]), 0)
    flipped(newest(ws).root / "metrics.json", 0)
    flipped(newest(ws).manifest, 0)
    assert {what for _, what in names(verify(ws))} == {"changed"}
    assert len(names(verify(ws))) == 3


# cut off and rewritten


def test_a_ledger_that_was_cut_short_is_found_by_the_manifest_and_by_a_head_kept_elsewhere(ws: Path) -> None:
    ledger, head = newest(ws).ledger, entries(ws)[-1].hash
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:-2]))
    assert not verify(ws).ok
    report = verify(ws, head=head)
    assert (ledger.relative_to(ws).as_posix(), "chain") in names(report)


def test_a_ledger_that_was_rewritten_consistently_is_found_by_a_head_kept_elsewhere(ws: Path) -> None:
    kept, head = entries(ws), entries(ws)[-1].hash
    run = newest(ws)
    run.ledger.unlink()
    with Ledger(run.ledger, clock=lambda: kept[0].at) as ledger:
        for entry in kept:
            data = {**entry.data, **({"by": "Mallory"} if entry.type == "gate_decided" else {})}
            ledger.append(entry.type, **data)
        manifest = json.loads(run.manifest.read_bytes())
        before = manifest["head"]
        run.manifest.write_text(run.manifest.read_text().replace(before, ledger.head))
    assert verify(ws).ok  # a chain whose head lies only beside it proves nothing
    assert names(verify(ws, head=head)) == {(run.ledger.relative_to(ws).as_posix(), "chain")}
    assert verify(ws, head=ledger.head).ok


def test_a_ledger_whose_entries_hash_well_and_make_no_sense_is_found(ws: Path) -> None:
    ledger = newest(ws).ledger
    line = {"v": 1, "seq": 0, "prev": "0" * 64, "at": "now", "type": "step_finished"}
    line["hash"] = entry_hash(line)
    ledger.write_text(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
    assert (ledger.relative_to(ws).as_posix(), "chain") in names(verify(ws))


def test_the_head_of_any_entry_is_in_the_chain(ws: Path) -> None:
    for entry in entries(ws):
        assert verify(ws, head=entry.hash).ok
    assert not verify(ws, head="0" * 64).ok


def test_where_there_is_nothing_there_is_nothing_to_verify(tmp_path: Path, ws: Path) -> None:
    with pytest.raises(NotFound):
        verify(tmp_path / "nowhere")
    with pytest.raises(NotFound):
        verify(ws, "0009-yeti")


# a run that was killed


@pytest.mark.parametrize("missing", range(1, 8))
def test_files_that_a_killed_run_had_not_yet_written_are_no_damage(ws: Path, missing: int) -> None:
    """The ledger is ahead of the files by some entries: the moment before they are written."""
    run = newest(ws)
    lines = run.ledger.read_bytes().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if b'"type":"step_finished"' in line]
    cut = ends[-missing] if missing <= len(ends) else 0
    shorter = b"".join(lines[: cut + 1])
    run.ledger.write_bytes(shorter)
    from agent.position import Position
    from agent.publishing import publish

    workspace = Workspace.open(ws)
    position = Position(with_documents(), workspace.store).take_all(entries(ws)[:-1])
    if not position.steps:
        shutil.rmtree(run.root / "dossier")
        for name in ("manifest.json", "metrics.json", "findings.json"):
            (run.root / name).unlink()
    else:
        publish(workspace, run, with_documents(), position, entries(ws)[-2].hash)
    assert verify(ws).problems == []


def test_a_finished_run_has_no_excuse_for_older_files(ws: Path) -> None:
    from agent.position import Position
    from agent.publishing import publish

    workspace, run = Workspace.open(ws), newest(ws)
    older = entries(ws)[:6]
    publish(
        workspace, run, with_documents(), Position(with_documents(), workspace.store).take_all(older), older[-1].hash
    )
    assert not verify(ws).ok


def test_gates_recorded_for_a_run_are_in_its_chain(ws: Path) -> None:
    assert [entry.data["by"] for entry in entries(ws) if entry.type == "gate_decided"] == [APPROVE["by"]] * 2
